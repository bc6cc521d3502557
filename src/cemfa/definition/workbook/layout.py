"""Which tables a workbook has and which columns each: derived from the schema, so that new fields need nothing here.

Read by `write` and `read`. A class in a collection is a table, a class inside another one is columns with a
common beginning, a mapping of plain values is one column per key, a list of plain values is one cell.
"""

from __future__ import annotations

import datetime
import inspect
import types
import typing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final, Literal, TypeAlias

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from cemfa.definition.schema import Label, Model, Scenario
from cemfa.definition.shape import NOT_WRITTEN
from cemfa.definition.source import KeyPath

Root: TypeAlias = Literal["scenario", "model"]
Kind: TypeAlias = Literal["text", "number", "whole", "flag", "date"]

ROOTS: Final[Mapping[Root, type[BaseModel]]] = {"scenario": Scenario, "model": Model}
_KINDS: Final[Mapping[type, Kind]] = {
    str: "text",
    float: "number",
    int: "whole",
    bool: "flag",
    datetime.date: "date",
}
_TECHNOLOGIES: Final = "technologies"


@dataclass(frozen=True, slots=True)
class Form:
    """What one cell may hold.

    Attributes
    ----------
    kinds : kinds of a bare value
    words : the only words allowed; with `kinds` or `listed`, words of their own meaning
    listed : it may be a list
    members, member_words : as `kinds` and `words`, of the entries of a list
    """

    kinds: tuple[Kind, ...] = ()
    words: tuple[str | int, ...] = ()
    listed: bool = False
    members: tuple[Kind, ...] = ()
    member_words: tuple[str | int, ...] = ()

    @property
    def is_choice(self) -> bool:
        """Whether it holds one of its words and nothing else."""
        return bool(self.words) and not self.kinds and not self.listed


@dataclass(frozen=True, slots=True)
class Column:
    """One column, or one per key of a mapping.

    Attributes
    ----------
    path : keys from the row down to the value, as a file would have them
    attributes : the same as names of Python
    form : what a cell holds
    owner, name : class and field that say what it means
    meaning : the docstring of the field
    required : whether a row must have it; not where it is part of something that may be left out
    default : what a blank cell means
    keys : form of the keys, where it stands for a mapping
    """

    path: tuple[str, ...]
    attributes: tuple[str, ...]
    form: Form
    owner: str = ""
    name: str = ""
    meaning: str = ""
    required: bool = False
    default: Any = None
    keys: Form | None = None

    @property
    def key(self) -> str:
        """What stands in the row of keys; `value` where the row is nothing but this value."""
        return ".".join(self.path) or "value"


@dataclass(frozen=True, slots=True)
class Step:
    """One collection on the way from the root to the rows: its path from the last step, and whether it has keys."""

    path: tuple[str, ...]
    attributes: tuple[str, ...]
    keyed: bool
    name: str


@dataclass(frozen=True, slots=True)
class Table:
    """One sheet.

    Attributes
    ----------
    key : dotted path of what it holds, such as ``options.projects``
    root : whether that belongs to the scenario or to the model
    steps : collections on the way to a row; none for a sheet of single values, one below the other
    columns : of the row itself, without the keys of the steps
    base : path of the object whose single values the sheet holds
    meaning : docstring of the field
    names_itself : the rows' class has its key as a field `id` too
    """

    key: str
    root: Root
    steps: tuple[Step, ...]
    columns: tuple[Column, ...]
    base: tuple[str, ...] = ()
    meaning: str = ""
    names_itself: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        """Names of the columns that hold the keys of the steps; the last is called `id`."""
        named = [step.name for step in self.steps if step.keyed]
        return (*named[:-1], "id") if named and self.steps[-1].keyed else tuple(named)


@dataclass(frozen=True, slots=True)
class Record:
    """One row: the keys on its way, its path in the data, and the object itself."""

    keys: tuple[str | int, ...]
    path: KeyPath
    content: Any


@cache
def tables(root: Root) -> tuple[Table, ...]:
    """Return the tables of a scenario or model, in the order of the schema.

    Examples
    --------
    >>> [table.key for table in tables("scenario")][:5]
    ['scenario', 'options', 'options.projects', 'options.projects.funding', 'options.programmes']
    """
    walk = _Walk(root)
    walk.root()
    return tuple(walk.found.values())


@cache
def all_tables() -> tuple[Table, ...]:
    """Return the tables of a scenario and its model; where both have one, that of the scenario is named after it."""
    of_model = tables("model")
    taken = {table.key for table in of_model}
    own = (replace(t, key=f"scenario.{t.key}") if t.key in taken else t for t in tables("scenario"))
    return (*own, *of_model)


def holder_of(table: Table, depth: int) -> Table | None:
    """Return the table whose rows are what the first steps on the way to another's rows lead to, if there is one."""
    return next((t for t in all_tables() if t.root == table.root and t.steps == table.steps[:depth]), None)


def records(table: Table, whole: BaseModel) -> Iterator[Record]:
    """Yield the rows of a table of collections, from a `Scenario` or `Model`."""
    if table.key in (_TECHNOLOGIES, "parameters") and table.root == "model":
        yield from _parameter_rows(table, whole)
        return
    yield from _records(table.steps, Record((), (), whole))


def _records(steps: Sequence[Step], at: Record) -> Iterator[Record]:
    if not steps:
        yield at
        return
    step, content, path = steps[0], at.content, at.path
    for attribute, key in zip(step.attributes, step.path, strict=True):
        content, path = getattr(content, attribute), (*path, key)
    entries: Iterable[tuple[Any, Any]] = content.items() if step.keyed else enumerate(content)
    for key, entry in entries:
        yield from _records(steps[1:], Record((*at.keys, *((key,) if step.keyed else ())), (*path, key), entry))


def _parameter_rows(table: Table, model: Any) -> Iterator[Record]:
    """Yield the rows of `parameters`, or those at their end that all belong to technologies."""
    first = first_of_technologies(model)
    for position, row in enumerate(model.parameters):
        if (position >= first) == (table.key == _TECHNOLOGIES):
            yield Record((), ("parameters", position), row)


def first_of_technologies(model: Model) -> int:
    """Return the position from which all rows of parameters belong to technologies, which have a table of their own."""
    first = len(model.parameters)
    while first and "technology" in model.parameters[first - 1].index:
        first -= 1
    return first


def value_of(column: Column, content: Any) -> Any:
    """Return what a column holds of a row, None where something on the way to it is absent."""
    for position, attribute in enumerate(column.attributes):
        content = getattr(content, attribute)
        if content is None:
            return None
        if not isinstance(content, BaseModel) and position + 1 < len(column.attributes):
            return None  # the other member of a union, such as a good by its id instead of by a dimension
    if isinstance(content, BaseModel) or (column.keys is not None) != isinstance(content, Mapping):
        return None
    return content


class _Walk:
    """Collects tables from the classes of the schema; one use per root."""

    def __init__(self, root: Root) -> None:
        self.name: Root = root
        self.found: dict[str, Table] = {}

    def root(self) -> None:
        kind = ROOTS[self.name]
        self.found[self.name] = Table(self.name, self.name, (), (), (), _first_line(kind))
        own: list[Column] = []
        for name, info in kind.model_fields.items():
            if name in NOT_WRITTEN:
                continue
            key = info.alias or name
            inner = _members(info.annotation).models
            apart = self.name == "scenario" and inner and inner[0] is not Label
            if not apart:
                own += self._columns(kind, name, info, (), (), (), required=True)
                continue
            self.found[key] = Table(key, self.name, (), (), (key,), info.description or "")
            columns = [
                column
                for inside, its in inner[0].model_fields.items()
                for column in self._columns(inner[0], inside, its, (key,), (name,), (), required=True)
            ]
            self.found[key] = replace(self.found[key], columns=tuple(columns))
        self.found[self.name] = replace(self.found[self.name], columns=tuple(own))
        if "parameters" in self.found:
            rows = self.found["parameters"]
            order = list(self.found)
            order.insert(order.index("parameters") + 1, _TECHNOLOGIES)
            self.found[_TECHNOLOGIES] = replace(rows, key=_TECHNOLOGIES)
            self.found = {key: self.found[key] for key in order}

    def _columns(
        self,
        kind: type[BaseModel],
        name: str,
        info: FieldInfo,
        path: tuple[str, ...],
        attributes: tuple[str, ...],
        steps: tuple[Step, ...],
        *,
        required: bool,
    ) -> list[Column]:
        """Return the columns of a field; what it holds in collections of classes becomes tables of its own."""
        members = _members(info.annotation)
        here = (*path, info.alias or name)
        there = (*attributes, name)
        needed = required and info.is_required()
        common: dict[str, Any] = {
            "owner": _declaring(kind, name),
            "name": name,
            "meaning": " ".join((info.description or "").split()),
        }
        default = None if info.is_required() else info.default
        columns: list[Column] = []
        if members.form != Form():
            alone = needed and not members.models
            columns.append(Column(here, there, members.form, required=alone, default=default, **common))
        for model in members.models:
            alone = needed and members.form == Form()
            for inside, its in model.model_fields.items():
                columns += self._columns(model, inside, its, here, there, steps, required=alone)
        if members.mapping is not None:
            keys, values = members.mapping
            found = _members(values)
            if found.form != Form() and not found.models:
                columns.append(Column(here, there, found.form, keys=_members(keys).form, default=default, **common))
            else:
                self._table(here, there, steps, found, common["meaning"], keyed=True)
        if members.sequence is not None:
            self._table(here, there, steps, _Members(models=(members.sequence,)), common["meaning"], keyed=False)
        return columns

    def _table(
        self,
        path: tuple[str, ...],
        attributes: tuple[str, ...],
        steps: tuple[Step, ...],
        content: _Members,
        meaning: str,
        *,
        keyed: bool,
    ) -> None:
        own = (*steps, Step(path, attributes, keyed, path[-1]))
        if content.sequence is not None:
            own, content = (*own, Step((), (), keyed=False, name="")), _Members(models=(content.sequence,))
        key = ".".join(part for step in own for part in step.path)
        self.found[key] = Table(key, self.name, own, (), (), meaning)
        columns: list[Column] = []
        for model in content.models:
            for name, info in _in_order(model):
                if not (name == "id" and own[-1].keyed):  # the key says it
                    columns += self._columns(model, name, info, (), (), own, required=True)
        if content.mapping is not None:
            keys, values = content.mapping
            columns.append(
                Column((), (), _members(values).form, name=path[-1], meaning=meaning, keys=_members(keys).form)
            )
        itself = own[-1].keyed and any("id" in model.model_fields for model in content.models)
        self.found[key] = replace(self.found[key], columns=tuple(columns), names_itself=itself)


@dataclass(frozen=True, slots=True)
class _Members:
    """A type taken apart: plain values, classes, a mapping, a sequence of a class."""

    form: Form = field(default_factory=Form)
    models: tuple[type[BaseModel], ...] = ()
    mapping: tuple[Any, Any] | None = None
    sequence: type[BaseModel] | None = None


def _members(annotation: Any) -> _Members:
    found = _Members()
    for part in _alternatives(annotation):
        origin, arguments = typing.get_origin(part), typing.get_args(part)
        if origin is Literal:
            found = replace(found, form=replace(found.form, words=(*found.form.words, *arguments)))
        elif origin is tuple:
            entry = _members(arguments[0])
            if entry.models:
                found = replace(found, sequence=entry.models[0])
            else:
                form = replace(found.form, listed=True, members=entry.form.kinds, member_words=entry.form.words)
                found = replace(found, form=form)
        elif isinstance(origin, type) and issubclass(origin, Mapping):
            found = replace(found, mapping=(arguments[0], arguments[1]))
        elif isinstance(part, type) and issubclass(part, BaseModel):
            found = replace(found, models=(*found.models, part))
        elif part in _KINDS:
            found = replace(found, form=replace(found.form, kinds=(*found.form.kinds, _KINDS[part])))
        else:
            raise TypeError(part)  # a type that the schema did not use before: say here how a cell holds it
    return found


def _alternatives(annotation: Any) -> Iterator[Any]:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        yield from _alternatives(arguments[0])
    elif origin in (typing.Union, types.UnionType):
        for part in arguments:
            yield from _alternatives(part)
    elif annotation is not type(None):
        yield annotation


def _declaring(kind: type[BaseModel], name: str) -> str:
    """Return the class that says what a field means, where others inherit it."""
    return next((base.__name__ for base in kind.__mro__ if name in inspect.get_annotations(base)), "")


def _in_order(kind: type[BaseModel]) -> list[tuple[str, FieldInfo]]:
    """Return the fields of a row: what tells rows apart, what they have in common with other rows, the rest."""
    own = inspect.get_annotations(kind)

    def rank(entry: tuple[str, FieldInfo]) -> int:
        name, info = entry
        first = info.is_required() or name == "year" or _members(info.annotation).mapping is not None
        return -1 if name == "id" else 1 if name not in own else 0 if first else 2

    fields = list(kind.model_fields.items())
    return sorted(fields, key=rank) if any(name not in own for name, _ in fields) else fields


def _first_line(kind: type[BaseModel]) -> str:
    return (kind.__doc__ or "").split("\n")[0]
