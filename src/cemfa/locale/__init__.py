"""Texts in Vietnamese and English, by key, and number formats; data in `<language>/<room>.yaml`.

Every sentence a user reads comes from here. A key is `<room>.<name>`, for example `problems.share-sum`;
a room's texts are in `<room>.yaml` and every `<room>_*.yaml`, so that words are found beside their subject.
The words of `cemfa --help` are JSON, so that asking for help loads no YAML library.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from cemfa.errors import CemfaError, Problem

if TYPE_CHECKING:
    import datetime

LANGUAGES: Final = ("vi", "en")
_FOLDER: Final = Path(__file__).parent  # not importlib.resources, which takes longer to load than all of cemfa's help
_chosen: ContextVar[str | None] = ContextVar("cemfa_language", default=None)
_Error = TypeVar("_Error", bound=CemfaError)


def language() -> str:
    """Return the language in force: set by `use`, else `CEMFA_LANG`, else the system's if Vietnamese, else English.

    Examples
    --------
    >>> with use("vi"):
    ...     language()
    'vi'
    """
    chosen = _chosen.get() or os.environ.get("CEMFA_LANG", "")
    if chosen in LANGUAGES:
        return chosen
    system = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return "vi" if system.lower().startswith("vi") else "en"


@contextmanager
def use(lang: str | None) -> Iterator[None]:
    """Set the language within a `with` block; None changes nothing."""
    token = _chosen.set(lang or _chosen.get())
    try:
        yield
    finally:
        _chosen.reset(token)


@cache
def texts(room: str, lang: str) -> Mapping[str, str]:
    """Return all texts of one room in one language, by name: `<room>.yaml` and every `<room>_*.yaml`."""
    found: dict[str, str] = {}
    for name in files(lang):
        if _room(name) == room:
            found.update(file_texts(name, lang))
    return found


def file_texts(name: str, lang: str) -> dict[str, str]:
    """Return the texts of one file, such as ``problems_units.yaml``."""
    written = (_FOLDER / lang / name).read_text(encoding="utf-8")
    if name.endswith(".json"):
        found = json.loads(written)
    else:
        import yaml

        found = yaml.load(written, Loader=yaml.CSafeLoader)
    return {str(key): str(value) for key, value in (found or {}).items()}


def files(lang: str) -> tuple[str, ...]:
    """Return the names of the files of a language, sorted."""
    return tuple(sorted(file.name for file in (_FOLDER / lang).iterdir() if file.name.endswith((".yaml", ".json"))))


def rooms(lang: str) -> tuple[str, ...]:
    """Return the rooms that have texts in a language, sorted."""
    return tuple(sorted({_room(name) for name in files(lang)}))


def text(key: str, lang: str | None = None, /, **parameters: object) -> str:
    """Return the text of `key` (`room.name`) with its parameters filled in, numbers in the language's format.

    Raises
    ------
    KeyError
        if the key or a parameter is missing: a fault of cemfa that the tests look for, not of the user.

    Examples
    --------
    >>> text("numbers.percent", "en", value=12.5)
    '12.5%'
    """
    lang = lang or language()
    room, _, name = key.partition(".")
    shown = {k: _shown(v, lang) for k, v in parameters.items()}
    return texts(room, lang)[name].format_map(shown)


def number(value: float, lang: str | None = None, decimals: int | None = None) -> str:
    """Return a number as people of that language write it: 1.234,5 in Vietnamese, 1,234.5 in English.

    With `decimals` None at most six significant digits are kept and trailing zeros dropped; NaN is a dash.

    Examples
    --------
    >>> number(1234.5, "vi", 1), number(1234.5, "en", 1)
    ('1.234,5', '1,234.5')
    >>> number(0.07, "vi"), number(1234567.0, "en")
    ('0,07', '1,234,567')
    """
    marks = texts("numbers", lang or language())
    if value != value:
        return marks["absent"]
    plain = f"{value:,.{decimals}f}" if decimals is not None else _six_digits(value)
    if plain.startswith("-") and not plain.strip("-0.,"):
        plain = plain[1:]  # no negative zero
    return plain.translate({ord(","): marks["thousands"], ord("."): marks["decimal"]})


def day(date: datetime.date | None, lang: str | None = None) -> str:
    """Return a day as people of that language write it: 26/11/2026 in Vietnamese, 2026-11-26 in English.

    No day is a dash.

    Examples
    --------
    >>> import datetime
    >>> day(datetime.date(2026, 11, 26), "vi"), day(datetime.date(2026, 11, 26), "en"), day(None, "en")
    ('26/11/2026', '2026-11-26', '–')
    """
    chosen = lang or language()
    if date is None:
        return texts("numbers", chosen)["absent"]
    return f"{date.day}/{date.month}/{date.year}" if chosen == "vi" else date.isoformat()


def percent(share: float, lang: str | None = None, decimals: int = 1) -> str:
    """Return a share as percent, in the language's format.

    Examples
    --------
    >>> percent(0.7, "vi"), percent(1.0, "en", 0)
    ('70,0%', '100%')
    """
    if share != share:
        return number(share, lang)
    return text("numbers.percent", lang, value=number(100 * share, lang, decimals))


def money(amount: float, lang: str | None = None, decimals: int = 1) -> str:
    """Return an amount of VND in the unit people use for its size: tỷ đồng, triệu đồng or đồng.

    Examples
    --------
    >>> money(25e9, "vi"), money(25e9, "en"), money(412_345.0, "vi")
    ('25,0 tỷ đồng', '25.0 bn VND', '412.345 đồng')
    """
    if amount != amount:
        return number(amount, lang)
    if abs(amount) >= 1e9:
        return text("numbers.money-billion", lang, value=number(amount / 1e9, lang, decimals))
    if abs(amount) >= 1e6:
        return text("numbers.money-million", lang, value=number(amount / 1e6, lang, decimals))
    return text("numbers.money-one", lang, value=number(amount, lang, 0))


def problem_text(problem: Problem, lang: str | None = None) -> str:
    """Return a problem as one line: place, sentence, code in brackets."""
    sentence = text(f"problems.{problem.code}", lang, **dict(problem.parameters))
    place = str(problem.place)
    return f"{place}: {sentence} [{problem.code}]" if place else f"{sentence} [{problem.code}]"


def error(kind: type[_Error], problems: Problem | Iterable[Problem]) -> _Error:
    """Return an error of `kind` with its problems rendered in the current language, ready to raise."""
    found = (problems,) if isinstance(problems, Problem) else tuple(problems)
    return kind(found, "\n".join(problem_text(p) for p in found))


def _room(file: str) -> str:
    return file.split(".")[0].split("_")[0]


def _six_digits(value: float) -> str:
    if value == 0 or 1 <= abs(value) < 1e15:
        digits = max(0, 6 - len(f"{abs(value):.0f}"))
        plain = f"{value:,.{digits}f}"
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    return f"{value:.6g}"


def _shown(value: object, lang: str) -> str:
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return str(value)  # years, lines and counts carry no thousands mark
    if isinstance(value, float):
        return number(value, lang)
    if isinstance(value, Sequence) and not isinstance(value, str):
        decimals = lang == "vi" and any(isinstance(v, float) for v in value)  # 0,75; 0,32
        return ("; " if decimals else ", ").join(_shown(v, lang) for v in value) or texts("numbers", lang)["absent"]
    return str(value)
