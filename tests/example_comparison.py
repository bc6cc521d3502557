"""A comparison made by hand on the sample town: every part of the report has something to show.

The numbers are invented and small; what is tested with it is how they are shown, not what they are.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping

import numpy as np
import xarray as xr

from cemfa.comparison.criteria import rank_stability, weighted_sum
from cemfa.comparison.decision import aim_of
from cemfa.comparison.drawn import Drawn
from cemfa.comparison.outcome import (
    Comparison,
    Decision,
    Donation,
    Driver,
    Economics,
    Latest,
    OptionResult,
    ProgrammeResult,
    ProjectResult,
    Reason,
    Scored,
)
from cemfa.definition.load import read_model, read_scenario
from cemfa.definition.schema import Funding, Label, Model, Scenario
from cemfa.indicators.losses import PARTS
from cemfa.indicators.spread import Stat, stat_of
from cemfa.targets import Assessment

SAMPLES = 40
YEARS = tuple(range(2024, 2033))
LETTERS = {"as_now": "", "as_committed": "", "south_yard": "A", "two_yards": "B"}
LEVELS = {"as_now": (0.08, 0.16), "as_committed": (0.09, 0.17), "south_yard": (0.31, 0.38), "two_yards": (0.44, 0.52)}
LATEST = (Latest(0.5, 34, datetime.date(2029, 1, 1), 0.625), Latest(0.9, None, None, 0.825))
FLOWS = (
    ("waste", "outside", "household[north,urban]", "food", 9000.0),
    ("waste", "outside", "household[south,rural]", "food", 7000.0),
    ("garden", "outside", "household[south,rural]", "garden", 3000.0),
    ("collected", "household[north,urban]", "landfill", "food", 6000.0),
    ("hauled", "household[north,urban]", "composting_yard[north]", "food", 3000.0),
    ("hauled", "household[south,rural]", "composting_yard[south]", "food", 4000.0),
    ("hauled", "household[south,rural]", "composting_yard[south]", "garden", 1500.0),
    ("dumped", "household[south,rural]", "open_dump", "food", 3000.0),
    ("dumped", "household[south,rural]", "open_dump", "garden", 1500.0),
    ("compost", "composting_yard[south]", "field", "compost", 5000.0),
    ("gas", "composting_yard[south]", "atmosphere", "gas", 3500.0),
    ("fodder", "field", "cattle", "fodder", 2400.0),
    ("manure", "cattle", "field", "manure", 900.0),
    ("respired", "cattle", "atmosphere", "gas", 1500.0),
)


def example(scenario_id: str = "first_steps_2030") -> Comparison:
    """Return the comparison: two baselines, two options, one stress case."""
    scenario = read_scenario(scenario_id)
    model = read_model(scenario.model)
    options = [_option(model, scenario, key) for key in LETTERS]
    options.append(_option(model, scenario, "south_yard", stress="half_intake"))
    headline = tuple(target.id for target in model.targets)
    return Comparison(
        scenario, model, 7, SAMPLES, "as_now", tuple(options), headline, (headline[-1],),
        dict.fromkeys(headline, ("two_yards", "south_yard", "as_committed", "as_now")),
        {"model.yaml": "0" * 64}, 3.2e-14, "0.1.0", decision=_decision(model, scenario),
        latest={"south_yard": dict.fromkeys(headline, LATEST)},
    )  # fmt: skip


def _decision(model: Model, scenario: Scenario) -> Decision:
    """Return a choice with all that a choice can show: a price decides between the two yards."""
    price = np.linspace(300.0, 1500.0, SAMPLES)
    luck = np.tile([-0.02, 0.02], SAMPLES // 2)
    rate = {key: np.mean(levels) + luck for key, levels in LEVELS.items()}
    money = {"south_yard": (price - 1900.0) * 5e6, "two_yards": (price - 1500.0) * 1e7}
    weights = np.array([criterion.weight for criterion in scenario.criteria])
    scores = {key: np.stack([rate[key], 0.5 + luck, 1.0 - rate[key]], axis=-1) for key in rate}
    parameters = (Drawn("price", "VND/kg", price), Drawn("separated", "1", 0.3 + luck))
    samples = {key: weighted_sum(found, weights) for key, found in scores.items()}
    means = {key: tuple(found.mean(axis=0).tolist()) for key, found in scores.items()}
    order = {key: float(np.mean(row)) for key, row in rate.items()}
    scored = Scored(scenario.criteria, means, means, samples, rank_stability(means), {"topsis": order})
    return Decision(
        aims=(
            aim_of("rate", rate, "1", parameters, model), aim_of("npv", money, "VND", parameters, model),
            aim_of("score", samples, "1", parameters, model),
        ),
        efficient=("as_now", "south_yard", "two_yards"),
        efficient_share={"as_now": 1.0, "as_committed": 0.2, "south_yard": 0.9, "two_yards": 1.0},
        scored=scored,
        donations=(
            Donation("south_yard", stat_of(_draws(4e5, 0.3)), None, stat_of(_draws(5e8, 0.2)), 0.1,
                     stat_of(_draws(1e9, 0.1)), ("yard_south",), 4.6),
            Donation("two_yards", stat_of(_draws(5e5, 0.3)), None, None, 0.0, None, (), 0.0),
        ),
    )  # fmt: skip


def _option(model: Model, scenario: Scenario, key: str, stress: str | None = None) -> OptionResult:
    written = scenario.options[key]
    level = np.array(LEVELS[key]) * (0.8 if stress else 1.0)
    indicators = _indicators(level)
    real = written.baseline is None
    label = written.label
    if stress:
        case = scenario.stress[stress].label
        label = Label(vi=f"{label.vi}: {case.vi}", en=f"{label.en}: {case.en}")
    return OptionResult(
        id=f"{key}.{stress}" if stress else key, base_option=key, stress=stress, baseline=written.baseline, label=label,
        letter=LETTERS[key] + ("'" if stress else ""), summary=written.summary, indicators=indicators,
        flows=_flows(level[0]), targets=tuple(_assessment(t, indicators) for t in model.targets),
        economics=_economics(scenario, 1.0 if real else 0.0),
        paired={} if key == "as_now" else _paired(real),
        variance_ratios={"rate_with_home.rural": 14.0, "landfilled_mass": float("inf")},
        probability_best={"two_yards": 0.97, "south_yard": 0.03}.get(key, 0.0),
        drivers=_drivers(), unverified_share=0.61, reasons=_reasons(), losses=_losses(),
        projects=_projects(scenario, key), programmes=_programmes() if real else (),
    )  # fmt: skip


def _draws(middle: float, width: float) -> np.ndarray:
    return middle * (1 + width * np.linspace(-1, 1, SAMPLES))


def _indicators(level: np.ndarray) -> xr.Dataset:
    ramp = np.clip((np.array(YEARS) - 2025) / 5, 0, 1)
    rates = {}
    for name, factor in (("rate_with_home", 1.0), ("rate_collected", 0.7)):
        draws = factor * _draws(1.0, 0.3)[:, None]
        values = np.stack([draws * (base * (0.4 + 0.6 * ramp))[None] for base in (*level, level.mean())], axis=-1)
        rates[name] = (("sample", "period", "settlement"), values)
    by_place = rates["rate_with_home"][1] * np.array([1.0, 0.5, 0.8])
    rates["rate_with_home_by_district"] = (("sample", "period", "district"), by_place)
    coords = {
        "sample": np.arange(SAMPLES), "period": list(YEARS), "settlement": ["rural", "urban", "all"],
        "district": ["north", "south", "all"],
    }  # fmt: skip
    return xr.Dataset(rates, coords)


def _flows(share: float) -> xr.Dataset:
    mass = np.array([row[4] * (0.6 + share) for row in FLOWS])
    cube = np.stack([np.stack([0.3 * mass, 0.7 * mass])] * len(YEARS))
    groups = ["composting_yard[north]", "composting_yard[south]"]
    held = np.ones((SAMPLES, len(YEARS), 2))
    coords = {
        "period": list(YEARS), "layer": ["dry_matter", "water"], "flow": [f"f{n}" for n in range(len(FLOWS))],
        "source": ("flow", [row[1] for row in FLOWS]), "target": ("flow", [row[2] for row in FLOWS]),
        "good": ("flow", [row[3] for row in FLOWS]), "origin": ("flow", ["household"] * len(FLOWS)),
        "days": ("period", [366 if y % 4 == 0 else 365 for y in YEARS]),
        "group": groups,
    }  # fmt: skip
    return xr.Dataset(
        {
            "flow_mean": (("period", "layer", "flow"), cube),
            "available": (("sample", "period", "group"), 12.0 * held),
            "utilisation": (("sample", "period", "group"), 0.55 * held),
        },
        coords,
        {"mass_layers": "dry_matter water"},
    )


def _assessment(target, indicators: xr.Dataset) -> Assessment:
    values = indicators[target.indicator].sel(period=target.year, **target.where).to_numpy()
    gap = (target.value or 0.0) / 100 - values
    met = gap <= 0
    return Assessment(
        target, "judged", stat_of(values), stat_of(100 * gap), stat_of(40.0 * gap), float(met.mean()),
        0.62, "mixed" if not met[SAMPLES // 2] else None, bool(met[SAMPLES // 2]),
    )  # fmt: skip


def _economics(scenario: Scenario, size: float) -> Economics:
    years = tuple(range(scenario.finance.start, scenario.horizon + 1))
    course = np.array([4.0, 6.0, *[1.2] * (len(years) - 2)]) * 1e9 * size
    shares = np.array([0.6, 0.3, 0.1])
    budget = _draws(1.0, 0.2)[:, None, None] * course[None, :, None] * shares[None, None, :]
    array = xr.DataArray(
        budget, {"sample": np.arange(SAMPLES), "year": list(years), "funder": ["town_budget", "donor", "unfunded"]},
        ("sample", "year", "funder"),
    )  # fmt: skip
    stat = stat_of(_draws(10e9 * size, 0.25))
    return Economics(
        scenario.finance.price_year, scenario.finance.start, years, xr.Dataset(), array, array.sum("funder"),
        stat, stat_of(_draws(1.2e9 * size, 0.3)), stat_of(_draws(-14e9 * size, 0.2)),
        stat_of(_draws(-12e9 * size, 0.2)),
        stat_of(_draws(420_000.0, 0.3)) if size else None, stat_of(_draws(350_000.0, 0.3)) if size else None,
        stat_of(_draws(2e6, 0.3)) if size else None, stat_of(_draws(9.0 * size, 0.1)), (),
    )  # fmt: skip


def _paired(real: bool) -> Mapping[str, Stat]:
    size = 1.0 if real else 0.05
    return {
        "rate_with_home.rural": stat_of(_draws(0.3 * size, 0.4)),
        "ghg_net": stat_of(_draws(-1850.0 * size, 0.5)),
        "landfilled_mass": stat_of(_draws(-3200.0 * size, 0.3)),
    }  # fmt: skip


def _drivers() -> tuple[Driver, ...]:
    separated = Label(vi="Tỷ lệ phân loại tại nguồn", en="Separated at source")
    waste = Label(vi="Lượng rác bình quân đầu người", en="Waste per head")
    return (
        Driver("separated", separated, 0.48, 1, "unverified", ("illustration",)),
        Driver("waste_per_head", waste, 0.21, -1, "reported", ("illustration",)),
    )


def _losses() -> xr.DataArray:
    parts = dict.fromkeys(PARTS, 0.0) | {
        "generated": 20.0,
        "mixed": 11.0,
        "uncollected": 3.0,
        "full": 2.0,
        "recycled": 4.0,
    }
    values = 365 * np.array([parts[part] for part in PARTS])
    shape = (SAMPLES, len(YEARS), 3, 3, len(PARTS))
    coords = {
        "sample": range(SAMPLES), "period": list(YEARS), "settlement": ["urban", "rural", "all"],
        "good": ["food", "garden", "all"], "part": list(PARTS),
    }  # fmt: skip
    return xr.DataArray(np.broadcast_to(values, shape), coords, tuple(coords))


def _reasons() -> tuple[Reason, ...]:
    return (
        Reason("mixed", "rural", stat_of(_draws(11.0, 0.3))),
        Reason("uncollected", "rural", stat_of(_draws(6.0, 0.3))),
        Reason("full", "urban", stat_of(_draws(2.0, 0.9))),
    )


def _projects(scenario: Scenario, key: str) -> tuple[ProjectResult, ...]:
    return tuple(
        ProjectResult(
            name, project.label, project.process, dict(project.place), project.place.get("district", ""),
            project.capacity, project.owner, project.operator, project.form, project.site_secured, project.land,
            project.decision,
            Stat(2027.9, 2027.3, 2027.8, 2028.9, 0.05), (2028.2, 2027.4), stat_of(_draws(5e9, 0.3)),
            stat_of(_draws(3.0, 0.2)), stat_of(_draws(0.6, 0.2)), project.funding,
        )
        for name, project in scenario.options[key].projects.items()
    )  # fmt: skip


def _programmes() -> tuple[ProgrammeResult, ...]:
    owner = Label(vi="Ủy ban nhân dân thị trấn", en="Town people's committee")
    label = Label(vi="Vận động phân loại", en="Promotion of separation")
    funding = (Funding(source="donor", share=1.0, until=2028), Funding(source="town_budget", share=1.0, of="running"))
    return (
        ProgrammeResult(
            "promotion",
            label,
            owner,
            1200.0,
            "household",
            stat_of(_draws(1e9, 0.1)),
            stat_of(_draws(2e8, 0.1)),
            funding,
        ),
    )
