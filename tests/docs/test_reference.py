"""The reference pages are what the code says today."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def writer_of(name: str) -> ModuleType:
    """Return a script of docs/ as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    writer = importlib.util.module_from_spec(spec)
    sys.modules[name] = writer  # dataclasses look their module up
    spec.loader.exec_module(writer)
    return writer


def test_the_reference_is_what_the_code_says() -> None:
    writer = writer_of("make_reference")
    pages = (ROOT / "docs" / "reference").glob("*.md")
    written = {page.name: page.read_text(encoding="utf-8") for page in pages if not page.stem.startswith("validation_")}
    assert written == writer.pages(), "run `python docs/make_reference.py`"


@pytest.fixture(scope="module")
def validation() -> ModuleType:
    return writer_of("make_validation")


def test_the_validation_page_is_what_the_model_says(validation: ModuleType) -> None:
    """Every published total beside the model, to the digits printed; a sentence in each language where they differ."""
    pages = (ROOT / "docs" / "reference").glob("validation_*.md")
    assert {page.name for page in pages} == {validation.page_name(name) for name in validation.MODELS}
    for name in validation.MODELS:
        compared = validation.compared_totals(name)
        assert validation.unexplained(name, compared) == [], "write a sentence in disagreements.csv"
        written = (ROOT / "docs" / "reference" / validation.page_name(name)).read_text(encoding="utf-8")
        assert written == validation.page(name, compared), "run `python docs/make_validation.py`"


def test_a_disagreement_without_a_sentence_is_found(validation: ModuleType) -> None:
    row = {"id": "X1", "value": "100", "low": "90", "high": "110", "reason": "", "source": "somewhere"}
    far, near = validation.Compared(row, (120.0, 130.0, 140.0)), validation.Compared(row, (95.0, 105.0, 115.0))
    beside = validation.Compared(row, (99.0, 120.0, 140.0))  # the figure is inside, the median outside its range
    assert [one.agrees for one in (far, near, beside)] == [False, True, False]
    assert [one.overlaps for one in (far, near, beside)] == [False, True, True]
    assert validation.unexplained("ben_tre", [far, near]) == ["X1"]


def test_every_sentence_is_on_a_total_that_is_listed(validation: ModuleType) -> None:
    for name in validation.MODELS:
        listed = {row["id"] for row in validation.table(name, "published_totals.csv")}
        assert set(validation.sentences(name)) <= listed
