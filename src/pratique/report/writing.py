"""Where a command writes what it made."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from pathlib import Path

from pratique.model.errors import UsageError


def write_out(data: bytes, target: Path | str | None) -> None:
    """Write a document to a file, or to standard output.

    What is there is written to, never replaced: a device, a pipe or a symbolic
    link stays what it is.

    Args:
        data: Text in UTF-8.
        target: A path; ``None`` and ``-`` are standard output.

    Raises:
        UsageError: The file cannot be written.
    """
    if target is None or str(target) == "-":
        sys.stdout.write(data.decode())
        return
    try:
        Path(target).write_bytes(data)
    except OSError as error:
        raise UsageError(f"{target} cannot be written: {error.strerror}.") from None


def rewrite(data: bytes, target: Path) -> None:
    """Give a file that was read new content, wholly or not at all.

    Behind a symbolic link the file is changed that it leads to; the mode stays.

    Args:
        data: The new content.
        target: A regular file, or a link to one.

    Raises:
        UsageError: It is something else, or cannot be written.
    """
    try:
        real = target.resolve(strict=True)
        mode = real.stat().st_mode
        if not stat.S_ISREG(mode):
            raise UsageError(f"{target} is no regular file.", remedy="Write to --output instead.")
        _put(data, real, stat.S_IMODE(mode))
    except OSError as error:
        raise UsageError(f"{target} cannot be written: {error.strerror}.") from None


def write_whole(data: bytes, target: Path) -> None:
    """Write a file so that it is there whole or not at all.

    What is no regular file (a device, a pipe, a symbolic link) is written to, never replaced.

    Raises:
        OSError: It cannot be written.
    """
    if target.is_symlink() or (target.exists() and not target.is_file()):
        target.write_bytes(data)
        return
    _put(data, target, 0o644)


def _put(data: bytes, target: Path, mode: int) -> None:
    """Put a file in the place of another, in one step."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", dir=target.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(mode)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
