"""Days that are better or worse than their season: noise of arisings that lasts for days and is common to a place.

Between the season of a year and its days. The annual amount stays what the parameters say: weather only moves it from
day to day. The noise of a day belongs to its date, so it is the same in every option.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cemfa.definition.schema import Weather
from cemfa.simulation.events import samples_of
from cemfa.simulation.supply import MARK, Month
from cemfa.system.layout import System
from cemfa.system.scores import normal_scores
from cemfa.system.streams import name_words, states, uniforms

Array = NDArray[np.float64]


def under_weather(system: System, weather: Mapping[str, Weather]) -> System:
    """Return the system with the profiles of arisings told apart by the weather that they share.

    A flow that follows `rain` in the weather `harvest` of district `north` has the profile ``rain|harvest|north``.
    """
    if not weather:
        return system
    names = system.flow_coords["flow_name"].tolist()
    season = list(system.season)
    for key, one in weather.items():
        items = system.flow_coords[one.by].tolist() if one.by is not None else [""] * len(names)
        for flow, name in enumerate(names):
            if name in one.flows:
                season[flow] = MARK.join((season[flow], key, items[flow]))
    return replace(system, season=tuple(season))


class Skies:
    """The weather of a block of replications, year after year.

    On day t of a stream x is autoregressive, x(t) = φ x(t − 1) + √(1 − φ²) ε(t) with φ = exp(−1/τ), and
    what arises is multiplied by exp(σ x), σ² = ln(1 + cv²); then all days of the year are scaled so that their sum
    with the weights of the season stays one.

    Parameters
    ----------
    profiles : names of the network's profiles
    weather : by key
    seed, replications : of the random streams
    before : shape (streams, S), x on the day before; None on the first day of the model

    Attributes
    ----------
    state : shape (streams, S), x on the last day so far
    """

    def __init__(
        self, profiles: Sequence[str], weather: Mapping[str, Weather], seed: int, replications: range,
        before: Array | None,
    ) -> None:  # fmt: skip
        keys = [tuple(name.split(MARK)[1:]) for name in profiles]
        self._streams = sorted({key for key in keys if key})
        self._stream = [self._streams.index(key) if key else -1 for key in keys]
        self._starts = [
            [states(seed, name_words([f"weather.{'.'.join(key)}"]), r) for r in replications] for key in self._streams
        ]
        drawn = {
            (key, name): samples_of(row, seed, f"weather.{key}.{name}", replications).tolist()
            for key, one in weather.items()
            for name, row in (("spread", one.spread), ("persistence", one.persistence))
        }
        self._sigma = [[math.sqrt(math.log1p(cv * cv)) for cv in drawn[key, "spread"]] for key, _ in self._streams]
        self._phi = np.array(
            [
                [math.exp(-1.0 / tau) if tau > 0.0 else 0.0 for tau in drawn[key, "persistence"]]
                for key, _ in self._streams
            ]
        ).reshape(len(self._streams), len(replications))
        self._width = len(replications)
        self.state = before if before is not None else self._scores(0, 1)[:, :, 0] if self._streams else None

    def year(self, months: Sequence[Month]) -> Array | None:
        """Return the share of the year's mass that arises on each of its days, (days, profiles, S); None: no weather.

        Parameters
        ----------
        months : of the year, with the weights of the season; years follow each other
        """
        if self.state is None:
            return None
        first, lengths = months[0].first, [month.days for month in months]
        factors = self._factors(first, sum(lengths))
        season = np.repeat(np.array([month.weight for month in months]), lengths, axis=0)
        days = np.repeat(season[:, :, None], self._width, axis=2)
        for profile, stream in enumerate(self._stream):
            if stream >= 0:
                own = days[:, profile] * factors[stream]
                total = np.zeros(self._width)
                for day in own:  # a reduction of one column would add in another order than of many
                    total += day
                days[:, profile] = own / total
        return days

    def _factors(self, first: int, count: int) -> Array:
        """Return exp(σ x) of some days, (streams, days, S), and go on to the last of them."""
        scores, phi = self._scores(1 + first, count), self._phi
        rest = np.sqrt(1.0 - phi * phi)
        walk = np.empty((count, *phi.shape))
        level = self.state if self.state is not None else np.zeros_like(phi)
        for day in range(count):
            level = phi * level + rest * scores[:, :, day]
            walk[day] = level
        self.state = level
        found = np.empty((len(self._streams), count, self._width))
        for stream, sigmas in enumerate(self._sigma):
            for place, sigma in enumerate(sigmas):  # one row of a year at a time: widths must not reach the bits
                found[stream, :, place] = np.exp(np.ascontiguousarray(walk[:, stream, place]) * sigma)
        return found

    def _scores(self, first: int, count: int) -> Array:
        """Return standard normal numbers by position in their streams, (streams, S, count)."""
        found = np.empty((len(self._streams), self._width, count))
        for stream, own in enumerate(self._starts):
            for place, state in enumerate(own):
                found[stream, place] = normal_scores(uniforms(state, count, first))[0]
        return found
