"""Judging the licence claims about one component."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.licenses.models import Judgement, Reading
from pratique.licenses.reading import read_claim, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pratique.model.inventory import LicenseClaim

MAX_CLAIMS = 100
"""Different claims about one component that are weighed.

Documents state one to three; a message must be able to name those that differ.
"""


def judge(claims: Sequence[LicenseClaim]) -> Judgement:
    """Weigh all claims about one component's licence.

    Claims agree where one names every licence that the others name, and fits
    those that leave a version open (``BSD License``).  Several that differ do
    not say whether all or any of them apply: the licence is then unknown.  A
    claim that names something not understood leaves it unknown, too; one that
    says nothing (``see LICENSE``) is left aside, with a note.

    Returns:
        An expression, or the reason why there is none.  Never raises.
    """
    if len(claims) == 1:
        return _judge_one(claims[0], read_claim(claims[0].text))
    read = [(claim, read_claim(claim.text)) for claim in dict.fromkeys(claims)]
    if not read:
        return Judgement(reason="no document states a licence")
    if len(read) == 1:
        return _judge_one(*read[0])
    if len(read) > MAX_CLAIMS:
        return Judgement(reason=f"{len(read)} different claims, more than {MAX_CLAIMS}")
    return _weigh(read)


def _judge_one(claim: LicenseClaim, reading: Reading) -> Judgement:
    if reading.expression:
        return Judgement(expression=reading.expression, notes=reading.notes)
    return Judgement(reason=_refusal(claim, reading), notes=reading.notes)


def _weigh(read: list[tuple[LicenseClaim, Reading]]) -> Judgement:
    """Weigh several claims."""
    telling = [(claim, reading) for claim, reading in read if not reading.vague]
    if not telling:
        return Judgement(reason="; ".join(_refusal(*item) for item in read[:3]))
    notes = [f"left aside: {_refusal(*item)}" for item in read if item[1].vague]
    notes += [note for _, reading in telling for note in reading.notes]
    exact = [(claim, reading) for claim, reading in telling if reading.expression]
    open_ended = [(claim, reading) for claim, reading in telling if not reading.expression]
    for claim, reading in open_ended:
        if not reading.family or not exact:
            return Judgement(reason=_refusal(claim, reading), notes=_unique(notes))
    every = frozenset[str]().union(*(reading.licenses for _, reading in exact))
    for _, reading in exact:
        same = all(
            other.expression == reading.expression or other.licenses < reading.licenses
            for _, other in exact
        )
        if same and reading.licenses == every and _fits(every, open_ended):
            return Judgement(expression=reading.expression, notes=_unique(notes))
    differ = dict.fromkeys(
        f"{reading.expression or shown(claim.text)} ({claim.origin})" for claim, reading in telling
    )
    return Judgement(reason=f"claims differ: {'; '.join(differ)}", notes=_unique(notes))


def _fits(licenses: frozenset[str], open_ended: list[tuple[LicenseClaim, Reading]]) -> bool:
    """Whether each claim that leaves the licence open may mean one of these."""
    return all(
        any(license.startswith(reading.family) for license in licenses) for _, reading in open_ended
    )


def _refusal(claim: LicenseClaim, reading: Reading) -> str:
    if not claim.text.strip():
        return f"the licence stated by {claim.origin} is empty"
    return f"{shown(claim.text)} ({claim.origin}) {reading.refusal}"


def _unique(notes: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(notes))
