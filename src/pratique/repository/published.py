"""What a repository serves at this moment, read back and verified before it is built upon.

An online key must not sign again what somebody changed on the disk: every
file is opened only with valid signatures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from securesystemslib.exceptions import StorageError
from tuf.api.exceptions import RepositoryError as TufError

from pratique.repository.bins import BinPart, opened, read_bin
from pratique.repository.division import Division, Online
from pratique.repository.errors import RepositoryError
from pratique.repository.models import Metadata, Root, Targets

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pratique.repository.layout import Layout


class Published(NamedTuple):
    """The state that ``timestamp.json`` leads to."""

    roots: tuple[Metadata[Root], ...]
    """The newest root, and the one before it if there is one."""

    targets: Metadata[Targets]
    timestamp: int
    snapshot: int
    versions: dict[str, int]
    """Version of each targets role, by role name."""

    expires: dict[str, str]
    """Expiry of timestamp and snapshot as they are written."""

    @property
    def root(self) -> Metadata[Root]:
        """The newest root."""
        return self.roots[0]

    @property
    def bins(self) -> Online:
        """Keys of the hash bins."""
        division = self.division
        if not division.hashed:
            raise RepositoryError("targets metadata delegates to no hash bins.")
        return division.keys(division.names[0])

    @property
    def division(self) -> Division:
        """How the artifacts are divided among roles."""
        return Division(self.targets)


def read_metadata(data: bytes, kind: type[Any], name: str) -> Metadata[Any]:
    """Parse root or targets metadata.

    Raises:
        RepositoryError: It is malformed or of another type.
    """
    try:
        found: Metadata[Any] = Metadata.from_bytes(data)
    except (TufError, StorageError, RecursionError) as error:
        raise RepositoryError(f"{name} cannot be read: {error}.") from None
    if not isinstance(found.signed, kind):
        raise RepositoryError(f"{name} holds {found.signed.type} metadata.")
    return found


def newest_root(layout: Layout) -> int:
    """Version of the newest root published; 0 if there is none."""
    version = 0
    while (layout.metadata / f"{version + 1}.root.json").exists():
        version += 1
    return version


def read_root(layout: Layout, version: int) -> Metadata[Root]:
    """A published root.

    Raises:
        RepositoryError: It cannot be read.
    """
    name = f"{version}.root.json"
    return read_metadata(_read(layout.metadata / name), Root, name)


def read_published(layout: Layout) -> Published | None:
    """The published state; None before the first publication.

    Raises:
        RepositoryError: Something of it is absent, malformed or not validly signed.
    """
    newest = newest_root(layout)
    if not newest or not (layout.metadata / "timestamp.json").exists():
        return None
    roots = tuple(read_root(layout, number) for number in range(newest, max(0, newest - 2), -1))
    timestamp = _open(layout, "timestamp.json", roots, "timestamp")
    meta = _field(timestamp, "meta", "snapshot.json")
    snapshot = _open(layout, f"{meta['version']}.snapshot.json", roots, "snapshot")
    versions = {
        name.removesuffix(".json"): int(entry["version"])
        for name, entry in _field(snapshot, "meta").items()
    }
    name = f"{versions.get('targets')}.targets.json"
    targets = read_metadata(_read(layout.metadata / name), Targets, name)
    _check_targets(targets, roots, name)
    return Published(
        roots=roots,
        targets=targets,
        timestamp=int(timestamp["version"]),
        snapshot=int(snapshot["version"]),
        versions=versions,
        expires={"timestamp": str(timestamp["expires"]), "snapshot": str(snapshot["expires"])},
    )


def read_published_bin(
    layout: Layout, state: Published, name: str, division: Division | None = None
) -> BinPart:
    """A bin or delegated role as it is published, its signatures verified.

    Args:
        layout: The repository.
        state: What is published.
        name: Of the role.
        division: That of the state, where it is at hand.

    Raises:
        RepositoryError: It is absent, malformed or not validly signed.
    """
    file = f"{state.versions[name]}.{name}.json"
    keys = (division or state.division).keys(name)
    part = read_bin(opened(_read(layout.metadata / file), keys.keys, keys.threshold, file), file)
    if part.version != state.versions[name]:
        raise RepositoryError(f"{file} holds version {part.version}.")
    return part


def online(root: Root, role: str) -> Online:
    """Keys of a top-level role."""
    found = root.roles[role]
    return Online({key: root.keys[key] for key in found.keyids}, found.threshold)


def _open(layout: Layout, file: str, roots: Iterable[Metadata[Root]], role: str) -> dict[str, Any]:
    """Open with the newest root's keys, or those before it (a rotation that was interrupted)."""
    data = _read(layout.metadata / file)
    failure: RepositoryError | None = None
    for root in roots:
        keys = online(root.signed, role)
        try:
            found = msgspec.json.decode(opened(data, keys.keys, keys.threshold, file))
        except RepositoryError as error:
            failure = failure or error
            continue
        if isinstance(found, dict) and isinstance(found.get("version"), int):
            return found
        break
    raise failure or RepositoryError(f"{file} is malformed.")


def _check_targets(targets: Metadata[Targets], roots: Iterable[Metadata[Root]], name: str) -> None:
    for root in roots:
        try:
            root.signed.verify_delegate("targets", targets.signed_bytes, targets.signatures)
        except TufError:
            continue
        return
    raise RepositoryError(f"{name} is not signed by its threshold of keys: it was changed.")


def _field(value: dict[str, Any], *names: str) -> dict[str, Any]:
    for name in names:
        value = value.get(name, {})
        if not isinstance(value, dict):
            raise RepositoryError("snapshot or timestamp metadata is malformed.")
    if not value:
        raise RepositoryError("snapshot or timestamp metadata is malformed.")
    return value


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RepositoryError(
            f"{path.name} cannot be read: {error.strerror}.", remedy="Restore it from a copy."
        ) from None
