"""The provenance of an answer, word by word: what was verified and nothing else."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.dsse import read_envelope
from pratique.formats.dsse.wire import decode_json
from pratique.formats.sigstore import bundle_of, read_bundle
from pratique.formats.sigstore.npm import read_npm_attestations
from pratique.formats.sigstore.pep740 import (
    attestation_of,
    read_attestation,
    read_index_provenance,
)
from pratique.formats.slsa import PROVENANCE_TYPES
from pratique.formats.slsa.gcb import read_gcb
from pratique.model.attestation import Grade
from pratique.model.errors import InputError
from pratique.provenance.beside import find_evidence, read_evidence
from pratique.provenance.gcb import signed_payload
from pratique.provenance.kinds import Kind, documents, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pratique.formats.dsse import Envelope
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
                    yield from _provenance(part)
        except InputError:
            continue  # it is among the evidence, as unreadable


def _places(artifact: Path, evidence: Sequence[Path] | None, good: set[str]) -> list[Path]:
    if evidence is not None:
        return list(evidence)
    if artifact.is_dir():
        return [artifact / "blobs" / "sha256" / one.partition(":")[2] for one in sorted(good)]
    return list(find_evidence(artifact))


def _provenance(data: bytes) -> Iterator[bytes]:
    """Provenance of the envelopes that the document's kind has, which are those that were judged.

    A document may hold members that its kind does not know: nobody verified these.
    """
    for payload in _payloads(data):
        found = decode_json(payload, dict[str, Any], "statement")
        if found.get("predicateType") in PROVENANCE_TYPES:
            yield msgspec.json.encode(found)


def _payloads(data: bytes) -> Iterator[bytes]:
    kind = kind_of(data)
    if kind is Kind.GCB:
        return iter((signed_payload(read_gcb(data)),))
    envelopes: list[Envelope | None] = []
    if kind is Kind.BUNDLE:
        envelopes = [read_bundle(data).envelope]
    elif kind is Kind.ENVELOPE:
        envelopes = [read_envelope(data)]
    elif kind is Kind.NPM:
        envelopes = [bundle_of(read_npm_attestations(data).provenance.bundle).envelope]
    elif kind is Kind.INDEX_ATTESTATION:
        envelopes = [read_attestation(data).envelope]
    elif kind is Kind.INDEX_PROVENANCE:
        envelopes = [
            attestation_of(one).envelope
            for each in read_index_provenance(data).attestation_bundles
            for one in each.attestations
        ]
    return (one.payload for one in envelopes if one is not None)
