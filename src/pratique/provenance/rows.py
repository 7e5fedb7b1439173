"""Several answers as one, and a table of a row for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pratique.model.attestation import WORST_FIRST, Grade, VerifiedEvidence, worst
from pratique.provenance.beside import shown
from pratique.provenance.request import Answer, Request

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pratique.model.errors import ExitCode


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """The answer about a list of components."""

    subject: str
    digests: dict[str, str]
    format: str
    """Name and version of the list's format."""

    evidence: tuple[VerifiedEvidence, ...] = ()
    """About the list itself."""

    rows: tuple[Answer, ...] = ()
    """One for each component, by package URL."""

    counts: dict[str, int] = {}
    """How many components have which grade; grades that none has are left out."""

    levels: tuple[str, ...] = ()
    """Of the Dependency track, which is a draft in SLSA 1.2."""

    levels_reason: str = ""
    """Why no higher level of it is shown."""

    problems: tuple[str, ...] = ()
    """What could not be read of the list; then its rows are not all."""

    required: str = ""
    grade: Grade
    reason: str = ""
    next_action: str = ""

    @property
    def exit_code(self) -> ExitCode:
        """0 all verified as required, 1 something failed, 3 something is not proven."""
        return self.grade.exit_code


def counts(answers: Iterable[Answer]) -> dict[str, int]:
    """How many answers have which grade, best first."""
    found = dict.fromkeys(reversed(WORST_FIRST), 0)
    for one in answers:
        found[one.grade] += 1
    return {grade.value: count for grade, count in found.items() if count}


def unknown(
    name: str,
    digests: dict[str, str],
    reason: str,
    action: str,
    request: Request,
    evidence: Iterable[VerifiedEvidence] = (),
) -> Answer:
    """An answer about something that could not be asked about; what failed of it still fails."""
    found = tuple(evidence)
    fails = any(one.grade is Grade.FAILED for one in found)
    return Answer(
        artifact=shown(name),
        digests=digests,
        evidence=found,
        required=request.require,
        grade=Grade.FAILED if fails else Grade.UNKNOWN,
        reason=reason,
        next_action=action,
    )


def combined(name: str, answers: Sequence[Answer], request: Request) -> Answer:
    """Answers about the files of one package as one: it is no better than its worst file.

    Args:
        name: Package URL.
        answers: One for each file.
        request: What is required.
    """
    if len(answers) == 1:
        return msgspec.structs.replace(answers[0], artifact=shown(name))
    grade = worst(one.grade for one in answers)
    same = [one for one in answers if one.grade is grade]
    first = same[0] if same else None
    reason = first.reason if first else "no file of it is known"
    if first and grade is not Grade.VERIFIED:
        others = f" and {len(same) - 1} more" if len(same) > 1 else ""
        cause = reason or next(
            (one.cause for one in first.evidence if one.grade is grade), grade.value
        )
        reason = f"{first.artifact}{others} of {len(answers)} files: {cause}"
    return Answer(
        artifact=shown(name),
        digests={},
        evidence=tuple(
            msgspec.structs.replace(one, path=f"{answer.artifact}: {one.path}")
            for answer in answers
            for one in answer.evidence
        ),
        required=request.require,
        grade=grade,
        reason=reason,
        next_action=first.next_action if first else "",
    )
