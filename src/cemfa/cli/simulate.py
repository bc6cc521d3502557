"""`cemfa simulate`: one option of a scenario, day by day."""

from __future__ import annotations

from dataclasses import replace

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
            option("--annual", is_flag=True),
            option("--events", metavar="FILE.csv"),
            option("--timeline", metavar="FILE"),
            option("--monthly", metavar="FILE.csv"),
            option("--decide", metavar="FILE.py:NAME"),
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
    annual: bool,
    events: str | None,
    timeline: str | None,
    monthly: str | None,
    decide: str | None,
    wants_progress: bool,
    as_json: bool,
) -> None:
    from cemfa.cli.flows import save, show_flows
    from cemfa.cli.output import new_file, note
    from cemfa.cli.progress import progress
    from cemfa.cli.simulated import Extra, show_annual
    from cemfa.cli.subject import Subject, choose
    from cemfa.definition.load import read_scenario_and_model
    from cemfa.results import Request
    from cemfa.simulation import simulate
    from cemfa.simulation.deciding import decide_from

    file = new_file(out, (".nc",)) if out else None
    extra = Extra(
        new_file(events, (".csv",)) if events else None,
        new_file(timeline, (".svg", ".png", ".pdf")) if timeline else None,
        new_file(monthly, (".csv",)) if monthly else None,
    )
    scenario, model = read_scenario_and_model(name)
    subject = Subject(model, scenario, choose(scenario, option))
    shown = subject.year(year)
    if annual:
        show_annual(subject, shown, replications=replications, seed=seed, workers=workers, as_json=as_json)
        return
    note("simulating", option=subject.option)
    count = replications or scenario.simulation.replications
    wanted = Request(flows="all") if count == 1 else Request()
    results = simulate(
        subject.system(),
        scenario,
        option=subject.option,
        replications=replications,
        seed=seed,
        workers=workers,
        request=replace(wanted, monthly=monthly is not None),
        decide=decide_from(decide) if decide else None,
        progress=progress(asked=wants_progress, as_json=as_json),
    )
    save(results, subject, file)
    extra.write(results, subject)
    show_flows(results, subject, shown, as_json=as_json)
