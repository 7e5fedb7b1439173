"""Signing certificates: whom they name, and whether an authority issued them.

A signing certificate is short-lived, so the chain is checked at the proven
time of the signature and never at the time of verification (Sigstore client
specification, section "Certificate").
"""

from __future__ import annotations

from collections import deque
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any
from warnings import catch_warnings, simplefilter

from pratique.model.errors import InputError
from pratique.provenance.errors import VerificationError
from pratique.provenance.keys import load_key, spki

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from cryptography.x509 import Certificate

    from pratique.provenance.trust import TrustRoot

MAX_CHAIN = 6
"""Longest path from a signing certificate to a root; Sigstore's have three certificates."""

FULCIO = "1.3.6.1.4.1.57264.1."
"""Arc of Fulcio's extensions (fulcio, ``docs/oid-info.md``)."""

CLAIMS = {
    "1": "issuer-v1",
    "2": "trigger-v1",
    "3": "sha-v1",
    "5": "repository-v1",
    "6": "ref-v1",
    "8": "issuer",
    "9": "build-signer-uri",
    "10": "build-signer-digest",
    "11": "runner-environment",
    "12": "source-repository-uri",
    "13": "source-repository-digest",
    "14": "source-repository-ref",
    "15": "source-repository-id",
    "17": "source-repository-owner-id",
    "18": "build-config-uri",
    "19": "build-config-digest",
    "20": "build-trigger",
    "21": "run-invocation-uri",
}
"""Last number of an extension to the name of its claim here."""

_RAW = frozenset({"1", "2", "3", "5", "6"})
"""Extensions whose value is bare text; all others are DER strings."""

_CRITICAL = frozenset({"2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.37"})
"""Critical extensions that are understood here: key usage, subject alternative
name, basic constraints, extended key usage (RFC 5280, section 4.2)."""


@lru_cache(maxsize=512)
def load_certificate(data: bytes) -> Certificate:
    """Certificate of DER or PEM.

    Raises:
        InputError: It is neither.
    """
    try:
        with catch_warnings():
            simplefilter("error")  # what is only deprecated breaks RFC 5280 all the same
            found = _parsed(data)
    except _malformed() as error:
        raise InputError(f"certificate cannot be read: {str(error)[:120]}") from None
    return found


def _parsed(data: bytes) -> Certificate:
    """The certificate, with everything read that is otherwise read when it is first asked for."""
    from cryptography import x509

    pem = b"-----BEGIN CERTIFICATE-----" in data
    found = x509.load_pem_x509_certificate(data) if pem else x509.load_der_x509_certificate(data)
    _ = found.subject, found.issuer, found.not_valid_before_utc, found.not_valid_after_utc
    _ = found.extensions, found.serial_number
    return found


@lru_cache(maxsize=1)
def _malformed() -> tuple[type[Exception], ...]:
    """What ``cryptography`` raises for certificates that break their format."""
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    return (
        InvalidSignature,
        Warning,
        ValueError,
        TypeError,
        UnsupportedAlgorithm,
        x509.DuplicateExtension,
        x509.UnsupportedGeneralNameType,
        x509.InvalidVersion,
        x509.ExtensionNotFound,
    )


class SigningCertificate:
    """A certificate that names a signer; nothing of it is trusted until its chain is verified.

    Args:
        data: DER or PEM.

    Raises:
        InputError: It cannot be read, or names nobody.
    """

    def __init__(self, data: bytes) -> None:
        from cryptography import x509
        from cryptography.hazmat.primitives.serialization import Encoding

        self.certificate = load_certificate(data)
        self.der = self.certificate.public_bytes(Encoding.DER)
        try:
            self.extensions = self.certificate.extensions
            self.key: Any = load_key(spki(self.certificate.public_key()))
            self.not_before = self.certificate.not_valid_before_utc
            self.not_after = self.certificate.not_valid_after_utc
            names = self.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            self.identities = _identities(names)
        except _malformed() as error:
            raise InputError(f"certificate cannot be read: {str(error)[:120]}") from None
        if len(self.identities) != 1:
            raise InputError("certificate names no signer, or several")

    @property
    def identity(self) -> str:
        """Subject alternative name: a URI, an e-mail address or Fulcio's user name."""
        return self.identities[0]

    @property
    def issuer(self) -> str:
        """OpenID Connect issuer; empty where the certificate has none."""
        return self.claims.get("issuer") or self.claims.get("issuer-v1", "")

    @cached_property
    def claims(self) -> dict[str, str]:
        """Fulcio's extensions by the names of ``CLAIMS``.

        Raises:
            InputError: One of them is not text.
        """
        found = {}
        for extension in self.extensions:
            oid = extension.oid.dotted_string
            number = oid.removeprefix(FULCIO)
            if not oid.startswith(FULCIO) or number not in CLAIMS:
                continue
            value = bytes(getattr(extension.value, "value", b""))
            try:
                found[CLAIMS[number]] = value.decode() if number in _RAW else _der_text(value)
            except UnicodeDecodeError:
                raise InputError(f"certificate extension {oid} is not text") from None
        return found


def _identities(names: Any) -> tuple[str, ...]:
    from cryptography import x509

    found: list[str] = []
    for name in names:
        if isinstance(name, x509.UniformResourceIdentifier | x509.RFC822Name):
            found.append(name.value)
        elif isinstance(name, x509.OtherName) and name.type_id.dotted_string == f"{FULCIO}7":
            found.append(_der_text(name.value))
    return tuple(found)


def _der_text(value: bytes) -> str:
    """Text of a DER string of the universal classes UTF8String, PrintableString, IA5String."""
    if len(value) < 2 or value[0] not in {0x0C, 0x13, 0x16}:
        raise InputError("certificate extension is not a string")
    length, start = value[1], 2
    if length >= 0x80:
        width = length & 0x7F
        start = 2 + width
        if not 1 <= width <= 3 or len(value) < start:
            raise InputError("certificate extension is not a string")
        length = int.from_bytes(value[2:start], "big")
    if len(value) != start + length:
        raise InputError("certificate extension is not one string")
    try:
        return value[start:].decode()
    except UnicodeDecodeError:
        raise InputError("certificate extension is not text") from None


def verify_chain(
    leaf: SigningCertificate,
    intermediates: Iterable[Certificate],
    root: TrustRoot,
    moment: datetime,
) -> Certificate:
    """The certificate that issued a signer's, where an authority of a moment vouches for it.

    Args:
        leaf: The signer's certificate.
        intermediates: Certificates that came along; they help to find a path and
            are trusted only as far as an authority's root vouches for them.
        root: What is trusted.
        moment: When the signature was made, in UTC.

    Raises:
        VerificationError: No authority of that time vouches for it, it was not
            valid then, or it is not for signing code.
    """
    _check_leaf(leaf, moment)
    extra = tuple(intermediates)
    known = {one for authority in root.authorities for one in authority.chain}
    for one in extra:
        if one.issuer == one.subject and one not in known:
            raise VerificationError(
                "the certificate chain holds a root certificate that the trusted root does not",
                error="ErrorInvalidCertificate",
            )
    for authority in root.authorities_at(moment):
        issuer = _issuer_of(
            leaf.certificate, (*authority.chain, *extra), authority.chain[-1], moment
        )
        if issuer is not None:
            return issuer
    raise VerificationError(
        f"no certificate authority of the trusted root vouches for the certificate at "
        f"{moment:%Y-%m-%d %H:%M:%S} UTC",
        error="ErrorInvalidCertificate",
        remedy="Give the trusted root of the instance that issued it with --trusted-root.",
    )


def _issuer_of(
    leaf: Certificate, pool: tuple[Certificate, ...], anchor: Certificate, moment: datetime
) -> Certificate | None:
    """The issuer of a certificate on a path to the anchor.

    The shortest path is found first and no authority is looked at twice, so
    that certificates which sign each other cannot keep it busy.
    """
    queue: deque[tuple[Certificate, Certificate | None, int]] = deque([(leaf, None, 0)])
    seen: set[Certificate] = set()
    while queue:
        current, first, depth = queue.popleft()
        for candidate in pool:
            if candidate in seen or not _valid_at(candidate, moment):
                continue
            if not _issued(current, candidate, depth):
                continue
            found = first or candidate
            if candidate == anchor:
                return found
            seen.add(candidate)
            if depth + 1 < MAX_CHAIN:
                queue.append((candidate, found, depth + 1))
    return None


def _valid_at(certificate: Certificate, moment: datetime) -> bool:
    return certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc


@lru_cache(maxsize=4096)
def _issued(child: Certificate, parent: Certificate, below: int) -> bool:
    """Whether an authority's certificate signed another, with ``below`` authorities in between."""
    from cryptography import x509

    if child.issuer != parent.subject or child == parent:
        return False
    try:
        basic = parent.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = parent.extensions.get_extension_for_class(x509.KeyUsage).value
        critical = {one.oid.dotted_string for one in parent.extensions if one.critical}
        if not basic.ca or not usage.key_cert_sign or critical - _CRITICAL:
            return False
        if basic.path_length is not None and below > basic.path_length:
            return False
        if not _may_issue_signers(parent):
            return False
        child.verify_directly_issued_by(parent)
    except _malformed():
        return False
    return True


def _may_issue_signers(authority: Certificate) -> bool:
    """Whether an authority's purposes, where it is bound to any, include the signing of code.

    One root may stand above authorities of signers and of timestamps (RFC 5280, section
    4.2.1.12; Go's and OpenSSL's verifiers nest purposes likewise).
    """
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    try:
        purposes = authority.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return (
        ExtendedKeyUsageOID.CODE_SIGNING in purposes
        or ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in purposes
    )


def _check_leaf(leaf: SigningCertificate, moment: datetime) -> None:
    """Refuse a certificate that was not valid, or is not one that signs code."""
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    if not leaf.not_before <= moment <= leaf.not_after:
        raise VerificationError(
            f"the certificate was valid from {leaf.not_before:%Y-%m-%d %H:%M:%S} to "
            f"{leaf.not_after:%H:%M:%S} UTC, and the signature is of {moment:%Y-%m-%d %H:%M:%S}",
            error="ErrorInvalidCertificate",
        )
    try:
        usage = leaf.extensions.get_extension_for_class(x509.KeyUsage).value
        purposes = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        raise VerificationError(
            "the certificate does not say what it is for", error="ErrorInvalidCertificate"
        ) from None
    try:
        basic = leaf.extensions.get_extension_for_class(x509.BasicConstraints).value
        authority = basic.ca
    except x509.ExtensionNotFound:
        authority = False
    critical = {one.oid.dotted_string for one in leaf.extensions if one.critical}
    if (
        authority
        or not usage.digital_signature
        or ExtendedKeyUsageOID.CODE_SIGNING not in purposes
        or critical - _CRITICAL
    ):
        raise VerificationError(
            "the certificate is not one for signing code", error="ErrorInvalidCertificate"
        )
