"""What a Sankey diagram is made of: flows read from a table, the boundary cut open, thin flows joined.

Below `cemfa.figures.sankey_layout`, which gives every flow its place.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import pandas as pd

from cemfa import locale
from cemfa.errors import Problem, ResultsError
from cemfa.figures.layering import Edge, backward_edges, circling_nodes, layers

OUTSIDE: Final = "outside"
OTHER: Final = "other_goods"
COLUMNS: Final = ("source", "target", "good", "value")
_LOOP_SHARE: Final = 0.05  # how much thinner than others a flow to or from a loop may be

Kind = Literal["process", "import", "export"]
Flows = dict[tuple[str, str, str], float]


def read_flows(table: pd.DataFrame) -> Flows:
    """Return the flows of a table with the columns source, target, good, value, added up; zeros are left out.

    Raises
    ------
    ResultsError
        with all that is wrong: a column is missing [figure-columns], a value is no number ≥ 0 [figure-value],
        there is nothing to draw [figure-empty].

    >>> read_flows(pd.DataFrame({"source": ["a", "a"], "target": "b", "good": "husk", "value": [1.0, 2.0]}))
    {('a', 'b', 'husk'): 3.0}
    """
    if missing := [name for name in COLUMNS if name not in table.columns]:
        raise locale.error(ResultsError, Problem("figure-columns", parameters={"missing": missing, "all": COLUMNS}))
    flows: Flows = {}
    problems = []
    rows = zip(*(table[name].tolist() for name in COLUMNS), strict=True)
    for source, target, good, value in rows:
        number = float(value)
        if not (np.isfinite(number) and number >= 0):
            what = {"flow": f"{source} → {target} ({good})", "value": str(value)}
            problems.append(Problem("figure-value", parameters=what))
        elif number > 0:
            key = (str(source), str(target), str(good))
            flows[key] = flows.get(key, 0.0) + number
    if not problems and not flows:
        problems.append(Problem("figure-empty"))
    if problems:
        raise locale.error(ResultsError, problems)
    return dict(sorted(flows.items()))


def across_boundary(flows: Flows) -> Flows:
    """Give every process its own spot for what comes from outside and what leaves: one box would tie all in loops."""
    found: Flows = {}
    for (source, target, good), mass in flows.items():
        start = f"\timport\t{target}" if source == OUTSIDE else source
        end = f"\texport\t{source}" if target == OUTSIDE else target
        found[start, end, good] = mass
    return found


def kind_of(node: str) -> Kind:
    """Return whether a spot is a process or where matter crosses the boundary."""
    return "import" if node.startswith("\timport") else "export" if node.startswith("\texport") else "process"


def place_of(node: str) -> str:
    """Return the process that a spot stands for or beside."""
    return node.rpartition("\t")[2]


def pairs_of(flows: Flows) -> dict[Edge, float]:
    """Return the mass between two spots, all goods together."""
    pairs: dict[Edge, float] = {}
    for (source, target, _), mass in sorted(flows.items()):
        pairs[source, target] = pairs.get((source, target), 0.0) + mass
    return pairs


def fullest(flows: Flows) -> float:
    """Return the largest mass that stands in one layer, boxes and passing ribbons together."""
    pairs = pairs_of(flows)
    back = backward_edges(pairs)
    forward = {edge: mass for edge, mass in pairs.items() if edge not in back}
    layer = layers(forward) if forward else {}
    into: dict[str, float] = {}
    out: dict[str, float] = {}
    load: dict[int, float] = {}
    for (source, target), mass in pairs.items():
        out[source] = out.get(source, 0.0) + mass
        into[target] = into.get(target, 0.0) + mass
        if (source, target) in forward:
            for number in range(layer[source] + 1, layer[target]):
                load[number] = load.get(number, 0.0) + mass
    for node in sorted({*into, *out}):
        number = layer.get(node, 0)
        load[number] = load.get(number, 0.0) + max(into.get(node, 0.0), out.get(node, 0.0))
    return max(load.values())


def bundle(flows: Flows, smallest: float) -> tuple[Flows, tuple[int, float]]:
    """Join the small flows of a pair under "other goods"; leave out what is still too small, and count it.

    Loops stay however thin, and so do most flows that lead to them: loops are what the diagram is drawn for.
    """
    circling = circling_nodes(pairs_of(flows))
    shares = (1.0, _LOOP_SHARE, 0.0)  # by the number of ends on a loop
    least = {key: smallest * shares[sum(end in circling for end in key[:2])] for key in flows}
    kept = {key: mass for key, mass in flows.items() if mass >= least[key]}
    small: dict[Edge, list[tuple[str, float]]] = {}
    for (source, target, good), mass in flows.items():
        if mass < least[source, target, good]:
            small.setdefault((source, target), []).append((good, mass))
    count, total = 0, 0.0
    for pair, goods in small.items():
        mass = sum(value for _, value in goods)
        if mass >= smallest and len(goods) > 1:
            kept[(*pair, OTHER)] = mass
        else:
            count, total = count + len(goods), total + mass
    if not kept:  # every flow is small: then none is
        return dict(flows), (0, 0.0)
    return kept, (count, total)
