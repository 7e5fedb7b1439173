"""Questions to the log, answered from its index; from the log itself where there is none.

Each entry that is given out is read from the log and compared with the digest
that the index has of it.  Where it is another, the index is made anew once, and
that reads and checks the whole chain.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from pratique.gate.log import entries
from pratique.gate.logindex import DAMAGE, LogIndex, Unusable, entry_at, microseconds
from pratique.gate.lognames import normal, parted
from pratique.model.errors import EvidenceError, PratiqueError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pratique.gate.inspect import Question

KEEP_SECONDS = 10.0
"""How often a gate looks; a question takes up what came since."""

KEEP_ENTRIES = 500
KEEP_PAUSE = 0.05
"""Entries that are taken up at once while a gate works, some 20 ms, and the pause after them."""

ROWS = 4096
"""Places that are asked for at once."""

_Row = tuple[int, int, int, bytes]
_CALLED = "package in (select package from called where name"
_OF_VERSION = "rest in (select id from text where instr(text, ?) = 1)"
_Clauses = tuple[list[str], list[object]]


def found(data: Path, asked: Question, *, whole: bool = False) -> Iterator[dict[str, Any]]:
    """The entries that are asked for, oldest first.

    Args:
        data: Folder of the gate.
        asked: Which ones.
        whole: Read all of the log and check its chain, past the index.

    Raises:
        EvidenceError: The log is not as it was written.
        InputError: There is no log.
    """
    if whole or not any(getattr(asked, one) for one in asked.__struct_fields__):
        yield from (one for one in entries(data) if asked.meets(one))
        return
    last = 0
    try:
        for entry in _indexed(data, *_clauses(asked)):
            last = entry["n"]
            if asked.meets(entry):
                yield entry
    except (Unusable, UnicodeEncodeError, EvidenceError):
        # Where the log is broken, this gives what comes before and then says so.
        yield from (one for one in entries(data) if one["n"] > last and asked.meets(one))


def candidates(
    data: Path, kind: str, name: str, asked: Question, *, whole: bool = False
) -> Iterator[dict[str, Any]]:
    """Entries that tell what was decided last on a package, each kind oldest first.

    Of those on one file or one index the last alone is among them.

    Args:
        data: Folder of the gate.
        kind: Ecosystem; empty for every one.
        name: Of the package.
        asked: For whom and when.
        whole: Every entry, read past the index.

    Raises:
        EvidenceError: The log is not as it was written.
        InputError: There is no log.
    """
    if whole:
        yield from entries(data)
        return
    try:
        yield from list(_candidates(data, kind, name, asked))
    except (Unusable, UnicodeEncodeError):
        yield from entries(data)


def _indexed(data: Path, clauses: list[str], values: list[object]) -> Iterator[dict[str, Any]]:
    with _opened(data) as index:
        after, rows = 0, True
        sql = f"select n, start, length, digest from entry where {' and '.join(clauses)} "  # noqa: S608 - of our own words
        while rows:
            more = "and n > ? order by n limit ?"
            found = index.rows(sql + more, [*values, after, ROWS])
            rows = len(found) == ROWS
            for entry in index.entries(found):
                after = entry["n"]
                yield entry


def _candidates(data: Path, kind: str, name: str, asked: Question) -> Iterator[dict[str, Any]]:
    clauses, values = _when(asked)
    if asked.team:
        clauses.append("(team is null or team = (select id from text where text = ?))")
        values.append(asked.team)
    if asked.client:
        one, more = _client(asked.client)
        clauses.append(f"(client is null or {one})")
        values += more
    with _opened(data) as index:
        places = [one for (one,) in index.rows("select name from ecosystem", [])]
        right = [one for one in places if not kind or one.lower() == kind.lower()]
        marks = ", ".join("?" * len(right))
        keys: list[object] = [normal(one, name) for one in right]
        mine = [f"{_CALLED} in ({marks}))", *clauses]
        last = index.rows(
            "select n, start, length, digest from (select min(n) as first, max(n) as top from "  # noqa: S608
            f"entry where {' and '.join(mine)} group by package, rest, kind, team) "
            "join entry on n = top order by first",
            [*keys, *values],
        )
        yield from index.entries(last)
        given = " and ".join(["n in (select n from given)", *clauses])
        rows = index.rows(
            f"select n, start, length, digest from entry where {given} order by n",  # noqa: S608
            values,
        )
        yield from index.entries(rows)


def _clauses(asked: Question) -> _Clauses:
    clauses, values = _when(asked)
    for column, text in (("kind", asked.kind), ("team", asked.team)):
        if text:
            clauses.append(f"{column} = (select id from text where text = ?)")  # noqa: S608 - of two names
            values.append(text)
    if asked.client:
        one, more = _client(asked.client)
        clauses.append(one)
        values += more
    if asked.package:
        one, more = _package(asked.package)
        clauses.append(one)
        values += more
    return clauses, values


def _client(wanted: str) -> tuple[str, list[object]]:
    """A part of the client's name, or its user."""
    return (
        "(client in (select id from text where instr(text, ?) > 0) "
        "or user = (select id from text where text = ?))"
    ), [wanted, wanted]


def _package(wanted: str) -> tuple[str, list[object]]:
    """By its name or, where there is a version, by that of the name without it."""
    base, rest = parted(wanted)
    values: list[object] = [wanted]
    words = f"{_CALLED} = ?)"
    if base and base != wanted:
        words += f" or ({_CALLED} = ?) and {_OF_VERSION})"
        values += [base, rest.partition("?")[0]]
    return f"({words})", values


def _when(asked: Question) -> _Clauses:
    clauses: list[str] = []
    values: list[object] = []
    for bound, sign in ((asked.since, ">="), (asked.until, "<")):
        if bound is not None:
            clauses.append(f"at {sign} ?")
            values.append(microseconds(bound))
    return clauses, values


class _opened:  # noqa: N801 - used like a function, in a with statement
    """An index that is up to date, and made anew once where it is found not to be right."""

    def __init__(self, data: Path) -> None:
        self._data = data

    def __enter__(self) -> Self:
        self._index = LogIndex(self._data)
        try:
            self._index.catch_up()
        except BaseException:
            self._index.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._index.close()

    def rows(self, sql: str, values: list[object]) -> list[Any]:
        """Rows of a question."""
        try:
            return self._index.tables.execute(sql, values).fetchall()
        except UnicodeEncodeError:
            raise  # the question is no text: that is not the index's fault
        except DAMAGE:
            self._index.forget()
        try:
            return self._index.tables.execute(sql, values).fetchall()
        except DAMAGE as error:
            raise Unusable(str(error)) from error

    def entries(self, rows: Iterable[_Row]) -> Iterator[dict[str, Any]]:
        """The entries at places."""
        for row in rows:
            entry = entry_at(self._index.file, *row)
            if entry is None:
                self._index.forget()  # where the log itself is wrong, this says so
                raise Unusable("the index was not that of the log")
            yield entry


def refresh(data: Path, entries: int = 0, pause: float = 0.0) -> None:
    """Bring the index up to date; what cannot be done is left to who asks.

    Args:
        data: Folder of the gate.
        entries: See :meth:`LogIndex.catch_up`.
        pause: Likewise.

    Raises:
        EvidenceError: The log is not as it was written.
        InputError: There is no log.
    """
    try:
        index = LogIndex(data)
    except Unusable:
        return
    try:
        index.catch_up(entries, pause)
    except Unusable:
        return
    finally:
        index.close()


class Keeping:
    """Keeps the index up to date while a gate runs, in the gaps of its work.

    Args:
        data: Folder of the gate.
    """

    def __init__(self, data: Path) -> None:
        self._data = data
        self._ended = threading.Event()
        # It may be in the middle of a long log when the gate ends: nobody waits for it then.
        self._thread = threading.Thread(target=self._keep, name="log index", daemon=True)

    def begin(self) -> None:
        """Begin."""
        self._thread.start()

    def end(self) -> None:
        """End, at the latest with the process."""
        self._ended.set()

    def _keep(self) -> None:
        while not self._ended.wait(KEEP_SECONDS):
            # A log that is not as it was written is what /readyz and "gate verify" tell of.
            with suppress(PratiqueError):
                refresh(self._data, KEEP_ENTRIES, KEEP_PAUSE)
