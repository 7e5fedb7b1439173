"""Writing envelopes, with the members and the encoding of DSSE's envelope v1.0.2."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from pratique.formats.dsse.envelope import Envelope


def envelope_value(envelope: Envelope) -> dict[str, Any]:
    """The JSON value of an envelope, in standard base64 (section 3.1).

    Args:
        envelope: With at least one signature; certificates beside signatures
            are no member of the standard and are not written.
    """
    signatures = []
    for one in envelope.signatures:
        written = {"sig": b64encode(one.sig).decode()}
        if one.keyid:
            written = {"keyid": one.keyid} | written
        signatures.append(written)
    return {
        "payloadType": envelope.payload_type,
        "payload": b64encode(envelope.payload).decode(),
        "signatures": signatures,
    }


def write_envelope(envelope: Envelope) -> bytes:
    """An envelope as one line of JSON, so that a file may hold one a line."""
    return msgspec.json.encode(envelope_value(envelope)) + b"\n"
