"""DSSE envelopes with a certificate and no log entry: slsa-github-generator's ``.intoto.jsonl``.

Their log entry is only in the public log, which is not asked.  Signature,
chain and certificate log hold; that the signature was made in the certificate's
ten minutes is not shown, so they are never more than *valid, time unproven*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.formats.dsse import pae
from pratique.formats.sigstore.cosign import pem_certificates
from pratique.provenance.bundle import statement_of
from pratique.provenance.certificates import SigningCertificate, load_certificate, verify_chain
from pratique.provenance.errors import UnsupportedEvidenceError, VerificationError
from pratique.provenance.keys import verify
from pratique.provenance.scts import embedded, verify_scts
from pratique.provenance.subject import descriptor_of

if TYPE_CHECKING:
    from pratique.formats.dsse import Envelope, Signature
    from pratique.formats.intoto import Statement
    from pratique.provenance.subject import Subject
    from pratique.provenance.trust import TrustRoot

TIME_CAUSE = (
    "no log entry or timestamp shows that the signature was made while its certificate was valid"
)


class TimeUnproven:
    """An envelope whose signature and certificate hold; made by :func:`verify_envelope` alone.

    Args:
        certificate: Of the signer.
        statement: What is stated.
    """

    def __init__(self, certificate: SigningCertificate, statement: Statement) -> None:
        self.certificate = certificate
        self.statement = statement


def verify_envelope(
    envelope: Envelope, root: TrustRoot, subject: Subject | None = None
) -> TimeUnproven:
    """Verify all of an envelope that can be without its log entry.

    Raises:
        UnsupportedEvidenceError: No signature has a certificate.
        VerificationError: A signature, its chain or the subject does not hold.
        InputError: Something in it cannot be read.
    """
    certified = [one for one in envelope.signatures if one.certificate]
    if not certified:
        raise UnsupportedEvidenceError(
            "the envelope has no certificate; its signer is only in the public log",
            remedy="Give the signer's public key with --key, or a Sigstore bundle.",
        )
    if len(envelope.signatures) > 1:
        raise UnsupportedEvidenceError("envelopes with several signatures are not verified")
    certificate = _verify(certified[0], envelope, root)
    statement = statement_of(envelope)
    if subject is not None:
        descriptor_of(statement, subject)
    return TimeUnproven(certificate, statement)


def _verify(signature: Signature, envelope: Envelope, root: TrustRoot) -> SigningCertificate:
    leaf, *rest = pem_certificates(signature.certificate)
    certificate = SigningCertificate(leaf)
    others = [load_certificate(one) for one in rest]
    issuer = verify_chain(certificate, others, root, certificate.not_before)
    if embedded(certificate):  # Fulcio's first certificates had theirs beside them
        verify_scts(certificate, issuer, root)
    try:
        verify(certificate.key, signature.sig, pae(envelope.payload_type, envelope.payload))
    except VerificationError as error:
        raise VerificationError(error.message, error="ErrorNoValidSignature") from None
    return certificate
