"""What the core finds wrong in a column, as an error with names: process, layer, year, sample and value.

Between `refusing`, which knows positions only, and whoever reads the message; used by `limits`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cemfa import locale
from cemfa.errors import ClosedLoopError, Place, Problem, SolveError
from cemfa.system.layout import Array, System
from cemfa.system.numbers import Numbers, ends
from cemfa.system.refusing import ClosedColumn, WrongColumn


def named(
    system: System, found: ClosedColumn | WrongColumn, layers: NDArray[Any], year: int, live: NDArray[Any]
) -> SolveError:
    """Return the error for a finding in columns that are layers, each with its samples.

    Parameters
    ----------
    layers : shape (D,), positions of the layers
    live : shape (S,), numbers of the samples
    """
    layer, column = divmod(found.column, len(live))
    shown: dict[str, object] = {"layer": system.layers[layers[layer]], "year": year, "sample": int(live[column])}
    if isinstance(found, ClosedColumn):
        shown["processes"] = [system.process_ids[p] for p in found.processes]
        return locale.error(ClosedLoopError, Problem("closed-loop", Place(), shown))
    if found.kind == "share":
        shown |= {"flow": system.flow_ids[found.row], "value": found.value}
        place = Place(path=f"flows.{system.flow_coords['flow_name'][found.row]}")
        if system.given[found.row]:
            return locale.error(SolveError, Problem("mass-negative", place, {**shown, **ends(system, found.row)}))
        shown["process"] = system.process_ids[system.source[found.row]]
        return locale.error(SolveError, Problem("share-negative", place, shown))
    shown["process"] = system.process_ids[found.row]
    place = Place(path=f"processes.{system.process_coords['process_name'][found.row]}")
    if found.kind != "sum":  # leaks are not used here, and inputs are masses of flows
        return locale.error(SolveError, Problem("throughput-endless", place, {**shown, "value": found.value}))
    flows = [system.flow_ids[f] for f in np.flatnonzero(system.source == found.row)]
    code = "shares-above-one" if found.value > 1 else "shares-below-one"
    return locale.error(SolveError, Problem(code, place, {**shown, "sum": found.value, "flows": flows}))


def refuse_wrong_numbers(system: System, numbers: Numbers, capacity: Array | None) -> None:
    """Raise for the first amount, ratio, moisture, demand or capacity that is negative or not a number."""
    stated = (
        (numbers.amounts_out, system.amounts_out.flow), (numbers.ratios_in, system.ratios_in.flow),
        (numbers.ratios_out, system.ratios_out.flow), (numbers.demand, system.demands.flow),
        (numbers.moisture, system.moistures.flow),
    )  # fmt: skip
    year = system.years[numbers.period]
    for values, flows in stated:
        wrong = ~((values >= 0.0) & (values < np.inf))
        if wrong.any():
            entry, sample = np.argwhere(wrong)[0].tolist()
            flow = int(flows[entry])
            shown = {"flow": system.flow_ids[flow], **ends(system, flow), "value": float(values[entry, sample])}
            place = Place(path=f"flows.{system.flow_coords['flow_name'][flow]}")
            raise locale.error(SolveError, Problem("stated-negative", place, {**shown, "year": year, "sample": sample}))
    if capacity is not None and not (capacity >= 0.0).all():
        entry, sample = np.argwhere(~(capacity >= 0.0))[0].tolist()
        group, value = system.groups[entry], float(capacity[entry, sample])
        shown = {"group": group.name, "value": value, "year": year, "sample": sample}
        raise locale.error(
            SolveError, Problem("capacity-negative", Place(path=f"processes.{group.process}.capacity"), shown)
        )
