"""What the annual balance and the simulation both keep of a block: a year's arrays, and the flows asked for.

Below its two users, which do not know each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cemfa import locale
from cemfa.errors import Problem, ResultsError
from cemfa.results import Request
from cemfa.system.layout import Array, System


@dataclass(frozen=True, slots=True, eq=False)
class Year:
    """One period of one block; the last axis is the sample.

    Parameters
    ----------
    flow : shape (F, L, S) [t/year]
    throughput : shape (P, L, S) [t/year]
    stock : shape (K, L, S), at the end of the year [t]
    parameter : shape (C, S)
    residual : largest relative residual
    dry : shape (M, S), products that lacked water for the moisture they state; None where nobody asked
    """

    flow: Array
    throughput: Array
    stock: Array
    parameter: Array
    residual: float
    dry: NDArray[np.bool_] | None = None


def kept_flows(system: System, request: Request) -> NDArray[np.intp]:
    """Return the positions of the flows whose samples a request keeps.

    Raises
    ------
    ResultsError
        where a name is no flow of the model.
    """
    names = request.flows if isinstance(request.flows, tuple) else ()
    unknown = [name for name in names if name not in system.model.flows]
    if unknown:
        raise locale.error(ResultsError, Problem("request-flow", parameters={"flows": unknown}))
    return np.flatnonzero(np.isin(system.flow_coords["flow_name"], names))
