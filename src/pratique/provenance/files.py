"""Files that go into a statement: their digests before and after a command."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pratique.formats.intoto import ResourceDescriptor
from pratique.model.errors import InputError, LimitError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_FILES = 100_000
"""Most files of one record: as many as a statement may have subjects."""

IGNORED = frozenset({".git", ".hg", ".svn", "__pycache__"})
"""Folders that no record has: version control's own, and Python's by-products."""


class Recorded(msgspec.Struct, frozen=True):
    """What is in some folders, at a moment."""

    digests: dict[str, str]
    """Path relative to the root, with forward slashes, to its hexadecimal SHA-256."""

    skipped: tuple[str, ...] = ()
    """Paths that are no regular files (links, sockets …), which have no digest; sorted."""

    def descriptors(self) -> tuple[ResourceDescriptor, ...]:
        """One for each file, by name."""
        return tuple(
            ResourceDescriptor(name=name, digest={"sha256": value})
            for name, value in sorted(self.digests.items())
        )

    def since(self, before: Recorded) -> Recorded:
        """What is new or other than before."""
        changed = {
            name: value for name, value in self.digests.items() if before.digests.get(name) != value
        }
        return Recorded(changed, self.skipped)

    def within(self, paths: Iterable[str]) -> Recorded:
        """Only what is at or below some relative paths; everything where none is given."""
        roots = [path.strip("/").removeprefix("./") for path in paths]
        if not roots or any(root in {"", "."} for root in roots):
            return self

        def inside(name: str) -> bool:
            return any(name == root or name.startswith(f"{root}/") for root in roots)

        return Recorded(
            {name: value for name, value in self.digests.items() if inside(name)},
            tuple(filter(inside, self.skipped)),
        )


def record(root: Path, leave_out: Iterable[Path] = ()) -> Recorded:
    """Digests of all regular files below a folder.

    Links are never followed, so that nothing outside the folder is recorded.

    Args:
        root: The folder.
        leave_out: Files that are not recorded, such as the statement itself.

    Raises:
        LimitError: There are over ``MAX_FILES``.
        InputError: Something in it cannot be read; a record without it would be a lie.
    """
    hidden = {path.absolute().resolve() for path in leave_out}
    digests: dict[str, str] = {}
    skipped: list[str] = []
    for path in _walk(root):
        name = shown(path.relative_to(root).as_posix())
        if not path.is_symlink() and path.resolve() in hidden:
            continue
        digest = _digest(path)
        if digest is None:
            skipped.append(name)
            continue
        digests[name] = digest
        if len(digests) > MAX_FILES:
            raise LimitError(f"{root} has over {MAX_FILES:,} files to record.")
    return Recorded(digests, tuple(sorted(skipped)))


def _walk(root: Path) -> Iterator[Path]:
    """Everything below a folder that is no folder, and links to folders; in order."""

    def refuse(error: OSError) -> None:
        raise InputError(f"{error.filename} cannot be read: {error.strerror}.")

    for folder, folders, names in os.walk(root, onerror=refuse):
        here = Path(folder)
        links = [one for one in folders if (here / one).is_symlink()]
        folders[:] = sorted(one for one in folders if one not in IGNORED and one not in links)
        yield from (here / name for name in sorted([*names, *links]))


def shown(name: str) -> str:
    """A name as text, whatever bytes it has."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _digest(path: Path) -> str | None:
    """Hexadecimal SHA-256 of a regular file; None for anything else."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return None
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{shown(str(path))} cannot be read: {error.strerror}.") from None
