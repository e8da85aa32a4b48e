"""Answers that were dear to get, kept by key in one SQLite file that processes share; and who is asking for what.

An answer is committed as soon as it is there, so `kill -9` loses only what was in flight. A process claims a key
before it asks, for a lease that it renews: two processes divide the work, and the claims of a dead one expire.
The write-ahead log needs a local disk: SQLite's locks are not safe on network file systems.
"""

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple, Self

from pipeline.core.errors import TunesetError

LOCK_SECONDS: Final = 60.0
"""How long a writer waits for another process's transaction; each lasts about a millisecond."""

FAR_SECONDS: Final = 600.0
"""A turn or claim further ahead than this was written by a clock that jumped, and does not bind."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS answer (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS claim (key BLOB PRIMARY KEY, owner TEXT NOT NULL, until REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS claim_owner ON claim (owner);
CREATE TABLE IF NOT EXISTS turn (lane TEXT PRIMARY KEY, free_at REAL NOT NULL) WITHOUT ROWID;
CREATE TEMP TABLE missing (key BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TEMP TABLE seen (key BLOB PRIMARY KEY) WITHOUT ROWID;
"""


class Toll(NamedTuple):
    """What one request costs on one lane, in seconds of that lane's time."""

    lane: str
    seconds: float
    slack_seconds: float
    """How early a turn may be taken, so that a late wake-up is made good by the next."""


class Cache:
    """One open cache file. Every method is one transaction; use it from one thread at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._told():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=LOCK_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            self._prepare()
        except BaseException:
            self._db.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; what was put stays."""
        self._db.close()

    def get(self, keys: Collection[bytes]) -> dict[bytes, bytes]:
        """Give the answers that are there, in no particular order."""
        with self._told():
            found: dict[bytes, bytes] = {}
            for some in _slices(keys):
                marks = ",".join("?" * len(some))
                found.update(self._db.execute(f"SELECT key, value FROM answer WHERE key IN ({marks})", some))  # noqa: S608 - question marks only
            return found

    def put(self, answers: Mapping[bytes, bytes]) -> None:
        """Keep answers and end the claims on their keys, all or nothing. The first answer of a key stays."""
        with self._writing() as db:
            db.executemany("INSERT OR IGNORE INTO answer VALUES (?, ?)", answers.items())
            db.executemany("DELETE FROM claim WHERE key = ?", [(key,) for key in answers])

    def claim(self, keys: Collection[bytes], *, owner: str, now: float, lease_seconds: float) -> set[bytes]:
        """Give the keys that the owner may ask: not answered, and not claimed by another who is alive."""
        with self._writing() as db:
            open_keys = set(keys).difference(self.get(keys))
            cut = "INSERT INTO claim VALUES (?1, ?2, ?3) ON CONFLICT (key) DO UPDATE SET owner = ?2, until = ?3"
            mine = f"{cut} WHERE owner = ?2 OR until < ?4 OR until > ?5 RETURNING key"
            span = (owner, now + lease_seconds, now, now + FAR_SECONDS)
            return {key for key in open_keys if db.execute(mine, (key, *span)).fetchone()}

    def renew(self, owner: str, *, now: float, lease_seconds: float) -> None:
        """Move the end of all the owner's claims; a living process does so several times in a lease."""
        with self._writing() as db:
            db.execute("UPDATE claim SET until = ? WHERE owner = ?", (now + lease_seconds, owner))

    def release(self, owner: str, keys: Collection[bytes] | None = None) -> None:
        """Give back the owner's claims on these keys, or all of them."""
        with self._writing() as db:
            if keys is None:
                db.execute("DELETE FROM claim WHERE owner = ?", (owner,))
            else:
                db.executemany("DELETE FROM claim WHERE owner = ? AND key = ?", [(owner, key) for key in keys])

    def forget_stale_claims(self, *, now: float) -> None:
        """Drop the claims that have run out."""
        with self._writing() as db:
            db.execute("DELETE FROM claim WHERE until < ? OR until > ?", (now, now + FAR_SECONDS))

    def take_turn(self, tolls: Collection[Toll], *, now: float) -> float:
        """Give 0 and take the turn when every lane is free; else the seconds until it may be, and take nothing.

        This is the generic cell rate algorithm (ITU-T I.371): in any span of S seconds the turns taken cost at most
        S, the slack, and one more turn, over all processes and over restarts.
        """
        with self._writing() as db:
            frees = {toll.lane: self._free_at(db, toll.lane, now) for toll in tolls}
            wait = max((frees[toll.lane] - toll.slack_seconds - now for toll in tolls), default=0.0)
            if wait <= 0:
                taken = [(toll.lane, max(now, frees[toll.lane]) + toll.seconds) for toll in tolls]
                db.executemany("INSERT OR REPLACE INTO turn VALUES (?, ?)", taken)
            return max(0.0, wait)

    def count_missing(self, keys: Collection[bytes]) -> int:
        """Give how many different keys of all calls of this method have no answer yet; held on disk, not in memory."""
        with self._writing() as db:
            db.executemany("INSERT OR IGNORE INTO missing VALUES (?)", [(key,) for key in keys])
            db.execute("DELETE FROM missing WHERE key IN (SELECT key FROM answer)")
            return int(db.execute("SELECT count(*) FROM missing").fetchone()[0])

    def unseen(self, keys: Collection[bytes]) -> set[bytes]:
        """Give the keys without an answer that no call of this method was given before; held on disk."""
        with self._writing() as db:
            add = "INSERT OR IGNORE INTO seen VALUES (?) RETURNING key"
            new = {key for key in keys if db.execute(add, (key,)).fetchone()}
            return new.difference(self.get(new))

    def _free_at(self, db: sqlite3.Connection, lane: str, now: float) -> float:
        row = db.execute("SELECT free_at FROM turn WHERE lane = ?", (lane,)).fetchone()
        return now if row is None or row[0] > now + FAR_SECONDS else float(row[0])

    def _prepare(self) -> None:
        with self._told():
            self._db.execute("PRAGMA journal_mode = WAL")
            # NORMAL: a commit survives the death of the process; a power cut may cost the last ones, never the file
            self._db.execute("PRAGMA synchronous = NORMAL")
        with self._writing() as db:
            for statement in _SCHEMA.strip().split("\n"):
                db.execute(statement)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._told():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            cure = "Free the disk or set another cache folder; or delete the file: its answers are asked again."
            raise TunesetError(f"{self.path}: the cache cannot be used: {error}. {cure}") from error


def _slices(keys: Collection[bytes]) -> Iterator[list[bytes]]:
    every = list(keys)
    return (every[start : start + 500] for start in range(0, len(every), 500))
