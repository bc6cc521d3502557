"""Models and scenarios by name or path: those that come with cemfa, and the user's own; the template of a new one.

Stands below the definition: it only finds folders and files, and reads none of them.
A model is a folder with a ``model.yaml``; a scenario is a YAML file.
"""

from __future__ import annotations

import difflib
from functools import cache
from pathlib import Path
from typing import Final, Literal

from cemfa import locale
from cemfa.errors import DefinitionError, Problem

Kind = Literal["model", "scenario"]

MODEL_FILE: Final = "model.yaml"
TEMPLATE_ID: Final = "my_province"
"""Id of the model of the template; its scenario is called after it."""
_FOLDER: Final[dict[Kind, str]] = {"model": "models", "scenario": "scenarios"}


def models() -> dict[str, Path]:
    """Return the folders of the models that come with cemfa, by id, sorted.

    Examples
    --------
    >>> all((folder / "model.yaml").is_file() for folder in models().values())
    True
    """
    folders = _folder("model").glob(f"*/{MODEL_FILE}")
    return {file.parent.name: file.parent for file in sorted(folders)}


def scenarios() -> dict[str, Path]:
    """Return the files of the scenarios that come with cemfa, by id, sorted.

    Examples
    --------
    >>> all(file.suffix == ".yaml" for file in scenarios().values())
    True
    """
    return {file.stem: file for file in sorted(_folder("scenario").glob("*.yaml"))}


def template() -> Path:
    """Return the folder of what a new model starts from: the folder ``my_province`` and a scenario beside it.

    Examples
    --------
    >>> sorted(path.name for path in template().iterdir())
    ['my_province', 'my_province_2030.yaml']
    """
    return Path(__file__).resolve().parent / "template"


def find_model(name: str | Path, beside: Path | None = None) -> Path:
    """Return the folder of a model that is named by its id or by a path.

    A path wins over an id; a path to the ``model.yaml`` itself is as good as its folder.

    Parameters
    ----------
    name : id such as ``ben_tre``, or path to a folder or its ``model.yaml``
    beside : folder from which a relative path is read as well, such as the one of the scenario that names it

    Returns
    -------
    Path
        of the folder, as the user wrote it where he wrote a path

    Raises
    ------
    DefinitionError
        with the code ``unknown-model`` (and near matches), or ``no-model-file`` for a folder without one.
    """
    for path in _candidates(name, beside):
        if path.name == MODEL_FILE and path.is_file():
            return path.parent
        if (path / MODEL_FILE).is_file():
            return path
        if path.is_dir() and str(name) not in models():
            raise locale.error(DefinitionError, Problem("no-model-file", parameters={"folder": str(path)}))
    return _known("model", str(name), models())


def find_scenario(name: str | Path, beside: Path | None = None) -> Path:
    """Return the file of a scenario that is named by its id or by a path.

    Parameters
    ----------
    name : id such as ``organics_2030``, or path to a YAML file
    beside : folder from which a relative path is read as well

    Raises
    ------
    DefinitionError
        with the code ``unknown-scenario`` and near matches.
    """
    for path in _candidates(name, beside):
        if path.is_file():
            return path
    return _known("scenario", str(name), scenarios())


def kind_of(path: str | Path) -> Kind:
    """Return whether a name or path is a model or a scenario; a model wins where both exist.

    Raises
    ------
    DefinitionError
        with the code ``unknown-model-or-scenario``.
    """
    given = Path(path)
    if given.is_dir() or given.name == MODEL_FILE or str(path) in models():
        return "model"
    if given.is_file() or str(path) in scenarios():
        return "scenario"
    near = _near(str(path), [*models(), *scenarios()])
    raise locale.error(
        DefinitionError, Problem("unknown-model-or-scenario", parameters={"name": str(path), "near": near})
    )


def _candidates(name: str | Path, beside: Path | None) -> list[Path]:
    given = Path(name).expanduser()
    return [given] if beside is None or given.is_absolute() else [beside / given, given]


def _known(kind: Kind, name: str, known: dict[str, Path]) -> Path:
    if name in known:
        return known[name]
    parameters = {"name": name, "near": _near(name, [*known])}
    raise locale.error(DefinitionError, Problem(f"unknown-{kind}", parameters=parameters))


def _near(name: str, known: list[str]) -> tuple[str, ...]:
    """Return the ids that look most alike, or all of them where none does."""
    return tuple(difflib.get_close_matches(Path(name).stem, known, n=3, cutoff=0.5) or known)


@cache
def _folder(kind: Kind) -> Path:
    """Return where the library lies: inside an installed package, else beside the sources of a checkout."""
    package = Path(__file__).resolve().parent
    packed = package / "_library"
    return (packed if packed.is_dir() else package.parents[1]) / _FOLDER[kind]
