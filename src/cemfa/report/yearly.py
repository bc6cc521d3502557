"""The yearly report on a plan as a Word document and a workbook: targets, departments, missing data.

Last link for `monitoring.yearly`; shows its rows and reckons nothing. Observed, estimated and simulated values stand
in columns of their own.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cemfa import locale
from cemfa.comparison.words import Words
from cemfa.definition.schema import Label, Model
from cemfa.monitoring.progress import ProjectProgress
from cemfa.monitoring.yearly import YearlyRow, missing_of
from cemfa.observations.schema import Observation
from cemfa.report.progress import intake_table, money_table, progress_tables, projects_table, timeline
from cemfa.report.progress import missing_table as projects_missing_table
from cemfa.report.progress import sentences as progress_sentences
from cemfa.report.tables import Cell, Column, Table
from cemfa.report.word import Word, frame


@dataclass(frozen=True, slots=True)
class Yearly:
    """What a yearly report shows.

    Parameters
    ----------
    model : whose targets they are
    rows : from `monitoring.yearly.yearly_rows`
    year : the year reported on
    cut_off : last day of which values are told
    today : day of the report
    simulated_by : what the simulated values come from, such as a scenario's option; "" without
    projects : the progress of an option's projects; None where none was reported on
    """

    model: Model
    rows: tuple[YearlyRow, ...]
    year: int
    cut_off: datetime.date
    today: datetime.date
    simulated_by: str = ""
    projects: ProjectProgress | None = None


def yearly_tables(yearly: Yearly, lang: str) -> tuple[Table, ...]:
    """Return the tables of the yearly report: targets, what is missing by department, projects; empty ones left out."""
    words = Words(lang)
    told = progress_tables(yearly.projects, words) if yearly.projects else ()
    return (*filter(None, (targets_table(yearly, words), missing_table(yearly, words))), *told)


def targets_table(yearly: Yearly, words: Words) -> Table:
    """Return one row per target: plan, actual, estimate, simulated, last year, each in its own column."""
    day = locale.day(yearly.cut_off, words.lang)
    columns = (
        Column(words.text("y_number"), narrow=False),
        Column(words.text("y_clause")),
        Column(words.text("y_target")),
        Column(words.text("y_unit")),
        Column(words.text("y_plan", year=yearly.year), kind="number"),
        Column(words.text("y_actual", day=day), kind="number"),
        Column(words.text("y_estimate", year=yearly.year), kind="number"),
        *([Column(words.text("y_simulated", year=yearly.year), kind="number")] if yearly.simulated_by else []),
        Column(words.text("y_achieved"), "%", "percent", 1),
        Column(words.text("y_last", year=yearly.year - 1), kind="number"),
        Column(words.text("y_department"), narrow=False),
        Column(words.text("y_state")),
        Column(words.text("y_reason"), narrow=False),
        Column(words.text("y_source"), narrow=False),
    )
    rows = tuple(_cells(row, yearly, words) for row in yearly.rows)
    note = words.text("y_simulated_note", source=yearly.simulated_by) if yearly.simulated_by else ""
    return Table(
        words.text("y_sheet_targets"), words.text("y_targets", year=yearly.year, day=day), columns, rows, note=note
    )


def missing_table(yearly: Yearly, words: Words) -> Table:
    """Return what is missing, one row per department and target."""
    labels = {row.target.id: row.target.label for row in yearly.rows}
    rows = []
    for department, targets in missing_of(yearly.rows).items():
        name = words.label(yearly.model.departments[department].label) if department else words.text("y_nobody")
        rows += [(Cell(name), Cell(target), Cell(words.label(labels[target]))) for target in targets]
    columns = (Column(words.text("y_department")), Column(words.text("y_number")), Column(words.text("y_target")))
    day = locale.day(yearly.cut_off, words.lang)
    return Table(words.text("y_sheet_missing"), words.text("y_missing", day=day), columns, tuple(rows))


def yearly_document(yearly: Yearly, lang: str, *, template: Path | None = None) -> bytes:
    """Return the yearly report as a Word document in the administrative layout.

    Parameters
    ----------
    yearly : what it shows
    lang : its language
    template : a department's own template; None: the one that comes with cemfa
    """
    words = Words(lang)
    day = locale.day(yearly.cut_off, lang)
    subtitle = words.text("y_subtitle", year=yearly.year, plan=_documents(yearly.rows), area=_area(yearly.model, words))
    word = Word(lang, frame(lang, words.text("word_title"), subtitle, day=yearly.today), template)
    word.heading(words.text("y_h_summary"))
    for sentence in sentences(yearly, words):
        word.paragraph(sentence)
    targets = targets_table(yearly, words)
    word.turn(lying=word.needs_lying(targets))
    word.heading(words.text("y_h_targets"))
    word.table(targets, source=words.text("y_from_reports", day=day))
    word.turn(lying=False)
    late = [row for row in yearly.rows if "off_track" in row.flags]
    if late:
        word.heading(words.text("y_h_late"))
        word.bullets([_late(row, words) for row in late])
    missing = missing_table(yearly, words)
    if missing:
        word.heading(words.text("y_h_missing"))
        word.table(missing, source="")
    if yearly.projects is not None:
        _projects(word, yearly.projects, words, day)
    return word.content()


def _projects(word: Word, projects: ProjectProgress, words: Words, day: str) -> None:
    """Add the progress of projects: in sentences, as a chart of planned and actual stages, and in tables."""
    word.heading(words.text("m_t_projects"))
    for sentence in progress_sentences(projects, words):
        word.paragraph(sentence)
    source = words.text("m_from_owners", day=day)
    picture = timeline(projects, words)
    if picture is not None:
        word.figure(picture, words.text("m_f_time"), source=source)
    for table in (projects_table, money_table, intake_table, projects_missing_table):
        made = table(projects, words)
        word.turn(lying=word.needs_lying(made))
        word.table(made, source=source)
    word.turn(lying=False)


def sentences(yearly: Yearly, words: Words) -> tuple[str, ...]:
    """Return the report in a few sentences: how many targets were reported on, are on track, off track, missing."""
    rows = yearly.rows
    told = [row for row in rows if row.actual is not None]
    late = [row for row in rows if "off_track" in row.flags]
    day = locale.day(yearly.cut_off, words.lang)
    found = [words.text("y_s_told", day=day, count=len(rows), told=len(told), missing=len(rows) - len(told))]
    if late:
        found.append(
            words.text("y_s_late", count=len(late), targets=_listed([row.target.label for row in late], words))
        )
    overdue = sum("overdue" in row.flags for row in rows)
    if overdue:
        found.append(words.text("y_s_overdue", count=overdue, year=yearly.year))
    return tuple(found)


def _cells(row: YearlyRow, yearly: Yearly, words: Words) -> tuple[Cell, ...]:
    told = row.estimate or row.actual
    return (
        Cell(row.target.id),
        Cell(row.target.clause),
        Cell(words.label(row.target.label)),
        Cell(words.unit(row.target.unit)),
        Cell(row.plan),
        _value(row.actual),
        _value(row.estimate),
        *([Cell(row.simulated)] if yearly.simulated_by else []),
        Cell(row.achieved),
        _value(row.last_year),
        Cell(", ".join(words.label(department.label) for department in row.departments)),
        Cell("; ".join(words.text(f"y_flag_{flag}") for flag in row.flags), tone="bad" if row.flags else ""),
        Cell(row.reason),
        Cell(told.source if told else ""),
    )


def _value(seen: Observation | None) -> Cell:
    return Cell(None if seen is None else seen.value)


def _late(row: YearlyRow, words: Words) -> str:
    reason = row.reason or words.text("y_no_reason")
    return words.text("y_late", target=words.label(row.target.label), reason=reason)


def _listed(labels: Sequence[Label], words: Words) -> str:
    return "; ".join(words.label(label) for label in labels)


def _documents(rows: Sequence[YearlyRow]) -> str:
    return "; ".join(dict.fromkeys(row.target.document for row in rows))


def _area(model: Model, words: Words) -> str:
    return words.label(model.area) if model.area else words.label(model.label)
