"""Figures into files: inline SVG that is safe to repeat on one page, and deterministic svg, png and pdf.

Every id and every reference to one carries a prefix given by the caller (figure and language): in a page where
one of two copies is hidden, shared ids would take the clip paths of the visible copy away with the hidden one.
"""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Final

from matplotlib.figure import Figure

from cemfa import locale
from cemfa.errors import OutputError, Place, Problem
from cemfa.figures.picture import styled
from cemfa.figures.slim import slim

FORMATS: Final = ("svg", "png", "pdf")
FONTS: Final = "'Segoe UI','Helvetica Neue',Arial,'Noto Sans','DejaVu Sans',sans-serif"
_DOTS_PER_INCH: Final = 200
_LARGEST_SCALE: Final = 1.4  # css px per point: beyond it, small figures shout
_LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")
_FONT_LIST = re.compile(r"'DejaVu Sans'[^;]*")
_FONT_FAMILY = re.compile(r" ?font-family: ?'DejaVu Sans'[^;]*;?")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


def inline_svg(figure: Figure, prefix: str, *, min_width: int = 640) -> str:
    """Return a figure as one `<svg>` element for a page: text stays text, ids are prefixed, hover titles are in.

    The element has a view box and fills the width it is given, but never less than `min_width`: the page lets it
    scroll sideways on a phone. It has ``role="img"`` with title and description; nothing in it depends on the time.

    Parameters
    ----------
    figure : any matplotlib figure; a `Picture` brings its title, description and hover texts
    prefix : put before every id; a letter, then letters, digits, ``_`` or ``-``
    min_width : [css px]

    Raises
    ------
    ValueError
        if the prefix is not a name that can begin an id.

    >>> inline_svg(Figure(figsize=(2, 1)), "demo").startswith('<svg xmlns="http://www.w3.org/2000/svg" ')
    True
    """
    if not _NAME.fullmatch(prefix):
        raise ValueError(f"not a prefix for ids: {prefix!r}")
    root = _tree(figure)
    _drop(root)
    _add_hover(root, getattr(figure, "hover", {}))
    slim(root)
    _prefix_ids(root, prefix)
    _add_alternative(root, prefix, getattr(figure, "title", ""), getattr(figure, "description", ""))
    widest = max(float(root.attrib.pop("width").removesuffix("pt")) * _LARGEST_SCALE, float(min_width))
    del root.attrib["height"]
    if lang := getattr(figure, "lang", ""):
        root.set("lang", lang)
    root.set("class", "figure")
    size = f"width:100%;height:auto;min-width:{min_width}px;max-width:{widest:.0f}px"
    root.set("style", f"{size};stroke-linejoin:round;font-family:{FONTS}")
    return _text(root)


def save_figure(figure: Figure, path: str | Path) -> Path:
    """Write a figure as svg, png or pdf, by the ending of the path; the same figure gives the same bytes.

    Returns
    -------
    path as written.

    Raises
    ------
    OutputError
        if the ending is none of these three [figure-format] or the file cannot be written [figure-write].
    """
    target = Path(path)
    kind = target.suffix.lower().lstrip(".")
    if kind not in FORMATS:
        raise locale.error(OutputError, Problem("figure-format", Place(str(target)), {"formats": FORMATS}))
    try:
        target.write_bytes(figure_bytes(figure, kind))
    except OSError as reason:
        problem = Problem("figure-write", Place(str(target)), {"reason": reason.strerror or str(reason)})
        raise locale.error(OutputError, problem) from reason
    return target


def figure_bytes(figure: Figure, kind: str, *, dpi: float = _DOTS_PER_INCH) -> bytes:
    """Return a figure as the bytes of an svg, png or pdf file, without time, user or version in it.

    Parameters
    ----------
    dpi : of a png [1/inch]

    >>> figure_bytes(Figure(figsize=(2, 1)), "png")[1:4]
    b'PNG'
    """
    if kind == "svg":
        root = _tree(figure)
        _drop(root)
        _add_hover(root, getattr(figure, "hover", {}))
        _add_alternative(root, "figure", getattr(figure, "title", ""), getattr(figure, "description", ""))
        root.set("style", f"stroke-linejoin:round;font-family:{FONTS}")
        return f'<?xml version="1.0" encoding="utf-8"?>\n{_text(root)}\n'.encode()
    metadata: dict[str, str | None] = (
        {"Software": None} if kind == "png" else {"CreationDate": None, "Producer": None, "Creator": "cemfa"}
    )
    return _rendered(figure, kind, metadata, dpi)


@styled
def _rendered(figure: Figure, kind: str, metadata: dict[str, str | None], dpi: float) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format=kind, metadata=metadata, dpi=dpi)
    return stream.getvalue()


def _tree(figure: Figure) -> ET.Element:
    """Return the figure's SVG without namespaces in its names: inside HTML they would be part of the names."""
    drawn = _rendered(figure, "svg", {"Date": None, "Creator": None, "Format": None, "Type": None}, 72)
    root = ET.fromstring(drawn)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        element.attrib = {name.rpartition("}")[2]: _short(name, value) for name, value in element.attrib.items()}
        if element.get("transform", "").startswith("rotate(-0 "):
            del element.attrib["transform"]
    root.attrib.pop("version", None)
    root.attrib = {"xmlns": "http://www.w3.org/2000/svg", **root.attrib}
    return root


def _short(name: str, value: str) -> str:
    """Shorten what makes the page heavy: coordinates beyond a hundredth of a point, and lists of fonts."""
    if name in ("d", "points", "transform", "x", "y"):
        value = _LONG_NUMBER.sub(lambda found: f"{float(found.group()):.2f}".rstrip("0").rstrip("."), value)
        return " ".join(value.split())
    if name == "style":
        return _FONT_LIST.sub(FONTS, _FONT_FAMILY.sub("", value))  # inherited from the root but for the shorthand
    return value


def _drop(root: ET.Element) -> None:
    """Take out metadata and style sheets: a rule ``*{…}`` inside a figure would style the whole page."""
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in ("metadata", "style") or (child.tag == "defs" and all(c.tag == "style" for c in child)):
                parent.remove(child)


def _prefix_ids(root: ET.Element, prefix: str) -> None:
    for element in root.iter():
        for name, value in element.attrib.items():
            if name == "id":
                element.set(name, f"{prefix}-{value}")
            elif name == "href" and value.startswith("#"):
                element.set(name, f"#{prefix}-{value[1:]}")
            elif "url(#" in value:
                element.set(name, value.replace("url(#", f"url(#{prefix}-"))


def _add_hover(root: ET.Element, hover: dict[str, str]) -> None:
    for element in root.iter():
        if (name := element.get("id", "")) in hover:
            title = ET.Element("title")
            title.text = hover[name]
            element.insert(0, title)


def _add_alternative(root: ET.Element, prefix: str, title: str, description: str) -> None:
    texts = [(tag, text) for tag, text in (("title", title), ("desc", description)) if text]
    root.set("role", "img")
    if texts:
        root.set("aria-labelledby", " ".join(f"{prefix}-{tag}" for tag, _ in texts))
    for position, (tag, text) in enumerate(texts):
        element = ET.Element(tag, {"id": f"{prefix}-{tag}"})
        element.text = text
        root.insert(position, element)


def _text(root: ET.Element) -> str:
    for element in root.iter():
        element.tail = None
        if element.text is not None and not element.text.strip():
            element.text = None
    return ET.tostring(root, encoding="unicode")
