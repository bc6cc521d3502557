"""What one observation is, and what can be observed.

Stands below the store, which keeps observations, and the sheets, from which they are read.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Final, Literal

Subject = Literal["target", "project"]
Kind = Literal["actual", "estimate", "plan"]
Standing = Literal["current", "corrected", "superseded", "withdrawn"]

MEASURES: Final[dict[str, tuple[str, ...]]] = {
    "target": ("value",),
    "project": ("started", "finished", "cancelled", "capacity", "spending", "intake", "product"),
}
"""What can be observed of a target and of a project; `part` says which stage, funder, month or good."""

DATED: Final = ("started", "finished", "cancelled")
"""Measures whose value is a date, kept as the number `as_number` makes of it, in the unit `DATE_UNIT`."""
DATE_UNIT: Final = "yyyymmdd"
DECISION: Final = "decision"
"""The stage of a project that is over when it is decided."""
NO_YEAR: Final = 0
"""Year of what belongs to none: dates and capacity of a project."""


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """What a value speaks of; two values of one key and cut-off are a value and its correction.

    Parameters
    ----------
    subject : `target` or `project`
    item : id of the target or project
    measure : one of `MEASURES`
    part : which stage, funder, month (`01` … `12`) or good; "" where there is only one
    year : calendar year; `NO_YEAR` for dates and capacity of a project
    kind : `actual` up to the cut-off, `estimate` of the whole year, or `plan` for the year
    """

    subject: Subject
    item: str
    measure: str
    part: str
    year: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class Observation:
    """One observed value, who is answerable for it and where it comes from.

    Parameters
    ----------
    key : what it speaks of
    value : the number [unit]; of a date the number that `as_number` makes of it
    unit : its unit as written
    until : last day it covers, the cut-off; for an estimate or plan the day it was made
    source : document, register or survey it comes from
    department : who reported it
    note : anything a reader must know, such as why something is late
    """

    key: Key
    value: float
    unit: str
    until: datetime.date
    source: str
    department: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One import: who brought a file with observations, when, and whether it was taken back.

    Parameters
    ----------
    number : counted from 1 in the order of arrival
    at : moment of the import
    who : person who imported it
    file : name of the file
    digest : SHA-256 of the file
    count : number of observations in it
    withdrawn : moment it was taken back; None: it counts
    withdrawn_by, reason : by whom and why
    """

    number: int
    at: datetime.datetime
    who: str
    file: str
    digest: str
    count: int
    withdrawn: datetime.datetime | None = None
    withdrawn_by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """An observation in the store with the delivery that brought it, and whether it counts today.

    Parameters
    ----------
    observation : what was reported
    delivery : number of its delivery
    standing : `current`; `corrected` by a later delivery; `superseded` by one of a later cut-off; or `withdrawn` with
        its delivery
    """

    observation: Observation
    delivery: int
    standing: Standing


def as_number(date: datetime.date) -> float:
    """Return a date as the number by which it is kept, readable without cemfa.

    >>> as_number(datetime.date(2026, 3, 1))
    20260301.0
    """
    return float(f"{date:%Y%m%d}")


def as_date(value: float) -> datetime.date | None:
    """Return the date that a number stands for, None where it is none.

    >>> as_date(20260301.0), as_date(20261301.0)
    (datetime.date(2026, 3, 1), None)
    """
    text = f"{value:08.0f}"
    if value != int(value) or len(text) != 8:
        return None
    try:
        return datetime.date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None
