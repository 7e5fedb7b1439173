"""Generations on disk: written beside, renamed into place, pointed to, checked.

A reader follows the pointer once and then reads one generation, whatever is
written meanwhile.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.advisories.errors import FormatError, GenerationError
from pratique.advisories.files import sync
from pratique.advisories.layout import (
    FORMAT,
    LAYERED_FORMAT,
    MANIFEST,
    ORDERING_FORMAT,
    FileInfo,
    Manifest,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CURRENT = "current"
"""File with the name of the generation in use."""

GENERATIONS = "generations"
"""Folder of the generations."""

_LOCK = ".generations.lock"

KEPT = 2
"""Generations kept: the one in use and the one before it, to go back to."""

ABANDONED_SECONDS = 86_400
"""Age after which an unfinished build is taken for an interrupted one."""

_REMEDY = "Run `pratique advisories update`, or remove the folder to start from the starter."
_BLOCK = 1024 * 1024


def digest(path: Path) -> FileInfo:
    """Size and SHA-256 of a file."""
    hasher, size = sha256(), 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            hasher.update(block)
            size += len(block)
    return FileInfo(size, hasher.hexdigest())


def seal(folder: Path, manifest: Manifest, known: Mapping[str, FileInfo] | None = None) -> Manifest:
    """Write the manifest over the files of a finished generation.

    Args:
        folder: With the files, and nothing else.
        manifest: Of the generation.
        known: Files that were sealed before and are here again, unchanged.

    Returns:
        The manifest with the files in it.
    """
    known = known or {}
    files = {
        path.name: known.get(path.name) or digest(path)
        for path in sorted(folder.iterdir())
        if path.name != MANIFEST
    }
    sealed = msgspec.structs.replace(manifest, files=files)
    body = msgspec.json.encode(sealed)
    line = sha256(body).hexdigest().encode()
    (folder / MANIFEST).write_bytes(body + b"\n" + line + b"\n")
    return sealed


def read_manifest(folder: Path, *, any_ordering: bool = False) -> Manifest:
    """Manifest of a generation, checked against itself and the sizes of its files.

    Args:
        folder: Of the generation.
        any_ordering: Whether other version orderings are accepted.

    Raises:
        FormatError: It was written in another format or with other orderings.
        GenerationError: It is absent, damaged, or a file is absent or truncated.
    """
    path = folder / MANIFEST
    try:
        body, _, line = path.read_bytes().rpartition(b"\n")[0].rpartition(b"\n")
    except OSError:
        raise GenerationError(f"{folder} holds no finished advisories.", remedy=_REMEDY) from None
    if sha256(body).hexdigest().encode() != line:
        raise GenerationError(f"{path} is damaged: its checksum differs.", remedy=_REMEDY)
    manifest = manifest_of(body, folder, any_ordering=any_ordering)
    for name, info in manifest.files.items():
        try:
            size = (folder / name).stat().st_size
        except OSError:
            raise GenerationError(f"{folder / name} is absent.", remedy=_REMEDY) from None
        if size != info.size:
            raise GenerationError(
                f"{folder / name} is truncated: {size:,} of {info.size:,} bytes.", remedy=_REMEDY
            )
    return manifest


def manifest_of(body: bytes, place: Path, *, any_ordering: bool = False) -> Manifest:
    """A manifest as it was written, refused where another version of the program wrote it.

    Args:
        body: Its JSON.
        place: It is from, for messages.
        any_ordering: Whether other version orderings are accepted.

    Raises:
        FormatError: It was written in another format or with other orderings, or
            has not what a manifest of this format has.
    """
    try:
        numbers = msgspec.json.decode(body, type=dict[str, Any])
        _check_format(numbers, place, any_ordering=any_ordering)
        return msgspec.convert(numbers, Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise FormatError(
            f"{place} holds advisories that another version of the program wrote: {error}.",
            remedy=_REMEDY,
        ) from None


def _check_format(numbers: dict[str, Any], folder: Path, *, any_ordering: bool) -> None:
    if numbers.get("format") != (LAYERED_FORMAT if numbers.get("layers") else FORMAT):
        raise FormatError(
            f"{folder} holds advisories in format {numbers.get('format')}, not {FORMAT}.",
            remedy=_REMEDY,
        )
    if not any_ordering and numbers.get("ordering_format") != ORDERING_FORMAT:
        raise FormatError(
            f"{folder} was built with version orderings of format "
            f"{numbers.get('ordering_format')}, not {ORDERING_FORMAT}.",
            remedy=_REMEDY,
        )


def verify(folder: Path) -> Manifest:
    """Check every byte of a generation against its manifest.

    Raises:
        GenerationError: A file is not what was written.
    """
    manifest = read_manifest(folder)
    for name, info in manifest.files.items():
        if digest(folder / name) != info:
            raise GenerationError(
                f"{folder / name} is damaged: its digest differs.", remedy=_REMEDY
            )
    return manifest


@contextmanager
def workshop(root: Path) -> Iterator[Path]:
    """A folder beside the generations to build one in; removed where it is not published."""
    root.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".building-", dir=root))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def publish(root: Path, built: Path, name: str) -> Path:
    """Move a sealed generation into place and point to it, each in one step.

    Args:
        root: Of the advisories' data.
        built: Folder of the sealed generation, on the same file system.
        name: Of the generation.  One of the same name that is whole is kept.

    Returns:
        The generation's folder.
    """
    for path in (*built.iterdir(), built):
        sync(path)
    target = root / GENERATIONS / name
    target.parent.mkdir(parents=True, exist_ok=True)
    with _alone(root):
        try:
            built.rename(target)
        except OSError:
            if not _whole(target):
                aside = built.with_name(f"{built.name}-old")
                target.rename(aside)
                built.rename(target)
                shutil.rmtree(aside, ignore_errors=True)
        sync(target.parent)
        point(root, name)
    return target


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Hold the generations: none is pruned between being moved into place and pointed to."""
    handle = os.open(root / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _whole(folder: Path) -> bool:
    try:
        verify(folder)
    except GenerationError:
        return False
    return True


def point(root: Path, name: str) -> None:
    """Make a generation the current one, in one step."""
    handle, temporary = tempfile.mkstemp(prefix=".current-", dir=root)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(f"{name}\n")
        file.flush()
        os.fsync(file.fileno())
    Path(temporary).replace(root / CURRENT)
    sync(root)


def current(root: Path) -> Path | None:
    """Folder of the current generation; ``None`` where there is none.

    Raises:
        GenerationError: The pointer leads nowhere.
    """
    try:
        name = (root / CURRENT).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise GenerationError(f"{root / CURRENT} cannot be read: {why}.", remedy=_REMEDY) from None
    folder = root / GENERATIONS / name
    if not name or "/" in name or name.startswith(".") or not folder.is_dir():
        raise GenerationError(f"{root / CURRENT} names no generation there is.", remedy=_REMEDY)
    return folder


def next_name(root: Path, now: datetime) -> str:
    """Name for a generation built at a moment, that none there has; later ones sort after it."""
    while True:
        name = now.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        if not (root / GENERATIONS / name).exists():
            return name
        now += timedelta(microseconds=1)


def prune(root: Path, keep: str) -> None:
    """Remove all but the newest generations, and what interrupted builds left behind.

    Args:
        root: Of the advisories' data.
        keep: Generation that stays in any case; so does the current one, which another build that
            ended at the same moment may have published.
    """
    with _alone(root):
        pointed = keep
        with suppress(OSError, ValueError):
            pointed = (root / CURRENT).read_text(encoding="utf-8").strip()
        named = sorted(
            (path for path in (root / GENERATIONS).iterdir() if path.is_dir()),
            key=lambda path: (path.name in {keep, pointed}, _changed(path)),
            reverse=True,
        )
        old = time.time() - ABANDONED_SECONDS
        left = [path for path in root.glob(".building-*") if _changed(path) < old]
        for path in (*named[KEPT:], *left):
            shutil.rmtree(path, ignore_errors=True)


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def renew(root: Path, folder: Path, name: str, manifest: Manifest) -> Manifest:
    """Publish a generation again under a new name and manifest, sharing its files.

    Args:
        root: Of the advisories' data.
        folder: Of the generation whose files are still right.
        name: Of the new one.
        manifest: Of the new one; its files are those of the old one.
    """
    with workshop(root) as built:
        sealed = seal(built, manifest, share(folder, built))
        publish(root, built, name)
    prune(root, name)
    return sealed


def share(folder: Path, built: Path, leave: tuple[str, ...] = ()) -> dict[str, FileInfo]:
    """Have the files of a generation in another folder as well, without copying them.

    Args:
        folder: Of the generation.
        built: The other folder.
        leave: Files whose names begin so are left out.

    Returns:
        The files, as they were sealed.
    """
    files = {
        name: info
        for name, info in read_manifest(folder).files.items()
        if not (leave and name.startswith(leave))
    }
    for name in files:
        try:
            os.link(folder / name, built / name)
        except OSError:  # another file system, or one without links
            shutil.copyfile(folder / name, built / name)
    return files
