"""The run that a certificate names: repository, workflow, reference, trigger.

Fulcio puts what GitHub's token says into extensions, first as bare text
(``1.3.6.1.4.1.57264.1.2`` to ``.6``), later as strings of their own; where both
are there they must agree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pratique.provenance.builders import GITHUB
from pratique.provenance.errors import VerificationError

if TYPE_CHECKING:
    from pratique.provenance.certificates import SigningCertificate


class Workflow(msgspec.Struct, frozen=True, kw_only=True):
    """A run of a workflow, as certified; empty is not certified."""

    signer: str
    """URI of the workflow that signed, with its reference."""

    issuer: str
    repository: str
    """``owner/name`` of the source."""

    commit: str
    reference: str = ""
    repository_id: str = ""
    owner_id: str = ""
    trigger: str = ""
    """Event that started the run."""

    signer_commit: str = ""
    runner: str = ""
    """``github-hosted`` or ``self-hosted``."""

    path: str = ""
    """Of the workflow that was triggered, within the repository."""

    run: str = ""
    """``<id>/attempts/<n>``."""

    @property
    def name(self) -> str:
        """URI of the workflow that signed, without its reference."""
        return self.signer.rpartition("@")[0] if "@" in self.signer else self.signer

    @property
    def version(self) -> str:
        """Reference of the workflow that signed."""
        return self.signer.rpartition("@")[2] if "@" in self.signer else ""


def workflow_of(certificate: SigningCertificate) -> Workflow:
    """The run that a certificate names.

    Raises:
        VerificationError: It names none, or contradicts itself.
        InputError: An extension cannot be read.
    """
    claims = certificate.claims
    repository = _repository(claims)
    commit = _agreed(claims, "sha-v1", "source-repository-digest")
    config = claims.get("build-config-digest", "")
    if config and config != commit:
        raise _contradiction("build-config-digest")
    if not certificate.identity.startswith("https://"):
        raise VerificationError(
            f"signed by {certificate.identity}, which is no workflow", error="ErrorInvalidFormat"
        )
    return Workflow(
        signer=certificate.identity,
        issuer=_agreed(claims, "issuer-v1", "issuer"),
        repository=repository,
        commit=commit,
        reference=claims.get("source-repository-ref", ""),
        repository_id=claims.get("source-repository-id", ""),
        owner_id=claims.get("source-repository-owner-id", ""),
        trigger=_agreed(claims, "trigger-v1", "build-trigger"),
        signer_commit=claims.get("build-signer-digest", ""),
        runner=claims.get("runner-environment", ""),
        path=_path(claims.get("build-config-uri", ""), repository),
        run=claims.get("run-invocation-uri", "").removeprefix(
            f"{GITHUB}{repository}/actions/runs/"
        ),
    )


def _repository(claims: dict[str, str]) -> str:
    old, new = claims.get("repository-v1", ""), claims.get("source-repository-uri", "")
    if old and new and f"{GITHUB}{old}" != new:
        raise _contradiction("source-repository-uri")
    return new.removeprefix(GITHUB) or old


def _agreed(claims: dict[str, str], old: str, new: str) -> str:
    first, second = claims.get(old, ""), claims.get(new, "")
    if first and second and first != second:
        raise _contradiction(new)
    if not first and not second:
        raise VerificationError(f"the certificate has no {new}", error="ErrorInvalidFormat")
    return second or first


def _path(uri: str, repository: str) -> str:
    if not uri:
        return ""
    location, _, reference = uri.partition("@")
    prefix = f"{GITHUB}{repository}/"
    if not reference or not location.startswith(prefix):
        raise _contradiction("build-config-uri")
    return location.removeprefix(prefix)


def _contradiction(name: str) -> VerificationError:
    return VerificationError(
        f"the certificate contradicts itself about {name}", error="ErrorInvalidFormat"
    )
