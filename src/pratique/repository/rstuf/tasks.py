"""Tasks: accepted at once, done one after the other, kept through a crash.

A journal holds each task as it is accepted and as it ends.  What a crash interrupted is done
again at the next start: every task may be.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.model.errors import PratiqueError
from pratique.repository.errors import UNREADABLE, BusyError, RepositoryError
from pratique.repository.layout import write_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MAX_KEPT = 10_000
"""Tasks that are remembered; the oldest that have ended are forgotten first."""

MAX_WAITING = 1_000
"""Tasks that may wait; each may hold a body of 16 MB on the disk."""

MAX_JOURNAL_BYTES = 64 * 1024 * 1024
"""Size from which the journal is written anew without the bodies of tasks that have ended."""

BUSY_SECONDS = 60.0
"""How long a task waits for another process that writes to the repository."""

ENDED = frozenset({"SUCCESS", "FAILURE"})


class QueueFullError(RepositoryError):
    """Too many tasks wait."""


class Task(msgspec.Struct, frozen=True):
    """One task as the journal holds it."""

    id: str
    name: str
    """RSTUF's name of what it does: ``add_artifacts``."""

    state: str
    updated: str
    payload: msgspec.Raw = msgspec.Raw(b"null")
    result: dict[str, Any] | None = None


def instant_now() -> str:
    """The time as RSTUF writes it."""
    return datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")


class Tasks:
    """The tasks of one repository.

    Args:
        file: The journal.
        perform: Does a task: takes its name, payload and id, gives message and details.
    """

    def __init__(
        self, file: Path, perform: Callable[[str, bytes, str], tuple[str, dict[str, Any]]]
    ) -> None:
        self._file = file
        self._perform = perform
        self._lock = threading.Condition()
        self._tasks: dict[str, Task] = {}
        self._waiting: deque[str] = deque()
        self._stopped = False
        self._thread: threading.Thread | None = None
        self._load()

    def accept(self, name: str, payload: bytes) -> Task:
        """Take a task in, durably.

        Raises:
            QueueFullError: Too many wait.
            RepositoryError: The journal cannot be written.
        """
        task = Task(
            secrets.token_hex(16), name, "PENDING", instant_now(), msgspec.Raw(payload or b"{}")
        )
        with self._lock:
            if len(self._waiting) >= MAX_WAITING:
                raise QueueFullError(
                    f"{MAX_WAITING:,} tasks wait already.", remedy="Try again later."
                )
            self._write(task)
            self._tasks[task.id] = task
            self._waiting.append(task.id)
            self._lock.notify_all()
        return task

    def get(self, id: str) -> Task | None:
        """A task; ``None`` where the id is not known (any more)."""
        with self._lock:
            return self._tasks.get(id)

    def under_way(self, name: str) -> Task | None:
        """A task of a name that has not ended."""
        with self._lock:
            return next(
                (
                    one
                    for one in self._tasks.values()
                    if one.name == name and one.state not in ENDED
                ),
                None,
            )

    def start(self) -> None:
        """Begin to work in a thread of its own."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="tasks", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Finish the task at hand, and stop."""
        with self._lock:
            self._stopped = True
            self._lock.notify_all()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _work(self) -> None:
        while True:
            with self._lock:
                while not self._waiting and not self._stopped:
                    self._lock.wait()
                if self._stopped:
                    return
                task = self._tasks[self._waiting.popleft()]
                self._tasks[task.id] = msgspec.structs.replace(
                    task, state="RUNNING", updated=instant_now()
                )
            self._end(task, *self._outcome(task))

    def _outcome(self, task: Task) -> tuple[str, dict[str, Any]]:
        result: dict[str, Any] = {"task": task.name}
        until = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                message, details = self._perform(task.name, bytes(task.payload), task.id)
            except BusyError as error:
                if time.monotonic() < until and not self._stopped:
                    time.sleep(0.2)
                    continue
                return "SUCCESS", result | {
                    "status": False, "message": f"{task.name} failed", "error": str(error)
                }  # fmt: skip
            except PratiqueError as error:
                return "SUCCESS", result | {
                    "status": False, "message": f"{task.name} failed", "error": str(error)
                }  # fmt: skip
            except Exception as error:  # noqa: BLE001 - one task must not end the others
                return "FAILURE", result | {
                    "status": False,
                    "message": f"{task.name} failed",
                    "error": f"a defect in this program: {type(error).__name__}: {error}"[:500],
                }
            return "SUCCESS", result | {"status": True, "message": message, "details": details}

    def _end(self, task: Task, state: str, result: dict[str, Any]) -> None:
        now = instant_now()
        ended = Task(task.id, task.name, state, now, result=result | {"last_update": now})
        with self._lock:
            self._tasks[task.id] = ended
            if len(self._tasks) > MAX_KEPT:
                old = next((k for k, one in self._tasks.items() if one.state in ENDED), "")
                self._tasks.pop(old, None)
            try:
                self._write(ended)
                if self._file.stat().st_size > MAX_JOURNAL_BYTES:
                    self._rewrite()
            except (RepositoryError, OSError):
                # A full disk: the end is remembered until the next start, which does it again.
                return

    def _write(self, task: Task) -> None:
        try:
            handle = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(msgspec.json.encode(task) + b"\n")
                file.flush()
                os.fsync(handle)
        except OSError as error:
            raise RepositoryError(f"{self._file} cannot be written: {error.strerror}.") from None

    def _load(self) -> None:
        """Read the journal, forget what is old, and queue what did not end."""
        try:
            data = self._file.read_bytes()
        except FileNotFoundError:
            return
        decoder = msgspec.json.Decoder(Task)
        for line in data.split(b"\n"):
            try:
                task = decoder.decode(line)
            except UNREADABLE:
                continue  # a line torn by a crash was never promised
            self._tasks.pop(task.id, None)
            self._tasks[task.id] = task
        self._tasks = dict(list(self._tasks.items())[-MAX_KEPT:])
        self._waiting.extend(id for id, one in self._tasks.items() if one.state not in ENDED)
        self._rewrite()

    def _rewrite(self) -> None:
        lines = b"".join(msgspec.json.encode(one) + b"\n" for one in self._tasks.values())
        write_files(self._file.parent, {self._file.name: lines}, mode=0o600)
