"""`cemfa list`: the models and scenarios that come with cemfa, the technologies of models, or the indicators."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cemfa import library, locale
from cemfa.cli.words import Verb, one_of, option

if TYPE_CHECKING:
    from cemfa.definition.schema import Model

_KEYS = (
    "model", "id", "label", "takes", "products", "readiness", "reference_capacity", "capex", "scale_exponent",
    "opex_fixed", "opex_variable", "labour", "lead_time", "life", "land", "buffer_distance", "buffer_clause",
    "leachate_control", "odour_control", "basis", "source",
)  # fmt: skip
_TEXTS = ("buffer_clause", "leachate_control", "odour_control")
_ONLY_JSON = ("basis", "source", *_TEXTS)


def command() -> click.Command:
    """Return the verb."""
    what = click.Argument(["what"], required=False, **one_of("technologies", "indicators"))
    models = click.Argument(["models"], nargs=-1, required=False, metavar="MODEL...")
    return Verb("list", _list, [what, models, option("--json", "as_json", key="json", is_flag=True)])


def _list(what: str | None, models: tuple[str, ...], as_json: bool) -> None:
    if what is None:
        _list_library(as_json)
    elif what == "indicators":
        _list_indicators(models, as_json)
    else:
        _list_technologies(models or tuple(library.models()), as_json)


def _list_library(as_json: bool) -> None:
    from cemfa.cli.output import Column, show

    rows = [_row("model", name, folder / library.MODEL_FILE) for name, folder in library.models().items()]
    rows += [_row("scenario", name, file) for name, file in library.scenarios().items()]
    if not as_json:
        rows = [row | {"kind": locale.text(f"cli.kind-{row['kind']}")} for row in rows]
    columns = [Column(key, locale.text(f"cli.column-{key}")) for key in ("kind", "id", "label", "path")]
    show(locale.text("cli.title-list"), columns, rows, as_json=as_json)


def _row(kind: str, name: str, file: Path) -> dict[str, str]:
    from cemfa.definition.source import read_yaml

    data = read_yaml(file).data
    label = data.get("label") if isinstance(data, dict) else None
    words = label if isinstance(label, dict) else {}
    return {"kind": kind, "id": name, "label": str(words.get(locale.language(), name)), "path": str(file)}


def _list_indicators(models: tuple[str, ...], as_json: bool) -> None:
    """Show every indicator, or those that the named models can support."""
    from cemfa.cli.output import Column, show
    from cemfa.economics.catalogue import MEASURES
    from cemfa.indicators import REGISTRY

    lang = locale.language()
    able = _supported_by(models)
    rows = [
        {"id": key, "label": found.label(lang), "unit": found.unit, "by": found.by, "formula": found.formula(lang),
         "source": found.source, "layers": found.layers, "parameters": found.parameters}
        for key, found in REGISTRY.items()
        if not models or key in able
    ]  # fmt: skip
    if not models:  # of results alone; money hangs on a scenario
        rows += [
            {"id": key, "label": found.label(lang), "unit": found.unit, "by": found.by, "formula": found.formula(lang),
             "source": found.source, "layers": (), "parameters": ()}
            for key, found in MEASURES.items()
        ]  # fmt: skip
    keys = ("id", "label", "unit", "by", "formula", "source", *(("layers", "parameters") if as_json else ()))
    columns = [Column(key, locale.text(f"cli.indicator-{key}")) for key in keys]
    show(locale.text("cli.title-indicators"), columns, rows, as_json=as_json)


def _supported_by(models: tuple[str, ...]) -> set[str]:
    from cemfa.definition.load import read_model
    from cemfa.indicators import supported
    from cemfa.system.compile import compile_system
    from cemfa.system.solve import solve

    return {name for model in models for name in supported(solve(compile_system(read_model(model))))}


def _list_technologies(models: tuple[str, ...], as_json: bool) -> None:
    from cemfa.cli.output import Column, show
    from cemfa.definition.load import read_model

    rows = [row for name in models for row in _technologies(read_model(name), as_json)]
    keys = [key for key in _KEYS if as_json or key not in _ONLY_JSON]
    show(
        locale.text("cli.title-technologies"),
        [Column(key, locale.text(f"cli.column-{key.replace('_', '-')}")) for key in keys],
        rows,
        as_json=as_json,
        lead=2,
    )


def _technologies(model: Model, as_json: bool) -> list[dict[str, object]]:
    """Return what is known of each technology with a profile; numbers in the units of `NUMBERS`."""
    from cemfa.definition.technologies import profile_row

    lang = locale.language()
    found = [profile_row(model, technology, lang) for technology in model.technology_profiles]
    if as_json:
        return found
    return [{key: ", ".join(cell) if isinstance(cell, list) else cell for key, cell in row.items()} for row in found]
