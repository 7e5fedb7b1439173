"""A judgement, its states, and the finding it is about."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from pratique.formats.cyclonedx_vex.words import JUSTIFICATIONS, RESPONSES, STATES
from pratique.model.vex import Justification, Status
from pratique.triage.errors import JudgementError

SCHEMA = "pratique/triage/1"


class State(StrEnum):
    """CycloneDX's states of an impact analysis (schema 1.6, ``impactAnalysisState``)."""

    IN_TRIAGE = "in_triage"
    EXPLOITABLE = "exploitable"
    NOT_AFFECTED = "not_affected"
    FALSE_POSITIVE = "false_positive"
    RESOLVED = "resolved"
    RESOLVED_WITH_PEDIGREE = "resolved_with_pedigree"

    @property
    def status(self) -> Status:
        """The VEX status that it comes to."""
        return STATES[self.value]


COMMON = {one.value: one for one in Justification}
"""The five justifications that all VEX formats share."""


class Finding(msgspec.Struct, frozen=True, order=True):
    """What a judgement is about."""

    product: str
    version: str
    """Of the product; empty for every version."""

    package: str
    """Package URL, without a version for every one; empty for the whole product."""

    vulnerability: str
    """By any of its ids."""


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody decided about a finding."""

    finding: Finding
    state: State
    justification: str = ""
    """One of the nine of CycloneDX or of the five that all formats share."""

    responses: tuple[str, ...] = ()
    """CycloneDX: ``update``, ``will_not_fix`` …"""

    comment: str = ""
    by: str
    at: datetime
    """UTC."""

    expires: datetime | None = None
    """Until when it holds; ``None`` for always."""

    previous: str = ""
    """Digest of the judgement whose place it takes."""

    digest: str = ""
    """Of its own document; empty before it is on record."""

    @property
    def common(self) -> Justification | None:
        """Its justification in the words that all formats share."""
        return COMMON.get(self.justification) or JUSTIFICATIONS.get(self.justification)

    def holds(self, moment: datetime) -> bool:
        """Whether it has not expired."""
        return self.expires is None or moment < self.expires


def checked(one: Judgement) -> Judgement:
    """The judgement, if it is one.

    Raises:
        JudgementError: Something is missing, unknown, or does not go with the state.
    """
    if not one.finding.product or not one.finding.vulnerability:
        raise JudgementError("a judgement names a product and a vulnerability.")
    if not one.by:
        raise JudgementError("a judgement says who decided.", remedy="Give --by.")
    if one.justification and one.state.status is not Status.NOT_AFFECTED:
        raise JudgementError("a justification goes with not_affected and false_positive alone.")
    if one.justification and one.common is None:
        known = ", ".join([*COMMON, *JUSTIFICATIONS])
        raise JudgementError(
            f"{one.justification!r} is no justification.", remedy=f"Give one of {known}."
        )
    if one.state.status is Status.NOT_AFFECTED and not (one.justification or one.comment):
        raise JudgementError(
            f"{one.state} needs a reason.", remedy="Give --justification or --comment."
        )
    if unknown := set(one.responses) - RESPONSES:
        raise JudgementError(
            f"{min(unknown)!r} is no response.",
            remedy=f"Give one of {', '.join(sorted(RESPONSES))}.",
        )
    if one.expires is not None and one.expires <= one.at:
        raise JudgementError("it would expire before it is made.", remedy="Give a later --expires.")
    return one
