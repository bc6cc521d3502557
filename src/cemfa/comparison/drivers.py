"""What a result is least sure about: parameters by their squared rank correlation with it.

Beside `money` in `comparison`. Rank correlation takes a parameter's normal score for the parameter itself: the
one is a growing function of the other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from cemfa.comparison.outcome import Driver
from cemfa.definition.schema import Model
from cemfa.indicators.view import Array
from cemfa.sensitivity.origins import origin_of, parameter_of

if TYPE_CHECKING:
    from cemfa.system.sampling import Sampler

FEWEST: Final = 20  # samples below which a rank correlation says nothing
_LEVEL: Final = 0.01  # chance that any parameter is named by accident, over all of them (Bonferroni)


def drivers(values: Array, sampler: Sampler, seed: int, model: Model) -> tuple[tuple[Driver, ...], float]:
    """Return the parameters a result hangs on, largest share first, and the part that rests on unverified rows.

    Only correlations that chance would hardly give (1 % over all parameters together, normal approximation of
    Spearman's coefficient) are named. Shares of several streams of one parameter add up; where shares exceed
    one together (correlated inputs) they are scaled to one.

    Parameters
    ----------
    values : (S,), the result in samples 0 … S−1
    sampler : of the system
    seed : of the run
    model : for labels, bases and sources

    Returns
    -------
    drivers : empty for a constant result or too few samples
    unverified : share of the explained variance that rests on unverified rows
    """
    samples = values.size
    if samples < FEWEST or not np.isfinite(values).all() or np.ptp(values) == 0 or not sampler.stream_names:
        return (), 0.0
    scores = _scores(sampler, seed, samples)
    found = rank_correlation(scores, values)
    least = telling(samples, len(scores))
    by_parameter: dict[str, list[float]] = defaultdict(list)
    for name, correlation in zip(sampler.stream_names, found.tolist(), strict=True):
        if abs(correlation) > least:
            by_parameter[parameter_of(name)].append(correlation)
    raw = {name: sum(r * r for r in parts) for name, parts in by_parameter.items()}
    scale = max(1.0, sum(raw.values()))
    named = sorted(raw, key=lambda name: (-raw[name], name))
    result = tuple(_driver(name, raw[name] / scale, by_parameter[name], model) for name in named)
    explained = sum(driver.share for driver in result)
    weak = sum(driver.share for driver in result if driver.basis == "unverified")
    return result, weak / explained if explained else 0.0


def rank_correlation(inputs: Array, values: Array) -> Array:
    """Return Spearman's rank correlation of each input with a result, (n,); ties share their mean rank.

    Parameters
    ----------
    inputs : (n, S)
    values : (S,)
    """
    import pandas as pd

    middle = (values.size + 1) / 2
    ranks = pd.DataFrame(inputs.T).rank().to_numpy().T - middle  # scipy.stats takes more than a second to load
    own = pd.Series(values).rank().to_numpy() - middle
    size = np.sqrt((ranks**2).sum(axis=1) * (own**2).sum())
    found: Array = np.divide((ranks * own).sum(axis=1), size, out=np.zeros(len(inputs)), where=size > 0)
    return found


def _scores(sampler: Sampler, seed: int, samples: int) -> Array:
    from cemfa.system.streams import BLOCK

    blocks = [sampler.scores(seed, index) for index in range(-(-samples // BLOCK))]
    return np.concatenate(blocks, axis=1)[:, :samples]


def telling(samples: int, tested: int) -> float:
    """Return the rank correlation above which chance alone would hardly come, of any of several tested inputs."""
    from scipy.special import ndtri

    return float(ndtri(1 - _LEVEL / (2 * tested)) / np.sqrt(samples - 1))


def _driver(name: str, share: float, correlations: Sequence[float], model: Model) -> Driver:
    origin = origin_of(name, model)
    sign = 1 if max(correlations, key=abs) > 0 else -1
    return Driver(name, origin.label, share, sign, origin.basis, origin.source)
