"""The one place that looks at the clock: an import is stamped with its moment, a letter with its day.

No number depends on it; a yearly report takes its day as an option, so that it can be written again as it was.
"""

from __future__ import annotations

import datetime


def now() -> datetime.datetime:
    """Return the moment, with its time zone."""
    return datetime.datetime.now(datetime.UTC)
