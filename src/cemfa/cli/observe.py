"""`cemfa observe`: sheets for departments to fill in, and the store of what they report."""

from __future__ import annotations

import datetime
import getpass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cemfa import locale
from cemfa.cli.clock import now
from cemfa.cli.words import Verb, one_of, option, whole
from cemfa.errors import CemfaError, DefinitionError, Place, Problem
from cemfa.observations.schema import DATE_UNIT, DATED, as_date

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cemfa.monitoring.sheets import Filled
    from cemfa.observations.schema import Observation
    from cemfa.observations.store import Store

STORE = "observations.sqlite"


def command() -> click.Command:
    """Return the verb."""
    return Verb(
        "observe",
        _observe,
        [
            click.Argument(["what"], **one_of("sheets", "add", "undo", "list")),
            click.Argument(["names"], nargs=-1, metavar="MODEL|FILE.xlsx|N..."),
            option("--observed", default="observed", metavar="DIR"),
            option("--option", "of_option", key="option-projects"),
            option("--year", key="reported-year", **whole(1900)),
            option("--cut-off", metavar="DATE"),
            option("--who", metavar="NAME"),
            option("--reason", metavar="TEXT"),
            option("--out", key="out-workbook", metavar="FILE.xlsx"),
            option("--json", "as_json", key="json", is_flag=True),
        ],
    )


def _observe(
    what: str,
    names: tuple[str, ...],
    observed: str,
    of_option: str | None,
    year: int | None,
    cut_off: str | None,
    who: str | None,
    reason: str | None,
    out: str | None,
    as_json: bool,
) -> None:
    if what == "sheets":
        _sheets(_only(names, what), Path(observed), of_option, (year, cut_off), out)
    elif what == "add":
        _add(names, Path(observed), who)
    elif what == "undo":
        _undo(_only(names, what), Path(observed), who, reason)
    else:
        _list(Path(observed), as_json)


def store_in(folder: Path, *, made: bool = False) -> Store:
    """Return the store in a folder.

    Raises
    ------
    CemfaError
        where there is none and none shall be made [store-missing].
    """
    from cemfa.observations.store import Store

    path = folder / STORE
    if not made and not path.exists():
        raise locale.error(CemfaError, Problem("store-missing", parameters={"file": str(path)}))
    return Store(path)


def day(word: str | None, name: str) -> datetime.date:
    """Return the day that an option gives.

    Raises
    ------
    CemfaError
        where it is none [usage-day].
    """
    from cemfa.definition.workbook.cells import read_date

    found, _ = read_date((word or "").strip())
    if found is None:
        raise locale.error(CemfaError, Problem("usage-day", parameters={"name": name, "value": word or ""}))
    return found


def _sheets(name: str, folder: Path, chosen: str | None, days: tuple[int | None, str | None], out: str | None) -> None:
    from cemfa.cli.monitor import project_sheets
    from cemfa.cli.output import new_file, note
    from cemfa.cli.subject import read_subject
    from cemfa.monitoring.sheets import sheets_to_fill
    from cemfa.monitoring.yearly import yearly_rows

    until = day(days[1], "--cut-off")
    path = new_file(out or f"{name}-{until.year}.xlsx", (".xlsx",))
    subject, year = read_subject(name, chosen), days[0] or until.year
    model = subject.model
    kept = store_in(folder).current(until=until) if (folder / STORE).exists() else ()
    rows = yearly_rows(model, kept, year=year, cut_off=until, today=until)
    projects = project_sheets(subject, kept, until) if chosen else None
    content = sheets_to_fill(model, rows, year=year, cut_off=until, lang=locale.language(), projects=projects)
    with path.open("xb") as stream:
        stream.write(content)
    note("written", file=str(path))


def _add(names: tuple[str, ...], folder: Path, who: str | None) -> None:
    import hashlib

    from cemfa.cli.output import note
    from cemfa.cli.subject import read_subject
    from cemfa.monitoring.sheets import read_filled

    if len(names) < 2:  # the model, then the files
        raise locale.error(CemfaError, Problem("observe-names", parameters={"what": "add"}))
    subject = read_subject(names[0], None)
    filled = [(Path(name), read_filled(name, subject.model, subject.scenario)) for name in names[1:]]
    store = store_in(folder, made=True)
    _refuse_differing(filled, store)
    for path, found in filled:
        standing = {(k.observation.key, k.observation.until): k.observation for k in store.current()}
        new = [seen for seen in found.observations if standing.get((seen.key, seen.until)) != seen]
        if not new:
            note("observed-nothing", file=str(path))
            continue
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        made = store.add(new, who=who or getpass.getuser(), at=now(), file=path.name, digest=digest)
        note("observed", file=str(path), number=made.number, count=made.count)


def _refuse_differing(filled: Sequence[tuple[Path, Filled]], store: Store) -> None:
    """Refuse what another owner or department reported otherwise of a project for the same day."""
    told = {(k.observation.key, k.observation.until): (k.observation, str(k.delivery)) for k in store.current()}
    problems = []
    for path, found in filled:
        for seen in found.observations:
            before, where = told.setdefault((seen.key, seen.until), (seen, path.name))
            if seen.key.subject == "project" and before.department != seen.department and before.value != seen.value:
                key = seen.key
                shown = {
                    "item": ":".join(filter(None, (key.item, key.measure, key.part))), "kind": key.kind,
                    "before": _shown(before), "value": _shown(seen), "other": before.department,
                    "department": seen.department, "where": where,
                }  # fmt: skip
                problems.append(Problem("observed-differs", Place(str(path)), shown))
    if problems:
        raise locale.error(DefinitionError, problems)


def _undo(number: str, folder: Path, who: str | None, reason: str | None) -> None:
    from cemfa.cli.output import note

    if not number.isascii() or not number.isdigit():
        raise locale.error(CemfaError, Problem("observe-names", parameters={"what": "undo"}))
    taken = store_in(folder).take_back(int(number), who=who or getpass.getuser(), at=now(), reason=reason or "")
    note("unobserved", number=taken.number, count=taken.count)


def _list(folder: Path, as_json: bool) -> None:
    from cemfa.cli.output import Column, show

    keys = ("item", "measure", "part", "year", "kind", "value", "unit", "until", "source", "department", "note")
    rows = []
    deliveries = {made.number: made for made in store_in(folder).deliveries()}
    for kept in store_in(folder).history():
        seen, made = kept.observation, deliveries[kept.delivery]
        row = {name: getattr(seen.key, name, None) for name in keys} | {
            "value": _shown(seen), "unit": "" if seen.unit == DATE_UNIT else seen.unit,
            "year": seen.key.year or None, "until": seen.until.isoformat(), "source": seen.source,
            "department": seen.department, "note": seen.note, "delivery": made.number, "who": made.who,
            "at": made.at.isoformat(timespec="minutes"), "file": made.file, "standing": kept.standing,
            "reason": made.reason,
        }  # fmt: skip
        rows.append(row if as_json else row | {"standing": locale.text(f"cli.standing-{kept.standing}")})
    shown = ("delivery", *keys, "who", "at", "file", "standing", "reason")
    columns = [Column(key, locale.text(f"cli.observed-{key}")) for key in shown]
    show(locale.text("cli.title-observed", folder=str(folder)), columns, rows, as_json=as_json, lead=2)


def _shown(seen: Observation) -> float | str:
    """Return a value as it is read: a date as a date."""
    date = as_date(seen.value) if seen.key.measure in DATED else None
    return date.isoformat() if date else seen.value


def _only(names: tuple[str, ...], what: str) -> str:
    if len(names) != 1:
        raise locale.error(CemfaError, Problem("observe-names", parameters={"what": what}))
    return names[0]
