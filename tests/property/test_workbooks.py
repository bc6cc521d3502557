"""Whatever a scenario may say, its workbook and its text file say the same; made from the schema itself."""

from __future__ import annotations

import datetime
import string
import types
import typing
import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from tests.property.sizes import drawn

from cemfa.definition.load import model_from_dict
from cemfa.definition.schema import Model, Scenario
from cemfa.definition.source import parse_yaml
from cemfa.definition.workbook.read import read_workbook
from cemfa.definition.workbook.write import workbook_of
from cemfa.definition.written import files_of

IDS = st.text(string.ascii_lowercase + string.digits + "_", min_size=1, max_size=12).map("a".__add__)
TEXTS = st.one_of(
    st.text("aăâbđêơưẠợ=+-@'\"\\#;:,.{}[]!&<>% \n019", max_size=20),
    st.sampled_from(["no", "1e5", "0x1f", "~", "null", "2026-01-01", "1.234,5", "=1+1", "[]", " x ", "Hợp tác xã"]),
).map(lambda text: unicodedata.normalize("NFC", text))


def bounds(metadata: typing.Iterable[Any]) -> dict[str, Any]:
    """Return the limits that pydantic's annotations state."""
    found: dict[str, Any] = {}
    for entry in metadata:
        for inner in (entry, *getattr(entry, "metadata", ())):
            for name in ("gt", "ge", "lt", "le", "min_length"):
                value = getattr(inner, name, None)
                if value is not None:
                    found[name] = value
    return found


def numbers(limits: Mapping[str, Any]) -> st.SearchStrategy[float]:
    low, high = limits.get("ge", limits.get("gt", -1e12)), limits.get("le", 1e12)
    found = st.one_of(st.floats(low, high, allow_nan=False), st.integers(int(low), int(high)).map(float))
    return found.filter(lambda value: "gt" not in limits or value > limits["gt"])


def wholes(limits: Mapping[str, Any]) -> st.SearchStrategy[int]:
    return st.integers(int(limits.get("ge", -3000)), int(limits.get("le", 3000)))


def values(annotation: Any, limits: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Return a strategy for a type of the schema."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        inner = bounds(arguments[1:])
        if any(getattr(entry, "pattern", None) for entry in arguments[1:]):
            return IDS
        return values(arguments[0], {**limits, **inner})
    if origin in (typing.Union, types.UnionType):
        return st.one_of(values(each, limits) for each in arguments)
    if origin is typing.Literal:
        return st.sampled_from(arguments)
    if origin is tuple and arguments[-1] is not Ellipsis:
        return st.tuples(*(values(each, {}) for each in arguments)).map(list)
    if origin is tuple:
        return st.lists(values(arguments[0], {}), min_size=limits.get("min_length", 0), max_size=3)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        keys, content = arguments
        named = TEXTS.filter(bool) if keys is str else values(keys, {"ge": 1900, "le": 2200})
        content = values(content, {"min_length": 1})  # a chain without stages is no chain, and has no row
        named = named.filter(lambda key: not isinstance(key, str) or key == key.strip())
        return st.dictionaries(named, content, min_size=limits.get("min_length", 0), max_size=3)
    plain: dict[Any, st.SearchStrategy[Any]] = {
        type(None): st.none(),
        str: TEXTS,
        bool: st.booleans(),
        int: wholes(limits),
        float: numbers(limits),
        datetime.date: st.dates(datetime.date(1901, 1, 1), datetime.date(2199, 12, 31)),
    }
    return plain[annotation] if annotation in plain else objects(annotation)


@cache
def fields(kind: type[BaseModel]) -> dict[str, tuple[st.SearchStrategy[Any], bool]]:
    """Return a strategy for each field of a class, and whether it must be there."""
    found = {}
    for name, info in kind.model_fields.items():
        if name == "inputs" or (kind.__name__ == "Source" and name == "id"):
            continue
        named = any(getattr(entry, "pattern", None) for entry in info.metadata)
        strategy = IDS if named else values(info.annotation, bounds(info.metadata))
        found[info.alias or name] = strategy, info.is_required()
    return found


@st.composite
def objects(draw: st.DrawFn, kind: type[BaseModel]) -> dict[str, Any]:
    """Return the plain data of a class; what may be left out sometimes is."""
    return {
        name: draw(strategy)
        for name, (strategy, is_required) in fields(kind).items()
        if is_required or draw(st.booleans())
    }


def with_ids(data: dict[str, Any]) -> dict[str, Any]:
    sources = {key: {"id": key, **entry} for key, entry in data.get("sources", {}).items()}
    return {**data, "model": "barn", "sources": sources}


def barn() -> Model:
    return model_from_dict(
        {
            "format": 1, "id": "barn", "label": {"vi": "Chuồng", "en": "Barn"},
            "periods": {"from": 2024, "to": 2024}, "layers": {"elements": ["nitrogen"]},
            "processes": {"field": {"sink": True}},
            "flows": {"manure": {"from": "outside", "to": "field", "good": "dung", "amount": "dung_made",
                                 "basis": "nitrogen"}},
            "goods": {"dung": {"label": {"vi": "Phân", "en": "Dung"}, "status": "by_product"}},
        },
        {
            "parameters": "parameter,value,unit,basis,source\ndung_made,3,t/year,unverified,example\n",
            "sources": "id,title\nexample,An example\n",
        },
    )  # fmt: skip


SCENARIOS = objects(Scenario).map(with_ids).map(Scenario.model_validate)
MODEL = barn()
FEW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@settings(FEW, max_examples=drawn(30).max_examples)  # a workbook takes half a second
@given(scenario=SCENARIOS, lang=st.sampled_from(["vi", "en"]))
def test_a_workbook_reads_as_what_was_written(scenario: Scenario, lang: str) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder, "x.xlsx")
        file.write_bytes(workbook_of(scenario, MODEL, lang))
        book = read_workbook(file)
    assert not book.problems
    assert Scenario.model_validate(book.parts["scenario"].data) == scenario
    assert Model.model_validate(book.parts["model"].data) == MODEL.model_copy(update={"inputs": {}})


@settings(FEW, max_examples=drawn(100).max_examples)
@given(scenario=SCENARIOS)
def test_a_text_file_reads_as_what_was_written(scenario: Scenario) -> None:
    source = parse_yaml(files_of(scenario, MODEL)[f"{scenario.id}.yaml"])
    assert not source.problems
    assert Scenario.model_validate(with_ids(source.data)) == scenario
