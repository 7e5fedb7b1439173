"""The record of decisions: JSON lines, each with the digest of the one before.

A line is ``{"n":…,"at":…,"prev":…,"kind":…,…,"hash":…}``; ``hash`` is the
SHA-256 of the line up to it, closed by a brace.  Whoever keeps the last digest
elsewhere can tell whether anything before it was changed or taken away.
A line is written by one call: a process that is killed loses none.
"""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.model.errors import EvidenceError, InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
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
    """Appends to the record; one at a time for a file.

    Args:
        folder: Of the data.
        now: When it is opened, for the entry that says that a torn end was cut off.
    """

    def __init__(self, folder: Path, now: datetime) -> None:
        self.path = folder / NAME
        self._lock = threading.Lock()
        self.number, self.head, end = _resume(self.path)
        torn = b""
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        size = os.fstat(self._file).st_size
        if size > end:
            torn = os.pread(self._file, min(size - end, MAX_LINE), end)
            os.ftruncate(self._file, end)
        os.lseek(self._file, 0, os.SEEK_END)
        if torn:
            self.append("torn", now, bytes=size - end, sha256=hashlib.sha256(torn).hexdigest())
            self.sync()

    def append(self, kind: str, at: datetime, **fields: Any) -> str:
        """Write one entry, and return its digest.

        Args:
            kind: What it is about.
            at: UTC.
            **fields: What it says; text is escaped as JSON does.

        Raises:
            OSError: It cannot be written; nothing of it then remains.
        """
        with self._lock:
            entry = {"n": self.number + 1, "at": at, "prev": self.head, "kind": kind} | fields
            body = _json(entry)
            digest = hashlib.sha256(body).hexdigest()
            line = body[:-1] + b',"hash":"' + digest.encode() + b'"}\n'
            before = os.lseek(self._file, 0, os.SEEK_CUR)
            try:
                _write(self._file, line)
            except OSError:
                os.ftruncate(self._file, before)
                os.lseek(self._file, before, os.SEEK_SET)
                raise
            self.number += 1
            self.head = digest
            return digest

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
        raise InputError(f"{path}: cannot be read: {error.strerror}.") from None
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


def _checked(line: bytes, number: int, head: str) -> dict[str, Any] | str:
    body = line[:-_TAIL] + b"}"
    try:
        entry = msgspec.json.decode(line, type=dict[str, Any])
    except msgspec.DecodeError:
        return "the line is not an entry"
    if entry.get("hash") != hashlib.sha256(body).hexdigest():
        return "the entry was changed"
    if entry.get("n") != number or entry.get("prev") != head:
        return "the entry does not follow the one before"
    return entry


def _resume(path: Path) -> tuple[int, str, int]:
    """Number and digest of the last whole entry, and where it ends.

    Raises:
        EvidenceError: Something before the last line is not what was written.
    """
    number, head, end = 0, FIRST, 0
    if not path.exists():
        return number, head, end
    with path.open("rb") as file:
        while line := file.readline(MAX_LINE + 1):
            entry = _checked(line, number + 1, head) if line.endswith(b"\n") else "it is torn"
            if isinstance(entry, str):
                if file.read(1):
                    raise EvidenceError(
                        f"{path}:{number + 1}: {entry}.",
                        remedy="Move the log aside as evidence, then start with a new one.",
                    )
                return number, head, end
            number, head, end = number + 1, entry["hash"], end + len(line)
    return number, head, end
