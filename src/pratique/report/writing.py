"""Where a command writes what it made."""

from __future__ import annotations

import sys
from pathlib import Path

from pratique.model.errors import UsageError


def write_out(data: bytes, target: Path | str | None) -> None:
    """Write a document to a file, or to standard output.

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
