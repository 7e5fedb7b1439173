"""Source files of a folder, with limits; nothing outside the folder is opened."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pratique.model.errors import InputError
from pratique.model.inventory import Location, Problem, Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_SOURCE_BYTES = 5 << 20
"""Largest source file that is read; generated tables beyond it have no imports of use."""

MAX_SOURCES = 200_000
"""Most source files of one folder; a large monorepo has some tens of thousands."""

LEFT_OUT = frozenset(
    {".git", ".hg", ".svn", ".tox", ".nox", "node_modules", "__pycache__", ".mypy_cache"}
)
"""Folders that hold no sources of the project itself."""

BUILT = "target"
"""Folder of what Cargo builds, which marks it with a ``CACHEDIR.TAG``; a package may have
that name too."""


def sources(
    root: Path,
    suffix: str | tuple[str, ...],
    leave_out: frozenset[str] = LEFT_OUT,
    unread: list[Problem] | None = None,
) -> Iterator[tuple[str, Path]]:
    """Source files below a folder, sorted, links not followed.

    Folders with a ``pyvenv.cfg`` are environments, not the project's code, and
    are left out, as are those of :data:`LEFT_OUT` and what was built.

    Args:
        root: The folder.
        suffix: ``.py``, ``.go``, ``.rs``; an empty one takes every file.
        leave_out: Names of folders not to enter.
        unread: Takes folders that cannot be listed, and links that lead out of
            the root: what is behind them may be sources too.

    Yields:
        Path relative to the root with forward slashes, and the path to open.

    Raises:
        InputError: There are more than :data:`MAX_SOURCES`.
    """
    count = 0
    real = os.path.realpath(root)

    def missed(path: str, text: str) -> None:
        if unread is not None:
            place = Location(os.path.relpath(path, root).replace(os.sep, "/"))
            unread.append(Problem(place, Trouble.UNREADABLE, text))

    def failed(error: OSError) -> None:
        missed(str(error.filename), f"cannot be listed: {error.strerror}")

    for folder, names, files in os.walk(root, onerror=failed):
        kept = []
        for name in sorted(names):
            path = os.path.join(folder, name)  # noqa: PTH118 - speed
            mark = "CACHEDIR.TAG" if name == BUILT else "pyvenv.cfg"
            if name in leave_out or os.path.lexists(f"{path}/{mark}"):
                continue
            if os.path.islink(path):  # noqa: PTH114 - speed
                if not _inside(path, real):
                    missed(path, "is a link out of the folder, which is not followed")
                continue
            kept.append(name)
        names[:] = kept
        for file in sorted(files):
            if not file.endswith(suffix):
                continue
            path = os.path.join(folder, file)  # noqa: PTH118 - speed
            if os.path.islink(path):  # noqa: PTH114 - speed
                if not _inside(path, real):
                    missed(path, "is a link out of the folder, which is not followed")
                continue
            if not os.path.isfile(path):  # noqa: PTH113 - speed
                continue
            count += 1
            if count > MAX_SOURCES:
                raise InputError(f"more than {MAX_SOURCES:,} source files")
            shown = os.path.relpath(path, root)
            yield shown.replace(os.sep, "/"), root / shown


def _inside(path: str, real: str) -> bool:
    return os.path.realpath(path).startswith(f"{real}{os.sep}")


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
