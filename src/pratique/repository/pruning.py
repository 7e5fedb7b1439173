"""Removes what no reader can still want: superseded metadata and unlisted content.

A reader holds on to a snapshot for at most its download; what stopped being
named a good while ago can go.  Roots are kept for ever: a client may come back
after years and walks them one by one (TUF 1.0 §5.3).
"""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

import msgspec

from pratique.repository.bins import Target
from pratique.repository.errors import UNREADABLE, RepositoryError
from pratique.repository.layout import Layout
from pratique.repository.published import read_published
from pratique.repository.settings import read_settings
from pratique.repository.staging import staged

if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from pathlib import Path

_VERSIONED = re.compile(r"([1-9][0-9]*)\.(.+)\.json")
_PREFIXED = re.compile(r"[0-9a-f]{64}\..+|\.new-.+")


class _Version(msgspec.Struct):
    version: int


class _Snapshot(msgspec.Struct):
    meta: dict[str, _Version]


class _Listing(msgspec.Struct):
    targets: dict[str, Target]


_Part = TypeVar("_Part")


class _Signed(msgspec.Struct, Generic[_Part]):
    signed: _Part


class Pruned(NamedTuple):
    """How many files went."""

    metadata: int
    artifacts: int


def prune(folder: Path, now: datetime, keep: timedelta) -> Pruned:
    """Remove metadata and artifacts that no snapshot of the last while names.

    Args:
        folder: The repository.
        now: The time.
        keep: How long they stay after a newer snapshot took their place.

    Raises:
        RepositoryError: It cannot be read; nothing is removed.
        BusyError: Another process writes.
    """
    layout = Layout(folder)
    read_settings(layout)
    with layout.locked():
        state = read_published(layout)
        if state is None:
            raise RepositoryError("Nothing is published.")
        limit = (now - keep).timestamp()
        named = set(state.versions.items()) | {("snapshot", state.snapshot)}
        for version in _recent(layout, state.snapshot, limit):
            named.add(("snapshot", version))
            named.update(_named(layout.metadata / f"{version}.snapshot.json"))
        listed = {
            _stored(change.path, change.sha256) for change in staged(layout) if not change.removes
        }
        for role, version in named:
            if role not in {"snapshot", "targets"}:
                listed.update(_listed(layout.metadata / f"{version}.{role}.json"))
        return Pruned(_prune_metadata(layout, named, limit), _prune_content(layout, listed, limit))


def _recent(layout: Layout, current: int, limit: float) -> list[int]:
    """Snapshots before the current one that were in force after ``limit``."""
    found = []
    for version in range(current - 1, 0, -1):
        successor = layout.metadata / f"{version + 1}.snapshot.json"
        if not successor.exists() or successor.stat().st_mtime <= limit:
            break
        found.append(version)
    return [each for each in found if (layout.metadata / f"{each}.snapshot.json").exists()]


def _named(snapshot: Path) -> set[tuple[str, int]]:
    meta = _signed(snapshot, _Snapshot).meta
    return {(name.removesuffix(".json"), entry.version) for name, entry in meta.items()}


def _listed(bin: Path) -> set[str]:
    if not bin.exists():
        return set()
    targets = _signed(bin, _Listing).targets
    return {_stored(path, target.hashes.get("sha256", "")) for path, target in targets.items()}


def _signed(file: Path, kind: type[_Part]) -> _Part:
    try:
        return msgspec.json.decode(file.read_bytes(), type=_Signed[kind]).signed  # type: ignore[valid-type]
    except (OSError, *UNREADABLE) as error:
        raise RepositoryError(f"{file.name} cannot be read: {error}.") from None


def _stored(path: str, sha256: str) -> str:
    folder, _, name = path.rpartition("/")
    return f"{folder}/{sha256}.{name}" if folder else f"{sha256}.{name}"


def _prune_metadata(layout: Layout, named: set[tuple[str, int]], limit: float) -> int:
    count = 0
    for file in layout.metadata.iterdir():
        match = _VERSIONED.fullmatch(file.name)
        if file.name.startswith(".new-") and file.stat().st_mtime <= limit:
            shutil.rmtree(file, ignore_errors=True)  # of a writer that was killed
            count += 1
        elif match and match[2] != "root" and (match[2], int(match[1])) not in named:
            count += _unlink_old(file, limit)
    return count


def _prune_content(layout: Layout, listed: set[str], limit: float) -> int:
    count = 0
    for file in layout.targets.rglob("*"):
        if file.is_symlink() or not file.is_file() or not _PREFIXED.fullmatch(file.name):
            continue
        if file.relative_to(layout.targets).as_posix() not in listed:
            count += _unlink_old(file, limit)
    return count


def _unlink_old(file: Path, limit: float) -> int:
    if file.stat().st_mtime > limit:
        return 0
    file.unlink()
    return 1
