"""What all the evidence about one artifact comes to, held against what was expected.

Every piece was judged by itself before.  What is left to see is whether what was
verified says what was asked for: a signature of somebody who may sign says nothing
of a source or a builder, and an expectation that nothing was held against is not met.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.formats.slsa import VSA_TYPES, meets
from pratique.model.attestation import Grade, VerifiedEvidence
from pratique.provenance.beside import shown
from pratique.provenance.keys import key_id
from pratique.provenance.openpgp import KIND as OPENPGP
from pratique.provenance.request import Answer
from pratique.provenance.ssh import KIND as SSH
from pratique.provenance.vsa import SummaryExpectations

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pratique.provenance.request import Request
    from pratique.provenance.subject import Subject

Verdict = tuple[Grade, str, str]
"""Grade of the whole, why, and what to do."""

_LISTS = (SSH, OPENPGP, "tuf-")
"""How kinds begin whose signers were given as a list, by which they were verified."""


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


def _whole(evidence: tuple[VerifiedEvidence, ...], request: Request) -> Verdict:
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
    for check in (_made, _summarised, _reached, _signed):
        if missing := check(verified, request):
            return Grade.UNSUPPORTED, *missing
    if request.is_open:
        return (
            Grade.VERIFIED,
            "nobody in particular was expected, and anybody can sign",
            "Say whom you trust with --identity and --issuer, --source or --builder.",
        )
    return Grade.VERIFIED, "", ""


def _made(verified: list[VerifiedEvidence], request: Request) -> tuple[str, str] | None:
    """What is missing of what was asked about builder and source."""
    wanted = request.expected
    if wanted.builder and not any(one.builder for one in verified):
        return (
            "nothing that was verified says what built the artifact",
            "Ask the publisher for SLSA provenance.",
        )
    if wanted.is_of_source and not any(one.source for one in verified):
        return (
            "nothing that was verified says from which source the artifact is",
            "Ask the publisher for SLSA provenance, or leave out the options of the source.",
        )
    return None


def _summarised(verified: list[VerifiedEvidence], request: Request) -> tuple[str, str] | None:
    if request.summary == SummaryExpectations():
        return None
    if any(one.predicate_type in VSA_TYPES for one in verified):
        return None
    return (
        "a verification summary is expected, and none was verified",
        "Ask the verifier for its summary, or name it with --bundle.",
    )


def _reached(verified: list[VerifiedEvidence], request: Request) -> tuple[str, str] | None:
    if not request.require or any(meets(one.levels, request.require) for one in verified):
        return None
    best = sorted({level for one in verified for level in one.levels})
    return (
        f"{request.require} is required and {', '.join(best) or 'no level'} is shown",
        "Require less, or ask the publisher for a builder that reaches it.",
    )


def _signed(verified: list[VerifiedEvidence], request: Request) -> tuple[str, str] | None:
    """What is missing where a signer is expected and others signed.

    A key or a list of signers expects its own signatures alone: what certificates
    signed beside them could be anybody's.  A source or a builder was held against
    everything that is verified.
    """
    if request.identity:
        if any(one.identity == request.identity for one in verified):
            return None
        who = request.identity
    else:
        named = request.is_open or request.expected.source or request.expected.builder
        if named or any(_is_listed(one, request) for one in verified):
            return None
        who = "whom you named"
    others = ", ".join(sorted({one.identity for one in verified if one.identity}))
    return (
        f"nothing that was verified is signed by {who}, but by {others or 'others'}",
        "Ask the publisher for that signature, or say that you trust the others with --identity "
        "and --issuer.",
    )


def _is_listed(one: VerifiedEvidence, request: Request) -> bool:
    key = f"key:{key_id(request.key)}" if request.key is not None else ""
    return bool(key and one.identity == key) or one.kind.startswith(_LISTS)
