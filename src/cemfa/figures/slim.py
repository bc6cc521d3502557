"""Take out of a drawn SVG what nobody sees: names nothing refers to, empty groups, clips that cut nothing, repeats.

Beside `svg`, for figures that stand inside a page by the hundred. What is seen stays as it was: text as text, the
order of painting, hover titles. Works on trees without namespaces, as `svg` makes them.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Final

_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?")
_DRAWN: Final = frozenset({"path", "text", "use"})
_STRAIGHT: Final = re.compile(r"[MLCQz ]*")
_PAIR_COLOUR: Final = re.compile(r"#([0-9a-f])\1([0-9a-f])\2([0-9a-f])\3(?![0-9a-f])")
_REFERENCE: Final = re.compile(r"url\(#([^)]+)\)")
_OWN: Final = re.compile(r"(?:opacity|clip-path|mask|filter|mix-blend-mode|text-decoration|display):")
"""Properties that are not inherited, or mean something else on a group than on each of its parts."""


def slim(root: ET.Element) -> None:
    """Make a tree small in place.

    Examples
    --------
    >>> drawn = ET.fromstring('<svg><g id="a"><path id="b" d="M 0 0 L 5 0 L 5 2 z" style="fill: #ffffff" /></g></svg>')
    >>> slim(drawn)
    >>> ET.tostring(drawn, encoding="unicode")
    '<svg><path d="M0 0h5v2z" style="fill:#fff" /></svg>'
    """
    _unclip(root)
    _rename(root)
    for element in root.iter():
        if style := element.get("style"):
            element.set("style", _tight(style))
        if path := element.get("d"):
            element.set("d", _short_path(path))
    _unwrap(root)
    for parent in list(root.iter()):
        _share(parent)


def _unclip(root: ET.Element) -> None:
    """Drop clips from paths that lie inside of them with their outline."""
    areas = {
        clip.get("id", ""): (float(rect.get("x", 0)), float(rect.get("y", 0)),
                             float(rect.get("width", 0)), float(rect.get("height", 0)))
        for clip in root.iter("clipPath") if (rect := clip.find("rect")) is not None
    }  # fmt: skip
    for path in root.iter("path"):
        found = _REFERENCE.fullmatch(path.get("clip-path", ""))
        if found and found[1] in areas and "transform" not in path.attrib and _inside(path, areas[found[1]]):
            del path.attrib["clip-path"]


def _inside(path: ET.Element, area: tuple[float, float, float, float]) -> bool:
    drawn = path.get("d", "")
    if not drawn or not _STRAIGHT.fullmatch(_NUMBER.sub("", drawn)):
        return False
    numbers = [float(found) for found in _NUMBER.findall(drawn)]
    width = re.search(r"stroke-width: ?([\d.]+)", path.get("style", ""))
    # half the outline, and as much again where sharp corners stick out
    margin = float(width[1]) if width else 1.0 if "stroke:" in path.get("style", "") else 0.0
    left, top, wide, high = area
    across, down = numbers[::2], numbers[1::2]
    return (
        left <= min(across) - margin
        and max(across) + margin <= left + wide
        and top <= min(down) - margin
        and max(down) + margin <= top + high
    )


def _rename(root: ET.Element) -> None:
    """Give names that are referred to short ones, and take the others away."""
    asked: dict[str, str] = {}
    for element in root.iter():
        for name, value in element.attrib.items():
            names = [value[1:]] if name == "href" and value.startswith("#") else _REFERENCE.findall(value)
            for found in names:
                asked.setdefault(found, str(len(asked)))
    for element in list(root.iter()):
        for name, value in list(element.attrib.items()):
            if name == "id":
                if value in asked:
                    element.set("id", asked[value])
                else:
                    del element.attrib["id"]
            elif name == "href" and value.startswith("#"):
                element.set("href", f"#{asked[value[1:]]}")
            elif "url(#" in value:
                element.set(name, _REFERENCE.sub(lambda found: f"url(#{asked[found[1]]})", value))
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag == "clipPath" and "id" not in child.attrib:
                parent.remove(child)


def _tight(style: str) -> str:
    """Return a style without blanks after its marks, colours of three digits where they are the same.

    >>> _tight("fill: #ffffff; stroke: #aabbcd; stroke-width: 0.5")
    'fill:#fff;stroke:#aabbcd;stroke-width:0.5'
    """
    return _PAIR_COLOUR.sub(r"#\1\2\3", style.replace(": ", ":").replace("; ", ";"))


def _short_path(drawn: str) -> str:
    """Return a path by its steps, in the short words of level and upright lines; hundredths add up exactly.

    >>> _short_path("M 1 2 L 3 2 L 3 5 L 4 6.25 C 1 2 3 4 5 6 z")
    'M1 2h2v3l1 1.25c-3-4.25-1-2.25 1-.25z'
    """
    words: list[str] = []
    here = (0, 0)
    for letter, written in re.findall(r"([A-Za-z])([^A-Za-z]*)", drawn):
        numbers = [round(100 * float(number)) for number in written.split()]
        if letter not in "MLCQ" or len(numbers) % 2 or not numbers:
            if letter not in "Zz":  # a word that this does not know: nothing is known of where the pen stands
                return " ".join(drawn.split())
            words.append("z")
            continue
        steps = [number - here[position % 2] for position, number in enumerate(numbers)]
        if letter == "M":
            words.append("M" + _joined(numbers))
        elif letter == "L" and len(steps) == 2 and 0 in steps:
            words.append(f"h{_hundredths(steps[0])}" if steps[1] == 0 else f"v{_hundredths(steps[1])}")
        else:
            words.append(letter.lower() + _joined(steps))
        here = (numbers[-2], numbers[-1])
    return "".join(words)


def _joined(numbers: Sequence[int]) -> str:
    return " ".join(map(_hundredths, numbers)).replace(" -", "-")


def _hundredths(number: int) -> str:
    """Return hundredths as a decimal number, as short as it can be written.

    >>> _hundredths(-25), _hundredths(100), _hundredths(0), _hundredths(1250)
    ('-.25', '1', '0', '12.5')
    """
    written = f"{number / 100:.2f}".rstrip("0").rstrip(".")
    return re.sub(r"^(-?)0\.", r"\1.", written) or "0"


def _unwrap(element: ET.Element) -> None:
    """Put the parts of groups that say nothing in the place of the group, and hover titles into a single part."""
    children: list[ET.Element] = []
    for child in list(element):
        _unwrap(child)
        parts = list(child)
        if child.tag == "defs" and not parts:
            continue
        if child.tag == "g" and not child.attrib:
            if parts and parts[0].tag == "title":
                drawn = [part for part in parts if part.tag != "title"]
                if len(drawn) == 1 and drawn[0].tag in _DRAWN and not any(part.tag == "title" for part in drawn[0]):
                    drawn[0].insert(0, parts[0])
                    children.append(drawn[0])
                    continue
            else:
                children.extend(parts)
                continue
        children.append(child)
    for child in list(element):
        element.remove(child)
    element.extend(children)


def _share(parent: ET.Element) -> None:
    """Write what neighbours have in common in their styles once, on a group around them."""
    if parent.tag in ("defs", "pattern", "clipPath", "text"):
        return
    _regroup(parent, lambda child: child.tag if _declared(child) else "")
    for group in (parent, *(child for child in parent if child.tag == "g")):
        _regroup(group, lambda child: child.get("style", "") if _declared(child) else "")


def _regroup(parent: ET.Element, kind: Callable[[ET.Element], str]) -> None:
    """Put neighbours of one kind into a group that says what they have in common; order and looks stay."""
    children: list[ET.Element] = []
    for key, found in groupby(list(parent), key=kind):
        run = list(found)
        shared = _in_common(run) if key and len(run) > 1 else []
        if not shared or (len(run) == len(parent) and parent.get("style") and parent.tag == "g"):
            children.extend(run)
            continue
        group = ET.Element("g", {"style": ";".join(shared)})
        for child in run:
            rest = [part for part in child.attrib.pop("style").split(";") if part not in shared]
            child.attrib |= {"style": ";".join(rest)} if rest else {}
        group.extend(run)
        children.append(group)
    for child in list(parent):
        parent.remove(child)
    parent.extend(children)


def _in_common(elements: Sequence[ET.Element]) -> list[str]:
    """Return the declarations that all of them make, in the order of the first."""
    every = [set(_declared(element)) for element in elements]
    return [part for part in _declared(elements[0]) if all(part in other for other in every)]


def _declared(element: ET.Element) -> list[str]:
    """Return the declarations of a drawn part that a group could make for it."""
    style = element.get("style", "")
    return [part for part in style.split(";") if part and not _OWN.match(part)] if element.tag in _DRAWN else []
