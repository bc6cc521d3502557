"""Repair crews that several plants share: a plant that breaks down while all are busy waits its turn.

Between `lines`, which serves one thing at a time, and the block, whose outages it supplies. Runs by itself, before
any matter moves. Plants that do not stand yet break down and are mended in thought: they keep their luck, and no
crew is kept busy by them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping

import simpy

from cemfa.simulation import events
from cemfa.simulation.events import Activity
from cemfa.simulation.lines import Lines

Plant = tuple[str, float, Callable[[float], tuple[float, float]]]
"""Name of its random stream, instant from which it stands, mean times between failures and to repair before one."""


def mended_times(
    count: int, plants: Mapping[int, Plant], seed: int, replication: int, last: float
) -> dict[int, list[tuple[float, float]]]:
    """Return failure and repair instants of plants that share crews, in one replication, by plant.

    Without waiting they are those of `events.outage_times` with the same streams.

    Parameters
    ----------
    count : crews
    plants : by number
    last : first instant that is no longer simulated
    """
    env = simpy.Environment()
    pool = _Pool(env, count)
    for number, plant in plants.items():
        env.process(pool.life(number, plant, seed, replication))
    env.run(until=last)
    for number, failed in pool.down.items():
        pool.found[number].append((failed, last))
    return pool.found


class _Pool:
    """Crews with the plants that wait for one."""

    def __init__(self, env: simpy.Environment, count: int) -> None:
        self.env = env
        self.waiting: deque[tuple[simpy.Event, float]] = deque()
        self.crews: Lines[simpy.Event] = Lines(env, count, self._next, self._mended)
        self.found: dict[int, list[tuple[float, float]]] = {}
        self.down: dict[int, float] = {}

    def life(self, number: int, plant: Plant, seed: int, replication: int) -> Activity:
        """Let a plant run, fail, wait for a crew and be mended, for ever."""
        name, since, rates = plant
        draws = events.exponentials(seed, name, replication)
        self.found[number] = []
        between, repair = rates(0.0)
        if next(events.uniforms(seed, f"{name}.start", replication)) < repair / (between + repair):
            yield from self._mend(number, since, repair * next(draws))
        while True:
            between, repair = rates(self.env.now)
            yield self._until(self.env.now + between * next(draws))
            yield from self._mend(number, since, repair * next(draws))

    def _mend(self, number: int, since: float, lasting: float) -> Iterator[simpy.Event]:
        failed = self.env.now
        self.down[number] = failed
        if failed < since:
            yield self._until(failed + lasting)
        else:
            done = self.env.event()
            self.waiting.append((done, lasting))
            self.crews.wake()
            yield done
        del self.down[number]
        self.found[number].append((failed, self.env.now))

    def _until(self, time: float) -> simpy.Event:
        return events.wait(self.env, events.on_grid(time))

    def _next(self) -> tuple[simpy.Event, float] | None:
        if not self.waiting:
            return None
        done, lasting = self.waiting.popleft()
        return done, events.on_grid(self.env.now + lasting) - self.env.now

    def _mended(self, done: simpy.Event) -> None:
        done.succeed()
