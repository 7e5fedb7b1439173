"""Publishes: signs what changed and lets ``timestamp.json`` lead to it in one step.

During a rotation of the online keys, snapshot and timestamp carry signatures
of the old and the new keys, and the new root appears after them: a reader
with either root can read at every moment.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from pratique.repository import delegated
from pratique.repository.bins import (
    SPEC_VERSION,
    canonical,
    instant,
    sealed,
)
from pratique.repository.ceremony import clear, read_draft
from pratique.repository.division import Division, Online
from pratique.repository.errors import RepositoryError
from pratique.repository.keys import read_signers
from pratique.repository.layout import write_files
from pratique.repository.published import (
    newest_root,
    online,
    read_published,
    read_root,
)
from pratique.repository.roles import Work, chosen, write_roles
from pratique.repository.settings import Settings, read_settings, write_settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from pratique.repository.layout import Layout
    from pratique.repository.models import CryptoSigner, Root


class Report(NamedTuple):
    """What a publication did."""

    timestamp: int
    snapshot: int
    root: int
    bins: int
    """How many bins were signed anew."""

    changes: int
    """How many artifacts were added, replaced or removed."""

    waiting: int
    """Signatures that a pending ceremony still lacks."""


def publish(layout: Layout, now: datetime, *, renew: timedelta | None = None) -> Report:
    """Publish staged changes and a finished ceremony; the caller holds the lock.

    Args:
        layout: The repository.
        now: The time, in UTC.
        renew: Also sign anew the bins that expire within this time; a negative
            one means what is in the last third of its life.

    Raises:
        RepositoryError: The root lacks signatures, an online key is absent, or
            what is published was changed.
    """
    settings = read_settings(layout)
    state = read_published(layout)
    newest = newest_root(layout)
    root = state.root if state else (read_root(layout, newest) if newest else None)
    draft = read_draft(layout.ceremony, root)
    waiting = draft.missing if draft else 0
    if state is None and (draft is None or not draft.complete):
        raise RepositoryError(
            f"The first root still lacks {waiting or 'its'} signatures.",
            remedy="Let its keys sign with 'pratique repository sign'.",
        )
    signers = read_signers(online_paths(layout, settings))
    ready = draft if draft and draft.complete else None
    if ready:
        before = state.division if state else None
        people = delegated.waiting(layout, Division(ready.targets), before, signers)
        if people and state is None:
            raise RepositoryError(f"Roles still lack signatures: {', '.join(people)}.")
        ready = None if people else ready
    work = Work(layout, settings, signers, state, ready, now)
    report = _publish(work, renew)
    if ready:
        _finish(work)
    layout.staged.unlink(missing_ok=True)
    _forget_taken(work)
    return report._replace(waiting=0 if ready else waiting)


def online_paths(layout: Layout, settings: Settings) -> list[Path]:
    """Where the online keys are."""
    return [layout.folder / Path(name) for name in settings.online_keys]


def _publish(work: Work, renew: timedelta | None) -> Report:
    versions = dict(work.state.versions) if work.state else {}
    bins, changes = write_roles(work, versions, renew)
    targets = work.targets
    if versions.get("targets") != targets.signed.version:
        name = f"{targets.signed.version}.targets.json"
        write_files(work.layout.metadata, {name: targets.to_bytes()})
        versions["targets"] = targets.signed.version
    early = _root_first(work)
    if early:
        _install_root(work)
    snapshot, data = _snapshot(work, versions, changed=bool(bins) or work.draft is not None)
    timestamp = work.state.timestamp + 1 if work.state else 1
    signed = canonical(
        {
            "_type": "timestamp",
            "expires": instant(work.expires("timestamp")),
            "meta": {
                "snapshot.json": {
                    "hashes": {"sha256": hashlib.sha256(data).hexdigest()},
                    "length": len(data),
                    "version": snapshot,
                }
            },
            "spec_version": SPEC_VERSION,
            "version": timestamp,
        }
    )
    sealed_timestamp = sealed(signed, _online_signers(work, "timestamp"))
    write_files(work.layout.metadata, {"timestamp.json": sealed_timestamp})
    if work.draft and not early:
        _install_root(work)
    return Report(timestamp, snapshot, newest_root(work.layout), bins, changes, 0)


def _snapshot(work: Work, versions: Mapping[str, int], *, changed: bool) -> tuple[int, bytes]:
    """The snapshot's version and bytes; a new one unless nothing changed and it lives on."""
    metadata = work.layout.metadata
    if work.state and not changed:
        half = instant(work.now + timedelta(days=work.settings.days["snapshot"]) / 2)
        if work.state.expires["snapshot"] > half:
            version = work.state.snapshot
            return version, (metadata / f"{version}.snapshot.json").read_bytes()
    version = work.state.snapshot + 1 if work.state else 1
    body: dict[str, Any] = {
        "_type": "snapshot",
        "expires": instant(work.expires("snapshot")),
        "meta": {f"{name}.json": {"version": number} for name, number in versions.items()},
        "spec_version": SPEC_VERSION,
        "version": version,
    }
    data = sealed(canonical(body), _online_signers(work, "snapshot"))
    write_files(metadata, {f"{version}.snapshot.json": data})
    return version, data


def _roots(work: Work) -> list[Root]:
    roots = [work.state.root.signed] if work.state else []
    return [*roots, work.draft.root.signed] if work.draft else roots


def _root_first(work: Work) -> bool:
    """Whether the new root must appear before the timestamp.

    So at the first publication, which has no readers; and where the old
    online keys are gone, when readers wait for the new root anyway.
    """
    if work.draft is None:
        return False
    if work.state is None:
        return True
    old = online(work.state.root.signed, "timestamp")
    return len(old.keys.keys() & work.signers.keys()) < old.threshold


def _online_signers(work: Work, role: str) -> list[CryptoSigner]:
    """Signers for the root in force and the one that follows."""
    roots = _roots(work)
    if _root_first(work):
        roots = roots[-1:]
    found: dict[str, CryptoSigner] = {}
    for root in roots:
        for signer in chosen(online(root, role), work.signers, role):
            found[signer.public_key.keyid] = signer
    return list(found.values())


def _install_root(work: Work) -> None:
    assert work.draft is not None
    root = work.draft.root
    if newest_root(work.layout) >= root.signed.version:
        return  # a publication that was cut short goes on
    write_files(work.layout.metadata, {f"{root.signed.version}.root.json": root.to_bytes()})


def _forget_taken(work: Work) -> None:
    """Remove the drafts of delegated roles that are published now, or delegated no more."""
    state = read_published(work.layout)
    division = Division(work.targets)
    for file in work.layout.ceremony.glob("role.*.json"):
        name = file.name.removeprefix("role.").removesuffix(".json")
        draft = delegated.read(work.layout, name, Online({}, 0))
        taken = state is not None and draft and draft.version <= state.versions.get(name, 0)
        if taken or (work.draft is not None and name not in division.names):
            delegated.forget(work.layout, name)


def _finish(work: Work) -> None:
    """Forget the ceremony and the online keys that the new root no longer names."""
    assert work.draft is not None
    named = work.draft.root.signed.keys
    kept = tuple(
        name
        for name, path in zip(
            work.settings.online_keys, online_paths(work.layout, work.settings), strict=True
        )
        if read_signers([path]).keys() & named.keys()
    )
    if kept != work.settings.online_keys:
        write_settings(work.layout, msgspec.structs.replace(work.settings, online_keys=kept))
    clear(work.layout.ceremony)
