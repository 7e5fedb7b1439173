"""Answers on a terminal."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pratique.reachability.models import State
from pratique.report.text import printable

if TYPE_CHECKING:
    from pratique.reachability.models import Answer, Report

ORDER = tuple(State)
"""What is reached first, what is not known last."""

MAX_PLACES = 3
"""Most places shown for one answer; JSON has more."""


def drawn(report: Report) -> str:
    """The report as text: what is reached, what seems not to be, what is not known."""
    lines = [_headline(report), ""]
    counts = Counter(text for one in report.answers for text in one.doubts)
    common = {text: number for text, number in counts.items() if number > 1}
    for state in ORDER:
        answers = [one for one in report.answers if one.state is state]
        if answers:
            lines.append(f"{state} ({len(answers)})")
            for one in answers:
                lines += _answer(one, common)
            lines.append("")
    lines += [printable(f"doubt, of {common[text]} answers: {text}") for text in sorted(common)]
    lines += [printable(f"not read: {one.location}: {one.message}") for one in report.problems[:20]]
    if len(report.problems) > 20:
        lines.append(f"not read: {len(report.problems) - 20} more; see -f json")
    if any(one.state in {State.UNIMPORTED, State.UNREFERENCED} for one in report.answers):
        lines.append(
            "What seems not to be reached is still open: judge it, then say so with 'pratique vex'."
        )
    return "\n".join(lines).rstrip() + "\n"


def _headline(report: Report) -> str:
    if not report.answers:
        return "There are no open findings to look for in the sources."
    counts = [
        f"{sum(one.state is state for one in report.answers)} {state}"
        for state in ORDER
        if any(one.state is state for one in report.answers)
    ]
    noun = "finding" if len(report.answers) == 1 else "findings"
    files = f"{report.files:,} source files"
    return f"{len(report.answers)} {noun}, {files} read: {', '.join(counts)}."


def _answer(one: Answer, common: dict[str, int]) -> list[str]:
    lines = [f"  {one.id}  {one.severity}  {one.subject}", f"    {one.reason}"]
    places = [*one.chain[:MAX_PLACES], *one.sites[:MAX_PLACES]]
    lines += [f"    {site}" for site in places]
    lines += [f"    doubt: {text}" for text in one.doubts if text not in common]
    return [printable(line) for line in lines]
