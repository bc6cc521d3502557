"""What a model says of its technologies: which numbers each must have, in which unit, and its stages.

Stands beside `schema`; read by the checks, the command line, the report and the reference of the documentation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from cemfa import units
from cemfa.definition.schema import Label, Model, NumberRow, Option, ParameterRow, Project, Scenario, Stage

STAGES: Final = ("permit", "procurement", "construction", "trial_run")
"""Stages between a decision and full operation, in order; each is a row ``lead_time_<stage>``."""

SHARES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "capex": ("construction_share_of_capex", "equipment_share_of_capex", "other_share_of_capex"),
        "labour": ("unskilled_share_of_labour", "skilled_share_of_labour", "technical_share_of_labour"),
    }
)
"""Rows that divide another one and sum to one. Land and its compensation are no part of the capex."""

NUMBERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "capex": "VND/(t/d)",
        "reference_capacity": "t/d",
        "scale_exponent": "1",
        **dict.fromkeys(SHARES["capex"], "1"),
        "opex_fixed": "VND/(t/d)/year",
        "opex_variable": "VND/t",
        "life": "year",
        **{f"lead_time_{stage}": "month" for stage in STAGES},
        "mean_time_between_failures": "d",
        "mean_time_to_repair": "d",
        "labour": "person/(t/d)",
        **dict.fromkeys(SHARES["labour"], "1"),
        "electricity_use": "kWh/t",
        "electricity_yield": "kWh/t",
        "land": "ha/(t/d)",
        "green_belt_share_of_land": "1",
    }
)
"""Rows of `technologies.csv` that a technology with a profile must have, with a unit of the right dimension."""

MARKET: Final[Mapping[str, str]] = MappingProxyType({"price": "VND/t", "market_size": "t/year"})
"""Rows by good that every product of a technology must have."""

REST: Final = "remainder"
"""Stands in a profile's lists of parameters for what the named shares leave."""


def rows_of(model: Model) -> dict[str, dict[str, ParameterRow]]:
    """Return the rows of each technology by parameter, of the default set and without other index.

    Examples
    --------
    >>> from cemfa.definition.load import read_model
    >>> rows_of(read_model("first_steps"))["composting_yard"]["life"].value
    15.0
    """
    found: dict[str, dict[str, ParameterRow]] = {}
    for row in model.parameters:
        if row.alternative is None and set(row.index) == {"technology"}:
            found.setdefault(row.index["technology"], {})[row.parameter] = row
    return found


def stages_of(model: Model, technology: str) -> tuple[Stage, ...]:
    """Return the stages between decision and full operation of a technology; none where a row is missing.

    The trial run takes waste at half the capacity, as a stage that `operates` does.
    """
    rows = rows_of(model).get(technology, {})
    if any(f"lead_time_{stage}" not in rows for stage in STAGES):
        return ()
    return tuple(_stage(model, stage, rows[f"lead_time_{stage}"]) for stage in STAGES)


def _stage(model: Model, stage: str, row: ParameterRow) -> Stage:
    label = model.parameter_labels.get(row.parameter, Label(vi=stage, en=stage))
    duration = NumberRow(**{name: getattr(row, name) for name in NumberRow.model_fields})
    return Stage(id=stage, label=label, duration=duration, operates=stage == "trial_run")


def with_lead_times(scenario: Scenario, model: Model) -> Scenario:
    """Return a scenario in which projects without a chain of stages have that of their technology.

    A project has the chain that it names, else `site_secured` or `site_open` of the scenario. Where the scenario
    holds no such chain, and where the project names its technology as its chain, the rows ``lead_time_<stage>``
    of the technology take its place.
    """
    chains = dict(scenario.simulation.stages)
    options = {key: _with_chains(option, model, chains) for key, option in scenario.options.items()}
    simulation = scenario.simulation.model_copy(update={"stages": chains})
    return scenario.model_copy(update={"options": options, "simulation": simulation})


def _with_chains(option: Option, model: Model, chains: dict[str, tuple[Stage, ...]]) -> Option:
    projects = {key: _with_chain(project, model, chains) for key, project in option.projects.items()}
    return option.model_copy(update={"projects": projects})


def _with_chain(project: Project, model: Model, chains: dict[str, tuple[Stage, ...]]) -> Project:
    technology = technology_of(project, model)
    if chain_of(project) in chains or project.stages not in (None, technology):
        return project
    stages = chains.get(technology) or stages_of(model, technology)
    if not stages:
        return project
    chains[technology] = stages
    return project.model_copy(update={"stages": technology})


def chain_of(project: Project) -> str:
    """Return the name of a project's chain of stages."""
    return project.stages or ("site_secured" if project.site_secured else "site_open")


def technology_of(project: Project, model: Model) -> str:
    """Return the technology of a project: its own, else that of its process; "" where neither names one."""
    process = model.processes.get(project.process)
    return project.technology or (process.technology if process else None) or ""


def products_of(project: Project, model: Model) -> tuple[str, ...]:
    """Return the products of a project's technology; none where it has no profile."""
    profile = model.technology_profiles.get(technology_of(project, model))
    return profile.products if profile else ()


def named_parameters(model: Model) -> Iterator[tuple[str, str, int, str]]:
    """Yield technology, list, position and name of every parameter that a profile points to."""
    for technology, profile in model.technology_profiles.items():
        for listed in ("yields", "losses_to_air", "losses_to_water", "rejects"):
            for position, name in enumerate(getattr(profile, listed)):
                if name != REST:
                    yield technology, listed, position, name


def profile_row(model: Model, technology: str, lang: str) -> dict[str, object]:
    """Return what is known of a technology by column: words in a language, central numbers in the units of `NUMBERS`.

    Examples
    --------
    >>> from cemfa.definition.load import read_model
    >>> profile_row(read_model("ben_tre"), "digestion", "en")["readiness"]
    7
    """
    profile, own = model.technology_profiles[technology], rows_of(model).get(technology, {})
    goods = {key: [model.name_of("good", good, lang) for good in getattr(profile, key)] for key in _GOODS}
    texts = {key: getattr(profile, key) for key in ("buffer_clause", "leachate_control", "odour_control")}
    numbers = {name: _in_unit(own[name], unit) if name in own else None for name, unit in _SHOWN.items()}
    stages = [_in_unit(own[name], "month") for name in own if name.startswith("lead_time_")]
    return {
        "model": model.id,
        "id": technology,
        "label": profile.label.of(lang),
        **goods,
        "readiness": profile.readiness,
        **numbers,
        "lead_time": sum(stages) if stages else None,
        **{key: text.of(lang) if text else None for key, text in texts.items()},
        "basis": profile.basis,
        "source": profile.source,
    }


_GOODS: Final = ("takes", "products")
_SHOWN: Final = {**NUMBERS, "buffer_distance": "m"}


def _in_unit(row: ParameterRow, unit: str) -> float:
    return float(f"{row.value * units.parse(row.unit).factor / units.parse(unit).factor:.12g}")
