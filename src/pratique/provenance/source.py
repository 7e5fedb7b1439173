"""Source attestations: provenance and summaries of revisions (SLSA 1.2, Source track).

A note of ``refs/notes/commits`` holds one Sigstore bundle a line, about the
commit that it is attached to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.dsse.wire import decode_json
from pratique.formats.sigstore import Bundle, bundle_of
from pratique.formats.slsa import VSA_TYPES, VerificationSummary
from pratique.model.errors import InputError, LimitError, UnsupportedError
from pratique.provenance.bundle import Verified, expect_signer, verify_bundle
from pratique.provenance.errors import VerificationError
from pratique.provenance.refs import git_uri
from pratique.provenance.subject import Subject, descriptor_of
from pratique.provenance.vsa import SummaryExpectations, check_summary

if TYPE_CHECKING:
    from pratique.formats.intoto import Statement
    from pratique.provenance.trust import TrustRoot

MAX_LINES = 10_000
"""Most attestations of one note; the busiest commits have a dozen."""

_REFERENCES = ("sourceRefs", "source_refs", "source_branches")
"""Annotation of a summary's subject that names the references it is for: SLSA 1.2's
name, and the two of its drafts."""


class SourceExpectations(msgspec.Struct, frozen=True, kw_only=True):
    """What must be so; empty expects nothing."""

    identity: str = ""
    issuer: str = ""
    repository: str = ""
    reference: str = ""
    """Full reference that the revision must have been on: ``refs/heads/main``."""

    verifier: str = ""
    levels: tuple[str, ...] = ()


class SourceEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """A verified attestation of a revision."""

    verified: Any
    """:class:`~pratique.provenance.bundle.Verified`."""

    predicate_type: str
    summary: VerificationSummary | None = None
    """None where it is provenance, which claims no level."""

    references: tuple[str, ...] = ()
    """References that the summary is for; empty where it does not say."""


def note_bundle(line: bytes) -> Bundle:
    """Bundle of one line of a note.

    Raises:
        UnsupportedError: It is in the serialisation of the first notes, which no
            standard has.
        InputError: It is not a bundle.
    """
    value = decode_json(line, dict[str, Any], "line of the note")
    if "mediaType" not in value and {"media_type", "payload"} & set(value):
        raise UnsupportedError("the attestation is in a serialisation that no standard has")
    return bundle_of(value)


def note_lines(note: bytes) -> tuple[bytes, ...]:
    """Lines of a note that hold something.

    Raises:
        LimitError: There are over ``MAX_LINES``.
    """
    lines = tuple(line for line in note.split(b"\n") if line.strip())
    if len(lines) > MAX_LINES:
        raise LimitError(f"the note has over {MAX_LINES:,} lines")
    return lines


def verify_source(
    bundle: Bundle, root: TrustRoot, commit: str, expected: SourceExpectations
) -> SourceEvidence:
    """Verify an attestation of a revision.

    Args:
        bundle: From :func:`note_bundle`.
        root: What is trusted.
        commit: Full hash of the revision.
        expected: Signer, repository, reference, verifier, levels.

    Raises:
        VerificationError: It does not hold, is about another revision, or is not
            as expected.
        InputError: Something in it cannot be read.
    """
    subject = Subject(commit, {"gitCommit": commit})
    verified = verify_bundle(bundle, root, subject)
    expect_signer(verified, expected.identity, expected.issuer)
    statement = verified.statement
    if statement is None:
        raise InputError("the attestation is no statement")
    if statement.predicate_type not in VSA_TYPES:
        _check_repository(verified, statement, expected.repository)
        return SourceEvidence(verified=verified, predicate_type=statement.predicate_type)
    resource = git_uri(expected.repository) if expected.repository else ""
    summary = check_summary(
        statement,
        subject,
        SummaryExpectations(verifier=expected.verifier, resource=resource, levels=expected.levels),
    )
    references = _references(statement, subject)
    if expected.reference and expected.reference not in references:
        raise VerificationError(
            f"the summary is for {', '.join(references) or 'no reference'}, "
            f"not for {expected.reference}",
            error="ErrorMismatchBranch",
        )
    return SourceEvidence(
        verified=verified,
        predicate_type=statement.predicate_type,
        summary=summary,
        references=references,
    )


def _check_repository(verified: Verified, statement: Statement, wanted: str) -> None:
    """Check the repository of source provenance: as it states, or as its signer's run was in."""
    if not wanted:
        return
    predicate = statement.predicate or {}
    stated = predicate.get("repo_uri") or predicate.get("repository")
    certificate = verified.certificate
    run = certificate.claims.get("source-repository-uri", "") if certificate else ""
    found = stated if isinstance(stated, str) else run
    if git_uri(found) != git_uri(wanted):
        raise VerificationError(
            f"the provenance is of {found or 'no repository'}, not of {wanted}",
            error="ErrorMismatchSource",
        )


def _references(statement: Statement, subject: Subject) -> tuple[str, ...]:
    annotations = descriptor_of(statement, subject).annotations or {}
    for name in _REFERENCES:
        found = annotations.get(name)
        if isinstance(found, list):
            return tuple(one for one in found if isinstance(one, str))
    return ()
