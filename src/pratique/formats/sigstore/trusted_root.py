"""Sigstore trusted roots (``sigstore_trustroot.proto``, media types 0.1 and 0.2).

A trusted root names the keys and certificates of an instance's services, each
with the time it is valid for.  Every validity needs a start; an end that is
absent is open, and both ends are inclusive.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from pratique.formats.dsse.wire import decode_json
from pratique.model.errors import UnsupportedError

MEDIA_TYPE = "application/vnd.dev.sigstore.trustedroot"
"""How the media type begins; the version follows in one of two spellings."""


Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""RFC 3339 with an offset, as protobuf writes it."""


class Validity(msgspec.Struct, frozen=True):
    """TimeRange: from a start to an end, both inclusive."""

    start: Moment
    end: Moment | None = None

    def covers(self, moment: datetime) -> bool:
        """Whether a moment, in UTC, lies within."""
        return self.start <= moment and (self.end is None or moment <= self.end)


class PublicKey(msgspec.Struct, frozen=True, rename="camel"):
    """A service's key, DER."""

    raw_bytes: bytes
    valid_for: Validity
    key_details: str = ""


class LogId(msgspec.Struct, frozen=True, rename="camel"):
    """Identifier of a log."""

    key_id: bytes


class Log(msgspec.Struct, frozen=True, rename="camel"):
    """TransparencyLogInstance: a signature log or a certificate log."""

    public_key: PublicKey
    log_id: LogId
    base_url: str = ""
    checkpoint_key_id: LogId | None = None


class RawCertificate(msgspec.Struct, frozen=True, rename="camel"):
    """A certificate, DER."""

    raw_bytes: bytes


class Chain(msgspec.Struct, frozen=True):
    """Certificates from the issuing one to the root."""

    certificates: tuple[RawCertificate, ...] = ()


class Authority(msgspec.Struct, frozen=True, rename="camel"):
    """CertificateAuthority: one that certifies signers, or one that gives timestamps."""

    cert_chain: Chain
    valid_for: Validity
    uri: str = ""


class TrustedRoot(msgspec.Struct, frozen=True, rename="camel"):
    """Everything an instance of Sigstore is trusted for."""

    media_type: str
    tlogs: tuple[Log, ...] = ()
    certificate_authorities: tuple[Authority, ...] = ()
    ctlogs: tuple[Log, ...] = ()
    timestamp_authorities: tuple[Authority, ...] = ()


def read_trusted_root(data: bytes) -> TrustedRoot:
    """Trusted root of a JSON document.

    Raises:
        UnsupportedError: Its media type is not a trusted root's.
        InputError: It is not one, or a validity in it has no start.
    """
    root = decode_json(data, TrustedRoot, "trusted root")
    if not root.media_type.startswith(MEDIA_TYPE):
        raise UnsupportedError(f"trusted root has the unknown type {root.media_type[:80]!r}")
    return root
