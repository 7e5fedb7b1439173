"""What a certificate says of the run that it was given to, held against what is expected."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pratique.provenance.builders import GITHUB, GITHUB_ISSUER
from pratique.provenance.errors import VerificationError
from pratique.provenance.refs import git_uri, matches_versioned_tag, name_of

if TYPE_CHECKING:
    from pratique.provenance.certificates import SigningCertificate
    from pratique.provenance.request import Request


def vouches(issuer: str, repository: str) -> bool:
    """Whether an issuer may say which repository a run was in: it must be of the same host."""
    host = urlsplit(repository.removeprefix("git+")).netloc
    if host == "github.com":
        return issuer == GITHUB_ISSUER or issuer.startswith(f"{GITHUB_ISSUER}/")
    return bool(host) and issuer.startswith("https://") and urlsplit(issuer).netloc == host


def certified_source(certificate: SigningCertificate | None) -> str:
    """Repository and reference that a certificate names; empty where it names none."""
    claims = certificate.claims if certificate else {}
    uri = claims.get("source-repository-uri", "")
    if not uri and claims.get("repository-v1"):
        uri = f"{GITHUB}{claims['repository-v1']}"
    reference = claims.get("source-repository-ref") or claims.get("ref-v1", "")
    if not uri:
        return ""
    return f"git+{uri}@{reference}" if reference else f"git+{uri}"


def check_certified(certificate: SigningCertificate | None, request: Request) -> None:
    """Check source and revision against the certificate, where no provenance states them.

    Raises:
        VerificationError: It names another, or its issuer cannot know that.
    """
    expected = request.expected
    repository, _, reference = certified_source(certificate).partition("@")
    issuer = certificate.issuer if certificate else ""
    if expected.source and not (request.issuer or vouches(issuer, repository)):
        raise VerificationError(
            f"{issuer or 'nobody'} cannot vouch for a run of {repository or 'no repository'}",
            error="ErrorInvalidOIDCIssuer",
            remedy="If you trust that issuer for it, name it with --issuer.",
        )
    if expected.source and repository != git_uri(expected.source):
        raise VerificationError(
            f"signed in a run of {repository or 'no repository'}, not of {expected.source}",
            error="ErrorMismatchSource",
            remedy="Check where the project's source is; do not use the artifact until then.",
        )
    for prefix, wanted, error in (
        ("refs/heads/", expected.branch, "ErrorMismatchBranch"),
        ("refs/tags/", expected.tag, "ErrorMismatchTag"),
    ):
        if wanted is not None and reference != f"{prefix}{wanted}":
            raise VerificationError(
                f"signed in a run at {reference or 'no reference'}, not at {prefix}{wanted}",
                error=error,
            )
    if expected.versioned_tag is not None:
        matches_versioned_tag(name_of("tags", reference), expected.versioned_tag)
    if expected.inputs:
        raise VerificationError(
            "no provenance states the inputs of the run", error="ErrorMismatchWorkflowInputs"
        )
