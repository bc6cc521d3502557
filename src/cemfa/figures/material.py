"""Results into the plain tables that figures draw: flows added up between processes.

The one module of the room that knows the shape of results.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from cemfa import results as shape
from cemfa.figures.sankey_flows import COLUMNS, OUTSIDE


def flow_table(
    results: xr.Dataset, period: int, layer: str = "fresh", *, origins: Collection[str] = (), without: bool = False
) -> pd.DataFrame:
    """Return the flows of a period between processes by name: columns source, target, good, value [t/year].

    Means over the samples; districts, settlements and other dimensions are added up, a flow between two copies of
    the same process (another district's, say) becomes a loop of that process.

    Parameters
    ----------
    results : of `solve` or `simulate`, with all flows or their means
    period : calendar year
    layer : a layer, or ``fresh`` for the sum of the mass layers
    origins : keep what comes from these origins (household, market …); what else such a process takes in, such as
        husk beside food in a composting yard, stands as coming from outside the diagram. Empty: everything
    without : turn the choice of origins round

    Raises
    ------
    ResultsError
        if the results hold no flows or not that layer.
    """
    flows = shape.Accessor(results).flows(layer).sel(period=period)
    if "sample" in flows.dims:
        flows = flows.mean("sample")
    source, target = _names(flows, "source"), _names(flows, "target")
    kept = np.ones(len(source), dtype=bool)
    if origins:
        wanted = np.array([bool({*str(o).split("+")} & {*origins}) for o in flows["origin"].to_numpy()])
        kept = wanted if not without else ~wanted
        source, target, kept = _with_companions(source, target, kept)
    frame = pd.DataFrame(
        {
            "source": source[kept],
            "target": target[kept],
            "good": flows["good"].to_numpy().astype(str)[kept],
            "value": flows.to_numpy().astype(np.float64)[kept],
        }
    )
    return frame.groupby(list(COLUMNS[:3]), sort=True)["value"].sum().reset_index()


def _names(flows: xr.DataArray, end: str) -> npt.NDArray[np.str_]:
    """Return the process names at one end: ids are ``name[items]``."""
    ids = flows[end].to_numpy().astype(str)
    return np.array([str(name).partition("[")[0] or OUTSIDE for name in ids])


def _with_companions(
    source: npt.NDArray[np.str_], target: npt.NDArray[np.str_], kept: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.str_], npt.NDArray[np.str_], npt.NDArray[np.bool_]]:
    """Add the other inputs and outputs of processes that pass kept matter on, as crossing the diagram's edge.

    Without them the boxes of such processes would be larger on one side for no visible reason.
    """
    passing = set(target[kept]) & set(source[kept]) - {OUTSIDE}
    into = ~kept & np.isin(target, sorted(passing))
    out = ~kept & np.isin(source, sorted(passing))
    return np.where(into, OUTSIDE, source), np.where(out & ~into, OUTSIDE, target), kept | into | out
