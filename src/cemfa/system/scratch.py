"""Arrays used again and again by one thread: taking fresh ones from the system costs more than the arithmetic.

What stands in them is never read before it is written: no result depends on what was computed before.
"""

from __future__ import annotations

import math
import threading
from typing import Any

import numpy as np


class Scratch:
    """Holds one array per role; what was in it is gone when the role is asked for again.

    Examples
    --------
    >>> scratch = Scratch()
    >>> scratch.array("found", (2, 3)).shape, scratch.array("found", (1, 3)).shape
    ((2, 3), (1, 3))
    """

    def __init__(self) -> None:
        self._held: dict[str, np.ndarray[Any, Any]] = {}
        self._shaped: dict[tuple[str, tuple[int, ...]], np.ndarray[Any, Any]] = {}

    def array(self, role: str, shape: tuple[int, ...], dtype: type[np.generic] = np.float64) -> Any:
        """Return an array of any content; one role has one type."""
        found = self._shaped.get((role, shape))
        if found is None:
            found = self._shaped[role, shape] = self._made(role, shape, dtype)
        return found

    def _made(self, role: str, shape: tuple[int, ...], dtype: type[np.generic]) -> np.ndarray[Any, Any]:
        size = math.prod(shape)
        held = self._held.get(role)
        if held is None or held.size < size:
            held = self._held[role] = np.empty(size, dtype=dtype)
            self._shaped = {key: value for key, value in self._shaped.items() if key[0] != role}
        return held[:size].reshape(shape)


_LOCAL = threading.local()


def scratch_of_thread() -> Scratch:
    """Return the arrays of this thread; what is handed on must be copied out of them."""
    found: Scratch | None = getattr(_LOCAL, "scratch", None)
    if found is None:
        found = _LOCAL.scratch = Scratch()
    return found
