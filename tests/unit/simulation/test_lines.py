"""Lines with one queue against closed forms of queueing: Erlang's C, and what follows from Little's law."""

import math
from collections import deque

import numpy as np
import pytest
import simpy
from scipy import stats

from cemfa.simulation.events import exponentials
from cemfa.simulation.lines import Lines

RUNS, JOBS, WARM = 40, 3000, 1000
SEED = 0
"""Independent runs, things served in each, and how many of them are left out as the start."""


def erlang_c(lines: int, arrivals: float, service: float) -> float:
    """Return the probability that an arrival waits: (aᶜ/c!)/(1 − ρ) over the same plus Σ aᵏ/k!, with a = λ/μ.

    Erlang (1917); by the stable recursion of Erlang B, B(k) = a·B(k−1)/(k + a·B(k−1)), C = B/(1 − ρ(1 − B)).
    """
    load = arrivals / service
    blocked = 1.0
    for k in range(1, lines + 1):
        blocked = load * blocked / (k + load * blocked)
    used = load / lines
    return blocked / (1.0 - used * (1.0 - blocked))


class Queue:
    """Things that arrive at random and are served at random, by lines."""

    def __init__(self, lines: int, arrivals: float, service: float, run: int) -> None:
        self.env = simpy.Environment()
        self.waiting: deque[float] = deque()
        self.waits: list[float] = []
        self.between = exponentials(SEED, f"arrivals {lines} {arrivals}", run)
        self.lasting = exponentials(SEED, f"service {lines} {service}", run)
        self.arrivals, self.service = arrivals, service
        self.lines = Lines(self.env, lines, self.take, lambda _: None)
        self.env.run(self.env.process(self.arrive()))

    def arrive(self):
        while len(self.waits) < JOBS:
            yield self.env.timeout(next(self.between) / self.arrivals)
            self.waiting.append(self.env.now)
            self.lines.wake()

    def take(self) -> tuple[float, float] | None:
        if not self.waiting:
            return None
        came = self.waiting.popleft()
        self.waits.append(self.env.now - came)
        return came, next(self.lasting) / self.service


@pytest.mark.parametrize(
    ("lines", "arrivals", "service", "waiting", "wait"),
    [  # c, λ, μ; P(wait) and mean wait as printed in tables of Erlang C
        (1, 2.0, 3.0, 0.666666667, 0.666666667),
        (2, 2.0, 3.0, 0.166666667, 0.041666667),
        (3, 6.0, 3.0, 0.444444444, 0.148148148),
        (1, 0.8, 1.0, 0.8, 4.0),
        (2, 1.0, 1.0, 0.333333333, 0.333333333),
        (2, 1.6, 1.0, 0.711111111, 1.777777778),
        (4, 3.2, 1.0, 0.596432472, 0.74554059),
        (5, 4.0, 1.0, 0.554112554, 0.554112554),
        (5, 4.5, 1.0, 0.762493221, 1.524986441),
        (10, 8.0, 1.0, 0.409180151, 0.204590075),
        (10, 9.0, 1.0, 0.668731524, 0.668731524),
        (20, 18.0, 1.0, 0.550769005, 0.275384502),
        (50, 45.0, 1.0, 0.363864467, 0.072772893),
    ],
)
def test_waits_are_those_of_erlang(lines: int, arrivals: float, service: float, waiting: float, wait: float) -> None:
    """99 % intervals of 40 independent runs, t-distributed: with another seed one in a hundred would miss.

    The closed form itself agrees to the digits printed.
    """
    probability = erlang_c(lines, arrivals, service)
    assert probability == pytest.approx(waiting, abs=1e-9)
    assert probability / (lines * service - arrivals) == pytest.approx(wait, abs=1e-8)
    runs = [np.array(Queue(lines, arrivals, service, run).waits[WARM:]) for run in range(RUNS)]
    for expected, found in ((wait, [w.mean() for w in runs]), (waiting, [(w > 0).mean() for w in runs])):
        half = stats.t.ppf(0.995, RUNS - 1) * np.std(found, ddof=1) / math.sqrt(RUNS)
        assert abs(np.mean(found) - expected) <= half


def test_first_come_is_first_served_and_never_more_than_there_are_lines() -> None:
    env = simpy.Environment()
    waiting, order = deque(range(7)), []
    lines = Lines(env, 3, lambda: (waiting.popleft(), 1.0) if waiting else None, lambda n: order.append((n, env.now)))
    lines.wake()
    assert lines.busy == 3
    env.run(10.0)
    assert order == [(0, 1.0), (1, 1.0), (2, 1.0), (3, 2.0), (4, 2.0), (5, 2.0), (6, 3.0)]
    assert lines.busy == 0


def test_more_lines_start_more_and_fewer_finish_what_they_have() -> None:
    env = simpy.Environment()
    waiting, order = deque(range(4)), []
    lines = Lines(env, 1, lambda: (waiting.popleft(), 2.0) if waiting else None, lambda n: order.append((n, env.now)))
    lines.wake()
    env.run(1.0)
    lines.count = 3
    lines.wake()
    assert lines.busy == 3
    lines.count = 1
    env.run(9.0)
    assert order == [(0, 2.0), (1, 3.0), (2, 3.0), (3, 5.0)]


def test_what_was_begun_before_goes_on_until_its_time() -> None:
    env = simpy.Environment(initial_time=100.0)
    done: list[tuple[str, float]] = []
    lines = Lines(env, 1, lambda: None, lambda thing: done.append((thing, env.now)))
    lines.resume("old", 103.25)
    env.run(110.0)
    assert done == [("old", 103.25)]
