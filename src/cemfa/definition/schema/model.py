"""A model as read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from cemfa.definition.schema.lists import BenchmarkPlant, Department, Duty, Target, TechnologyProfile
from cemfa.definition.schema.rows import CompositionRow, DistanceRow, HistoryRow, ParameterRow, SeasonRow, Source
from cemfa.definition.schema.structure import Area, DimensionWritten, Flow, Good, Item, Layers, Periods, Process
from cemfa.definition.schema.terms import Frozen, Id, Label, Whole


class Model(Frozen):
    """A model as read: plain data, complete, every reference still by name."""

    format: Literal[1]
    """Version of the grammar."""
    id: Id
    """Its id, the name of its folder."""
    label: Label
    """Its name."""
    area: Label | None = None
    """The territory as it stands in titles of reports."""
    periods: Periods
    """Calendar years."""
    base_year: Whole | None = None
    """Year of the latest complete observations; default: the first period."""
    layers: Layers
    """What is balanced."""
    dimensions: dict[Id, DimensionWritten] = {}
    """Dimensions by name."""
    areas: dict[Id, Area] = {}
    """Other divisions of the land, for example the communes of today, by name."""
    processes: dict[Id, Process]
    """Processes by name."""
    flows: dict[Id, Flow]
    """Flows by name."""
    goods: dict[Id, Good] = {}
    """Goods by id, from `goods.csv`."""
    parameter_labels: dict[Id, Label] = {}
    """Names of parameters, from `parameter_labels.csv`."""
    parameters: tuple[ParameterRow, ...] = ()
    """Rows of `parameters.csv` and `technologies.csv`."""
    composition: tuple[CompositionRow, ...] = ()
    """Rows of `composition.csv`."""
    seasons: tuple[SeasonRow, ...] = ()
    """Rows of `seasons.csv`."""
    history: tuple[HistoryRow, ...] = ()
    """Rows of the tables named by `stock.history`."""
    targets: tuple[Target, ...] = ()
    """Targets, from `targets.yaml`."""
    distances: tuple[DistanceRow, ...] = ()
    """Rows of `distances.csv`."""
    technology_profiles: dict[Id, TechnologyProfile] = {}
    """Technologies in words, from `technology_profiles.yaml`."""
    departments: dict[Id, Department] = {}
    """Authorities and their successors by id, from `departments.csv`."""
    duties: tuple[Duty, ...] = ()
    """What a plan asks of them, from `duties.csv`."""
    benchmark_plants: dict[Id, BenchmarkPlant] = {}
    """Plants elsewhere that projects are held against by id, from `benchmark_plants.csv`."""
    sources: dict[str, Source] = {}
    """Sources by citation key, from `sources.csv`."""
    inputs: dict[str, str] = {}
    """SHA-256 of every file read, by name relative to the model; set by the reader."""

    def in_charge(self, department: str) -> tuple[Department, ...]:
        """Return who does the work of a department today: itself, or those that took it over, step by step.

        Examples
        --------
        >>> from cemfa.definition.load import read_model
        >>> [d.label.en for d in read_model("ben_tre").in_charge("planning_investment")]
        ['Department of Finance']
        """
        found = self.departments[department]
        if not found.successors:
            return (found,)
        return tuple(dict.fromkeys(last for heir in found.successors for last in self.in_charge(heir)))

    def items(self, dimension: str) -> tuple[Item, ...]:
        """Return the items of a dimension, following an alias."""
        found = self.dimensions[dimension]
        return self.items(found.alias) if found.alias else found.items

    def name_of(self, kind: Literal["process", "flow", "good", "parameter"], key: str, lang: str) -> str:
        """Return the label of a process, flow, good or parameter in a language; its id where it has none."""
        found: Any
        if kind == "parameter":
            found = self.parameter_labels.get(key)
        else:
            tables: dict[str, Mapping[str, Any]]
            tables = {"process": self.processes, "flow": self.flows, "good": self.goods}
            found = tables[kind][key].label if key in tables[kind] else None
        return found.of(lang) if found else key

    def __repr__(self) -> str:
        years = f"{self.periods.first}-{self.periods.last}"
        return f"<Model {self.id}: {len(self.processes)} processes, {len(self.flows)} flows, {years}>"

    def _repr_html_(self) -> str:
        from cemfa.definition.show import model_html

        return model_html(self)
