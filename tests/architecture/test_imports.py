"""Rooms import downward only, absolutely, and the light ones stay light."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).resolve().parents[2] / "src" / "cemfa"

# from the top of the house to the ground; rooms of one line are siblings and do not import each other
LEVELS = [
    ["cli"],
    ["report"],
    ["monitoring"],
    ["comparison"],
    ["check"],
    ["simulation", "sensitivity"],
    ["supply"],
    ["economics", "targets"],
    ["indicators"],
    ["figures"],
    ["system"],
    ["allocation"],
    ["results"],
    ["workers"],
    ["graph"],
    ["plan", "observations"],
    ["courses"],
    ["definition"],
    ["library"],
    ["units"],
    ["locale"],
    ["errors"],
]
LEVEL = {room: height for height, level in enumerate(reversed(LEVELS)) for room in level}
HEAVY = {
    "h5netcdf",
    "h5py",
    "jinja2",
    "matplotlib",
    "networkx",
    "numpy",
    "openpyxl",
    "pandas",
    "pint",
    "pydantic",
    "rich",
    "scipy",
    "simpy",
    "xarray",
    "yaml",
}


def room_of(file: Path) -> str:
    """Return the room a file belongs to; the package's own `__init__` is the front door."""
    return file.relative_to(SRC).parts[0].removesuffix(".py")


def sources() -> list[Path]:
    return sorted(SRC.rglob("*.py"))


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line and dotted name of every import, those inside functions included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            yield node.lineno, base
            if base == "cemfa":
                yield from ((node.lineno, f"cemfa.{alias.name}") for alias in node.names)


@pytest.mark.parametrize("file", sources(), ids=lambda file: str(file.relative_to(SRC)))
def test_imports_point_downward(file: Path) -> None:
    room = room_of(file)
    if room in {"__init__", "__main__", "testing"}:  # the front door and the tools for tests see every room
        return
    assert room in LEVEL, f"give the room {room!r} its place in LEVELS"
    wrong = [
        f"{file}:{line}: {room} may not import {name}"
        for line, name in imports(ast.parse(file.read_text(encoding="utf-8")))
        if name.startswith("cemfa.")
        and (other := name.split(".")[1]) != room
        and not other.startswith("_")
        and LEVEL.get(other, len(LEVELS)) >= LEVEL[room]
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("file", sources(), ids=lambda file: str(file.relative_to(SRC)))
def test_imports_are_absolute(file: Path) -> None:
    relative = [name for _, name in imports(ast.parse(file.read_text(encoding="utf-8"))) if name.startswith(".")]
    assert not relative


def test_annual_balance_and_simulation_do_not_know_each_other() -> None:
    seen = {
        (room_of(file), name)
        for file in sources()
        for _, name in imports(ast.parse(file.read_text(encoding="utf-8")))
        if room_of(file) in {"system", "simulation"}
    }
    assert not {name for room, name in seen if room == "simulation" and name.startswith("cemfa.system.solve")}
    assert not {name for room, name in seen if room == "system" and name.startswith("cemfa.simulation")}


def test_no_figure_uses_the_global_state_of_pyplot() -> None:
    found = [
        file
        for file in sources()
        for _, name in imports(ast.parse(file.read_text(encoding="utf-8")))
        if name.startswith("matplotlib.pyplot") or name == "pylab"
    ]
    found += [file for file in sources() if "import pyplot" in file.read_text(encoding="utf-8")]
    assert not found


def run_command(*words: str) -> str:
    """Return code that runs the command line in the same process."""
    return f"""
import contextlib, sys
from cemfa.cli import main
sys.argv = ["cemfa", *{list(words)}]
with contextlib.suppress(SystemExit):
    main()
"""


@pytest.mark.parametrize(
    "code",
    [
        "import cemfa; dir(cemfa); cemfa.__version__",
        "import cemfa.errors, cemfa.locale, cemfa.library, cemfa.units",
        run_command("--help"),
        run_command("compare", "--help"),
        run_command("--version"),
    ],
    ids=["package", "ground floor", "help", "help of a verb", "version"],
)
@pytest.mark.parametrize("lang", ["en", "vi"])
def test_starting_loads_nothing_heavy(code: str, lang: str) -> None:
    probe = f"{code}\nimport sys, json\nprint(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", probe],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "CEMFA_LANG": lang},
    )
    loaded = {name.split(".")[0] for name in json.loads(done.stderr.splitlines()[-1])}
    assert not loaded & HEAVY
