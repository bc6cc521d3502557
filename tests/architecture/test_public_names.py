"""The public names are a promise: this list changes with a line in the change log."""

import importlib
import subprocess
import sys

import pytest

import cemfa

PUBLIC = [
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


def test_the_list_of_public_names() -> None:
    assert sorted(cemfa.__all__) == cemfa.__all__ == PUBLIC
    assert dir(cemfa) == PUBLIC


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_documented_at_its_home(name: str) -> None:
    thing = getattr(cemfa, name)
    assert thing is getattr(cemfa, name)
    assert name == "__version__" or (thing.__doc__ and callable(thing))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'sovle'"):
        _ = cemfa.sovle


def test_a_module_never_hides_the_function_of_its_name() -> None:
    importlib.import_module("cemfa.check")
    assert callable(cemfa.check)


def test_version_is_the_one_of_the_distribution() -> None:
    from importlib.metadata import version

    assert cemfa.__version__ == version("cemfa")


def test_star_import_gives_the_public_names() -> None:
    code = "from cemfa import *; print(sorted(n for n in dir() if not n.startswith('_')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str([n for n in PUBLIC if not n.startswith("_")])
