"""How many random systems a test draws: a tenth of the whole set, all of it where CEMFA_TESTS=all."""

import os

from hypothesis import settings

WHOLE = os.environ.get("CEMFA_TESTS") == "all"
PARTS = 9
"""Parts of a large set, each a test with systems of its own, so that they can run side by side."""


def drawn(whole: int) -> settings:
    """Return the settings of a test whose whole set has so many examples."""
    return settings(max_examples=whole if WHOLE else max(1, whole // 10))
