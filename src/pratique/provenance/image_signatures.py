"""Verification of cosign's signatures over images: who signed that this is the image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.model.attestation import Grade, VerifiedEvidence
from pratique.provenance.bundle import expect_signer, verify_bundle
from pratique.provenance.certified import certified_source, check_certified
from pratique.provenance.errors import UnsupportedEvidenceError, VerificationError
from pratique.provenance.images import image_digest
from pratique.provenance.keys import key_id, verify
from pratique.provenance.subject import subject_of_bytes

if TYPE_CHECKING:
    from pratique.formats.sigstore.simple_signing import ImageSignature
    from pratique.provenance.request import Request
    from pratique.provenance.subject import Subject

KIND = "cosign-signature"


def judge_image_signature(
    given: ImageSignature, image: Subject, request: Request
) -> VerifiedEvidence:
    """Evidence of a signature over an image.

    Args:
        given: The signature.
        image: The image.
        request: What is trusted and expected.

    Raises:
        UnsupportedEvidenceError: A key signed, and none is given.
        VerificationError: It does not hold, is over another image, or by somebody else.
        InputError: Something in it cannot be read.
    """
    if given.bundle.certificates:
        evidence = _certified(given, image, request)
    else:
        evidence = _keyed(given, image, request)
    if image_digest(given.image) != image.digests["sha256"]:
        raise VerificationError(
            "the signature is over another image",
            error="ErrorMismatchHash",
            remedy="Check that the image is the one that was published with this signature.",
        )
    return evidence


def _certified(given: ImageSignature, image: Subject, request: Request) -> VerifiedEvidence:
    verified = verify_bundle(
        given.bundle, request.root, subject_of_bytes("signature", given.payload)
    )
    expect_signer(verified, request.identity, request.issuer)
    check_certified(verified.certificate, request)
    return VerifiedEvidence(
        grade=Grade.VERIFIED,
        kind=KIND,
        subject=str(image),
        identity=verified.identity,
        issuer=verified.issuer,
        source=certified_source(verified.certificate),
        signed_at=verified.times[0] if verified.times else None,
    )


def _keyed(given: ImageSignature, image: Subject, request: Request) -> VerifiedEvidence:
    """Evidence of a key's signature, which needs no proof of time."""
    message = given.bundle.message
    if request.key is None or message is None:
        raise UnsupportedEvidenceError(
            "the image is signed with a key, which is not known here",
            remedy="Give the signer's public key with --key.",
        )
    if request.identity or request.issuer:
        raise VerificationError("a bare key has no identity", error="ErrorMismatchCertificate")
    verify(request.key, message.signature, given.payload)
    check_certified(None, request)
    return VerifiedEvidence(
        grade=Grade.VERIFIED,
        kind=KIND,
        subject=str(image),
        identity=f"key:{key_id(request.key)}",
    )
