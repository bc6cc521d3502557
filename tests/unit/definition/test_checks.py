"""Rules of meaning, one change each: a good model becomes wrong in one way, and exactly that is reported."""

import copy
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cemfa.definition.load import load_model, load_scenario, model_from_dict
from cemfa.errors import DefinitionError, Problem

Edit = Callable[[dict[str, Any], dict[str, list[dict[str, Any]]]], object]

BOTH = {"vi": "Tên", "en": "Name"}
LAYERS = {"mass": ["dry_matter", "water"], "contained": {"carbon": "dry_matter"}}
MODEL: dict[str, Any] = {
    "format": 1,
    "id": "trial",
    "label": BOTH,
    "periods": {"from": 2024, "to": 2026},
    "layers": LAYERS,
    "dimensions": {"district": ["north", "south"], "destination": {"alias": "district"}},
    "goods": {
        "food_waste": {"label": BOTH, "status": "waste"},
        "fronds": {"label": BOTH, "status": "by_product"},
        "compost": {"label": BOTH, "status": "product"},
        "gas": {"label": BOTH, "status": "gas"},
    },
    "processes": {
        "household": {"label": BOTH, "over": ["district"]},
        "yard": {
            "label": BOTH,
            "over": ["district"],
            "capacity": {"parameter": "yard_capacity"},
            "demand": "fronds_needed",
        },
        "landfill": {"label": BOTH, "stock": {}},
        "atmosphere": {"label": BOTH, "sink": True},
    },
    "flows": {
        "arising": {"from": "outside", "to": "household", "good": "food_waste", "amount": ["population", "per_head"]},
        "to_yard": {
            "from": "household",
            "to": "yard",
            "good": "food_waste",
            "share": "separated",
            "otherwise": ["to_landfill"],
        },
        "to_landfill": {"from": "household", "to": "landfill", "good": "food_waste", "share": "remainder"},
        "fronds_bought": {"from": "outside", "to": "yard", "good": "fronds", "fills": "demand"},
        "compost_made": {
            "from": "yard",
            "to": "outside",
            "good": "compost",
            "share": {"dry_matter": "kept", "water": "kept", "carbon": "kept"},
        },
        "loss": {"from": "yard", "to": "atmosphere", "good": "gas", "share": "remainder"},
    },
}


def row(name: str, value: float, unit: str, **cells: Any) -> dict[str, Any]:
    return {"parameter": name, "value": value, "unit": unit, "basis": "unverified", "source": "trial", **cells}


def part(good: str, layer: str, value: float) -> dict[str, Any]:
    return {"good": good, "layer": layer, "value": value, "unit": "1", "basis": "unverified", "source": "trial"}


TABLES: dict[str, list[dict[str, Any]]] = {
    "sources": [{"id": "trial", "title": "A trial"}],
    "parameters": [
        row("population", 27000, "person", district="north"),
        row("population", 28000, "person", district="south"),
        row("per_head", 0.4, "kg/person/d"),
        row("separated", 0.2, "1"),
        row("yard_capacity", 5, "t/d"),
        row("fronds_needed", 100, "t/year"),
        row("kept", 0.5, "1"),
    ],
    "composition": [
        part("food_waste", "water", 0.75),
        part("food_waste", "carbon", 0.12),
        part("fronds", "water", 0.2),
        part("fronds", "carbon", 0.38),
    ],
    "parameter_labels": [
        {"parameter": name, "label_vi": "Tên", "label_en": "Name"}
        for name in ("population", "per_head", "separated", "yard_capacity", "fronds_needed", "kept")
    ],
}


def flow(name: str, **changes: Any) -> Edit:
    return lambda model, _: model["flows"][name].update(changes)


def process(name: str, **changes: Any) -> Edit:
    return lambda model, _: model["processes"][name].update(changes)


def top(**changes: Any) -> Edit:
    return lambda model, _: model.update(changes)


def add(table: str, *rows: dict[str, Any]) -> Edit:
    return lambda _, tables: tables.setdefault(table, []).extend(rows)


def cell(table: str, position: int, **changes: Any) -> Edit:
    return lambda _, tables: tables[table][position].update(changes)


def codes(*edits: Edit) -> list[str]:
    model, tables = copy.deepcopy(MODEL), copy.deepcopy(TABLES)
    for edit in edits:
        edit(model, tables)
    try:
        model_from_dict(model, tables)
    except DefinitionError as error:
        return [problem.code for problem in error.problems]
    return []


def test_the_model_itself_is_fine() -> None:
    assert codes() == []


SOURCED = {"basis": "derived", "source": "trial"}
HISTORY = {"process": "landfill", "layer": "carbon", "value": 1.0, "unit": "t/year", **SOURCED}
DECAY = {"decay": "first_order", "layer": "carbon", "rate": "rate", "degradable": "kept", "history": "past"}
RATE = add("parameters", row("rate", 0.1, "1/year"))
PAST = add("past", {**HISTORY, "year": 2020})
GAS = {"from": "landfill", "to": "atmosphere", "good": "gas", "share": 1}
LANDFILL = process("landfill", stock=DECAY)


def with_gas(model: dict[str, Any], _: object) -> None:
    model["flows"]["landfill_gas"] = dict(GAS)


def target(**changes: Any) -> Edit:
    given = {
        "id": "T1", "label": BOTH, "issuer": "town", "document": "plan", "clause": "1", "status": "in_force",
        "area": "town", "year": 2030, "sense": ">=", "value": 1.0,
    }  # fmt: skip
    return top(targets=[{**given, **changes}])


def season(*months: int, value: float = 1.0) -> Edit:
    rows = [{"profile": "p", "month": month, "value": value, **SOURCED} for month in months]
    return add("seasons", *rows)


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        # names
        ([top(periods={"from": 2026, "to": 2024})], ["periods-order"]),
        ([top(base_year=2030)], ["base-year"]),
        ([top(layers={})], ["layers-empty"]),
        ([top(layers={**LAYERS, "mass": ["dry_matter", "water", "water"]})], ["layer-duplicate"]),
        ([top(layers={**LAYERS, "contained": {"carbon": "ash"}})], ["layer-container"]),
        ([top(dimensions={"district": ["north", "south", "north"]})], ["item-duplicate"]),
        ([top(dimensions={"district": ["north", "south"], "empty": []})], ["dimension-empty"]),
        ([top(dimensions={"district": ["north", "south"], "to": {"alias": "distrct"}})], ["dimension-alias"]),
        ([top(dimensions={"district": ["north", "south"], "to": {"alias": "to"}})], ["dimension-alias"]),
        (
            [top(dimensions={"district": ["north", "south"], "to": {"alias": "district", "items": [{"id": "x"}]}})],
            ["dimension-alias-items"],
        ),
        ([top(dimensions={"district": ["north", "south"], "good": ["x"]})], ["name-reserved"]),
        ([process("household", over=["district", "ward"])], ["dimension-unknown"]),
        ([process("household", over=["district", "district"])], ["dimension-twice"]),
        ([process("yard", capacity={"parameter": "yard_capacity", "over": ["destination"]})], ["capacity-over"]),
        ([process("yard", capacity={"parameter": "yard_capacity", "basis": "ash"})], ["layer-unknown"]),
        ([process("yard", capacity={"parameter": "yard_capacity", "priority": ["to_yrd"]})], ["flow-unknown"]),
        ([process("yard", capacity={"parameter": "yard_capacity", "priority": ["arising"]})], ["priority-inflow"]),
        ([process("yard", technology="windrow")], ["technology-unknown"]),
        ([lambda m, _: m["goods"]["gas"].update(colour="grey")], ["colour-form"]),
        ([lambda m, _: m["goods"]["gas"].update(cannot_carry=["ash"])], ["layer-unknown"]),
        # ends of flows
        ([flow("to_yard", to="yard(district")], ["end-form"]),
        ([flow("to_yard", to="yard(ward=x)")], ["end-dimension"]),
        ([flow("to_yard", to="yard(district=east)")], ["end-item"]),
        ([flow("to_landfill", over=[])], ["end-open"]),
        ([flow("arising", to="outside"), process("household", sink=False)], ["flow-outside-both", "process-no-inflow"]),
        ([flow("to_yard", only={"destination": ["north"]})], ["only-dimension"]),
        ([flow("to_yard", only={"district": ["east"]})], ["item-unknown"]),
        ([flow("to_yard", good={"by": "destination"})], ["good-dimension"]),
        ([flow("to_yard", good={"by": "district"})], ["good-unknown", "good-unknown"]),
        (
            [top(dimensions={"district": ["north", "south", "destination"], "destination": {"alias": "district"}}),
             flow("to_yard", over=["district", "destination"], to="yard(district=destination)"),
             add("parameters", row("population", 1, "person", district="destination"))],
            ["end-ambiguous"],
        ),
        (
            [top(dimensions={"district": ["north", "south"], "town": ["north", "east"]}),
             flow("to_yard", over=["district", "town"], to="yard(district=town)")],
            ["end-mismatch"],
        ),
        # how flows are stated
        ([flow("loss", refused=True)], ["flow-forms"]),
        ([flow("loss", share=None)], ["flow-form-missing"]),
        ([flow("arising", amount=None, share="kept")], ["flow-from-outside"]),
        ([flow("loss", share=None, fills="demand")], ["fills-not-import"]),
        ([flow("arising", amount=None, fills="demand")], ["fills-no-demand"]),
        ([lambda m, _: m["flows"].update(more={**m["flows"]["fronds_bought"]})], ["fills-twice"]),
        ([flow("fronds_bought", over=["district", "destination"])], ["fills-twice"]),
        ([flow("arising", at_most=True)], ["at-most"]),
        ([flow("compost_made", share={"dry_matter": "kept"})], ["layer-missing"]),
        ([flow("arising", amount={"other": "fronds_needed", "carbon": "fronds_needed"})], ["amount-other"]),
        ([flow("to_landfill", share=None, refused=True), flow("to_yard", otherwise=["to_landfill"])], []),
        ([flow("to_yard", otherwise=[], share=None, refused=True)], ["refused-unused"]),
        ([flow("loss", share=None, ratio={"of": "to_landfill", "times": "kept"})], ["ratio-process"]),
        (
            [flow("to_landfill", share=None, refused=True),
             lambda m, _: m["flows"].update(more={**m["flows"]["to_landfill"], "refused": False,
                                                  "ratio": {"of": "to_landfill", "times": "kept"}})],
            ["ratio-refused"],
        ),
        (
            [lambda m, _: m["flows"].update(more={**m["flows"]["to_landfill"], "share": None, "refused": True,
                                                  "otherwise": ["to_landfill"]}),
             flow("to_yard", otherwise=["more", "to_landfill"])],
            ["otherwise-refused"],
        ),
        ([flow("compost_made", share={"other": "kept", "water": "by_moisture"})], ["moisture-unknown"]),
        ([flow("compost_made", share={"other": "kept", "carbon": "by_moisture"})], ["moisture-layer"]),
        ([flow("to_yard", share="remainder")], ["two-remainders"]),
        ([flow("loss", over=["district", "destination"])], ["remainder-divided"]),
        ([flow("to_yard", share=None, ratio={"of": "loss", "times": "kept"})], ["ratio-process"]),
        ([flow("fronds_bought", good="food_waste"), flow("loss", good="fronds")], []),
        ([flow("loss", good="fronds")], ["unmixed-good"]),
        ([flow("arising", season="wet")], ["season-unknown"]),
        ([flow("arising", season={"by": "month"})], ["season-dimension"]),
        ([flow("arising", season={"by": "district"})], ["season-unknown", "season-unknown"]),
        # processes
        ([lambda m, _: m["processes"].update(digester={"label": BOTH})], ["orphan-process"]),
        ([process("landfill", stock=None)], ["process-no-outflow"]),
        ([process("atmosphere", stock={})], ["sink-stock"]),
        ([with_gas, process("landfill", stock=None, sink=True)], ["sink-outflow"]),
        ([with_gas], ["stock-no-decay"]),
        ([flow("to_yard", otherwise=[])], ["capacity-otherwise"]),
        ([flow("to_landfill", otherwise=["to_yard"])], ["otherwise-open-end"]),
        ([flow("to_yard", otherwise=["loss"])], ["otherwise-process"]),
        ([flow("to_yard", otherwise=["to_dump"])], ["flow-unknown"]),
        ([flow("to_landfill", only={"district": ["north"]}, share=None, refused=True)], ["otherwise-none"]),
        ([flow("compost_made", share={"other": 0}), flow("loss", share={"other": 0})], ["loop-without-outlet"]),
        ([process("household", outage={"mean_time_between": "kept", "mean_time_to_repair": "kept"})],
         ["outage-capacity", "product-dimension", "product-dimension"]),
        ([process("yard", store={"limit": "fronds_needed"})], ["product-dimension"]),
        ([process("yard", store={"limit": "heap", "spoilage": "kept"}), add("parameters", row("heap", 9, "t"))],
         ["store-incomplete", "product-dimension"]),
        ([process("yard", store={"limit": "heap", "spoiled_to": "loss"}), add("parameters", row("heap", 9, "t"))],
         ["store-incomplete"]),
        ([process("yard", store={"limit": "heap", "spoiled_to": "loss"}), add("parameters", row("heap", 9, "t")),
          lambda m, _: m["goods"]["food_waste"].update(storage_life=2.0)], []),
        ([process("yard", store={"limit": "heap", "spoilage": "rot", "spoiled_to": "to_yard"}),
          add("parameters", row("heap", 9, "t"), row("rot", 0.1, "1/d"))], ["store-flow"]),
        # stocks and their past
        ([LANDFILL, RATE, PAST, with_gas], []),
        ([LANDFILL, RATE, PAST], ["stock-no-release"]),
        (
            [process("landfill", stock={"decay": "first_order", "history": "past"}), PAST, with_gas],
            ["stock-incomplete"],
        ),
        ([process("landfill", stock={**DECAY, "history": None}), RATE, with_gas], ["no-history"]),
        ([LANDFILL, RATE, with_gas], ["table-missing"]),
        ([LANDFILL, RATE, with_gas, add("past", {**HISTORY, "year": 2024})], ["history-year"]),
        ([LANDFILL, RATE, with_gas, PAST, PAST], ["row-duplicate"]),
        ([LANDFILL, RATE, with_gas, add("past", {**HISTORY, "year": 2020, "unit": "t"})], ["product-dimension"]),
        ([LANDFILL, RATE, with_gas, add("past", {**HISTORY, "year": 2020, "process": "yard"})], ["history-process"]),
        ([LANDFILL, RATE, with_gas, add("past", {**HISTORY, "year": 2020, "district": "north"})], ["history-index"]),
        # parameters
        ([flow("to_yard", share="kapt")], ["parameter-unknown"]),
        ([cell("parameters", 3, alternative="local")], ["parameter-default"]),
        ([cell("parameters", 6, settlement="urban")], ["column-unknown"]),
        ([cell("parameters", 6, destination="north")], ["parameter-dimension"] * 3),
        ([cell("parameters", 1, district="south ", good="fronds")], ["parameter-gap"]),
        ([cell("parameters", 1, district="suoth")], ["item-unknown"]),
        ([cell("parameters", 3, unit="t")], ["product-dimension"]),
        ([cell("parameters", 1, unit="household")], ["unit-mixed"]),
        ([cell("parameters", 3, unit="VND")], ["product-dimension", "price-year"]),
        ([add("parameters", row("separated", 0.3, "1"))], ["row-duplicate"]),
        (
            [add("parameters", row("per_head", 0.4, "kg/person/d", district="north"),
                 row("per_head", 0.4, "kg/person/d", good="food_waste"))],
            ["rows-overlap"],
        ),
        ([cell("parameters", 3, year=2024)], ["year-gap"]),
        ([cell("parameters", 3, year=2024, hold=True)], []),
        ([cell("parameters", 2, year=2024, growth="pace"), add("parameters", row("pace", 1, "%/yr"))], []),
        ([cell("parameters", 2, growth="pace"), add("parameters", row("pace", 1, "%/yr"))], ["growth-year"]),
        (
            [cell("parameters", 2, year=2024, growth="pace"), add("parameters", row("pace", 1, "%/yr"),
                 row("per_head", 0.5, "kg/person/d", year=2026))],
            ["growth-year"],
        ),
        ([cell("parameters", 2, year=2024, growth="pace")], ["parameter-unknown"]),
        ([cell("parameters", 2, year=2024, growth="pace"), add("parameters", row("pace", 1, "1"))],
         ["product-dimension"]),
        (
            [cell("parameters", 2, year=2024, growth="pace"),
             add("parameters", row("pace", 1, "%/yr", year=2024, growth="other"), row("other", 1, "%/yr"))],
            ["growth-driver"],
        ),
        (
            [cell("parameters", 2, year=2024, growth="pace"),
             add("parameters", row("pace", 1, "%/yr", district="north"))],
            ["parameter-dimension"],
        ),
        (
            [cell("parameters", 0, year=2024, growth="pace"), cell("parameters", 1, year=2024, growth="pace"),
             add("parameters", row("pace", 1, "%/yr", district="north"))],
            ["parameter-gap"],
        ),
        (
            [cell("parameters", 3, year=2024, growth="pace", group="uses", distribution="dirichlet"),
             add("parameters", row("pace", 1, "%/yr"))],
            ["growth-group"],
        ),
        ([cell("parameters", 3, year=2024), add("parameters", row("separated", 0.3, "1"))], ["year-mixed"]),
        ([cell("parameters", 3, correlated_with="per_head:0.5")], []),
        ([cell("parameters", 3, correlated_with="per_head=0.5")], ["correlation-form"]),
        ([cell("parameters", 3, correlated_with="rainfall:0.5")], ["correlation-with-unknown"]),
        ([cell("parameters", 3, points="0:0.1; 1:0,5")], ["points-form"]),
        ([cell("parameters", 3, varies_by="ward")], ["dimension-unknown"]),
        ([cell("parameters", 3, source="nobody")], ["source-unknown"]),
        # other tables
        ([add("composition", part("food_waste", "water", 0.05))], ["composition-twice"]),
        ([cell("composition", 1, value=12)], ["composition-range"]),
        ([cell("composition", 1, unit="t")], ["product-dimension"]),
        ([cell("composition", 1, per="ash")], ["layer-unknown"]),
        ([cell("composition", 1, layer="ash")], ["layer-unknown", "boundary-composition"]),
        ([add("composition", part("food_waste", "dry_matter", 0.3))], ["composition-total"]),
        ([lambda m, _: m["goods"]["food_waste"].update(cannot_carry=["carbon"])], ["composition-carry"]),
        ([season(*range(1, 13)), flow("arising", season="p")], []),
        ([season(*range(1, 12))], ["season-months"]),
        ([season(1, *range(1, 13))], ["season-twice"]),
        ([season(*range(1, 13), value=0.0)], ["season-zero"]),
        ([target(value=None)], ["target-value"]),
        ([target(tolerance=-1)], ["target-tolerance"]),
        ([target(where={"ward": "x"})], ["dimension-unknown"]),
        ([target(where={"district": "x"})], ["item-unknown"]),
    ],
)  # fmt: skip
def test_one_change_one_report(edits: list[Edit], expected: list[str]) -> None:
    assert codes(*edits) == expected


def test_a_model_of_elements_needs_a_basis() -> None:
    data = {
        "format": 1, "id": "soil", "label": BOTH, "periods": {"from": 2024, "to": 2024},
        "layers": {"elements": ["nitrogen", "phosphorus"]},
        "goods": {"dung": {"label": BOTH, "status": "by_product"}},
        "processes": {"field": {"label": BOTH, "sink": True}},
        "flows": {"manure": {"from": "outside", "to": "field", "good": "dung", "amount": "made"}},
    }  # fmt: skip
    tables = {"parameters": [row("made", 3, "t/year")], "sources": TABLES["sources"]}
    with pytest.raises(DefinitionError) as caught:
        model_from_dict(data, tables)
    assert [p.code for p in caught.value.problems] == ["basis-fresh"]
    data["flows"]["manure"]["basis"] = "nitrogen"
    with pytest.raises(DefinitionError) as caught:
        model_from_dict(data, tables)
    assert [p.code for p in caught.value.problems] == ["boundary-composition"]
    data["flows"]["manure"] |= {"amount": {"nitrogen": "made", "phosphorus": 0}}
    assert model_from_dict(data, tables).layers.names == ("nitrogen", "phosphorus")


SCENARIO = (
    "format: 1\nid: trial\nlabel: {vi: Tên, en: Name}\nmodel: first_steps\ndecisions_from: 2026\nhorizon: 2032\n"
    "target_year: 2030\nfunders: {town: {label: {vi: Tên, en: Name}, kind: budget}}\noptions:\n"
    "  as_now: {label: {vi: Tên, en: Name}, baseline: as_now}\n"
    "  as_committed: {label: {vi: Tên, en: Name}, baseline: as_committed}\n"
    "  yard:\n    label: {vi: Tên, en: Name}\n    projects:\n"
    "      south:\n        label: {vi: Tên, en: Name}\n        process: composting_yard\n"
    "        place: {district: south}\n        capacity: 5\n        owner: {vi: Tên, en: Name}\n"
    "        operator: {vi: Tên, en: Name}\n        form: public\n        site_secured: true\n"
    "        decision: 2026-03-01\n        funding: [{source: town, share: 1}, {source: town, share: 1, of: running}]\n"
    "    policy:\n"
    "      - {parameter: separated, values: {2026: 0.2}, unit: '1', from: remainder}\n"
    "simulation:\n  stages:\n"
    "    site_secured: [{id: build, label: {vi: Tên, en: Name}, duration: &D}]\n"
    "finance: {price_year: 2024, start: 2026, discount_rate: &R}\n"
).replace("&D", "{value: 8, unit: month, basis: derived, source: illustration}").replace(
    "&R", "{value: 8, unit: '%', basis: derived, source: illustration}"
)  # fmt: skip
EVENT = "events: {wet: {label: {vi: Tên, en: Name}, kind: flood, process: composting_yard, source: illustration"
DATED = "from: 2027-01-01, to: 2027-01-02"
CHANGE = "{parameter: dumped, values: {2026: 0.1}, unit: '1', from: remainder}"
BUILD = SCENARIO[SCENARIO.index("{id: build") : SCENARIO.index("]\nfinance")]
STRESS = (
    "stress: {bad: {label: {vi: a, en: b}, options: [yrd], intake_share: 0.5, basis: derived, source: illustration}}"
)
RANDOM = "rate: {value: 1, unit: 1/year, basis: derived, source: illustration}"
DURATION = "duration: {value: 1, unit: d, basis: derived, source: illustration}"


def scenario_codes(folder: Any, *edits: tuple[str, str]) -> list[str]:
    text = SCENARIO
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    file = folder / "trial.yaml"
    file.write_text(text, encoding="utf-8")
    return [problem.code for problem in load_scenario(file).problems]


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ([], []),
        ([("horizon: 2032", "horizon: 2029")], ["scenario-years"]),
        ([("horizon: 2032", "horizon: 2040")], ["year-outside-model"]),
        ([("start: 2026", "start: 2027")], ["finance-start"]),
        ([(", baseline: as_committed", "")], ["baseline-missing"]),
        ([("baseline: as_committed", "baseline: as_now")], ["baseline-missing", "baseline-twice"]),
        ([("baseline: as_committed}", f"baseline: as_committed, policy: [{CHANGE}]}}")], ["baseline-content"]),
        ([("decision: 2026-03-01", "decision: 2025-03-01")], ["decision-date"]),
        ([("decision: 2026-03-01", "decision: 2025-03-01\n        committed: true")], []),
        ([("site_secured: true", "site_secured: false")], ["stages-unknown"]),
        ([("site_secured: true", "site_secured: true\n        stages: quick")], ["stages-unknown"]),
        ([("{id: build, label", f"{BUILD}, {{id: build, label")], ["stage-twice"]),
        ([("source: town, share: 1}", "source: twn, share: 1}")], ["funder-unknown"]),
        ([("share: 1}", "share: 0.9}")], ["funding-sum"]),
        ([("share: 1}", "share: 1, until: 2025}")], ["funding-until"]),
        ([("share: 1}", "share: 1, until: 2026}")], []),
        ([(", {source: town, share: 1, of: running}", "")], ["funding-missing"]),
        ([("unit: month", "unit: d")], ["unit-field"]),
        ([("unit: month", "unit: moon")], ["unknown-unit"]),
        ([("unit: '%'", "unit: 1/year")], ["unit-field"]),
        ([("source: illustration}", "source: nobody}")], ["source-unknown"]),
        ([("process: composting_yard", "process: landfill")], ["project-capacity"]),
        ([("place: {district: south}", "place: {}")], ["place-missing"]),
        ([("place: {district: south}", "place: {district: west}")], ["item-unknown"]),
        ([("place: {district: south}", "place: {district: south, settlement: urban}")], ["place-dimension"]),
        ([("capacity: 5", "capacity: 5\n        technology: windrow")], ["technology-unknown"]),
        ([("parameter: separated", "parameter: seperated")], ["parameter-unknown"]),
        ([("unit: '1'", "unit: t")], ["unit-field"]),
        ([("{2026: 0.2}", "{2025: 0.2}")], ["change-early"]),
        ([("{2026: 0.2}", "{2026: 1.2}")], ["policy-share"]),
        ([(", from: remainder", "")], ["policy-from"]),
        ([("from: remainder", "from: proportional")], ["policy-proportional"]),
        ([("from: remainder", "from: [dumpd]")], ["policy-giver"]),
        ([("from: remainder", "from: [dumped]")], []),
        (
            [("parameter: separated", "parameter: collection_cost"), ("unit: '1'", "unit: VND/t")],
            ["policy-from-unused"],
        ),
        ([("finance:", f"{EVENT}, {RANDOM}, {DURATION}}}}}\nfinance:")], []),
        ([("finance:", f"{EVENT}}}}}\nfinance:")], ["event-form"]),
        ([("finance:", f"{EVENT}, {RANDOM}}}}}\nfinance:")], ["event-form"]),
        ([("finance:", f"{EVENT}, from: 2027-02-01, to: 2027-01-01}}}}\nfinance:")], ["event-dates"]),
        ([("finance:", f"{EVENT}, place: {{ward: x}}, {DATED}}}}}\nfinance:")], ["place-dimension"]),
        ([("finance:", f"{STRESS}\nfinance:")], ["stress-option"]),
        ([("finance:", "assume: {separated: local}\nfinance:")], ["alternative-unknown"]),
        ([("finance:", "assume: {seperated: local}\nfinance:")], ["parameter-unknown"]),
    ],
)  # fmt: skip
def test_scenarios_one_change_one_report(tmp_path, edits: list[tuple[str, str]], expected: list[str]) -> None:
    assert scenario_codes(tmp_path, *edits) == expected


def test_a_plant_that_two_options_share_is_the_same_plant(tmp_path) -> None:
    start, end = SCENARIO.index("  yard:\n"), SCENARIO.index("simulation:")
    option = SCENARIO[start:end]
    twin = option.replace("  yard:", "  twin:", 1)
    assert scenario_codes(tmp_path, (option, option + twin)) == []
    larger = twin.replace("capacity: 5", "capacity: 6")
    assert scenario_codes(tmp_path, (option, option + larger)) == ["project-differs"]


def warnings(*edits: Edit) -> list[str]:
    model, tables = copy.deepcopy(MODEL), copy.deepcopy(TABLES)
    for edit in edits:
        edit(model, tables)
    text = {name: as_csv(rows) for name, rows in tables.items()}
    context = load_from(model, text)
    return [problem.code for problem in context if problem.severity == "warning"]


def as_csv(rows: list[dict[str, Any]]) -> str:
    header = list(dict.fromkeys(key for row in rows for key in row))
    lines = [",".join(str(row.get(key, "")) for key in header) for row in rows]
    return "\n".join([",".join(header), *lines, ""])


def load_from(model: dict[str, Any], tables: dict[str, str]) -> tuple[Problem, ...]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "model.yaml").write_text(json.dumps(model), encoding="utf-8")  # JSON is YAML
        for table, text in tables.items():
            (folder / f"{table}.csv").write_text(text, encoding="utf-8")
        return load_model(folder).problems


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ([], []),
        ([process("household", label=None)], ["label-missing"]),
        ([lambda _, t: t["parameter_labels"].pop()], ["label-missing"]),
        ([add("parameter_labels", {"parameter": "keept", "label_vi": "a", "label_en": "b"})], ["label-unused"]),
        ([lambda m, _: m["flows"].pop("fronds_bought")], ["demand-unfilled"]),
    ],
)
def test_what_is_doubtful_is_a_warning(edits: list[Edit], expected: list[str]) -> None:
    assert warnings(*edits) == expected


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (top(id=7), "value-text"),
        (top(id="Ben Tre"), "id-form"),
        (top(label="Name"), "value-mapping"),
        (top(periods=None), "value-blank"),
        (top(periods={"from": 1066, "to": 2030}), "value-range"),
        (cell("parameters", 0, value=True), "number-format"),
        (cell("parameters", 0, year=2024.5), "whole-format"),
        (cell("parameters", 0, hold="maybe"), "flag-format"),
        (target(value="much"), "value-number"),
        (lambda m, _: m["processes"]["yard"].update(capacity={}), "key-missing"),
        (lambda m, _: m["flows"]["loss"].update(share=0.4), "factor-number"),
        (lambda m, _: m["flows"]["loss"].update(only={"district": "north"}), "value-list"),
        (lambda m, t: (m.update(targets=[{**x, "id": "T"} for x in ({}, {})]), t), "key-missing"),
    ],
)
def test_shapes(edit: Edit, expected: str) -> None:
    assert expected in codes(edit)


def test_a_target_is_listed_once() -> None:
    twice = target()
    assert codes(twice, lambda m, _: m["targets"].append(m["targets"][0])) == ["target-twice"]
