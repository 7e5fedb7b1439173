"""Inspections of an in-toto layout, run in the sandbox (in-toto 1.0, section 5.2, step 7).

An inspection is a command of the layout's owner for the machine of whoever verifies.  It
runs only where that is asked for: without network, without the user's files, over a copy of
the folder with the final product.  What the folder holds before and after are its materials
and products, and the inspection's rules are applied to them.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.formats.intoto.rules import Item
from pratique.model.errors import InputError, LimitError
from pratique.provenance.errors import UnsupportedEvidenceError, VerificationError
from pratique.provenance.rebuild import sandbox
from pratique.provenance.rebuild.errors import RebuildError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pratique.formats.intoto.layout import Inspection

MAX_FILES = 100_000
"""Most files of the folder, as of a link; a source tree has some ten thousand."""

MAX_BYTES = 4 << 30
"""Most bytes of the folder: it is copied."""

LEFT_OUT = ("*.link*", ".git", "*.pyc", "*~")
"""Names that are not recorded: those that in-toto's own tools leave out."""

SYSTEM_COMMANDS = "the commands of an inspection are the system's: /usr/bin and /bin"


def run_inspections(given: Sequence[Inspection], folder: Path, work: Path) -> dict[str, Item]:
    """Run inspections one after the other, and record what each used and made.

    Args:
        given: Of the layout, whose signature holds.
        folder: With the final product; it is copied and not touched.
        work: An empty folder for the copy.

    Returns:
        Name of each inspection to its materials and products.

    Raises:
        UnsupportedEvidenceError: There is no sandbox.
        VerificationError: A command failed.
        InputError: The folder cannot be read, or holds something that is not recorded.
        LimitError: It has too many files, or too many bytes.
    """
    if not sandbox.available():
        raise UnsupportedEvidenceError(
            "inspections are run in a sandbox alone, and bubblewrap (bwrap) is not installed",
            remedy="Install bubblewrap, or take the steps alone with --without-inspections.",
        )
    copy = work / "product"
    _copied(folder, copy)
    found = {}
    for one in given:
        before = recorded(copy)
        if one.run:
            _run(one, copy)
        found[one.name] = Item(before, recorded(copy))
    return found


def _run(one: Inspection, folder: Path) -> None:
    try:
        sandbox.run(one.run, folder)
    except RebuildError as error:
        lines = error.log.strip().splitlines()
        said = lines[-1] if lines else "it said nothing, or took too long"
        raise VerificationError(
            f"inspection {one.name}: its command failed ({said[:160]})",
            remedy=f"Do not use the product; {SYSTEM_COMMANDS}.",
        ) from None


def _copied(folder: Path, target: Path) -> None:
    """Copy a folder of regular files."""
    try:
        target.mkdir()
        for number, (path, name) in enumerate(_files(folder)):
            if number >= MAX_FILES:
                raise LimitError(f"{folder} has over {MAX_FILES:,} files")
            place = target / name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, place, follow_symlinks=False)
    except OSError as error:
        raise InputError(f"{folder} cannot be copied: {error.strerror or error}") from None


def recorded(folder: Path) -> dict[str, dict[str, str]]:
    """Names of a folder's files to their SHA-256, as a link has them.

    Raises:
        InputError: A file cannot be read, or is no regular one.
        LimitError: There are over ``MAX_FILES``.
    """
    found: dict[str, dict[str, str]] = {}
    for path, name in _files(folder):
        if len(found) >= MAX_FILES:
            raise LimitError(f"{folder} has over {MAX_FILES:,} files")
        try:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise InputError(f"{name} cannot be read: {error.strerror}") from None
        found[name] = {"sha256": digest}
    return found


def _files(folder: Path) -> Iterator[tuple[Path, str]]:
    """Regular files with their names; anything else could be a file that no rule sees."""
    size = 0
    for place, folders, names in os.walk(folder):
        root = Path(place)
        folders[:] = sorted(one for one in folders if not _left_out(one))
        for one in folders:
            if (root / one).is_symlink():
                raise InputError(f"{root / one} is a link, which is not recorded")
        for one in sorted(names):
            path = root / one
            if _left_out(one):
                continue
            if path.is_symlink() or not path.is_file():
                raise InputError(f"{path} is no regular file, and is not recorded")
            size += path.stat().st_size
            if size > MAX_BYTES:
                raise LimitError(f"{folder} has over {MAX_BYTES:,} bytes")
            yield path, path.relative_to(folder).as_posix()


def _left_out(name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in LEFT_OUT)
