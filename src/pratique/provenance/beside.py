"""Files of evidence beside an artifact: how they are named, and how they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.model.errors import InputError
from pratique.provenance.kinds import SIGNATURES

if TYPE_CHECKING:
    from pathlib import Path

    from pratique.provenance.subject import Subject

SUFFIXES = (
    ".sigstore.json",
    ".sigstore.jsonl",
    ".sigstore",
    ".bundle",
    ".intoto.jsonl",
    ".intoto.json",
    ".intoto.sigstore",
    ".build.slsa",
    ".intoto.build.slsa",
    ".provenance",
    ".publish.attestation",
    ".slsa.attestation",
    ".attestation",
    ".attestations.json",
    ".vsa.jsonl",
    ".vsa.json",
)
"""What publishers append to an artifact's name for evidence in JSON."""

MAX_EVIDENCE_BYTES = 64 * 1024 * 1024
"""Largest file of evidence that is read."""


def find_evidence(artifact: Path) -> tuple[Path, ...]:
    """Files beside an artifact whose names say that they are evidence about it."""
    names = (*SUFFIXES, *SIGNATURES)
    beside = (artifact.with_name(artifact.name + suffix) for suffix in names)
    return tuple(path for path in beside if path.is_file())


def named_by_digest(artifact: Path, subject: Subject) -> tuple[Path, ...]:
    """Files beside an artifact that have its digest for a name, as GitHub's client writes them."""
    digest = subject.digests.get("sha256", "")
    names = (f"sha256{mark}{digest}.jsonl" for mark in (":", "-"))  # the latter on Windows
    found = (artifact.with_name(name) for name in names)
    return tuple(path for path in found if digest and path.is_file())


def shown(path: Path | str) -> str:
    """A path or a name as text, whatever bytes its name has."""
    return str(path).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def read_evidence(path: Path) -> bytes:
    """Bytes of a file of evidence.

    Raises:
        InputError: It cannot be read, or is over ``MAX_EVIDENCE_BYTES``.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_EVIDENCE_BYTES + 1)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}") from None
    if len(data) > MAX_EVIDENCE_BYTES:
        raise InputError(f"is over the limit of {MAX_EVIDENCE_BYTES:,} bytes")
    return data
