"""Every model that ships, and the template: each number says where it is from, each thing has two names."""

import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from cemfa import check, library, locale
from cemfa.definition.load import read_model, read_scenario
from cemfa.definition.schema import Label, Model, Scenario
from cemfa.indicators import REGISTRY

FOLDERS = [*library.models().values(), library.template() / library.TEMPLATE_ID]
SCENARIOS = [*library.scenarios().values(), *library.template().glob("*.yaml")]


@pytest.fixture(scope="module", params=FOLDERS, ids=lambda folder: folder.name)
def folder(request: pytest.FixtureRequest) -> Path:
    return request.param


@pytest.fixture(scope="module")
def model(folder: Path) -> Model:
    return read_model(folder)


@pytest.fixture(scope="module", params=SCENARIOS, ids=lambda file: file.stem)
def scenario(request: pytest.FixtureRequest) -> Scenario:
    return read_scenario(request.param)


def unnamed(labels: Iterator[tuple[str, Label | None]]) -> list[str]:
    """Return what lacks a name, or whose names are blank, alike by mistake in form, or not composed (NFC)."""
    found = []
    for key, label in labels:
        words = [label.vi, label.en] if label is not None else [""]
        if not all(word.strip() == word != "" and unicodedata.is_normalized("NFC", word) for word in words):
            found.append(key)
    return found


def names_of(model: Model) -> Iterator[tuple[str, Label | None]]:
    yield "model", model.label
    yield "area", model.area or model.label
    for kind in ("processes", "flows", "goods"):
        yield from ((f"{kind}.{key}", thing.label) for key, thing in getattr(model, kind).items())
    parameters = dict.fromkeys(row.parameter for row in model.parameters)
    yield from ((f"parameters.{name}", model.parameter_labels.get(name)) for name in parameters)
    for technology, profile in model.technology_profiles.items():
        texts = ("label", "leachate_control", "odour_control")
        yield from ((f"{technology}.{text}", getattr(profile, text)) for text in texts)
    for name, dimension in model.dimensions.items():
        yield from ((f"{name}.{item.id}", item.label) for item in dimension.items)
    yield from ((f"targets.{target.id}", target.label) for target in model.targets)


def names_in(scenario: Scenario) -> Iterator[tuple[str, Label | None]]:
    yield "scenario", scenario.label
    for key, option in scenario.options.items():
        yield key, option.label
        yield from ((f"{key}.summary", option.summary) for _ in range(option.baseline is None))
        for name, project in option.projects.items():
            yield from ((f"{name}.{part}", getattr(project, part)) for part in ("label", "owner", "operator"))
        for name, programme in option.programmes.items():
            yield from ((f"{name}.{part}", getattr(programme, part)) for part in ("label", "owner"))
    for kind in ("stress", "events", "funders"):
        yield from ((f"{kind}.{key}", thing.label) for key, thing in getattr(scenario, kind).items())
    for chain, stages in scenario.simulation.stages.items():
        yield from ((f"{chain}.{stage.id}", stage.label) for stage in stages)


def test_its_id_is_the_name_of_its_folder(folder: Path, model: Model) -> None:
    assert model.id == folder.name
    assert (folder / "README.md").is_file()


def test_every_number_has_unit_basis_and_a_source_that_exists(model: Model) -> None:
    rows = [*model.parameters, *model.composition, *model.history]
    assert [row for row in rows if not row.unit.strip()] == []
    rated = [*rows, *model.seasons]
    assert {row.basis for row in rated} <= {"reported", "derived", "unverified"}
    assert {row.source for row in rated} <= set(model.sources)


def test_derived_numbers_say_how_and_judgement_is_never_more_than_unverified(model: Model) -> None:
    assert [row.parameter for row in model.parameters if row.basis == "derived" and not row.note] == []
    judged = [
        row for row in (*model.parameters, *model.composition) if row.source in ("judgement", "illustration", "example")
    ]
    assert {row.basis for row in judged} <= {"unverified"}


def test_every_source_is_cited_and_titled(folder: Path, model: Model) -> None:
    assert [key for key, source in model.sources.items() if not source.title.strip()] == []
    files = [*(path for path in folder.iterdir() if path.name != "sources.csv"), *SCENARIOS]
    cited = "".join(path.read_text(encoding="utf-8") for path in files)
    assert [key for key in model.sources if key not in cited] == []


def test_everything_has_a_name_in_both_languages(model: Model) -> None:
    assert unnamed(names_of(model)) == []


def test_every_technology_is_that_of_a_named_process_or_a_vehicle_or_has_a_profile(model: Model) -> None:
    used = {process.technology for process in model.processes.values() if process.technology}
    rows = {row.index["technology"] for row in model.parameters if "technology" in row.index}
    vehicles = {row.index["technology"] for row in model.parameters if row.parameter == "haul_cost"}
    assert rows <= used | vehicles | set(model.technology_profiles)


def test_everything_in_a_scenario_has_a_name_in_both_languages(scenario: Scenario) -> None:
    assert unnamed(names_in(scenario)) == []


def test_every_indicator_has_a_name_and_a_formula_in_both_languages() -> None:
    for indicator in REGISTRY.values():
        labels = [
            Label(**{lang: said(lang) for lang in locale.LANGUAGES}) for said in (indicator.label, indicator.formula)
        ]
        assert unnamed((indicator.id, label) for label in labels) == []


@pytest.mark.parametrize("kind", [library.models, library.scenarios], ids=["models", "scenarios"])
def test_every_one_stands_in_the_list_of_its_readme(kind) -> None:
    listed = kind()
    readme = (next(iter(listed.values())).parent / "README.md").read_text(encoding="utf-8")
    assert [name for name in listed if f"| `{name}` |" not in readme] == []


@pytest.mark.parametrize(
    "name",
    ["first_steps", "rice_straw", "coconut_husk", "town_yard", "first_steps_2030", "rice_straw_2030", "town_yard_2030"],
)
def test_what_teaches_has_neither_errors_nor_warnings(name: str) -> None:
    assert check(name) == []
