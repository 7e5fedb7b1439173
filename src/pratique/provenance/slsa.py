"""Whether provenance is what was expected: builder, source, revision, artifact.

The order and the meanings are slsa-verifier 2.7's for GitHub's builders, so
that an answer here is its answer; signatures are checked before, and better
(``bundle.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pratique.formats.slsa import provenance_of
from pratique.model.errors import InputError
from pratique.provenance.builders import (
    GENERATOR,
    GITHUB,
    GITHUB_ISSUER,
    KNOWN,
    WORKFLOW_TYPES,
    level_of,
    split_builder,
)
from pratique.provenance.claims import Claims, Dialect, dialect_of
from pratique.provenance.errors import VerificationError
from pratique.provenance.expectations import (
    Expectations,
    check_digest,
    check_parameters,
    check_revision,
    check_source,
)
from pratique.provenance.refs import name_of, released, split_uri
from pratique.provenance.workflow import Workflow, workflow_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pratique.formats.intoto import Statement
    from pratique.formats.slsa import Provenance
    from pratique.provenance.certificates import SigningCertificate

ARTIFACT_BUILDERS = frozenset(
    one.id for one in KNOWN.values() if one.id.startswith(GENERATOR) and not one.images
)
"""Builders of files whose provenance is taken where none is asked for."""

IMAGE_BUILDERS = frozenset(one.id for one in KNOWN.values() if one.images)
"""Builders of container images, likewise."""

_DELEGATORS = frozenset(one.id for one in KNOWN.values() if one.delegates)
_JRELEASER = f"{GITHUB}jreleaser/release-action"


class Built(msgspec.Struct, frozen=True, kw_only=True):
    """What verified provenance says."""

    builder: str
    source: str
    commit: str
    level: int
    """Build level that signer and builder prove."""


def check_provenance(
    statement: Statement,
    certificate: SigningCertificate,
    expected: Expectations,
    digests: Iterable[str],
    *,
    defaults: frozenset[str] = ARTIFACT_BUILDERS,
) -> Built:
    """Check provenance against what is expected of it.

    Args:
        statement: Verified, with its certificate.
        certificate: Of the signer.
        expected: Builder, source and revision.
        digests: Hexadecimal SHA-2 digests that must all be among its subjects.
        defaults: Builders that are taken where none is asked for.

    Raises:
        VerificationError: Something is not as expected.
        InputError: The provenance cannot be read.
    """
    workflow = workflow_of(certificate)
    delegated = check_builder(workflow, expected, defaults)
    if expected.source:
        check_certified_source(workflow, expected.source)
    claims = check_claims(statement, workflow.signer, expected, digests, delegated=delegated)
    provenance = claims.provenance
    return Built(
        builder=provenance.builder,
        source=claims.source(),
        commit=workflow.commit,
        level=level_of(provenance.builder, workflow.signer, workflow.issuer, workflow.runner),
    )


def read_provenance(statement: Statement) -> Provenance:
    """Provenance of a statement.

    Raises:
        VerificationError: It cannot be read; the cause is in the message.
    """
    try:
        return provenance_of(statement)
    except InputError as error:
        raise VerificationError(error.message, error="ErrorInvalidDssePayload") from None


def check_claims(
    statement: Statement,
    signer: str,
    expected: Expectations,
    digests: Iterable[str],
    *,
    delegated: bool,
) -> Claims:
    """Check what provenance says, against its signer and what is expected.

    Args:
        statement: Verified.
        signer: Builder that signed, with its version.
        expected: Source and revision; the builder counts where another one signed for it.
        digests: Hexadecimal SHA-2 digests that must all be among its subjects.
        delegated: Whether the signer signed for another builder.

    Raises:
        VerificationError: Something is not as expected.
    """
    provenance = read_provenance(statement)
    claims = Claims(provenance, dialect_of(provenance, _parsed(signer)[0]))
    if delegated:
        _check_delegate(claims, expected)
    else:
        match_builder(provenance.builder, signer, exact=True)
    if expected.source:
        check_source(claims, expected.source)
    subjects = [one.digests for one in statement.subject]
    for digest in digests:
        check_digest(subjects, digest)
    check_revision(claims, expected)
    check_parameters(provenance)
    return claims


def check_builder(workflow: Workflow, expected: Expectations, defaults: frozenset[str]) -> bool:
    """Check that a trusted builder signed; the answer is whether it signed for another one.

    Raises:
        VerificationError: It is not GitHub's identity, not the expected builder, or
            was called at something that is no release.
    """
    if workflow.issuer != GITHUB_ISSUER:
        raise VerificationError(
            f"the builder's identity is vouched for by {workflow.issuer[:120]}",
            error="ErrorInvalidOIDCIssuer",
        )
    if not workflow.version:
        raise VerificationError(f"{workflow.signer} names no reference", error="ErrorMalformedURI")
    delegated = workflow.name in _DELEGATORS and workflow.name in defaults
    if not delegated:
        _check_trusted(workflow, expected.builder, defaults)
    testing = workflow.repository in expected.unreleased
    if testing and workflow.version == "refs/heads/main":
        return delegated
    chosen = "@" in (expected.builder or "") and workflow.name not in KNOWN
    if not chosen:  # a workflow that was named with its very version may be at a branch
        released(workflow.version, prerelease=testing)
    return delegated


def _check_trusted(workflow: Workflow, wanted: str | None, defaults: frozenset[str]) -> None:
    untrusted = "ErrorUntrustedReusableWorkflow"
    if not wanted:
        if workflow.name not in defaults:
            raise VerificationError(
                f"{workflow.name} is not a builder that is trusted by itself",
                error=untrusted,
                remedy="Name the builder that you trust with --builder.",
            )
        return
    try:
        match_builder(workflow.signer, wanted)
    except VerificationError as error:
        raise VerificationError(error.message, error=untrusted, remedy=error.remedy) from None


def match_builder(found: str, wanted: str, *, exact: bool = False) -> None:
    """Check a builder id; a wanted version may be left out, or be a tag's name alone.

    Args:
        found: With its version.
        wanted: What it must be.
        exact: A wanted id without version takes only a found id without version.

    Raises:
        VerificationError: It is another builder or version.
    """
    name, version = _parsed(found)
    wanted_name, wanted_version = _parsed(wanted)
    if name == wanted_name:
        if not wanted_version and not exact:
            return
        if version in {wanted_version, f"refs/tags/{wanted_version}"}:
            return
    raise VerificationError(
        f"built by {found}, not by {wanted}",
        error="ErrorMismatchBuilderID",
        remedy="Check which builder the project uses; do not use the artifact until then.",
    )


def _parsed(builder: str) -> tuple[str, str]:
    if builder.count("@") > 1 or builder.endswith("@"):
        raise VerificationError(f"{builder[:120]!r} is no builder id", error="ErrorInvalidFormat")
    return split_builder(builder)


def check_certified_source(workflow: Workflow, expected: str) -> None:
    """Check that the certificate names the expected repository.

    Raises:
        VerificationError: It names another.
    """
    wanted = expected.removeprefix("git+").removeprefix("https://").removeprefix("github.com/")
    if workflow.repository != wanted:
        raise VerificationError(
            f"the run was in {workflow.repository}, not in {wanted}",
            error="ErrorMismatchSource",
            remedy="Check where the project's source is; do not use the artifact until then.",
        )


def check_stated_source(provenance: Provenance, expected: str) -> None:
    """Check the repository that provenance of a whole workflow states, by whomever it is.

    Other build types are read as their builders write them, once these are proven; here
    nothing is, and what the statement calls its source must at least not contradict what
    is expected.

    Raises:
        VerificationError: It states another.
    """
    if provenance.version == "1" and provenance.build_type in WORKFLOW_TYPES:
        check_source(Claims(provenance, Dialect.WORKFLOW), expected)


def _check_delegate(claims: Claims, expected: Expectations) -> None:
    """Check the reusable workflow that a delegator signed for; the provenance names it."""
    builder = claims.provenance.builder
    name, version = _parsed(builder)
    if not version:
        raise VerificationError(f"{builder!r} names no version", error="ErrorInvalidBuilderID")
    if name.startswith(_JRELEASER):
        tag = name_of("tags", version)
        released(version, prerelease=True)
        if not tag.endswith("-java"):
            raise VerificationError(
                f"{tag!r} is not a release of {_JRELEASER}", error="ErrorInvalidRef"
            )
    else:
        repository, _ = split_uri(claims.source())
        testing = repository.removeprefix(f"git+{GITHUB}") in expected.unreleased
        if not (testing and version == "refs/heads/main"):
            released(version)
    if expected.builder:
        match_builder(builder, expected.builder)
    elif not name.startswith(GENERATOR):
        raise VerificationError(
            f"{name} is not a builder that is trusted by itself",
            error="ErrorInvalidBuilderID",
            remedy="Name the builder that you trust with --builder.",
        )
