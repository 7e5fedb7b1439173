"""The key ceremony: root and targets metadata that people sign, one after the other.

The folder ``ceremony/`` is all a signer needs: it can be carried to a machine
without network, signed there, and carried back.  What comes back is trusted
for its signatures only: a new root must be signed by the threshold of the old
root and of the new one (TUF 1.0 §5.3.4), the targets by the threshold of both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tuf.api.exceptions import RepositoryError as TufError

from pratique.model.errors import UsageError
from pratique.repository.bins import PREFIX, SPEC_VERSION
from pratique.repository.division import Division
from pratique.repository.errors import RepositoryError
from pratique.repository.layout import write_files
from pratique.repository.models import (
    TOP_LEVEL_ROLE_NAMES,
    Delegations,
    Metadata,
    Role,
    Root,
    SuccinctRoles,
    Targets,
)
from pratique.repository.published import read_metadata

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from pratique.repository.models import CryptoSigner, Key

ROOT, TARGETS, PREVIOUS = "root.json", "targets.json", "previous.root.json"


class Trust(NamedTuple):
    """Who may sign what."""

    offline: Sequence[Key]
    """Keys of root and targets."""

    threshold: int
    """How many of them must sign."""

    online: Sequence[Key]
    """Keys of snapshot, timestamp and bins; each signs, one is enough."""


class Draft(NamedTuple):
    """Metadata that wait for signatures."""

    root: Metadata[Root]
    targets: Metadata[Targets]
    missing: int
    """How many signatures are still needed, at least."""

    waiting: tuple[str, ...]
    """Ids of the keys that may still sign."""

    @property
    def complete(self) -> bool:
        """Whether every threshold is met."""
        return self.missing == 0


def check_trust(trust: Trust) -> None:
    """Refuse trust that nobody could use or that one key would undo.

    Raises:
        RepositoryError: No key, a threshold out of range, or a key in both places.
    """
    offline = {key.keyid for key in trust.offline}
    if not offline or not trust.online:
        raise RepositoryError("A repository needs at least one root key and one online key.")
    if not 1 <= trust.threshold <= len(offline):
        raise RepositoryError(
            f"A threshold of {trust.threshold} cannot be met by {len(offline)} root keys."
        )
    if offline & {key.keyid for key in trust.online}:
        raise RepositoryError("A key is offline or online, not both.")


def draft(
    folder: Path,
    trust: Trust,
    *,
    bins: int,
    expires: tuple[datetime, datetime],
    previous: tuple[Metadata[Root], Metadata[Targets]] | None = None,
) -> None:
    """Write the next root and targets metadata, without signatures.

    Args:
        folder: The ceremony folder.
        trust: Keys and threshold.
        bins: Number of hash bins.
        expires: Of root and of targets.
        previous: What is published, if anything is.
    """
    check_trust(trust)
    root = Root(
        version=previous[0].signed.version + 1 if previous else 1,
        spec_version=SPEC_VERSION,
        expires=expires[0],
        keys={key.keyid: key for key in (*trust.offline, *trust.online)},
        roles={role: _role(trust, role) for role in sorted(TOP_LEVEL_ROLE_NAMES)},
        consistent_snapshot=True,
    )
    online = [key.keyid for key in trust.online]
    targets = Targets(
        version=previous[1].signed.version + 1 if previous else 1,
        spec_version=SPEC_VERSION,
        expires=expires[1],
        delegations=Delegations(
            {key.keyid: key for key in trust.online},
            succinct_roles=SuccinctRoles(online, 1, bins.bit_length() - 1, PREFIX),
        ),
    )
    files = {ROOT: Metadata(root).to_bytes(), TARGETS: Metadata(targets).to_bytes()}
    if previous:
        files[PREVIOUS] = previous[0].to_bytes()
    write_files(folder, files)


def read_draft(folder: Path, published: Metadata[Root] | None) -> Draft | None:
    """The draft of a folder; None if there is none, or a later root is published already.

    One whose root is the published one is given too: its publication was cut
    short, and goes on.

    Args:
        folder: The ceremony folder.
        published: The newest published root, which must agree to its successor.

    Raises:
        RepositoryError: It cannot be read, or does not follow what is published.
    """
    if not (folder / ROOT).exists() or not (folder / TARGETS).exists():
        return None
    root = read_metadata((folder / ROOT).read_bytes(), Root, ROOT)
    targets = read_metadata((folder / TARGETS).read_bytes(), Targets, TARGETS)
    version = published.signed.version if published else 0
    if published and root.signed.version == version and root.signed != published.signed:
        return None
    if root.signed.version < version:
        return None
    if root.signed.version > version + 1:
        raise RepositoryError(
            f"The ceremony is about root {root.signed.version}; {version + 1} comes next.",
            remedy=f"Remove the files of {folder} and begin it again.",
        )
    Division(targets)
    return _weighed(root, targets, published)


def sign(folder: Path, signers: Iterable[CryptoSigner]) -> tuple[Draft, list[str]]:
    """Add signatures to the draft of a folder.

    Args:
        folder: A ceremony folder, here or on a machine without network.
        signers: Whose keys must be named by the new root or the one before.

    Returns:
        The draft, and the ids of the keys that signed now.

    Raises:
        UsageError: There is no such folder.
        RepositoryError: There is no draft, or a key has no part in it.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder.", remedy="Name that of the pending ceremony.")
    published = None
    if (folder / PREVIOUS).exists():
        published = read_metadata((folder / PREVIOUS).read_bytes(), Root, PREVIOUS)
    found = read_draft(folder, published)
    if found is None:
        raise RepositoryError(f"{folder} holds no metadata to sign.")
    allowed = _signatories(found.root.signed, published)
    signed = []
    for signer in signers:
        if signer.public_key.keyid not in allowed:
            raise RepositoryError(
                f"Key {signer.public_key.keyid} has no part in this ceremony.",
                remedy=f"These have: {', '.join(sorted(allowed))}.",
            )
        found.root.sign(signer, append=True)
        found.targets.sign(signer, append=True)
        signed.append(signer.public_key.keyid)
    write_files(folder, {ROOT: found.root.to_bytes(), TARGETS: found.targets.to_bytes()})
    return _weighed(found.root, found.targets, published), signed


def clear(folder: Path) -> None:
    """Remove a draft."""
    for name in (ROOT, TARGETS, PREVIOUS):
        (folder / name).unlink(missing_ok=True)


def _role(trust: Trust, role: str) -> Role:
    if role in {"root", "targets"}:
        return Role([key.keyid for key in trust.offline], trust.threshold)
    return Role([key.keyid for key in trust.online], 1)


def _signatories(root: Root, published: Metadata[Root] | None) -> set[str]:
    names: set[str] = set()
    for each in (root, published.signed if published else root):
        for role in ("root", "targets"):
            names.update(each.roles[role].keyids)
    return names


def _weighed(
    root: Metadata[Root], targets: Metadata[Targets], published: Metadata[Root] | None
) -> Draft:
    """Count what each threshold lacks; a signer signs both, so the most lacking one tells."""
    before = published.signed if published else root.signed
    missing = 0
    waiting: set[str] = set()
    try:
        for judge in (root.signed, before):
            for role, found in (("root", root), ("targets", targets)):
                result = judge.get_verification_result(role, found.signed_bytes, found.signatures)
                missing = max(missing, result.missing)
                if not result.verified:
                    waiting.update(result.unsigned)
    except (TufError, ValueError) as error:
        raise RepositoryError(f"The ceremony cannot be judged: {error}.") from None
    return Draft(root, targets, missing, tuple(sorted(waiting)))
