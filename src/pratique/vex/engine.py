"""Statements applied to findings: the status changes, the finding stays, the reason is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pratique.formats.instants import write_instant
from pratique.model.evidence import Evidence, Origin, Verb
from pratique.model.finding import Finding
from pratique.model.vex import Signature
from pratique.vex.index import Index
from pratique.vex.ordering import Standing, settle
from pratique.vex.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pratique.model.vex import Statement

OPEN = "open"


class Outcome(msgspec.Struct, frozen=True):
    """A finding, and what VEX says of it."""

    finding: Finding
    """As it is after VEX."""

    standing: Standing
    """The statement that counts, and those against it."""


def apply(
    findings: Sequence[Finding],
    statements: Sequence[Statement],
    now: datetime,
    *,
    scene: Scene | None = None,
    preferred: Sequence[str] = (),
) -> tuple[Finding, ...]:
    """Apply VEX statements to findings, of which none is ever deleted.

    A finding of which ``not_affected`` or ``fixed`` is said gets that status;
    of ``affected`` and ``under_investigation`` it stays open.  Either way its
    reasons say which statement, by whom, signed or not, and when, and which
    others contradict it.

    Args:
        findings: In any order, which is kept.
        statements: Of all documents.
        now: UTC; statements dated later are kept apart.
        scene: What was checked.  Without one only statements whose product is
            the finding's own package can apply.
        preferred: Policy: authors, document ids or paths whose statements win
            whatever their date, the strongest first.

    Raises:
        LimitError: The statements are built to take too long.
    """
    outcomes = assess(findings, statements, now, scene=scene, preferred=preferred)
    return tuple(one.finding for one in outcomes)


def assess(
    findings: Sequence[Finding],
    statements: Sequence[Statement],
    now: datetime,
    *,
    scene: Scene | None = None,
    preferred: Sequence[str] = (),
) -> list[Outcome]:
    """As :func:`apply`, with the statements behind each finding's status."""
    scene = scene or Scene()
    index = Index(statements, scene)
    words = _Words()
    outcomes = []
    for finding in findings:
        entries = index.find(
            (finding.id, *finding.aliases), finding.subject, scene.target(finding.subject)
        )
        if not entries:
            outcomes.append(Outcome(finding, Standing()))
            continue
        standing = settle([entry.statement for entry in entries], now, preferred)
        outcomes.append(Outcome(_changed(finding, standing, words), standing))
    return outcomes


class _Words:
    """What is said of each statement, made once however many findings it is about."""

    def __init__(self) -> None:
        self._made: dict[int, tuple[str, dict[str, str], Origin]] = {}

    def of(self, one: Statement) -> tuple[str, dict[str, str], Origin]:
        """Line, claim and origin of a statement, which lives as long as this."""
        made = self._made.get(id(one))
        if made is None:
            origin = Origin(document="", collector="vex", signer=one.signer, observed=one.timestamp)
            made = self._made[id(one)] = said(one), _claim(one), origin
        return made


def _changed(finding: Finding, standing: Standing, words: _Words) -> Finding:
    reasons = list(finding.reasons)
    evidence = list(finding.evidence)
    status = finding.status
    counted = [("VEX: ", standing.effective)] if standing.effective is not None else []
    counted.extend(("VEX contradicts itself: ", one) for one in standing.contradictions)
    for start, one in counted:
        line, claim, origin = words.of(one)
        reasons.append(start + line)
        evidence.append(
            Evidence(verb=Verb.CERTIFY_VEX, subject=finding.subject, claim=claim, origin=origin)
        )
    if standing.effective is not None and standing.effective.status.closes and status == OPEN:
        status = standing.effective.status.value
    reasons.extend(
        f"VEX not applied, its date is in the future: {words.of(one)[0]}" for one in standing.future
    )
    return msgspec.structs.replace(
        finding, status=status, reasons=tuple(reasons), evidence=tuple(evidence)
    )


def said(one: Statement) -> str:
    """A statement in one line: what, why, who, signed or not, when, and where it stands."""
    why = one.justification_as_written or (one.justification.value if one.justification else "")
    text = f"{one.status}{f' ({why})' if why else ''}"
    detail = one.impact or one.action
    if detail:
        line = " ".join(detail.split())
        text += f": {line[:200]}{'…' if len(line) > 200 else ''}"
    when = write_instant(one.timestamp) if one.timestamp else "undated"
    place = f"{one.location.path} {one.place}".strip()
    return f"{text}; said by {one.author or 'nobody named'}, {_signed(one)}, {when}, in {place}"


def _signed(one: Statement) -> str:
    if one.signature is Signature.VERIFIED and one.signer:
        return f"signed by {one.signer}"
    if one.signature is Signature.UNVERIFIED:
        return "signature not verified"
    return "not signed"


def _claim(one: Statement) -> dict[str, str]:
    claim = {
        "vulnerability": one.vulnerability,
        "status": one.status.value,
        "justification": one.justification_as_written,
        "statement": one.impact or one.action,
        "statusNotes": one.status_notes,
        "author": one.author,
        "document": one.document,
        "place": f"{one.location.path} {one.place}".strip(),
    }
    return {key: value for key, value in claim.items() if value}
