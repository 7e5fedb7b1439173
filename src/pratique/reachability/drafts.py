"""Answers as VEX drafts: for a person to judge, and without effect until then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.model.vex import Justification, Status
from pratique.reachability.models import State
from pratique.vex.authoring import Draft, create, statement_of

if TYPE_CHECKING:
    from datetime import datetime

    from pratique.model.vex import Statement, VexDocument
    from pratique.reachability.models import Answer, Report

ROLE = "Draft by static reading of sources; judged by nobody"

_PROPOSED = {
    State.UNIMPORTED: Justification.CODE_NOT_IN_EXECUTE_PATH,
    State.UNREFERENCED: Justification.CODE_NOT_IN_EXECUTE_PATH,
}
"""What a judge may make of an answer."""


def drafted(report: Report, product: str, now: datetime, author: str) -> VexDocument:
    """An OpenVEX document with one statement for each answer.

    Every status is ``under_investigation``, so that the draft dismisses
    nothing where it is applied as it is; what is proposed, and the evidence,
    stands in the notes.

    Args:
        report: The answers.
        product: Identifier of what was read.
        now: UTC.
        author: Who will judge, or who ran this.

    Raises:
        UsageError: The product is no valid package URL.
    """
    statements = [_statement(one, product, now) for one in report.answers]
    return create(statements, now, author=author, role=ROLE)


def proposal(one: Answer) -> Justification | None:
    """The justification that an answer may support, or ``None``."""
    return _PROPOSED.get(one.state)


def _statement(one: Answer, product: str, now: datetime) -> Statement:
    return statement_of(
        Draft(
            products=(product,),
            vulnerability=one.id,
            status=Status.UNDER_INVESTIGATION.value,
            subcomponents=(one.subject,),
            aliases=one.aliases,
            notes=_notes(one),
        ),
        now,
    )


def _notes(one: Answer) -> str:
    lines = [f"{one.state}: {one.reason}."]
    justification = proposal(one)
    if justification is not None:
        lines.append(f"Proposed, to be judged: not_affected, {justification.value}.")
    lines += [f"via {site}" for site in one.chain]
    lines += [f"at {site}" for site in one.sites[:5]]
    lines += [f"doubt: {text}" for text in one.doubts]
    return "\n".join(lines)
