"""An answer as people read it: one graded block for each piece of evidence."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from pratique.model.attestation import Grade, VerifiedEvidence
from pratique.report.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.provenance.request import Answer

MARKS = {
    Grade.VERIFIED: "✓",
    Grade.TIME_UNPROVEN: "~",
    Grade.UNSUPPORTED: "?",
    Grade.FAILED: "✗",
    Grade.NONE: "-",
}
COLOURS = {
    Grade.VERIFIED: "32",
    Grade.TIME_UNPROVEN: "33",
    Grade.UNSUPPORTED: "33",
    Grade.FAILED: "31",
    Grade.NONE: "33",
}
"""Codes of the terminal's sixteen colours."""

GRADE_WIDTH = 22
LABEL_WIDTH = 12
MIN_WIDTH = 60
"""Narrowest that is laid out; a narrower terminal wraps by itself."""


def render(answer: Answer, *, color: bool = False, width: int = 100) -> str:
    """The answer for a terminal, whatever a hostile document put in.

    Args:
        answer: To be drawn.
        color: Whether to use the terminal's sixteen colours.
        width: Columns; at least ``MIN_WIDTH`` are used.
    """
    columns = max(width, MIN_WIDTH)
    lines = [printable(answer.artifact)]
    lines += [f"  {name}:{value}" for name, value in answer.digests.items() if name == "sha256"]
    lines.append("")
    for one in answer.evidence:
        lines += _block(one, color, columns)
        lines.append("")
    lines += _verdict(answer, color, columns)
    return "\n".join(lines) + "\n"


def _graded(grade: Grade, color: bool) -> str:
    text = f"{MARKS[grade]} {grade.value}"
    padded = f"{text:<{GRADE_WIDTH}}"
    return f"\x1b[{COLOURS[grade]}m{padded}\x1b[0m" if color else padded


def _block(one: VerifiedEvidence, color: bool, width: int) -> Iterator[str]:
    yield f"{_graded(one.grade, color)} {printable(one.kind)}  {printable(one.path)}"
    when = f"{one.signed_at:%Y-%m-%d %H:%M:%S} UTC" if one.signed_at else ""
    rows = (
        ("states", one.predicate_type),
        ("signed by", one.identity),
        ("vouched by", one.issuer),
        ("signed at", when),
        ("built by", one.builder),
        ("from", one.source),
        ("levels", ", ".join(one.levels)),
        ("because", f"{one.cause} [{one.error}]" if one.error else one.cause),
        ("next", one.next_action),
    )
    for label, text in rows:
        if text:
            yield from _row(label, printable(text), width)


def _row(label: str, text: str, width: int) -> Iterator[str]:
    first = f"  {label:<{LABEL_WIDTH}}"
    yield from textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _verdict(answer: Answer, color: bool, width: int) -> Iterator[str]:
    required = f"  ({printable(answer.required)} required)" if answer.required else ""
    yield f"{_graded(answer.grade, color).rstrip()}{required}"
    for alarm in answer.alarms:
        yield from _row("alarm", printable(alarm), width)
    if answer.reason:
        yield from _row("because", printable(answer.reason), width)
    if answer.next_action:
        yield from _row("next", printable(answer.next_action), width)
