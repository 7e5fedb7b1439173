"""Git references, repository URIs and versioned tags, as provenance writes them.

The meanings are slsa-verifier 2.7's, so that the same options give the same answer.
"""

from __future__ import annotations

import re

from pratique.provenance.errors import VerificationError

_SEMVER = re.compile(
    r"v(0|[1-9]\d*)(?:\.(0|[1-9]\d*)(?:\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?)?)?\Z"
)
"""Semantic version with a leading ``v`` whose minor and patch may be left out."""


def git_uri(source: str) -> str:
    """A repository as ``git+https://…``, however it was written."""
    if source.startswith("git+"):
        return source
    return f"git+{source}" if "://" in source else f"git+https://{source}"


def split_uri(uri: str) -> tuple[str, str]:
    """Repository and reference of ``git+https://…@ref``; the reference may be empty.

    Raises:
        VerificationError: It is no Git URI.
    """
    if not uri.startswith("git+"):
        raise VerificationError(f"{uri[:80]!r} is not a Git URI", error="ErrorMalformedURI")
    repository, _, reference = uri.partition("@")
    return repository, reference


def split_ref(reference: str) -> tuple[str, str]:
    """Kind (``heads``, ``tags``) and name of a full reference; no kind where it is not full."""
    parts = reference.split("/", 2)
    if len(parts) < 3 or parts[0] != "refs":
        return "", reference
    return parts[1], parts[2]


def name_of(kind: str, reference: str) -> str:
    """Name of a reference that must be of a kind.

    Raises:
        VerificationError: It is of another kind, or has no name.
    """
    found, name = split_ref(reference)
    if found != kind or not name:
        what = {"heads": "branch", "tags": "tag"}[kind]
        raise VerificationError(
            f"the provenance names no {what}: {reference[:80]!r}", error="ErrorInvalidRef"
        )
    return name


def released(reference: str, *, prerelease: bool = False) -> None:
    """Check that a reusable workflow was called at a release: ``refs/tags/vX.Y.Z``.

    Raises:
        VerificationError: It was called at anything else.
    """
    name = name_of("tags", reference)
    found = _SEMVER.match(name)
    if not found or found[3] is None or found[5] or (found[4] and not prerelease):
        raise VerificationError(
            f"the builder was called at {name[:80]!r}, which is no release vX.Y.Z",
            error="ErrorInvalidRef",
        )


def matches_versioned_tag(tag: str, wanted: str) -> None:
    """Check a tag against a version whose minor and patch may be left out (v13 takes v13.0.30).

    Build metadata does not count; a pre-release is part of the patch and must be equal.

    Raises:
        VerificationError: They differ, or either is no semantic version.
    """
    expected, given = _SEMVER.match(wanted), _SEMVER.match(tag)
    if not expected or not given:
        which = wanted if not expected else tag
        raise VerificationError(
            f"{which[:80]!r} is not a semantic version", error="ErrorInvalidSemver"
        )
    have = (given[1], given[2] or "0", (given[3] or "0") + (given[4] or ""))
    want = (expected[1], expected[2], expected[3] and expected[3] + (expected[4] or ""))
    for one, other in zip(have, want, strict=True):
        if other is not None and one != other:
            raise VerificationError(
                f"built from the tag {tag}, which is not of {wanted}",
                error="ErrorMismatchVersionedTag",
            )
