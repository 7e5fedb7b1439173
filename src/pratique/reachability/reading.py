"""Source files of a folder, with limits; nothing outside the folder is opened."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pratique.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_SOURCE_BYTES = 5 << 20
"""Largest source file that is read; generated tables beyond it have no imports of use."""

MAX_SOURCES = 200_000
"""Most source files of one folder; a large monorepo has some tens of thousands."""

LEFT_OUT = frozenset(
    {".git", ".hg", ".svn", ".tox", ".nox", "node_modules", "__pycache__", ".mypy_cache", "target"}
)
"""Folders that hold no sources of the project itself."""


def sources(
    root: Path, suffix: str, leave_out: frozenset[str] = LEFT_OUT
) -> Iterator[tuple[str, Path]]:
    """Source files below a folder, sorted, links not followed.

    Folders with a ``pyvenv.cfg`` are environments, not the project's code, and
    are left out, as are those of :data:`LEFT_OUT`.

    Args:
        root: The folder.
        suffix: ``.py``, ``.go`` or ``.rs``.
        leave_out: Names of folders not to enter.

    Yields:
        Path relative to the root with forward slashes, and the path to open.

    Raises:
        InputError: There are more than :data:`MAX_SOURCES`.
    """
    count = 0
    for folder, names, files in os.walk(root):
        names[:] = sorted(
            name
            for name in names
            if name not in leave_out
            and not os.path.lexists(os.path.join(folder, name, "pyvenv.cfg"))  # noqa: PTH118 - speed
        )
        for file in sorted(files):
            if not file.endswith(suffix):
                continue
            path = root / os.path.relpath(os.path.join(folder, file), root)  # noqa: PTH118 - speed
            if path.is_symlink() or not path.is_file():
                continue
            count += 1
            if count > MAX_SOURCES:
                raise InputError(f"more than {MAX_SOURCES:,} {suffix} files")
            yield path.relative_to(root).as_posix(), path


def read(path: Path) -> bytes:
    """A source file's bytes.

    Raises:
        InputError: It cannot be read, or is larger than :data:`MAX_SOURCE_BYTES`.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_SOURCE_BYTES + 1)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}") from None
    if len(data) > MAX_SOURCE_BYTES:
        raise InputError(f"is larger than {MAX_SOURCE_BYTES >> 20} MiB")
    return data
