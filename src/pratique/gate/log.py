"""The record of decisions: JSON lines, each with the digest of the one before.

A line is ``{"n":…,"at":…,"prev":…,"kind":…,…,"hash":…}``; ``hash`` is the
SHA-256 of the line up to it, closed by a brace.  Whoever keeps the last digest
elsewhere can tell whether anything before it was changed or taken away.
A line is written by one call: a process that is killed loses none.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.model.errors import EvidenceError, InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

NAME = "decisions.jsonl"
FIRST = "0" * 64
"""What the first line names as the one before."""

MAX_LINE = 16 * 1024 * 1024
"""Longest line: a decision on each of some 20,000 versions of one package."""

_TAIL = len(',"hash":""}\n') + 64
_json = msgspec.json.Encoder().encode


class Log:
    """Appends to the record, together with others: who approves does so beside a running gate.

    What another process has appended is taken up before anything is written,
    under a lock on the file, so that there is one chain.

    Args:
        folder: Of the data.
        now: When it is opened, for the entry that says that a torn end was cut off.
        watch: Told every entry, those that are there already and those of others too.
    """

    def __init__(
        self,
        folder: Path,
        now: datetime,
        watch: Callable[[dict[str, Any]], None] = lambda _: None,
    ) -> None:
        self.path = folder / NAME
        self.trouble = ""
        """Why the last entry could not be written; empty where it could."""

        self._lock = threading.Lock()
        self._watch = watch
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        self.number, self.head, self._end = 0, FIRST, 0
        try:
            with self._alone():
                self._take_up(now)
        except BaseException:
            os.close(self._file)
            raise

    def append(self, kind: str, at: datetime, **fields: Any) -> str:
        """Write one entry, and return its digest.

        Args:
            kind: What it is about.
            at: UTC.
            **fields: What it says; text is escaped as JSON does.

        Raises:
            OSError: It cannot be written; nothing of it then remains.
            EvidenceError: What another process has written does not follow.
        """
        with self._alone():
            self._take_up(at)
            return self._append(kind, at, fields)

    def refresh(self, now: datetime) -> None:
        """Take up what another process has appended.

        Raises:
            EvidenceError: It does not follow.
        """
        if os.fstat(self._file).st_size != self._end:
            with self._alone():
                self._take_up(now)

    @property
    def intact(self) -> str:
        """Why the file is not what was written to; empty where it is."""
        try:
            there, held = self.path.stat(), os.fstat(self._file)
        except OSError as error:
            return f"the log cannot be read: {error.strerror}"
        if (there.st_dev, there.st_ino) != (held.st_dev, held.st_ino):
            return "the log was replaced by another file"
        if held.st_size < self._end:
            return "the end of the log was taken away"
        return f"the log could not be written: {self.trouble}" if self.trouble else ""

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else writes: no other thread, and no other process."""
        with self._lock:
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def _append(self, kind: str, at: datetime, fields: dict[str, Any]) -> str:
        entry = {"n": self.number + 1, "at": at, "prev": self.head, "kind": kind} | fields
        body = _json(entry)
        digest = hashlib.sha256(body).hexdigest()
        line = body[:-1] + b',"hash":"' + digest.encode() + b'"}\n'
        os.lseek(self._file, self._end, os.SEEK_SET)
        try:
            _write(self._file, line)
        except OSError as error:
            self.trouble = error.strerror or str(error)
            os.ftruncate(self._file, self._end)
            raise
        self.trouble = ""
        self.number, self.head, self._end = self.number + 1, digest, self._end + len(line)
        self._watch(entry)
        return digest

    def _take_up(self, now: datetime) -> None:
        """Read what is there beyond the last entry that is known; cut a torn end off."""
        size = os.fstat(self._file).st_size
        if size < self._end:
            raise EvidenceError(
                f"{self.path}: its end was taken away while the gate ran.",
                remedy="Keep the file as evidence; compare with a copy.",
            )
        if size == self._end:
            return
        with os.fdopen(os.dup(self._file), "rb") as file:
            file.seek(self._end)
            while line := file.readline(MAX_LINE + 1):
                whole = line.endswith(b"\n")
                entry = _checked(line, self.number + 1, self.head) if whole else "it is torn"
                if isinstance(entry, str):
                    if whole or file.read(1):
                        raise EvidenceError(
                            f"{self.path}:{self.number + 1}: {entry}.",
                            remedy="Move the log aside as evidence, then start with a new one.",
                        )
                    break
                self.number, self.head = self.number + 1, entry["hash"]
                self._end += len(line)
                self._watch(entry)
        if size > self._end:
            torn = os.pread(self._file, min(size - self._end, MAX_LINE), self._end)
            os.ftruncate(self._file, self._end)
            digest = hashlib.sha256(torn).hexdigest()
            self._append("torn", now, {"bytes": size - self._end, "sha256": digest})
            self.sync()

    def sync(self) -> None:
        """Have what was written survive a power cut."""
        os.fsync(self._file)

    def close(self) -> None:
        """Sync, and give the file back."""
        self.sync()
        os.close(self._file)


def _write(file: int, line: bytes) -> None:
    """Write a line in one call; a full disk takes only a part of it."""
    if os.write(file, line) != len(line):
        raise OSError(errno.ENOSPC, "the log cannot be written")


def entries(folder: Path) -> Iterator[dict[str, Any]]:
    """Every entry, checked against the chain, oldest first.

    Raises:
        InputError: There is no log.
        EvidenceError: A line is not what was written, or one is missing.
    """
    number, head = 0, FIRST
    path = folder / NAME
    try:
        file = path.open("rb")
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read: {error.strerror}.",
            remedy="The --data of 'pratique gate serve' has it, once a package was asked for.",
        ) from None
    with file:
        while line := file.readline(MAX_LINE + 1):
            if not line.endswith(b"\n"):
                return  # being written, or torn by a kill: the next start cuts it off
            entry = _checked(line, number + 1, head)
            if isinstance(entry, str):
                raise EvidenceError(
                    f"{path}:{number + 1}: {entry}.",
                    remedy="Everything before it is as it was written; compare with a copy.",
                )
            yield entry
            number, head = number + 1, entry["hash"]


def checked(line: bytes, said: Any, n: Any, prev: Any, number: int, head: str) -> str:
    """What is wrong with a line; empty where nothing is.

    Args:
        line: As it is in the file.
        said: Digest, number and digest before, as the line has them.
        n: See ``said``.
        prev: See ``said``.
        number: That it must have.
        head: Digest of the line before.
    """
    if said != hashlib.sha256(line[:-_TAIL] + b"}").hexdigest():
        return "the entry was changed"
    if n != number or prev != head:
        return "the entry does not follow the one before"
    return ""


def _checked(line: bytes, number: int, head: str) -> dict[str, Any] | str:
    try:
        entry = msgspec.json.decode(line, type=dict[str, Any])
    except msgspec.DecodeError:
        return "the line is not an entry"
    wrong = checked(line, entry.get("hash"), entry.get("n"), entry.get("prev"), number, head)
    return wrong or entry
