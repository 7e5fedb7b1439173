"""One document of evidence to graded evidence; what is wrong with it is no error but a grade."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.dsse import read_envelope
from pratique.formats.sigstore import bundle_of, read_bundle
from pratique.formats.sigstore.npm import read_npm_attestations
from pratique.formats.sigstore.pep740 import (
    attestation_of,
    read_attestation,
    read_index_provenance,
)
from pratique.formats.slsa import PROVENANCE_TYPES, VSA_TYPES
from pratique.formats.slsa.gcb import read_gcb
from pratique.model.attestation import Grade, VerifiedEvidence
from pratique.model.errors import InputError, PratiqueError, UnsupportedError
from pratique.provenance.builders import (
    KNOWN,
    is_builder,
    level_of,
    split_builder,
)
from pratique.provenance.bundle import (
    Verified,
    expect_signer,
    statement_of,
    verify_bundle,
)
from pratique.provenance.certified import certified_source, check_certified
from pratique.provenance.errors import UnsupportedEvidenceError, VerificationError
from pratique.provenance.expectations import check_parameters
from pratique.provenance.gcb import verify_gcb
from pratique.provenance.keys import key_id
from pratique.provenance.kinds import Kind
from pratique.provenance.legacy import TIME_CAUSE, verify_envelope
from pratique.provenance.npm import verify_npm
from pratique.provenance.pep740 import expect_publisher, verify_attestation
from pratique.provenance.slsa import (
    ARTIFACT_BUILDERS,
    check_provenance,
    check_stated_source,
    read_provenance,
)
from pratique.provenance.subject import descriptor_of
from pratique.provenance.vsa import check_summary, verify_keyed_envelope

if TYPE_CHECKING:
    from pratique.formats.dsse import Envelope
    from pratique.formats.intoto import Statement
    from pratique.formats.sigstore import Bundle
    from pratique.provenance.certificates import SigningCertificate
    from pratique.provenance.request import Request
    from pratique.provenance.subject import Subject

Judgement = Callable[[bytes, "Subject", "Request"], list[VerifiedEvidence]]

BUNDLE_ACTION = "Ask the publisher for a Sigstore bundle, which holds its own proof of time."
OTHER_ACTION = "Verify it with the tool that made it, or ask the publisher for other evidence."
CHANGED_ACTION = "Do not use the artifact; fetch it and its evidence again from their origin."
EXPECTED_ACTION = (
    "The evidence is of something else than was asked for: check what you expect, and do not use "
    "the artifact until both agree."
)

EXPECTATIONS = frozenset(
    {
        "ErrorMismatchBranch",
        "ErrorMismatchTag",
        "ErrorMismatchVersionedTag",
        "ErrorMismatchWorkflowInputs",
        "ErrorMismatchSource",
        "ErrorMismatchBuilderID",
        "ErrorUntrustedReusableWorkflow",
        "ErrorInvalidOIDCIssuer",
        "ErrorMismatchPackageName",
        "ErrorMismatchPackageVersion",
        "ErrorMismatchVerifierID",
        "ErrorMismatchResourceURI",
        "ErrorMismatchVerifiedLevels",
    }
)
"""Names of what does not match where the signature itself may be right."""


def judge(
    data: bytes, kind: Kind, path: str, subject: Subject, request: Request
) -> list[VerifiedEvidence]:
    """Grade one document.

    Args:
        data: The document.
        kind: From :func:`pratique.provenance.kinds.kind_of`.
        path: For the answer.
        subject: The artifact.
        request: What is trusted and expected.
    """
    try:
        found = _JUDGEMENTS[kind](data, subject, request)
    except PratiqueError as error:
        found = [failed(error, kind)]
    return [msgspec.structs.replace(one, path=path) for one in found]


def failed(error: PratiqueError, kind: str) -> VerifiedEvidence:
    """Evidence that an error speaks against: unsupported if it is about a kind, else failed."""
    unsupported = isinstance(error, UnsupportedError | UnsupportedEvidenceError)
    name = getattr(error, "error", "" if unsupported else "ErrorInvalidFormat")
    action = EXPECTED_ACTION if name in EXPECTATIONS else CHANGED_ACTION
    return VerifiedEvidence(
        grade=Grade.UNSUPPORTED if unsupported else Grade.FAILED,
        kind=kind,
        cause=error.message,
        error=name,
        next_action=error.remedy or (OTHER_ACTION if unsupported else action),
    )


def judge_bundle(
    bundle: Bundle,
    subject: Subject,
    request: Request,
    kind: str = Kind.BUNDLE,
    defaults: frozenset[str] = ARTIFACT_BUILDERS,
) -> VerifiedEvidence:
    """Evidence of a bundle.

    Raises:
        PratiqueError: It does not hold, is not as expected, or cannot be read.
    """
    key = None if bundle.certificates else request.key
    unlogged = key is not None and not bundle.entries and not bundle.timestamps
    if unlogged and bundle.envelope is not None:
        return _judge_keyed(bundle.envelope, subject, request, kind)
    verified = verify_bundle(bundle, request.root, subject, key=key)
    expect_signer(verified, request.identity, request.issuer)
    statement = verified.statement
    evidence = _signed_evidence(verified, subject, kind)
    if key is not None:  # the bundle's own name for it is not authenticated
        evidence = msgspec.structs.replace(evidence, identity=f"key:{key_id(key)}")
    if statement is None:
        check_certified(verified.certificate, request)
        return evidence
    return _judge_statement(evidence, statement, verified.certificate, subject, request, defaults)


def _signed_evidence(verified: Verified, subject: Subject, kind: str) -> VerifiedEvidence:
    statement = verified.statement
    return VerifiedEvidence(
        grade=Grade.VERIFIED,
        kind=kind,
        subject=str(subject),
        predicate_type=statement.predicate_type if statement else "",
        identity=verified.identity,
        issuer=verified.issuer,
        source=certified_source(verified.certificate),
        signed_at=verified.times[0] if verified.times else None,
    )


def _judge_statement(
    evidence: VerifiedEvidence,
    statement: Statement,
    certificate: SigningCertificate | None,
    subject: Subject,
    request: Request,
    defaults: frozenset[str],
) -> VerifiedEvidence:
    """Add what a statement says, after checking it against the expectations."""
    if statement.predicate_type in PROVENANCE_TYPES:
        return _judge_provenance(evidence, statement, certificate, subject, request, defaults)
    check_certified(certificate, request)
    if statement.predicate_type in VSA_TYPES:
        summary = check_summary(statement, subject, request.summary)
        known = request.expects(evidence.identity, evidence.issuer)
        if request.summary.verifier and not known:
            raise UnsupportedEvidenceError(
                f"anybody may sign a summary that names {request.summary.verifier}",
                remedy="Say how the verifier signs, with --key, or --identity and --issuer.",
            )
        if not known:  # anybody may sign a summary that gives any level
            return evidence
        return msgspec.structs.replace(evidence, levels=summary.verified_levels)
    return evidence


def _judge_provenance(
    evidence: VerifiedEvidence,
    statement: Statement,
    certificate: SigningCertificate | None,
    subject: Subject,
    request: Request,
    defaults: frozenset[str],
) -> VerifiedEvidence:
    expected = request.expected
    signer = split_builder(evidence.identity)[0]
    if certificate is not None and (expected.builder or signer in defaults):
        named = descriptor_of(statement, subject).digests
        digests = [value for name, value in subject.digests.items() if name in named]
        built = check_provenance(statement, certificate, expected, digests, defaults=defaults)
        return msgspec.structs.replace(
            evidence,
            builder=built.builder,
            source=built.source,
            levels=(f"SLSA_BUILD_LEVEL_{built.level}",),
        )
    if expected.builder:
        raise VerificationError(
            "provenance of a bare key proves no builder", error="ErrorMismatchBuilderID"
        )
    check_certified(certificate, request)
    provenance = read_provenance(statement)
    check_parameters(provenance)
    if expected.source:
        check_stated_source(provenance, expected.source)
    builder = provenance.builder
    runner = certificate.claims.get("runner-environment", "") if certificate else ""
    level = level_of(builder, evidence.identity, evidence.issuer, runner)
    made = msgspec.structs.replace(evidence, levels=(f"SLSA_BUILD_LEVEL_{level}",))
    if request.expects(evidence.identity, evidence.issuer) or is_builder(
        builder, evidence.identity, evidence.issuer, runner
    ):
        return msgspec.structs.replace(made, builder=builder)
    if split_builder(builder)[0] in {signer, *KNOWN}:
        raise VerificationError(
            f"the provenance says that {builder[:200]} built it, and {evidence.identity} signed it",
            error="ErrorMismatchBuilderID",
            remedy="Find out who should have signed; do not use the artifact until then.",
        )
    cause = f"that {builder[:200]} built it is said by the signer alone"
    return msgspec.structs.replace(made, cause=cause if builder else "")


def _bundle(data: bytes, subject: Subject, request: Request) -> list[VerifiedEvidence]:
    return [judge_bundle(read_bundle(data), subject, request)]


def _envelope(data: bytes, subject: Subject, request: Request) -> list[VerifiedEvidence]:
    """An envelope: signed with the caller's key, or with a certificate and no proof of time."""
    envelope = read_envelope(data)
    if request.key is not None and not any(one.certificate for one in envelope.signatures):
        return [_judge_keyed(envelope, subject, request, Kind.ENVELOPE)]
    found = verify_envelope(envelope, request.root, subject)
    verified = Verified(found.certificate, None, (), envelope)
    expect_signer(verified, request.identity, request.issuer)
    evidence = _judge_statement(
        _signed_evidence(verified, subject, Kind.ENVELOPE),
        found.statement,
        found.certificate,
        subject,
        request,
        ARTIFACT_BUILDERS,
    )
    return [
        msgspec.structs.replace(
            evidence, grade=Grade.TIME_UNPROVEN, cause=TIME_CAUSE, next_action=BUNDLE_ACTION
        )
    ]


def _judge_keyed(
    envelope: Envelope, subject: Subject, request: Request, kind: str
) -> VerifiedEvidence:
    """Evidence of an envelope that the caller's key signed; a key needs no proof of time.

    Raises:
        PratiqueError: No signature is the key's, or the statement is not as expected.
    """
    if request.identity or request.issuer:
        raise VerificationError("a bare key has no identity", error="ErrorMismatchCertificate")
    statement = verify_keyed_envelope(envelope, request.key)
    descriptor_of(statement, subject)
    evidence = VerifiedEvidence(
        grade=Grade.VERIFIED,
        kind=kind,
        subject=str(subject),
        predicate_type=statement.predicate_type,
        identity=f"key:{key_id(request.key)}",
    )
    return _judge_statement(evidence, statement, None, subject, request, ARTIFACT_BUILDERS)


def _npm(data: bytes, subject: Subject, request: Request) -> list[VerifiedEvidence]:
    document = read_npm_attestations(data)
    digest = subject.digests.get("sha512")
    if digest is None:
        raise UnsupportedEvidenceError("the attestations are of a SHA-512 digest")
    expected = request.expected
    if not expected.builder:
        expected = msgspec.structs.replace(
            expected, builder=_npm_builder(document.provenance.bundle)
        )
    name, version = request.package
    found = verify_npm(
        document,
        request.root,
        expected,
        digest=digest,
        name=name,
        version=version,
        keys=request.registry_keys or None,
    )
    provenance: Verified = found.provenance
    expect_signer(provenance, request.identity, request.issuer)
    return [
        msgspec.structs.replace(
            _signed_evidence(provenance, subject, Kind.NPM),
            builder=found.built.builder,
            source=found.built.source,
            levels=(f"SLSA_BUILD_LEVEL_{found.built.level}",),
        ),
        _signed_evidence(found.publish, subject, Kind.NPM),
    ]


def _npm_builder(bundle: Any) -> str:
    """The builder that provenance names: where none is expected, it must be consistent."""
    envelope = bundle_of(bundle).envelope
    if envelope is None:
        raise InputError("npm provenance has no envelope")
    return read_provenance(statement_of(envelope)).builder


def _index_attestation(data: bytes, subject: Subject, request: Request) -> list[VerifiedEvidence]:
    bundle = read_attestation(data)
    verify_attestation(bundle, request.root, subject)
    return [judge_bundle(bundle, subject, request, Kind.INDEX_ATTESTATION)]


def _index_provenance(data: bytes, subject: Subject, request: Request) -> list[VerifiedEvidence]:
    found = []
    for one in read_index_provenance(data).attestation_bundles:
        for attestation in one.attestations:
            bundle = attestation_of(attestation)
            verified = verify_attestation(bundle, request.root, subject)
            expect_publisher(verified, one.publisher)
            found.append(judge_bundle(bundle, subject, request, Kind.INDEX_PROVENANCE))
    return found


def _gcb(data: bytes, subject: Subject, request: Request) -> list[VerifiedEvidence]:
    if request.identity or request.issuer:
        raise VerificationError("Cloud Build signs with a key", error="ErrorMismatchCertificate")
    built, signed = verify_gcb(read_gcb(data), subject.digests["sha256"], request.expected)
    return [
        VerifiedEvidence(
            grade=Grade.VERIFIED,
            kind=Kind.GCB,
            subject=str(subject),
            predicate_type=signed.statement.predicate_type,
            identity=f"key:{signed.key}",
            builder=built.builder,
            source=built.source,
            levels=(f"SLSA_BUILD_LEVEL_{built.level}",),
        )
    ]


_JUDGEMENTS: dict[Kind, Judgement] = {
    Kind.BUNDLE: _bundle,
    Kind.ENVELOPE: _envelope,
    Kind.NPM: _npm,
    Kind.INDEX_ATTESTATION: _index_attestation,
    Kind.INDEX_PROVENANCE: _index_provenance,
    Kind.GCB: _gcb,
}
