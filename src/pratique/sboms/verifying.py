"""Whether a bill of materials is what somebody signed, and of which artifacts."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.dsse import read_envelope
from pratique.formats.intoto import Statement, read_statement
from pratique.formats.jsf import strict_json
from pratique.formats.sigstore import read_bundle
from pratique.model.attestation import Grade, VerifiedEvidence, worst
from pratique.model.errors import ExitCode, InputError
from pratique.provenance.beside import MAX_EVIDENCE_BYTES
from pratique.provenance.judge import failed, judge
from pratique.provenance.kinds import Kind, documents, kind_of
from pratique.provenance.request import Answer, Request
from pratique.provenance.subject import Subject
from pratique.provenance.verdict import answer
from pratique.sboms import enveloped
from pratique.sboms.signing import REFERENCE_TYPE, is_of, is_sbom_type, unwrapped

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

OTHER_DOCUMENT = "ErrorMismatchDocument"
"""Our name for it: what was signed is another bill of materials."""


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a bill of materials and its signatures."""

    document: str
    sha256: str
    answers: tuple[Answer, ...]
    """One for each artifact; where none is given, one about the document itself."""

    @property
    def grade(self) -> Grade:
        """Of the whole: the worst of all artifacts."""
        return worst(one.grade for one in self.answers)

    @property
    def exit_code(self) -> ExitCode:
        """0 verified, 1 failed, 3 nothing that proves it."""
        return self.grade.exit_code


def verify(
    data: bytes, name: str, artifacts: Sequence[Subject], evidence: Iterable[Path], request: Request
) -> Checked:
    """Verify the signatures of a bill of materials.

    Args:
        data: The document, as it is on disk.
        name: Its path, for the answer.
        artifacts: What it is to be of; none leaves that open.
        evidence: Files with attestations of it.
        request: Whose signatures are trusted.
    """
    digest = hashlib.sha256(data).hexdigest()
    own = Subject(name, {"sha256": digest, "sha512": hashlib.sha512(data).hexdigest()})
    parts = [one for path in evidence for one in _parts(path)]
    inside = _enveloped(data, name, request)
    answers = []
    for subject in artifacts or (own,):
        judged = (
            _judged(part, place, subject, data, request, of_artifact=bool(artifacts))
            for place, part in parts
        )
        found = [one for one in judged if one is not None]
        answers.append(_answer(subject, found, inside, request, alone=not artifacts))
    return Checked(document=name, sha256=digest, answers=tuple(answers))


def _answer(
    subject: Subject,
    found: list[VerifiedEvidence],
    inside: VerifiedEvidence | None,
    request: Request,
    *,
    alone: bool,
) -> Answer:
    """All about one artifact; an enveloped signature is about the document alone."""
    if inside is not None and (alone or inside.grade is Grade.FAILED):
        found = [*found, inside]
    made = answer(subject, found, request)
    if made.grade is Grade.NONE:
        made = msgspec.structs.replace(
            made,
            reason="nothing that was found attests this bill of materials",
            next_action="Name the attestation with --bundle, or make one: 'pratique sbom sign'.",
        )
    return made


def _parts(path: Path) -> list[tuple[str, bytes]]:
    """The documents of a file of evidence, each with its place; damaged ones as they are."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_EVIDENCE_BYTES + 1)
        found = documents(data)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    except InputError as error:
        raise type(error)(f"{path} {error.message}.") from None
    if len(found) == 1:
        return [(str(path), found[0])]
    return [(f"{path}#{number}", one) for number, one in enumerate(found, 1)]


def _judged(
    part: bytes, place: str, subject: Subject, data: bytes, request: Request, *, of_artifact: bool
) -> VerifiedEvidence | None:
    """One attestation: its signature, its artifact, and whether it is of this document.

    Returns:
        ``None`` for evidence about something else: provenance, a signature over an artifact.
    """
    try:
        kind = kind_of(part)
        if kind not in {Kind.ENVELOPE, Kind.BUNDLE}:
            return None
        if kind is Kind.BUNDLE and read_bundle(part).envelope is None:
            return None if of_artifact else _bare(part, kind, place, subject, request)
        statement, predicate = _statement(part, kind)
    except InputError as error:
        return msgspec.structs.replace(failed(error, "unknown"), path=place)
    stated = statement.predicate_type
    if not is_sbom_type(stated) and stated != REFERENCE_TYPE:
        return None
    digest = f"sha256:{hashlib.sha256(part).hexdigest()}"
    about = subject if of_artifact else _about(statement, subject)
    (one,) = judge(part, kind, place, about, request)
    one = msgspec.structs.replace(one, digest=digest)
    if one.grade not in {Grade.VERIFIED, Grade.TIME_UNPROVEN}:
        return one
    if not is_of(stated, predicate, data):
        return VerifiedEvidence(
            grade=Grade.FAILED,
            kind=one.kind,
            path=place,
            digest=digest,
            cause="what was signed is another bill of materials than this one",
            error=OTHER_DOCUMENT,
            next_action="Do not use the document; fetch it again from its origin.",
        )
    if about is not subject and one.grade is Grade.VERIFIED:
        names = ", ".join(str(x.name or "") for x in statement.subject[:3])
        return msgspec.structs.replace(
            one,
            grade=Grade.UNSUPPORTED,
            cause=f"signature and document hold; whether it is of {names[:120] or 'its artifact'} "
            "was not checked",
            next_action="Name the artifact with --artifact.",
        )
    return one


def _bare(part: bytes, kind: Kind, place: str, own: Subject, request: Request) -> VerifiedEvidence:
    """A Sigstore signature over the document itself, which states nothing of an artifact."""
    (one,) = judge(part, kind, place, own, request)
    return msgspec.structs.replace(one, digest=f"sha256:{hashlib.sha256(part).hexdigest()}")


def _statement(part: bytes, kind: Kind) -> tuple[Statement, Any]:
    """What an envelope states; the same bytes that its signature is checked over.

    Raises:
        InputError: It is none, or a member stands in it twice, so that others may read
            another predicate in it.
    """
    envelope = read_envelope(part) if kind is Kind.ENVELOPE else read_bundle(part).envelope
    if envelope is None:
        raise InputError("is no Sigstore bundle with an envelope")
    try:
        value = strict_json(envelope.payload)
    except InputError as error:
        raise type(error)(f"its payload {error.message}") from None
    return read_statement(envelope.payload), value.get("predicate")


def _about(statement: Statement, own: Subject) -> Subject:
    """What a statement is about, where no artifact is given: the document itself, or its first."""
    if any(own.is_named_by(one) for one in statement.subject):
        return own
    first = statement.subject[0]
    return Subject(first.name or "", dict(first.digests))


def _enveloped(data: bytes, name: str, request: Request) -> VerifiedEvidence | None:
    if b'"signature"' not in data:
        return None
    try:
        value: Any = unwrapped(strict_json(data))
    except InputError:
        return None
    if not isinstance(value, dict) or value.get("bomFormat") != "CycloneDX":
        return None
    return enveloped.judge(value, request.key, name)
