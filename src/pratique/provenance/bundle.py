"""Verification of Sigstore bundles, offline, against a pinned trusted root.

The order is that of the Sigstore client specification, section "Verification":
log entries and what they are about, timestamps, the certificate's chain at
every proven time, the certificate's own log, then the signature.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from pratique.formats.dsse import IN_TOTO_PAYLOAD, pae
from pratique.formats.intoto import Statement, read_statement
from pratique.model.errors import InputError
from pratique.provenance.certificates import SigningCertificate, load_certificate, verify_chain
from pratique.provenance.entries import bind, signed_of
from pratique.provenance.errors import UnsupportedEvidenceError, VerificationError
from pratique.provenance.keys import verify, verify_digest
from pratique.provenance.log import trusted_log, verify_inclusion, verify_promise
from pratique.provenance.scts import verify_scts
from pratique.provenance.subject import descriptor_of
from pratique.provenance.timestamps import verify_timestamp

if TYPE_CHECKING:
    from datetime import datetime

    from pratique.formats.dsse import Envelope
    from pratique.formats.sigstore import Bundle, LogEntry
    from pratique.formats.sigstore.bundle import MessageSignature
    from pratique.provenance.entries import Signed
    from pratique.provenance.subject import Subject
    from pratique.provenance.trust import TrustRoot


class Verified:
    """What a bundle proves; made by :func:`verify_bundle` alone.

    Args:
        certificate: Of the signer; None where a managed key signed.
        key_hint: The bundle's name for the managed key; not authenticated.
        times: Proven times of the signature, in UTC, earliest first.
        envelope: What was signed; None for a bare signature over an artifact.
    """

    def __init__(
        self,
        certificate: SigningCertificate | None,
        key_hint: str | None,
        times: tuple[datetime, ...],
        envelope: Envelope | None,
    ) -> None:
        self.certificate = certificate
        self.key_hint = key_hint
        self.times = times
        self.envelope = envelope

    @cached_property
    def statement(self) -> Statement | None:
        """What is stated; None for a bare signature over an artifact.

        Raises:
            VerificationError: The envelope holds something else.
            InputError: The statement cannot be read.
        """
        return statement_of(self.envelope) if self.envelope else None

    @property
    def identity(self) -> str:
        """Who signed."""
        return self.certificate.identity if self.certificate else f"key:{self.key_hint}"

    @property
    def issuer(self) -> str:
        """Who vouches for the identity; empty for a managed key."""
        return self.certificate.issuer if self.certificate else ""


def verify_bundle(
    bundle: Bundle, root: TrustRoot, subject: Subject | None = None, *, key: Any = None
) -> Verified:
    """Verify a bundle, and that it is about an artifact.

    Args:
        bundle: From :func:`pratique.formats.sigstore.read_bundle`.
        root: What is trusted.
        subject: The artifact; None leaves the comparison to the caller, and is
            refused for a bare signature, which has no other content.
        key: The managed key that must have signed; required where the bundle
            has no certificate, refused where it has one.

    Raises:
        VerificationError: Something does not hold; its message says what.
        InputError: Something in it cannot be read.
    """
    certificate, signer = _signer(bundle, key)
    signed = signed_of(bundle, certificate.der if certificate else b"", signer)
    times = _times(bundle, signed, root)
    if certificate is not None:
        _verify_certificate(certificate, bundle, root, times)
    _verify_signature(bundle, signer, subject)
    verified = Verified(certificate, bundle.key_hint, times, bundle.envelope)
    if subject is not None and verified.statement is not None:
        descriptor_of(verified.statement, subject)
    return verified


def _signer(bundle: Bundle, key: Any) -> tuple[SigningCertificate | None, Any]:
    if bundle.certificates:
        if key is not None:
            raise VerificationError(
                "the bundle is signed with a certificate, not with the key that was given",
                error="ErrorInvalidPublicKey",
            )
        certificate = SigningCertificate(bundle.certificates[0])
        return certificate, certificate.key
    if key is None:
        raise UnsupportedEvidenceError(
            f"the bundle is signed with the key {bundle.key_hint!r}, which is not known here",
            remedy="Give the signer's public key with --key.",
        )
    return None, key


def _times(bundle: Bundle, signed: Signed, root: TrustRoot) -> tuple[datetime, ...]:
    """Proven times of the signature; every log entry and timestamp must hold."""
    if not bundle.entries and (root.logs or not bundle.timestamps):
        raise VerificationError(
            "the bundle holds no entry of a transparency log", error="ErrorNoValidRekorEntries"
        )
    times = {verify_timestamp(one, signed.signature, root) for one in bundle.timestamps}
    for entry in bundle.entries:
        times |= _verify_entry(entry, signed, root, times)
    if not times and signed.certificate:
        raise VerificationError(
            "nothing in the bundle proves when the signature was made",
            error="ErrorInvalidRekorEntry",
        )
    return tuple(sorted(times))


def _verify_entry(
    entry: LogEntry, signed: Signed, root: TrustRoot, times: set[datetime]
) -> set[datetime]:
    """Times that an entry proves: one with a promise, none without (Rekor v2)."""
    log = trusted_log(entry, root)
    promised = verify_promise(entry, log)
    proof = entry.proof
    if proof is not None and (proof.checkpoint or promised is None):
        verify_inclusion(entry, proof, log)
    elif promised is None:
        raise VerificationError("the log entry is not proven", error="ErrorInvalidRekorEntry")
    if promised is None and not all(log.validity.covers(when) for when in times):
        raise VerificationError(
            "the log's key was not valid when the signature was made",
            error="ErrorInvalidRekorEntry",
        )
    bind(entry, signed)
    return {promised} if promised else set()


def _verify_certificate(
    certificate: SigningCertificate,
    bundle: Bundle,
    root: TrustRoot,
    times: tuple[datetime, ...],
) -> None:
    intermediates = tuple(load_certificate(one) for one in bundle.certificates[1:])
    for when in times:
        issuer = verify_chain(certificate, intermediates, root, when)
    verify_scts(certificate, issuer, root)


def _verify_signature(bundle: Bundle, signer: Any, subject: Subject | None) -> None:
    envelope = bundle.envelope
    if envelope is not None:
        verify(signer, envelope.signatures[0].sig, pae(envelope.payload_type, envelope.payload))
        return
    message = bundle.message
    if message is None or subject is None:
        raise InputError("a signature over an artifact needs the artifact")
    _verify_message(message, signer, subject)


def _verify_message(message: MessageSignature, signer: Any, subject: Subject) -> None:
    known = subject.digests.get(message.algorithm)
    if known is None:
        raise UnsupportedEvidenceError(
            f"the signature is over a {message.algorithm} digest, which is not taken here"
        )
    if known != message.digest.hex():
        raise VerificationError(
            "the signature is over another artifact",
            error="ErrorMismatchHash",
            remedy="Check that the artifact is the one that was published with this evidence.",
        )
    try:
        verify_digest(signer, message.signature, message.algorithm, message.digest)
    except UnsupportedEvidenceError:
        verify(signer, message.signature, subject.content())


def statement_of(envelope: Envelope) -> Statement:
    """The in-toto statement in an envelope.

    Raises:
        VerificationError: Its payload is of another type, or no statement.
    """
    if envelope.payload_type != IN_TOTO_PAYLOAD:
        raise VerificationError(
            f"the envelope holds {envelope.payload_type[:80]!r}, not an in-toto statement",
            error="ErrorInvalidDssePayload",
        )
    try:
        return read_statement(envelope.payload)
    except InputError as error:
        raise VerificationError(error.message, error="ErrorInvalidDssePayload") from None


def expect_signer(verified: Verified, identity: str = "", issuer: str = "") -> None:
    """Check who signed; an empty expectation is none.

    Raises:
        VerificationError: Somebody else signed, or another issuer vouches for them.
    """
    if identity and verified.identity != identity:
        raise VerificationError(
            f"signed by {verified.identity}, not by {identity}",
            error="ErrorMismatchCertificate",
            remedy="Find out who should have signed; do not use the artifact until then.",
        )
    if issuer and verified.issuer != issuer:
        raise VerificationError(
            f"the signer is vouched for by {verified.issuer or 'nobody'}, not by {issuer}",
            error="ErrorInvalidOIDCIssuer",
        )
