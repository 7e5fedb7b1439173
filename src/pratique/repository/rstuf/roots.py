"""Roots that RSTUF's tools signed: bootstrap, update, and the signatures that come later."""

from __future__ import annotations

import shutil
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from securesystemslib.exceptions import UnverifiedSignatureError, VerificationError

from pratique.repository import ceremony, delegated
from pratique.repository.bins import PREFIX, SPEC_VERSION
from pratique.repository.ceremony import PREVIOUS, ROOT, TARGETS, Trust, read_draft
from pratique.repository.division import Division
from pratique.repository.errors import RepositoryError
from pratique.repository.keys import read_signers
from pratique.repository.layout import write_files
from pratique.repository.models import (
    Delegations,
    Metadata,
    Root,
    Signature,
    SuccinctRoles,
    Targets,
)
from pratique.repository.published import newest_root, read_metadata, read_published
from pratique.repository.publishing import online_paths, publish
from pratique.repository.rstuf.delegating import changed, propose_new, rekeyed, removed
from pratique.repository.rstuf.payloads import Undelegate
from pratique.repository.settings import (
    DEFAULT_DAYS,
    Settings,
    check_bins,
    check_days,
    read_settings,
    write_settings,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from pratique.repository.layout import Layout
    from pratique.repository.models import CryptoSigner
    from pratique.repository.published import Published
    from pratique.repository.rstuf.payloads import Bootstrap, Delegate, MetadataUpdate, Sign

ONLINE = ("targets", "snapshot", "timestamp")
"""Roles that RSTUF signs with the online key."""

Signers = dict[str, tuple[str, "CryptoSigner"]]
"""Online keys by their id: name for the settings, and signer."""

Done = tuple[str, dict[str, Any]]
"""Message and details of a task."""


def state(layout: Layout) -> str:
    """``finished``, ``signing`` while the first root lacks signatures, or empty."""
    if newest_root(layout):
        return "finished"
    return "signing" if layout.settings.exists() else ""


def bootstrap(layout: Layout, payload: Bootstrap, signers: Signers, now: datetime) -> Done:
    """Set the repository up with a root that people signed.

    Raises:
        RepositoryError: There is one already, keys or thresholds do not fit, or an online key
            is not here.
    """
    if state(layout):
        raise RepositoryError("The repository is set up already.")
    roles = payload.settings.roles
    root = _root(payload.metadata["root"])
    if root.signed.version != 1:
        raise RepositoryError(f"The first root has version 1, not {root.signed.version}.")
    _check_signatures(root, root)
    online = _online(root.signed, signers)
    days = {
        "root": roles.root.expiration,
        "targets": roles.targets.expiration,
        "snapshot": roles.snapshot.expiration,
        "timestamp": roles.timestamp.expiration,
        "bins": roles.bins.expiration if roles.bins else DEFAULT_DAYS["bins"],
    }
    check_days(days)
    bins = roles.bins.number_of_delegated_bins if roles.bins else 0
    if bins:
        check_bins(bins)
    settings = Settings(
        days=days,
        online_keys=tuple(signers[key][0] for key in online),
        bins=bins,
        content=False,
    )
    chosen = None
    if roles.delegations is not None:
        chosen = changed(None, roles.delegations, sorted(online), root.signed.keys)
    targets = _targets(root.signed, 1, settings, now, chosen)
    _sign(targets, online)
    layout.create()
    propose_new(layout, targets, None, online, settings, now)
    write_files(layout.ceremony, {ROOT: root.to_bytes(), TARGETS: targets.to_bytes()})
    write_settings(layout, settings)
    return _finish(layout, now, "Bootstrap Processed")


def update(layout: Layout, payload: MetadataUpdate, signers: Signers, now: datetime) -> Done:
    """Take the next root; with another online key, targets and bins are signed anew.

    Raises:
        RepositoryError: It does not follow the root in force, a ceremony is pending, or an
            online key is not here.
    """
    settings = read_settings(layout)
    published = read_published(layout)
    if published is None:
        raise RepositoryError("The first root still waits for signatures.")
    root = _root(payload.metadata["root"])
    if published.root.signed == root.signed:
        return _finish(layout, now, "Metadata Update Processed")  # done before a crash
    if read_draft(layout.ceremony, published.root) is not None:
        raise RepositoryError("A root waits for signatures already.")
    before = published.root.signed.version
    if root.signed.version != before + 1:
        raise RepositoryError(f"Root {before + 1} comes next, not {root.signed.version}.")
    _check_signatures(root, published.root)
    online = _online(root.signed, signers)
    targets = published.targets
    if set(root.signed.roles["timestamp"].keyids) != set(
        published.root.signed.roles["timestamp"].keyids
    ):
        kept = None
        if not settings.bins:
            kept = rekeyed(published.targets, published.root.signed, root.signed)
        version = published.targets.signed.version + 1
        targets = _targets(root.signed, version, settings, now, kept)
        old = {
            key: signers[key][1]
            for key in published.root.signed.roles["targets"].keyids
            if key in signers
        }
        _sign(targets, {**old, **online})
    names = tuple(dict.fromkeys([*settings.online_keys, *(signers[key][0] for key in online)]))
    write_settings(layout, msgspec.structs.replace(settings, online_keys=names))
    files = {
        PREVIOUS: published.root.to_bytes(),
        TARGETS: targets.to_bytes(),
        ROOT: root.to_bytes(),
    }
    write_files(layout.ceremony, files)
    return _finish(layout, now, "Metadata Update Processed")


def sign(layout: Layout, payload: Sign, now: datetime) -> Done:
    """Add a signature to the root or the delegated role that waits.

    Raises:
        RepositoryError: None waits, or the signature is not valid or of another key.
    """
    published = read_published(layout)
    previous = published.root if published else None
    draft = read_draft(layout.ceremony, previous)
    mark = Signature(payload.signature.keyid, payload.signature.sig)
    if payload.role != "root":
        targets = draft.targets if draft else (published.targets if published else None)
        if targets is None:
            raise RepositoryError("Nothing waits for signatures.")
        keys = Division(targets).keys(payload.role)
        found = delegated.sign(layout, payload.role, keys, mark)
        if found.missing or (published is None and draft is not None and not draft.complete):
            return "Signature Processed", {"role": payload.role, "missing": found.missing}
        return _finish(layout, now, "Signature Processed", publishes=True)
    if draft is None:
        if previous is not None and mark.keyid in previous.signatures:
            return "Signature Processed", {"role": "root"}  # done before a crash
        raise RepositoryError("No root waits for signatures.")
    draft.root.signatures[mark.keyid] = mark
    _check_signatures(draft.root, previous or draft.root)
    write_files(layout.ceremony, {ROOT: draft.root.to_bytes()})
    return _finish(layout, now, "Signature Processed")


def forget(layout: Layout, role: str) -> Done:
    """Give up the root that waits; the first one with the repository that it was for.

    Raises:
        RepositoryError: None waits.
    """
    if role != "root" and delegated.NAME.fullmatch(role) and delegated.forget(layout, role):
        return "Metadata sign deleted", {"role": role}
    if role != "root" or not (layout.ceremony / ROOT).exists():
        raise RepositoryError(f"{role[:80]!r} does not wait for signatures.")
    ceremony.clear(layout.ceremony)
    if not newest_root(layout):
        layout.settings.unlink(missing_ok=True)
        layout.staged.unlink(missing_ok=True)
        shutil.rmtree(layout.public, ignore_errors=True)
    return "Metadata sign deleted", {"role": "root"}


def delegate(
    layout: Layout, payload: Delegate | Undelegate, signers: Signers, now: datetime
) -> Done:
    """Add, replace or remove delegated roles; the targets role is signed online.

    Raises:
        RepositoryError: The repository has hash bins, something waits already, or a role or key
            is not as it must be.
    """
    settings = read_settings(layout)
    published = read_published(layout)
    if published is None:
        raise RepositoryError("The first root still waits for signatures.")
    if settings.bins:
        raise RepositoryError("This repository has hash bins, and no delegations by path.")
    if read_draft(layout.ceremony, published.root) is not None:
        raise RepositoryError("A root or a delegation waits for signatures already.")
    root = published.root.signed
    online = _online(root, signers)
    if isinstance(payload, Undelegate):
        chosen = removed(published.targets, [one.name for one in payload.delegations.roles])
    else:
        chosen = changed(published.targets, payload.delegations, sorted(online), root.keys)
    targets = _targets(root, published.targets.signed.version + 1, settings, now, chosen)
    _sign(targets, online)
    propose_new(layout, targets, published, online, settings, now)
    files = {TARGETS: targets.to_bytes(), ROOT: published.root.to_bytes()}
    write_files(layout.ceremony, files)
    message, details = _finish(layout, now, "Metadata Delegation Processed")
    return message, details | {"delegations": list(chosen.roles or {})}


def renew_targets(
    layout: Layout,
    settings: Settings,
    published: Published,
    signers: Mapping[str, CryptoSigner],
    now: datetime,
) -> bool:
    """Sign the targets role anew where the online key may and it is in the last third of its life.

    Returns:
        Whether it was prepared; the next publication takes it.
    """
    role = published.root.signed.roles["targets"]
    able = {key: signers[key] for key in role.keyids if key in signers}
    kept = None if settings.bins else published.targets.signed.delegations
    left = published.targets.signed.expires - now
    third = timedelta(days=settings.days["targets"]) / 3
    if len(able) < role.threshold or left > third or (layout.ceremony / ROOT).exists():
        return False
    version = published.targets.signed.version + 1
    targets = _targets(published.root.signed, version, settings, now, kept)
    _sign(targets, able)
    files = {TARGETS: targets.to_bytes(), ROOT: published.root.to_bytes()}
    write_files(layout.ceremony, files)
    return True


def pending(layout: Layout) -> dict[str, Any] | None:
    """What waits and what is in force, as ``GET /metadata/sign`` gives them."""
    published = read_published(layout) if newest_root(layout) else None
    draft = read_draft(layout.ceremony, published.root if published else None)
    found: dict[str, Any] = {}
    if draft is not None and not draft.complete:
        found["root"] = draft.root.to_dict()
        if published:
            found["trusted_root"] = published.root.to_dict()
    targets = draft.targets if draft else (published.targets if published else None)
    if targets is None:
        return found or None
    division = Division(targets)
    for name in () if division.hashed else division.names:
        role = delegated.read(layout, name, division.keys(name))
        if role is not None and role.missing:
            found[name] = role.metadata.to_dict()
            found["trusted_targets"] = targets.to_dict()
    return found or None


def _root(value: dict[str, Any]) -> Metadata[Root]:
    return read_metadata(msgspec.json.encode(value), Root, "the root")


def _online(root: Root, signers: Signers) -> dict[str, CryptoSigner]:
    """The signers of the online roles, all of which have the same keys in RSTUF."""
    keys = {role: set(root.roles[role].keyids) for role in ONLINE}
    if len({frozenset(each) for each in keys.values()}) != 1:
        raise RepositoryError("targets, snapshot and timestamp must have the same online keys.")
    offline = [root.keys[key] for key in root.roles["root"].keyids]
    online = [root.keys[key] for key in sorted(keys["timestamp"])]
    ceremony.check_trust(Trust(offline, root.roles["root"].threshold, online))
    absent = [key.keyid for key in online if key.keyid not in signers]
    if absent:
        raise RepositoryError(
            f"No private key is here for the online key {', '.join(absent)}.",
            remedy="Start 'pratique repository serve' with its file as --online-key.",
        )
    return {key.keyid: signers[key.keyid][1] for key in online}


def _check_signatures(root: Metadata[Root], judge: Metadata[Root]) -> None:
    """Refuse a signature that is not valid, or of a key that has no part.

    Raises:
        RepositoryError: One is.
    """
    for keyid, mark in root.signatures.items():
        parts = [
            each.signed.keys[keyid]
            for each in (root, judge)
            if keyid in each.signed.roles["root"].keyids
        ]
        if not parts:
            raise RepositoryError(f"Key {keyid[:80]} has no part in this root.")
        try:
            parts[0].verify_signature(mark, root.signed_bytes)
        except (UnverifiedSignatureError, VerificationError, ValueError):
            raise RepositoryError(f"The signature of key {keyid[:80]} is not valid.") from None


def _targets(
    root: Root,
    version: int,
    settings: Settings,
    now: datetime,
    chosen: Delegations | None = None,
) -> Metadata[Targets]:
    """Targets metadata that delegate as chosen, else to hash bins of the online key."""
    keys = root.roles["timestamp"].keyids
    bits = settings.bins.bit_length() - 1
    return Metadata(
        Targets(
            version=version,
            spec_version=SPEC_VERSION,
            expires=now + timedelta(days=settings.days["targets"]),
            delegations=chosen
            or Delegations(
                {key: root.keys[key] for key in keys},
                succinct_roles=SuccinctRoles(keys, 1, bits, PREFIX),
            ),
        )
    )


def _sign(targets: Metadata[Targets], signers: Mapping[str, CryptoSigner]) -> None:
    for signer in signers.values():
        targets.sign(signer, append=True)


def _finish(layout: Layout, now: datetime, message: str, *, publishes: bool = False) -> Done:
    """Publish where every threshold is met, else say how many signatures are missing."""
    published = read_published(layout)
    draft = read_draft(layout.ceremony, published.root if published else None)
    if draft is None and not publishes:
        return message, {"role": "root", "root": newest_root(layout)}
    if draft is not None and not draft.complete:
        return message, {
            "role": "root",
            "update": f"Root v{draft.root.signed.version} is pending signature",
            "missing": draft.missing,
            "may_sign": list(draft.waiting),
        }
    if draft is not None:
        online = read_signers(online_paths(layout, read_settings(layout)))
        before = published.division if published else None
        people = delegated.waiting(layout, Division(draft.targets), before, online)
        if people:
            return message, {"role": "targets", "update": "pending signature", "roles": people}
    report = publish(layout, now)
    return message, {"role": "root", "root": report.root, "bootstrap": True}
