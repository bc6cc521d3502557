"""What models say of their technologies: numbers complete, profiles readable, stages where a scenario gives none."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from cemfa.definition.load import load_model, read_model
from cemfa.definition.schema import Model, ParameterRow, Scenario
from cemfa.definition.technologies import (
    NUMBERS,
    SHARES,
    STAGES,
    chain_of,
    profile_row,
    rows_of,
    stages_of,
    with_lead_times,
)
from cemfa.plan import plan_of

ISSUED = (
    "home_composting", "composting_yard", "in_vessel_composting", "vermicomposting", "digestion", "dry_digestion",
    "farm_digestion", "biochar_kiln", "charcoal_kiln", "pellet_press", "briquette_press", "husk_boiler", "coir_mill",
    "pith_composting", "activation", "straw_baling", "straw_feed", "straw_mushroom", "fish_meal_plant",
    "silage_plant", "chitin_plant", "insects", "nata_effluent_treatment", "waste_to_energy", "landfill",
    "landfill_gas_capture", "sludge_composting",
)  # fmt: skip


@pytest.fixture(scope="module")
def ben_tre() -> Model:
    return read_model("ben_tre")


@pytest.fixture(scope="module")
def town() -> Model:
    """Return the teaching model with lead times for its one technology."""
    model = read_model("first_steps")
    months = dict(zip(STAGES, (3.0, 2.0, 6.0, 1.0), strict=True))
    added = tuple(row(f"lead_time_{stage}", value, "month") for stage, value in months.items())
    return model.model_copy(update={"parameters": (*model.parameters, *added)})


def row(parameter: str, value: float, unit: str) -> ParameterRow:
    index = {"technology": "composting_yard"}
    given = {"parameter": parameter, "index": index, "value": value, "unit": unit}
    return ParameterRow(**given, basis="unverified", source="illustration")


def scenario(chains: Mapping[str, list[dict[str, object]]], **project: object) -> Scenario:
    label = {"vi": "Sân ủ", "en": "Yard"}
    plant = {
        "label": label, "process": "composting_yard", "place": {"district": "south"}, "capacity": 10, "owner": label,
        "operator": label, "form": "public", "site_secured": True, "decision": "2026-01-01",
        "funding": [{"source": "town", "share": 1}], **project,
    }  # fmt: skip
    rate = {"value": 0.08, "unit": "1", "basis": "unverified", "source": "illustration"}
    return Scenario.model_validate(
        {
            "format": 1, "id": "trial", "label": label, "model": "first_steps", "decisions_from": 2026, "horizon": 2030,
            "target_year": 2030, "options": {"a": {"label": label, "projects": {"yard": plant}}},
            "funders": {"town": {"label": label, "kind": "budget"}}, "simulation": {"stages": chains},
            "finance": {"price_year": 2024, "start": 2026, "discount_rate": rate},
        }
    )  # fmt: skip


def chain(months: float) -> list[dict[str, object]]:
    duration = {"value": months, "unit": "month", "basis": "unverified", "source": "illustration"}
    return [{"id": "construction", "label": {"vi": "Xây", "en": "Build"}, "duration": duration}]


def stages_in(read: Scenario) -> list[tuple[str, float, bool]]:
    (built,) = plan_of(read, "a").built
    return [(stage.id, stage.duration.value, stage.operates) for stage in built.stages]


FROM_ROWS = [
    ("permit", 3.0, False),
    ("procurement", 2.0, False),
    ("construction", 6.0, False),
    ("trial_run", 1.0, True),
]


@pytest.mark.parametrize("technology", ISSUED)
def test_every_technology_of_ben_tre_has_all_its_numbers_in_their_unit(ben_tre: Model, technology: str) -> None:
    assert technology in ben_tre.technology_profiles
    assert [name for name in NUMBERS if name not in rows_of(ben_tre)[technology]] == []
    found = profile_row(ben_tre, technology, "vi")
    assert found["lead_time"] == pytest.approx(sum(s.duration.value for s in stages_of(ben_tre, technology)))
    for names in SHARES.values():
        assert sum(rows_of(ben_tre)[technology][name].value for name in names) == pytest.approx(1.0, abs=1e-12)


def test_where_the_scenario_gives_no_chain_the_stages_are_those_of_the_technology(town: Model) -> None:
    read = with_lead_times(scenario({}), town)
    assert stages_in(read) == FROM_ROWS
    assert chain_of(read.options["a"].projects["yard"]) == "composting_yard"


def test_a_chain_of_the_scenario_goes_first_and_a_project_may_ask_for_its_technology(town: Model) -> None:
    default = {"site_secured": chain(8.0)}
    assert stages_in(with_lead_times(scenario(default), town)) == [("construction", 8.0, False)]
    assert stages_in(with_lead_times(scenario(default, stages="composting_yard"), town)) == FROM_ROWS
    own = {"composting_yard": chain(5.0)}
    assert stages_in(with_lead_times(scenario(own), town)) == [("construction", 5.0, False)]


def test_a_project_without_any_chain_stays_as_written() -> None:
    read = scenario({})
    assert with_lead_times(read, read_model("first_steps")) == read


def test_a_stage_that_lacks_a_row_is_no_chain(town: Model) -> None:
    fewer = tuple(r for r in town.parameters if r.parameter != "lead_time_permit")
    assert stages_of(town.model_copy(update={"parameters": fewer}), "composting_yard") == ()


def test_a_profile_in_memory_or_in_its_file_is_the_same(tmp_path: Path) -> None:
    folder = read_model("ben_tre").technology_profiles["digestion"]
    assert folder.label.en == "Wet digestion with engine"
    (tmp_path / "technology_profiles.yaml").write_text("- a list\n", encoding="utf-8")
    (tmp_path / "model.yaml").write_text("format: 1\n", encoding="utf-8")
    problems = load_model(tmp_path).problems
    assert any(p.code == "value-mapping" and "technology_profiles" in p.place.file for p in problems)
