"""Timestamps of trusted authorities over signatures (RFC 3161), by ``rfc3161-client``."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING
from warnings import catch_warnings, simplefilter

from pratique.provenance.errors import VerificationError

if TYPE_CHECKING:
    from datetime import datetime

    from pratique.provenance.trust import TrustedAuthority, TrustRoot


def verify_timestamp(response: bytes, signature: bytes, root: TrustRoot) -> datetime:
    """When a trusted authority saw a signature, in UTC.

    Args:
        response: DER of the timestamp response.
        signature: The bytes that were timestamped.
        root: What is trusted.

    Raises:
        VerificationError: It is not a timestamp, is over something else, or no
            authority trusted at its time made it.
    """
    from rfc3161_client import decode_timestamp_response

    try:
        parsed = decode_timestamp_response(response)
        when = parsed.tst_info.gen_time
    except Exception as error:  # noqa: BLE001 - the decoder is native and documents no type
        raise VerificationError(f"the timestamp cannot be read: {str(error)[:120]}") from None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    cause = "no timestamp authority of the trusted root was valid at its time"
    for authority in root.timestamp_authorities:
        if not authority.validity.covers(when):
            continue
        try:
            _verify(authority, parsed, signature)
        except VerificationError as error:
            cause = error.message
            continue
        return when
    raise VerificationError(f"the timestamp of {when:%Y-%m-%d %H:%M:%S} UTC does not hold: {cause}")


def _verify(authority: TrustedAuthority, parsed: object, signature: bytes) -> None:
    """Check a response against one authority's chain."""
    from rfc3161_client import VerifierBuilder

    chain = authority.chain
    leaf = None if _is_authority(chain[0]) else chain[0]
    builder = VerifierBuilder(
        tsa_certificate=leaf,
        intermediates=list(chain[1 if leaf else 0 : -1]),
        roots=[chain[-1]],
    )
    try:
        with catch_warnings():
            simplefilter("error")  # of certificates in the response that break RFC 5280
            builder.build().verify_message(parsed, signature)  # type: ignore[arg-type]
    except Exception as error:  # noqa: BLE001 - native code; whatever it says, it is not verified
        raise VerificationError(str(error)[:160] or "it is not the authority's") from None


def _is_authority(certificate: object) -> bool:
    from cryptography import x509

    try:
        basic = certificate.extensions.get_extension_for_class(  # type: ignore[attr-defined]
            x509.BasicConstraints
        )
    except (x509.ExtensionNotFound, ValueError):
        return False
    return bool(basic.value.ca)
