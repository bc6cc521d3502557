"""What is wrong with the words after `cemfa`, said in the language in force; click only says it in English."""

from __future__ import annotations

import difflib

import click

from cemfa import locale
from cemfa.errors import Problem


def text_of(error: click.UsageError) -> str:
    """Return what was wrong, the usage of the verb and where help is."""
    lines = [locale.problem_text(problem_of(error))]
    if error.ctx is not None:
        lines += [error.ctx.get_usage(), locale.text("cli.see-help", command=error.ctx.command_path)]
    return "\n".join(lines)


def problem_of(error: click.UsageError) -> Problem:
    """Return a usage error of click as one of our problems."""
    if isinstance(error, click.NoSuchOption):
        known = [name for param in _params(error.ctx) for name in param.opts if name.startswith("--")]
        parameters = {"option": error.option_name, "near": near(error.option_name, known)}
        return Problem("usage-option-unknown", parameters=parameters)
    if isinstance(error, click.MissingParameter) and error.param is not None:
        return Problem("usage-argument-missing", parameters={"name": _name(error.param)})
    if isinstance(error, click.BadParameter) and error.param is not None:
        return Problem("usage-value", parameters={"name": _name(error.param), "message": error.message})
    if isinstance(error, click.BadOptionUsage):
        return Problem("usage-option-value", parameters={"option": error.option_name})
    return Problem("usage-words", parameters={"message": error.message})


def _params(ctx: click.Context | None) -> list[click.Parameter]:
    return list(ctx.command.params) if ctx is not None else []


def _name(param: click.Parameter) -> str:
    return param.human_readable_name if isinstance(param, click.Argument) else param.opts[0]


def near(word: str, known: list[str]) -> tuple[str, ...]:
    """Return the words that look most like what was written, or all of them where none does."""
    return tuple(difflib.get_close_matches(word, known, n=3, cutoff=0.5)) or tuple(known)
