"""`cemfa report`: the report of an earlier comparison again, for example in the other language.

The comparison is repeated from its `run.json`, so that the report can never show numbers of other inputs.
"""

from __future__ import annotations

import click

from cemfa.cli.words import Verb, option, whole


def command() -> click.Command:
    """Return the verb."""
    return Verb(
        "report",
        _report,
        [
            click.Argument(["run"], metavar="DIR|run.json"),
            option("--workers", **whole(1)),
            option("--out", key="out-folder", metavar="DIR"),
            option("--json", "as_json", key="json", is_flag=True),
        ],
    )


def _report(run: str, workers: int | None, out: str | None, as_json: bool) -> None:
    from cemfa.cli.comparing import compare_and_write, settings_of

    compare_and_write(settings_of(run), workers=workers, out=out, as_json=as_json)
