"""Where the commands of this room read and write; nothing else here touches a disk."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.formats.instants import parse_instant
from pratique.model.errors import InputError, LimitError, UsageError
from pratique.policy.documents import MAX_BYTES
from pratique.policy.library import PACKS, library, pack
from pratique.policy.osv_scanner import Adoption, read_osv_scanner
from pratique.policy.service import load, load_untested
from pratique.policy.waiver_documents import read_waivers
from pratique.policy.waiver_tables import has_waivers, read_waiver_tables
from pratique.policy.waivers import Waivers
from pratique.sources.clock import now

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from pratique.policy.models import CaseResult
    from pratique.policy.service import LoadedPolicy

MAX_FACTS_BYTES = 256 * 1024 * 1024
"""Largest document of facts or decisions that is read."""


def read(path: str, limit: int) -> bytes:
    """Bytes of a file, or of standard input where the path is ``-``.

    Raises:
        UsageError: There is no such file, or it is none.
        InputError: It cannot be read.
        LimitError: It is larger than the limit, in bytes.
    """
    try:
        if path == "-":
            data = sys.stdin.buffer.read(limit + 1)
        else:
            place = Path(path)
            if not place.is_file():
                what = "is not a file" if place.exists() else "does not exist"
                raise UsageError(f"{path} {what}.")
            with place.open("rb") as file:
                data = file.read(limit + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise InputError(f"{path}: cannot be read: {why}.") from None
    if len(data) > limit:
        raise LimitError(f"{path}: is over the limit of {limit:,} bytes.")
    return data


def policy(name: str) -> LoadedPolicy:
    """Load a pack or a file.

    Raises:
        UsageError: There is neither a pack nor a file of that name.
        PolicyError: It is refused, or one of its tests fails.
    """
    return load(*_source(name))


def untested(name: str) -> tuple[LoadedPolicy, list[CaseResult]]:
    """Load a pack or a file even if its tests fail, and say what each gave.

    Raises:
        UsageError: There is neither a pack nor a file of that name.
        PolicyError: It cannot be read.
    """
    return load_untested(*_source(name))


def _source(name: str) -> tuple[bytes, str, Callable[[str], tuple[bytes, str] | None]]:
    found = pack(name)
    if found is not None:
        return (*found, pack)
    if name != "-" and not Path(name).exists():
        raise UsageError(
            f"{name!r} is neither a pack nor a file.", remedy=f"Packs: {', '.join(PACKS)}."
        )
    folder = Path() if name == "-" else Path(name).parent
    return read(name, MAX_BYTES), name, library(_beside(folder))


def _beside(folder: Path) -> Callable[[str], tuple[bytes, str] | None]:
    """Files that a policy may extend: those in its own folder, and below it."""

    def find(name: str) -> tuple[bytes, str] | None:
        try:
            path = (folder / name).resolve()
            if not path.is_relative_to(folder.resolve()) or not path.is_file():
                return None
            return read(str(path), MAX_BYTES), str(folder / name)
        except (OSError, ValueError, InputError):
            return None

    return find


def waivers(paths: Sequence[str], adoption: Adoption | None = None) -> Waivers:
    """Waivers of all files; one that ends in ``.toml`` is OSV-Scanner's, or has ``[[waivers]]``.

    Raises:
        UsageError: There is no such file.
        PolicyError: One is refused.
    """
    parts = []
    for path in paths:
        data = read(path, MAX_BYTES)
        if Path(path).name == "pratique.toml" or (path.endswith(".toml") and has_waivers(data)):
            parts.append(read_waiver_tables(data, path))
        elif path.endswith(".toml"):
            parts.append(read_osv_scanner(data, path, adoption))
        else:
            parts.append(read_waivers(data, path))
    return Waivers().joined(parts)


def moment(text: str) -> datetime:
    """The time to decide at: as given, else ``SOURCE_DATE_EPOCH``, else now.

    Raises:
        UsageError: It is not an instant.
    """
    if text:
        found = parse_instant(text)
        if found is None:
            raise UsageError(f"--at {text!r} is not an instant.", remedy="2027-01-31T12:00:00Z")
        return found
    return now()


def write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet.

    Raises:
        UsageError: It is there, or cannot be written.
    """
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path} exists.", remedy="Name another file, or remove it.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error}.") from None
