"""Slim SVG: what nobody sees is gone, what is seen stays where it was."""

import xml.etree.ElementTree as ET

import pytest

from cemfa.figures.slim import _short_path, slim

CLIP = '<defs><clipPath id="c"><rect x="0" y="0" width="10" height="10" /></clipPath></defs>'


def slimmed(body: str) -> ET.Element:
    root = ET.fromstring(f"<svg>{body}</svg>")
    slim(root)
    return root


@pytest.mark.parametrize(
    ("path", "kept"),
    [("M 1 1 L 9 1 L 9 9 z", False), ("M 1 1 L 11 1", True), ("M 0 5 L 9 5", True), ("M 1 1 A 2 2 0 0 1 3 3", True)],
)
def test_a_clip_that_cuts_nothing_goes(path: str, kept: bool) -> None:
    body = f'<path d="{path}" clip-path="url(#c)" style="stroke: #000000; stroke-width: 0.5" />{CLIP}'
    (found,) = slimmed(body).iter("path")
    assert ("clip-path" in found.attrib) is kept


def test_names_are_kept_where_something_refers_to_them() -> None:
    root = slimmed('<g id="a"><defs><path id="m" d="M 0 0 L 1 1" /></defs><use href="#m" x="1" y="2" /></g>')
    (mark,), (use,) = root.iter("path"), root.iter("use")
    assert use.attrib["href"] == f"#{mark.attrib['id']}"
    assert not list(root.iter("g"))


def test_hover_titles_move_into_their_part_and_stay() -> None:
    root = slimmed('<g id="a"><title>one</title><path d="M 0 0 L 1 1" /></g><g id="b"><title>two</title>'
                   '<path d="M 0 0 L 1 1" /><path d="M 0 0 L 2 2" /></g>')  # fmt: skip
    assert [title.text for title in root.iter("title")] == ["one", "two"]
    assert root[0].tag == "path"
    assert [part.tag for part in root[1]] == ["title", "path", "path"]


def test_what_neighbours_share_is_written_once_and_means_the_same() -> None:
    styles = ["fill: #ffffff; stroke: #000000", "fill: #000000; stroke: #000000", "opacity: 0.5; stroke: #000000"]
    body = "".join(f'<path d="M 0 0 L 1 1" style="{style}" />' for style in styles)
    root = slimmed(body)

    def meant(element: ET.Element, above: dict[str, str]) -> list[dict[str, str]]:
        own = above | dict(part.split(":") for part in element.get("style", "").split(";") if part)
        return [own] if element.tag == "path" else [found for child in element for found in meant(child, own)]

    assert meant(root, {}) == [
        {"fill": "#fff", "stroke": "#000"}, {"fill": "#000", "stroke": "#000"}, {"opacity": "0.5", "stroke": "#000"},
    ]  # fmt: skip
    assert all("opacity" not in group.get("style", "") for group in root.iter("g"))


def test_steps_of_a_path_add_up_to_its_places() -> None:
    steps = [(0.01 * n * n, 3.33 * n) for n in range(40)]
    written = _short_path("M 0 0 " + " ".join(f"L {x:.2f} {y:.2f}" for x, y in steps))
    here = [0, 0]
    for word in written.split("l")[1:]:
        across, down = word.replace("-", " -").split()
        here = [here[0] + round(100 * float(across)), here[1] + round(100 * float(down))]
    assert here == [round(100 * steps[-1][0]), round(100 * steps[-1][1])]
    assert _short_path("M 1 1 A 2 2 0 0 1 3 3") == "M 1 1 A 2 2 0 0 1 3 3"
