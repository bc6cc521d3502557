"""`cemfa solve`: the annual balance of a model, or of an option of a scenario."""

from __future__ import annotations

import click

from cemfa import locale
from cemfa.cli.words import Verb, option, whole
from cemfa.errors import CemfaError, Problem


def command() -> click.Command:
    """Return the verb."""
    return Verb(
        "solve",
        _solve,
        [
            click.Argument(["name"], metavar="MODEL"),
            option("--option"),
            option("--samples", **whole(1)),
            option("--sample", **whole(0)),
            option("--seed", default=0, **whole(0)),
            option("--workers", **whole(1)),
            option("--year", **whole(1)),
            option("--by", metavar="NAME"),
            option("--assume", "assumed", key="assume", multiple=True, metavar="PARAMETER=SET"),
            option("--out", key="out-file", metavar="FILE.nc"),
            option("--progress", "wants_progress", key="progress", is_flag=True),
            option("--json", "as_json", key="json", is_flag=True),
        ],
    )


def _solve(
    name: str,
    option: str | None,
    samples: int | None,
    sample: int | None,
    seed: int,
    workers: int | None,
    year: int | None,
    by: str | None,
    assumed: tuple[str, ...],
    out: str | None,
    wants_progress: bool,
    as_json: bool,
) -> None:
    from cemfa.cli.flows import save, show_flows
    from cemfa.cli.largest import RESTS, show_largest
    from cemfa.cli.output import new_file
    from cemfa.cli.progress import progress
    from cemfa.cli.subject import read_subject
    from cemfa.sensitivity import spread_of_flows
    from cemfa.system.solve import solve

    if sample is not None and samples is not None:
        raise locale.error(CemfaError, Problem("usage-sample-with"))
    if sample is not None and by is not None:
        raise locale.error(CemfaError, Problem("usage-sample-by"))
    file = new_file(out, (".nc",)) if out else None
    subject = read_subject(name, option).assuming(assumed)
    shown = subject.year(year)
    system = subject.system()
    divided = by is not None or (samples or 1) > 1
    told = progress(asked=wants_progress, as_json=as_json)
    if file is not None or not divided:
        chosen = [sample] if sample is not None else samples or 1
        results = solve(system, plan=subject.plan, samples=chosen, seed=seed, workers=workers, progress=told)
        save(results, subject, file)
        if not divided:
            show_flows(results, subject, shown, as_json=as_json)
            return
        told = None
    found = spread_of_flows(
        system,
        plan=subject.plan,
        period=shown,
        samples=samples or 1,
        seed=seed,
        by=by or "",
        rests=0 if by else RESTS,
        workers=workers,
        progress=told,
    )
    show_largest(found, subject, as_json=as_json)
