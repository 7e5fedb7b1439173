"""Writing Sigstore bundles 0.3 that a managed key signed (``sigstore_bundle.proto``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pratique.formats.dsse.write import envelope_value

if TYPE_CHECKING:
    from pratique.formats.dsse import Envelope

BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
"""Media type of the version that is written."""


def write_bundle(envelope: Envelope, hint: str) -> bytes:
    """A bundle around an envelope, as one line of JSON.

    It holds no log entry: whoever verifies it needs the key, and nothing shows
    when the signature was made.

    Args:
        envelope: With exactly one signature, as the format demands.
        hint: Name of the key for whoever looks for it; it is not authenticated.
    """
    value = {
        "mediaType": BUNDLE_TYPE,
        "verificationMaterial": {"publicKey": {"hint": hint}, "tlogEntries": []},
        "dsseEnvelope": envelope_value(envelope),
    }
    return msgspec.json.encode(value) + b"\n"
