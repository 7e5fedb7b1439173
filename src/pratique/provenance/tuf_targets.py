"""The metadata of a TUF repository about an artifact, verified offline.

Source: *The Update Framework Specification* 1.0.34, section 5 (detailed client
workflow): root by root from the one that is trusted, timestamp, snapshot, targets
and their delegations; all by python-tuf, from files.  What has expired fails, as
the specification demands: somebody may be holding newer metadata back.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pratique.model.attestation import Grade, VerifiedEvidence
from pratique.model.errors import InputError
from pratique.provenance.errors import UnsupportedEvidenceError, VerificationError

if TYPE_CHECKING:
    from pathlib import Path

    from pratique.provenance.subject import Subject

KIND = "tuf-metadata"

MAX_METADATA_BYTES = 64 * 1024 * 1024
"""Largest metadata file; an index of a million projects is parted into smaller ones."""

MAX_ROOTS = 256
"""Most roots that are followed; the client workflow bounds them too (5.3.3)."""

MAX_ROLES = 1_024
"""Most delegated roles that are looked into for one artifact."""

_ROOT = re.compile(r"(\d{1,6})\.root\.json\Z")


def is_metadata(folder: Path) -> bool:
    """Whether a folder has the metadata of a TUF repository."""
    return folder.is_dir() and (folder / "timestamp.json").is_file()


def judge_metadata(
    folder: Path, trusted: Path | None, subject: Subject, name: str = ""
) -> VerifiedEvidence:
    """Evidence of a repository's metadata about an artifact.

    Args:
        folder: With ``timestamp.json`` and the rest, with or without version numbers.
        trusted: A root that is trusted; what lies in the folder could be anybody's.
        subject: The artifact.
        name: Path of the target; the artifact's own name where it is empty.

    Raises:
        UnsupportedEvidenceError: No root is trusted.
        VerificationError: The metadata does not hold, or the artifact is another or not there.
        InputError: Something cannot be read.
    """
    if trusted is None:
        raise UnsupportedEvidenceError(
            "whom the repository's metadata must be signed by is not known here",
            remedy="Give a root of the repository that you trust with --tuf-root.",
        )
    found = _Client(folder, _read(trusted))
    target = found.target(name or subject.name)
    if target is None:
        raise VerificationError(
            f"the repository has no target {(name or subject.name)[:120]!r}",
            error="ErrorMismatchHash",
            remedy="Name the target's path with --tuf-target, or do not use the artifact.",
        )
    _compare(target, subject)
    return VerifiedEvidence(
        grade=Grade.VERIFIED,
        kind=KIND,
        digest=f"sha256:{hashlib.sha256(found.stated).hexdigest()}",
        subject=str(subject),
        identity=f"tuf:{found.role} (root version {found.root_version})",
    )


def _compare(target: Any, subject: Subject) -> None:
    known = {key: value for key, value in target.hashes.items() if key in subject.digests}
    if not known:
        raise UnsupportedEvidenceError("the target has no digest that is taken here")
    if any(subject.digests[key] != value.lower() for key, value in known.items()):
        raise VerificationError(
            "the artifact is not the repository's target of that name",
            error="ErrorMismatchHash",
            remedy="Do not use the artifact; fetch it again from the repository.",
        )


class _Client:
    """The client workflow over files."""

    def __init__(self, folder: Path, root: bytes) -> None:
        from tuf.api.exceptions import RepositoryError
        from tuf.ngclient._internal.trusted_metadata_set import TrustedMetadataSet
        from tuf.ngclient.config import EnvelopeType

        self._folder = folder
        self.role, self.stated = "", b""
        try:
            self._trusted = TrustedMetadataSet(root, EnvelopeType.METADATA)
            self._roots()
            self._trusted.update_timestamp(_read(folder / "timestamp.json"))
            meta = self._trusted.timestamp.snapshot_meta
            self._trusted.update_snapshot(self._versioned("snapshot", meta.version))
        except (RepositoryError, ValueError) as error:
            raise _refused(error) from None

    @property
    def root_version(self) -> int:
        """Version of the newest root that the trusted one leads to."""
        return int(self._trusted.root.version)

    def _roots(self) -> None:
        versions = sorted(
            int(found[1])
            for path in self._folder.iterdir()
            if (found := _ROOT.match(path.name)) is not None
        )
        for version in versions[:MAX_ROOTS]:
            if version == self.root_version + 1:
                self._trusted.update_root(_read(self._folder / f"{version}.root.json"))

    def _load(self, role: str, parent: str) -> bytes:
        meta = self._trusted.snapshot.meta.get(f"{role}.json")
        if meta is None:
            raise VerificationError(f"the snapshot does not list the role {role[:80]!r}")
        data = self._versioned(role, meta.version)
        self._trusted.update_delegated_targets(data, role, parent)
        return data

    def _versioned(self, role: str, version: int) -> bytes:
        named = quote(role, safe="")
        for name in (f"{version}.{named}.json", f"{named}.json"):
            path = self._folder / name
            if path.is_file():
                return _read(path)
        raise InputError(f"the metadata of {role[:80]!r}, version {version}, is not in the folder")

    def target(self, path: str) -> Any:
        """The target of a path, by the first role that has it, in order of delegation (5.6.7)."""
        from tuf.api.exceptions import RepositoryError

        waiting = [("targets", "root")]
        seen: set[str] = set()
        while waiting and len(seen) < MAX_ROLES:
            role, parent = waiting.pop()
            if role in seen:
                continue
            seen.add(role)
            try:
                data = self._load(role, parent)
                targets: Any = self._trusted[role]
            except (RepositoryError, ValueError) as error:
                raise _refused(error) from None
            if path in targets.targets:
                self.role, self.stated = role, data
                return targets.targets[path]
            if targets.delegations is None:
                continue
            below = []
            for name, terminating in targets.delegations.get_roles_for_target(path):
                below.append((name, role))
                if terminating:
                    waiting.clear()
                    break
            waiting.extend(reversed(below))
        return None


def _refused(error: Exception) -> VerificationError:
    text = str(error).partition("\n")[0][:200]
    if "xpired" in type(error).__name__ or "xpired" in text:
        return VerificationError(
            f"the metadata has expired: {text}",
            remedy="Fetch the repository's metadata again; if it is still expired, ask whoever "
            "keeps it.",
        )
    return VerificationError(
        f"the metadata does not hold: {text}",
        remedy="Fetch the repository's metadata again, and check which root you trust.",
    )


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_METADATA_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    if len(data) > MAX_METADATA_BYTES:
        raise InputError(f"{path} is over the limit of {MAX_METADATA_BYTES:,} bytes")
    return data
