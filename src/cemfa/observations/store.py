"""The store of observations: one SQLite file to which things are only ever added.

A correction is a later value of the same key and cut-off, a wrong import is taken back by a line that says so; nothing
is overwritten or deleted, so that every figure of an old report can be found again as it was.
"""

from __future__ import annotations

import datetime
import math
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, cast

from cemfa import locale
from cemfa.errors import CemfaError, OutputError, Place, Problem
from cemfa.observations.schema import MEASURES, Delivery, Kept, Key, Kind, Observation, Standing, Subject

FORMAT: Final = 1
"""Version of the tables, kept in `user_version` of the file."""

_MARK: Final = 0x63656D66  # "cemf", the application id by which a file is known to be such a store
_WAIT: Final = 5.0  # seconds to wait for another program that is writing

_TABLES: Final = """
CREATE TABLE delivery (
    number INTEGER PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, file TEXT NOT NULL, digest TEXT NOT NULL
) STRICT;
CREATE TABLE observation (
    number INTEGER PRIMARY KEY, delivery INTEGER NOT NULL REFERENCES delivery (number),
    subject TEXT NOT NULL, item TEXT NOT NULL, measure TEXT NOT NULL, part TEXT NOT NULL,
    year INTEGER NOT NULL, kind TEXT NOT NULL, value REAL NOT NULL, unit TEXT NOT NULL, until TEXT NOT NULL,
    source TEXT NOT NULL, department TEXT NOT NULL, note TEXT NOT NULL
) STRICT;
CREATE TABLE withdrawal (
    delivery INTEGER PRIMARY KEY REFERENCES delivery (number), at TEXT NOT NULL, who TEXT NOT NULL, reason TEXT NOT NULL
) STRICT;
CREATE INDEX observation_key ON observation (subject, item, measure, part, year, kind);
CREATE TRIGGER observation_stays BEFORE UPDATE ON observation BEGIN SELECT RAISE (ABORT, 'only added to'); END;
CREATE TRIGGER observation_kept BEFORE DELETE ON observation BEGIN SELECT RAISE (ABORT, 'only added to'); END;
CREATE TRIGGER delivery_stays BEFORE UPDATE ON delivery BEGIN SELECT RAISE (ABORT, 'only added to'); END;
CREATE TRIGGER delivery_kept BEFORE DELETE ON delivery BEGIN SELECT RAISE (ABORT, 'only added to'); END;
"""
_COLUMNS: Final = "subject, item, measure, part, year, kind, value, unit, until, source, department, note"


class Store:
    """The observations of one plan, in a file.

    Parameters
    ----------
    path : the file; made where it does not exist

    Raises
    ------
    OutputError
        if the file cannot be opened or is not such a store [store-open, store-foreign, store-newer].

    Examples
    --------
    >>> import datetime, tempfile
    >>> from cemfa.observations.schema import Key, Observation
    >>> key = Key("target", "T18", "value", "", 2026, "actual")
    >>> day, now = datetime.date(2026, 10, 31), datetime.datetime(2026, 11, 5, 9, tzinfo=datetime.UTC)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = Store(f"{folder}/observations.sqlite")
    ...     first = store.add([Observation(key, 12.0, "%", day, "Báo cáo số 12")], who="Lan", at=now)
    ...     second = store.add([Observation(key, 21.0, "%", day, "Đính chính")], who="Lan", at=now)
    ...     corrected = [kept.observation.value for kept in store.current()]
    ...     back = store.take_back(second.number, who="Lan", at=now, reason="sai đơn vị")
    ...     corrected, [kept.observation.value for kept in store.current()]
    ([21.0], [12.0])
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        with self._opened() as database:
            _prepare(database, self.path)

    def add(
        self, observations: Iterable[Observation], *, who: str, at: datetime.datetime, file: str = "", digest: str = ""
    ) -> Delivery:
        """Add what one import brought, all of it or nothing, and return the delivery.

        Parameters
        ----------
        observations : at least one; a value of a key that is there already corrects it
        who : person who imports
        at : moment, with its time zone
        file, digest : name and SHA-256 of the file; a file that counts already is refused

        Raises
        ------
        CemfaError
            with every problem of the observations [observation-value, observation-measure, observation-source,
            observation-twice, observations-none, delivery-again].
        """
        rows = tuple(observations)
        problems = list(_faults(rows))
        if digest:
            problems += [
                Problem(
                    "delivery-again", Place(file), {"number": d.number, "who": d.who, "day": d.at.date().isoformat()}
                )
                for d in self.deliveries()
                if d.digest == digest and d.withdrawn is None
            ]
        if problems:
            raise locale.error(CemfaError, problems)
        with self._opened() as database, database:
            made = database.execute(
                "INSERT INTO delivery (at, who, file, digest) VALUES (?, ?, ?, ?)", (at.isoformat(), who, file, digest)
            )
            number = cast("int", made.lastrowid)
            database.executemany(
                f"INSERT INTO observation (delivery, {_COLUMNS}) VALUES (?{', ?' * 12})",
                [(number, *_stored(row)) for row in rows],
            )
        return Delivery(number, at, who, file, digest, len(rows))

    def take_back(self, number: int, *, who: str, at: datetime.datetime, reason: str) -> Delivery:
        """Take a delivery back, so that what it corrected counts again, and return it.

        Raises
        ------
        CemfaError
            if there is no such delivery, it is taken back already, or no reason is given
            [delivery-unknown, delivery-withdrawn, delivery-reason].
        """
        found = {d.number: d for d in self.deliveries()}.get(number)
        if found is None:
            known = [d.number for d in self.deliveries()]
            raise locale.error(CemfaError, Problem("delivery-unknown", parameters={"number": number, "known": known}))
        if found.withdrawn is not None:
            told = {"number": number, "who": found.withdrawn_by, "day": found.withdrawn.date().isoformat()}
            raise locale.error(CemfaError, Problem("delivery-withdrawn", parameters=told))
        if not reason.strip():
            raise locale.error(CemfaError, Problem("delivery-reason", parameters={"number": number}))
        with self._opened() as database, database:
            database.execute("INSERT INTO withdrawal VALUES (?, ?, ?, ?)", (number, at.isoformat(), who, reason))
        return {d.number: d for d in self.deliveries()}[number]

    def deliveries(self) -> tuple[Delivery, ...]:
        """Return all imports in the order of their arrival, those taken back included."""
        with self._opened() as database:
            rows = database.execute(
                "SELECT d.number, d.at, d.who, d.file, d.digest,"
                " (SELECT COUNT(*) FROM observation o WHERE o.delivery = d.number), w.at, w.who, w.reason"
                " FROM delivery d LEFT JOIN withdrawal w ON w.delivery = d.number ORDER BY d.number"
            ).fetchall()
        return tuple(
            Delivery(
                number, _moment(at), who, file, digest, count, _moment(back) if back else None, by or "", reason or ""
            )
            for number, at, who, file, digest, count, back, by, reason in rows
        )

    def history(self, key: Key | None = None) -> tuple[Kept, ...]:
        """Return everything ever reported of a key (default: of all), in the order of arrival, with its standing."""
        with self._opened() as database:
            rows = database.execute(
                f"SELECT delivery, {_COLUMNS}, delivery IN (SELECT delivery FROM withdrawal)"
                " FROM observation ORDER BY number"
            ).fetchall()
        return tuple(kept for kept in _judged(rows) if key in (None, kept.observation.key))

    def current(self, *, year: int | None = None, until: datetime.date | None = None) -> tuple[Kept, ...]:
        """Return what counts, one value per key, sorted by key: of the latest cut-off its latest correction.

        Parameters
        ----------
        year : only values of that year
        until : only values whose cut-off is not later than this day
        """
        last: dict[Key, Kept] = {}
        for kept in self.history():
            seen = kept.observation
            if kept.standing == "withdrawn" or year not in (None, seen.key.year) or (until and seen.until > until):
                continue
            before = last.get(seen.key)
            if before is None or seen.until >= before.observation.until:
                last[seen.key] = kept
        return tuple(last[key] for key in sorted(last))

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self.path, timeout=_WAIT)) as database:
                database.execute("PRAGMA foreign_keys = ON")
                yield database
        except (sqlite3.Error, OSError) as reason:
            problem = Problem("store-open", Place(str(self.path)), {"reason": str(reason)})
            raise locale.error(OutputError, problem) from reason


def _prepare(database: sqlite3.Connection, path: Path) -> None:
    """Make the tables in a new file; refuse a file of another kind or of a later cemfa."""
    (mark,), (version,) = (database.execute(f"PRAGMA {name}").fetchone() for name in ("application_id", "user_version"))
    tables = database.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]
    if not tables and not mark:
        database.executescript(
            f"BEGIN; {_TABLES} PRAGMA application_id = {_MARK}; PRAGMA user_version = {FORMAT}; COMMIT;"
        )
    elif mark != _MARK:
        raise locale.error(OutputError, Problem("store-foreign", Place(str(path))))
    elif version > FORMAT:
        told = {"version": version, "known": FORMAT}
        raise locale.error(OutputError, Problem("store-newer", Place(str(path)), told))


def _faults(rows: Sequence[Observation]) -> Iterator[Problem]:
    if not rows:
        yield Problem("observations-none")
    seen: set[Key] = set()
    for row in rows:
        where = {"item": row.key.item, "measure": row.key.measure, "year": row.key.year}
        if not math.isfinite(row.value):
            yield Problem("observation-value", parameters={**where, "value": row.value})
        if row.key.measure not in MEASURES.get(row.key.subject, ()):
            known = MEASURES.get(row.key.subject, tuple(MEASURES))
            yield Problem("observation-measure", parameters={**where, "known": known})
        if not row.source.strip():
            yield Problem("observation-source", parameters=where)
        if row.key in seen:
            yield Problem("observation-twice", parameters={**where, "kind": row.key.kind, "part": row.key.part})
        seen.add(row.key)


def _stored(row: Observation) -> tuple[object, ...]:
    key = row.key
    named = (key.subject, key.item, key.measure, key.part, key.year, key.kind)
    return (*named, float(row.value), row.unit, row.until.isoformat(), row.source, row.department, row.note)


def _observation(row: Sequence[object]) -> Observation:
    subject, item, measure, part, year, kind, value, unit, until, source, department, note = row
    key = Key(cast("Subject", subject), str(item), str(measure), str(part), cast("int", year), cast("Kind", kind))
    day = datetime.date.fromisoformat(str(until))
    return Observation(key, cast("float", value), str(unit), day, str(source), str(department), str(note))


def _moment(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text)


def _judged(rows: Sequence[Sequence[object]]) -> Iterator[Kept]:
    """Yield what is in the store with its standing: of one key and cut-off the last counts, of one key the latest."""
    seen = [(cast("int", row[0]), _observation(row[1:-1]), bool(row[-1])) for row in rows]
    newest: dict[Key, datetime.date] = {}
    last: dict[tuple[Key, datetime.date], int] = {}
    for place, (_, found, withdrawn) in enumerate(seen):
        if not withdrawn:
            newest[found.key] = max(found.until, newest.get(found.key, found.until))
            last[found.key, found.until] = place
    for place, (number, found, withdrawn) in enumerate(seen):
        standing: Standing = "current"
        if withdrawn:
            standing = "withdrawn"
        elif last[found.key, found.until] != place:
            standing = "corrected"
        elif newest[found.key] > found.until:
            standing = "superseded"
        yield Kept(found, number, standing)
