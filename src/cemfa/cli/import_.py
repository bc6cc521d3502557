"""`cemfa import`: the text files of a workbook, in a new folder."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cemfa import locale
from cemfa.cli.words import Verb
from cemfa.errors import OutputError, Problem

if TYPE_CHECKING:
    from cemfa.definition.schema import Model, Scenario


def command() -> click.Command:
    """Return the verb."""
    return Verb(
        "import", _import, [click.Argument(["file"], metavar="FILE.xlsx"), click.Argument(["folder"], metavar="DIR")]
    )


def _import(file: str, folder: str) -> None:
    from cemfa.cli.output import new_folder, note
    from cemfa.definition.load import read_written
    from cemfa.definition.written import files_of

    scenario, model = read_written(file)
    files = files_of(scenario, model)
    _require_same(files, scenario, model)
    target = new_folder(folder, scenario.id)
    for path in _write(files, target):
        note("written", file=str(path))
    note("new-next", paths=str(target / f"{scenario.id}.yaml"))


def _write(files: Mapping[str, str], folder: Path) -> list[Path]:
    paths = []
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        with path.open("x", encoding="utf-8", newline="") as stream:
            stream.write(text)
        paths.append(path)
    return paths


def _require_same(files: Mapping[str, str], scenario: Scenario, model: Model) -> None:
    """Read what would be written, where nobody sees it, and refuse to write what says something else."""
    from cemfa.definition.load import load_scenario

    with tempfile.TemporaryDirectory() as name:
        _write(files, Path(name))
        loaded = load_scenario(Path(name, f"{scenario.id}.yaml"))
    expected = scenario.model_copy(update={"model": model.id})
    pairs = ((expected, loaded.written), (model, loaded.model.model))
    names = [
        f"{type(given).__name__.lower()}.{field}"
        for given, read in pairs
        for field in type(given).model_fields
        if field != "inputs" and getattr(given, field) != getattr(read, field, None)
    ]
    if names:
        raise locale.error(OutputError, Problem("import-differs", parameters={"names": names}))
