"""`cemfa simulate`: one option of a scenario, day by day."""

from __future__ import annotations

import click

from cemfa.cli.words import Verb, option, whole


def command() -> click.Command:
    """Return the verb."""
    return Verb(
        "simulate",
        _simulate,
        [
            click.Argument(["name"], metavar="SCENARIO"),
            option("--option"),
            option("--replications", **whole(1)),
            option("--seed", default=0, **whole(0)),
            option("--workers", **whole(1)),
            option("--year", **whole(1)),
            option("--out", key="out-file", metavar="FILE.nc"),
            option("--progress", "wants_progress", key="progress", is_flag=True),
            option("--json", "as_json", key="json", is_flag=True),
        ],
    )


def _simulate(
    name: str,
    option: str | None,
    replications: int | None,
    seed: int,
    workers: int | None,
    year: int | None,
    out: str | None,
    wants_progress: bool,
    as_json: bool,
) -> None:
    from cemfa.cli.flows import save, show_flows
    from cemfa.cli.output import new_file, note
    from cemfa.cli.progress import progress
    from cemfa.cli.subject import Subject, choose, read_both
    from cemfa.simulation import simulate

    file = new_file(out, (".nc",)) if out else None
    model, scenario = read_both(name)
    subject = Subject(model, scenario, choose(scenario, option))
    shown = subject.year(year)
    note("simulating", option=subject.option)
    results = simulate(
        subject.system(),
        scenario,
        option=subject.option,
        replications=replications,
        seed=seed,
        workers=workers,
        progress=progress(asked=wants_progress, as_json=as_json),
    )
    save(results, subject, file)
    show_flows(results, subject, shown, as_json=as_json)
