"""Where a repository keeps what, and how its files are written.

::

    REPOSITORY/
      repository.json    settings
      staged.jsonl       changes not yet published
      ceremony/          root and targets metadata waiting for signatures
      keys/              online keys that ``init`` made
      public/            what is served
        metadata/        N.role.json, timestamp.json
        targets/         DIR/SHA256.NAME

Files of a version are immutable and invisible until ``timestamp.json``, which
is replaced in one step, leads to them (TUF 1.0 §6.2): a reader never sees a
mixed state, and a writer that dies leaves only files that nothing names.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pratique.repository.errors import BusyError, RepositoryError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SYNC_EACH = 64
"""Up to so many new files are synchronised one by one; beyond, one sync of the system is faster."""


class Layout:
    """The paths of one repository.

    Args:
        folder: The repository.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = folder / "repository.json"
        self.staged = folder / "staged.jsonl"
        self.ceremony = folder / "ceremony"
        self.keys = folder / "keys"
        self.public = folder / "public"
        self.metadata = self.public / "metadata"
        self.targets = self.public / "targets"

    def create(self) -> None:
        """Make the folders."""
        for folder in (self.metadata, self.targets, self.ceremony):
            folder.mkdir(parents=True, exist_ok=True)
        self.keys.mkdir(mode=0o700, exist_ok=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the one writer's lock; the system frees it if the process dies.

        Raises:
            BusyError: Another process holds it.
            RepositoryError: The folder cannot be written, now or while it is held (a full disk).
        """
        import fcntl

        try:
            handle = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise RepositoryError(f"{self.folder} cannot be written: {error.strerror}.") from None
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise BusyError(
                    f"{self.folder} is being written by another process.",
                    remedy="Try again when it is done.",
                ) from None
            try:
                yield
            except OSError as error:
                raise RepositoryError(
                    f"{error.filename or self.folder} cannot be written: "
                    f"{error.strerror or error}.",
                    remedy="What is published stands; do it again when the cause is gone.",
                ) from None
        finally:
            os.close(handle)


def sync_folder(folder: Path) -> None:
    """Make names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_files(folder: Path, files: Mapping[str, bytes], *, mode: int = 0o644) -> None:
    """Write files so that each is there wholly or not at all, and durably.

    Args:
        folder: Where.
        files: Content by name.
        mode: Permissions of the files.
    """
    each = len(files) <= SYNC_EACH
    with tempfile.TemporaryDirectory(prefix=".new-", dir=folder) as scratch:
        for number, content in enumerate(files.values()):
            with open(f"{scratch}/{number}", "wb") as file:  # noqa: PTH123 - a thousand of them
                file.write(content)
                os.fchmod(file.fileno(), mode)
                if each:
                    file.flush()
                    os.fsync(file.fileno())
        if not each:
            os.sync()
        for number, name in enumerate(files):
            os.replace(f"{scratch}/{number}", folder / name)  # noqa: PTH105
    sync_folder(folder)
