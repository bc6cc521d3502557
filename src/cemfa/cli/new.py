"""`cemfa new`: a model folder to start from, valid as written: the template with its scenario, or a copy of a model."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import click

from cemfa import library
from cemfa.cli.words import Verb, option

_COPIED: Final = {".yaml", ".csv", ".md"}
_ID: Final = re.compile(rb"^id:.*$", re.MULTILINE)


def command() -> click.Command:
    """Return the verb."""
    origin = option("--from", "origin", metavar="MODEL")
    return Verb("new", _new, [click.Argument(["name"], metavar="NAME"), origin])


def _new(name: str, origin: str | None) -> None:
    from cemfa.cli.output import new_file, new_folder, note

    _require_ids([name])
    files = _template(name) if origin is None else _copy(name, library.find_model(origin))
    beside = [path for path in files if len(path.parts) == 1]
    _require_ids(path.stem for path in beside)
    for path in beside:
        new_file(path)  # looked at before the folder is made, so that a refusal leaves nothing behind
    new_folder(name, name)
    for path, content in files.items():
        with path.open("xb") as file:
            file.write(content)
        note("written", file=str(path))
    note("new-next", paths=" ".join([name, *map(str, beside)]))


def _template(name: str) -> dict[Path, bytes]:
    """Return the files of the template under a name, by where they go."""
    folder, old = library.template(), library.TEMPLATE_ID
    found: dict[Path, bytes] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            target = Path(*(part.replace(old, name) for part in path.relative_to(folder).parts))
            found[target] = path.read_bytes().replace(old.encode(), name.encode())
    return found


def _copy(name: str, folder: Path) -> dict[Path, bytes]:
    """Return the files of a model to the byte, but for its id, by where they go."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.suffix in _COPIED)
    found = {Path(name, path.name): path.read_bytes() for path in files}
    main = Path(name, library.MODEL_FILE)
    found[main] = _ID.sub(b"id: " + name.encode(), found[main], count=1)
    return found


def _require_ids(names: Iterable[str]) -> None:
    from pydantic import TypeAdapter, ValidationError

    from cemfa import locale
    from cemfa.definition.schema import Id
    from cemfa.errors import DefinitionError, Problem

    for name in names:
        try:
            TypeAdapter(Id).validate_python(name)
        except ValidationError:
            raise locale.error(DefinitionError, Problem("id-form", parameters={"value": name})) from None
