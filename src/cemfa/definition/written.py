"""A scenario and its model as the text files one writes by hand: YAML for what there is, CSV for the numbers.

The way back of `load`: what is written here reads as the same scenario and model.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import yaml

from cemfa.definition.columns import IN_WORDS, table_columns
from cemfa.definition.schema import Model, Scenario
from cemfa.definition.shape import NOT_WRITTEN
from cemfa.definition.source import parse_yaml
from cemfa.definition.workbook.layout import first_of_technologies
from cemfa.library import MODEL_FILE

_BY_KEY: Final = {
    "goods": "id", "sources": "id", "departments": "id", "benchmark_plants": "id", "parameter_labels": "parameter",
}  # fmt: skip
_BESIDE: Final = ("targets", "technology_profiles")
_HISTORY: Final = "history"
_EXACT: Final = 1e15
"""Below it whole numbers are written without a decimal point."""


def files_of(scenario: Scenario, model: Model) -> dict[str, str]:
    """Return the text of every file by its path: the scenario, and the folder of its model beside it.

    Parameters
    ----------
    scenario : as written, without what follows from its model; it will name the model by its id

    Examples
    --------
    >>> from cemfa.definition.load import read_model, read_scenario
    >>> found = files_of(read_scenario("first_steps_2030"), read_model("first_steps"))
    >>> sorted(found)[:3]
    ['first_steps/composition.csv', 'first_steps/goods.csv', 'first_steps/model.yaml']
    """
    data = _plain(scenario.model_copy(update={"model": model.id}))
    if "sources" in data:
        data["sources"] = _without_ids(data["sources"])
    own = {f"{scenario.id}.yaml": _yaml(data)}
    return own | {f"{model.id}/{name}": text for name, text in _model_files(model).items()}


def _model_files(model: Model) -> dict[str, str]:
    data = _plain(model)
    rows = {name: data.pop(name) for name in (*table_columns(()), _HISTORY) if name in data}
    found = {f"{name}.yaml": _yaml(data.pop(name)) for name in _BESIDE if name in data}
    tables = {name: _listed(name, given) for name, given in rows.items()}
    first = first_of_technologies(model)
    tables["technologies"] = tables.get("parameters", [])[first:]
    tables["parameters"] = tables.get("parameters", [])[:first]
    histories = _histories(model, tables.pop(_HISTORY, []))
    columns = table_columns(model.dimensions, history=True)
    named: list[tuple[str, str, Sequence[Mapping[str, Any]]]]
    named = [*((f"{name}.csv", name, given) for name, given in tables.items() if given)]
    named += [(file if file.endswith(".csv") else f"{file}.csv", _HISTORY, given) for file, given in histories.items()]
    for file, name, given in named:
        found[file] = _csv([column.name for column in columns[name]], given)
    return {MODEL_FILE: _yaml(data), **found}


def _plain(written: Scenario | Model) -> dict[str, Any]:
    """Return what must be written of it: nothing that goes without saying."""
    found = written.model_dump(by_alias=True, exclude_defaults=True, exclude=set(NOT_WRITTEN))
    return {str(key): value for key, value in found.items()}


def _without_ids(entries: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    return {key: {k: v for k, v in entry.items() if k != "id"} for key, entry in entries.items()}


def _listed(name: str, given: Any) -> list[dict[str, Any]]:
    """Return the rows of a table; where the model has them by key, the key is a column."""
    if name not in _BY_KEY:
        return [_flat(row) for row in given]
    column = _BY_KEY[name]
    entries = ({"label": row} if name == "parameter_labels" else row for row in given.values())
    return [{column: key, **_flat(row)} for key, row in zip(given, entries, strict=True)]


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with its labels and indices in columns of their own."""
    found: dict[str, Any] = {}
    for key, value in row.items():
        if key == "index":
            found |= value
        elif key in IN_WORDS and isinstance(value, Mapping):
            found |= {column: value[lang] for column, lang in IN_WORDS[key].items()}
        else:
            found[key] = value
    return found


def _histories(model: Model, rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Return the rows of each table that a stock names: those of its process, or all in the first if mixed."""
    named: dict[str, list[Mapping[str, Any]]] = {}
    owner: dict[str, str] = {}
    for name, process in model.processes.items():
        if process.stock is not None and process.stock.history is not None:
            named.setdefault(process.stock.history, [])
            owner[name] = process.stock.history
    for row in rows:
        named[owner.get(str(row["process"]), next(iter(named)))].append(row)
    if [row for table in named.values() for row in table] != list(rows):
        named = {file: list(rows) if file == next(iter(named)) else [] for file in named}
    return named


def _csv(columns: Iterable[str], rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as CSV text, without the columns that none of them fills."""
    used = [name for name in columns if any(name in row for row in rows)] or list(columns)
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(used)
    writer.writerows([_cell(row.get(name)) for name in used] for row in rows)
    return stream.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple | list):
        return " ".join(str(entry) for entry in value)
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() and abs(value) < _EXACT else repr(value)
    return "" if value is None else str(value)


class _Dumper(yaml.SafeDumper):
    """Writes YAML 1.2 as `source` reads it: what would not come back as text is quoted."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the signature of PyYAML; no anchors are read
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    plain = "\n" not in text and parse_yaml(text).data == text
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain else '"')


def _number(dumper: yaml.SafeDumper, value: float) -> yaml.Node:
    is_whole = value.is_integer() and abs(value) < _EXACT
    return dumper.represent_int(int(value)) if is_whole else dumper.represent_float(value)


def _list(dumper: yaml.SafeDumper, values: Iterable[Any]) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", list(values))


_Dumper.add_representer(str, _text)
_Dumper.add_representer(float, _number)
_Dumper.add_representer(tuple, _list)


def _yaml(data: Any) -> str:
    found: str = yaml.dump(
        data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, default_flow_style=None, width=1_000_000
    )
    return found
