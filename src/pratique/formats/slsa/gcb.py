"""Provenance of Google Cloud Build, as ``gcloud artifacts docker images describe`` prints it."""

from __future__ import annotations

from typing import Any

import msgspec

from pratique.formats.dsse.wire import decode_json
from pratique.model.errors import InputError, LimitError

MAX_PROVENANCES = 256
"""Most provenances of one image; there is one a build."""


class ImageSummary(msgspec.Struct, frozen=True):
    """What is around the provenance, unsigned."""

    digest: str = ""
    fully_qualified_digest: str = ""


class GcbBuild(msgspec.Struct, frozen=True, rename="camel"):
    """The statement once more, for people; unsigned."""

    intoto_statement: dict[str, Any] | None = None
    in_toto_slsa_provenance_v1: dict[str, Any] | None = msgspec.field(
        default=None, name="inTotoSlsaProvenanceV1"
    )


class GcbSignature(msgspec.Struct, frozen=True):
    """A signature as written; one that is not base64 does not spoil the others."""

    keyid: str | None = None
    sig: str | None = None


class GcbEnvelope(msgspec.Struct, frozen=True, rename="camel"):
    """A DSSE envelope as written."""

    payload: str = ""
    payload_type: str = ""
    signatures: tuple[GcbSignature, ...] = ()


class GcbProvenance(msgspec.Struct, frozen=True, rename="camel"):
    """One build's provenance."""

    envelope: GcbEnvelope = GcbEnvelope()
    build: GcbBuild = GcbBuild()
    kind: str = ""
    resource_uri: str = ""


class _Summary(msgspec.Struct, frozen=True):
    provenance: tuple[GcbProvenance, ...] = ()


class GcbDocument(msgspec.Struct, frozen=True):
    """Everything that is printed about an image."""

    image_summary: ImageSummary = ImageSummary()
    provenance_summary: _Summary = _Summary()

    @property
    def provenances(self) -> tuple[GcbProvenance, ...]:
        """One a build, in the order of the document."""
        return self.provenance_summary.provenance


def read_gcb(data: bytes) -> GcbDocument:
    """Cloud Build provenance of a JSON document.

    Raises:
        InputError: It is not one, or holds no provenance.
    """
    found = decode_json(data, GcbDocument, "Cloud Build provenance")
    if not found.provenances:
        raise InputError("Cloud Build provenance is empty")
    if len(found.provenances) > MAX_PROVENANCES:
        raise LimitError(f"Cloud Build provenance has over {MAX_PROVENANCES} builds")
    return found
