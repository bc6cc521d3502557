"""Models and scenarios from files or from memory, with all problems at once; the door to the definition.

Tables stand beside `model.yaml` under fixed names. What was read becomes one frozen `Model` or `Scenario`;
a path in it leads back to the line where it was written.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from cemfa import library, locale
from cemfa.definition import checks
from cemfa.definition.columns import (
    IN_WORDS,
    dimension_columns,
    part_columns,
    share_columns,
    table_columns,
)
from cemfa.definition.schema import RESERVED_INDICES, Model, Scenario
from cemfa.definition.shape import NOT_WRITTEN, validate
from cemfa.definition.source import KeyPath, Source, dotted, nearest, read_yaml
from cemfa.definition.tables import Column, Row, Table, parse_table, read_table, table_from_rows, typed_rows
from cemfa.definition.technologies import with_lead_times
from cemfa.definition.workbook.archive import OTHER_SUFFIXES, SUFFIX
from cemfa.definition.workbook.read import read_workbook
from cemfa.errors import DefinitionError, Place, Problem

TableReader = Callable[[str], tuple[Table, list[Problem]] | None]
"""Gives a table by its name without suffix, None where there is none."""

_BY_ID: Final = {
    "goods": "id",
    "parameter_labels": "parameter",
    "sources": "id",
    "departments": "id",
    "benchmark_plants": "id",
}
_LISTS: Final = ("varies_by", "cannot_carry", "growth", "successors")
_BESIDE: Final = {"targets": "targets.yaml", "technology_profiles": "technology_profiles.yaml"}
"""YAML files beside `model.yaml`, by the field that each gives."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where each part of a model or scenario was written.

    Attributes
    ----------
    sources : YAML file by the path under which its data stand; the empty path is the main file
    rows : table row by the path of what it became, such as ``("parameters", 12)``
    kept : positions kept in lists from which unreadable entries were left out
    cells : cell of a workbook by path, for what was read from one
    """

    sources: Mapping[KeyPath, Source]
    rows: Mapping[KeyPath, Row] = field(default_factory=dict)
    kept: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    cells: Mapping[KeyPath, Place] = field(default_factory=dict)

    def in_table(self, path: KeyPath) -> bool:
        """Tell whether a path lies in a row of a table."""
        return path in self.cells or any(path[:length] in self.rows for length in range(1, len(path) + 1))

    def of(self, *path: str | int, key: bool = False) -> Place:
        """Return the place of a path: a cell of a table, or a key or value of a YAML file."""
        if len(path) > 1 and path[0] in self.kept and isinstance(path[1], int):
            path = (path[0], self.kept[str(path[0])][path[1]], *path[2:])
        for length in range(len(path), 0, -1):
            row = self.rows.get(path[:length])
            if row is not None:
                return row.place(_column(path[length:]))
            if path[:length] in self.cells:
                return replace(self.cells[path[:length]], path=dotted(path))
        for length in range(len(path), -1, -1):
            source = self.sources.get(path[:length])
            if source is not None:
                return source.place(path[length:], key=key)
        return replace(self.cells.get((), Place()), path=dotted(path))


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was read: the model if its shape is right, where its parts were written, and all problems."""

    model: Model | None
    places: Places
    problems: tuple[Problem, ...]
    whole: bool = True
    """Whether all of it could be read: else what a scenario misses in it may only be left out."""


@dataclass(frozen=True, slots=True)
class LoadedScenario:
    """As `Loaded`, for a scenario and the model it names."""

    scenario: Scenario | None
    places: Places
    problems: tuple[Problem, ...]
    model: Loaded
    written: Scenario | None = None
    """The scenario without the chains of stages that follow from the technologies of the model."""


def read_model(path: str | Path) -> Model:
    """Return the model in a folder, or the one of that id in the library.

    Raises
    ------
    DefinitionError
        with all problems found, each with its place.

    Examples
    --------
    >>> read_model("first_steps").periods.years[:2]
    (2024, 2025)
    """
    return _model_or_error(load_model(path))


def model_from_dict(
    data: Mapping[str, Any], tables: Mapping[str, Sequence[Mapping[str, object]] | str] | None = None
) -> Model:
    r"""Return a model from data in memory, of the same form as `model.yaml` and its tables.

    Parameters
    ----------
    data : what `model.yaml` would hold; tables may stand in it under their names (`goods`, `parameters` …)
    tables : table by name without suffix: a list of rows (dicts by column) or CSV text

    Raises
    ------
    DefinitionError
        with all problems found.

    Examples
    --------
    >>> model_from_dict({
    ...     "format": 1, "id": "barn", "label": {"vi": "Chuồng", "en": "Barn"},
    ...     "periods": {"from": 2024, "to": 2024}, "layers": {"elements": ["nitrogen"]},
    ...     "processes": {"field": {"sink": True}},
    ...     "flows": {"manure": {"from": "outside", "to": "field", "good": "dung", "amount": "dung_made",
    ...                          "basis": "nitrogen"}},
    ...     "goods": {"dung": {"label": {"vi": "Phân", "en": "Dung"}, "status": "by_product"}},
    ... }, {"parameters": "parameter,value,unit,basis,source\ndung_made,3,t/year,unverified,example\n",
    ...     "sources": "id,title\nexample,An example\n"}).id
    'barn'
    """
    given = dict(tables or {})

    def reader(name: str) -> tuple[Table, list[Problem]] | None:
        table = given.get(name.removesuffix(".csv"), given.get(name))
        if table is None:
            return None
        return parse_table(table, name) if isinstance(table, str) else table_from_rows(table, name)

    unknown = [n for n in given if n.removesuffix(".csv") not in _table_names(data)]
    problems = [Problem("table-unknown", Place(n), {"known": nearest(n, _table_names(data), 12)}) for n in unknown]
    text = json.dumps([data, given], sort_keys=True, default=str, ensure_ascii=False)
    hashes = {"memory": hashlib.sha256(text.encode()).hexdigest()}
    loaded = _load(Source(data=_plain(data)), {}, reader, hashes, problems)
    return _model_or_error(loaded)


def read_scenario(path: str | Path) -> Scenario:
    """Return the scenario of a file, or the one of that id in the library; the model it names is checked too.

    Raises
    ------
    DefinitionError
        with all problems found in the scenario and in its model.

    Examples
    --------
    >>> list(read_scenario("first_steps_2030").options)[:2]
    ['as_now', 'as_committed']
    """
    return read_scenario_and_model(path)[0]


def read_scenario_and_model(path: str | Path) -> tuple[Scenario, Model]:
    """Return the scenario of a file, a workbook or the library, and its model.

    Raises
    ------
    DefinitionError
        with all problems found in both.

    Examples
    --------
    >>> read_scenario_and_model("first_steps_2030")[1].id
    'first_steps'
    """
    loaded = load_scenario(path)
    return _both_or_error(loaded, loaded.scenario)


def read_written(path: str | Path) -> tuple[Scenario, Model]:
    """Return a scenario as it was written, without what follows from its model, and the model.

    Raises
    ------
    DefinitionError
        with all problems found in both.
    """
    loaded = load_scenario(path)
    return _both_or_error(loaded, loaded.written)


def load_model(path: str | Path, beside: Path | None = None) -> Loaded:
    """Return the model with places and problems; raises nothing for what the user wrote."""
    try:
        folder = library.find_model(path, beside)
    except DefinitionError as error:
        return Loaded(None, Places({}), error.problems)
    files = [folder / library.MODEL_FILE]

    def reader(name: str) -> tuple[Table, list[Problem]] | None:
        file = folder / (name if name.endswith(".csv") else f"{name}.csv")
        if not file.is_file() and not name.endswith(".csv"):
            return None
        files.append(file)
        return read_table(file)

    source = read_yaml(files[0])
    given = {name: folder / file for name, file in _BESIDE.items() if (folder / file).is_file()}
    files += given.values()
    beside_it = {name: read_yaml(file) for name, file in given.items()}
    problems = [problem for each in (source, *beside_it.values()) for problem in each.problems]
    return _load(source, beside_it, reader, None, problems, files)


def load_scenario(path: str | Path) -> LoadedScenario:
    """Return the scenario and its model with places and problems; raises nothing for what the user wrote."""
    nothing = Loaded(None, Places({}), ())
    try:
        file = library.find_scenario(path)
    except DefinitionError as error:
        return LoadedScenario(None, Places({}), error.problems, nothing)
    if file.suffix.lower() == SUFFIX:
        return _from_workbook(file)
    if file.suffix.lower() in OTHER_SUFFIXES:
        problem = Problem("workbook-kind", Place(str(file)), {"suffix": file.suffix})
        return LoadedScenario(None, Places({}), (problem,), nothing)
    source = read_yaml(file)
    places = Places({(): source})
    problems = list(source.problems)
    if not isinstance(source.data, dict):
        return LoadedScenario(None, places, tuple(problems or [Problem("value-mapping", source.place(()))]), nothing)
    data = {key: value for key, value in source.data.items() if key not in NOT_WRITTEN}
    problems += _not_written(source)
    data["sources"] = _with_ids(data.get("sources", {}), "id")
    model = nothing
    if isinstance(data.get("model"), str):
        model = load_model(data["model"], file.parent)
    return _scenario_of(data, places, problems, model, _hashes([file], file.parent))


def _scenario_of(
    data: Mapping[str, Any],
    places: Places,
    problems: list[Problem],
    model: Loaded,
    hashes: Mapping[str, str],
    failed: Collection[str] = (),
) -> LoadedScenario:
    """Bring a scenario to the schema and ask for its meaning with the model."""
    shaped = validate(Scenario, data, _placer(places), places.in_table)
    scenario = written = shaped.found
    problems += _new([p for p in shaped.problems if not _lacks_table(p, failed)], problems)
    if scenario is not None:
        scenario = written = scenario.model_copy(update={"inputs": dict(hashes)})
        if model.model is not None:
            scenario = with_lead_times(scenario, model.model)
        problems += _new(checks.scenario_problems(scenario, model.model if model.whole else None, places.of), problems)
    return LoadedScenario(scenario, places, tuple(problems), model, written)


def _from_workbook(file: Path) -> LoadedScenario:
    """Return the scenario and model of a workbook, both with cells for places."""
    book = read_workbook(file)
    hashes = _hashes([file], file.parent)
    if not any(part.data for part in book.parts.values()):
        return LoadedScenario(None, Places({}), tuple(book.problems), Loaded(None, Places({}), ()))
    own, its = book.parts["scenario"], book.parts["model"]
    known = len(book.problems)
    problems = list(book.problems)
    model = _model_of(its.data, Places({}, cells=its.cells), problems, hashes, its.failed)
    model = replace(model, problems=tuple(problems[known:]))
    return _scenario_of(own.data, Places({}, cells=own.cells), list(book.problems), model, hashes, own.failed)


def _both_or_error(loaded: LoadedScenario, scenario: Scenario | None) -> tuple[Scenario, Model]:
    errors = [p for p in (*loaded.problems, *loaded.model.problems) if p.severity == "error"]
    if errors or scenario is None or loaded.model.model is None:
        raise locale.error(DefinitionError, errors)
    return scenario, loaded.model.model


def _model_or_error(loaded: Loaded) -> Model:
    errors = [p for p in loaded.problems if p.severity == "error"]
    if errors or loaded.model is None:
        raise locale.error(DefinitionError, errors)
    return loaded.model


def _load(
    source: Source,
    beside: Mapping[str, Source],
    reader: TableReader,
    hashes: Mapping[str, str] | None,
    problems: list[Problem],
    files: Sequence[Path] = (),
) -> Loaded:
    """Merge YAML and tables into one mapping, bring it to the schema and ask for its meaning."""
    sources: dict[KeyPath, Source] = {(): source, **{(name,): file for name, file in beside.items()}}
    if not isinstance(source.data, dict):
        problems = problems or [Problem("value-mapping", source.place(()), {"value": str(source.data)[:40]})]
        return Loaded(None, Places(sources), tuple(problems))
    problems += _not_written(source)
    merging = _Merging(source, reader, problems)
    merging.dimensions()
    merging.areas()
    merging.tables()
    for name, file in beside.items():
        merging.field(name, file.data if file.data is not None else [] if name == "targets" else {}, file.place(()))
    merging.histories()
    places = Places(sources, merging.rows)
    read = hashes if hashes is not None else _hashes(files, files[0].parent)
    return _model_of(merging.data, places, problems, read, merging.failed)


def _model_of(
    data: Mapping[str, Any], places: Places, problems: list[Problem], hashes: Mapping[str, str], failed: Collection[str]
) -> Loaded:
    """Bring a model to the schema and ask for its meaning."""
    shaped = validate(Model, data, _placer(places), places.in_table)
    problems += _new([p for p in shaped.problems if not _lacks_table(p, failed)], problems)
    model, whole = shaped.found, not (shaped.dropped or failed)
    if model is not None:
        places = replace(places, kept=shaped.kept)
        model = model.model_copy(update={"inputs": dict(hashes)})
        found = checks.model_problems(model, places.of, failed, shaped.dropped, shaped.pruned)
        problems += _new(found, problems)
    return Loaded(model, places, tuple(problems), whole)


def _placer(places: Places) -> Callable[[KeyPath, bool], Place]:
    return lambda path, key: places.of(*path, key=key)


class _Merging:
    """Brings the tables into the mapping of `model.yaml`; one use per model."""

    def __init__(self, source: Source, reader: TableReader, problems: list[Problem]) -> None:
        self.source = source
        self.reader = reader
        self.problems = problems
        self.data = {key: value for key, value in source.data.items() if key not in NOT_WRITTEN}
        self.rows: dict[KeyPath, Row] = {}
        self.failed: set[str] = set()
        """Tables that could not be read whole: what seems missing may only be unreadable."""

    def dimensions(self) -> None:
        """Replace the name of a table by its rows, in every dimension that names one."""
        given = self.data.get("dimensions")
        if not isinstance(given, dict):
            return
        replaced = dict(given)
        for name, value in given.items():
            if isinstance(value, str):
                rows = self._rows(value, dimension_columns(), ("dimensions", name))
                for position, row in enumerate(rows):
                    self.rows["dimensions", name, "items", position] = row
                replaced[name] = {"items": [_nested(row, None) for row in rows]}
        self.data["dimensions"] = replaced

    def areas(self) -> None:
        """Replace the names of tables by their rows, in every area that names them."""
        given = self.data.get("areas")
        if not isinstance(given, dict):
            return
        replaced = dict(given)
        for name, value in given.items():
            if isinstance(value, dict):
                dimension = str(value.get("of"))
                columns = {"parts": part_columns(), "shares": share_columns(name, dimension)}
                renamed = {"shares": {name: "part", dimension: "item"}}
                replaced[name] = dict(value)
                for key, wanted in columns.items():
                    if isinstance(value.get(key), str):
                        path = ("areas", name, key)
                        rows = self._rows(value[key], wanted, path)
                        self.rows |= {(*path, position): row for position, row in enumerate(rows)}
                        names = renamed.get(key, {})
                        nested = [_nested(row, None) for row in rows]
                        replaced[name][key] = [{names.get(k, k): v for k, v in row.items()} for row in nested]
        self.data["areas"] = replaced

    def tables(self) -> None:
        """Add the tables of fixed names, from files or written in place."""
        dimensions = self._dimension_names()
        for name, columns in table_columns(dimensions).items():
            field_name = "parameters" if name == "technologies" else name
            inline = self.data.get(name)
            if name == "technologies":
                self.data.pop(name, None)
            if isinstance(inline, dict) and name in _BY_ID:
                found: Any = _with_ids(inline, "" if name == "parameter_labels" else _BY_ID[name])
                self.data.pop(name)
                self.field(name, found, self.source.place((name,)))
            elif isinstance(inline, list) and all(isinstance(row, dict) for row in inline):
                self.data.pop(name, None)
                table, problems = table_from_rows(inline, name)
                self._add(name, field_name, self._typed(table, columns, problems, (name,)), dimensions)
            rows = self._rows(name, columns, (name,))
            self._add(name, field_name, rows, dimensions)

    def histories(self) -> None:
        """Add the tables that stocks name as their history."""
        processes = self.data.get("processes")
        for name, process in processes.items() if isinstance(processes, dict) else ():
            stock = process.get("stock") if isinstance(process, dict) else None
            history = stock.get("history") if isinstance(stock, dict) else None
            if isinstance(history, str):
                columns = table_columns(self._dimension_names(), history=True)["history"]
                rows = self._rows(history, columns, ("processes", name, "stock", "history"))
                self._add("history", "history", rows, self._dimension_names())

    def field(self, name: str, value: Any, place: Place) -> None:
        """Set a field once; a second value for it is a problem."""
        if self.data.get(name):
            self.problems.append(Problem("given-twice", place, {"name": name}))
        else:
            self.data[name] = value

    def _rows(self, name: str, columns: Sequence[Column], path: KeyPath) -> list[Row]:
        found = self.reader(name)
        if found is None:
            if path != (name,):  # named by the user, and not there
                self.failed.add(Path(name).stem)
                self.problems.append(Problem("table-missing", self.source.place(path), {"table": name}))
            return []
        table, problems = found
        if problems and problems[0].code == "file-missing":
            problems = [Problem("table-missing", self.source.place(path), {"table": name})]
        return self._typed(table, columns, problems)

    def _typed(
        self, table: Table, columns: Sequence[Column], problems: list[Problem], inline: KeyPath = ()
    ) -> list[Row]:
        rows = typed_rows(table, columns, problems)
        if problems:
            self.failed.add(Path(table.file).stem)
        if inline and self.source.file:  # rows written in the YAML file: the place is there
            problems = [
                Problem(p.code, self.source.place((*inline, p.place.line - 1, p.place.path)), p.parameters)
                for p in problems
            ]
        self.problems += problems
        return rows

    def _add(self, name: str, field_name: str, rows: Sequence[Row], dimensions: Sequence[str]) -> None:
        if not rows:
            return
        if name in _BY_ID:
            keyed: dict[str, Any] = {}
            for row in rows:
                key = row.text(_BY_ID[name])
                if key in keyed:
                    line = self.rows[name, key].line
                    place = row.place(_BY_ID[name])
                    self.problems.append(Problem("id-duplicate", place, {"id": key, "line": line}))
                elif key:
                    self.rows[name, key] = row
                    nested = _nested(row, None)
                    keyed[key] = nested.get("label", {}) if name == "parameter_labels" else nested
            self.field(name, keyed, rows[0].place())
            return
        existing = list(self.data.get(field_name) or ())
        for position, row in enumerate(rows, start=len(existing)):
            self.rows[field_name, position] = row
            existing.append(_nested(row, dimensions if field_name in ("parameters", "history") else None))
        self.data[field_name] = existing

    def _dimension_names(self) -> list[str]:
        given = self.data.get("dimensions")
        return [str(name) for name in given] if isinstance(given, dict) else []


def _nested(row: Row, dimensions: Sequence[str] | None) -> dict[str, Any]:
    """Return a row in the form of the schema: labels joined, lists split, indices apart (None: no index)."""
    values: dict[str, Any] = dict(row.values)
    for field_name, columns in IN_WORDS.items():
        label = {lang: values.pop(name) for name, lang in columns.items() if name in values}
        if label:
            values[field_name] = label
    for name in _LISTS:
        if name in values:
            values[name] = [part for part in re.split(r"[\s;]+", str(values[name])) if part]
    if dimensions is not None:  # a model without dimensions has columns for layer, good and technology all the same
        indices = (*dimensions, *(RESERVED_INDICES if "parameter" in values else ()))
        values["index"] = {name: str(values.pop(name)) for name in indices if name in values}
    return values


def _column(path: KeyPath) -> str:
    """Return the column of a table that a path below its row came from."""
    if not path:
        return ""
    if path[0] in (*IN_WORDS, "vi", "en") and (len(path) > 1 or path[0] != "technology"):
        name = str(path[0]) if path[0] in IN_WORDS else "label"
        return f"{name}_{path[-1]}" if path[-1] in ("vi", "en") else f"{name}_vi"
    return str(path[1]) if path[0] == "index" and len(path) > 1 else str(path[0])


def _with_ids(given: Any, key: str) -> Any:
    if not isinstance(given, Mapping) or not key:
        return given
    return {k: {key: str(k), **v} if isinstance(v, Mapping) else v for k, v in given.items()}


def _not_written(source: Source) -> list[Problem]:
    known = nearest("", ())
    return [
        Problem("key-unknown", source.place((name,), key=True), {"key": name, "known": known})
        for name in NOT_WRITTEN
        if name in source.data
    ]


def _new(found: Sequence[Problem], known: Sequence[Problem]) -> list[Problem]:
    """Return the problems at places where none is known yet: a cell that could not be read is also missing.

    A row that lacks a whole column is not reported again, cell by cell.
    """
    taken = {_spot(p.place) for p in known if p.place.line or p.place.cell}
    columns = {(p.place.file, str(p.parameters["column"])) for p in known if p.code == "column-missing"}
    return [
        p
        for p in found
        if _spot(p.place) not in taken and (p.place.file, str(p.parameters.get("column"))) not in columns
    ]


def _lacks_table(problem: Problem, failed: Collection[str]) -> bool:
    """Tell whether something is missing only because its table could not be read, which is reported already."""
    return problem.code == "key-missing" and problem.parameters["key"] in failed


def _spot(place: Place) -> tuple[object, ...]:
    return place.file, place.line, place.column, place.sheet, place.cell


def _table_names(data: Mapping[str, Any]) -> list[str]:
    named = [v for v in _mapping(data.get("dimensions")).values() if isinstance(v, str)]
    stocks = [_mapping(_mapping(p).get("stock")) for p in _mapping(data.get("processes")).values()]
    named += [s["history"] for s in stocks if isinstance(s.get("history"), str)]
    areas = [_mapping(area) for area in _mapping(data.get("areas")).values()]
    named += [area[key] for area in areas for key in ("parts", "shares") if isinstance(area.get(key), str)]
    return [*table_columns(()), *(name.removesuffix(".csv") for name in named)]


def _mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


def _plain(value: Any) -> Any:
    """Return data from memory as plain data: dicts, lists and Python scalars."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value.item() if hasattr(value, "item") and getattr(value, "ndim", 1) == 0 else value


def _hashes(files: Sequence[Path], folder: Path) -> dict[str, str]:
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in dict.fromkeys(files)
        if file.is_file()
    }
