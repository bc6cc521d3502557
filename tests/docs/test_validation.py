"""The page on validation names real tests, and no reference case goes unnamed."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.docs.pages import run

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "explanation" / "validation.md"
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", PAGE.read_text(encoding="utf-8"))


def names_in(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_every_named_test_exists() -> None:
    assert len(NAMED) > 20
    missing = [
        f"{file}::{name}" for file, name in NAMED if not (ROOT / file).exists() or name not in names_in(ROOT / file)
    ]
    assert missing == []


def test_every_file_of_references_and_properties_is_named() -> None:
    files = {
        str(f.relative_to(ROOT))
        for room in ("reference", "property")
        for f in (ROOT / "tests" / room).glob("test_*.py")
    }
    assert sorted(files - {file for file, _ in NAMED}) == []


def test_four_headings_in_order() -> None:
    headings = re.findall(r"^## (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert headings == ["Code verification", "Calculation verification", "Validation", "Uncertainty"]


def test_its_code_runs(tmp_path: Path) -> None:
    assert run(PAGE, tmp_path) > 0
