"""`run.json`: what a run was made of, so that it can be repeated and will give the same numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from cemfa import locale
from cemfa.errors import DefinitionError, OutputError, Problem

NAME: Final = "run.json"
_FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Record:
    """Everything on which the numbers of a run depend.

    Parameters
    ----------
    verb : the verb that ran
    version : of cemfa
    scenario : id in the library, or absolute path
    options : options asked for, none for all
    replications, seed : as used
    inputs : SHA-256 by file
    residual : largest of all balances, relative to the throughput
    latest : whether the latest decision was looked for
    decide : function that decided, absolute path of its file, colon, name; None where there was none
    """

    verb: str
    version: str
    scenario: str
    options: tuple[str, ...]
    replications: int
    seed: int
    inputs: Mapping[str, str]
    residual: float
    latest: bool = False
    decide: str | None = None


def write_record(record: Record, folder: Path) -> Path:
    """Return the `run.json` that now stands in a folder."""
    file = folder / NAME
    data = {"format": _FORMAT, **asdict(record)}
    file.write_text(json.dumps(data, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return file


def read_record(path: str | Path, verb: str) -> Record:
    """Return what a `run.json`, or the one in a folder, says about a run of `verb`.

    Raises
    ------
    OutputError
        if it is not there.
    DefinitionError
        with the code ``replay-unreadable`` or ``replay-verb``.
    """
    file = Path(path) / NAME if Path(path).is_dir() else Path(path)
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except OSError as wrong:
        parameters = {"file": str(file), "reason": wrong.strerror or str(wrong)}
        raise locale.error(OutputError, Problem("system-refused", parameters=parameters)) from wrong
    except (ValueError, RecursionError) as wrong:
        raise _unreadable(file, "JSON") from wrong
    record = _record(data)
    if record is None:
        raise _unreadable(file, f"format {_FORMAT}")
    if record.verb != verb:
        raise locale.error(DefinitionError, Problem("replay-verb", parameters={"file": str(file), "verb": record.verb}))
    return record


def refuse_changed(record: Record, now: Mapping[str, str]) -> None:
    """Refuse to repeat a run whose inputs are not the same any more.

    Raises
    ------
    DefinitionError
        with one problem per input that has changed, has gone or is new.
    """
    problems = []
    for name in sorted({*record.inputs, *now}):
        before, after = record.inputs.get(name), now.get(name)
        if after is None:
            problems.append(Problem("replay-input-gone", parameters={"name": name}))
        elif before != after:
            parameters = {"name": name, "before": (before or "–")[:12], "now": after[:12]}
            problems.append(Problem("replay-input-changed", parameters=parameters))
    if problems:
        raise locale.error(DefinitionError, problems)


def _record(data: Any) -> Record | None:
    """Return the record if every field is there and of its kind."""
    match data:
        case {
            "format": 1,
            "verb": str(verb),
            "version": str(version),
            "scenario": str(scenario),
            "options": list(options),
            "replications": int(replications),
            "seed": int(seed),
            "inputs": dict(inputs),
            "residual": float(residual),
        }:
            latest, decide = data.get("latest", False), data.get("decide")  # absent in records of earlier versions
            if isinstance(latest, bool) and isinstance(decide, str | None):
                return Record(
                    verb, version, scenario, tuple(options), replications, seed, inputs, residual, latest, decide
                )
    return None


def _unreadable(file: Path, reason: str) -> DefinitionError:
    parameters = {"file": str(file), "reason": reason}
    return locale.error(DefinitionError, Problem("replay-unreadable", parameters=parameters))
