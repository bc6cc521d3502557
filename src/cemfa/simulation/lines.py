"""A number of lines that take one thing at a time each, at exact instants, while the rest waits its turn.

Serves composting batches, which occupy a place in the yard for weeks, and repair crews, which mend one plant at a
time. What waits, and how long it takes, is the affair of whoever uses the lines.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import simpy

from cemfa.simulation.events import Activity

Thing = TypeVar("Thing")


class Lines(Generic[Thing]):
    """Lines in parallel with one queue.

    Parameters
    ----------
    env : the clock of everything
    count : how many lines there are
    take : returns the next thing that waits and how long it takes [d], None where nothing (or not enough) waits
    done : called with a thing when it is finished

    Examples
    --------
    >>> env, waiting, finished = simpy.Environment(), ["a", "b", "c"], []
    >>> lines = Lines(env, 2, lambda: (waiting.pop(0), 1.5) if waiting else None, lambda thing: finished.append(thing))
    >>> lines.wake()
    >>> env.run(2.0)
    >>> finished, lines.busy
    (['a', 'b'], 1)
    """

    def __init__(
        self, env: simpy.Environment, count: int, take: Callable[[], tuple[Thing, float] | None],
        done: Callable[[Thing], None],
    ) -> None:  # fmt: skip
        self.env, self.count, self._take, self._done = env, count, take, done
        self.busy = 0

    def wake(self) -> None:
        """Start what waits on every line that is free; to be called whenever something has arrived."""
        while self.busy < self.count:
            found = self._take()
            if found is None:
                return
            self.resume(found[0], self.env.now + found[1])

    def resume(self, thing: Thing, until: float) -> None:
        """Let a thing occupy a line until an instant."""
        self.busy += 1
        self.env.process(self._serve(thing, until))

    def _serve(self, thing: Thing, until: float) -> Activity:
        yield self.env.timeout(max(0.0, until - self.env.now))
        self.busy -= 1
        self._done(thing)
        self.wake()
