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
from pratique.provenance.judge import failed, judge, judge_bundle
from pratique.provenance.kinds import SIGNATURES, documents, kind_of
from pratique.provenance.layout import is_layout, read_layout
from pratique.provenance.openpgp import KIND as OPENPGP
from pratique.provenance.openpgp import is_openpgp, judge_openpgp
from pratique.provenance.request import Answer, Request
from pratique.provenance.slsa import IMAGE_BUILDERS
from pratique.provenance.ssh import KIND as SSH
from pratique.provenance.ssh import judge_ssh
from pratique.provenance.subject import Subject, subject_of
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
        artifact: A file, or a folder that is an OCI image layout.
        evidence: Files of evidence; None looks beside the artifact.
        request: What is trusted and expected.

    Raises:
        InputError: The artifact cannot be read.
    """
    if artifact.is_dir() and is_layout(artifact):
        subject, found = _verify_layout(artifact, request)
        found += [one for path in evidence or () for one in _verify_path(path, subject, request)]
        return answer(subject, found, request)
    if not artifact.is_file():
        raise InputError(f"{artifact} is neither a file nor an image layout.")
    subject = subject_of(artifact)
    paths = find_evidence(artifact) if evidence is None else evidence
    found = [one for path in paths for one in _verify_path(path, subject, request)]
    return answer(subject, found, request)


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
        found.append(msgspec.structs.replace(one, path=f"{_shown(path)}@{digest}", digest=digest))
    return layout.image, found


def _verify_path(path: Path, subject: Subject, request: Request) -> list[VerifiedEvidence]:
    suffix = path.suffix.lower()
    try:
        data = _read(path)
        if is_ssh_signature(data):
            return [_judge_detached(judge_ssh, SSH, path, data, subject, request)]
        if request.keyring and is_openpgp(data):
            return [_judge_detached(judge_openpgp, OPENPGP, path, data, subject, request)]
        if suffix in SIGNATURES:
            return [_present(path, data, SIGNATURES[suffix])]
        parts = documents(data)
    except InputError as error:
        return [msgspec.structs.replace(failed(error, "unreadable"), path=_shown(path))]
    found = []
    for number, part in enumerate(parts, 1):
        place = f"{_shown(path)}#{number}" if len(parts) > 1 else _shown(path)
        try:
            kind = kind_of(part)
        except InputError as error:
            found.append(msgspec.structs.replace(failed(error, "unknown"), path=place))
            continue
        digest = f"sha256:{hashlib.sha256(part).hexdigest()}"
        found += [
            msgspec.structs.replace(one, digest=digest)
            for one in judge(part, kind, place, subject, request)
        ]
    return _of_subject(found) if len(parts) > 1 else found


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
    return msgspec.structs.replace(one, path=_shown(path), digest=digest)


def _of_subject(found: list[VerifiedEvidence]) -> list[VerifiedEvidence]:
    """Leave out what is about other artifacts, where a file of several has some about this one."""
    others = [one for one in found if one.error == "ErrorMismatchHash"]
    return found if len(others) == len(found) else [one for one in found if one not in others]


def _present(path: Path, data: bytes, what: str) -> VerifiedEvidence:
    return VerifiedEvidence(
        grade=Grade.UNSUPPORTED,
        kind=what,
        path=_shown(path),
        digest=f"sha256:{hashlib.sha256(data).hexdigest()}",
        cause=f"{what}s are not verified here",
        error="ErrorNotSupported",
        next_action="Give the signer's certificate with --keyring, or the tool that made it."
        if what.startswith("OpenPGP")
        else "Verify it with the tool that made it.",
    )


def _shown(path: Path | str) -> str:
    """A path as text, whatever bytes its name has."""
    return str(path).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _read(path: Path) -> bytes:
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
        artifact=_shown(subject.name),
        digests=subject.digests,
        evidence=evidence,
        required=request.require,
        grade=grade,
        reason=reason,
        next_action=action,
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
    if request.is_open:
        return (
            Grade.VERIFIED,
            "nobody in particular was expected, and anybody can sign",
            "Say whom you trust with --identity and --issuer, --source or --builder.",
        )
    return Grade.VERIFIED, "", ""
