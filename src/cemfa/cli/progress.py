"""How far a long run is: one line on stderr that is written over, for people at a terminal or who asked for it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Final

import click

from cemfa import locale

QUIET: Final = 3.0
"""Seconds before anything is said: a short run needs no comment."""
PAUSE: Final = 1.0
"""Seconds between two lines."""


def progress(*, asked: bool, as_json: bool = False) -> Callable[[int, int], None] | None:
    """Return what to call with the number of parts done and in all, or None where nobody would read it.

    Parameters
    ----------
    asked : say it also where stderr is no terminal, line by line, and at once
    as_json : the output is meant for a program, which reads no progress unless asked
    """
    if not asked and (as_json or not sys.stderr.isatty()):
        return None
    return _Line(asked=asked)


class _Line:
    def __init__(self, *, asked: bool) -> None:
        self.over = sys.stderr.isatty()
        self.begun = time.monotonic()
        self.said = self.begun - PAUSE if asked else self.begun + QUIET - PAUSE
        self.open = False

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if done < total and now - self.said < PAUSE:
            return
        if done < total or self.open or self.said < self.begun:
            self.said, self.open = now, True
            left = (now - self.begun) / done * (total - done)
            text = locale.text("cli.done", percent=round(100 * done / total), left=duration(left))
            # the cursor waits at the start of the line, so that whatever is said next is said over it
            click.echo(f"\x1b[K{text}\r" if self.over else text, err=True, nl=not self.over or done == total)


def duration(seconds: float) -> str:
    """Return a time as people say it: seconds below two minutes, minutes below two hours, hours.

    Examples
    --------
    >>> from cemfa import locale
    >>> with locale.use("en"):
    ...     duration(75.2), duration(600.0), duration(9000.0)
    ('76 s', '10 min', '2.5 h')
    """
    if seconds < 120:
        return locale.text("cli.seconds", number=-int(-seconds // 1))
    if seconds < 7200:
        return locale.text("cli.minutes", number=round(seconds / 60))
    return locale.text("cli.hours", number=round(seconds / 3600, 1))
