"""Sheets that departments fill in for the yearly report, and what they hold when they come back.

One workbook with one sheet per department: what is known stands there, input cells are marked. Sheets may be renamed,
moved or left blank; a cell that cannot be read is named with its sheet.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cemfa import locale
from cemfa.definition.schema import Model, Scenario, Target
from cemfa.definition.workbook.archive import read_sheets
from cemfa.definition.workbook.paper import saved
from cemfa.errors import DefinitionError, Place, Problem
from cemfa.monitoring.forms import Days, Form, Reading, fill, title_of
from cemfa.monitoring.project_sheets import FORM as PROJECTS
from cemfa.monitoring.project_sheets import ProjectSheets, project_observations
from cemfa.monitoring.yearly import YearlyRow
from cemfa.observations.schema import Key, Kind, Observation

MARK: Final = "cemfa-yearly-1"

_KINDS: Final[Mapping[str, Kind]] = {"plan": "plan", "actual": "actual", "estimate": "estimate"}
_WIDTHS: Final = {
    "id": 8, "clause": 8, "target": 44, "unit": 12, "last": 12, "plan": 14, "actual": 14, "estimate": 14, "source": 30,
    "reason": 36,
}  # fmt: skip
FORM: Final = Form(
    MARK, _WIDTHS, ("plan", "actual", "estimate", "source", "reason"), ("id", "actual", "source"), "how", "D"
)


@dataclass(frozen=True, slots=True)
class Filled:
    """What a filled-in workbook holds.

    Parameters
    ----------
    year : the year reported on
    cut_off : last day that the actual values cover
    observations : every value that was filled in, once where two departments report the same
    """

    year: int
    cut_off: datetime.date
    observations: tuple[Observation, ...]


def sheets_to_fill(
    model: Model,
    rows: Sequence[YearlyRow],
    *,
    year: int,
    cut_off: datetime.date,
    lang: str,
    projects: ProjectSheets | None = None,
) -> bytes:
    """Return a workbook with one sheet per department that reports on targets, ready to be filled in.

    Parameters
    ----------
    model : of the targets
    rows : `yearly_rows` of that year; what was reported already stands in the sheets
    year, cut_off : the year reported on, and the last day that actual values shall cover
    lang : language of the sheets
    projects : the projects that owners report on, in sheets of their own; None: targets alone
    """
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.worksheets[0])
    by_department: dict[str, list[YearlyRow]] = {}
    for row in rows:
        for department in row.departments or (None,):
            by_department.setdefault(department.id if department else "", []).append(row)
    for number, (key, own) in enumerate(by_department.items(), 1):
        label = model.departments[key].label.of(lang) if key else locale.text("monitoring.nobody", lang)
        known = [{column: _known(row, column, lang) for column in FORM.columns} for row in own]
        fill(book.create_sheet(title_of(number, label)), FORM, (key, label), (year, cut_off), known, lang)
    if projects is not None:
        projects.draw(book, year=year, cut_off=cut_off, lang=lang)
    return saved(book, locale.text("monitoring.title", lang, year=year))


def _known(row: YearlyRow, column: str, lang: str) -> float | str | None:
    seen = {"plan": row.planned, "actual": row.actual, "estimate": row.estimate, "last": row.last_year}
    match column:
        case "id":
            return row.target.id
        case "clause":
            return row.target.clause
        case "target":
            return row.target.label.of(lang)
        case "unit":
            return row.target.unit
        case "source":
            told = row.estimate or row.actual or row.planned
            return told.source if told else None
        case "reason":
            return row.reason or None
        case _:
            found = seen[column]
            return found.value if found else None


def read_filled(path: str | Path, model: Model, scenario: Scenario | None = None) -> Filled:
    """Return what a filled-in workbook holds.

    Parameters
    ----------
    path : the file that came back, an .xlsx
    model : whose targets they are
    scenario : whose projects they are; needed where the file has sheets of projects

    Raises
    ------
    DefinitionError
        with every problem and its sheet and cell: cells that are no numbers or dates, values without a source, unknown
        or twice reported targets and projects, changed units, dates in an impossible order, sheets of different years,
        a file without such sheets.
    """
    sheets, problems = read_sheets(path)
    known = {target.id: target for target in model.targets}
    found: list[Observation] = []
    heads: dict[tuple[int, datetime.date], Place] = {}
    ours = [sheet for sheet in sheets if sheet.cells.get((1, 1)) in (MARK, PROJECTS.mark)]
    if not problems and not ours:
        problems.append(Problem("yearly-no-sheet", Place(str(path))))
    for sheet in ours:
        form = FORM if sheet.cells.get((1, 1)) == MARK else PROJECTS
        reading = Reading(sheet, str(path), form, problems)
        head = reading.head()
        if head is None:
            continue
        heads.setdefault(head, reading.year_place)
        found += _observations(reading, head, known) if form is FORM else project_observations(reading, head, scenario)
    if len(heads) > 1:
        shown = [f"{year}, {day.isoformat()}" for year, day in heads]
        problems.append(Problem("yearly-years", list(heads.values())[1], {"found": shown}))
    problems += _twice(found, str(path))
    if not problems and not found:
        problems.append(Problem("observations-none", Place(str(path))))
    if problems:
        raise locale.error(DefinitionError, problems)
    (year, cut_off) = next(iter(heads))
    return Filled(year, cut_off, tuple({seen.key: seen for seen in reversed(found)}.values())[::-1])


def _observations(reading: Reading, days: Days, known: Mapping[str, Target]) -> Iterator[Observation]:
    """Yield what is filled in, row by row."""
    rows, columns = reading.rows()
    for row in rows:
        yield from _row(reading, row, columns, days, known)


def _row(
    reading: Reading, row: int, columns: Mapping[str, int], days: Days, known: Mapping[str, Target]
) -> Iterator[Observation]:
    values = reading.values(row, columns)
    given = [name for name in _KINDS if values.get(name) not in (None, "")]
    if not given:
        return
    target = known.get(str(values["id"] or "").strip())
    if target is None:
        shown = {"value": str(values["id"] or ""), "known": tuple(known)}
        reading.problems.append(Problem("yearly-target", reading.at(row, columns["id"]), shown))
        return
    unit = str(values.get("unit") or target.unit).strip()
    if unit != target.unit:
        told = {"value": unit, "expected": target.unit}
        reading.problems.append(Problem("yearly-unit", reading.at(row, columns["unit"]), told))
    source = str(values.get("source") or "").strip()
    if not source:
        reading.problems.append(Problem("yearly-source", reading.at(row, columns["source"]), {"item": target.id}))
    department = str(reading.sheet.cells.get((1, 2), ""))
    for name in given:
        number = reading.number(row, columns, name)
        if number is not None:
            note = str(values.get("reason") or "").strip() if name != "plan" else ""
            key = Key("target", target.id, "value", "", days[0], _KINDS[name])
            yield Observation(key, number, target.unit, days[1], source, department, note)


def _twice(found: Iterable[Observation], file: str) -> Iterator[Problem]:
    """Yield targets and projects that two departments report on with different values."""
    seen: dict[Key, Observation] = {}
    for row in found:
        other = seen.setdefault(row.key, row)
        if other.value != row.value:
            item = ":".join(filter(None, (row.key.item, row.key.measure, row.key.part)))
            item = row.key.item if row.key.subject == "target" else item
            parameters = {"item": item, "kind": row.key.kind, "values": [other.value, row.value]}
            yield Problem("yearly-differs", Place(file), parameters)
