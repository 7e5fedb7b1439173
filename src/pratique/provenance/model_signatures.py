"""Signatures of AI models: OpenSSF Model Signing (OMS) v1.0.

A signature is a Sigstore bundle over a statement that lists every file of a
folder with its digest (predicate ``https://model_signing/signature/v1.0``).
Who signed is verified as for any other bundle, offline and against the same
roots; the folder is read by the library ``model-signing``, in the way that the
statement says.  Nothing of a model is loaded or run.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.dsse.wire import decode_json
from pratique.formats.sigstore import read_bundle
from pratique.model.attestation import Grade, VerifiedEvidence
from pratique.model.errors import InputError, LimitError
from pratique.provenance.bundle import expect_signer, statement_of, verify_bundle
from pratique.provenance.errors import UnsupportedEvidenceError, VerificationError
from pratique.provenance.keys import key_id
from pratique.provenance.model_folder import (
    PREDICATE_TYPE,
    Signature,
    compare,
    name_of,
    named,
    within,
)
from pratique.provenance.subject import Subject
from pratique.provenance.vsa import verify_keyed_envelope

if TYPE_CHECKING:
    from pathlib import Path

    from pratique.formats.intoto import Statement
    from pratique.formats.sigstore import Bundle
    from pratique.provenance.bundle import Verified
    from pratique.provenance.request import Request

FORMER_TYPE = "https://model_signing/Digests/v0.1"
"""Of releases before 1.0, which did not say how the folder was read."""

KIND = "model-signature"

NAME = "model.sig"
"""How signatures are named, in the folder or beside it."""

MAX_RESOURCES = 200_000
"""Most files or shards of one model; the largest published ones have some thousand."""


def is_model_signature(path: Path, data: bytes) -> bool:
    """Whether a file beside a model of one file is its signature: by its name, and as JSON."""
    return path.suffix.lower() == ".sig" and data.lstrip()[:1] == b"{"


def find_signature(folder: Path) -> tuple[Path, ...]:
    """Signatures in a model's folder and beside it."""
    places = (folder / NAME, folder.with_name(f"{folder.name}.sig"))
    return tuple(path for path in places if path.is_file())


def model_subject(folder: Path) -> Subject:
    """A model before anything is known of it: a name without digests."""
    return Subject(name_of(folder), {})


def judge_model(
    data: bytes, path: Path, folder: Path, request: Request
) -> tuple[Subject, VerifiedEvidence]:
    """The model and the evidence of one signature of it.

    Args:
        data: The signature's document.
        path: Where that is.
        folder: The model: a folder, or a file.
        request: What is trusted and expected.

    Raises:
        UnsupportedEvidenceError: It is of a kind that is not verified here, or the library is
            absent.
        VerificationError: It does not hold, or the folder is not what was signed.
        InputError: Something cannot be read.
    """
    _refuse_certificates(data)
    bundle = read_bundle(data)
    verified, statement, identity = _signed(bundle, request)
    expected = _predicate(statement)
    subject = Subject(name_of(folder), {"sha256": _root_digest(statement, expected)})
    left_out = compare(folder, expected, within(path, folder))
    evidence = VerifiedEvidence(
        grade=Grade.VERIFIED,
        kind=KIND,
        subject=str(subject),
        predicate_type=statement.predicate_type,
        identity=identity,
        issuer=verified.issuer if verified else "",
        signed_at=verified.times[0] if verified and verified.times else None,
        cause=f"not covered by the signature: {named(left_out)}" if left_out else "",
    )
    return subject, evidence


def _refuse_certificates(data: bytes) -> None:
    """Refuse the method ``certificate`` (section 4.1), whose chain a bundle 0.3 may not have."""
    document = decode_json(data, Any, "Sigstore bundle")
    material = document.get("verificationMaterial") if isinstance(document, dict) else None
    if (
        isinstance(material, dict)
        and "x509CertificateChain" in material
        and not (material.get("tlogEntries") or material.get("timestampVerificationData"))
    ):
        raise UnsupportedEvidenceError(
            "the model is signed with a certificate outside Sigstore, which is not verified here",
            remedy="Verify it with 'model_signing verify certificate'.",
        )


def _signed(bundle: Bundle, request: Request) -> tuple[Verified | None, Statement, str]:
    """Who signed what; the same checks as for any other bundle."""
    if bundle.envelope is None:
        raise UnsupportedEvidenceError("a signature of a model has a statement, and this has none")
    if not bundle.certificates and request.key is not None:
        if request.identity or request.issuer:
            raise VerificationError("a bare key has no identity", error="ErrorMismatchCertificate")
        statement = verify_keyed_envelope(bundle.envelope, request.key)
        return None, statement, f"key:{key_id(request.key)}"
    verified = verify_bundle(bundle, request.root)
    expect_signer(verified, request.identity, request.issuer)
    return verified, statement_of(bundle.envelope), verified.identity


def _predicate(statement: Statement) -> Signature:
    if statement.predicate_type == FORMER_TYPE:
        raise UnsupportedEvidenceError(
            "the model was signed before Model Signing 1.0, without how its folder was read",
            remedy="Ask the publisher to sign it again.",
        )
    if statement.predicate_type != PREDICATE_TYPE:
        raise UnsupportedEvidenceError(
            f"{statement.predicate_type[:80]!r} is no signature of a model"
        )
    try:
        found = msgspec.convert(statement.predicate, Signature, strict=False)
    except msgspec.ValidationError as error:
        raise InputError(f"signature of the model cannot be read: {str(error)[:160]}") from None
    if not found.resources:
        raise InputError("the signature of the model names no file")
    if len(found.resources) > MAX_RESOURCES:
        raise LimitError(f"the model has over {MAX_RESOURCES:,} files")
    names = [one.name for one in found.resources]
    if len(set(names)) != len(names):
        raise InputError("the signature of the model names a file twice")
    return found


def _root_digest(statement: Statement, expected: Signature) -> str:
    """Digest of the whole: that of the digests of all files, in order (section 6.5.1)."""
    digests = [one.digests.get("sha256", "").lower() for one in statement.subject]
    total = hashlib.sha256(b"".join(bytes.fromhex(one.digest) for one in expected.resources))
    if digests != [total.hexdigest()]:
        raise VerificationError(
            "the statement's subject is not the digest of the files that it lists",
            error="ErrorInvalidDssePayload",
        )
    return total.hexdigest()
