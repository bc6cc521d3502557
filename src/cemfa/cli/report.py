"""`cemfa report`: the report of an earlier comparison again, or the yearly report on the targets.

A comparison is repeated from its `run.json`, so that the report can never show numbers of other inputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from cemfa import locale
from cemfa.cli.words import Verb, option, whole
from cemfa.errors import CemfaError, Problem

if TYPE_CHECKING:
    import datetime

    from cemfa.cli.subject import Subject
    from cemfa.monitoring.progress import ProjectProgress
    from cemfa.observations.schema import Kept

YEARLY: Final = ("yearly.docx", "yearly.xlsx")


def command() -> click.Command:
    """Return the verb."""
    return Verb(
        "report",
        _report,
        [
            click.Argument(["run"], metavar="DIR|run.json|MODEL|SCENARIO"),
            option("--annual", key="reported-year", **whole(1900)),
            option("--cut-off", metavar="DATE"),
            option("--observed", default=None, metavar="DIR"),
            option("--option", "of_option", key="option-yearly"),
            option("--date", metavar="DATE"),
            option("--template", metavar="FILE.docx"),
            option("--workers", **whole(1)),
            option("--out", key="out-folder", metavar="DIR"),
            option("--json", "as_json", key="json", is_flag=True),
        ],
    )


def _report(
    run: str,
    annual: int | None,
    cut_off: str | None,
    observed: str | None,
    of_option: str | None,
    date: str | None,
    template: str | None,
    workers: int | None,
    out: str | None,
    as_json: bool,
) -> None:
    if annual is not None:
        _yearly((run, of_option), annual, (cut_off, date), observed or "observed", template, out)
        return
    given = {"--cut-off": cut_off, "--observed": observed, "--date": date, "--option": of_option}
    if any(given.values()):
        words = [name for name, value in given.items() if value]
        raise locale.error(CemfaError, Problem("report-only-annual", parameters={"options": words}))
    from cemfa.cli.comparing import compare_and_write, settings_of

    compare_and_write(settings_of(run), workers=workers, out=out, template=template, as_json=as_json)


def _yearly(
    what: tuple[str, str | None],
    year: int,
    days: tuple[str | None, str | None],
    observed: str,
    template: str | None,
    out: str | None,
) -> None:
    from cemfa.cli.clock import now
    from cemfa.cli.observe import day, store_in
    from cemfa.cli.output import new_folder, note
    from cemfa.cli.subject import read_subject
    from cemfa.monitoring.reckoned import reckoned
    from cemfa.monitoring.yearly import yearly_rows
    from cemfa.report.workbook import workbook_bytes
    from cemfa.report.yearly import Yearly, yearly_document, yearly_tables

    until = day(days[0], "--cut-off")
    today = day(days[1], "--date") if days[1] else now().date()
    store, subject, lang = store_in(Path(observed)), read_subject(*what), locale.language()
    subject.year(year)
    model, by = subject.model, ""
    values: dict[str, float] = {}
    if subject.scenario is not None:
        values = reckoned(subject.system(), subject.plan, model.targets, year)
        by = f"{subject.scenario.label.of(lang)}, {subject.label(lang)}"
    kept = store.current(until=until)
    rows = yearly_rows(model, kept, year=year, cut_off=until, today=today, simulated=values)
    yearly = Yearly(model, rows, year, until, today, by, _projects(subject, what[1], kept, until))
    document = yearly_document(yearly, lang, template=Path(template) if template else None)
    folder = new_folder(out, f"{model.id}-{year}")
    title = locale.text("report.y_subtitle_short", lang, year=year)
    book = workbook_bytes(yearly_tables(yearly, lang), title, lang=lang)
    for file, content in zip(YEARLY, (document, book), strict=True):
        (folder / file).write_bytes(content)
        note("written", file=str(folder / file))


def _projects(
    subject: Subject, asked: str | None, kept: Sequence[Kept], until: datetime.date
) -> ProjectProgress | None:
    """Return the progress of the projects of the option asked for, or of the one that was reported on."""
    from cemfa.cli.monitor import progress_in
    from cemfa.cli.output import note
    from cemfa.monitoring.progress import option_of

    if not any(one.observation.key.subject == "project" for one in kept):
        return None
    if subject.scenario is None:
        note("projects-left-out")
        return None
    found = asked or option_of(subject.scenario, kept)
    return progress_in(replace(subject, option=found), kept, until) if found else None
