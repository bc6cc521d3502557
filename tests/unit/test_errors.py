"""Errors are data: they survive pickling, know their exit code and say where."""

import pickle

import pytest

from cemfa import errors, locale
from cemfa.errors import CemfaError, Place, Problem


def subclasses(kind: type[CemfaError]) -> list[type[CemfaError]]:
    return [kind, *(deeper for child in kind.__subclasses__() for deeper in subclasses(child))]


@pytest.mark.parametrize("kind", [k for k in subclasses(CemfaError) if k.__module__ == "cemfa.errors"])
def test_errors_survive_pickling(kind: type[CemfaError]) -> None:
    problem = Problem("unit-missing", Place("a.csv", 1, 2, "x"), {"names": ("a", "b"), "value": 1.5})
    before = kind((problem,), "text")
    after = pickle.loads(pickle.dumps(before))
    assert type(after) is kind
    assert after.problems == (problem,)
    assert str(after) == str(before) == "text"


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.DefinitionError, 2),
        (errors.UnitError, 2),
        (errors.ResultsError, 2),
        (errors.SolveError, 3),
        (errors.ClosedLoopError, 3),
        (errors.BalanceError, 3),
        (errors.SimulationError, 3),
        (errors.InfeasibleError, 3),
        (errors.OutputError, 4),
        (errors.ResourceError, 5),
    ],
)
def test_exit_codes(kind: type[CemfaError], code: int) -> None:
    assert kind().exit_code == code


def test_the_tree() -> None:
    assert issubclass(errors.ClosedLoopError, errors.SolveError)
    assert issubclass(errors.BalanceError, errors.SolveError)
    assert issubclass(errors.InfeasibleError, errors.OptimisationError)


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (Place(), ""),
        (Place("m.yaml"), "m.yaml"),
        (Place("m.yaml", 42, 7, "flows.straw_fed.share"), "m.yaml:42:7: flows.straw_fed.share"),
        (Place("m.yaml", 42), "m.yaml:42"),
        (Place("t.xlsx", sheet="parameters", cell="C7"), "t.xlsx[parameters]!C7"),
        (Place(path="flows.a"), "flows.a"),
    ],
)
def test_a_place_reads_like_a_compiler_message(place: Place, text: str) -> None:
    assert str(place) == text


def test_without_rendered_text_an_error_still_says_its_code() -> None:
    assert str(CemfaError([Problem("unit-missing", Place("a.csv"))])) == "a.csv: [unit-missing] {}"


def test_severity_is_error_unless_said() -> None:
    assert Problem("unit-missing").severity == "error"
    assert locale.error(CemfaError, Problem("unit-missing", severity="warning")).problems[0].severity == "warning"
