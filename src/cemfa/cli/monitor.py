"""`cemfa monitor`: how the projects of an option stand, and what that does to the targets."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cemfa import locale
from cemfa.cli.words import Verb, option, whole
from cemfa.errors import CemfaError, Problem

if TYPE_CHECKING:
    import datetime

    from cemfa.cli.subject import Subject
    from cemfa.monitoring.progress import ProjectProgress
    from cemfa.monitoring.project_sheets import ProjectSheets
    from cemfa.observations.schema import Kept

NAMES: Final = ("monitor.html", "monitor.xlsx")


def command() -> click.Command:
    """Return the verb."""
    return Verb(
        "monitor",
        _monitor,
        [
            click.Argument(["name"], metavar="SCENARIO"),
            option("--option", "of_option", key="option-projects"),
            option("--observed", default="observed", metavar="DIR"),
            option("--date", key="date-monitor", metavar="DATE"),
            option("--replications", **whole(1)),
            option("--seed", default=0, **whole(0)),
            option("--workers", **whole(1)),
            option("--out", key="out-monitor", metavar="DIR"),
            option("--json", "as_json", key="json", is_flag=True),
        ],
    )


def _monitor(
    name: str,
    of_option: str | None,
    observed: str,
    date: str | None,
    replications: int | None,
    seed: int,
    workers: int | None,
    out: str | None,
    as_json: bool,
) -> None:
    from cemfa.cli.clock import now
    from cemfa.cli.observe import day, store_in
    from cemfa.cli.output import new_folder, note, show_json
    from cemfa.cli.subject import read_subject

    until = day(date, "--date") if date else now().date()
    store, subject = store_in(Path(observed)), read_subject(name, of_option)
    kept = store.current(until=until)
    folder = new_folder(out, "") if out else None
    found = _progress(subject, kept, until, (replications, seed, workers))
    if as_json:
        show_json(as_data(found))
    else:
        _show(found)
    if folder is not None:
        digest = hashlib.sha256(store.path.read_bytes()).hexdigest()
        for file, content in zip(NAMES, _files(found, subject.inputs | {store.path.name: digest}), strict=True):
            (folder / file).write_bytes(content)
            note("written", file=str(folder / file))


def _progress(
    subject: Subject, kept: Iterable[Kept], until: datetime.date, run: tuple[int | None, int, int | None] | None
) -> ProjectProgress:
    """Return the progress of the projects of a scenario's option; simulated where a run is given.

    Raises
    ------
    CemfaError
        `monitor-scenario`, where a model alone is named.
    """
    from cemfa.cli.output import note
    from cemfa.monitoring.progress import progress_of

    if subject.scenario is None:
        raise locale.error(CemfaError, Problem("monitor-scenario", parameters={"name": subject.model.id}))
    if run is not None:
        note("monitoring", option=subject.option)
    replications, seed, workers = run or (None, 0, None)
    return progress_of(
        subject.system(), subject.scenario, subject.model, subject.option, kept, until, simulated=run is not None,
        replications=replications, seed=seed, workers=workers, step=lambda number: note("monitored", number=number),
    )  # fmt: skip


def progress_in(subject: Subject, kept: Iterable[Kept], until: datetime.date) -> ProjectProgress:
    """Return the register of an option's projects, nothing simulated."""
    return _progress(subject, kept, until, None)


def project_sheets(subject: Subject, kept: Iterable[Kept], until: datetime.date) -> ProjectSheets:
    """Return the projects of a scenario's option as their owners report on them."""
    from cemfa.monitoring.project_sheets import ProjectSheets

    found = progress_in(subject, kept, until)
    return ProjectSheets(found.scenario, found.model, found.option, found.rows, found.reported, found.spending)


def _files(found: ProjectProgress, inputs: dict[str, str]) -> tuple[bytes, bytes]:
    """Return the page in both languages and the workbook in the language in force."""
    from cemfa import __version__
    from cemfa.comparison.words import Words
    from cemfa.report.html import render
    from cemfa.report.progress import progress_page, progress_tables
    from cemfa.report.workbook import workbook_bytes

    lang = locale.language()
    pages = [progress_page(found, inputs, chosen) for chosen in locale.LANGUAGES]
    words = Words(lang, found.outlook.replications if found.outlook else 1)
    page = render(pages, lang, __version__, "progress.html").encode("utf-8")
    return page, workbook_bytes(progress_tables(found, words), words.text("m_title"))


def _show(found: ProjectProgress) -> None:
    """Print sentences and tables for people."""
    from cemfa.cli.output import Column, show
    from cemfa.comparison.words import Words
    from cemfa.report.progress import progress_tables, sentences
    from cemfa.report.tables import shown

    lang = locale.language()
    words = Words(lang, found.outlook.replications if found.outlook else 1)
    for sentence in sentences(found, words):
        click.echo(sentence)
    for table in progress_tables(found, words):
        columns = [Column(str(place), column.header) for place, column in enumerate(table.columns)]
        rows = []
        for cells in table.rows:
            views = [shown(cell, column, lang) for cell, column in zip(cells, table.columns, strict=True)]
            rows.append({str(n): f"{v.text} ({v.spread})" if v.spread else v.text for n, v in enumerate(views)})
        show(table.caption, columns, rows, as_json=False, lead=1)


def as_data(found: ProjectProgress) -> dict[str, Any]:
    """Return everything that monitoring tells as plain data: planned, reported, estimated and simulated apart."""
    lang = locale.language()
    return {
        "scenario": found.scenario.id, "option": found.option, "date": found.date.isoformat(),
        "replications": found.outlook.replications if found.outlook else None,
        "seed": found.outlook.seed if found.outlook else None,
        "targets": _targets(found), "projects": [
            {
                "id": row.id, "label": row.project.label.of(lang), "owner": row.project.owner.of(lang),
                "planned_ready": _iso(row.planned_ready), "reckoned_ready": _iso(row.ready), "days_late": row.days_late,
                "planned_capacity": row.project.capacity, "reported_capacity": row.capacity, "flags": list(row.flags),
                "reasons": list(row.reasons), "alone": _alone(found, row.id),
                "stages": [_plain(asdict(stage), drop=("label",)) for stage in row.stages],
                "money": [_plain(asdict(one)) for one in row.money],
                "intake": [_plain(asdict(one)) for one in row.intake],
                "products": [_plain(asdict(one)) for one in row.products],
                "missing": [_plain(asdict(one)) for one in row.missing],
            }
            for row in found.rows
        ],
    }  # fmt: skip


def _targets(found: ProjectProgress) -> list[dict[str, Any]]:
    return [
        {
            "target": one.target.id, "year": one.target.year, "indicator": one.target.indicator,
            "planned": asdict(one.planned.value) if one.planned.value else None,
            "standing": asdict(one.standing.value) if one.standing.value else None,
            "difference": asdict(one.difference), "planned_probability": one.planned.probability,
            "standing_probability": one.standing.probability,
        }
        for one in (found.outlook.targets if found.outlook else ())
    ]  # fmt: skip


def _alone(found: ProjectProgress, project: str) -> dict[str, Any]:
    alone = found.outlook.alone if found.outlook else ()
    return {t: asdict(stat) for one in alone if one.project == project for t, stat in one.differences.items()}


def _iso(date: datetime.date | None) -> str | None:
    return date.isoformat() if date else None


def _plain(held: dict[str, Any], drop: tuple[str, ...] = ()) -> dict[str, Any]:
    return {k: v.isoformat() if hasattr(v, "isoformat") else v for k, v in held.items() if k not in drop}
