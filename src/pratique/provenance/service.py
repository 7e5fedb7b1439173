"""Everything beside an artifact, verified and graded as one answer."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from pratique.formats.slsa import VSA_TYPES, meets
from pratique.formats.ssh import is_ssh_signature
from pratique.model.attestation import Grade, VerifiedEvidence
from pratique.model.errors import InputError, PratiqueError
from pratique.provenance import checksums
from pratique.provenance import model_signatures as models
from pratique.provenance.documents import judge_documents
from pratique.provenance.errors import UnsupportedEvidenceError
from pratique.provenance.judge import failed, judge_bundle
from pratique.provenance.keys import key_id
from pratique.provenance.kinds import SIGNATURES
from pratique.provenance.layout import is_layout, read_layout
from pratique.provenance.openpgp import KIND as OPENPGP
from pratique.provenance.openpgp import is_openpgp, judge_openpgp
from pratique.provenance.request import Answer, Request
from pratique.provenance.slsa import IMAGE_BUILDERS
from pratique.provenance.ssh import KIND as SSH
from pratique.provenance.ssh import judge_ssh
from pratique.provenance.subject import Subject, subject_of, subject_of_bytes
from pratique.provenance.vsa import SummaryExpectations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

SUFFIXES = (
    ".sigstore.json",
    ".sigstore.jsonl",
    ".sigstore",
    ".bundle",
    ".intoto.jsonl",
    ".intoto.json",
    ".intoto.sigstore",
    ".build.slsa",
    ".intoto.build.slsa",
    ".provenance",
    ".publish.attestation",
    ".slsa.attestation",
    ".attestation",
    ".attestations.json",
    ".vsa.jsonl",
    ".vsa.json",
)
"""What publishers append to an artifact's name for evidence in JSON."""

MAX_EVIDENCE_BYTES = 64 * 1024 * 1024
"""Largest file of evidence that is read."""


def find_evidence(artifact: Path) -> tuple[Path, ...]:
    """Files beside an artifact whose names say that they are evidence about it."""
    names = (*SUFFIXES, *SIGNATURES)
    beside = (artifact.with_name(artifact.name + suffix) for suffix in names)
    return tuple(path for path in beside if path.is_file())


def verify_file(artifact: Path, evidence: Sequence[Path] | None, request: Request) -> Answer:
    """Verify what there is about a file, or about the image of a layout.

    Args:
        artifact: A file, or a folder that is an OCI image layout or a signed model.
        evidence: Files of evidence; None looks beside the artifact.
        request: What is trusted and expected.

    Raises:
        InputError: The artifact cannot be read.
    """
    if artifact.is_dir() and is_layout(artifact):
        subject, found = _verify_layout(artifact, request)
        found += [one for path in evidence or () for one in _verify_path(path, subject, request)]
        return answer(subject, found, request)
    if artifact.is_dir():
        return _verify_model(artifact, evidence, request)
    if not artifact.is_file():
        raise InputError(f"{artifact} is neither a file nor an image layout.")
    subject = subject_of(artifact)
    paths = find_evidence(artifact) + checksums.find(artifact) if evidence is None else evidence
    found = [one for path in paths for one in _verify_path(path, subject, request)]
    found += _verify_target(subject, request)
    return answer(subject, found, request)


def _verify_target(subject: Subject, request: Request) -> list[VerifiedEvidence]:
    """Evidence of the metadata of a TUF repository, where a folder of it is given."""
    folder = request.tuf_metadata
    if folder is None:
        return []
    from pratique.provenance import tuf_targets

    try:
        one = tuf_targets.judge_metadata(folder, request.tuf_root, subject, request.tuf_target)
    except PratiqueError as error:
        one = failed(error, tuf_targets.KIND)
    return [msgspec.structs.replace(one, path=shown(folder))]


def _verify_model(folder: Path, evidence: Sequence[Path] | None, request: Request) -> Answer:
    """Verify a folder as a model that was signed."""
    paths = models.find_signature(folder) if evidence is None else evidence
    if not paths:
        raise InputError(
            f"{shown(folder)} is neither a file nor an image layout, and no signature of a model "
            f"({models.NAME}) is in it.",
            remedy="Name the signature with --bundle.",
        )
    subject, found = models.model_subject(folder), []
    for path in paths:
        digest = ""
        try:
            data = read_evidence(path)
            digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
            subject, one = models.judge_model(data, path, folder, request)
        except PratiqueError as error:
            one = failed(error, models.KIND)
        found.append(msgspec.structs.replace(one, path=shown(path), digest=digest))
    return answer(subject, found, request)


def _judge_model(data: bytes, path: Path, subject: Subject, request: Request) -> VerifiedEvidence:
    """Evidence of the signature of a model that is one file."""
    try:
        if subject.path is None:
            raise UnsupportedEvidenceError("a model is compared with its file, which is not here")
        _, one = models.judge_model(data, path, subject.path, request)
    except PratiqueError as error:
        one = failed(error, models.KIND)
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    return msgspec.structs.replace(one, path=shown(path), digest=digest)


def _verify_layout(path: Path, request: Request) -> tuple[Subject, list[VerifiedEvidence]]:
    layout = read_layout(path)
    found = []
    for digest, bundle in layout.attestations:
        if isinstance(bundle, InputError):
            one = failed(bundle, "cosign-attestation")
        else:
            try:
                one = judge_bundle(
                    bundle, layout.image, request, "cosign-attestation", IMAGE_BUILDERS
                )
            except PratiqueError as error:
                one = failed(error, "cosign-attestation")
        found.append(msgspec.structs.replace(one, path=f"{shown(path)}@{digest}", digest=digest))
    return layout.image, found


def _verify_path(path: Path, subject: Subject, request: Request) -> list[VerifiedEvidence]:
    suffix = path.suffix.lower()
    try:
        data = read_evidence(path)
        if checksums.is_named(path):
            return _verify_checksums(path, data, subject, request)
        if is_ssh_signature(data):
            return [_judge_detached(judge_ssh, SSH, path, data, subject, request)]
        if request.keyring and is_openpgp(data):
            return [_judge_detached(judge_openpgp, OPENPGP, path, data, subject, request)]
        if models.is_model_signature(path, data):
            return [_judge_model(data, path, subject, request)]
        if suffix in SIGNATURES:
            return [_present(path, data, SIGNATURES[suffix])]
    except InputError as error:
        return [msgspec.structs.replace(failed(error, "unreadable"), path=shown(path))]
    return judge_documents(data, shown(path), subject, request)


def _verify_checksums(
    path: Path, data: bytes, subject: Subject, request: Request
) -> list[VerifiedEvidence]:
    """What a file of checksums says, and whoever signed that file."""
    own = checksums.is_own(path, subject)
    try:
        one = checksums.judge_checksums(data, shown(path), subject, own=own)
    except PratiqueError as error:
        return [msgspec.structs.replace(failed(error, checksums.KIND), path=shown(path))]
    if one.grade is Grade.NONE:
        return [one] if own else []
    found = [one]
    if not one.error:
        listing = subject_of_bytes(path.name, data)
        signed = [
            each
            for beside in find_evidence(path)
            for each in _verify_path(beside, listing, request)
        ]
        found += [_through(each, subject, path) for each in signed]
    return found


def _through(one: VerifiedEvidence, subject: Subject, path: Path) -> VerifiedEvidence:
    """Evidence about a list of checksums as evidence about what it lists.

    Whoever signed the list vouches for the digests; what built the list says nothing of
    what built the artifact.
    """
    return msgspec.structs.replace(
        one, kind=f"{one.kind} of {shown(path.name)}", subject=str(subject), builder="", levels=()
    )


def _judge_detached(
    judge_it: Callable[[bytes, Subject, Request, datetime], VerifiedEvidence],
    kind: str,
    path: Path,
    data: bytes,
    subject: Subject,
    request: Request,
) -> VerifiedEvidence:
    """Evidence of a signature in a file of its own."""
    try:
        one = judge_it(data, subject, request, datetime.now(UTC))
    except PratiqueError as error:
        one = failed(error, kind)
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    return msgspec.structs.replace(one, path=shown(path), digest=digest)


def _present(path: Path, data: bytes, what: str) -> VerifiedEvidence:
    return VerifiedEvidence(
        grade=Grade.UNSUPPORTED,
        kind=what,
        path=shown(path),
        digest=f"sha256:{hashlib.sha256(data).hexdigest()}",
        cause=f"{what}s are not verified here",
        error="ErrorNotSupported",
        next_action="Give the signer's certificate with --keyring, or the tool that made it."
        if what.startswith("OpenPGP")
        else "Verify it with the tool that made it.",
    )


def shown(path: Path | str) -> str:
    """A path or a name as text, whatever bytes its name has."""
    return str(path).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def read_evidence(path: Path) -> bytes:
    """Bytes of a file of evidence.

    Raises:
        InputError: It cannot be read, or is over ``MAX_EVIDENCE_BYTES``.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_EVIDENCE_BYTES + 1)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}") from None
    if len(data) > MAX_EVIDENCE_BYTES:
        raise InputError(f"is over the limit of {MAX_EVIDENCE_BYTES:,} bytes")
    return data


def answer(subject: Subject, found: Iterable[VerifiedEvidence], request: Request) -> Answer:
    """The whole of some evidence: one that fails fails all, none is none."""
    evidence = tuple(found)
    grade, reason, action = _whole(evidence, request)
    return Answer(
        artifact=shown(subject.name),
        digests=subject.digests,
        evidence=evidence,
        required=request.require,
        grade=grade,
        reason=reason,
        next_action=action,
    )


def _knows_one_of(verified: list[VerifiedEvidence], request: Request) -> bool:
    """Whether whoever signed one of what was verified is somebody who was expected.

    A key that is given expects its own signatures alone: what certificates signed beside
    them could be anybody's.
    """
    wanted = request.expected
    if request.identity or wanted.source or wanted.builder:
        return True
    key = f"key:{key_id(request.key)}" if request.key is not None else ""
    return any(
        (key and one.identity == key) or one.kind.startswith((SSH, OPENPGP, "tuf-"))
        for one in verified
    )


def _whole(evidence: tuple[VerifiedEvidence, ...], request: Request) -> tuple[Grade, str, str]:
    grades = {one.grade for one in evidence}
    if Grade.FAILED in grades:
        return Grade.FAILED, "", ""
    if Grade.VERIFIED not in grades:
        for grade in (Grade.TIME_UNPROVEN, Grade.UNSUPPORTED):
            if grade in grades:
                return grade, "", ""
        return (
            Grade.NONE,
            "there is no evidence beside the artifact",
            "Ask the publisher for attestations, or name them with --bundle.",
        )
    verified = [one for one in evidence if one.grade is Grade.VERIFIED]
    if request.expected.builder and not any(one.builder for one in verified):
        return (
            Grade.UNSUPPORTED,
            "nothing that was verified says what built the artifact",
            "Ask the publisher for SLSA provenance.",
        )
    if request.summary != SummaryExpectations() and not any(
        one.predicate_type in VSA_TYPES for one in verified
    ):
        return (
            Grade.UNSUPPORTED,
            "a verification summary is expected, and none was verified",
            "Ask the verifier for its summary, or name it with --bundle.",
        )
    if request.require and not any(meets(one.levels, request.require) for one in verified):
        best = sorted({level for one in verified for level in one.levels})
        return (
            Grade.UNSUPPORTED,
            f"{request.require} is required and {', '.join(best) or 'no level'} is shown",
            "Require less, or ask the publisher for a builder that reaches it.",
        )
    if request.is_open or not _knows_one_of(verified, request):
        return (
            Grade.VERIFIED,
            "nobody in particular was expected, and anybody can sign",
            "Say whom you trust with --identity and --issuer, --source or --builder.",
        )
    return Grade.VERIFIED, "", ""
