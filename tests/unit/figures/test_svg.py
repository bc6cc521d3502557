from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import matplotlib
import pytest
from matplotlib.figure import Figure

from cemfa.errors import OutputError
from cemfa.figures.picture import Picture
from cemfa.figures.svg import figure_bytes, inline_svg, save_figure


def picture(lang="vi"):
    figure = Picture(3, 2, lang=lang, title="Tỷ lệ & mức <1 %>", description="Đường đi lên.")
    axes = figure.add_subplot()
    (line,) = axes.plot([0, 1], [0, 1], marker="o")
    axes.bar([0], [0.5], hatch="///")
    axes.set_title("Rác hữu cơ")
    figure.explain(line, "từ 0 đến 1 & hơn")
    return figure


def ids(svg):
    return re.findall(r'\bid="([^"]+)"', svg)


def references(svg):
    return re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', svg)


def test_ids_are_unique_and_every_reference_resolves():
    svg = inline_svg(picture(), "rates-vi")
    found = ids(svg)
    assert len(found) == len(set(found))
    assert all(name.startswith("rates-vi-") for name in found)
    targets = {a or b for a, b in references(svg)}
    assert targets
    assert targets <= set(found)
    labelled = re.search(r'aria-labelledby="([^"]+)"', svg).group(1).split()
    assert set(labelled) <= set(found)


def test_two_copies_on_one_page_share_no_id():
    assert not set(ids(inline_svg(picture(), "a-vi"))) & set(ids(inline_svg(picture("en"), "a-en")))


def test_text_stays_text_and_is_escaped():
    svg = inline_svg(picture(), "p")
    root = ET.fromstring(svg)
    texts = ["".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "Rác hữu cơ" in texts
    assert "Tỷ lệ &amp; mức &lt;1 %&gt;" in svg
    assert "<title>từ 0 đến 1 &amp; hơn</title>" in svg


def test_it_is_an_image_with_words_that_fits_its_place():
    root = ET.fromstring(inline_svg(picture(), "p", min_width=500))
    assert root.get("role") == "img"
    assert root.get("lang") == "vi"
    assert root.get("viewBox")
    assert root.get("width") is None
    assert "width:100%" in root.get("style")
    assert "min-width:500px" in root.get("style")
    assert "<style" not in inline_svg(picture(), "p")  # a style sheet would act on the whole page


def test_bytes_do_not_depend_on_time_or_on_the_users_settings():
    plain = {kind: figure_bytes(picture(), kind) for kind in ("svg", "png", "pdf")}
    with matplotlib.rc_context({"font.size": 20, "svg.fonttype": "path", "svg.hashsalt": None, "lines.linewidth": 9}):
        assert figure_bytes(picture(), "svg").count(b"<text") == plain["svg"].count(b"<text")
    for kind, content in plain.items():
        assert figure_bytes(picture(), kind) == content


def test_prefix_must_be_able_to_begin_an_id():
    with pytest.raises(ValueError, match="prefix"):
        inline_svg(picture(), "1 a")


@pytest.mark.parametrize("kind", ["svg", "png", "pdf"])
def test_files_are_written_by_their_ending(tmp_path, kind):
    path = save_figure(picture(), tmp_path / f"figure.{kind}")
    assert path.read_bytes() == figure_bytes(picture(), kind)


def test_unknown_endings_and_unwritable_places_are_refused(tmp_path):
    with pytest.raises(OutputError, match="figure-format"):
        save_figure(picture(), tmp_path / "figure.bmp")
    with pytest.raises(OutputError, match="figure-write"):
        save_figure(picture(), tmp_path / "missing" / "figure.png")


def test_any_matplotlib_figure_will_do():
    assert 'role="img"' in inline_svg(Figure(figsize=(1, 1)), "bare")


def test_notebooks_show_the_inline_svg():
    assert picture()._repr_html_().startswith("<svg")
