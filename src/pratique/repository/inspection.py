"""Looks at a repository from its own side: is all of it sound, and how does it stand."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec
from tuf.api.exceptions import RepositoryError as TufError

from pratique.repository.bins import Target, check_path, instant
from pratique.repository.errors import UNREADABLE, RepositoryError
from pratique.repository.layout import Layout
from pratique.repository.published import (
    Published,
    newest_root,
    online,
    read_published,
    read_published_bin,
    read_root,
)
from pratique.repository.publishing import online_paths
from pratique.repository.service import pending
from pratique.repository.settings import Settings, read_settings
from pratique.repository.staging import staged

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from pratique.repository.division import Division
    from pratique.repository.models import Metadata, Root

BLOCK = 1024 * 1024


class Flaw(msgspec.Struct, frozen=True):
    """Something in a repository that is not as it must be."""

    where: str
    what: str


class Verified(msgspec.Struct, frozen=True):
    """What :func:`verify` looked at and found."""

    roots: int
    bins: int
    artifacts: int
    flaws: tuple[Flaw, ...]
    content: bool
    """Whether the artifacts themselves were read."""


class RoleStatus(msgspec.Struct, frozen=True):
    """One role as it is published."""

    role: str
    version: int
    expires: str
    threshold: int
    keys: tuple[str, ...]
    expired: bool


class Status(msgspec.Struct, frozen=True):
    """How a repository stands."""

    roles: tuple[RoleStatus, ...]
    bins: int
    staged: int
    """Changes not yet published."""

    waiting: int
    """Signatures a pending ceremony lacks; -1 if none is pending."""

    may_sign: tuple[str, ...]
    """Ids of the keys it waits for."""

    online_keys: dict[str, bool]
    """Files of the online keys, and whether they are there."""


def verify(folder: Path, now: datetime, *, content: bool = True) -> Verified:
    """Check every signature, version, expiry, bin and (unless told not to) artifact.

    Args:
        folder: The repository.
        now: The time.
        content: Read and hash the artifacts too.

    Raises:
        RepositoryError: There is no repository, or nothing is published.
    """
    layout = Layout(folder)
    settings = read_settings(layout)
    flaws: list[Flaw] = []
    roots = newest_root(layout)
    if not roots:
        raise RepositoryError("Nothing is published.", remedy="End the key ceremony.")
    try:
        flaws.extend(_root_flaws(layout, roots))
        state = read_published(layout)
    except RepositoryError as error:
        return Verified(roots, 0, 0, (*flaws, Flaw("metadata", error.message)), content)
    if state is None:
        return Verified(roots, 0, 0, (*flaws, Flaw("timestamp", "it is absent")), content)
    flaws.extend(_top_flaws(state, now))
    bins = artifacts = 0
    division = state.division
    for name in division.names:
        try:
            part = read_published_bin(layout, state, name, division)
        except KeyError:
            flaws.append(Flaw(name, "the snapshot does not name it"))
            continue
        except RepositoryError as error:
            flaws.append(Flaw(name, error.message))
            continue
        if part.expires <= instant(now):
            flaws.append(Flaw(name, f"it expired at {part.expires}"))
        bins += 1
        artifacts += len(part.targets)
        flaws.extend(
            _target_flaws(layout, settings, (division, name), part.targets, content=content)
        )
    return Verified(roots, bins, artifacts, tuple(flaws), content and settings.content)


def _root_flaws(layout: Layout, newest: int) -> Iterator[Flaw]:
    """Each root must be signed by itself and by the one before it."""
    before: Metadata[Root] | None = None
    for version in range(1, newest + 1):
        root = read_root(layout, version)
        if root.signed.version != version:
            yield Flaw(f"root {version}", f"it says it is version {root.signed.version}")
        result = root.signed.get_root_verification_result(
            before.signed if before else None, root.signed_bytes, root.signatures
        )
        if not result.verified:
            yield Flaw(f"root {version}", "it is not signed by its threshold and the one before")
        before = root


def _top_flaws(state: Published, now: datetime) -> Iterator[Flaw]:
    for role in _roles(state, now):
        if role.expired:
            yield Flaw(role.role, f"it expired at {role.expires}")
    try:
        state.root.signed.verify_delegate(
            "targets", state.targets.signed_bytes, state.targets.signatures
        )
    except TufError as error:
        yield Flaw("targets", f"{error}")
    division = state.division
    ours = set(online(state.root.signed, "timestamp").keys)
    if division.hashed and ours != set(division.keys(division.names[0]).keys):
        yield Flaw("targets", "it delegates bins to other keys than the root's online ones")


def _target_flaws(
    layout: Layout,
    settings: Settings,
    role: tuple[Division, str],
    targets: dict[str, msgspec.Raw],
    *,
    content: bool,
) -> Iterator[Flaw]:
    division, name = role
    for path, raw in targets.items():
        try:
            target = msgspec.json.decode(raw, type=Target)
            if not settings.content and target.hashes:
                target.hashes.setdefault("sha256", "")
            sha256 = target.hashes["sha256"]
        except (KeyError, *UNREADABLE):
            yield Flaw(path, "its entry is malformed")
            continue
        if check_path(path) or division.of(path) != name:
            yield Flaw(path, f"it does not belong into {name}")
            continue
        if not settings.content:
            continue
        directory, _, base = path.rpartition("/")
        file = layout.targets / directory / f"{sha256}.{base}"
        reason = _content_flaw(file, target.length, sha256, content=content)
        if reason:
            yield Flaw(path, reason)


def _content_flaw(file: Path, length: int, sha256: str, *, content: bool) -> str:
    try:
        if file.stat().st_size != length:
            return f"its file has {file.stat().st_size} bytes, not {length}"
        if not content:
            return ""
        digest = hashlib.sha256()
        with file.open("rb") as stream:
            while block := stream.read(BLOCK):
                digest.update(block)
    except OSError as error:
        return f"its file cannot be read: {error.strerror}"
    return "" if digest.hexdigest() == sha256 else "the content of its file was changed"


def status(folder: Path, now: datetime) -> Status:
    """Versions, expiries, keys, and what waits.

    Raises:
        RepositoryError: There is no repository, or it cannot be read.
    """
    layout = Layout(folder)
    settings = read_settings(layout)
    state = read_published(layout)
    draft = pending(layout)
    return Status(
        roles=tuple(_roles(state, now)) if state else (),
        bins=settings.bins,
        staged=len({change.path for change in staged(layout)}),
        waiting=draft.missing if draft else -1,
        may_sign=draft.waiting if draft else (),
        online_keys={
            name: path.exists()
            for name, path in zip(settings.online_keys, online_paths(layout, settings), strict=True)
        },
    )


def _roles(state: Published, now: datetime) -> Iterator[RoleStatus]:
    root = state.root.signed
    facts = {
        "root": (root.version, instant(root.expires)),
        "targets": (state.targets.signed.version, instant(state.targets.signed.expires)),
        "snapshot": (state.snapshot, state.expires["snapshot"]),
        "timestamp": (state.timestamp, state.expires["timestamp"]),
    }
    for role, (version, expires) in facts.items():
        found = root.roles[role]
        yield RoleStatus(
            role,
            version,
            expires,
            found.threshold,
            tuple(sorted(found.keyids)),
            expires <= instant(now),
        )
