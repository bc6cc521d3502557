"""A user's own rule from a file: loaded by path, so that every worker finds it.

Beside `policy`, which asks it; the command line and `compare` hand it in.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cemfa import locale
from cemfa.errors import Problem, SimulationError
from cemfa.simulation.policy import Decide, Situation


@dataclass(frozen=True, slots=True)
class FromFile:
    """A function of a Python file that decides on projects; pickled by its path.

    Parameters
    ----------
    file : absolute path
    name : of the function
    """

    file: str
    name: str

    def __call__(self, situation: Situation) -> bool:
        """Return what the function says."""
        return _loaded(self.file, self.name)(situation)


def decide_from(path: str) -> FromFile:
    """Return the function that ``file.py:name`` names.

    Raises
    ------
    SimulationError
        `decide-path` where the words name no file and function, `decide-load` where it cannot be loaded.
    """
    file, colon, name = path.rpartition(":")
    if not colon or not name.isidentifier() or not Path(file).is_file():
        raise locale.error(SimulationError, Problem("decide-path", parameters={"value": path}))
    found = FromFile(str(Path(file).resolve()), name)
    _loaded(found.file, found.name)
    return found


@cache
def _loaded(file: str, name: str) -> Decide:
    """Return a function of a file, which runs once in each process."""
    spec = importlib.util.spec_from_file_location(f"cemfa_decide_{Path(file).stem}", file)
    if spec is None or spec.loader is None:
        raise locale.error(SimulationError, Problem("decide-path", parameters={"value": f"{file}:{name}"}))
    try:
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        function: object = getattr(module, name)
    except Exception as error:
        shown = {"file": file, "name": name, "error": f"{type(error).__name__}: {error}"}
        raise locale.error(SimulationError, Problem("decide-load", parameters=shown)) from error
    if not callable(function):
        shown = {"file": file, "name": name, "error": type(function).__name__}
        raise locale.error(SimulationError, Problem("decide-load", parameters=shown))
    decide: Decide = function
    return decide
