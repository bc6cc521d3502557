"""`cemfa list`: the models and scenarios that come with cemfa."""

from __future__ import annotations

from pathlib import Path

import click

from cemfa import library, locale
from cemfa.cli.words import Verb, option


def command() -> click.Command:
    """Return the verb."""
    return Verb("list", _list, [option("--json", "as_json", key="json", is_flag=True)])


def _list(as_json: bool) -> None:
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
