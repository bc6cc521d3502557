"""cemfa: which recycling investments bring by-products and organic waste back into use, and how sure that is.

The chain, each arrow one function and each noun one frozen object::

    read_model ─► build_graph ─► compile_system ─► solve ────┐
    read_scenario ───────────────────────────────► simulate ─┴─► evaluate ─► assess ─► compare

`solve` (annual balance) and `simulate` (daily) are siblings: they read the same model and return results of the
same shape. `propagate` says what a result's spread hangs on without drawing samples. `check` says all that is
wrong with a model or scenario, `open_results` reads saved results again, `allocate` turns results by former
district into the communes of today.
Names are loaded when first used, so that importing cemfa costs nothing.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from cemfa.allocation import allocate
    from cemfa.check import check
    from cemfa.comparison import compare
    from cemfa.definition.load import model_from_dict, read_model, read_scenario
    from cemfa.definition.schema import Model, Scenario
    from cemfa.graph import build_graph
    from cemfa.indicators import evaluate
    from cemfa.plan import Plan
    from cemfa.results import Request, open_results
    from cemfa.sensitivity import propagate
    from cemfa.simulation import simulate
    from cemfa.system.compile import System, compile_system
    from cemfa.system.solve import solve
    from cemfa.targets import assess

__all__ = [
    "Model",
    "Plan",
    "Request",
    "Scenario",
    "System",
    "__version__",
    "allocate",
    "assess",
    "build_graph",
    "check",
    "compare",
    "compile_system",
    "evaluate",
    "model_from_dict",
    "open_results",
    "propagate",
    "read_model",
    "read_scenario",
    "simulate",
    "solve",
]

__version__: Final = "0.1.0"

_HOMES: Final = {
    "Model": "cemfa.definition.schema",
    "Plan": "cemfa.plan",
    "Request": "cemfa.results",
    "Scenario": "cemfa.definition.schema",
    "System": "cemfa.system.compile",
    "allocate": "cemfa.allocation",
    "assess": "cemfa.targets",
    "build_graph": "cemfa.graph",
    "check": "cemfa.check",
    "compare": "cemfa.comparison",
    "compile_system": "cemfa.system.compile",
    "evaluate": "cemfa.indicators",
    "model_from_dict": "cemfa.definition.load",
    "open_results": "cemfa.results",
    "propagate": "cemfa.sensitivity",
    "read_model": "cemfa.definition.load",
    "read_scenario": "cemfa.definition.load",
    "simulate": "cemfa.simulation",
    "solve": "cemfa.system.solve",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'cemfa' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


class _Package(ModuleType):
    """A package whose public names win over submodules of the same name, such as the function `check`."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):  # the import system binds submodules here
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
