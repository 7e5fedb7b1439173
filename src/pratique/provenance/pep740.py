"""Attestations of package indexes (PEP 740): about one distribution, by one publisher.

What the index says of the publisher is not signed: a consumer needs an
expectation of their own, and without one the answer is only who signed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from pratique.formats.sigstore.pep740 import PUBLISH_SUFFIX, Publisher, attestation_of
from pratique.provenance.builders import GITHUB, GITHUB_ISSUER
from pratique.provenance.bundle import Verified, verify_bundle
from pratique.provenance.errors import UnsupportedEvidenceError, VerificationError
from pratique.provenance.subject import descriptor_of

if TYPE_CHECKING:
    from pratique.formats.sigstore import Bundle
    from pratique.formats.sigstore.pep740 import IndexProvenance
    from pratique.provenance.subject import Subject
    from pratique.provenance.trust import TrustRoot

GITLAB = "https://gitlab.com"
GOOGLE_ISSUER = "https://accounts.google.com"


def verify_attestation(
    bundle: Bundle, root: TrustRoot, subject: Subject, publisher: Publisher | None = None
) -> Verified:
    """Verify an attestation of a distribution.

    Args:
        bundle: From :mod:`pratique.formats.sigstore.pep740`.
        root: What is trusted.
        subject: The distribution; its name counts.
        publisher: Whom the caller expects; None expects nobody.

    Raises:
        VerificationError: It does not hold, is about another file, or by somebody else.
        InputError: Something in it cannot be read.
    """
    verified = verify_bundle(bundle, root, subject)
    statement = verified.statement
    if statement is None or len(statement.subject) != 1:
        raise VerificationError(
            "the attestation must have exactly one subject", error="ErrorInvalidSubject"
        )
    kind = statement.predicate_type
    if not kind.endswith(PUBLISH_SUFFIX) and kind != "https://slsa.dev/provenance/v1":
        raise VerificationError(
            f"the attestation states {kind[:80]!r}, which PEP 740 does not have",
            error="ErrorInvalidDssePayload",
        )
    named = descriptor_of(statement, subject).name or ""
    if _distribution(named) != _distribution(subject.name):
        raise VerificationError(
            f"attested for {named[:120]}, not for {subject.name}", error="ErrorMismatchPackageName"
        )
    if publisher is not None:
        expect_publisher(verified, publisher)
    return verified


def verify_index_provenance(
    document: IndexProvenance, root: TrustRoot, subject: Subject, publisher: Publisher | None = None
) -> tuple[Verified, ...]:
    """Verify all attestations of a provenance object.

    Each must also be by the publisher that the object itself names, so that the
    index does not contradict its own evidence.

    Raises:
        VerificationError: One does not hold, or is by somebody else.
        InputError: Something in it cannot be read.
    """
    found = []
    for one in document.attestation_bundles:
        for attestation in one.attestations:
            verified = verify_attestation(attestation_of(attestation), root, subject, publisher)
            expect_publisher(verified, one.publisher)
            found.append(verified)
    return tuple(found)


def expect_publisher(verified: Verified, publisher: Publisher) -> None:
    """Check that a trusted publisher signed, by the workflow that was configured.

    Raises:
        UnsupportedEvidenceError: The publisher is of a kind not known here.
        VerificationError: Somebody else signed.
    """
    certificate = verified.certificate
    claims = certificate.claims if certificate else {}
    config = claims.get("build-config-uri", "")
    if publisher.kind == "GitHub":
        source = f"{GITHUB}{publisher.repository}"
        prefix = f"{source}/.github/workflows/{publisher.workflow}@"
        issuer, fits = GITHUB_ISSUER, config.startswith(prefix) and bool(publisher.workflow)
    elif publisher.kind == "GitLab":
        source = f"{GITLAB}/{publisher.repository}"
        prefix = f"{source}//{publisher.workflow_filepath}@"
        issuer, fits = GITLAB, config.startswith(prefix) and bool(publisher.workflow_filepath)
    elif publisher.kind == "Google":
        source = claims.get("source-repository-uri", "")
        issuer, fits = GOOGLE_ISSUER, verified.identity == publisher.email
    else:
        raise UnsupportedEvidenceError(f"publishers of kind {publisher.kind[:40]!r} are not known")
    same = claims.get("source-repository-uri", "") == source
    if not (fits and same and verified.issuer == issuer):
        raise VerificationError(
            f"signed by {verified.identity}, not by the publisher "
            f"{publisher.repository or publisher.email}",
            error="ErrorMismatchSource",
            remedy="Find out who publishes the project; do not use the artifact until then.",
        )


def is_of(name: str, project: str, version: str) -> bool:
    """Whether a distribution's file name is of a release, however either is written.

    Raises:
        VerificationError: It is no distribution.
    """
    from packaging.version import InvalidVersion, Version

    _, found, release, *_ = _distribution(name)
    try:
        return found == canonicalize_name(project) and release == Version(version)
    except InvalidVersion:
        return False


def _distribution(name: str) -> tuple[object, ...]:
    """Normalised identity of a distribution's file name (PEP 427, PEP 625).

    Raises:
        VerificationError: It is no distribution.
    """
    try:
        if name.endswith(".whl"):
            wheel, version, build, tags = parse_wheel_filename(name)
            return ("wheel", canonicalize_name(wheel), version, build, frozenset(tags))
        sdist, version = parse_sdist_filename(name)
    except (InvalidWheelFilename, InvalidSdistFilename):
        raise VerificationError(
            f"{name[:120]!r} is no distribution", error="ErrorInvalidSubject"
        ) from None
    return ("sdist", canonicalize_name(sdist), version, name.rpartition(".")[2])
