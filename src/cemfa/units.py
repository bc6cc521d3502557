"""Units at the border: what the user writes becomes a factor and a dimension; inside there are only floats.

First step of the chain, before any number of a table is used. The units are those of ``units.txt`` beside this
file and no others; `pint` reads them once per process. Canonical are t, MJ, VND (of one price year), m, person
and so on, with ``day`` and ``year`` as *two dimensions*: a year has the real days of its calendar, never 365.25.
"""

from __future__ import annotations

import calendar
import datetime
import difflib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, Final

from cemfa import locale
from cemfa.errors import Place, Problem, UnitError

Dimension = tuple[tuple[str, int], ...]
"""Canonical unit and exponent of each base with a non-zero exponent, in the order of display."""

DIMENSIONLESS: Final[Dimension] = ()

_LONGEST: Final = 60
_NAME: Final = r"[^\W\d]\w*|%|‰"
_OPERAND: Final = re.compile(rf"(?:{_NAME})(?:(?:\^|\*\*)-?\d{{1,2}})?|(?<![\w^*.])1(?![\w.])")
_INNERMOST: Final = re.compile(r"\(#(?:[*/·]#)*\)")
_PRODUCT: Final = re.compile(r"#(?:[*/·]#)*")
_TIME_LAST: Final = {"day": 1, "year": 2}


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as written, with what it means.

    Parameters
    ----------
    text : as written, such as ``kg/person/day``
    factor : what one of it is in canonical units, here 0.001
    dimension : exponents of the canonical units, here ``(("t", 1), ("person", -1), ("day", -1))``
    """

    text: str
    factor: float
    dimension: Dimension

    @property
    def canonical(self) -> str:
        """The canonical unit of this dimension, such as ``t/person/day``; ``1`` where there is none."""
        return dimension_text(self.dimension)


def parse(unit: str, place: Place = Place()) -> Unit:  # noqa: B008 - Place is frozen
    """Return the meaning of a unit as people write it; quick when the same unit comes again.

    Valid are the names of ``units.txt``, case exact, joined by ``*``, ``/`` and whole powers; ``1`` is
    dimensionless. ``a/b/c`` is ``a/(b*c)``.

    Parameters
    ----------
    unit : text such as ``kg/person/day``, ``million_VND``, ``%`` or ``VND/(t*km)``
    place : where it was written, for the message

    Returns
    -------
    Unit

    Raises
    ------
    UnitError
        with the code ``unit-missing``, ``unit-form`` or ``unknown-unit`` (which lists near matches).

    Examples
    --------
    >>> parse("kg/person/day").factor, parse("kg/person/day").canonical
    (0.001, 't/person/day')
    >>> parse("MW").canonical, parse("MW").factor
    ('MJ/day', 86400.0)
    """
    found = _read(unit)
    if isinstance(found, Unit):
        return found
    code, parameters = found
    raise locale.error(UnitError, Problem(code, place, dict(parameters)))


def to_canonical(value: float, unit: str, place: Place = Place()) -> tuple[float, str]:  # noqa: B008 - frozen
    """Return a value in canonical units, and the canonical unit.

    Raises
    ------
    UnitError
        as in `parse`.

    Examples
    --------
    >>> to_canonical(0.43, "kg/person/day")
    (0.00043, 't/person/day')
    >>> to_canonical(25, "billion_VND")
    (25000000000.0, 'VND')
    """
    found = parse(unit, place)
    return value * found.factor, found.canonical


def product(units: Iterable[str | Unit]) -> Unit:
    """Return the unit of a product of quantities, ``1`` for an empty one.

    Raises
    ------
    UnitError
        as in `parse`.

    Examples
    --------
    >>> product(["person", "kg/person/day", "%"]).canonical
    't/day'
    """
    members = [unit if isinstance(unit, Unit) else parse(unit) for unit in units]
    exponents: dict[str, int] = {}
    factor = 1.0
    for member in members:
        factor *= member.factor
        for base, exponent in member.dimension:
            exponents[base] = exponents.get(base, 0) + exponent
    return Unit("*".join(member.text for member in members) or "1", factor, _ordered(exponents))


def dimension_of_product(units: Iterable[str | Unit]) -> Dimension:
    """Return the dimension of a product of quantities.

    Examples
    --------
    >>> dimension_of_product(["ha", "t/ha"])
    (('t', 1),)
    """
    return product(units).dimension


def dimension_text(dimension: Dimension) -> str:
    """Return a dimension as a canonical unit that `parse` reads.

    Examples
    --------
    >>> dimension_text((("t", 1), ("day", -1)))
    't/day'
    """
    above = "*".join(_power(base, exponent) for base, exponent in dimension if exponent > 0)
    below = "".join(f"/{_power(base, -exponent)}" for base, exponent in dimension if exponent < 0)
    return (above or "1") + below


def expect(unit: str | Unit, dimension: Dimension, place: Place = Place()) -> Unit:  # noqa: B008 - frozen
    """Return the unit if it has the dimension that is expected.

    Raises
    ------
    UnitError
        with the code ``unit-dimension``, or as in `parse`.

    Examples
    --------
    >>> expect("bn_VND", parse("VND").dimension).factor
    1000000000.0
    """
    found = unit if isinstance(unit, Unit) else parse(unit, place)
    if found.dimension == dimension:
        return found
    parameters = {"unit": found.text, "found": found.canonical, "expected": dimension_text(dimension)}
    raise locale.error(UnitError, Problem("unit-dimension", place, parameters))


def days_in(year: int) -> int:
    """Return the days of a calendar year: 365 or 366.

    Examples
    --------
    >>> days_in(2023), days_in(2024)
    (365, 366)
    """
    return 366 if calendar.isleap(year) else 365


def decimal_year(date: datetime.date) -> float:
    """Return a date as a decimal calendar year: its midnight.

    Examples
    --------
    >>> decimal_year(datetime.date(2026, 7, 2)), decimal_year(datetime.date(2024, 7, 2))
    (2026.4986301369863, 2024.5)
    """
    return date.year + (date.timetuple().tm_yday - 1) / days_in(date.year)


def per_year_factor(unit: str | Unit, year: int, place: Place = Place()) -> float:  # noqa: B008 - frozen
    """Return what a rate must be multiplied by to become a canonical amount in one calendar year.

    A rate per day is multiplied by the real days of that year, a rate per year by one.

    Parameters
    ----------
    unit : a rate per day or per year
    year : calendar year
    place : where the unit was written, for the message

    Returns
    -------
    float
        factor of the unit times days, in canonical unit per `unit`

    Raises
    ------
    UnitError
        with the code ``unit-rate`` when the unit is no rate per day or year.

    Examples
    --------
    >>> 1150 * per_year_factor("t/d", 2023), 1150 * per_year_factor("t/d", 2024)
    (419750.0, 420900.0)
    >>> per_year_factor("kt/yr", 2024)
    1000.0
    """
    found = unit if isinstance(unit, Unit) else parse(unit, place)
    time = dict(found.dimension)
    match time.get("day", 0), time.get("year", 0):
        case -1, 0:
            return found.factor * days_in(year)
        case 0, -1:
            return found.factor
    parameters = {"unit": found.text, "found": found.canonical}
    raise locale.error(UnitError, Problem("unit-rate", place, parameters))


@cache
def names() -> tuple[str, ...]:
    """Return every name that `parse` knows, in the order of ``units.txt``."""
    known: list[str] = []
    for line in _definitions():
        first, _, *aliases = (part.strip() for part in line.split(" = "))
        known += [first, *aliases]
    return tuple(known)


@cache
def _definitions() -> tuple[str, ...]:
    lines = Path(__file__).with_name("units.txt").read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line.strip() and not line.startswith("#"))


@cache
def _registry() -> Any:  # pint's registry class is made at run time and has no useful static type
    """Return the one registry: only our units, exact fractions so that kg/kg is exactly 1."""
    import pint

    registry: Any = pint.UnitRegistry(None, non_int_type=Fraction, on_redefinition="raise")
    registry.load_definitions(list(_definitions()))
    return registry


@cache
def _read(unit: str) -> Unit | tuple[str, tuple[tuple[str, object], ...]]:
    """Return the unit, or the code and parameters of what is wrong with it."""
    written = unit.strip()
    if not written:
        return "unit-missing", ()
    plain = _plain(written)
    if not _is_well_formed(plain):
        return "unit-form", (("unit", written[:_LONGEST]),)
    unknown = [name for name in re.findall(_NAME, plain) if name not in _known()]
    if unknown:
        return "unknown-unit", (("unit", written), ("name", unknown[0]), ("near", _near(unknown[0])))
    factor, roots = _registry().get_root_units(_registry().parse_units(plain.replace("·", "*")))
    exponents = {str(base): int(exponent) for base, exponent in roots._units.items()}
    return Unit(written, float(factor), _ordered(exponents))


def _is_well_formed(plain: str) -> bool:
    """Return whether this is a product of names, so that pint never sees arithmetic or half an expression."""
    shape = _OPERAND.sub("#", plain) if "#" not in plain and len(plain) <= _LONGEST else ""
    while (simpler := _INNERMOST.sub("#", shape)) != shape:
        shape = simpler
    return bool(_PRODUCT.fullmatch(shape))


def _plain(written: str) -> str:
    """Return the text in one Unicode form; a space within a name (``million VND``) joins its words."""
    plain = re.sub(r"\s*([*/·()^])\s*", r"\1", unicodedata.normalize("NFKC", written))
    return re.sub(r"(?<=\w)\s+(?=\w)", "_", plain)


@cache
def _known() -> frozenset[str]:
    return frozenset(names())


def _near(name: str) -> tuple[str, ...]:
    same_letters = [known for known in names() if known.lower() == name.lower()]
    close = difflib.get_close_matches(name, names(), n=3, cutoff=0.6)
    head = name.split("_")[0]
    stripped = [head] if head in _known() else []
    return tuple(dict.fromkeys(same_letters + stripped + close))[:3]


@cache
def _bases() -> tuple[str, ...]:
    return tuple(line.split(" = ")[0].strip() for line in _definitions() if line.split(" = ")[1].strip()[0] == "[")


def _ordered(exponents: dict[str, int]) -> Dimension:
    bases = _bases()
    order = sorted(exponents, key=lambda base: (_TIME_LAST.get(base, 0), bases.index(base)))
    return tuple((base, exponents[base]) for base in order if exponents[base])


def _power(base: str, exponent: int) -> str:
    return base if exponent == 1 else f"{base}^{exponent}"
