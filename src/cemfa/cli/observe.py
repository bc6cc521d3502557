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
from cemfa.errors import CemfaError, Problem

if TYPE_CHECKING:
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
    year: int | None,
    cut_off: str | None,
    who: str | None,
    reason: str | None,
    out: str | None,
    as_json: bool,
) -> None:
    if what == "sheets":
        _sheets(_only(names, what), Path(observed), year, cut_off, out)
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


def _sheets(model_name: str, folder: Path, year: int | None, cut_off: str | None, out: str | None) -> None:
    from cemfa.cli.output import new_file, note
    from cemfa.cli.subject import read_subject
    from cemfa.monitoring.sheets import sheets_to_fill
    from cemfa.monitoring.yearly import yearly_rows

    until = day(cut_off, "--cut-off")
    path = new_file(out or f"{model_name}-{until.year}.xlsx", (".xlsx",))
    model, of = read_subject(model_name, None).model, year or until.year
    kept = store_in(folder).current(until=until) if (folder / STORE).exists() else ()
    rows = yearly_rows(model, kept, year=of, cut_off=until, today=until)
    content = sheets_to_fill(model, rows, year=of, cut_off=until, lang=locale.language())
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
    model = read_subject(names[0], None).model
    filled = [(Path(name), read_filled(name, model)) for name in names[1:]]
    store = store_in(folder, made=True)
    for path, found in filled:
        standing = {(k.observation.key, k.observation.until): k.observation for k in store.current()}
        new = [seen for seen in found.observations if standing.get((seen.key, seen.until)) != seen]
        if not new:
            note("observed-nothing", file=str(path))
            continue
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        made = store.add(new, who=who or getpass.getuser(), at=now(), file=path.name, digest=digest)
        note("observed", file=str(path), number=made.number, count=made.count)


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
            "value": seen.value, "unit": seen.unit, "until": seen.until.isoformat(), "source": seen.source,
            "department": seen.department, "note": seen.note, "delivery": made.number, "who": made.who,
            "at": made.at.isoformat(timespec="minutes"), "file": made.file, "standing": kept.standing,
            "reason": made.reason,
        }  # fmt: skip
        rows.append(row if as_json else row | {"standing": locale.text(f"cli.standing-{kept.standing}")})
    shown = ("delivery", *keys, "who", "at", "file", "standing", "reason")
    columns = [Column(key, locale.text(f"cli.observed-{key}")) for key in shown]
    show(locale.text("cli.title-observed", folder=str(folder)), columns, rows, as_json=as_json, lead=2)


def _only(names: tuple[str, ...], what: str) -> str:
    if len(names) != 1:
        raise locale.error(CemfaError, Problem("observe-names", parameters={"what": what}))
    return names[0]
