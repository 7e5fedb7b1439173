"""Writing files so that they are there whole, or not at all, whenever the process dies."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def publish(temporary: Path, target: Path) -> None:
    """Give a finished, synced file its name, durably."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary.replace(target)
    sync_folder(target.parent)


def write_whole(target: Path, data: bytes, scratch: Path) -> None:
    """Replace a file's content in one step.

    Args:
        target: The file.
        data: Its content.
        scratch: Folder on the same file system.
    """
    handle, name = tempfile.mkstemp(dir=scratch)
    temporary = scratch / name
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        publish(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
