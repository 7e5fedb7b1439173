"""The statement layer (in-toto attestation framework, Statement v0.1 and v1)."""

from __future__ import annotations

from typing import Any

import msgspec

from pratique.formats.dsse.wire import decode_json, refuse_repeated
from pratique.model.errors import InputError, LimitError

STATEMENT_TYPES = ("https://in-toto.io/Statement/v0.1", "https://in-toto.io/Statement/v1")
"""Values of ``_type``."""

MAX_SUBJECTS = 100_000
"""Most subjects of one statement; attested directory trees reach some thousands."""


class ResourceDescriptor(msgspec.Struct, frozen=True, rename="camel"):
    """A subject, material or dependency (ResourceDescriptor v1)."""

    name: str | None = None
    uri: str | None = None
    digest: dict[str, str] | None = None
    media_type: str | None = None
    download_location: str | None = None
    annotations: dict[str, Any] | None = None

    @property
    def digests(self) -> dict[str, str]:
        """Algorithm to value; empty where it has no digest."""
        return self.digest or {}


class Statement(msgspec.Struct, frozen=True, rename="camel"):
    """What is stated about which artifacts."""

    type: str = msgspec.field(name="_type")
    subject: tuple[ResourceDescriptor, ...] = ()
    predicate_type: str = ""
    predicate: dict[str, Any] | None = None


def read_statement(payload: bytes) -> Statement:
    """Statement of an envelope's payload.

    Raises:
        LimitError: It is too large, nested too deeply, or has over ``MAX_SUBJECTS``.
        InputError: It is not a statement of a known version, or lacks subjects or a
            predicate type.
    """
    statement = decode_json(payload, Statement, "in-toto statement")
    refuse_repeated(payload, "in-toto statement")
    if statement.type not in STATEMENT_TYPES:
        raise InputError(f"in-toto statement has the unknown type {statement.type[:80]!r}")
    if not statement.subject:
        raise InputError("in-toto statement has no subjects")
    if len(statement.subject) > MAX_SUBJECTS:
        raise LimitError(f"in-toto statement has over {MAX_SUBJECTS:,} subjects")
    if not statement.predicate_type:
        raise InputError("in-toto statement has no predicate type")
    return statement
