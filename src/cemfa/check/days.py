"""Whether a scenario's days can be simulated: what the simulation finds as it prepares them, before any is lived."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from cemfa.check.places import written_place
from cemfa.definition.load import Places
from cemfa.errors import CemfaError, Problem
from cemfa.plan import Plan

if TYPE_CHECKING:
    from cemfa.definition.schema import Scenario
    from cemfa.system.layout import System


def days_problems(scenario: Scenario, system: System, places: Places) -> Iterator[Problem]:
    """Yield what keeps a scenario from being simulated.

    Parameters
    ----------
    places : of the model's files
    """
    from cemfa.simulation.network import build_network
    from cemfa.simulation.stores import store_book
    from cemfa.simulation.supply import months_of
    from cemfa.simulation.weather import under_weather

    try:
        network = build_network(under_weather(system, scenario.simulation.weather), scenario.events)
        store_book(system, network.places.stored, Plan())
        months_of(system.years[0], 0, network.profiles, system.model.seasons)
    except CemfaError as error:
        yield from (replace(p, place=written_place(p.place, system.model, places)) for p in error.problems)
