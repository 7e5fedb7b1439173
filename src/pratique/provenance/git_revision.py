"""The evidence about a revision of a repository: notes with source attestations, signatures.

Sources: SLSA 1.2, *Source track* (attestations are kept in ``refs/notes/commits``);
git, *gitformat-signature* and git-tag(1).  No git is run: a repository's
configuration could make it run anything.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pratique.formats.git.base import GitError, is_name
from pratique.formats.git.signed import NOTES, Signed, note, signed_object
from pratique.formats.ssh import is_ssh_signature
from pratique.ingest.git_folders import GIT, is_bare, open_repository
from pratique.model.attestation import Grade, VerifiedEvidence
from pratique.model.errors import InputError, PratiqueError, UsageError
from pratique.provenance.beside import shown
from pratique.provenance.certified import vouches
from pratique.provenance.errors import UnsupportedEvidenceError, VerificationError
from pratique.provenance.judge import failed
from pratique.provenance.openpgp import KIND as OPENPGP
from pratique.provenance.openpgp import is_openpgp, judge_openpgp
from pratique.provenance.refs import git_uri
from pratique.provenance.source import SourceExpectations, note_bundle, note_lines, verify_source
from pratique.provenance.ssh import KIND as SSH
from pratique.provenance.ssh import judge_ssh
from pratique.provenance.subject import Subject, subject_of_bytes
from pratique.provenance.verdict import answer

if TYPE_CHECKING:
    from pratique.formats.git import Repository
    from pratique.provenance.bundle import Verified
    from pratique.provenance.request import Answer, Request
    from pratique.provenance.source import SourceEvidence

PREFIX = "git:"
NAMESPACE = "git"
"""What SSH signatures of commits and tags are for."""

SOURCE_SUMMARY = "source-summary"
SOURCE_PROVENANCE = "source-provenance"
FETCH = (
    f"Fetch the notes with 'git fetch origin {NOTES}:{NOTES}', or ask the project for source "
    "attestations."
)


class Revision(msgspec.Struct, frozen=True):
    """A commit, and the tag that led to it."""

    commit: str
    tag: str = ""
    """Name of the tag; empty where another reference was given."""

    tag_object: str = ""
    """The annotated tag; empty for a light one."""


def is_checkout(path: Path) -> bool:
    """Whether a folder is a checkout, or a repository without one."""
    return path.is_dir() and ((path / GIT).exists() or is_bare(path))


def parted(text: str) -> tuple[Path, str]:
    """Folder and reference of ``git:REF`` and ``git:PATH@REF``, or of a checkout's folder."""
    if not text.startswith(PREFIX):
        return Path(text), "HEAD"
    rest = text[len(PREFIX) :]
    path, at, reference = rest.rpartition("@")
    if at and path and Path(path).is_dir():
        return Path(path), reference or "HEAD"
    if is_checkout(Path(rest)):
        return Path(rest), "HEAD"
    return Path(), rest or "HEAD"


def verify_revision(text: str, request: Request) -> Answer:
    """Verify what there is about a revision.

    Args:
        text: As :func:`parted` takes it.
        request: What is trusted and expected; its source, branch and tag hold for
            the summaries and provenance of the notes.

    Raises:
        UsageError: There is no such repository or reference.
        InputError: The repository is damaged.
    """
    folder, reference = parted(text)
    if not is_checkout(folder):
        raise UsageError(
            f"{shown(folder)} is no Git repository.",
            remedy="Write git:PATH@REF, or name a checkout.",
        )
    try:
        repository = open_repository(folder, folder)
        revision = resolved(repository, reference)
        found = _signatures(repository, revision, request)
        lines = note(repository, revision.commit)
    except GitError as error:
        raise InputError(f"{shown(folder)}: {error.message}.", remedy=error.remedy) from None
    subject = Subject(revision.commit, {"gitCommit": revision.commit})
    if lines is not None:
        found += _notes(lines, subject, request)
    made = answer(subject, found, request)
    if made.grade is Grade.NONE:
        reason = "there are no attestations in the notes and no signatures"
        return msgspec.structs.replace(made, reason=reason, next_action=FETCH)
    return made


def resolved(repository: Repository, reference: str) -> Revision:
    """The commit of a reference: ``HEAD``, a full name, a branch, a tag, a remote's branch.

    Raises:
        UsageError: There is no such reference, or it leads to no commit.
        GitError: The repository is damaged.
    """
    if reference == "HEAD":
        return Revision(repository.refs.head()[0])
    for prefix in ("", "refs/tags/", "refs/heads/", "refs/remotes/", "refs/"):
        name = f"{prefix}{reference}"
        if prefix == "" and is_name(reference):
            target = reference
        elif not name.startswith("refs/"):
            continue
        else:
            target = _target(repository, name)
        if not target:
            continue
        commit = repository.objects.peeled(bytes.fromhex(target))
        if commit is None or len(target) != 2 * repository.width:
            raise UsageError(f"{reference[:120]!r} leads to no commit that is here.")
        tag = name.removeprefix("refs/tags/") if name.startswith("refs/tags/") else ""
        return Revision(commit.hex(), tag, target if target != commit.hex() else "")
    raise UsageError(
        f"there is no reference {reference[:120]!r}.",
        remedy="Name a branch, a tag, HEAD, or the full name of a commit.",
    )


def _target(repository: Repository, name: str) -> str:
    try:
        return repository.refs.target(name)
    except GitError:
        return ""


def _signatures(
    repository: Repository, revision: Revision, request: Request
) -> list[VerifiedEvidence]:
    names = [("commit", revision.commit)]
    if revision.tag_object:
        names.insert(0, (f"tag {revision.tag}", revision.tag_object))
    found = []
    for place, name in names:
        one = signed_object(repository, name)
        if one.signature:
            graded = _signature(one, revision, request)
            digest = f"sha256:{hashlib.sha256(one.signature).hexdigest()}"
            found.append(
                msgspec.structs.replace(graded, path=f"{shown(place)} {name[:12]}", digest=digest)
            )
    return found


def _signature(one: Signed, revision: Revision, request: Request) -> VerifiedEvidence:
    """Evidence of the signature in a commit or tag; whoever is expected signs attestations."""
    alone = msgspec.structs.replace(request, identity="", issuer="", ssh_namespace=NAMESPACE)
    subject = subject_of_bytes(one.name, one.payload)
    now = datetime.now(UTC)
    kind = SSH if is_ssh_signature(one.signature) else OPENPGP
    try:
        if one.kind == "tag":
            _check_tag(one, revision)
        if kind == SSH:
            graded = judge_ssh(one.signature, subject, alone, now)
        elif not is_openpgp(one.signature):
            kind = "x509-signature"
            raise UnsupportedEvidenceError(
                "signatures with X.509 certificates in commits are not verified here",
                remedy="Verify it with the tool that made it.",
            )
        elif not request.keyring:
            raise UnsupportedEvidenceError(
                "whose OpenPGP key this is is not known here",
                remedy="Give the certificates you trust with --keyring.",
            )
        else:
            graded = judge_openpgp(one.signature, subject, alone, now)
    except PratiqueError as error:
        graded = failed(error, kind)
    return msgspec.structs.replace(graded, subject=f"gitCommit:{revision.commit}")


def _check_tag(one: Signed, revision: Revision) -> None:
    """Check that a tag calls itself what the reference does: else it was moved there."""
    if one.title != revision.tag.rpartition("/")[2] and one.title != revision.tag:
        raise VerificationError(
            f"the tag calls itself {one.title[:80]!r}, and is found as {revision.tag[:80]!r}",
            error="ErrorMismatchTag",
            remedy="Somebody put another tag's object there; fetch the tags again.",
        )


def _notes(lines: bytes, subject: Subject, request: Request) -> list[VerifiedEvidence]:
    try:
        given = note_lines(lines)
    except InputError as error:
        return [msgspec.structs.replace(failed(error, "source-note"), path=NOTES)]
    wanted = request.expected
    reference = ""
    if wanted.branch is not None:
        reference = f"refs/heads/{wanted.branch}"
    elif wanted.tag is not None:
        reference = f"refs/tags/{wanted.tag}"
    expected = SourceExpectations(
        identity=request.identity,
        issuer=request.issuer,
        repository=wanted.source,
        reference=reference,
        verifier=request.summary.verifier,
    )
    found = []
    for number, line in enumerate(given, 1):
        try:
            bundle = note_bundle(line)
            evidence = verify_source(bundle, request.root, subject.digests["gitCommit"], expected)
            one = _graded(evidence, subject, request)
        except PratiqueError as error:
            one = failed(error, "source-attestation")
        digest = f"sha256:{hashlib.sha256(line).hexdigest()}"
        found.append(msgspec.structs.replace(one, path=f"{NOTES}#{number}", digest=digest))
    others = [one for one in found if one.error == "ErrorMismatchBranch"]
    if reference and any(one.kind == SOURCE_SUMMARY for one in found):
        return [one for one in found if one not in others]  # summaries of other references
    return found


def _graded(evidence: SourceEvidence, subject: Subject, request: Request) -> VerifiedEvidence:
    """Evidence of a verified attestation; levels count where the very signer is expected."""
    verified, summary = evidence.verified, evidence.summary
    known = request.expects(verified.identity, verified.issuer)
    if request.expected.source and not known and not _is_of(verified, request.expected.source):
        raise UnsupportedEvidenceError(
            f"that it is of {request.expected.source} is said by {verified.identity[:200]} alone, "
            "and anybody may sign that",
            remedy="Say who attests the project's source with --identity and --issuer.",
        )
    source = summary.resource_uri if summary else _repository(evidence)
    if evidence.references:
        source = f"{source}@{evidence.references[0]}"
    return VerifiedEvidence(
        grade=Grade.VERIFIED,
        kind=SOURCE_SUMMARY if summary else SOURCE_PROVENANCE,
        subject=str(subject),
        predicate_type=evidence.predicate_type,
        identity=verified.identity,
        issuer=verified.issuer,
        source=source,
        levels=summary.verified_levels if summary and known else (),
        signed_at=verified.times[0] if verified.times else None,
    )


def _is_of(verified: Verified, source: str) -> bool:
    """Whether the signer's certificate says that its run was in the repository."""
    run = (
        verified.certificate.claims.get("source-repository-uri", "") if verified.certificate else ""
    )
    return git_uri(run) == git_uri(source) and vouches(verified.issuer, run)


def _repository(evidence: SourceEvidence) -> str:
    predicate = evidence.verified.statement.predicate or {}
    stated = predicate.get("repo_uri") or predicate.get("repository")
    if not isinstance(stated, str):
        certificate = evidence.verified.certificate
        stated = certificate.claims.get("source-repository-uri", "") if certificate else ""
    return stated if not stated or stated.startswith("git+") else f"git+{stated}"
