"""What `compare` and `report` share: run a comparison, write its folder, show its table."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cemfa
from cemfa import library, locale
from cemfa.cli.output import Column, new_folder, note, show, warn
from cemfa.cli.record import Record, read_record, refuse_changed, write_record
from cemfa.cli.subject import inputs_of, require_options
from cemfa.errors import CemfaError, Problem

if TYPE_CHECKING:
    from cemfa.comparison import Comparison
    from cemfa.comparison.adding import Rule
    from cemfa.definition.schema import Label
    from cemfa.simulation.deciding import FromFile

RESULTS: Final = "results.nc"
LOSSES: Final = "losses.csv"
MONEY: Final = "money.csv"
MONTHS: Final = "operation_months.csv"
INTERRUPTED: Final = 130
_LOADING: Final = ("cemfa.comparison", "cemfa.report.context", "cemfa.report.workbook", "cemfa.report.document")
"""What worker processes load while this one does the same and reads the scenario."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What to compare: a scenario by id or path, how often, with which seed, which options; what it repeats, when
    enough is known, what function decides, and whether to look for the latest decision.
    """

    scenario: str
    replications: int | None
    seed: int
    options: tuple[str, ...]
    repeats: Record | None = None
    until: Rule | None = None
    decide: str | None = None
    latest: bool = False


def settings_of(run: str) -> Settings:
    """Return the settings of an earlier run, from its `run.json` or its folder.

    Raises
    ------
    DefinitionError, OutputError
        as in `cemfa.cli.record.read_record`.
    """
    record = read_record(run, "compare")
    return Settings(
        record.scenario, record.replications, record.seed, record.options, record,
        decide=record.decide, latest=record.latest,
    )  # fmt: skip


def until_of(precision: str | None, *, settled: bool) -> Rule | None:
    """Return the rule that says when enough is known, from `--precision INDICATOR=VALUE` or `--settled`.

    Raises
    ------
    CemfaError
        `usage-precision`, where the words are no indicator and number, or both are given.
    """
    from cemfa.comparison.adding import Precision, Settled

    if precision is None:
        return Settled() if settled else None
    indicator, _, value = precision.partition("=")
    try:
        half_width = float(value)
    except ValueError:
        half_width = 0.0
    if settled or not indicator or not 0.0 < half_width < float("inf"):
        raise locale.error(CemfaError, Problem("usage-precision", parameters={"value": precision}))
    return Precision(indicator, half_width)


def compare_and_write(
    settings: Settings, *, workers: int | None, out: str | None, template: str | None, as_json: bool
) -> int:
    """Compare, write report, Word document, workbook, results, accounts and `run.json` into a new folder, and print
    the table.

    Returns the exit code: 130 where an interruption left out cases; what was finished is written all the same.
    """
    from cemfa.workers import Pool, beside

    pool = Pool(workers, loading=_LOADING)  # before all that takes long to import
    from cemfa.comparison import compare, with_latest
    from cemfa.definition.load import read_scenario_and_model
    from cemfa.report.write import can_word, write_report
    from cemfa.simulation.deciding import decide_from

    file = library.find_scenario(settings.scenario)
    scenario, model = read_scenario_and_model(settings.scenario)
    decide = decide_from(settings.decide) if settings.decide else None
    inputs = inputs_of(model, scenario) | _decider(decide)
    if settings.repeats is not None:
        _require_same(settings.repeats, inputs)
    require_options(scenario, list(settings.options))
    worded = can_word(Path(template) if template else None)
    with _folder_for(out, scenario.id) as folder, pool:
        comparison = compare(
            scenario,
            model=model,
            replications=settings.replications,
            seed=settings.seed,
            workers=pool,
            options=settings.options or None,
            progress=_say_done,
            until=settings.until,
            decide=decide,
        )
        if settings.latest and not comparison.unfinished:
            note("latest-start")
            comparison = with_latest(comparison, workers=pool, decide=decide, progress=_say_done)
        with beside(partial(_write_numbers, comparison, folder), workers=pool):
            written = write_report(comparison, folder, workers=pool, template=template)
        write_record(_record(settings, comparison, file, inputs, decide), folder)
    _show(comparison, as_json=as_json)
    note("residual", value=comparison.residual)
    note("report-at", file=str(written["report"]))
    if not worded:
        note("word-how")
    if settings.until is not None:
        note("replications-done", count=comparison.replications)
    if not comparison.unfinished:
        return 0
    words = " ".join(f"--option {name}" for name in dict.fromkeys(n.partition(".")[0] for n in comparison.unfinished))
    words += " --latest-decision" if settings.latest else ""
    note("unfinished", cases=comparison.unfinished, command=f"cemfa compare {settings.scenario} {words}")
    return INTERRUPTED


def _write_numbers(comparison: Comparison, folder: Path) -> None:
    comparison.save_results(folder / RESULTS)
    comparison.losses().to_csv(folder / LOSSES, index=False)
    comparison.money().to_csv(folder / MONEY, index=False)
    comparison.months().to_csv(folder / MONTHS, index=False)


def _require_same(record: Record, inputs: dict[str, str]) -> None:
    refuse_changed(record, inputs)
    if record.version != cemfa.__version__:
        warn(Problem("replay-version", parameters={"before": record.version, "now": cemfa.__version__}))


def _decider(decide: FromFile | None) -> dict[str, str]:
    """Return the SHA-256 of the file whose function decides, none without one."""
    if decide is None:
        return {}
    file = Path(decide.file)
    return {f"decide/{file.name}": hashlib.sha256(file.read_bytes()).hexdigest()}


def _record(
    settings: Settings, comparison: Comparison, file: Path, inputs: dict[str, str], decide: FromFile | None
) -> Record:
    in_library = library.scenarios().get(settings.scenario) == file
    return Record(
        verb="compare",
        version=cemfa.__version__,
        scenario=settings.scenario if in_library else str(file.resolve()),
        options=settings.options,
        replications=comparison.replications,
        seed=comparison.seed,
        inputs=inputs,
        residual=comparison.residual,
        latest=settings.latest,
        decide=f"{decide.file}:{decide.name}" if decide else None,
    )


@contextlib.contextmanager
def _folder_for(out: str | None, name: str) -> Iterator[Path]:
    """Give a new folder; where the comparison fails before anything is written, no empty folder stays behind."""
    folder = new_folder(out, name)
    try:
        yield folder
    except BaseException:
        with contextlib.suppress(OSError):  # not empty: what was written stays for who wants to see it
            folder.rmdir()
        raise


def _say_done(number: int, total: int, case: Label) -> None:
    """Say on stderr which case has been simulated."""
    note("progress", number=number, total=total, label=case.of(locale.language()))


def _show(comparison: Comparison, *, as_json: bool) -> None:
    table = comparison.table(locale.language())
    columns = [Column(column.key, column.heading, column.decimals) for column in table.columns]
    show(table.title, columns, table.rows, as_json=as_json, lead=2)
