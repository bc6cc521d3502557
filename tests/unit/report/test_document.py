"""`report.docx` says what the page says: the same sentences, tables and figures, opened again by python-docx."""

from __future__ import annotations

import dataclasses
import io
import zipfile
from xml.etree import ElementTree

import docx
import pytest
from tests.example_comparison import example

from cemfa.definition.schema import Label
from cemfa.report.context import page
from cemfa.report.document import document
from cemfa.report.option import FigureBlock
from cemfa.report.outline import outline
from cemfa.report.tables import shown

HOSTILE = "<w:p/> & =1+1 $a$ “x” {{body}} ]]>"
LARGEST = 10_000_000  # bytes, what mail systems of agencies take


@pytest.fixture(scope="module")
def comparison():
    return example()


@pytest.fixture(scope="module", params=["vi", "en"])
def told(request, comparison):
    return page(comparison, request.param)


@pytest.fixture(scope="module")
def written(told):
    return document(told)


def opened(content):
    return docx.Document(io.BytesIO(content))


def texts(content):
    return [paragraph.text for paragraph in opened(content).paragraphs]


def test_every_heading_sentence_and_caption_of_the_outline_is_there_in_its_order(told, written):
    found = iter(texts(written))
    for section in outline(told):
        assert any(section.heading in text for text in found), section.heading
        for part in section.parts:
            block = part.block
            captions = [*(table.caption for table in block.tables), *(figure.caption for figure in block.figures)]
            for expected in (*([block.title] if block.title else []), *block.sentences, *captions):
                assert any(expected in text for text in found), expected


def test_every_cell_is_there_as_the_page_shows_it(told, written):
    tables = iter(opened(written).tables[1:-1])  # without head and foot of the document
    for section in outline(told):
        for table in (table for part in section.parts for table in part.block.tables):
            drawn = next(tables)
            kept = [
                (place, column)
                for place, column in enumerate(table.columns)
                if column.narrow and any(shown(row[place], column, told.lang).text for row in table.rows)
            ]
            rows = [[cell.text for cell in row.cells] for row in drawn.rows]
            assert [head.startswith(column.label) for head, (_, column) in zip(rows[0], kept, strict=True)]
            for cells, texts_ in zip(table.rows, rows[1:], strict=True):
                for (place, column), text in zip(kept, texts_, strict=True):
                    view = shown(cells[place], column, told.lang)
                    text = text.replace("\N{NO-BREAK SPACE}", " ")
                    assert text in {f"{view.text}\n{view.spread}", f"{view.text} ({view.spread})", view.text}
    assert next(tables, None) is None


def test_every_figure_has_a_number_and_an_alternative_text(told, written):
    figures = [f for section in outline(told) for part in section.parts for f in part.block.figures]
    shapes = opened(written).inline_shapes
    assert len(shapes) == len(figures) > 5
    for figure, shape in zip(figures, shapes, strict=True):
        assert figure.picture.title in shape._inline.docPr.get("descr")
        dots = opened(written).part.related_parts[shape._inline.graphic.graphicData.pic.blipFill.blip.embed].image
        assert dots.px_width / shape.width.inches > 197


def test_sections_come_in_the_order_of_a_submission(told):
    keys = [section.key for section in outline(told)]
    wanted = ["summary", "options", "funding", "targets", "risks", "assumptions"]
    assert [key for key in keys if key in wanted] == wanted


def test_the_file_is_small_and_the_same_every_time(told, written):
    assert len(written) < LARGEST
    assert document(told) == written


def test_every_table_and_figure_names_its_source(told, written):
    found = texts(written)
    captions = [p for p in opened(written).paragraphs if p.style.name == "Caption"]
    assert sum(told.origin in text for text in found) == len(captions)


def test_a_page_that_went_to_another_process_has_no_pictures(told):
    import pickle

    figure = next(f for section in outline(told) for part in section.parts for f in part.block.figures)
    back = pickle.loads(pickle.dumps(figure))
    assert back == FigureBlock(figure.svg, figure.caption, figure.note, figure.wide)
    assert back.picture is None


def changed(comparison, **parts):
    return document(page(dataclasses.replace(comparison, **parts), "vi"))


def test_one_option_alone(comparison):
    only = tuple(option for option in comparison.options if option.id == comparison.baseline)
    assert changed(
        comparison, options=only, decision=None, ranking=dict.fromkeys(comparison.ranking, (comparison.baseline,))
    )


def test_without_targets(comparison):
    model = comparison.model.model_copy(update={"targets": []})
    options = tuple(dataclasses.replace(option, targets=()) for option in comparison.options)
    parts = {"model": model, "options": options, "headline": (), "hopeless": (), "ranking": {}, "latest": {}}
    assert "II." in "\n".join(texts(changed(comparison, **parts)))


def test_any_label_is_text(comparison):
    labels = (HOSTILE, "Xây dựng nhà máy " * 40, "W" * 300, "$\\frac{1}{2}$ =HYPERLINK(1)")
    given = dict(zip((option.id for option in comparison.plain), labels, strict=True))
    options = tuple(
        dataclasses.replace(option, label=Label(vi=given[option.base_option], en=given[option.base_option]))
        for option in comparison.options
    )
    content = changed(comparison, options=options)
    headings = [p.text for p in opened(content).paragraphs if p.style.name == "Heading 2"]
    for label in labels:
        assert sum(label.strip() in heading for heading in headings) >= 1, label
    for name in zipfile.ZipFile(io.BytesIO(content)).namelist():
        if name.endswith(".xml"):
            ElementTree.fromstring(zipfile.ZipFile(io.BytesIO(content)).read(name))
