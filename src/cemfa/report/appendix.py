"""What stands behind the numbers: assumptions with basis and source, sources, and what a rerun needs.

Between `comparison` and `context`; lists what was written, reckons nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from cemfa.comparison.drawn import number_name
from cemfa.comparison.words import Words
from cemfa.definition.schema import NumberRow
from cemfa.plan import numbers_of
from cemfa.report.tables import Cell, Column, Table, Tone

if TYPE_CHECKING:
    from cemfa.comparison.outcome import Comparison
    from cemfa.definition.schema import Finance, Model, Source


def assumptions_table(comparison: Comparison, words: Words) -> Table:
    """Return every number of the model and the scenario with range, unit, basis and source."""
    columns = (
        Column(words.text("c_parameter")), Column(words.text("c_applies")),
        *(Column(words.text(key), kind="number") for key in ("c_number", "c_low", "c_high")),
        Column(words.text("c_unit")), Column(words.text("c_basis")), Column(words.text("c_source")),
        Column(words.text("c_note"), narrow=False),
    )  # fmt: skip
    rows = []
    for name, applies, row in _numbers(comparison, words):
        tone: Tone = "unsure" if row.basis == "unverified" else ""
        rows.append((
            Cell(name), Cell(applies), Cell(row.value), Cell(row.low), Cell(row.high), Cell(words.unit(row.unit)),
            Cell(words.text(f"basis_{row.basis}"), tone=tone), Cell(row.source), Cell(row.note),
        ))  # fmt: skip
    return Table(words.text("t_assumptions"), words.text("assumptions_caption"), columns, tuple(rows))


def assumptions_text(comparison: Comparison, words: Words) -> str:
    """Return how many numbers there are and on what they rest."""
    counted = Counter(row.basis for _, _, row in _numbers(comparison, words))
    total = sum(counted.values())
    share = words.percent(counted["unverified"] / total) if total else ""
    return words.text(
        "assumptions_text", count=total, reported=counted["reported"], derived=counted["derived"],
        unverified=counted["unverified"], share=share,
    )  # fmt: skip


def sources_table(comparison: Comparison, words: Words) -> Table:
    """Return the sources that numbers of the model or the scenario cite."""
    columns = (
        Column(words.text("c_key")), Column(words.text("c_title")), Column(words.text("c_year"), kind="year"),
        Column(words.text("c_address")), Column(words.text("c_note"), narrow=False),
    )  # fmt: skip
    known: Mapping[str, Source] = {**comparison.model.sources, **comparison.scenario.sources}
    cited = {
        key
        for _, _, row in _numbers(comparison, words)
        for key in row.source.replace(",", " ").replace(";", " ").split()
    }
    cited |= {plant.source for plant in comparison.model.benchmark_plants.values()}
    cited |= {stress.source for stress in comparison.scenario.stress.values()}
    rows = tuple(
        (
            Cell(key),
            Cell(source.title),
            Cell(float(source.year) if source.year else None),
            Cell(source.address),
            Cell(source.note),
        )
        for key, source in sorted(known.items())
        if key in cited
    )
    return Table(words.text("t_sources"), words.text("sources_caption"), columns, rows)


def run_table(comparison: Comparison, words: Words) -> Table:
    """Return what somebody needs to get the same numbers again."""
    rows = [
        (words.text("run_version"), comparison.version),
        (words.text("run_scenario"), comparison.scenario.id),
        (words.text("run_model"), comparison.model.id),
        (words.text("run_seed"), str(comparison.seed)),
        (words.text("run_replications"), str(comparison.replications)),
        (words.text("run_residual"), f"{comparison.residual:.1e}"),
        *((f"{words.text('run_inputs')}: {name}", digest) for name, digest in sorted(comparison.inputs.items())),
    ]
    columns = (Column(words.text("c_item")), Column(words.text("c_content")))
    cells = tuple((Cell(item), Cell(content)) for item, content in rows)
    return Table(words.text("t_run"), words.text("run_caption"), columns, cells)


def _numbers(comparison: Comparison, words: Words) -> Iterator[tuple[str, str, NumberRow]]:
    """Yield name, where it applies, and row of every number that this comparison uses."""
    model, scenario = comparison.model, comparison.scenario
    for row in model.parameters:
        if row.alternative in (None, scenario.assume.get(row.parameter)):
            name = model.name_of("parameter", row.parameter, words.lang)
            applies = [item_name(model, dimension, item, words) for dimension, item in row.index.items()]
            years = [str(row.year)] if row.year else []
            yield name, ", ".join([*applies, *years]) or words.text("all_places"), row
    for content in model.composition:
        layer = content.layer if content.per == "fresh" else f"{content.layer} / {content.per}"
        yield f"{model.name_of('good', content.good, words.lang)}: {layer}", words.text("all_places"), content
    for key, number in numbers_of(scenario).items():
        name, where = number_name(scenario, key, words)
        yield name, where, number
    yield from _certain(scenario.finance, words)


def _certain(finance: Finance, words: Words) -> Iterator[tuple[str, str, NumberRow]]:
    """Yield the numbers of the account that are stated without a range: index and rates by year, shares of items."""
    series = {"VND": finance.price_index} if finance.price_index else {}
    for currency, found in (series | finance.exchange_rates).items():
        name = words.text("n_price_index") if currency == "VND" else words.text("n_exchange_rate", currency=currency)
        unit = "" if currency == "VND" else f"VND/{currency}"
        for year, value in sorted(found.values.items()):
            row = NumberRow(value=value, unit=unit, basis=found.basis, source=found.source, note=found.note)
            yield name, str(year), row
    if (shares := finance.investment) is not None:
        for key in ("management", "consultancy", "contingency_volume"):
            if value := getattr(shares, key):
                row = NumberRow(value=value, unit="1", basis=shares.basis, source=shares.source, note=shares.note)
                yield words.text(f"n_investment_{key}"), words.text("all_places"), row


def item_name(model: Model, dimension: str, item: str, words: Words) -> str:
    """Return the name of an item of a dimension, good or technology; its id where it has none."""
    if dimension == "good":
        return model.name_of("good", item, words.lang)
    if dimension == "technology":
        if item in model.technology_profiles:
            return words.label(model.technology_profiles[item].label)
        using = (key for key, process in model.processes.items() if process.technology == item)
        return model.name_of("process", next(using, item), words.lang)
    if dimension in model.dimensions:
        found = next((entry for entry in model.items(dimension) if entry.id == item), None)
        return words.label(found.label, item) if found else item
    return item
