"""`cemfa compare`: all options of a scenario side by side, with a report, a workbook, results and `run.json`."""

from __future__ import annotations

import click

from cemfa import locale
from cemfa.cli.words import Verb, option, whole
from cemfa.errors import CemfaError, Problem


def command() -> click.Command:
    """Return the verb."""
    return Verb(
        "compare",
        _compare,
        [
            click.Argument(["name"], metavar="SCENARIO", required=False),
            option("--replications", **whole(1)),
            option("--seed", **whole(0)),
            option("--option", "options", key="options", multiple=True),
            option("--workers", **whole(1)),
            option("--out", key="out-folder", metavar="DIR"),
            option("--precision", metavar="INDICATOR=VALUE"),
            option("--settled", is_flag=True),
            option("--decide", metavar="FILE.py:NAME"),
            option("--latest-decision", "latest", key="latest-decision", is_flag=True),
            option("--replay", metavar="run.json"),
            option("--template", metavar="FILE.docx"),
            option("--json", "as_json", key="json", is_flag=True),
        ],
    )


def _compare(
    name: str | None,
    replications: int | None,
    seed: int | None,
    options: tuple[str, ...],
    workers: int | None,
    out: str | None,
    precision: str | None,
    settled: bool,
    decide: str | None,
    latest: bool,
    replay: str | None,
    template: str | None,
    as_json: bool,
) -> int:
    from cemfa.cli.comparing import Settings, compare_and_write, settings_of, until_of

    if replay is not None:
        given = {"SCENARIO": name, "--replications": replications, "--seed": seed, "--option": options or None}
        given |= {"--precision": precision, "--settled": settled or None, "--decide": decide}
        given |= {"--latest-decision": latest or None}
        _refuse_beside_replay([word for word, value in given.items() if value is not None])
        settings = settings_of(replay)
    elif name is None:
        raise locale.error(CemfaError, Problem("usage-argument-missing", parameters={"name": "SCENARIO"}))
    else:
        until = until_of(precision, settled=settled)
        settings = Settings(name, replications, seed or 0, options, until=until, decide=decide, latest=latest)
    return compare_and_write(settings, workers=workers, out=out, template=template, as_json=as_json)


def _refuse_beside_replay(names: list[str]) -> None:
    if names:
        raise locale.error(CemfaError, Problem("usage-replay-with", parameters={"names": names}))
