"""Writes the roles that list artifacts: hash bins, and roles delegated by path."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from pratique.repository import delegated
from pratique.repository.bins import canonical, instant, read_bin, sealed, write_bin
from pratique.repository.division import Division, Online
from pratique.repository.errors import RepositoryError
from pratique.repository.layout import write_files
from pratique.repository.published import Published, read_published_bin
from pratique.repository.staging import Change, staged

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from pratique.repository.ceremony import Draft
    from pratique.repository.layout import Layout
    from pratique.repository.models import CryptoSigner, Metadata, Targets
    from pratique.repository.settings import Settings

WRITTEN_TOGETHER = 2048
"""Bins written in one go: bounds memory where there are many and large ones."""


class Work(NamedTuple):
    """What a publication works on."""

    layout: Layout
    settings: Settings
    signers: dict[str, CryptoSigner]
    state: Published | None
    draft: Draft | None
    """The next root and targets; only if complete."""

    now: datetime

    @property
    def targets(self) -> Metadata[Targets]:
        """The targets metadata to publish."""
        if self.draft:
            return self.draft.targets
        assert self.state is not None
        return self.state.targets

    def expires(self, role: str) -> datetime:
        """When metadata of a role that is signed now expires."""
        return self.now + timedelta(days=self.settings.days[role])


def write_roles(work: Work, versions: dict[str, int], renew: timedelta | None) -> tuple[int, int]:
    """Sign and write the roles that change; their versions are put into ``versions``.

    A role whose keys are not all here gets a draft that waits for its people instead.
    """
    division = Division(work.targets)
    before = work.state.division if work.state else None
    for gone in versions.keys() - set(division.names) - {"targets"}:
        del versions[gone]
    grouped = division.grouped(staged(work.layout))
    limit = _limit(work, renew)
    names: Iterable[str] = division.names
    if division.hashed and not limit and before is not None and before.trusts(*_first(division)):
        names = sorted(grouped)
    files: dict[str, bytes] = {}
    count = changes = 0
    for name in names:
        keys = division.keys(name)
        if not delegated.able(keys, work.signers):
            if division.hashed:
                chosen(keys, work.signers, "the bins")
            signed, made = _by_people(work, division, name, versions, grouped.get(name, {}), limit)
            files |= signed
            count, changes = count + len(signed), changes + made
            continue
        targets, due = _now(work, name, keys, before, limit)
        changed = _apply(targets, grouped.get(name, {}).values())
        if not (changed or due):
            continue
        versions[name] = versions.get(name, 0) + 1
        body = write_bin(targets, versions[name], _expires(work, division, name))
        marks = chosen(keys, work.signers, name)
        files[f"{versions[name]}.{name}.json"] = sealed(body, marks)
        count, changes = count + 1, changes + changed
        if len(files) >= WRITTEN_TOGETHER:
            write_files(work.layout.metadata, files)
            files = {}
    if files:
        write_files(work.layout.metadata, files)
    return count, changes


def _first(division: Division) -> tuple[str, Online]:
    name = division.names[0]
    return name, division.keys(name)


def _expires(work: Work, division: Division, name: str) -> datetime:
    return work.now + timedelta(days=division.days(name, work.settings.days["bins"]))


def _now(
    work: Work, name: str, keys: Online, before: Division | None, limit: str
) -> tuple[dict[str, msgspec.Raw], bool]:
    """What a role lists now, and whether it is to be signed anew in any case."""
    if work.state is None or before is None or name not in work.state.versions:
        return {}, True
    part = read_published_bin(work.layout, work.state, name, before)
    return part.targets, not before.trusts(name, keys) or part.expires < limit


def _by_people(
    work: Work,
    division: Division,
    name: str,
    versions: dict[str, int],
    changes: Mapping[str, Change],
    limit: str,
) -> tuple[dict[str, bytes], int]:
    """Take the draft of a role that its people signed; propose another where it changes.

    Returns:
        Files to publish, and how many artifacts were proposed to change.
    """
    keys = division.keys(name)
    draft = delegated.read(work.layout, name, keys)
    files: dict[str, bytes] = {}
    targets, due = _now(work, name, keys, work.state.division if work.state else None, limit)
    if draft is not None and draft.version == versions.get(name, 0) + 1:
        targets = read_bin(draft.metadata.signed_bytes, name).targets
        due = False
        if not draft.missing:
            versions[name] = draft.version
            files[f"{draft.version}.{name}.json"] = draft.data()
    changed = _apply(targets, changes.values())
    if changed or due:
        version = versions.get(name, 0) + 1
        delegated.propose(work.layout, name, targets, version, _expires(work, division, name))
    return files, changed


def _limit(work: Work, renew: timedelta | None) -> str:
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
        entry = canonical(_entry(change))
        before = targets.get(change.path)
        if before is None or bytes(before) != entry:
            targets[change.path] = msgspec.Raw(entry)
            count += 1
    return count


def _entry(change: Change) -> dict[str, Any]:
    """What the metadata say of an artifact (TUF §4.5)."""
    hashes = {**change.hashes, **({"sha256": change.sha256} if change.sha256 else {})}
    custom = {"custom": change.custom} if change.custom else {}
    return {"hashes": hashes, "length": change.length, **custom}


def chosen(keys: Online, signers: Mapping[str, CryptoSigner], what: str) -> list[CryptoSigner]:
    """The signers of a role.

    Raises:
        RepositoryError: Fewer are here than its threshold asks for.
    """
    found = [signers[name] for name in sorted(keys.keys) if name in signers]
    if len(found) < keys.threshold:
        raise RepositoryError(
            f"No online key is here that may sign {what}: {', '.join(sorted(keys.keys))}.",
            remedy="Restore its file, or replace it with 'pratique repository rotate'.",
        )
    return found
