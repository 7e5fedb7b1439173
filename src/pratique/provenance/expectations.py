"""What a consumer expects of provenance, with slsa-verifier's options and their meanings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pratique.provenance.builders import DELEGATED_TYPE, EXTERNAL_PARAMETERS
from pratique.provenance.errors import VerificationError
from pratique.provenance.refs import git_uri, matches_versioned_tag, name_of, split_uri

if TYPE_CHECKING:
    from pratique.formats.slsa import Provenance
    from pratique.provenance.claims import Claims


class Expectations(msgspec.Struct, frozen=True, kw_only=True):
    """What must be so; empty or None expects nothing."""

    source: str = ""
    """Repository: ``github.com/owner/name``, with or without ``git+https://``."""

    branch: str | None = None
    tag: str | None = None
    versioned_tag: str | None = None
    """Version whose minor and patch may be left out: ``v13`` takes ``v13.0.30``."""

    inputs: dict[str, str] = {}
    """Inputs of a run that was started by hand."""

    builder: str | None = None
    """Builder id; its version may be left out, or be a tag without ``refs/tags/``."""

    unreleased: frozenset[str] = frozenset()
    """Repositories (``owner/name``) whose builds may use a builder at its main branch:
    a builder's own tests."""

    @property
    def is_of_source(self) -> bool:
        """Whether anything is expected of the source or its revision."""
        revision = (self.branch, self.tag, self.versioned_tag)
        return bool(self.source or self.inputs) or any(one is not None for one in revision)


def check_source(claims: Claims, expected: str) -> None:
    """Check that trigger and source are the expected repository, and the same revision of it.

    Raises:
        VerificationError: They are not.
    """
    wanted = git_uri(expected)
    if not wanted.startswith("git+https://"):
        raise VerificationError(
            f"{expected[:80]!r} is not a repository over https", error="ErrorMalformedURI"
        )
    trigger = claims.trigger()
    repository, reference = split_uri(trigger)
    if repository != wanted:
        raise _other_source(trigger, wanted)
    if not reference:
        raise VerificationError("the trigger has no reference", error="ErrorMalformedURI")
    source = claims.source()
    repository, reference = split_uri(source)
    if repository != wanted:
        raise _other_source(source, wanted)
    if not reference:
        # npm's first version did not record it; a delegated build may be of another commit
        if claims.from_npm or claims.provenance.build_type == DELEGATED_TYPE:
            return
        raise VerificationError("the source has no reference", error="ErrorMalformedURI")
    if trigger != source:
        raise VerificationError(
            f"built from {source}, but triggered by {trigger}", error="ErrorInvalidDssePayload"
        )


def _other_source(found: str, wanted: str) -> VerificationError:
    return VerificationError(
        f"built from {found}, not from {wanted}",
        error="ErrorMismatchSource",
        remedy="Check where the project's source is; do not use the artifact until then.",
    )


def check_digest(subjects: list[dict[str, str]], digest: str) -> None:
    """Check that a hexadecimal SHA-2 digest is among the subjects' digests.

    Raises:
        VerificationError: It is not, or is shorter than 256 bits.
    """
    bits = len(digest) * 4
    if bits < 256:
        raise VerificationError("the digest has under 256 bits", error="ErrorInvalidHash")
    if not any(one.get(f"sha{bits}") == digest for one in subjects):
        raise VerificationError(
            "the artifact is not among the subjects of the provenance",
            error="ErrorMismatchHash",
            remedy="Check that the artifact is the one that was published with this evidence.",
        )


def check_revision(claims: Claims, expected: Expectations) -> None:
    """Check branch, tag, versioned tag and inputs, as far as they are expected.

    Raises:
        VerificationError: One is another, or not recorded.
    """
    if expected.branch is not None:
        branch = name_of("heads", claims.branch())
        if branch != expected.branch:
            raise VerificationError(
                f"built from the branch {branch}, not from {expected.branch}",
                error="ErrorMismatchBranch",
            )
    if expected.tag is not None:
        tag = name_of("tags", claims.tag())
        if tag != expected.tag:
            raise VerificationError(
                f"built from the tag {tag}, not from {expected.tag}", error="ErrorMismatchTag"
            )
    if expected.versioned_tag is not None:
        matches_versioned_tag(name_of("tags", claims.tag()), expected.versioned_tag)
    if expected.inputs:
        _check_inputs(claims, expected.inputs)


def _check_inputs(claims: Claims, wanted: dict[str, str]) -> None:
    found = claims.inputs()
    for name, value in wanted.items():
        if found.get(name) != value:
            raise VerificationError(
                f"built with {name}={found.get(name)!r}, not {value!r}",
                error="ErrorMismatchWorkflowInputs",
            )


def check_parameters(provenance: Provenance) -> None:
    """Refuse external parameters that the build type does not have (SLSA 1.2).

    Raises:
        VerificationError: There is one.
    """
    allowed = EXTERNAL_PARAMETERS.get(provenance.build_type)
    given = provenance.external_parameters
    if allowed is None or not isinstance(given, dict):
        return
    unknown = sorted(set(given) - allowed)
    if unknown:
        raise VerificationError(
            f"the build had the unknown parameter {unknown[0][:60]!r}",
            error="ErrorNonVerifiableClaim",
        )
