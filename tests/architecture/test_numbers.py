"""No number of a model hides in the code: literals with three digits or more are not values of the tables."""

import ast
import csv
import math
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TABLES = sorted([*ROOT.glob("models/*/*.csv"), *ROOT.glob("src/cemfa/template/*/*.csv")])
NOT_QUANTITIES = {"id", "year", "price_year", "month", "lat", "lon", "gso_code", "note", "source", "reason"}
DIGITS = 3  # fewer meet by chance

PHYSICAL = {
    273.0: "global warming potential of N2O, AR6",
    265.0: "global warming potential of N2O, AR5",
    298.0: "global warming potential of N2O, AR4",
    365.0: "days of a common year",
    366.0: "days of a leap year",
    365.2425: "days of a mean calendar year",
    6371.0: "radius of the Earth [km]",
    111.195: "length of a degree of latitude [km]",
}
"""Constants of nature and of the calendar: they belong in the code, and may meet a table's value."""

BY_CHANCE = {
    ("figures/gantt.py", 1.15): "room after the last bar",
    ("figures/gantt.py", 10.4): "width of a figure [inch]",
    ("figures/money.py", 1.05): "room above the highest mark of an axis",
    ("figures/paths.py", 2.75): "size of a panel [inch]",
    ("figures/ranking.py", 1.15): "room for the names beside an axis",
    ("figures/system_layout.py", 1.25): "height of a line over that of its letters",
    ("report/option.py", 1150.0): "width of a picture [pixel]",
}
"""Numbers of form that happen to equal a table's value; each was looked at."""


def significant(value: float) -> int:
    return len(Decimal(repr(value)).normalize().as_tuple().digits)


def literals(file: Path) -> Iterator[tuple[float, int]]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
            value = abs(node.value)
            sized = math.frexp(value)[0] == 0.5  # a power of two is a size in memory, not a quantity
            if value < 1e300 and math.isfinite(value) and significant(float(value)) >= DIGITS and not sized:
                yield float(value), node.lineno


def quantities() -> dict[float, list[str]]:
    """Return the numbers of all tables of the models that ship, and where they stand."""
    found: dict[float, list[str]] = defaultdict(list)
    for table in TABLES:
        with table.open(encoding="utf-8") as file:
            for line, row in enumerate(csv.DictReader(file, restval=""), 2):
                for column, cell in row.items():
                    if column in NOT_QUANTITIES:
                        continue
                    try:
                        value = abs(float(cell))
                    except ValueError:
                        continue
                    found[value].append(f"{table.relative_to(ROOT)}:{line}")
    return found


def used() -> dict[tuple[str, float], list[int]]:
    """Return the literals of the package, by module and value, with their lines."""
    found: dict[tuple[str, float], list[int]] = defaultdict(list)
    package = ROOT / "src" / "cemfa"
    for file in sorted(package.rglob("*.py")):
        for value, line in literals(file):
            found[file.relative_to(package).as_posix(), value].append(line)
    return found


def test_no_literal_is_a_number_of_a_table() -> None:
    known, wrong = quantities(), []
    for (module, value), lines in used().items():
        if value in known and value not in PHYSICAL and (module, value) not in BY_CHANCE:
            wrong.append(f"src/cemfa/{module}:{lines[0]}: {value:g} stands in {known[value][0]}; read it from there")
    assert not wrong, "\n".join([*wrong, "(or add it above with the reason, if it is no quantity of a model)"])


def test_the_exceptions_are_still_needed() -> None:
    found, known = used(), quantities()
    assert [value for value in PHYSICAL if not any(value == other for _, other in found)] == []
    assert [key for key in BY_CHANCE if key not in found or key[1] not in known] == []


@pytest.mark.parametrize(("value", "digits"), [(0.5, 1), (12.5, 3), (1000.0, 1), (0.0035, 2), (365.0, 3), (1e-9, 1)])
def test_zeros_at_the_ends_are_not_significant(value: float, digits: int) -> None:
    assert significant(value) == digits


def test_a_number_of_a_table_would_be_seen(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text("cattle = 240450\nshare = -0.62\nis_true = True\n")
    assert list(literals(module)) == [(240450.0, 1)]
    assert 240450.0 in quantities()
