"""One call of the command line: find the language, run the verb, turn every error into a message and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Final

import click

from cemfa import locale
from cemfa.cli import usage
from cemfa.errors import CemfaError, Problem

INTERRUPTED: Final = 130
_COMPLETION: Final = "_CEMFA_COMPLETE"


def run(arguments: Sequence[str]) -> int:
    """Return the exit code of one call of the command line; every error becomes a message on stderr.

    Parameters
    ----------
    arguments : the words after ``cemfa``

    Examples
    --------
    >>> run(["--version"])
    cemfa 0.1.0
    0
    """
    with locale.use(_language_of(arguments)):
        try:
            code = _invoke(arguments)
            sys.stdout.flush()
        except (KeyboardInterrupt, click.Abort):
            return _say("cli.interrupted", INTERRUPTED)
        except BrokenPipeError:
            return _reader_left()
        except click.UsageError as error:
            click.echo(usage.text_of(error), err=True)
            return 2
        except CemfaError as error:
            click.echo(str(error), err=True)
            return error.exit_code
        except OSError as error:
            name = error.filename if error.filename is not None else ""
            problem = Problem("system-refused", parameters={"file": str(name), "reason": error.strerror or str(error)})
            click.echo(locale.problem_text(problem), err=True)
            return 4
        except MemoryError:
            click.echo(locale.problem_text(Problem("memory-full")), err=True)
            return 5
        except Exception:  # noqa: BLE001 - the one place where a fault of cemfa ends: shown whole, with a word of what to do
            import traceback

            traceback.print_exc()
            return _say("cli.fault", 1)
    return code


def _invoke(arguments: Sequence[str]) -> int:
    from cemfa.cli.words import Verbs

    verbs = Verbs()
    if instruction := os.environ.get(_COMPLETION):
        from click.shell_completion import shell_complete

        return shell_complete(verbs, {}, "cemfa", _COMPLETION, instruction)
    try:
        with verbs.make_context("cemfa", list(arguments)) as context:
            return int(verbs.invoke(context) or 0)
    except click.exceptions.Exit as asked:
        return asked.exit_code


def _language_of(arguments: Sequence[str]) -> str | None:
    """Return the language asked for, wherever `--lang` stands, so that help and messages on usage speak it too."""
    chosen = None
    for word, following in zip(arguments, [*arguments[1:], ""], strict=False):
        if word == "--":
            break
        if word == "--lang":
            chosen = following
        elif word.startswith("--lang="):
            chosen = word.partition("=")[2]
    return chosen if chosen in locale.LANGUAGES else None


def _say(key: str, code: int) -> int:
    click.echo(locale.text(key), err=True)
    return code


def _reader_left() -> int:
    """Return quietly when who read our output has seen enough, as in ``cemfa list | head -1``."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())  # else the interpreter fails once more when it flushes at its end
    return 0
