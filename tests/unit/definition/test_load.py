"""Models and scenarios from files and from memory; whatever is written, only problems come out."""

import copy
import math
import pickle
import shutil
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cemfa import library
from cemfa.definition.load import (
    load_model,
    load_scenario,
    model_from_dict,
    read_model,
    read_scenario,
)
from cemfa.definition.schema import Model
from cemfa.errors import CemfaError, DefinitionError

FOLDER = library.models()["first_steps"]
DATA = yaml.safe_load((FOLDER / "model.yaml").read_text(encoding="utf-8"))
TABLES = {file.stem: file.read_text(encoding="utf-8") for file in sorted(FOLDER.glob("*.csv"))}


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "first_steps"))


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_narrow_limits_of_a_field_hold_beside_the_wide_ones_of_every_number() -> None:
    tables = {**TABLES, "seasons": TABLES["seasons"].replace(TABLES["seasons"].splitlines()[1].split(",")[2], "-1", 1)}
    assert ",-1," in tables["seasons"]
    with pytest.raises(DefinitionError) as raised:
        model_from_dict(DATA, tables)
    assert [problem.code for problem in raised.value.problems] == ["value-range"]


def test_files_and_memory_give_the_same_model() -> None:
    from_files, from_memory = read_model(FOLDER), model_from_dict(DATA, TABLES)
    targets = yaml.safe_load((FOLDER / "targets.yaml").read_text(encoding="utf-8"))
    with_targets = model_from_dict({**DATA, "targets": targets}, TABLES)
    assert from_memory.model_copy(update={"targets": from_files.targets, "inputs": from_files.inputs}) == from_files
    assert with_targets.targets == from_files.targets


def test_tables_may_be_rows_or_stand_in_the_data() -> None:
    rows = [{"id": "illustration", "title": "A title", "year": 2026}]
    without = {name: text for name, text in TABLES.items() if name != "sources"}
    as_table = model_from_dict(DATA, {**without, "sources": rows})
    as_rows_inside = model_from_dict({**DATA, "sources": rows}, without)
    by_id_inside = model_from_dict({**DATA, "sources": {"illustration": {"title": "A title", "year": 2026}}}, without)
    assert as_table.sources == as_rows_inside.sources == by_id_inside.sources


def test_what_is_read_keeps_hashes_of_every_file_and_survives_pickling() -> None:
    model = read_model("first_steps")
    assert set(model.inputs) == {file.name for file in FOLDER.iterdir() if file.suffix in (".csv", ".yaml")}
    assert all(len(digest) == 64 for digest in model.inputs.values())
    assert pickle.loads(pickle.dumps(model)) == model


def test_places_lead_back_to_cells_and_keys() -> None:
    places = load_model(FOLDER).places
    place = places.of("parameters", 4, "value")
    assert (place.line, place.column, place.path) == (6, 7, "value")
    assert places.of("goods", "compost", "label", "vi").path == "label_vi"
    assert places.of("flows", "organics_dumped", "share", "other", 0).path == "flows.organics_dumped.share"
    assert places.of("targets", 1, "value").file.endswith("targets.yaml")


def test_a_scenario_is_checked_with_its_model(copied: Path) -> None:
    scenario = copied.parent / "mine.yaml"
    text = library.scenarios()["first_steps_2030"].read_text(encoding="utf-8")
    scenario.write_text(text.replace("model: first_steps", "model: ./first_steps"), encoding="utf-8")
    assert read_scenario(scenario).model == "./first_steps"
    change(copied / "parameters.csv", "kg/person/d", "kg/persn/d")
    with pytest.raises(DefinitionError) as caught:
        read_scenario(scenario)
    assert {p.code for p in caught.value.problems} == {"unknown-unit"}


def test_a_scenario_names_a_model_that_exists(tmp_path: Path) -> None:
    text = library.scenarios()["first_steps_2030"].read_text(encoding="utf-8")
    (tmp_path / "s.yaml").write_text(text.replace("model: first_steps", "model: nowhere"), encoding="utf-8")
    assert [p.code for p in load_scenario(tmp_path / "s.yaml").model.problems] == ["unknown-model"]


def test_unknown_names_are_problems_not_exceptions() -> None:
    assert [p.code for p in load_model("no_such_model").problems] == ["unknown-model"]
    assert [p.code for p in load_scenario("no_such_scenario").problems] == ["unknown-scenario"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({**DATA, "inputs": {"a": "b"}}, "key-unknown"),
        ({**DATA, "format": 2}, "value-choice"),
        ({k: v for k, v in DATA.items() if k != "flows"}, "key-missing"),
        ({**DATA, "periods": {"from": True, "to": 2030}}, "value-whole"),
        ({**DATA, "periods": {"from": math.nan, "to": 2030}}, "value-whole"),
        ({**DATA, "goods": {"x": {"label": {"vi": "X", "en": "X"}, "status": "waste"}}}, "given-twice"),
    ],
)
def test_wrong_data_from_memory(data: dict, code: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        model_from_dict(data, TABLES)
    assert code in {p.code for p in caught.value.problems}


def test_an_unknown_table_from_memory_is_named() -> None:
    with pytest.raises(DefinitionError, match=r"\[table-unknown\]"):
        model_from_dict(DATA, {**TABLES, "parameter": "a\n1\n"})


def test_a_broken_row_does_not_hide_what_is_wrong_elsewhere(copied: Path) -> None:
    change(copied / "goods.csv", "residue", "rubbish")
    change(copied / "parameters.csv", "0.5,kg/person/d", "many,kg/person/d")
    change(copied / "model.yaml", "to: open_dump", "to: open_dmp")
    change(copied / "model.yaml", "share: remainder", "shore: remainder")
    codes = [p.code for p in load_model(copied).problems]
    assert sorted(codes) == ["key-unknown", "number-format", "process-unknown", "value-choice"]


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-10, 3000),
    st.floats(),
    st.sampled_from(["", "household", "outside", "yard(x=1", "x" * 100, "ủ", "remainder", "district", "1", "%"]),
    st.lists(st.sampled_from(["district", "settlement", "household", "separated", 0, 1, None]), max_size=3),
    st.dictionaries(st.sampled_from(["other", "carbon", "from", "x", "alias", "of"]), st.integers(0, 2), max_size=2),
)


def paths_of(data: object, path: tuple = ()) -> list[tuple]:
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path, *(found for key, value in entries for found in paths_of(value, (*path, key)))]


PATHS = paths_of(DATA)[1:]


def mutate(data: dict, path: tuple, how: str, value: object) -> None:
    parent = data
    for key in path[:-1]:
        if not isinstance(parent, dict | list):
            return
        parent = parent[key] if isinstance(parent, list) or key in parent else None
    if isinstance(parent, dict) and path[-1] in parent:
        old = parent.pop(path[-1])
        if how == "rename":
            parent[f"{path[-1]}x"] = old
        elif how == "replace":
            parent[path[-1]] = value
    elif isinstance(parent, list) and path[-1] < len(parent):
        parent[path[-1]] = value


def is_model_or_problems(data: dict, tables: dict) -> bool:
    try:
        return isinstance(model_from_dict(data, tables), Model)
    except CemfaError as error:
        return bool(error.problems) and bool(str(error))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(st.sampled_from(PATHS), st.sampled_from(["replace", "delete", "rename"]), VALUES),
        min_size=1,
        max_size=3,
    )
)
def test_mutated_data_give_a_model_or_problems(mutations: list) -> None:
    data = copy.deepcopy(DATA)
    for path, how, value in mutations:
        try:
            mutate(data, path, how, value)
        except (IndexError, KeyError, TypeError):
            return  # an earlier mutation took the place away
    assert is_model_or_problems(data, TABLES)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.sampled_from(sorted(TABLES)),
    st.integers(0, 40),
    st.integers(0, 20),
    st.sampled_from(["", "x", "NaN", "-1", "1e999", "ủ", '"', "district", "2,5", "%", "compost", "0;1", "yes"]),
)
def test_mutated_tables_give_a_model_or_problems(name: str, line: int, column: int, cell: str) -> None:
    lines = [row.split(",") for row in TABLES[name].splitlines()]
    row = lines[line % len(lines)]
    row[column % len(row)] = cell
    text = "\n".join(",".join(row) for row in lines)
    assert is_model_or_problems(DATA, {**TABLES, name: text})


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.sampled_from(sorted(file.name for file in FOLDER.iterdir() if file.suffix in (".csv", ".yaml"))),
    st.integers(0, 5000),
    st.binary(min_size=1, max_size=3),
)
def test_mutated_bytes_give_problems_not_exceptions(tmp_path_factory, name: str, at: int, content: bytes) -> None:
    folder = Path(shutil.copytree(FOLDER, tmp_path_factory.mktemp("model") / "first_steps"))
    raw = (folder / name).read_bytes()
    at %= len(raw)
    (folder / name).write_bytes(raw[:at] + content + raw[at + 1 :])
    loaded = load_model(folder)
    assert loaded.model is not None or loaded.problems


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(0, 8000), st.text(alphabet="x:{}[]-, 0129.&*!'\"\n\tủ", min_size=1, max_size=3))
def test_mutated_scenarios_give_problems_not_exceptions(tmp_path_factory, at: int, content: str) -> None:
    text = library.scenarios()["first_steps_2030"].read_text(encoding="utf-8")
    at %= len(text)
    file = tmp_path_factory.mktemp("scenario") / "s.yaml"
    file.write_text(text[:at] + content + text[at + 1 :], encoding="utf-8")
    loaded = load_scenario(file)
    assert loaded.scenario is not None or loaded.problems or loaded.model.problems
