"""Rules on stocks with a lifetime: its parameters, its past, and what holds a content that is given."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from cemfa.definition.checks.context import Context
from cemfa.definition.expansion import element_id
from cemfa.definition.schema import LIFETIME_PARAMETERS, Stock
from cemfa.errors import Problem

_PARAMETERS = ("mean", "sd", "shape", "scale")


def lifetime(c: Context, name: str, stock: Stock) -> Iterator[Problem]:
    """Check that a lifetime has its parameters and no others, a past, an outflow, and no decay beside it."""
    where, law = ("processes", name, "stock"), stock.lifetime or ""
    needed = LIFETIME_PARAMETERS[law]
    missing = [key for key in needed if getattr(stock, key) is None]
    if missing:
        yield Problem("lifetime-incomplete", c.at(*where), {"lifetime": law, "missing": missing})
    for key in _PARAMETERS:
        if key not in needed and getattr(stock, key) is not None:
            shown = {"key": key, "lifetime": law, "known": list(needed)}
            yield Problem("lifetime-key", c.at(*where, key, key=True), shown)
    decaying = [key for key in ("decay", "layer", "rate", "degradable") if getattr(stock, key) not in (None, "none")]
    if decaying:
        yield Problem("decay-and-lifetime", c.at(*where, decaying[0], key=True), {"process": name})
    if not c.leaving(name) and c.whole(name):
        yield Problem("lifetime-no-release", c.at(*where), {"process": name})
    yield from _above_zero(c, name, stock, needed)
    yield from _past(c, name, stock)
    yield from _content(c, name, stock)


def without_lifetime(c: Context, name: str, stock: Stock) -> Iterator[Problem]:
    """Check that what only a lifetime reads stands beside one."""
    given = [key for key in (*_PARAMETERS, "content", "starts") if getattr(stock, key) is not None]
    plain = {"timing": "end_of_year", "surplus": "refuse", "history_states": "entered", "basis": "fresh"}
    given += [key for key, default in plain.items() if getattr(stock, key) != default]
    if given:
        place = c.at("processes", name, "stock", given[0], key=True)
        yield Problem("lifetime-missing", place, {"keys": given, "known": list(LIFETIME_PARAMETERS)})


def _content(c: Context, name: str, stock: Stock) -> Iterator[Problem]:
    """Check that an inflow holds a content that is given, and that nothing else asks for one."""
    where = ("processes", name, "stock")
    if stock.content is None:
        if stock.surplus == "retire":
            yield Problem("surplus-without-content", c.at(*where, "surplus", key=True), {"process": name})
        return
    fills = any(flow.fills == "stock" for _, _, flow in c.entering(name))
    if not fills and c.whole(name):
        yield Problem("content-unfilled", c.at(*where, "content"), {"process": name})
    if c.model.processes[name].demand is not None:
        yield Problem("content-and-demand", c.at(*where, "content"), {"process": name})


def _past(c: Context, name: str, stock: Stock) -> Iterator[Problem]:
    """Check that what stood there before the first period is given, year by year, or known to be nothing."""
    where = ("processes", name, "stock")
    if stock.history is None:
        if stock.starts is None:
            yield Problem("no-past", c.at(*where), {"process": name})
        return
    if stock.starts is not None:
        yield Problem("starts-and-history", c.at(*where, "starts", key=True), {"process": name})
    items: dict[tuple[tuple[str, str], ...], set[int]] = defaultdict(set)
    for row in c.model.history:
        if row.process == name:
            items[tuple(sorted(row.index.items()))].add(row.year)
    first = c.model.periods.first
    for index, years in items.items():
        missing = sorted(set(range(min(years), first)) - years)
        if missing and max(years) < first:
            process = element_id(name, [item for _, item in index])
            shown = {"process": process, "first": first, "missing": missing, "years": sorted(years)}
            yield Problem("history-gap", c.at(*where, "history"), shown)


def _above_zero(c: Context, name: str, stock: Stock, needed: Sequence[str]) -> Iterator[Problem]:
    """Check that no row of a lifetime's parameter, nor its lower bound, is zero or less."""
    for key in needed:
        for position, row in c.rows.get(getattr(stock, key) or "", ()):
            column = "value" if row.value <= 0 else "low"
            value = row.value if row.value <= 0 else row.low
            if value is not None and value <= 0:
                shown = {"parameter": row.parameter, "value": value, "process": name, "key": key}
                yield Problem("lifetime-row", c.at("parameters", position, column), shown)
