"""The answer about a list of components as people read it: a row for each, and how many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.formats.slsa import parse_level
from pratique.model.attestation import Grade
from pratique.provenance.table import MIN_WIDTH, block, graded, row
from pratique.report.text import count, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.provenance.request import Answer
    from pratique.provenance.rows import Rows

MAX_PROBLEMS = 10
"""Problems of the list that are shown; JSON has all."""


def render_rows(found: Rows, *, color: bool = False, width: int = 100) -> str:
    """The answer for a terminal, whatever a hostile document put in."""
    columns = max(width, MIN_WIDTH)
    lines = [f"{printable(found.subject)}  ({printable(found.format)})", ""]
    for one in found.evidence:
        lines += [*block(one, color, columns), ""]
    for component in found.rows:
        lines += _component(component, color, columns)
    lines.append("")
    lines += _summary(found, color, columns)
    return "\n".join(lines) + "\n"


def _component(one: Answer, color: bool, width: int) -> Iterator[str]:
    said = _said(one)
    yield f"{graded(one.grade, color)} {printable(one.artifact)}{f'  {said}' if said else ''}"
    for alarm in one.alarms:
        yield from row("alarm", printable(alarm), width)
    if one.grade is Grade.VERIFIED:
        return
    bad = next((each for each in one.evidence if each.grade is one.grade and each.cause), None)
    cause = one.reason or (f"{bad.cause} [{bad.error}]" if bad and bad.error else "")
    cause = cause or (bad.cause if bad else "")
    action = one.next_action or (bad.next_action if bad else "")
    if cause:
        yield from row("because", printable(cause), width)
    if action and one.grade in {Grade.FAILED, Grade.UNKNOWN}:
        yield from row("next", printable(action), width)


def _said(one: Answer) -> str:
    """Level and source in a few words, of what was verified alone."""
    good = [each for each in one.evidence if each.grade is Grade.VERIFIED]
    levels = sorted({name for each in good for name in each.levels})
    source = next((each.source for each in good if each.source), "")
    identity = next((each.identity for each in good if each.identity), "")
    return printable("  ".join([*levels[-1:], source or identity]))


def _summary(found: Rows, color: bool, width: int) -> Iterator[str]:
    counted = ", ".join(f"{number} {grade}" for grade, number in found.counts.items())
    yield f"{count(len(found.rows), 'component')}: {counted or 'none'}"
    for name in found.levels:
        level = parse_level(name)
        yield from row("levels", f"{name}{' (draft)' if level and level.draft else ''}", width)
    if found.levels_reason:
        yield from row("no higher", printable(found.levels_reason), width)
    for problem in found.problems[:MAX_PROBLEMS]:
        yield from row("unread", printable(problem), width)
    if len(found.problems) > MAX_PROBLEMS:
        yield from row("unread", f"and {len(found.problems) - MAX_PROBLEMS} more", width)
    of = "" if "DEPENDENCY" in found.required else " of each"
    required = f"  ({printable(found.required)} required{of})" if found.required else ""
    yield f"{graded(found.grade, color).rstrip()}{required}"
    if found.reason:
        yield from row("because", printable(found.reason), width)
    if found.next_action:
        yield from row("next", printable(found.next_action), width)
