"""Takes artifacts in: each is read once, hashed, and stored under its digest."""

from __future__ import annotations

import hashlib
import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from pratique.repository.bins import check_path
from pratique.repository.errors import RepositoryError
from pratique.repository.layout import SYNC_EACH, sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pratique.repository.layout import Layout

BLOCK = 1024 * 1024


class Source(NamedTuple):
    """A file to add and the target path it gets."""

    file: str
    path: str


class Taken(NamedTuple):
    """An artifact whose content is stored."""

    path: str
    length: int
    sha256: str


class Refused(NamedTuple):
    """Something that was not taken, and why."""

    path: str
    reason: str


def find(subjects: Iterable[Path], prefix: str = "") -> Iterator[Source | Refused]:
    """The files named, and all files of the folders named, in a stable order.

    Args:
        subjects: Files (their target path is their name) and folders (the path
            within the folder).  Symbolic links within folders are refused: they
            could lead anywhere.
        prefix: Put before each path.
    """
    for subject in subjects:
        if subject.is_dir():
            yield from _walk(str(subject), prefix)
        elif subject.is_file():
            yield Source(str(subject), prefix + subject.name)
        else:
            yield Refused(str(subject), "it is no file or folder")


def _walk(folder: str, prefix: str) -> Iterator[Source | Refused]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield Refused(folder, f"it cannot be read: {error.strerror}")
        return
    for entry in entries:
        path = prefix + entry.name
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path, f"{path}/")
        elif entry.is_file(follow_symlinks=False):
            yield Source(entry.path, path)
        else:
            yield Refused(path, "it is a symbolic link or no regular file")


def store(layout: Layout, sources: Iterable[Source | Refused]) -> tuple[list[Taken], list[Refused]]:
    """Copy artifacts to ``targets/DIR/SHA256.NAME`` and make them durable.

    Nothing names these files until they are published.

    Raises:
        RepositoryError: The repository cannot be written (a full disk); nothing is staged.
    """
    taken: list[Taken] = []
    refused: list[Refused] = []
    folders: set[str] = set()
    written: list[str] = []
    for source in sources:
        if isinstance(source, Refused):
            refused.append(source)
            continue
        reason = check_path(source.path)
        if reason:
            refused.append(Refused(source.path, reason))
            continue
        try:
            handle = os.open(source.file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as error:
            refused.append(Refused(source.path, f"it cannot be read: {error.strerror}"))
            continue
        try:
            found = _store(layout, handle, source.path, folders, written)
        except OSError as error:
            raise RepositoryError(
                f"{source.path} cannot be stored: {error.strerror or error}.",
                remedy="Nothing of this call was added.",
            ) from None
        finally:
            os.close(handle)
        if isinstance(found, Taken):
            taken.append(found)
        else:
            refused.append(found)
    _sync(written, folders, layout)
    return taken, refused


def _store(
    layout: Layout, handle: int, path: str, folders: set[str], written: list[str]
) -> Taken | Refused:
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        return Refused(path, "it is no regular file")
    folder, _, name = path.rpartition("/")
    target = f"{layout.targets}/{folder}" if folder else str(layout.targets)
    if target not in folders:
        os.makedirs(target, exist_ok=True)  # noqa: PTH103
        folders.add(target)
    if status.st_size <= BLOCK:
        content = os.read(handle, BLOCK + 1)
        if len(content) == status.st_size:
            digest = hashlib.sha256(content).hexdigest()
            _create(f"{target}/{digest}.{name}", content, written)
            return Taken(path, len(content), digest)
        os.lseek(handle, 0, os.SEEK_SET)
    return _store_large(handle, path, target, name, written)


def _create(file: str, content: bytes, written: list[str]) -> None:
    """Write a small file at its own name; a torn one of an earlier crash is replaced."""
    try:
        made = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    except FileExistsError:
        with open(file, "rb") as before:  # noqa: PTH123
            if before.read(len(content) + 1) == content:
                written.append(file)
                return
        file_new = f"{file}.new"
        made = os.open(file_new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        _write(made, content)
        os.replace(file_new, file)  # noqa: PTH105
    else:
        _write(made, content)
    written.append(file)


def _write(handle: int, content: bytes) -> None:
    try:
        done = 0
        while done < len(content):
            done += os.write(handle, content[done:] if done else content)
    finally:
        os.close(handle)


def _store_large(handle: int, path: str, target: str, name: str, written: list[str]) -> Taken:
    import tempfile

    digest, length = hashlib.sha256(), 0
    made, scratch = tempfile.mkstemp(prefix=".new-", dir=target)
    try:
        with os.fdopen(made, "wb") as file:
            while block := os.read(handle, BLOCK):
                digest.update(block)
                length += len(block)
                file.write(block)
            os.fchmod(file.fileno(), 0o644)
        final = f"{target}/{digest.hexdigest()}.{name}"
        os.replace(scratch, final)  # noqa: PTH105
    except BaseException:
        os.unlink(scratch)  # noqa: PTH108
        raise
    written.append(final)
    return Taken(path, length, digest.hexdigest())


def _sync(written: list[str], folders: set[str], layout: Layout) -> None:
    if len(written) > SYNC_EACH:
        os.sync()
        return
    for name in written:
        handle = os.open(name, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    from pathlib import Path

    for folder in folders:
        sync_folder(Path(folder))
    sync_folder(layout.targets)
