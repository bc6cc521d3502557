"""The JSON Schema: says what the reader says, of what is shipped and of what is wrong."""

import jsonschema
import pytest
import yaml

from cemfa import library
from cemfa.definition.schema import Model, Scenario
from cemfa.definition.shape import json_schema


def fixed_dates(value: object) -> object:
    """YAML of the test's reader knows dates; in a file they are text."""
    if isinstance(value, dict):
        return {str(k): fixed_dates(v) for k, v in value.items()}
    if isinstance(value, list):
        return [fixed_dates(v) for v in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


@pytest.mark.parametrize("name", library.models())
def test_shipped_models_follow_the_schema(name: str) -> None:
    data = yaml.safe_load((library.models()[name] / "model.yaml").read_text(encoding="utf-8"))
    jsonschema.validate(fixed_dates(data), json_schema(Model))


@pytest.mark.parametrize("name", library.scenarios())
def test_shipped_scenarios_follow_the_schema(name: str) -> None:
    data = yaml.safe_load(library.scenarios()[name].read_text(encoding="utf-8"))
    jsonschema.validate(fixed_dates(data), json_schema(Scenario))


@pytest.mark.parametrize("kind", [Model, Scenario])
def test_every_field_is_described(kind: type) -> None:
    schema = json_schema(kind)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert "inputs" not in schema["properties"]
    for name, part in {kind.__name__: schema, **schema["$defs"]}.items():
        for field, stated in part.get("properties", {}).items():
            same = schema["$defs"].get(stated.get("$ref", "").rsplit("/", 1)[-1], {})  # said by what it refers to
            assert stated.get("description") or same.get("description"), f"{name}.{field}"


def test_what_is_wrong_is_wrong_by_the_schema_too() -> None:
    schema = json_schema(Model)
    data = yaml.safe_load((library.models()["first_steps"] / "model.yaml").read_text(encoding="utf-8"))
    data["flows"]["organics_dumped"]["shre"] = 1
    with pytest.raises(jsonschema.ValidationError, match="shre"):
        jsonschema.validate(data, schema)
