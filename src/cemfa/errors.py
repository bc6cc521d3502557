"""The tree of errors: a problem is a code, a place and parameters; its words live in `cemfa.locale`.

Lowest room of the house: imports nothing of cemfa, holds no sentence in any language.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was written: a file with line and column, or a sheet with a cell, and the key path.

    Parameters
    ----------
    file : path as the user wrote it, or "" where the data came from memory
    line, column : counted from 1; 0 where unknown
    sheet, cell : of a workbook, "" elsewhere
    path : dotted key path such as ``flows.straw_fed.share``
    """

    file: str = ""
    line: int = 0
    column: int = 0
    path: str = ""
    sheet: str = ""
    cell: str = ""

    @property
    def row(self) -> int:
        """Row of the cell, 0 where there is none."""
        return int(self.cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") or 0)

    def __str__(self) -> str:
        where = self.file
        if self.sheet:
            where += f"[{self.sheet}]{'!' + self.cell if self.cell else ''}"
        if self.line:
            where += f":{self.line}" + (f":{self.column}" if self.column else "")
        return ": ".join(part for part in (where, self.path) if part)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: `code` names the rule, `parameters` fill the sentence that `locale` holds for it.

    Parameters are strings, numbers, or sequences of them; they must survive pickling.
    """

    code: str
    place: Place = Place()
    parameters: Mapping[str, object] = field(default_factory=dict)
    severity: Severity = "error"


class CemfaError(Exception):
    """Base of every error that cemfa raises on purpose; carries the problems and their rendered text.

    Raise through `cemfa.locale.error`, which renders the text in the current language.
    `exit_code` is what the command line returns.
    """

    exit_code = 2

    def __init__(self, problems: Iterable[Problem] = (), text: str = "") -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        self.text = text
        super().__init__(self.problems, text)  # both in args: the error survives pickling

    def __str__(self) -> str:
        return self.text or "\n".join(f"{p.place}: [{p.code}] {dict(p.parameters)}" for p in self.problems)


class DefinitionError(CemfaError):
    """The model, scenario or table as written is wrong; every problem is listed."""


class UnitError(CemfaError):
    """A unit is unknown or a product of parameters has the wrong dimension."""


class SolveError(CemfaError):
    """The balance has no acceptable solution."""

    exit_code = 3


class ClosedLoopError(SolveError):
    """A loop has no outlet in some layer, so matter put into it never leaves."""


class BalanceError(SolveError):
    """Computed flows do not close; a fault of cemfa or of numbers beyond double precision."""


class ResultsError(CemfaError):
    """Results are not of the one shape, or lack what was asked for."""


class SimulationError(CemfaError):
    """The simulation cannot go on, for example because refused mass has nowhere to go."""

    exit_code = 3


class OptimisationError(CemfaError):
    """The optimisation failed."""

    exit_code = 3


class InfeasibleError(OptimisationError):
    """No choice satisfies the constraints."""


class OutputError(CemfaError):
    """A file cannot be read or written."""

    exit_code = 4


class ResourceError(CemfaError):
    """What was asked for does not fit the machine; refused before anything is allocated."""

    exit_code = 5
