"""The progress of projects as tables, figures and sentences: the page of `cemfa monitor`, a part of the yearly report.

Last link for `monitoring.progress`; shows it and reckons nothing. What was planned, reported, expected by its owner and
simulated stands in columns of its own.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from cemfa import __version__, locale
from cemfa.comparison.pictures import rate_band
from cemfa.comparison.words import Words
from cemfa.figures.paths import target_paths
from cemfa.figures.picture import Picture
from cemfa.figures.progress import Part, Progressing, planned_and_actual
from cemfa.indicators import ALL, REGISTRY
from cemfa.indicators.spread import Stat
from cemfa.monitoring.outlook import TargetOutlook
from cemfa.monitoring.progress import ProjectProgress
from cemfa.monitoring.register import Missing, ProjectRow, StageRow
from cemfa.observations.schema import DECISION
from cemfa.report.option import FigureBlock, figure
from cemfa.report.overview import cell
from cemfa.report.tables import Cell, Column, Table
from cemfa.units import decimal_year

MILLION: Final = 1e6
PERCENT: Final = 100.0


@dataclass(frozen=True, slots=True)
class ProgressPage:
    """One language of the page of `cemfa monitor`, ready for the template."""

    lang: str
    language_name: str
    language_switch: str
    html_title: str
    title: str
    subtitle: str
    meta: str
    skip: str
    sentences: tuple[str, ...]
    headings: Mapping[str, str]
    targets: Table
    notes: tuple[str, ...]
    paths: tuple[FigureBlock, ...]
    timeline: FigureBlock | None
    tables: tuple[Table, ...]
    run: Table


def progress_page(progress: ProjectProgress, inputs: Mapping[str, str], lang: str) -> ProgressPage:
    """Return one language of the page.

    Parameters
    ----------
    progress : with its outlook
    inputs : SHA-256 by file
    """
    words = _words(progress, lang)
    option = words.label(progress.scenario.options[progress.option].label)
    day = locale.day(progress.date, lang)
    keys = ("summary", "paths", "time", "projects", "run")
    return ProgressPage(
        lang=lang,
        language_name=words.text("vietnamese" if lang == "vi" else "english"),
        language_switch=words.text("language_switch"),
        html_title=words.text("m_html_title", option=option, day=day),
        title=words.text("m_title"),
        subtitle=words.text("m_subtitle", scenario=words.label(progress.scenario.label), option=option),
        meta=words.text("m_meta", day=day, replications=words.replications),
        skip=words.text("skip"),
        sentences=sentences(progress, words),
        headings={key: words.text(f"m_h_{key}") for key in keys},
        targets=targets_table(progress, words),
        notes=tuple(words.text(f"m_note_{key}") for key in ("plan", "luck", "standing")),
        paths=tuple(filter(None, (_paths(progress, one, words) for one in _headline(progress)))),
        timeline=figure(timeline(progress, words), "progress", words.text("m_f_time"), words, 760),
        tables=tuple(table for table in progress_tables(progress, words) if table.name != words.text("m_t_targets")),
        run=_run(progress, inputs, words),
    )


def progress_tables(progress: ProjectProgress, words: Words) -> tuple[Table, ...]:
    """Return all tables, empty ones left out: targets, projects, stages, money, intake, products, what is missing."""
    built = (targets_table, projects_table, stages_table, money_table, intake_table, products_table, missing_table)
    return tuple(filter(None, (build(progress, words) for build in built)))


def _words(progress: ProjectProgress, lang: str) -> Words:
    return Words(lang, progress.outlook.replications if progress.outlook else 1)


def _headline(progress: ProjectProgress) -> tuple[TargetOutlook, ...]:
    return progress.outlook.headline if progress.outlook else ()


def sentences(progress: ProjectProgress, words: Words) -> tuple[str, ...]:
    """Return the progress in a few sentences: what is late, what that does to the headline targets, what is missing."""
    rows, late, day = progress.rows, progress.late, locale.day(progress.date, words.lang)
    key = "m_s_late" if late else "m_s_none_late"
    found = [words.text(key, day=day, count=len(rows), late=len(late))]
    found += [_sentence(row, words) for row in late]
    for one in _headline(progress):
        if one.planned.value and one.standing.value:
            found.append(
                words.text(
                    "m_s_target", target=words.label(one.target.label), year=one.target.year,
                    planned=words.rate(one.planned.value, 1), standing=words.rate(one.standing.value, 1),
                    points=_points(one.difference, words), before=words.probability(one.planned.probability or 0.0),
                    now=words.probability(one.standing.probability or 0.0),
                )
            )  # fmt: skip
    silent = [words.label(row.project.label) for row in rows if "not_reported" in row.flags]
    if silent:
        found.append(words.text("m_s_silent", projects="; ".join(silent)))
    missing = sum(len(row.missing) for row in rows)
    if missing:
        found.append(words.text("m_s_missing", count=missing))
    return tuple(found)


def _sentence(row: ProjectRow, words: Words) -> str:
    ready = locale.day(row.ready, words.lang)
    reason = "; ".join(row.reasons) or words.text("y_no_reason")
    return words.text(
        "m_s_project", project=words.label(row.project.label), days=row.days_late, ready=ready, reason=reason
    )


def _points(stat: Stat, words: Words) -> str:
    """Return a difference of rates in percentage points."""
    return words.spread(stat.times(PERCENT), figures=2)


def targets_table(progress: ProjectProgress, words: Words) -> Table:
    """Return one row per judged target: as planned, as it stands, the paired difference, how likely it is met."""
    columns = (
        Column(words.text("y_number")), Column(words.text("c_target")), Column(words.text("m_c_year"), kind="year"),
        Column(words.text("m_c_simulated_plan"), "%", "percent", 1, spread=True),
        Column(words.text("m_c_simulated_stands"), "%", "percent", 1, spread=True),
        Column(words.text("m_c_difference"), words.text("m_points"), "number", 1, spread=True),
        Column(words.text("m_c_met_plan"), "%", "percent", 0), Column(words.text("m_c_met_stands"), "%", "percent", 0),
    )  # fmt: skip
    found = progress.outlook.targets if progress.outlook else ()
    rows = [_target_cells(one, words) for one in found if REGISTRY[str(one.target.indicator)].unit == "1"]
    return Table(words.text("m_t_targets"), words.text("m_caption_targets"), columns, tuple(rows))


def _target_cells(one: TargetOutlook, words: Words) -> tuple[Cell, ...]:
    worse = (one.standing.probability or 0.0) < (one.planned.probability or 0.0)
    return (
        Cell(one.target.id), Cell(words.target(one.target, words.label(one.target.label))),
        Cell(float(one.target.year)),
        cell(one.planned.value), cell(one.standing.value), cell(one.difference, PERCENT),
        Cell(one.planned.probability, words=words.probability(one.planned.probability or 0.0).removesuffix("%")),
        Cell(one.standing.probability, words=words.probability(one.standing.probability or 0.0).removesuffix("%"),
             tone="bad" if worse else ""),
    )  # fmt: skip


def projects_table(progress: ProjectProgress, words: Words) -> Table:
    """Return one row per project: full operation as planned, as it stands, what is not as planned, what it does."""
    targets = _headline(progress)
    alone = {one.project: one.differences for one in progress.outlook.alone} if progress.outlook else {}
    columns = (
        Column(words.text("m_c_project")), Column(words.text("m_c_owner"), narrow=False),
        Column(words.text("m_c_planned_ready")), Column(words.text("m_c_ended")),
        Column(words.text("m_c_owner_expects")), Column(words.text("m_c_reckoned")),
        Column(words.text("m_c_days_late"), words.text("m_days"), "number", 0), Column(words.text("y_state")),
        *(Column(words.text("m_c_alone", target=words.label(one.target.label), year=one.target.year),
                 words.text("m_points"), "number", 1, spread=True) for one in targets),
        Column(words.text("y_reason"), narrow=False),
    )  # fmt: skip
    rows = []
    for row in progress.rows:
        last = row.stages[-1]
        effects = [alone.get(row.id, {}).get(one.target.id) for one in targets]
        rows.append((
            Cell(words.label(row.project.label)), Cell(words.label(row.project.owner)),
            _day(row.planned_ready, words), _day(last.ended, words), _day(last.estimate, words),
            _day(None if last.ended else row.ready, words),
            Cell(None if row.days_late is None else float(row.days_late), tone="bad" if "late" in row.flags else ""),
            Cell("; ".join(words.text(f"m_flag_{flag}") for flag in row.flags) or words.text("m_on_plan"),
                 tone="bad" if row.flags else "good"),
            *(cell(stat, PERCENT) for stat in effects), Cell("; ".join(row.reasons)),
        ))  # fmt: skip
    return Table(words.text("m_t_projects"), words.text("m_caption_projects"), columns, tuple(rows))


def stages_table(progress: ProjectProgress, words: Words) -> Table:
    """Return one row per stage: planned, reported, expected by the owner, reckoned, each in columns of its own."""
    columns = (
        Column(words.text("m_c_project")), Column(words.text("m_c_stage")), Column(words.text("y_state")),
        Column(words.text("m_c_planned_begin")), Column(words.text("m_c_planned_end")),
        Column(words.text("m_c_begun")), Column(words.text("m_c_ended")), Column(words.text("m_c_owner_expects")),
        Column(words.text("m_c_reckoned")), Column(words.text("m_c_days_late"), words.text("m_days"), "number", 0),
        Column(words.text("y_reason"), narrow=False),
    )  # fmt: skip
    rows = [
        (
            Cell(words.label(row.project.label)), Cell(_stage_name(stage, words)),
            Cell(words.text(f"m_state_{stage.state}")), _day(stage.planned_begin, words),
            _day(stage.planned_end, words), _day(stage.begun, words), _day(stage.ended, words),
            _day(stage.estimate, words), _day(None if stage.ended else stage.expected_end, words),
            Cell(None if stage.days_late is None else float(stage.days_late),
                 tone="bad" if (stage.days_late or 0) > 0 else ""), Cell(stage.note),
        )
        for row in progress.rows
        for stage in row.stages
    ]  # fmt: skip
    caption = words.text("m_caption_stages", day=locale.day(progress.date, words.lang))
    return Table(words.text("m_t_stages"), caption, columns, tuple(rows), note=words.text("m_note_stages"))


def money_table(progress: ProjectProgress, words: Words) -> Table:
    """Return investment by project, funder and year: planned, allotted, spent, expected for the year."""
    unit = words.text("m_million")
    columns = (
        Column(words.text("m_c_project")), Column(words.text("m_c_funder")),
        Column(words.text("m_c_year"), kind="year"), Column(words.text("m_c_money_plan"), unit, "number", 1),
        Column(words.text("m_c_allotted"), unit, "number", 1), Column(words.text("m_c_spent"), unit, "number", 1),
        Column(words.text("m_c_money_estimate"), unit, "number", 1),
    )  # fmt: skip
    rows = [
        (
            Cell(words.label(row.project.label)), Cell(words.label(progress.scenario.funders[one.funder].label)),
            Cell(float(one.year)), *(_millions(v) for v in (one.planned, one.allotted, one.spent, one.estimate)),
        )
        for row in progress.rows
        for one in row.money
    ]  # fmt: skip
    note = words.text("m_note_money", price_year=progress.scenario.finance.price_year)
    return Table(words.text("m_t_money"), words.text("m_caption_money"), columns, tuple(rows), note=note)


def intake_table(progress: ProjectProgress, words: Words) -> Table:
    """Return what plants took in by span of days, beside what the plan takes in over the same days."""
    columns = (
        Column(words.text("m_c_project")), Column(words.text("m_c_from")), Column(words.text("m_c_to")),
        Column(words.text("m_c_intake_plan"), words.text("m_tonnes"), "number", 0),
        Column(words.text("m_c_intake"), words.text("m_tonnes"), "number", 0),
    )  # fmt: skip
    rows = [
        (
            Cell(words.label(row.project.label)), _day(one.first, words), _day(one.last, words), Cell(one.planned),
            Cell(one.taken, tone="bad" if "below_intake" in row.flags else ""),
        )
        for row in progress.rows
        for one in row.intake
    ]  # fmt: skip
    return Table(words.text("m_t_intake"), words.text("m_caption_intake"), columns, tuple(rows))


def products_table(progress: ProjectProgress, words: Words) -> Table:
    """Return what was sold, by product and year."""
    columns = (
        Column(words.text("m_c_project")), Column(words.text("m_c_product")),
        Column(words.text("m_c_year"), kind="year"),
        Column(words.text("m_c_sold"), words.text("m_tonnes"), "number", 0),
    )  # fmt: skip
    rows = [
        (
            Cell(words.label(row.project.label)), Cell(progress.model.name_of("good", one.good, words.lang)),
            Cell(float(one.year)), Cell(one.sold),
        )
        for row in progress.rows
        for one in row.products
    ]  # fmt: skip
    return Table(words.text("m_t_products"), words.text("m_caption_products"), columns, tuple(rows))


def missing_table(progress: ProjectProgress, words: Words) -> Table:
    """Return what should have been reported and was not, with who owes it."""
    columns = (Column(words.text("m_c_owner")), Column(words.text("m_c_project")), Column(words.text("m_c_missing")))
    rows = [
        (
            Cell(words.label(row.project.owner)), Cell(words.label(row.project.label)),
            Cell(_missing(progress, row, one, words)),
        )
        for row in progress.rows
        for one in row.missing
    ]  # fmt: skip
    caption = words.text("m_caption_missing", day=locale.day(progress.date, words.lang))
    return Table(words.text("m_t_missing"), caption, columns, tuple(rows))


def _missing(progress: ProjectProgress, row: ProjectRow, one: Missing, words: Words) -> str:
    part, year = one.part, ""
    if one.what in ("begin", "end"):
        part = next(_stage_name(stage, words) for stage in row.stages if stage.id == one.part)
    elif one.what == "money":
        funder, _, year = one.part.partition(":")
        part = words.label(progress.scenario.funders[funder].label)
    elif one.what == "product":
        good, _, year = one.part.partition(":")
        part = progress.model.name_of("good", good, words.lang)
    return words.text(f"m_missing_{one.what}", part=part, year=year, due=locale.day(one.due, words.lang))


def _stage_name(stage: StageRow, words: Words) -> str:
    return words.text("m_decision") if stage.id == DECISION else words.label(stage.label, stage.id)


def _day(date: datetime.date | None, words: Words) -> Cell:
    return Cell(locale.day(date, words.lang))


def _millions(value: float | None) -> Cell:
    return Cell(None if value is None else value / MILLION)


def timeline(progress: ProjectProgress, words: Words) -> Picture | None:
    """Return planned against actual stages; None where no project has dates."""
    tasks = [_task(row, progress.date, words) for row in progress.rows]
    tasks = [task for task in tasks if task.planned or task.actual or task.expected]
    if not tasks:
        return None
    return planned_and_actual(tasks, words.lang, title=words.text("m_f_time"), today=decimal_year(progress.date))


def _task(row: ProjectRow, date: datetime.date, words: Words) -> Progressing:
    actual: list[Part] = []
    expected: list[Part] = []
    for stage in row.stages[1:]:
        begin, end, name = stage.expected_begin, stage.ended or stage.expected_end, _stage_name(stage, words)
        if begin is None or end is None:
            continue
        known = begin if stage.state == "not_begun" else min(end, date)
        if known > begin:
            actual.append((name, decimal_year(begin), decimal_year(known)))
        if end > known:
            expected.append((name, decimal_year(known), decimal_year(end)))
    planned = tuple(
        (_stage_name(stage, words), decimal_year(stage.planned_begin), decimal_year(stage.planned_end))
        for stage in row.stages[1:]
        if stage.planned_begin and stage.planned_end
    )
    decided = row.stages[0]
    days = (decided.planned_end, decided.ended)
    first, second = (decimal_year(day) if day else None for day in days)
    note = words.text("m_days_late", days=row.days_late) if (row.days_late or 0) > 0 else ""
    note = words.text("m_flag_cancelled") if "cancelled" in row.flags else note
    return Progressing(words.label(row.project.label), planned, tuple(actual), tuple(expected), (first, second), note)


def _paths(progress: ProjectProgress, one: TargetOutlook, words: Words) -> FigureBlock | None:
    """Return the course of a headline rate as planned and as it stands, with bands."""
    if progress.outlook is None:
        return None
    where = next(iter(one.target.where.values()), ALL)
    planned, standing = (
        rate_band(data[str(one.target.indicator)], where, words.text(key))
        for data, key in ((progress.outlook.planned, "m_planned"), (progress.outlook.standing, "m_standing"))
    )
    caption = words.text("m_f_path", target=words.label(one.target.label))
    picture = target_paths(
        [planned, standing], words.lang, title=caption, y_label=words.text("axis_rate"), target=one.target.value,
        target_year=one.target.year, reference=planned,
    )  # fmt: skip
    return figure(picture, f"path-{one.target.id}", caption, words, 620)


def _run(progress: ProjectProgress, inputs: Mapping[str, str], words: Words) -> Table:
    rows = list(_run_rows(progress, words)) + list(inputs.items())
    columns = (Column(words.text("m_c_what")), Column(words.text("m_c_value")))
    cells = tuple((Cell(name), Cell(value)) for name, value in rows)
    return Table(words.text("m_t_run"), words.text("m_t_run"), columns, cells)


def _run_rows(progress: ProjectProgress, words: Words) -> Iterator[tuple[str, str]]:
    yield "cemfa", __version__
    yield words.text("m_r_date"), progress.date.isoformat()
    if progress.outlook:
        yield words.text("m_r_seed"), str(progress.outlook.seed)
        yield words.text("m_r_replications"), str(progress.outlook.replications)
