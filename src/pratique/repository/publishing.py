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

from pratique.repository.bins import (
    SPEC_VERSION,
    bin_names,
    canonical,
    instant,
    sealed,
    write_bin,
)
from pratique.repository.ceremony import Draft, clear, read_draft
from pratique.repository.errors import RepositoryError
from pratique.repository.keys import read_signers
from pratique.repository.layout import write_files
from pratique.repository.published import (
    Online,
    Published,
    bin_keys,
    newest_root,
    online,
    read_published,
    read_published_bin,
    read_root,
)
from pratique.repository.settings import Settings, read_settings, write_settings
from pratique.repository.staging import Change, by_bin, staged

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from pratique.repository.layout import Layout
    from pratique.repository.models import CryptoSigner, Metadata, Root, Targets

WRITTEN_TOGETHER = 2048
"""Bins written in one go: bounds memory where there are many and large ones."""


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


class _Work(NamedTuple):
    layout: Layout
    settings: Settings
    signers: dict[str, CryptoSigner]
    state: Published | None
    draft: Draft | None
    """The next root and targets; only if complete."""

    now: datetime

    @property
    def targets(self) -> Metadata[Targets]:
        if self.draft:
            return self.draft.targets
        assert self.state is not None
        return self.state.targets

    def expires(self, role: str) -> datetime:
        return self.now + timedelta(days=self.settings.days[role])


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
    work = _Work(layout, settings, signers, state, ready, now)
    report = _publish(work, renew)
    if ready:
        _finish(work)
    layout.staged.unlink(missing_ok=True)
    return report._replace(waiting=0 if ready else waiting)


def online_paths(layout: Layout, settings: Settings) -> list[Path]:
    """Where the online keys are."""
    return [layout.folder / Path(name) for name in settings.online_keys]


def _publish(work: _Work, renew: timedelta | None) -> Report:
    versions = dict(work.state.versions) if work.state else {}
    bins, changes = _write_bins(work, versions, renew)
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


def _write_bins(work: _Work, versions: dict[str, int], renew: timedelta | None) -> tuple[int, int]:
    """Sign and write the bins that change; their versions are put into ``versions``."""
    keys = bin_keys(work.targets)
    everything = work.state is None or set(keys.keys) != set(work.state.bins.keys)
    grouped = by_bin(staged(work.layout), work.settings.bins)
    names = bin_names(work.settings.bins)
    signers = _chosen(keys, work.signers, "the bins")
    limit = _limit(work, renew)
    every = range(len(names)) if everything or limit else sorted(grouped)
    files: dict[str, bytes] = {}
    count = changes = 0
    for number in every:
        name = names[number]
        targets: dict[str, msgspec.Raw] = {}
        due = everything
        if work.state is not None:
            part = read_published_bin(work.layout, work.state, name)
            targets = part.targets
            due = due or part.expires < limit
        changed = _apply(targets, grouped.get(number, {}).values())
        if not (changed or due):
            continue
        versions[name] = versions.get(name, 0) + 1
        signed = write_bin(targets, versions[name], work.expires("bins"))
        files[f"{versions[name]}.{name}.json"] = sealed(signed, signers)
        count, changes = count + 1, changes + changed
        if len(files) >= WRITTEN_TOGETHER:
            write_files(work.layout.metadata, files)
            files = {}
    if files:
        write_files(work.layout.metadata, files)
    return count, changes


def _limit(work: _Work, renew: timedelta | None) -> str:
    """Bins that expire before this are signed anew; empty for none."""
    if renew is None:
        return ""
    if renew < timedelta(0):
        renew = timedelta(days=work.settings.days["bins"]) / 3
    return instant(work.now + renew)


def _apply(targets: dict[str, msgspec.Raw], changes: Iterable[Change]) -> int:
    """Apply changes to the targets of a bin; returns how many made a difference."""
    count = 0
    for change in changes:
        if change.removes:
            count += targets.pop(change.path, None) is not None
            continue
        entry = canonical({"hashes": {"sha256": change.sha256}, "length": change.length})
        before = targets.get(change.path)
        if before is None or bytes(before) != entry:
            targets[change.path] = msgspec.Raw(entry)
            count += 1
    return count


def _snapshot(work: _Work, versions: Mapping[str, int], *, changed: bool) -> tuple[int, bytes]:
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


def _roots(work: _Work) -> list[Root]:
    roots = [work.state.root.signed] if work.state else []
    return [*roots, work.draft.root.signed] if work.draft else roots


def _root_first(work: _Work) -> bool:
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


def _online_signers(work: _Work, role: str) -> list[CryptoSigner]:
    """Signers for the root in force and the one that follows."""
    roots = _roots(work)
    if _root_first(work):
        roots = roots[-1:]
    chosen: dict[str, CryptoSigner] = {}
    for root in roots:
        for signer in _chosen(online(root, role), work.signers, role):
            chosen[signer.public_key.keyid] = signer
    return list(chosen.values())


def _chosen(keys: Online, signers: Mapping[str, CryptoSigner], what: str) -> list[CryptoSigner]:
    found = [signers[name] for name in sorted(keys.keys) if name in signers]
    if len(found) < keys.threshold:
        raise RepositoryError(
            f"No online key is here that may sign {what}: {', '.join(sorted(keys.keys))}.",
            remedy="Restore its file, or replace it with 'pratique repository rotate'.",
        )
    return found


def _install_root(work: _Work) -> None:
    assert work.draft is not None
    root = work.draft.root
    if newest_root(work.layout) >= root.signed.version:
        return  # a publication that was cut short goes on
    write_files(work.layout.metadata, {f"{root.signed.version}.root.json": root.to_bytes()})


def _finish(work: _Work) -> None:
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
