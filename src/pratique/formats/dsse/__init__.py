"""DSSE envelopes (Dead Simple Signing Envelope, protocol and envelope v1.0.2)."""

from __future__ import annotations

from pratique.formats.dsse.envelope import (
    IN_TOTO_PAYLOAD,
    Envelope,
    Signature,
    envelope_of,
    pae,
    read_envelope,
)

__all__ = ["IN_TOTO_PAYLOAD", "Envelope", "Signature", "envelope_of", "pae", "read_envelope"]
