from __future__ import annotations

import dataclasses
import itertools
import re
from html.parser import HTMLParser

import pytest
from tests.example_comparison import example

from cemfa.definition.schema import Label
from cemfa.errors import OutputError
from cemfa.report import write_report
from cemfa.report.context import page, workbook_source, workbook_tables
from cemfa.report.document import document
from cemfa.report.html import render
from cemfa.report.workbook import workbook_bytes

HOSTILE = "<script>alert(1)</script> & =1+1 $a$ “x”"


class Reader(HTMLParser):
    """Collects what the tests ask of a page: ids, references, headings, tables, text by language."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.references: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag, attrs):
        held = {name: value or "" for name, value in attrs}
        self.tags.append((tag, held))
        if "id" in held:
            self.ids.append(held["id"])
        if held.get("href", "").startswith("#"):
            self.references.append(held["href"][1:])
        self.references += held.get("aria-labelledby", "").split()
        if tag == "label":
            self.references.append(held["for"])
        for value in held.values():
            self.references += re.findall(r"url\(#([^)]+)\)", value)

    def handle_data(self, data):
        self.text.append(data)


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    return reader


@pytest.fixture(scope="module")
def comparison():
    return example()


@pytest.fixture(scope="module")
def pages(comparison):
    return {lang: page(comparison, lang) for lang in ("vi", "en")}


@pytest.fixture(scope="module")
def html(comparison, pages):
    return render(list(pages.values()), "vi", comparison.version)


@pytest.fixture(scope="module")
def reader(html):
    return read(html)


def test_no_id_stands_twice_and_every_reference_resolves(reader):
    assert len(reader.ids) == len(set(reader.ids))
    assert len(reader.references) > 100
    assert set(reader.references) <= set(reader.ids)


def test_the_page_loads_nothing_and_runs_nothing(html, reader):
    assert "<script" not in html
    for tag, attrs in reader.tags:
        assert tag not in ("script", "link", "iframe", "img", "object")
        assert not any(name.startswith("on") for name in attrs)
        assert not attrs.get("href", "#").startswith(("http", "//"))
    assert not re.search(r"@import|url\((?!#)", html)


def test_both_languages_are_there_and_switched_by_a_radio(reader):
    radios = [attrs for tag, attrs in reader.tags if tag == "input"]
    assert [attrs["id"] for attrs in radios] == ["lang-vi", "lang-en"]
    assert ["checked" in attrs for attrs in radios] == [True, False]
    assert {attrs["lang"] for tag, attrs in reader.tags if tag == "div" and "lang" in attrs} == {"vi", "en"}


def test_headings_descend_without_a_gap_and_tables_have_captions_and_scopes(reader):
    levels = [int(tag[1]) for tag, _ in reader.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 2  # one per language
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    tags = [tag for tag, _ in reader.tags]
    assert tags.count("caption") == tags.count("table") > 10
    assert all("scope" in attrs for tag, attrs in reader.tags if tag == "th")


def test_every_option_answers_every_question(comparison, pages):
    for lang, why, cost in (("vi", "Vì sao chưa đạt", "Tốn bao nhiêu"), ("en", "Why it falls short", "What it costs")):
        shown = pages[lang]
        assert len(shown.options) == len(comparison.plain)
        for option in shown.options:
            assert [verdict.value for verdict in option.verdicts]
            titles = " | ".join(block.title for block in option.blocks)
            assert why in titles
            assert cost in titles
            assert any(figure for block in option.blocks for figure in block.figures)


def test_numbers_in_sentences_are_those_of_the_comparison(comparison, pages):
    option = comparison.option("two_yards")
    found = option.target("S01")
    verdict = next(o for o in pages["vi"].options if o.letter == "B").verdicts[0]
    assert verdict.value == f"{100 * found.value.p50:.0f}"
    assert f"Xác suất {round(100 * found.probability)}%" in verdict.sentence
    assert verdict.tone == "good"


def test_probabilities_are_never_nought_or_certain(reader):
    text = " ".join(reader.text)
    assert "under 2.5%" in text  # one in forty histories
    assert not re.search(r"[Pp]robability (of success )?(0|100)%", text)


def test_a_hopeless_target_is_called_so(pages):
    sentences = pages["en"].headline
    assert any("no option reaches it with more than 1% probability" in sentence for sentence in sentences)
    assert any("B. Two small yards" in sentence for sentence in sentences)


def test_labels_stay_text_whatever_they_hold(comparison):
    option = dataclasses.replace(comparison.option("two_yards"), label=Label(vi=HOSTILE, en=HOSTILE))
    hostile = dataclasses.replace(
        comparison, options=tuple(option if o.id == option.id else o for o in comparison.options)
    )
    html = render([page(hostile, "en")], "en", "0")
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; =1+1 $a$" in html
    assert HOSTILE in " ".join(read(html).text)


def test_the_same_comparison_gives_the_same_bytes_with_any_number_of_workers(comparison, pages, html, tmp_path):
    written = {kind: path.read_bytes() for kind, path in write_report(comparison, tmp_path, "vi", workers=2).items()}
    assert set(written) == {"report", "tables", "document"}
    assert written["report"].decode() == html
    assert written["document"] == document(pages["vi"])
    assert written["tables"] == workbook_bytes(
        workbook_tables(comparison, "vi"), "Thị trấn mẫu đến năm 2030: so sánh các phương án", lang="vi",
        source=workbook_source(comparison, "vi"),
    )  # fmt: skip


def test_what_cannot_be_written_is_said(comparison, tmp_path, monkeypatch):
    monkeypatch.setattr("cemfa.report.write.parts", lambda *_, **__: iter([(None, None), (None, b"x"), b""]))
    monkeypatch.setattr("cemfa.report.html.render", lambda *_: "")
    (tmp_path / "taken").write_text("a file where a folder should be")
    with pytest.raises(OutputError, match="report-write"):
        write_report(comparison, tmp_path / "taken", "en")
