"""The provenance of an answer, word by word: what was verified and nothing else."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.dsse.wire import decode_json
from pratique.formats.slsa import PROVENANCE_TYPES
from pratique.model.attestation import Grade
from pratique.model.errors import InputError
from pratique.provenance.evidence_folder import statements
from pratique.provenance.kinds import documents
from pratique.provenance.service import find_evidence, read_evidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pratique.provenance.request import Answer


def verified_provenance(
    artifact: Path, evidence: Sequence[Path] | None, answer: Answer
) -> Iterator[bytes]:
    """Provenance statements, one JSON value each, of the documents that were verified.

    Args:
        artifact: A file or an image layout, as it was verified.
        evidence: Files of evidence that were named; None for those beside it.
        answer: About the artifact.
    """
    good = {
        one.digest
        for one in answer.evidence
        if one.grade is Grade.VERIFIED and one.predicate_type in PROVENANCE_TYPES
    } - {one.digest for one in answer.evidence if one.grade is not Grade.VERIFIED}
    for path in _places(artifact, evidence, good):
        try:
            parts = documents(read_evidence(path))
            for part in parts:
                if f"sha256:{hashlib.sha256(part).hexdigest()}" in good:
                    yield from _provenance(decode_json(part, Any, "document"))
        except InputError:
            continue  # it is among the evidence, as unreadable


def _places(artifact: Path, evidence: Sequence[Path] | None, good: set[str]) -> list[Path]:
    if evidence is not None:
        return list(evidence)
    if artifact.is_dir():
        return [artifact / "blobs" / "sha256" / one.partition(":")[2] for one in sorted(good)]
    return list(find_evidence(artifact))


def _provenance(value: Any) -> Iterator[bytes]:
    for statement in statements(value):
        found = decode_json(statement, dict[str, Any], "statement")
        if found.get("predicateType") in PROVENANCE_TYPES:
            yield msgspec.json.encode(found)
