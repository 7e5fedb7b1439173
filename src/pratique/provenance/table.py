"""An answer as people read it: one graded block for each piece of evidence."""

from __future__ import annotations

import os
import sys
import textwrap
from typing import TYPE_CHECKING

from pratique.formats.slsa import parse_level
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
    Grade.UNKNOWN: "?",
}
COLOURS = {
    Grade.VERIFIED: "32",
    Grade.TIME_UNPROVEN: "33",
    Grade.UNSUPPORTED: "33",
    Grade.FAILED: "31",
    Grade.NONE: "33",
    Grade.UNKNOWN: "33",
}
"""Codes of the terminal's sixteen colours."""

GRADE_WIDTH = 22
LABEL_WIDTH = 12
MIN_WIDTH = 60
"""Narrowest that is laid out; a narrower terminal wraps by itself."""


def is_coloured(choice: str) -> bool:
    """Whether ``--color auto``, ``always`` or ``never`` means colours here."""
    return choice == "always" or (
        choice == "auto"
        and sys.stdout.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM") != "dumb"
    )


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
        lines += block(one, color, columns)
        lines.append("")
    lines += _verdict(answer, color, columns)
    return "\n".join(lines) + "\n"


def graded(grade: Grade, color: bool) -> str:
    """A grade with its mark, as wide as the widest."""
    text = f"{MARKS[grade]} {grade.value}"
    padded = f"{text:<{GRADE_WIDTH}}"
    return f"\x1b[{COLOURS[grade]}m{padded}\x1b[0m" if color else padded


def block(one: VerifiedEvidence, color: bool, width: int) -> Iterator[str]:
    """Lines of one piece of evidence."""
    yield f"{graded(one.grade, color)} {printable(one.kind)}  {printable(one.path)}"
    when = f"{one.signed_at:%Y-%m-%d %H:%M:%S} UTC" if one.signed_at else ""
    rows = (
        ("states", one.predicate_type),
        ("signed by", one.identity),
        ("vouched by", one.issuer),
        ("signed at", when),
        ("built by", one.builder),
        ("from", one.source),
        ("levels", ", ".join(map(_level, one.levels))),
        ("because", f"{one.cause} [{one.error}]" if one.error else one.cause),
        ("next", one.next_action),
    )
    for label, text in rows:
        if text:
            yield from row(label, printable(text), width)


def _level(name: str) -> str:
    """A level, marked where its track is a draft in SLSA 1.2."""
    level = parse_level(name)
    return f"{name} (draft)" if level is not None and level.draft else name


def row(label: str, text: str, width: int) -> Iterator[str]:
    """Lines of one labelled text."""
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
    yield f"{graded(answer.grade, color).rstrip()}{required}"
    for alarm in answer.alarms:
        yield from row("alarm", printable(alarm), width)
    if answer.reason:
        yield from row("because", printable(answer.reason), width)
    if answer.next_action:
        yield from row("next", printable(answer.next_action), width)
