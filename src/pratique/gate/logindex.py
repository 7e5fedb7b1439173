"""Where in the log each entry is, and whom and what it is about: derived, and never the truth.

A SQLite file beside the log.  Whoever asks, and the gate itself every few
seconds, brings it up to date from the log, checking the chain as it reads.  It
is made anew where it is absent, of another form, damaged, or does not end where
the log has the same entry.  A process that is killed leaves it as of the last
transaction.  It may be deleted at any time.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.gate.log import FIRST, MAX_LINE, NAME, checked
from pratique.gate.lognames import called, parted, subject_of
from pratique.model.errors import EvidenceError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INDEX = "decisions.index"
FORM = 1
"""Of the tables below; an index of another form is made anew."""

BATCH = 20_000
"""Entries of one transaction: what a kill undoes."""

CACHE_KILOBYTES = 32 * 1024
"""Of the tables' pages while they are written."""

DIGEST_BYTES = 16
"""Of an entry's digest that are kept; all of it is in the log."""

MAX_KNOWN = 200_000
"""Texts whose numbers are remembered while entries are read, some 100 bytes each."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TABLES = """
create table state (form integer, number integer, head text, finish integer);
create table text (id integer primary key, text text unique);
create table package (id integer primary key, text text unique);
create table called (name text, package integer, primary key (name, package)) without rowid;
create table ecosystem (name text primary key) without rowid;
create table given (n integer primary key);
create table entry (
    n integer primary key, start integer, length integer, digest blob, at integer,
    kind integer, team integer, client integer, user integer, package integer, rest integer);
create index entry_package on entry (package);
"""

GIVEN = frozenset({"approved", "revoked", "rejected"})


DAMAGE = (sqlite3.Error, ValueError, TypeError, OverflowError)
"""What reading a damaged file raises: SQLite's module also fails on its own message's bytes."""


_NO_DAMAGE = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
    }
)
"""What is wrong with the disk, or its rights, and not with the file."""


class Unusable(Exception):  # noqa: N818 - it is no error: the log is read instead
    """There is no index, and none can be made: the folder cannot be written, say."""


class _Line(msgspec.Struct):
    """What the index looks at of an entry."""

    n: int
    at: datetime
    prev: str
    kind: str
    hash: str
    team: Any = ""
    client: Any = None
    user: Any = ""
    ecosystem: Any = ""
    package: Any = ""
    part: Any = ""
    subject: Any = ""
    approval: Any = None


_decode = msgspec.json.Decoder(_Line).decode


class LogIndex:
    """The index of the log in a folder.

    Args:
        folder: Of the data.

    Raises:
        InputError: There is no log.
        Unusable: There is no index, and none can be made.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / INDEX
        self._lock = -1
        self._mine = 0
        self._known: dict[tuple[str, str], int] = {}
        """Numbers of texts in the tables that are open."""

        try:
            self.file = os.open(folder / NAME, os.O_RDONLY)
        except OSError as error:
            raise InputError(f"{folder / NAME}: cannot be read: {error.strerror}.") from None
        try:
            self._lock = os.open(folder / f"{INDEX}.lock", os.O_RDWR | os.O_CREAT, 0o600)
            self.tables = self._readable()
        except (OSError, *DAMAGE) as error:
            self.close()
            raise Unusable(str(error)) from error

    def close(self) -> None:
        """Give the files back."""
        if tables := getattr(self, "tables", None):
            tables.close()
        for file in (self.file, self._lock):
            if file >= 0:
                os.close(file)
        self.file = self._lock = -1

    def catch_up(self, entries: int = 0, pause: float = 0.0) -> None:
        """Take up what is in the log beyond the last entry that is known.

        Args:
            entries: Of one transaction; :data:`BATCH` where it is 0.
            pause: Seconds to leave the processor to others between two.

        Raises:
            EvidenceError: What is there does not follow.
            Unusable: It cannot be written.
        """
        try:
            try:
                self._up(entries or BATCH, pause)
            except DAMAGE as error:
                if getattr(error, "sqlite_errorcode", 1) & 0xFF in _NO_DAMAGE:
                    raise
                with self._alone():
                    self._anew()
                self._up(entries or BATCH, pause)
        except (OSError, *DAMAGE) as error:
            raise Unusable(str(error)) from error

    def _up(self, entries: int, pause: float) -> None:
        more = True
        while more:
            with self._alone():
                if self._inode() != self._mine:  # others have made it anew
                    self.tables.close()
                    self.tables = self._opened()
                if not self._fits():
                    self._anew()
                more = self._batch(entries)
            time.sleep(pause if more else 0)

    def forget(self) -> None:
        """Make it anew: it was found not to be what the log says.

        Raises:
            EvidenceError: The log is not as it was written.
            Unusable: It cannot be written.
        """
        try:
            with self._alone():
                self._anew()
        except (OSError, *DAMAGE) as error:
            raise Unusable(str(error)) from error
        self.catch_up()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._lock, fcntl.LOCK_UN)

    def _readable(self) -> sqlite3.Connection:
        try:
            return self._opened()
        except sqlite3.OperationalError:
            raise
        except DAMAGE:  # it is no such file
            with self._alone():
                self._remove()
                return self._opened()

    def _inode(self) -> int:
        try:
            return self._path.stat().st_ino
        except FileNotFoundError:
            return 0

    def _remove(self) -> None:
        for ending in ("", "-journal"):
            (self._folder / f"{INDEX}{ending}").unlink(missing_ok=True)

    def _opened(self) -> sqlite3.Connection:
        new = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        os.close(new)
        # The lock above lets one write at a time; threads hand the connection on.
        tables = sqlite3.connect(
            self._path, timeout=30, isolation_level=None, check_same_thread=False
        )
        tables.execute("pragma synchronous = normal")
        tables.execute(f"pragma cache_size = -{CACHE_KILOBYTES}")
        self._mine = self._inode()
        self._known.clear()
        return tables

    def _anew(self) -> None:
        self.tables.close()
        self._remove()
        self.tables = self._opened()
        self.tables.executescript(f"begin; {_TABLES} commit;")
        self.tables.execute("insert into state values (?, 0, ?, 0)", (FORM, FIRST))

    def _fits(self) -> bool:
        """Whether it is of this form, and its last entry is in the log where it says."""
        try:
            form, number, head, finish = self.tables.execute("select * from state").fetchone()
            if form != FORM or os.fstat(self.file).st_size < finish:
                return False
            if number == 0:
                return bool(head == FIRST and finish == 0)
            start, length, digest = self.tables.execute(
                "select start, length, digest from entry where n = ?", (number,)
            ).fetchone()
            right = start + length == finish and digest == short(head)
        except DAMAGE:
            return False
        return right and entry_at(self.file, number, start, length, digest) is not None

    def _batch(self, most: int) -> bool:
        """Take up some entries, in one transaction; whether there may be more."""
        tables = self.tables
        tables.execute("begin immediate")
        try:
            _, number, head, finish = tables.execute("select * from state").fetchone()
            writing = _Writing(tables, self._known)
            before = number
            with os.fdopen(os.dup(self.file), "rb") as file:
                file.seek(finish)
                while number - before < most and (line := file.readline(MAX_LINE + 1)):
                    if not line.endswith(b"\n"):
                        break  # being written, or torn by a kill
                    entry = self._read(line, number + 1, head)
                    writing.add(entry, finish, len(line))
                    number, head = number + 1, entry.hash
                    finish += len(line)
            writing.write()
            tables.execute(
                "update state set number = ?, head = ?, finish = ?",
                (number, head, finish),
            )
            tables.execute("commit")
        except BaseException:
            self._known.clear()
            if tables.in_transaction:
                tables.execute("rollback")
            raise
        return bool(number - before == most)

    def _read(self, line: bytes, number: int, head: str) -> _Line:
        told: _Line | str
        try:
            told = _decode(line)
            told = checked(line, told.hash, told.n, told.prev, number, head) or told
        except (msgspec.DecodeError, UnicodeDecodeError):
            told = "the line is not an entry"
        if isinstance(told, str):
            raise EvidenceError(
                f"{self._folder / NAME}:{number}: {told}.",
                remedy="Everything before it is as it was written; compare with a copy.",
            )
        return told


class _Writing:
    """Entries on their way into the tables."""

    def __init__(self, tables: sqlite3.Connection, known: dict[tuple[str, str], int]) -> None:
        self._tables = tables
        self._known = known
        self._rows: list[tuple[object, ...]] = []
        self._given: list[tuple[int]] = []

    def add(self, entry: _Line, start: int, length: int) -> None:
        self._rows.append(
            (
                *(entry.n, start, length, short(entry.hash), microseconds(entry.at)),
                self._number("text", entry.kind),
                self._number("text", str(entry.team)) if entry.team else None,
                self._number("text", str(entry.client)) if entry.client is not None else None,
                self._number("text", str(entry.user)) if entry.user else None,
                *self._package(entry),
            )
        )
        if entry.kind in GIVEN:
            self._given.append((entry.n,))

    def write(self) -> None:
        marks = ", ".join("?" * 11)
        self._tables.executemany(f"insert into entry values ({marks})", self._rows)  # noqa: S608
        self._tables.executemany("insert into given values (?)", self._given)

    def _package(self, entry: _Line) -> tuple[int, int]:
        """Numbers of the package, and of the version or part that the entry is about."""
        base, rest = parted(subject_of(entry))
        key = f"{entry.ecosystem}\n{entry.package}\n{base}"
        known = ("package", key) in self._known
        number = self._number("package", key)
        if not known:
            where, names = called(str(entry.ecosystem), str(entry.package), base)
            self._tables.executemany(
                "insert or ignore into called values (?, ?)", [(one, number) for one in names]
            )
            self._tables.executemany(
                "insert or ignore into ecosystem values (?)", [(one,) for one in where]
            )
        return number, self._number("text", f"{rest}\n{entry.part}")

    def _number(self, table: str, text: str) -> int:
        key = table, text
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            self._tables.execute(f"insert or ignore into {table} (text) values (?)", (text,))  # noqa: S608 - one of two names of ours
            row = self._tables.execute(f"select id from {table} where text = ?", (text,))  # noqa: S608
            found = self._known[key] = int(row.fetchone()[0])
        return found


def short(digest: str) -> bytes:
    """A digest as the index has it.

    Raises:
        ValueError: It is none.
    """
    return bytes.fromhex(digest)[:DIGEST_BYTES]


def microseconds(at: datetime) -> int:
    """An instant as the index has it."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def entry_at(
    file: int, number: int, start: int, length: int, digest: bytes
) -> dict[str, Any] | None:
    """The entry at a place of the log; ``None`` where another, or none, is there."""
    if not all(isinstance(one, int) for one in (number, start, length)):
        return None  # SQLite keeps any type in any column
    if start < 0 or not 0 < length <= MAX_LINE:
        return None
    line = os.pread(file, length, start)
    if len(line) != length or not line.endswith(b"\n"):
        return None
    try:
        entry = msgspec.json.decode(line, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    said = str(entry.get("hash"))
    if len(said) != len(FIRST) or not said.isalnum():
        return None
    if short(said) != digest or entry.get("n") != number:
        return None
    wrong = checked(line, said, number, str(entry.get("prev")), number, str(entry.get("prev")))
    return None if wrong else entry
