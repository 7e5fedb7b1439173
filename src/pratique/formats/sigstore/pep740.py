"""Attestations of package indexes (PEP 740): attestation and provenance objects, version 1.

An attestation object is a Sigstore bundle in another dress: the statement and
its signature without a payload type, which is always in-toto's.
"""

from __future__ import annotations

from typing import Any

import msgspec

from pratique.formats.dsse import IN_TOTO_PAYLOAD, Envelope, Signature
from pratique.formats.dsse.wire import convert, decode_json
from pratique.formats.sigstore.bundle import Bundle, entry_of
from pratique.formats.sigstore.wire import WireEntry
from pratique.model.errors import InputError, LimitError, UnsupportedError

MAX_ATTESTATIONS = 64
"""Most attestations of one file; an index takes one of each predicate type."""

PUBLISH_SUFFIX = "/attestations/publish/v1"
"""How the predicate type of a publish attestation ends; before it stands the
address of the index's documentation."""


class _Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    statement: bytes
    signature: bytes


class _Material(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    certificate: bytes
    transparency_entries: list[WireEntry]


class _Attestation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    verification_material: _Material
    envelope: _Envelope


class Publisher(msgspec.Struct, frozen=True):
    """Who the index says had uploaded; unsigned, so only a hint of what to expect."""

    kind: str
    repository: str = ""
    workflow: str = ""
    workflow_filepath: str = ""
    environment: str | None = None
    email: str = ""
    sub: str = ""


class AttestationBundle(msgspec.Struct, frozen=True):
    """The attestations of one publisher."""

    publisher: Publisher
    attestations: tuple[Any, ...]
    """JSON of attestation objects; :func:`attestation_of` reads one."""


class IndexProvenance(msgspec.Struct, frozen=True):
    """Everything an index has about one file."""

    version: int
    attestation_bundles: tuple[AttestationBundle, ...]


def read_attestation(data: bytes) -> Bundle:
    """Bundle of an attestation object.

    Raises:
        UnsupportedError: It is of another version.
        InputError: It is not one, or has no log entry.
    """
    return _bundle(decode_json(data, _Attestation, "PEP 740 attestation"))


def attestation_of(value: object) -> Bundle:
    """Bundle of a parsed attestation object; raises as :func:`read_attestation`."""
    return _bundle(convert(value, _Attestation, "PEP 740 attestation"))


def read_index_provenance(data: bytes) -> IndexProvenance:
    """Provenance object of an index.

    Raises:
        UnsupportedError: It is of another version.
        LimitError: It holds over ``MAX_ATTESTATIONS``.
        InputError: It is not one, or holds no attestation.
    """
    found = decode_json(data, IndexProvenance, "PEP 740 provenance")
    if found.version != 1:
        raise UnsupportedError(f"PEP 740 provenance has the unknown version {found.version}")
    count = sum(len(one.attestations) for one in found.attestation_bundles)
    if count == 0:
        raise InputError("PEP 740 provenance holds no attestation")
    if count > MAX_ATTESTATIONS:
        raise LimitError(f"PEP 740 provenance holds over {MAX_ATTESTATIONS} attestations")
    return found


def _bundle(given: _Attestation) -> Bundle:
    if given.version != 1:
        raise UnsupportedError(f"PEP 740 attestation has the unknown version {given.version}")
    entries = given.verification_material.transparency_entries
    if not entries:
        raise InputError("PEP 740 attestation has no log entry")
    if len(entries) > MAX_ATTESTATIONS:
        raise LimitError("PEP 740 attestation has too many log entries")
    return Bundle(
        version=(0, 3),
        certificates=(given.verification_material.certificate,),
        entries=tuple(entry_of(one, (0, 3)) for one in entries),
        envelope=Envelope(
            given.envelope.statement, IN_TOTO_PAYLOAD, (Signature(given.envelope.signature),)
        ),
    )
