"""How plants run month by month: whose months a comparison keeps, and their series as rows.

Beside `losses` in `comparison`. What is kept of all histories together is a mean and three percentiles per month.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import pandas as pd

from cemfa.plan import content_of
from cemfa.simulation.months import OF_GROUPS, OF_STORES

if TYPE_CHECKING:
    from cemfa.comparison.outcome import Comparison, OptionResult
    from cemfa.definition.schema import Model, Scenario

SERIES: Final = {**dict.fromkeys(OF_GROUPS, "group"), **dict.fromkeys(OF_STORES, "store")}
"""What is told of a month, and whether of a plant or of a store: use of capacity [1], mass taken in and turned away
[t], what waits at its end, and what lies there with the batches under way [t]."""
Row = tuple[str, str, str, str, float, float, float, float]
COLUMNS: Final = ("option", "month", "plant", "what", "unit", "mean", "p5", "p50", "p95")


def watched_processes(scenario: Scenario, model: Model) -> tuple[str, ...]:
    """Return the processes whose months are kept: those that any option builds, those that events close or watch."""
    built = [p.process for option in scenario.options for p in content_of(scenario, option)[0].values()]
    closed = [event.process for event in scenario.events.values()]
    loaded = [event.load.process for event in scenario.events.values() if event.load is not None]
    named = dict.fromkeys(name for name in (*built, *closed, *loaded) if name)
    return tuple(name for name in named if model.processes[name].capacity is not None)


def month_rows(option: OptionResult, first: int | None = None) -> Iterator[Row]:
    """Yield (month, plant, what, unit, mean, P5, P50, P95); what is nothing in all months is left out.

    So is what plants turn away that take in nothing.

    Parameters
    ----------
    first : the year to begin with; default: that of the model
    """
    for what, place in SERIES.items():
        if f"month_{what}_mean" not in option.flows:
            continue
        mean, levels = (option.flows[f"month_{what}_{kind}"] for kind in ("mean", "quantile"))
        unit, months = str(mean.attrs["unit"]), [str(month) for month in mean["month"].to_numpy()]
        shown = [n for n, month in enumerate(months) if first is None or int(month[:4]) >= first]
        busy = option.flows["month_intake_mean" if place == "group" else f"month_{what}_mean"].to_numpy()
        values = (mean.to_numpy(), *levels.to_numpy())
        for column, plant in enumerate(mean[f"month_{place}"].to_numpy().tolist()):
            for n in shown if busy[:, column].any() else ():
                low, middle, high = (float(value[n, column]) for value in values[1:])
                yield months[n], plant, what, unit, float(values[0][n, column]), low, middle, high


def month_frame(comparison: Comparison) -> pd.DataFrame:
    """Return how the plants of every option run from the first decision year on, a row per month, plant and series."""
    first = comparison.scenario.decisions_from
    rows = [(option.id, *row) for option in comparison.options for row in month_rows(option, first)]
    return pd.DataFrame(rows, columns=list(COLUMNS))
