"""`cemfa report`: the report of an earlier comparison again, or the yearly report on the targets.

A comparison is repeated from its `run.json`, so that the report can never show numbers of other inputs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from cemfa import locale
from cemfa.cli.words import Verb, option, whole
from cemfa.errors import CemfaError, Problem

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
    date: str | None,
    template: str | None,
    workers: int | None,
    out: str | None,
    as_json: bool,
) -> None:
    if annual is not None:
        _yearly(run, annual, (cut_off, date), observed or "observed", template, out)
        return
    given = {"--cut-off": cut_off, "--observed": observed, "--date": date, "--template": template}
    if any(given.values()):
        words = [name for name, value in given.items() if value]
        raise locale.error(CemfaError, Problem("report-only-annual", parameters={"options": words}))
    from cemfa.cli.comparing import compare_and_write, settings_of

    compare_and_write(settings_of(run), workers=workers, out=out, as_json=as_json)


def _yearly(
    name: str, year: int, days: tuple[str | None, str | None], observed: str, template: str | None, out: str | None
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
    store, subject, lang = store_in(Path(observed)), read_subject(name, None), locale.language()
    subject.year(year)
    model, by = subject.model, ""
    values: dict[str, float] = {}
    if subject.scenario is not None:
        values = reckoned(subject.system(), subject.plan, model.targets, year)
        by = f"{subject.scenario.label.of(lang)}, {subject.label(lang)}"
    rows = yearly_rows(
        model, store.current(until=until), year=year, cut_off=until, today=today,
        simulated=values,
    )  # fmt: skip
    yearly = Yearly(model, rows, year, until, today, by)
    document = yearly_document(yearly, lang, template=Path(template) if template else None)
    folder = new_folder(out, f"{model.id}-{year}")
    title = locale.text("report.y_subtitle_short", lang, year=year)
    for file, content in zip(YEARLY, (document, workbook_bytes(yearly_tables(yearly, lang), title)), strict=True):
        (folder / file).write_bytes(content)
        note("written", file=str(folder / file))
