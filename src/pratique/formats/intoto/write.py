"""Writing statements (in-toto attestation framework, Statement v1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.intoto.statement import STATEMENT_TYPES, ResourceDescriptor

if TYPE_CHECKING:
    from collections.abc import Iterable


def descriptor_value(descriptor: ResourceDescriptor) -> dict[str, Any]:
    """The JSON value of a descriptor; what it does not have is left out."""
    value = {
        "name": descriptor.name,
        "uri": descriptor.uri,
        "digest": descriptor.digest,
        "mediaType": descriptor.media_type,
        "downloadLocation": descriptor.download_location,
        "annotations": descriptor.annotations,
    }
    return {name: one for name, one in value.items() if one is not None}


def write_statement(
    subject: Iterable[ResourceDescriptor], predicate_type: str, predicate: dict[str, Any]
) -> bytes:
    """A statement as JSON without white space.

    Args:
        subject: What it is about; each must have a digest (Statement v1, ``subject``).
        predicate_type: URI of what is stated.
        predicate: What is stated.
    """
    value = {
        "_type": STATEMENT_TYPES[-1],
        "subject": [descriptor_value(one) for one in subject],
        "predicateType": predicate_type,
        "predicate": predicate,
    }
    return msgspec.json.encode(value)
