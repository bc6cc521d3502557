"""`cemfa check`: all that is wrong with models and scenarios."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cemfa import locale
from cemfa.cli.words import Verb, option

if TYPE_CHECKING:
    from cemfa.errors import Problem


def command() -> click.Command:
    """Return the verb."""
    paths = click.Argument(["paths"], nargs=-1, required=True, metavar="PATH...")
    return Verb("check", _check, [paths, option("--json", "as_json", key="json", is_flag=True)])


def _check(paths: tuple[str, ...], as_json: bool) -> int:
    from cemfa.check import check
    from cemfa.cli.output import note, show_json

    problems = [problem for path in paths for problem in check(path)]
    if as_json:
        show_json([_row(problem) for problem in problems])
    for problem in problems if not as_json else ():
        line = locale.problem_text(problem)
        click.echo(line if problem.severity == "error" else locale.text("cli.warning", text=line))
    errors = sum(problem.severity == "error" for problem in problems)
    if problems:
        note("checked", count=len(paths), errors=errors, warnings=len(problems) - errors)
    else:
        note("checked-fine", count=len(paths))
    return 2 if errors else 0


def _row(problem: Problem) -> dict[str, object]:
    place = problem.place
    return {
        "severity": problem.severity,
        "code": problem.code,
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "sheet": place.sheet,
        "cell": place.cell,
        "path": place.path,
        "message": locale.problem_text(problem),
    }
