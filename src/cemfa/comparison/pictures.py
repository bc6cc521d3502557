"""The figures of a comparison: picks its numbers out and hands them to `cemfa.figures`.

Between `outcome` and those who show figures, `plot` and the report; every function returns a picture in one
language, or None where there is nothing to show.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from cemfa import locale, units
from cemfa.comparison.dominance import efficient
from cemfa.comparison.losses import mean_losses
from cemfa.comparison.pairs import HEADLINE
from cemfa.comparison.words import BILLION, Words
from cemfa.definition.technologies import chain_of
from cemfa.figures.gantt import Task, gantt
from cemfa.figures.maps import Spot, point_map
from cemfa.figures.material import flow_table
from cemfa.figures.money import CostPoint, Spread, UnitCost, cash_flow, cost_against_rate, cost_per_tonne
from cemfa.figures.paths import Band, target_paths
from cemfa.figures.picture import Picture
from cemfa.figures.ranking import Share, least_sure
from cemfa.figures.sankey import sankey
from cemfa.figures.sankey_layout import shared_scale
from cemfa.figures.waterfall import Step, waterfall
from cemfa.indicators import ALL
from cemfa.indicators.losses import CAUSES
from cemfa.indicators.spread import Stat, stat_of

if TYPE_CHECKING:
    import xarray as xr

    from cemfa.comparison.outcome import Comparison, OptionResult, ProjectResult
    from cemfa.definition.schema import Project, Target

SMALLEST: Final = 1e-9
"""Share of the whole from which a loss is shown: what is less is rounding."""
WASTE: Final = ("household", "market")
"""Origins of the waste that the headline targets speak of."""


def base_year(comparison: Comparison) -> int:
    """Return the year of the latest observations, which all options share."""
    return comparison.model.base_year or comparison.model.periods.first


NOTHING: Final = Stat(*[float("nan")] * 5)
_NO_PLANTS: Final = ("landfill", "dumping", "burial", "open_burning")


@dataclass(frozen=True, slots=True, eq=False)
class Diagrams:
    """What the flow diagrams of one report share: tables by (option, year), one scale, goods in one order.

    Parameters
    ----------
    tables : household and market waste [t/d, wet]
    by_products : everything else in the base year [t/d, wet]; empty where the model holds nothing else
    scale : of the waste diagrams [points per t/d]
    goods : ids, those with the largest flows first, so that they get the clearest colours
    """

    tables: Mapping[tuple[str, int], pd.DataFrame]
    by_products: pd.DataFrame
    scale: float
    goods: tuple[str, ...]


def diagrams(comparison: Comparison) -> Diagrams:
    """Return the tables of all flow diagrams with the scale and the order of goods that they share."""
    base, year = base_year(comparison), comparison.scenario.target_year
    wanted = [(comparison.option(comparison.baseline), base), *((option, year) for option in comparison.plain)]
    tables = {(option.id, when): per_day(option, when) for option, when in wanted}
    totals = pd.concat(tables.values()).groupby("good")["value"].sum().sort_values(ascending=False, kind="stable")
    rest = per_day(comparison.option(comparison.baseline), base, without=True)
    return Diagrams(tables, rest, shared_scale(list(tables.values())), tuple(str(good) for good in totals.index))


def per_day(option: OptionResult, year: int, *, without: bool = False) -> pd.DataFrame:
    """Return the flows of household and market waste in a year, or the others, as people speak of them [t/d, wet]."""
    held = {part for origin in option.flows["origin"].to_numpy() for part in str(origin).split("+")}
    origins = WASTE if held & {*WASTE} else ()
    table = flow_table(option.flows, year, origins=origins, without=without)
    if without and not origins:
        table = table.iloc[:0]
    return table.assign(value=table["value"] / float(option.flows["days"].sel(period=year)))


def flows(comparison: Comparison, option: OptionResult, year: int, shared: Diagrams, words: Words) -> Picture:
    """Return the Sankey diagram of the waste of an option in a year."""
    title = f"{words.label(option.label)}: {words.text('flows_title', year=year)}"
    return _sankey(comparison, shared.tables[option.id, year], shared.goods, title, shared.scale, words)


def by_products(comparison: Comparison, shared: Diagrams, words: Words) -> Picture | None:
    """Return the Sankey diagram of what is not household waste, in the base year and a scale of its own."""
    table = shared.by_products
    if table.empty or not table["value"].any():
        return None
    totals = table.groupby("good")["value"].sum().sort_values(ascending=False, kind="stable")
    title = words.text("f_by_products", year=base_year(comparison))
    return _sankey(comparison, table, tuple(str(good) for good in totals.index), title, None, words)


def _sankey(
    comparison: Comparison, table: pd.DataFrame, order: Sequence[str], title: str, scale: float | None, words: Words
) -> Picture:
    model, lang = comparison.model, words.lang
    return sankey(
        table, lang, title=title, scale=scale, unit=locale.text("figures.tonnes_per_day", lang),
        labels={name: model.name_of("process", name, lang) for name in model.processes},
        goods={name: model.name_of("good", name, lang) for name in order},
        colours={name: good.colour for name, good in model.goods.items() if good.colour},
    )  # fmt: skip


def headline_targets(comparison: Comparison) -> tuple[Target, ...]:
    """Return the targets that decide, rural before urban: there lies most of the waste."""
    found = [target for target in comparison.model.targets if target.id in comparison.headline]
    return tuple(sorted(found, key=lambda target: target.where.get("settlement") != "rural"))


def place_of(comparison: Comparison, target: Target, words: Words) -> str:
    """Return the part of the area that a target speaks of."""
    for dimension, item in target.where.items():
        if dimension in comparison.model.dimensions:
            found = next((i for i in comparison.model.items(dimension) if i.id == item), None)
            return words.label(found.label, item).lower() if found else item
    return words.text("place_all")


def rates(comparison: Comparison, target: Target, place: str, words: Words) -> Picture:
    """Return the course of the headline rate of one settlement, option by option."""
    where = target.where.get("settlement", "all")
    bands = {
        option.id: rate_band(option.indicators[HEADLINE], where, full_name(option, words))
        for option in comparison.plain
    }
    return target_paths(
        list(bands.values()), words.lang, title=words.text("f_rates", place=place), y_label=words.text("axis_rate"),
        target=target.value, target_year=target.year, reference=bands.get(comparison.baseline),
    )  # fmt: skip


def costs(comparison: Comparison, target: Target, place: str, words: Words) -> Picture:
    """Return cost per year against the headline rate."""
    year = comparison.scenario.target_year
    points = []
    for option in comparison.plain:
        rate = option.target(target.id).value
        paid = yearly_payment(option)
        if rate and paid:
            label = words.label(option.label)
            points.append(CostPoint(option.letter, label, _spread(rate, 100.0), _spread(paid, 1 / BILLION)))
    points = _marked(points)
    price_year = comparison.scenario.finance.price_year
    return cost_against_rate(
        points, words.lang, title=words.text("f_costs", year=year, place=place),
        x_label=words.text("axis_rate_place", year=year, place=place[:1].upper() + place[1:]),
        y_label=words.text("axis_cost", price_year=price_year), target=target.value,
    )  # fmt: skip


def _marked(points: Sequence[CostPoint]) -> list[CostPoint]:
    """Return points that know whether none of the others is both cheaper and higher, by their medians."""
    if not points:
        return []
    best = efficient({str(n): [p.cost.middle, p.rate.middle] for n, p in enumerate(points)}, ["min", "max"])
    return [replace(point, efficient=bool(best[str(n)])) for n, point in enumerate(points)]


def unit_costs(comparison: Comparison, words: Words) -> Picture | None:
    """Return what a tonne taken in costs under each option, and less what products earn; None where nothing is."""
    rows = []
    for option in comparison.plain:
        per_tonne, net = option.economics.levelised_cost, option.economics.levelised_cost_net
        if per_tonne or net:
            cost, less = (_spread(stat, 1e-3) if stat else None for stat in (per_tonne, net))
            rows.append(UnitCost(full_name(option, words), cost, less))
    if not rows:
        return None
    return cost_per_tonne(
        rows, words.lang, title=unit_costs_caption(comparison, words),
        x_label=words.text("axis_unit_costs", price_year=comparison.scenario.finance.price_year),
        names=(words.text("c_levelised"), words.text("c_levelised_net")),
    )  # fmt: skip


def unit_costs_caption(comparison: Comparison, words: Words) -> str:
    """Return what the figure of cost per tonne shows."""
    scenario = comparison.scenario
    return words.text("f_unit_costs", first=scenario.finance.start, last=scenario.horizon)


def payments(option: OptionResult) -> Mapping[str, Sequence[float]]:
    """Return per funder the mean payment of every year [bn VND]; funders that never pay are left out."""
    budget = option.economics.budget.mean("sample")
    rows = {str(name): (budget.sel(funder=name) / BILLION).to_numpy().tolist() for name in budget["funder"].to_numpy()}
    return {name: row for name, row in rows.items() if any(abs(value) > 1e-9 for value in row)}


def yearly_payment(option: OptionResult) -> Stat | None:
    """Return what is paid per year by all together, mean over the years [VND]."""
    budget = option.economics.budget
    return stat_of(budget.sum("funder").mean("year").to_numpy())


def losses(comparison: Comparison, option: OptionResult, words: Words) -> Picture | None:
    """Return how much of what is generated is recycled and used in the target year, loss by loss, means."""
    year = comparison.scenario.target_year
    means = mean_losses(option, year, ALL, ALL)
    if not means["generated"]:
        return None
    shown = [cause for cause in CAUSES if means[cause] > means["generated"] * SMALLEST]
    parts = [("generated", means["generated"]), *((cause, means[cause]) for cause in shown)]
    parts += [("recycled", means["recycled"])]
    if means["unsold"] > means["generated"] * SMALLEST:
        parts += [("unsold", means["unsold"]), ("used", means["recycled"] - means["unsold"])]
    whole = ("generated", "recycled", "used")
    steps = [Step(locale.text(f"comparison.loss.{key}", words.lang), value, key in whole) for key, value in parts]
    title = words.text("f_losses", option=words.label(option.label), year=year)
    return waterfall(steps, words.lang, title=title, x_label=words.text("axis_losses"))


def cash(comparison: Comparison, option: OptionResult, words: Words) -> Picture | None:
    """Return who pays what in which year."""
    rows = payments(option)
    if not rows:
        return None
    years = [int(year) for year in option.economics.budget["year"].to_numpy()]
    named = {funder_name(comparison, key, words): row for key, row in rows.items()}
    price_year = comparison.scenario.finance.price_year
    title = words.text("f_cash", option=words.label(option.label))
    return cash_flow(years, named, words.lang, title=title, y_label=words.text("axis_money", price_year=price_year))


def funder_name(comparison: Comparison, key: str, words: Words) -> str:
    """Return the name of a source of money; what nobody pays has a name too."""
    funders = comparison.scenario.funders
    return words.label(funders[key].label) if key in funders else words.text("unfunded")


def doubts(comparison: Comparison, option: OptionResult, words: Words) -> Picture | None:
    """Return what the headline rate is least sure about."""
    if not option.drivers:
        return None
    year = comparison.scenario.target_year
    shares = [Share(words.label(d.label, d.parameter), d.share, d.basis == "unverified") for d in option.drivers]
    title = words.text("f_least", option=words.label(option.label), year=year)
    return least_sure(shares, words.lang, title=title, x_label=words.text("least_axis", year=year))


def timeline(comparison: Comparison, words: Words) -> Picture | None:
    """Return when every project of every option is decided, built and running."""
    tasks = []
    for option in comparison.plain:
        tasks += [_task(comparison, project, full_name(option, words), words) for project in option.projects]
    if not tasks:
        return None
    scenario = comparison.scenario
    return gantt(
        tasks, words.lang, title=words.text("s_time"), until=scenario.horizon + 1.0, target_year=scenario.target_year
    )


def plants(comparison: Comparison, option: OptionResult, words: Words) -> Picture | None:
    """Return a map of the districts with the capacity and intake of plants in the target year."""
    places = {
        item.id: item
        for name, dimension in comparison.model.dimensions.items()
        if dimension.alias is None
        for item in comparison.model.items(name)
        if item.lat is not None and item.lon is not None
    }
    if not places:
        return None
    year = comparison.scenario.target_year
    capacity, intake = _plants_by_place(comparison, option, year, places)
    every = [_plants_by_place(comparison, other, year, places)[0] for other in comparison.plain]
    largest = max((mass for held in every for mass in held.values()), default=None)
    spots = [
        Spot(
            words.label(item.label, key), item.lat or 0.0, item.lon or 0.0, capacity.get(key, 0.0), intake.get(key, 0.0)
        )
        for key, item in places.items()
    ]
    return point_map(spots, words.lang, title=words.text("map_title", year=year), largest=largest)


def full_name(option: OptionResult, words: Words) -> str:
    """Return letter and label of an option: ``B. Two small yards``."""
    label = words.label(option.label)
    return f"{option.letter}. {label}" if option.letter else label


def rate_band(values: xr.DataArray, item: str, label: str) -> Band:
    """Return a rate of one item, such as a settlement, as median and P5–P95 of every year [%].

    Parameters
    ----------
    values : (sample, period) and the part that items are of
    item : `all` for the whole
    """
    for dimension in set(values.dims) - {"sample", "period"}:
        values = values.sel({dimension: item})
    values = values.transpose("period", "sample")
    stats = [stat_of(samples) or NOTHING for samples in values.to_numpy()]
    low, middle, high = (tuple(100 * getattr(stat, end) for stat in stats) for end in ("p5", "p50", "p95"))
    return Band(label, tuple(int(year) for year in values["period"].to_numpy()), low, middle, high)


def _spread(stat: Stat, scale: float) -> Spread:
    return Spread(stat.p5 * scale, stat.p50 * scale, stat.p95 * scale)


def _task(comparison: Comparison, project: ProjectResult, group: str, words: Words) -> Task:
    """Return a project in time: its stages in proportion to their central durations, up to the median of running."""
    written = _written(comparison, project.id)
    chain = comparison.scenario.simulation.stages[chain_of(written)]
    decided = units.decimal_year(project.decision)
    months = sum(stage.duration.value for stage in chain)
    central = decided + months / 12
    ready = project.commissioning or Stat(central, central, central, central, 0.0)
    stages, start = [], decided
    for stage in chain:
        end = start + (ready.p50 - decided) * (stage.duration.value / months if months else 0.0)
        stages.append((words.label(stage.label), start, end))
        start = end
    spread = (ready.p5, ready.p50, ready.p95)
    return Task(words.label(project.label), group, decided, tuple(stages), spread, words.text(f"form_{project.form}"))


def _written(comparison: Comparison, key: str) -> Project:
    return next(o.projects[key] for o in comparison.scenario.options.values() if key in o.projects)


def _plants_by_place(
    comparison: Comparison, option: OptionResult, year: int, places: Collection[str]
) -> tuple[dict[str, float], dict[str, float]]:
    """Return capacity and mean intake per place [t/d] from the groups of plants; landfills are none."""
    capacity: dict[str, float] = {}
    intake: dict[str, float] = {}
    if "available" not in option.flows or "utilisation" not in option.flows:
        return capacity, intake
    chosen = option.flows[["available", "utilisation"]].sel(period=year).transpose("sample", "group")
    available, used = chosen["available"].to_numpy(), chosen["utilisation"].to_numpy()
    for column, group in enumerate(chosen["group"].to_numpy()):
        process, _, items = str(group).rstrip("]").partition("[")
        plant = comparison.model.processes[process]
        here = [*items.split(","), *plant.site.values()]
        place = next((item for item in here if item in places), None)
        if place is None or plant.treatment in _NO_PLANTS:
            continue
        capacity[place] = capacity.get(place, 0.0) + float(np.mean(available[:, column]))
        intake[place] = intake.get(place, 0.0) + float(np.mean(available[:, column] * used[:, column]))
    return capacity, intake
