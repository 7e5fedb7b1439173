"""Where a build that was interrupted goes on.

A checkpoint says how much of each file that is set aside was written when it
was made; what came after is cut off.  It is only used by a build of the same
sources, with the same version orderings.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from pratique.advisories import generation
from pratique.advisories.files import sync

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STATE = "checkpoint.json"
LEDGER = "ledger"
MADE = "made"
"""Folder of the files of the generation that is being built."""

_LOCK = "lock"


class TallyState(msgspec.Struct):
    """What was read of one source."""

    records: int
    newest: datetime | None


class Checkpoint(msgspec.Struct, kw_only=True):
    """How far a build is."""

    source: int
    """Sources that were begun."""

    item: int
    """Things taken from the last of them."""

    records: int
    originals: int
    tables: list[list[int]]
    findings: int
    ecosystems: list[str]
    covered: dict[str, list[int]]
    tallies: list[TallyState]
    defects: dict[str, int]
    more: dict[str, list[int]]
    stages: list[str] = []
    """Parts of the generation that are finished."""


def read_checkpoint(work: Path) -> Checkpoint | None:
    """The checkpoint in a folder, if there is one."""
    try:
        return msgspec.json.decode((work / STATE).read_bytes(), type=Checkpoint)
    except (OSError, msgspec.DecodeError):
        return None


def write_checkpoint(work: Path, checkpoint: Checkpoint) -> None:
    """Replace the checkpoint, in one step."""
    part = work / f".{STATE}"
    part.write_bytes(msgspec.json.encode(checkpoint))
    sync(part)
    part.replace(work / STATE)
    sync(work)


@contextmanager
def work_folder(root: Path, build: str) -> Iterator[Path]:
    """A folder to build in, which an interrupted build of the same leaves to the next.

    It is removed at the end, and after an error; a signal that kills the
    process leaves it.  Two processes never use one: the second has its own.

    Args:
        root: Of the advisories' data.
        build: What is built from what: the same text means the same build.
    """
    root.mkdir(parents=True, exist_ok=True)
    name = sha256(build.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    folder = root / f".building-{name}"
    folder.mkdir(exist_ok=True)
    lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    keep = False
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The one before may have removed the folder since it was opened here.
            (folder / _LOCK).stat()
        except OSError:
            with generation.workshop(root) as own:
                (own / MADE).mkdir()
                keep = True
                yield own
            return
        if read_checkpoint(folder) is None or not (folder / MADE).is_dir():
            clear(folder)
        yield folder
    except (KeyboardInterrupt, SystemExit):
        keep = True
        raise
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def clear(folder: Path) -> None:
    """Begin anew in a folder."""
    for path in folder.iterdir():
        if path.name == _LOCK:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    (folder / MADE).mkdir()
