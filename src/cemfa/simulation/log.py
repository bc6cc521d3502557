"""The event log of a simulation as a table: what happened to which plant on which date, in one replication.

After the ensemble; reads results of the one shape, also those from a file.
"""

from __future__ import annotations

import datetime
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr

COLUMNS: Final = ("replication", "date", "kind", "subject", "days", "capacity")
"""Columns of the table; `days` is how long it lasts, `capacity` [t/d] what a commissioning brings."""


def event_table(results: xr.Dataset, replication: int | None = None) -> pd.DataFrame:
    """Return what happened, in the order in which it did.

    Parameters
    ----------
    results : of `simulate`
    replication : one of the first, whose events are written down; default: all of those

    Examples
    --------
    >>> from cemfa.definition.load import read_model, read_scenario
    >>> from cemfa.simulation import simulate
    >>> from cemfa.system.compile import compile_system
    >>> system = compile_system(read_model("first_steps"))
    >>> results = simulate(system, read_scenario("first_steps_2030"), option="south_yard", replications=1)
    >>> event_table(results).query("kind == 'commissioned'")[["date", "subject", "capacity"]].values.tolist()
    [[datetime.date(2027, 10, 22), 'yard_south', 5.0]]
    """
    start = datetime.date.fromisoformat(str(results.attrs["start"]))
    days = results["event_day"].to_numpy()
    built = np.isin(results["event_kind"].to_numpy(), ["commissioned", "decided"])
    value = results["event_value"].to_numpy()
    table = pd.DataFrame({
        "replication": results["event_sample"].to_numpy(),
        "date": [start + datetime.timedelta(days=int(np.floor(day))) for day in days.tolist()],
        "kind": results["event_kind"].to_numpy(),
        "subject": results["event_subject"].to_numpy(),
        "days": np.where(built, np.nan, value),
        "capacity": np.where(built, value, np.nan),
    })  # fmt: skip
    order = np.lexsort((results["event_subject"].to_numpy(), days, results["event_sample"].to_numpy()))
    table = table.iloc[order]
    if replication is not None:
        table = table[table["replication"] == replication]
    return table.reset_index(drop=True)


def month_table(results: xr.Dataset) -> pd.DataFrame:
    """Return what every plant took in and turned away month by month, and what waited: means and P5, P95 [t].

    Parameters
    ----------
    results : of `simulate` with a request that keeps months
    """
    rows = []
    for name in ("intake", "refused", "available", "backlog", "storage"):
        values = results[f"monthly_{name}"]
        places = "store" if name in ("backlog", "storage") else "group"
        samples = values.transpose("month", places, "sample").to_numpy()
        for (month, place), drawn in zip(
            np.ndindex(samples.shape[:2]), samples.reshape(-1, samples.shape[2]), strict=True
        ):
            if drawn.any():
                key = (str(values["month"].to_numpy()[month]), str(values[places].to_numpy()[place]), name)
                mean = float(drawn.mean())  # ordered: all samples of one number
                rows.append((*key, mean, *np.quantile(drawn, [0.05, 0.95]).tolist()))
    return pd.DataFrame(rows, columns=["month", "plant", "what", "mean", "p5", "p95"])
