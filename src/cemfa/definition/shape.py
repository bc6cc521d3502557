"""Whether plain data have the shape of the schema: errors of pydantic become problems with a place.

Between `source` and `tables`, which bring plain data, and `checks`, which ask what a well-formed model means.
The JSON Schema for editors is exported from here as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from cemfa.definition.schema import LARGEST, Model, Scenario
from cemfa.definition.source import KeyPath, nearest
from cemfa.errors import Place, Problem

_Kind = TypeVar("_Kind", bound=BaseModel)
_Finding = tuple[KeyPath, list[Mapping[str, Any]]]

NOT_WRITTEN: Final = ("inputs",)
"""Fields that the reader sets; as keys they are unknown."""

_CODES: Final = {
    "string_type": "value-text",
    "string_pattern_mismatch": "id-form",
    "string_too_long": "id-form",
    "literal_error": "value-choice",
    "int_type": "value-whole",
    "int_from_float": "value-whole",
    "float_type": "value-number",
    "finite_number": "number-not-finite",
    "bool_type": "value-flag",
    "bool_parsing": "value-flag",
    "date_type": "value-date",
    "date_parsing": "value-date",
    "date_from_datetime_parsing": "value-date",
    "date_from_datetime_inexact": "value-date",
    "greater_than": "value-range",
    "greater_than_equal": "value-range",
    "less_than": "value-range",
    "less_than_equal": "value-range",
    "value_error": "value-range",
    "model_type": "value-mapping",
    "model_attributes_type": "value-mapping",
    "dict_type": "value-mapping",
    "mapping_type": "value-mapping",
    "tuple_type": "value-list",
    "too_short": "value-list",
}
_TABLES: Final = (
    "goods",
    "sources",
    "parameter_labels",
    "parameters",
    "composition",
    "seasons",
    "distances",
    "history",
    "departments",
    "duties",
    "benchmark_plants",
)
_ENTRIES: Final = ("flows", "processes", "targets", "technology_profiles", *_TABLES)
_SIGNS: Final = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}


@dataclass(frozen=True, slots=True)
class Shaped(Generic[_Kind]):
    """Data brought to the schema, as far as they have its shape.

    Attributes
    ----------
    found : the model or scenario, None where what is wrong cannot be left out
    problems : of the shape
    kept : positions of the entries kept, by the path of a list from which some were left out
    dropped : paths of entries that were left out because something in them is wrong
    pruned : paths of objects in which an unknown key was left out
    """

    found: _Kind | None
    problems: list[Problem]
    kept: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    dropped: frozenset[KeyPath] = frozenset()
    pruned: frozenset[KeyPath] = frozenset()


def validate(
    kind: type[_Kind],
    data: Mapping[str, Any],
    place: Callable[[KeyPath, bool], Place],
    in_table: Callable[[KeyPath], bool] = lambda _: False,
) -> Shaped[_Kind]:
    """Return data as a frozen object of the schema, and the problems of its shape.

    Unknown keys, and the flows, processes and rows in which something is wrong, are reported and left out, so
    that the meaning of the rest is still looked at.

    Parameters
    ----------
    kind : `Model` or `Scenario`
    data : plain data
    place : gives the place of a path; the flag asks for the key instead of its value
    in_table : tells whether a path lies in a row of a table
    """
    try:
        return Shaped(kind.model_validate(data), [])
    except ValidationError as error:
        findings = _findings(error, data)
    problems = [_problem(kind, path, errors, data, place, in_table) for path, errors in findings]
    unknown = [path for path, errors in findings if errors[0]["type"] == "extra_forbidden"]
    wrong = {path[:2] for path, _ in findings if path not in unknown}
    if any(len(path) < 2 or path[0] not in _ENTRIES for path in wrong):
        return Shaped(None, problems)
    rest = dict(data)
    for path in unknown:
        rest = _without(rest, path)
    names = {str(path[0]) for path in wrong}
    kept = {name: _positions(data[name], name, wrong) for name in names if not isinstance(data[name], Mapping)}
    rest |= {name: _left(rest[name], name, wrong) for name in names}
    try:
        found = kind.model_validate(rest)
    except ValidationError:
        return Shaped(None, problems)  # without a key, a union sees something else: the first report stands
    return Shaped(found, problems, kept, frozenset(wrong), frozenset(path[:-1] for path in unknown))


def _positions(value: Sequence[Any], name: str, dropped: set[KeyPath]) -> tuple[int, ...]:
    return tuple(n for n in range(len(value)) if (name, n) not in dropped)


def _left(value: Any, name: str, dropped: set[KeyPath]) -> Any:
    """Return the entries of a list or mapping that are not dropped."""
    if isinstance(value, Mapping):
        return {key: entry for key, entry in value.items() if (name, key) not in dropped}
    return [entry for n, entry in enumerate(value) if (name, n) not in dropped]


def json_schema(kind: type[Model | Scenario]) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a model or scenario file; docstrings of fields are descriptions.

    >>> sorted(json_schema(Scenario)["required"])[:3]
    ['decisions_from', 'finance', 'format']
    """
    schema = kind.model_json_schema(by_alias=True, mode="validation")
    for name in NOT_WRITTEN:
        schema["properties"].pop(name, None)
    for name in ("Good", "Source", "BenchmarkPlant"):  # in a mapping the key is the id
        if name in schema["$defs"]:
            schema["$defs"][name]["required"].remove("id")
    for name in ("parts", "shares") if "Area" in schema["$defs"] else ():  # the name of a table, or its rows
        given = schema["$defs"]["Area"]["properties"][name]
        listed = {key: given.pop(key) for key in ("type", "items")}
        given["anyOf"] = [{"type": "string"}, listed]
    rows = ("parameters", "composition", "seasons", "distances", "history", "departments", "duties", "benchmark_plants")
    for name in rows if kind is Model else ():
        given = schema["properties"][name]
        given |= {"items": {"type": "object"}, "description": f"{given['description']} Columns as in the table."}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _findings(error: ValidationError, data: Mapping[str, Any]) -> list[_Finding]:
    """Return the errors by the path where they were written, only the deepest where a union reports several."""
    grouped: dict[KeyPath, list[Mapping[str, Any]]] = {}
    for found in error.errors(include_url=False):
        grouped.setdefault(_written_path(found, data), []).append({**found})
    return [
        (path, errors)
        for path, errors in grouped.items()
        if errors[0]["type"] == "extra_forbidden"
        or not any(len(other) > len(path) and other[: len(path)] == path for other in grouped)
    ]


def _written_path(found: Mapping[str, Any], data: Any) -> KeyPath:
    """Return the part of pydantic's location that the data really have; the rest names members of unions."""
    path: list[str | int] = []
    here = data
    last = len(found["loc"]) - 1
    for position, part in enumerate(found["loc"]):
        if isinstance(here, Mapping) and part in here:
            here = here[part]
        elif isinstance(here, Sequence) and not isinstance(here, str) and isinstance(part, int):
            here = here[part] if part < len(here) else None
        elif not (position == last and found["type"] == "missing"):
            continue
        path.append(part)
    return tuple(path)


def _problem(
    kind: type[BaseModel],
    path: KeyPath,
    errors: Sequence[Mapping[str, Any]],
    data: Mapping[str, Any],
    place: Callable[[KeyPath, bool], Place],
    in_table: Callable[[KeyPath], bool],
) -> Problem:
    first, key = errors[0], str(path[-1]) if path else ""
    if first["type"] == "extra_forbidden":
        known = nearest(key, _fields(kind, first["loc"][:-1]))
        return Problem("key-unknown", place(path, True), {"key": key, "known": known})
    if first["type"] == "missing":
        where = place(path, False)
        if in_table(path):
            return Problem("cell-blank", where, {"column": where.path})
        return Problem("key-missing", where, {"key": key})
    about_key = first["loc"][-1] == "[key]"
    value = key if about_key else _at(data, path)
    return _value_problem(errors, value, place(path, about_key))


def _value_problem(errors: Sequence[Mapping[str, Any]], value: Any, place: Place) -> Problem:
    types = {error["type"]: error for error in errors}
    shown = _shown(value)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if value is None:
        return Problem("value-blank", place, {})
    if is_number and {"literal_error", "string_type"} <= types.keys():
        return Problem("factor-number", place, {"value": shown})
    chosen = types.get("string_pattern_mismatch", errors[0])
    code = _CODES.get(chosen["type"], "value-form")
    parameters: dict[str, object] = {"value": shown}
    if code == "value-choice":
        allowed = [a or b for a, b in re.findall(r"'([^']*)'|(\d+)", str(chosen["ctx"]["expected"]))]
        parameters["known"] = nearest(shown, allowed, len(allowed))
    elif code == "value-range":
        limits = ((_SIGNS[k], v) for k, v in chosen["ctx"].items() if k in _SIGNS)
        sign, bound = next(limits, ("≤", LARGEST) if is_number and value > 0 else ("≥", -LARGEST))
        parameters |= {"sign": sign, "bound": bound}
    return Problem(code, place, parameters)


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k}: …" for k in list(value)[:4]) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_shown(v) for v in value[:4]) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)[:60]


def _at(data: Any, path: Iterable[str | int]) -> Any:
    for part in path:
        data = data[part]
    return data


def _without(data: Any, path: KeyPath) -> Any:
    """Return data without the key at the end of `path`; what lies beside the path is shared."""
    if len(path) == 1:
        return {key: value for key, value in data.items() if key != path[0]}
    if isinstance(data, Mapping):
        return {**data, path[0]: _without(data[path[0]], path[1:])}
    return [_without(value, path[1:]) if n == path[0] else value for n, value in enumerate(data)]


@cache
def _schema(kind: type[BaseModel]) -> dict[str, Any]:
    return kind.model_json_schema(by_alias=True)


def _fields(kind: type[BaseModel], location: Iterable[str | int]) -> list[str]:
    """Return the keys that the schema knows at a location of pydantic's."""
    schema = _schema(kind)
    nodes = list(_concrete(schema, schema))
    for part in location:
        below = [child for node in nodes for child in _below(node, part)]
        if below:  # else a name of a union member, which is no level of its own
            nodes = [found for child in below for found in _concrete(child, schema)]
    fields = dict.fromkeys(name for node in nodes for name in node.get("properties", ()))
    return [name for name in fields if name not in NOT_WRITTEN]


def _below(node: Mapping[str, Any], part: str | int) -> Iterator[Any]:
    if isinstance(part, int):
        yield from (node[key] for key in ("items",) if isinstance(node.get(key), Mapping))
    if part in node.get("properties", ()):
        yield node["properties"][part]
    elif isinstance(node.get("additionalProperties"), Mapping):
        yield node["additionalProperties"]
    yield from node.get("patternProperties", {}).values()


def _concrete(node: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if "$ref" in node:
        yield from _concrete(schema["$defs"][node["$ref"].rsplit("/", 1)[-1]], schema)
    for key in ("anyOf", "allOf", "oneOf"):
        for child in node.get(key, ()):
            yield from _concrete(child, schema)
    yield node
