"""Fractions that are corrected from pass to pass, and the secant that speeds them up inside loops.

Bottom of `limits`: what a fraction asks for next depends on itself only through loops; there Wegstein's secant, in
logarithms, finds the fixed point that plain substitution approaches slowly or swings around.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
SLOPES: Final = (0.02, 1e9)
USUAL: Final = (0.5, 4.0)
"""Where a slope is kept of which the last step told nothing: neither stuck nor swinging."""
TURN: Final = 2.0
"""Largest factor by which a slope changes per pass: what looks like a slope may come from another fraction."""
STEEPEST: Final = 0.98
"""Largest change of an import per change of itself round a loop: the secant stays finite."""
IMPORT_MOVED: Final = 1e-9
"""Smaller steps of an import, relative to it, tell nothing about a slope but rounding."""
MOVED: Final = 1e-11
"""Smaller steps, in logarithms, tell nothing about a slope but rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class Fraction:
    """Fractions of one kind, sample last.

    Parameters
    ----------
    value : to be tried in the next pass
    tried, wanted : of the pass before, and what came out of it
    slope : one minus the elasticity of `wanted` to `tried`
    """

    value: Array
    tried: Array
    wanted: Array
    slope: Array

    @classmethod
    def start(cls, value: Array) -> Fraction:
        """Return fractions before the first pass."""
        return cls(value, np.zeros_like(value), np.zeros_like(value), np.ones_like(value))

    def cut(self, kept: NDArray[Any]) -> Fraction:
        """Return the fractions of some samples."""
        return Fraction(*(getattr(self, f.name)[..., kept] for f in fields(self)))

    def after(self, wanted: Array, looped: NDArray[np.bool_]) -> Fraction:
        """Return the fractions of the next pass.

        Parameters
        ----------
        wanted : what the pass with `value` asks for; above one where there is room to spare
        looped : which of them depend on themselves; the others take what is wanted

        Notes
        -----
        Wegstein (1958), *Communications of the ACM* 1(6), 9–13, on logarithms, so that fractions stay positive.

        Examples
        --------
        >>> import numpy as np
        >>> half = Fraction.start(np.array([1.0])).after(np.array([0.5]), np.array([True]))
        >>> half.after(np.array([0.7]), np.array([True])).value.round(3).tolist()
        [0.627]
        """
        if not looped.any():
            return Fraction(np.minimum(1.0, wanted), self.value, wanted, self.slope)
        slope = self._slope(wanted)
        free = looped & (wanted > 0.0) & (self.value > 0.0)
        old = np.where(free, self.value, 1.0)
        with np.errstate(over="ignore"):  # a step beyond all numbers ends at one like any other large step
            step = (np.where(free, wanted, 1.0) / old) ** (1.0 / slope)
        return Fraction(np.minimum(1.0, np.where(free, old * step, wanted)), self.value, wanted, slope)

    def _slope(self, wanted: Array) -> Array:
        usable = (self.value > 0) & (self.tried > 0) & (self.wanted > 0) & (wanted > 0)
        step = np.log(np.where(usable, self.value, 1.0) / np.where(usable, self.tried, 1.0))
        answer = np.log(np.where(usable, wanted, 1.0) / np.where(usable, self.wanted, 1.0))
        usable &= np.abs(step) > MOVED
        found = 1.0 - answer / np.where(usable, step, 1.0)
        found = np.clip(np.clip(found, self.slope / TURN, self.slope * TURN), *SLOPES)
        return np.where(usable, found, np.clip(self.slope, *USUAL))


@dataclass(frozen=True, slots=True, eq=False)
class Imported:
    """Masses that are corrected from pass to pass: imports that fill demands or follow other flows; sample last.

    Parameters
    ----------
    value : to be tried in the next pass [t/year]
    tried, wanted : of the pass before, and what came out of it; below zero where there is more than is needed
    slope : change of `wanted` per change of `tried`
    """

    value: Array
    tried: Array
    wanted: Array
    slope: Array

    @classmethod
    def start(cls, count: int, samples: int) -> Imported:
        """Return imports before the first pass: none."""
        return cls(*np.zeros((4, count, samples)))

    def cut(self, kept: NDArray[Any]) -> Imported:
        """Return the imports of some samples."""
        return Imported(*(getattr(self, f.name)[..., kept] for f in fields(self)))

    def after(self, wanted: Array, looped: NDArray[np.bool_]) -> Imported:
        """Return the imports of the next pass, by a secant where they come back round a loop.

        What is imported returns in part, so less is lacking; where more than half returns, plain substitution
        swings ever wider. The balance is linear in imports, so that the secant meets the answer at once.

        Examples
        --------
        >>> import numpy as np
        >>> first = Imported.start(1, 1).after(np.array([[100.0]]), np.array([[True]]))
        >>> first.after(np.array([[-800.0]]), np.array([[True]])).value.tolist()  # nine tenths come back: gain 9
        [[10.0]]
        """
        step, answer = self.value - self.tried, wanted - self.wanted
        usable = looped & (np.abs(step) > IMPORT_MOVED * np.maximum(self.value, self.tried))
        slope = np.where(usable, np.minimum(answer / np.where(usable, step, 1.0), STEEPEST), self.slope)
        value = self.value + (wanted - self.value) / (1.0 - slope)
        return Imported(np.maximum(0.0, np.where(looped, value, wanted)), self.value, wanted, slope)
