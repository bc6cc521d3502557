"""A whole province simulated: what a year of one history takes, with everything on and with nothing that limits.

Set-up (model, network) is not timed: it is done once for all histories and options. A year of one history is the unit,
so that the figure does not depend on how many there are.
"""

from __future__ import annotations

import time
from collections import deque
from functools import partial
from typing import Final

from cemfa import compile_system, read_model, read_scenario
from cemfa.plan import plan_of
from cemfa.results import Request
from cemfa.simulation import simulate_options
from cemfa.simulation.block import Block, Case
from cemfa.simulation.network import build_network
from cemfa.simulation.stores import store_book
from cemfa.system.numbers import bind_plan

SEED: Final = 1


class Province:
    """The last option of a scenario, some histories of it."""

    def __init__(self, name: str, replications: int) -> None:
        self.scenario = read_scenario(name)
        self.system = compile_system(read_model(self.scenario.model))
        self.option, self.replications = list(self.scenario.options)[-1], replications
        self.years = range(sum(year <= self.scenario.horizon for year in self.system.years))

    @property
    def flows(self) -> int:
        """Return how many flows the model has."""
        return len(self.system.flow_ids)

    def year(self, *, limits: bool) -> Live:
        """Return living through all years, with all limits, dispatch, events and layers, or without any limit."""
        network = build_network(self.system, self.scenario.events if limits else {}, limits=limits)
        plan = plan_of(self.scenario, self.option)
        stores = store_book(self.system, network.places.stored, plan)
        case = Case(network, plan, bind_plan(self.system, plan), stores, SEED, central=False)
        return Live(case, range(self.replications), self.years)

    def workers(self, count: int, options: int) -> partial[object]:
        """Return the last options as `compare` runs them, on some processes, from starting these to results."""
        return partial(self._run, list(self.scenario.options)[-options:], count)

    def _run(self, options: list[str], count: int) -> None:
        how = {"replications": self.replications, "seed": SEED, "request": Request(reducers=("mean",))}
        cases = [(option, None) for option in options]
        deque(simulate_options(self.system, self.scenario, cases, workers=count, **how), maxlen=0)


class Live:
    """Living through the years of a block; tells the processor time of a year of one history [s]."""

    def __init__(self, case: Case, replications: range, years: range) -> None:
        self.case, self.replications, self.years = case, replications, years

    def __call__(self) -> float:
        """Return the processor time of one run per year and history [s]."""
        block = Block(self.case, self.replications, self.years)
        start = time.process_time()
        block.live()
        return (time.process_time() - start) / len(self.replications) / len(self.years)
