"""Sheets that owners of projects fill in: planned values beside marked input cells, one sheet per owner.

Beside `sheets`, which puts them into the same workbook as the targets and reads both. A row says by its first cell what
it is about: `yard:stage:construction`, `yard:spending:donor`, `yard:intake:03`.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from cemfa import locale
from cemfa.courses import Course, full_days
from cemfa.definition.schema import Model, Project, Scenario, Stage
from cemfa.definition.technologies import chain_of, products_of
from cemfa.definition.workbook.cells import Content, read_date
from cemfa.errors import Place, Problem
from cemfa.monitoring.forms import Days, Form, Reading, composed, fill, plain, title_of, words_of
from cemfa.monitoring.register import ProjectRow, Spending, StageRow
from cemfa.monitoring.reported import Reported, order_faults
from cemfa.monitoring.standing import as_it_stands
from cemfa.observations.schema import DATE_UNIT, DECISION, NO_YEAR, Key, Kind, Observation, as_date, as_number
from cemfa.plan import plan_of

if TYPE_CHECKING:
    from openpyxl import Workbook

MILLION: Final = 1e6
"""VND in the unit of money of the sheets."""

_WIDTHS: Final = {
    "id": 12, "project": 26, "item": 34, "unit": 12, "begin_plan": 13, "by_plan": 13, "begun": 13, "allotted": 14,
    "actual": 14, "expected": 14, "source": 28, "reason": 30,
}  # fmt: skip
FORM: Final = Form(
    "cemfa-projects-1", _WIDTHS, ("begun", "allotted", "actual", "expected", "source", "reason"),
    ("id", "actual", "source"), "how_projects", "D",
)  # fmt: skip

What = Literal["decision", "stage", "cancelled", "capacity", "spending", "intake", "product"]
_OPEN: Final[Mapping[str, tuple[str, ...]]] = {
    "decision": ("actual", "expected"), "stage": ("begun", "actual", "expected"), "cancelled": ("actual",),
    "capacity": ("actual",), "spending": ("allotted", "actual", "expected"), "intake": ("actual", "expected"),
    "product": ("actual", "expected"),
}  # fmt: skip
"""Per kind of row the columns that are filled in."""
_UNITS: Final = {
    "decision": "date", "stage": "date", "cancelled": "date", "capacity": "capacity", "spending": "money",
    "intake": "mass", "product": "mass",
}  # fmt: skip
_STORED: Final = {"date": DATE_UNIT, "capacity": "t/d", "money": "VND", "mass": "t"}
_KINDS: Final[Mapping[str, Kind]] = {"begun": "actual", "allotted": "plan", "actual": "actual", "expected": "estimate"}


@dataclass(frozen=True, slots=True)
class ProjectSheets:
    """The projects of an option as their owners report on them.

    Parameters
    ----------
    rows : of `register`
    reported : what was reported up to the cut-off; it stands in the sheets
    spending : planned investment
    """

    scenario: Scenario
    model: Model
    option: str
    rows: Sequence[ProjectRow]
    reported: Mapping[str, Reported]
    spending: Spending

    def draw(self, book: Workbook, *, year: int, cut_off: datetime.date, lang: str) -> None:
        """Add one sheet per owner of projects to a workbook."""
        courses = self._courses(cut_off)
        owners: dict[str, list[ProjectRow]] = {}
        for row in self.rows:
            owners.setdefault(row.project.owner.vi, []).append(row)
        for owner, own in owners.items():
            lines = [line for row in own for line in self._lines(row, courses[row.id], (year, cut_off), lang)]
            name = own[0].project.owner.of(lang)
            title = title_of(len(book.worksheets) + 1, locale.text("monitoring.projects_of", lang, owner=name))
            opened = [{*_OPEN[line.what], "source", "reason"} for line in lines]
            rows = [line.cells for line in lines]
            fill(book.create_sheet(title), FORM, (owner, name), (year, cut_off), rows, lang, opened)

    def _lines(self, row: ProjectRow, courses: Sequence[Course], days: Days, lang: str) -> Iterator[_Line]:
        told, year = self.reported.get(row.id, Reported()), days[0]
        yield from (self._dated(row, stage, lang) for stage in row.stages)
        yield _line(row, "cancelled", "", locale.text("monitoring.row_cancelled", lang), lang, told, NO_YEAR)
        built = _line(row, "capacity", "", locale.text("monitoring.row_capacity", lang), lang, told, NO_YEAR)
        yield built.with_plan(row.project.capacity)
        for funder in dict.fromkeys(f.source for f in row.project.funding if f.of == "investment"):
            name = self.scenario.funders[funder].label.of(lang)
            words = locale.text("monitoring.row_spending", lang, funder=name, year=year)
            planned = self.spending.get(row.id, {}).get(funder, {}).get(year)
            spent = _line(row, "spending", funder, words, lang, told, year)
            yield spent.with_plan(None if planned is None else round(planned / MILLION, 3))
        yield from self._masses(row, told, courses, days, lang)

    def _masses(
        self, row: ProjectRow, told: Reported, courses: Sequence[Course], days: Days, lang: str
    ) -> Iterator[_Line]:
        year, cut_off = days
        whole = _design(row.project, courses[:1], datetime.date(year, 1, 1), datetime.date(year + 1, 1, 1))
        words = locale.text("monitoring.row_intake", lang, year=year)
        yield _line(row, "intake", "", words, lang, told, year).with_plan(whole)
        for month in range(1, 13):
            first, end = datetime.date(year, month, 1), datetime.date(year + month // 12, month % 12 + 1, 1)
            if first <= cut_off and _design(row.project, courses, first, end):
                words = locale.text("monitoring.row_month", lang, month=month, year=year)
                line = _line(row, "intake", f"{month:02}", words, lang, told, year)
                yield line.with_plan(_design(row.project, courses[:1], first, end))
        for good in products_of(row.project, self.model):
            name = self.model.name_of("good", good, lang)
            words = locale.text("monitoring.row_product", lang, good=name, year=year)
            yield _line(row, "product", good, words, lang, told, year)

    def _courses(self, cut_off: datetime.date) -> dict[str, list[Course]]:
        """Return the planned course of every project, then the one as it stands; none of what a rule decides on."""
        plan, found = plan_of(self.scenario, self.option), {row.id: list[Course]() for row in self.rows}
        for version in (plan, as_it_stands(plan, self.reported, cut_off)):
            for built, course in zip(version.built, version.central_courses(), strict=True):
                found[built.project].append(course)
        return found

    def _dated(self, row: ProjectRow, stage: StageRow, lang: str) -> _Line:
        told = self.reported.get(row.id, Reported())
        words = stage.label.of(lang) if stage.label else locale.text("monitoring.row_decision", lang)
        what: What = "decision" if stage.id == DECISION else "stage"
        line = _line(row, what, stage.id if what == "stage" else "", words, lang, told, NO_YEAR)
        dates = {"begin_plan": stage.planned_begin, "by_plan": stage.planned_end, "begun": stage.begun,
                 "actual": stage.ended, "expected": stage.estimate}  # fmt: skip
        if what == "decision":
            dates["begin_plan"] = None
        return replace(line, cells=line.cells | dates | {"reason": stage.note or None})


@dataclass(frozen=True, slots=True)
class _Line:
    what: What
    cells: dict[str, Content]

    def with_plan(self, value: float | None) -> _Line:
        """Return the line with its planned value."""
        return replace(self, cells=self.cells | {"by_plan": value})


def _line(row: ProjectRow, what: What, part: str, words: str, lang: str, told: Reported, year: int) -> _Line:
    """Return a row with what was reported already."""
    seen = {column: _told(told, what, part, year, column) for column in _OPEN[what]}
    last = next((one for one in (seen.get("actual"), *seen.values()) if one is not None), None)
    unit = _UNITS[what]
    cells: dict[str, Content] = {
        "id": ":".join(filter(None, (row.id, what, part))), "project": row.project.label.of(lang), "item": words,
        "unit": locale.text(f"monitoring.unit_{unit}", lang), "source": last.source if last else None,
        "reason": (last.note or None) if last else None,
    }  # fmt: skip
    for column, one in seen.items():
        if one is not None:
            cells[column] = as_date(one.value) if unit == "date" else one.value / (MILLION if unit == "money" else 1.0)
    return _Line(what, cells)


def _told(told: Reported, what: What, part: str, year: int, column: str) -> Observation | None:
    measure, stage = _measure(what, part, column)
    return told.value(measure, stage, year, _KINDS[column])


def _measure(what: str, part: str, column: str) -> tuple[str, str]:
    """Return the measure and part that a cell speaks of."""
    if what == "decision":
        return "finished", DECISION
    if what == "stage":
        return ("started" if column == "begun" else "finished"), part
    return what, part


def _design(project: Project, courses: Sequence[Course], first: datetime.date, end: datetime.date) -> float | None:
    """Return what a plant of the planned size could take in between two days [t], by the course that gives most."""
    found = [round(project.capacity * full_days(course.steps, first, end), 1) for course in courses]
    return max(found, default=0.0) or None


def project_observations(reading: Reading, days: Days, scenario: Scenario | None) -> list[Observation]:
    """Return what is filled in on a sheet of projects; what is wrong is added to the problems of the reading."""
    if scenario is None:
        reading.problems.append(Problem("project-scenario", Place(reading.file, sheet=reading.sheet.title)))
        return []
    known = {name: project for option in scenario.options.values() for name, project in option.projects.items()}
    rows, columns = reading.rows()
    places: dict[Key, Place] = {}
    found: list[Observation] = []
    for row in rows:
        for column, seen in _row(_Row(reading, row, columns), days, scenario, known):
            places[seen.key] = reading.at(row, columns[column])
            found.append(seen)
    for name in dict.fromkeys(seen.key.item for seen in found):
        reading.problems.extend(_order(name, found, places, scenario.simulation.stages[chain_of(known[name])]))
    return found


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of a sheet being read."""

    reading: Reading
    row: int
    columns: Mapping[str, int]

    def values(self) -> dict[str, Content]:
        """Return its cells by column."""
        return self.reading.values(self.row, self.columns)

    def wrong(self, code: str, at: str, /, **shown: object) -> None:
        """Add a problem of one of its cells."""
        self.reading.problems.append(Problem(code, self.reading.at(self.row, self.columns[at]), shown))

    def date(self, column: str) -> float | None:
        """Return the date in a cell as the number it is kept by."""
        cell = composed(self.values()[column])
        code = self.reading.sheet.wrong.get((self.row, self.columns[column]), "")
        date, code = (None, code) if code else read_date(cell)
        if date is None:
            self.wrong(code, column, value=str(cell)[:40], column=words_of(column, locale.language()))
        return None if date is None else as_number(date)

    def amount(self, column: str) -> float | None:
        """Return the number in a cell, which is not below nothing."""
        number = self.reading.number(self.row, self.columns, column)
        if number is not None and number < 0:
            self.wrong("project-negative", column, value=number, column=words_of(column, locale.language()))
            return None
        return number


def _row(row: _Row, days: Days, scenario: Scenario, known: Mapping[str, Project]) -> Iterator[tuple[str, Observation]]:
    values = row.values()
    given = [column for column in _KINDS if values.get(column) not in (None, "")]
    if not given:
        return
    name, _, rest = str(values["id"] or "").strip().partition(":")
    what, _, part = rest.partition(":")
    if name not in known:
        row.wrong("project-unknown", "id", value=name, known=sorted(known))
        return
    if what not in _OPEN or not _is_known(what, part, known[name], scenario):
        row.wrong("project-row", "id", value=str(values["id"]))
        return
    unit, source = _UNITS[what], str(values.get("source") or "").strip()
    written = [locale.text(f"monitoring.unit_{unit}", lang) for lang in locale.LANGUAGES]
    if plain(str(values.get("unit") or written[0])) not in map(plain, written):
        row.wrong("yearly-unit", "unit", value=str(values["unit"]), expected=written[locale.language() != "vi"])
        return
    if not source:
        row.wrong("yearly-source", "source", item=str(values["id"]))
    for column in given:
        if column not in _OPEN[what]:
            words = [words_of(c, locale.language()) for c in _OPEN[what]]
            row.wrong("project-closed", column, value=str(values[column])[:40], known=words)
            continue
        value = row.date(column) if unit == "date" else row.amount(column)
        if value is None:
            continue
        measure, stage = _measure(what, part, column)
        year = days[0] if unit in ("money", "mass") else NO_YEAR
        key = Key("project", name, measure, stage, year, _KINDS[column])
        value *= MILLION if unit == "money" else 1.0
        note = str(values.get("reason") or "").strip()
        owner = str(row.reading.sheet.cells.get((1, 2), ""))
        yield column, Observation(key, value, _STORED[unit], days[1], source, owner, note)


def _is_known(what: str, part: str, project: Project, scenario: Scenario) -> bool:
    """Tell whether a project has such a row: a stage of its chain, a funder, a month."""
    match what:
        case "stage":
            return part in {stage.id for stage in scenario.simulation.stages[chain_of(project)]}
        case "spending":
            return part in scenario.funders
        case "intake":
            return part in {"", *(f"{month:02}" for month in range(1, 13))}
        case "product":
            return bool(part)
    return not part


def _order(
    name: str, found: Sequence[Observation], places: Mapping[Key, Place], stages: Sequence[Stage]
) -> Iterator[Problem]:
    own = [seen for seen in found if seen.key.item == name and seen.key.kind == "actual"]
    dates = {(seen.key.measure, seen.key.part): as_date(seen.value) for seen in own if seen.unit == DATE_UNIT}
    told = Reported(
        {part: date for (measure, part), date in dates.items() if measure == "started" and date},
        {part: date for (measure, part), date in dates.items() if measure == "finished" and date},
        told={seen.key: seen for seen in own},
    )
    at = {(key.measure, key.part): place for key, place in places.items() if key.item == name and key.kind == "actual"}
    yield from order_faults(name, told, stages, lambda measure, part: at.get((measure, part), Place()))
