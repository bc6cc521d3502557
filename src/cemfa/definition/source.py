"""YAML files as plain data that remembers where each key and value was written; first step of the definition.

libyaml tokenises; the data are built here from its events, because PyYAML's own loader crashes on deep
nesting, keeps the last of duplicate keys and reads `no` as False. Only the YAML 1.2 core types are known.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, Final, TypeAlias

import yaml

from cemfa.errors import Place, Problem

KeyPath: TypeAlias = tuple[str | int, ...]

MAX_BYTES: Final = 5_000_000
MAX_DEPTH: Final = 40
MAX_NUMBER: Final = 30

_NULL: Final = frozenset(("", "~", "null", "Null", "NULL"))
_BOOL: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT: Final = re.compile(r"[-+]?[0-9]+")
_OCTAL: Final = re.compile(r"0o[0-7]+")
_HEX: Final = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE: Final = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_BREAKS: Final = re.compile("[\u0085\u2028\u2029]")  # line ends to libyaml, invisible to the user
_SYNTAX: Final = (  # what libyaml says -> our code
    ("nesting depth", "yaml-depth"),  # of libyaml's own, far beyond ours
    ("cannot start any token", "yaml-character"),
    ("could not find expected ':'", "yaml-colon"),
    ("mapping values are not allowed", "yaml-colon"),
    ("while scanning a quoted scalar", "yaml-quote"),
    ("while parsing a flow", "yaml-bracket"),
    ("while parsing a block", "yaml-indent"),
    ("block sequence entries are not allowed", "yaml-indent"),
)


@dataclass(frozen=True, slots=True)
class Source:
    """Plain data with the place of every key and value, and the problems met while reading.

    Attributes
    ----------
    file : the path as the user wrote it, "" for data from memory
    data : None, bool, int, float, str, list or dict; None where nothing could be read
    keys, values : place of each key and each value, by path such as ``("flows", "straw_fed", "share", 0)``
    problems : what is wrong with the file as YAML; the data hold what could still be read
    """

    file: str = ""
    data: Any = None
    keys: Mapping[KeyPath, Place] = field(default_factory=dict)
    values: Mapping[KeyPath, Place] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def place(self, path: KeyPath, *, key: bool = False) -> Place:
        """Return where `path` was written; for a path that was not written, the nearest key above it.

        With `key` the place of the key itself is meant (an unknown key), else that of its value.
        """
        path = self._written(path)
        known = self.keys if key and path in self.keys else self.values
        above = path
        while above and above not in known:
            above, known = above[:-1], self.keys
        found = known.get(above) or self.values.get(above) or Place(self.file)
        return Place(self.file, found.line, found.column, dotted(path))

    def _written(self, path: KeyPath) -> KeyPath:
        """Return a path without the parts that short forms leave out, such as `other` in `share: remainder`."""
        kept: list[str | int] = []
        here: Any = self.data
        for part in path:
            if isinstance(here, list):
                if isinstance(part, int):
                    here = here[part] if part < len(here) else {}
                    kept.append(part)
            elif isinstance(here, dict):
                here = here.get(part, {})
                kept.append(part)
        return tuple(kept)


def dotted(path: KeyPath) -> str:
    """Return a path as the messages show it; list positions are counted from 1, like lines.

    >>> dotted(("flows", "food_to_compost", "share", 1))
    'flows.food_to_compost.share[2]'
    """
    return "".join(_dotted_part(part) for part in path).removeprefix(".")


def _dotted_part(part: str | int) -> str:
    if isinstance(part, int) and part < 1000:  # a year as a key is no position in a list
        return f"[{part + 1}]"
    return f".{part}"


def nearest(name: str, known: Iterable[str], limit: int = 5) -> list[str]:
    """Return what may have been meant by `name`: the known names, most alike first, "…" where there are more.

    >>> nearest("straw_pol", ["manure", "straw_pool"])
    ['straw_pool', 'manure']
    """
    ranked = sorted(known, key=lambda other: -_likeness(name.lower(), other.lower()))
    return [*ranked[:limit], "…"] if len(ranked) > limit else ranked or ["–"]


def _likeness(name: str, other: str) -> float:
    words, other_words = set(name.split("_")), set(other.split("_"))
    shared = len(words & other_words) / len(words | other_words)
    return SequenceMatcher(None, name, other).ratio() + shared


def read_text(path: str | Path, limit: int) -> tuple[str, tuple[Problem, ...]]:
    """Return a file's text without byte order mark, or "" and the problem that kept it from being read."""
    place = Place(str(path))
    try:
        with Path(path).open("rb") as file:
            raw = file.read(limit + 1)
    except FileNotFoundError:
        return "", (Problem("file-missing", place),)
    except (OSError, ValueError) as error:
        return "", (Problem("file-unreadable", place, {"reason": type(error).__name__}),)
    if len(raw) > limit:
        return "", (Problem("file-large", place, {"limit": limit}),)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return "", (Problem("file-encoding", Place(str(path), line), {"byte": f"0x{raw[error.start]:02X}"}),)
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        return "", (Problem("file-encoding", Place(str(path), line), {"byte": "0x00"}),)
    return text, ()


def read_yaml(path: str | Path) -> Source:
    """Return the data of a YAML file with the place of every key and value; never raises for what is in it.

    Problems stand in `Source.problems`: all that are found, up to the first that makes the rest unreadable.
    """
    text, problems = read_text(path, MAX_BYTES)
    if problems:
        return Source(str(path), problems=problems)
    return parse_yaml(text, str(path))


def parse_yaml(text: str, file: str = "") -> Source:
    """Return the data of YAML text as `read_yaml` does.

    >>> parse_yaml("plant: {open: no, capacity: 50}").data
    {'plant': {'open': 'no', 'capacity': 50}}
    """
    builder = _Builder(file)
    if found := _BREAKS.search(text):
        builder.problems.append(_control_problem(text, found.start(), found.group(), file))
        return Source(file, problems=tuple(builder.problems))
    data = None
    try:
        data = builder.document(yaml.parse(text, Loader=yaml.CSafeLoader))
    except _UnreadableError:
        pass  # the reason is among the problems
    except yaml.YAMLError as error:
        builder.problems.append(_syntax_problem(error, text, file))
    return Source(file, data, builder.keys, builder.values, tuple(builder.problems))


class _UnreadableError(Exception):
    """Reading cannot go on; the problem is already noted."""


class _Builder:
    """Builds data from events; one use per file."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.keys: dict[KeyPath, Place] = {}
        self.values: dict[KeyPath, Place] = {}
        self.problems: list[Problem] = []

    def document(self, events: Iterator[Any]) -> Any:
        data, documents = None, 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._note("yaml-documents", event, ())
                    raise _UnreadableError
                if event.version or event.tags:
                    self._note("yaml-directive", event, ())
            elif not isinstance(event, (yaml.StreamStartEvent, yaml.StreamEndEvent, yaml.DocumentEndEvent)):
                data = self._value(event, events, ())
        if data is None and not self.problems:
            self.problems.append(Problem("file-empty", Place(self.file)))
        return data

    def _value(self, event: Any, events: Iterator[Any], path: KeyPath) -> Any:
        self.values.setdefault(path, self._place(event, path))
        if len(path) > MAX_DEPTH:
            self._note("yaml-depth", event, path[:3], limit=MAX_DEPTH)
            raise _UnreadableError
        if isinstance(event, yaml.AliasEvent):
            self._note("yaml-alias", event, path, name=f"*{event.anchor}")
            return None
        if event.anchor is not None:
            self._note("yaml-alias", event, path, name=f"&{event.anchor}")
        if event.tag is not None:
            self._note("yaml-tag", event, path, tag=event.tag.replace("tag:yaml.org,2002:", "!!"))
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(events, path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(events, path)
        return self._scalar(event, path)

    def _mapping(self, events: Iterator[Any], path: KeyPath) -> dict[str | int, Any]:
        found: dict[str | int, Any] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self._key(event, events, path)
            where = (*path, key)
            if key in found:
                self._note("key-duplicate", event, where, key=str(key), line=self.keys[where].line)
            self.keys.setdefault(where, self._place(event, where))
            value = self._value(next(events), events, where)
            found.setdefault(key, value)
        return found

    def _key(self, event: Any, events: Iterator[Any], path: KeyPath) -> str | int:
        problems = len(self.problems)
        # the depth below is bounded by a path one longer, so that keys that are lists of lists end too
        key = self._value(event, events, (*path, "?"))
        self.values.pop((*path, "?"), None)
        if isinstance(event, yaml.ScalarEvent) and event.value == "<<" and not event.style:
            self._note("yaml-merge", event, path)
        if isinstance(key, (str, int)) and not isinstance(key, bool):
            return key
        if len(self.problems) == problems:
            self._note("key-type", event, path, key=getattr(event, "value", "[…]") or "~")
        return f"?{event.start_mark.index}"  # keeps the value readable and the key unlike any other

    def _sequence(self, events: Iterator[Any], path: KeyPath) -> list[Any]:
        found: list[Any] = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            found.append(self._value(event, events, (*path, len(found))))
        return found

    def _scalar(self, event: Any, path: KeyPath) -> Any:
        text: str = event.value
        if event.style:  # quoted or block: always text
            return unicodedata.normalize("NFC", text)
        if text in _NULL:
            return None
        if text in _BOOL:
            return _BOOL[text]
        if _NOT_FINITE.fullmatch(text):
            self._note("number-not-finite", event, path, value=text)
            return None
        if _FLOAT.fullmatch(text) or _OCTAL.fullmatch(text) or _HEX.fullmatch(text):
            return self._number(event, text, path)
        return unicodedata.normalize("NFC", text)

    def _number(self, event: Any, text: str, path: KeyPath) -> int | float | None:
        if len(text) > MAX_NUMBER:
            self._note("number-long", event, path, value=text[:12] + "…", limit=MAX_NUMBER)
            return None
        if _INT.fullmatch(text):
            return int(text)
        if text.startswith(("0o", "0x")):
            return int(text, 0)
        value = float(text)
        if value in (float("inf"), float("-inf")):
            self._note("number-not-finite", event, path, value=text)
            return None
        return value

    def _place(self, event: Any, path: KeyPath) -> Place:
        return Place(self.file, event.start_mark.line + 1, event.start_mark.column + 1, dotted(path))

    def _note(self, code: str, event: Any, path: KeyPath, **parameters: object) -> None:
        self.problems.append(Problem(code, self._place(event, path), parameters))


def _control_problem(text: str, position: int, character: str, file: str) -> Problem:
    line = text.count("\n", 0, position) + 1
    return Problem("yaml-control", Place(file, line), {"character": f"U+{ord(character):04X}"})


def _syntax_problem(error: yaml.YAMLError, text: str, file: str) -> Problem:
    mark, opened = getattr(error, "problem_mark", None), getattr(error, "context_mark", None)
    if mark is None:  # a reader error: a control character, known by its position only
        position = getattr(error, "position", 0)
        return _control_problem(text, position, text[position : position + 1] or "\0", file)
    lines = [*re.split(r"\r\n|\r|\n", text), ""]  # the end of the stream counts as a line of its own
    said = f"{getattr(error, 'context', '') or ''} {getattr(error, 'problem', '') or ''}"
    if "\t" in lines[mark.line][: mark.column + 1]:
        return Problem("yaml-tab", Place(file, mark.line + 1, mark.column + 1))
    code = next((code for phrase, code in _SYNTAX if phrase in said), "yaml-syntax")
    if code in ("yaml-quote", "yaml-bracket") and opened is not None:
        mark = opened  # tells more than where it broke
    told = {"text": lines[mark.line].strip()[:60], "limit": MAX_DEPTH}
    return Problem(code, Place(file, mark.line + 1, mark.column + 1), told)
