"""The scenario organics_2030 as delivered: its options, who pays, what is counted, and the warnings it may give."""

import datetime
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from cemfa.definition.load import read_model, read_scenario
from cemfa.definition.schema import Change, Label, Model, Programme, Project, Scenario
from cemfa.plan import content_of, plan_of

ROOT = Path(__file__).parents[3]
FILE = ROOT / "scenarios" / "organics_2030.yaml"
OPTIONS = ("home_composting", "yards", "digester", "energy_650", "energy_300", "phased_mix")
PLANTS = OPTIONS[1:]


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return read_scenario(FILE)


@pytest.fixture(scope="module")
def model() -> Model:
    return read_model(ROOT / "models" / "ben_tre")


def projects(scenario: Scenario) -> dict[str, Project]:
    return {key: p for option in scenario.options.values() for key, p in option.projects.items()}


def programmes(scenario: Scenario) -> dict[str, Programme]:
    return {key: p for option in scenario.options.values() for key, p in option.programmes.items()}


def changes(scenario: Scenario) -> Iterator[Change]:
    for option in scenario.options.values():
        yield from option.policy
    for programme in programmes(scenario).values():
        yield from programme.changes


def reached(programme: Programme, parameter: str, year: int) -> float:
    chosen = [c for c in programme.changes if c.parameter == parameter]
    return sum(c.values[max(y for y in c.values if y <= year)] for c in chosen)


def capacity(scenario: Scenario, option: str) -> dict[str, float]:
    return {key: p.capacity for key, p in scenario.options[option].projects.items()}


def test_two_baselines_come_first_then_the_five_kinds_of_options(scenario: Scenario) -> None:
    assert tuple(scenario.options) == ("as_now", "as_committed", *OPTIONS)
    assert [scenario.options[key].baseline for key in ("as_now", "as_committed")] == ["as_now", "as_committed"]
    assert (scenario.decisions_from, scenario.target_year, scenario.horizon) == (2026, 2030, 2035)


def test_what_is_committed_is_in_every_option_but_as_now(scenario: Scenario) -> None:
    committed = {key for key, p in programmes(scenario).items() if p.committed}
    assert committed == {"mandatory_separation", "collection_budget"}
    assert not content_of(scenario, "as_now")[1]
    assert all(committed <= set(content_of(scenario, key)[1]) for key in ("as_committed", *OPTIONS))
    assert all(change.event for change in plan_of(scenario, "as_now").changes)


def test_home_composting_reaches_the_households_it_names(scenario: Scenario) -> None:
    first = scenario.options["home_composting"].programmes["composting_at_home"]
    assert 150e3 <= reached(first, "composting_households", 2030) <= 200e3
    mixed = scenario.options["phased_mix"].programmes["composting_at_home_first"]
    assert reached(mixed, "composting_households", 2027) == pytest.approx(100e3, rel=0.02)
    coconut = {"giong_trom", "mo_cay_nam", "mo_cay_bac", "chau_thanh"}
    early = {str(c.place["district"]) for c in first.changes if c.values.get(2026, 0) > 0}
    assert early == coconut


def test_households_reached_exist(scenario: Scenario, model: Model) -> None:
    people = {
        (row.index["district"], row.index["settlement"]): row.value
        for row in model.parameters
        if row.parameter == "population" and row.year == 2023 and row.alternative is None
    }
    for change in changes(scenario):
        if change.parameter in ("composting_households", "households_under_separation"):
            place = str(change.place["district"]), str(change.place["settlement"])
            assert max(change.values.values()) <= people[place] / 3.4


def test_plants_have_the_sizes_of_the_options(scenario: Scenario) -> None:
    assert capacity(scenario, "yards") == {"yard_giong_trom": 30, "yard_an_hiep": 20, "yard_binh_dai": 20}
    assert capacity(scenario, "digester") == {"digester_huu_dinh": 60}
    assert capacity(scenario, "energy_650") == {"energy_plant_650": 650}
    assert capacity(scenario, "energy_300") == {"energy_plant_300": 300}
    mix = capacity(scenario, "phased_mix")
    assert [size for key, size in mix.items() if key.startswith("market_unit")] == [3, 3, 3, 3]
    assert len([key for key in mix if key.startswith("yard")]) == 2
    assert capacity(scenario, "home_composting") == {}


def test_waste_to_energy_promises_a_delivery(scenario: Scenario) -> None:
    promised = {key: p.minimum_delivery for key, p in projects(scenario).items() if p.minimum_delivery}
    assert promised == {"energy_plant_650": 520, "energy_plant_300": 240}


def test_every_plant_says_who_where_and_with_whose_money(scenario: Scenario) -> None:
    for project in projects(scenario).values():
        assert project.owner.vi
        assert project.operator.vi
        assert project.land
        assert project.haul_distance
        assert project.place
        assert {part.of for part in project.funding} == {"investment", "running"}


def test_stress_runs_for_every_option_with_plants(scenario: Scenario) -> None:
    case = scenario.stress["long_my"]
    assert case.options == PLANTS
    assert case.intake_share == 0.15
    assert all(built.usable == 0.15 for built in plan_of(scenario, "yards", stress="long_my").built)


def test_impurities_of_the_stress_case_are_thirty_percent(scenario: Scenario, model: Model) -> None:
    def value(parameter: str, fraction: str) -> float:
        return next(
            row.value
            for row in model.parameters
            if row.parameter == parameter and row.index.get("waste_fraction") == fraction
        )

    wrong = {c.parameter: c.values[2026] for c in scenario.stress["long_my"].changes}["capture"]
    organic = sum(value("household_fraction", f) * value("capture", f) for f in ("food", "garden"))
    other = sum(value("household_fraction", f) for f in ("plastics", "other_waste")) * wrong
    assert other / (organic + other) == pytest.approx(0.30, abs=0.01)


def test_the_two_blockades_of_an_hiep_are_dated(scenario: Scenario) -> None:
    days = {
        key: (e.first, e.last)
        for key, e in scenario.events.items()
        if e.process == "an_hiep_landfill" and e.last is not None
    }
    assert set(days.values()) == {
        (datetime.date(2023, 7, 15), datetime.date(2023, 10, 9)),
        (datetime.date(2025, 8, 3), datetime.date(2025, 9, 21)),
    }
    again = scenario.events["blockade_again"]
    assert again.rate
    assert again.first == datetime.date(2026, 1, 1)


def test_open_sites_take_longer(scenario: Scenario) -> None:
    def months(chain: str) -> float:
        return sum(stage.duration.value for stage in scenario.simulation.stages[chain])

    assert months("site_open") > months("site_secured") > months("small_unit")
    assert months("energy_open") > months("energy_secured")
    assert all(stages[-1].operates for stages in scenario.simulation.stages.values())


def test_names_are_vietnamese_in_one_form(scenario: Scenario) -> None:
    labels: list[Label] = [p.label for p in projects(scenario).values()]
    labels += [p.label for p in programmes(scenario).values()] + [f.label for f in scenario.funders.values()]
    labels += [o.label for o in scenario.options.values()] + [o.summary for o in scenario.options.values() if o.summary]
    assert all(label.vi.strip() and label.en.strip() and label.vi != label.en for label in labels)
    assert all(unicodedata.is_normalized("NFC", label.vi) for label in labels)
