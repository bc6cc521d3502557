"""Exact quantiles of whole families at normal scores, and their slopes; from these, cheap evaluators are made.

Below `marginals`, which fits a row to a family, and `evaluators`, which draws: here the formulas, all rows of one
family together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, betaln, gammainccinv, gammaincinv, gammaln, log_ndtr, ndtr, ndtri

Array = NDArray[np.float64]

_TINY: Final = 1e-200  # below this a gamma quantile is taken from its power-law tail, in logarithms


def quantile(family: str, parameters: Array, scores: Array) -> Array:
    """Return the quantiles at normal scores: F⁻¹(Φ(z)), row by row.

    Parameters
    ----------
    family : one of `FAMILIES`; its parameters as in `marginals.Fit`
    parameters : (R, k), one row each
    scores : (R, S) or broadcastable to it

    Examples
    --------
    >>> quantile("uniform", np.array([[2.0, 4.0]]), np.zeros((1, 1))).item()
    3.0
    """
    if family == "empirical":
        return np.stack([_interpolated(row, z) for row, z in _rows(parameters, scores)])
    found: Array = _QUANTILES[family](*columns(parameters), scores)
    return found


def slope(family: str, parameters: Array, scores: Array, quantiles: Array) -> Array:
    """Return dq/dz = φ(z)/f(q) of quantiles at normal scores; arguments as of `quantile`."""
    z, q = scores, quantiles
    match family, columns(parameters):
        case "uniform", (a, b):
            return (b - a) * _density(z)
        case "triangular", (a, mode, b):
            return _triangular_slope(a, mode, b, z, q)
        case "normal", (_, sd):
            return np.broadcast_to(sd, q.shape)
        case "lognormal", (_, sigma):
            return sigma * q
        case "beta", (alpha, beta, a, b):
            return _beta_slope(alpha, beta, a, b, z, q)
        case "weibull", (shape, _):
            return _weibull_slope(shape, z, q)
    raise ValueError(family)  # no other is made into pieces of its numbers


def columns(parameters: Array) -> list[Array]:
    """Return the parameters (R, k) one by one, as columns (R, 1)."""
    return [parameters[:, k : k + 1] for k in range(parameters.shape[1])]


def log_gamma_quantile(alpha: Array, z: Array) -> Array:
    """Return the logarithm of the quantile of a gamma of scale one, with all its digits in both tails.

    Where the quantile would underflow it follows from P(a, x) → x^a / Γ(a + 1).
    """
    tail = ndtr(-np.abs(z))
    gamma = np.where(z > 0, gammainccinv(alpha, tail), gammaincinv(alpha, tail))
    power = (log_ndtr(z) + gammaln(alpha + 1)) / alpha
    found: Array = np.where(gamma > _TINY, np.log(np.maximum(gamma, _TINY)), power)
    return found


def log_gamma_slope(alpha: Array, z: Array, log_quantile: Array) -> Array:
    """Return the derivative of `log_gamma_quantile` with respect to the score."""
    log_density = alpha * log_quantile - np.exp(log_quantile) - gammaln(alpha)  # of the logarithm
    return _ratio(z, log_density)


def _density(z: Array) -> Array:
    found: Array = np.exp(-0.5 * z**2) / math.sqrt(2 * math.pi)
    return found


def _ratio(z: Array, log_density: Array) -> Array:
    """Return φ(z) / f, given the logarithm of f."""
    with np.errstate(over="ignore"):  # a slope beyond all numbers is held to the differences of the table
        found: Array = np.exp(-0.5 * z**2 - 0.5 * math.log(2 * math.pi) - log_density)
    return found


def _rows(parameters: Array, scores: Array) -> Sequence[tuple[Array, Array]]:
    wide = np.broadcast_to(scores, (len(parameters), *scores.shape[1:]))
    return list(zip(parameters, wide, strict=True))


def _interpolated(parameters: Array, z: Array) -> Array:
    levels, values = np.split(parameters, 2)
    found: Array = np.interp(ndtr(z), levels, values)
    return found


def _constant(value: Array, z: Array) -> Array:
    return np.broadcast_to(value, np.broadcast_shapes(value.shape, z.shape)).copy()


def _uniform(a: Array, b: Array, z: Array) -> Array:
    found: Array = a + (b - a) * ndtr(z)
    return found


def _triangular(a: Array, mode: Array, b: Array, z: Array) -> Array:
    width, lower, upper = b - a, mode - a, b - mode
    left: Array = a + np.sqrt(ndtr(z) * width * lower)
    right: Array = b - np.sqrt(ndtr(-z) * width * upper)  # upper tail from -z: 1 - Φ would lose digits
    return np.where(ndtr(z) * width <= lower, left, right)


def _normal(mean: Array, sd: Array, z: Array) -> Array:
    return mean + sd * z


def _lognormal(mu: Array, sigma: Array, z: Array) -> Array:
    return np.exp(mu + sigma * z)


def _beta(alpha: Array, beta: Array, a: Array, b: Array, z: Array) -> Array:
    tail = ndtr(-np.abs(z))  # each tail from its own end, for its digits
    found: Array = np.where(
        z > 0, b - (b - a) * betaincinv(beta, alpha, tail), a + (b - a) * betaincinv(alpha, beta, tail)
    )
    return found


def _gamma(alpha: Array, scale: Array, z: Array) -> Array:
    found: Array = scale * np.exp(log_gamma_quantile(alpha, z))
    return found


def _weibull(shape: Array, scale: Array, z: Array) -> Array:
    found: Array = scale * np.exp(np.log(-log_ndtr(-z)) / shape)
    return found


def _triangular_slope(a: Array, mode: Array, b: Array, z: Array, q: Array) -> Array:
    left = (ndtr(z) * (b - a) <= mode - a) & (q > a)
    from_end = np.where(left, q - a, np.maximum(b - q, np.finfo(float).tiny))
    found: Array = _density(z) * (b - a) * np.where(left, mode - a, b - mode) / (2 * from_end)
    return found


def _beta_slope(alpha: Array, beta: Array, a: Array, b: Array, z: Array, q: Array) -> Array:
    unit, rest = (q - a) / (b - a), (b - q) / (b - a)
    inside = (unit > 0) & (rest > 0)
    log_density = (
        (alpha - 1) * np.log(np.where(inside, unit, 0.5))
        + (beta - 1) * np.log(np.where(inside, rest, 0.5))
        - betaln(alpha, beta)
    )
    return np.where(inside, (b - a) * _ratio(z, log_density), 0.0)


def _weibull_slope(shape: Array, z: Array, q: Array) -> Array:
    hazard = np.exp(-0.5 * z**2 - log_ndtr(-z)) / math.sqrt(2 * math.pi)
    found: Array = q / shape * hazard / -log_ndtr(-z)
    return found


_QUANTILES: Final[Mapping[str, Callable[..., Array]]] = {
    "constant": _constant,
    "uniform": _uniform,
    "triangular": _triangular,
    "normal": _normal,
    "lognormal": _lognormal,
    "beta": _beta,
    "gamma": _gamma,
    "weibull": _weibull,
}
FAMILIES: Final = (*_QUANTILES, "empirical")


def inside_cut(z: Array, below: Array, above: Array) -> Array:
    """Return scores mapped into what is left of a distribution whose ends are cut: Φ(z') = below + kept·Φ(z)."""
    kept = 1 - below - above
    lower = ndtri(np.minimum(below + kept * ndtr(z), 1.0))
    upper = -ndtri(np.minimum(above + kept * ndtr(-z), 1.0))  # each half from its own end, for its digits
    found: Array = np.where(z > 0, upper, lower)
    return found


def cut_slope(z: Array, inside: Array, below: Array, above: Array) -> Array:
    """Return the derivative of `inside_cut`."""
    found: Array = (1 - below - above) * np.exp(0.5 * (inside**2 - z**2))
    return found
