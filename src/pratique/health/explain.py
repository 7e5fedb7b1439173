"""Text that explains a rule or an advisory."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pratique.model.advisory import Advisory
    from pratique.model.finding import Rule

WIDTH = 88


def about_rule(rule: Rule) -> str:
    """What a rule means, why it matters and what to do."""
    links = [
        f"  {ref.title}: {ref.url}" if ref.title else f"  {ref.url}" for ref in rule.references
    ]
    return "\n".join(
        (
            f"{rule.id}: {rule.title}",
            "",
            fill(rule.motivation, WIDTH),
            "",
            "What to do",
            fill(rule.remedy, WIDTH),
            "",
            *links,
        )
    )


def about_advisory(advisory: Advisory, details: str = "") -> str:
    """The facts of an advisory.

    Args:
        advisory: The advisory.
        details: What it says at length; where it is not here, that is left to
            the pages it refers to.
    """
    dates = [
        f"{name} {date:%Y-%m-%d}"
        for name, date in (
            ("published", advisory.published),
            ("modified", advisory.modified),
            ("withdrawn", advisory.withdrawn),
        )
        if date
    ]
    score = f" {advisory.score}" if advisory.score is not None else ""
    rating = f"{advisory.severity}{score} {advisory.vector}".strip()
    rows = (
        ("aliases", ", ".join(advisory.aliases)),
        ("upstream", ", ".join(advisory.upstream)),
        ("related", ", ".join(advisory.related)),
        ("severity", rating),
        ("dates", ", ".join(dates)),
    )
    lines = [advisory.id + (f": {advisory.summary}" if advisory.summary else "")]
    if advisory.malicious:
        lines.append("This is a malicious package, not a defect in one.")
    lines += [f"  {name:<10}{text}" for name, text in rows if text]
    if advisory.withdrawn:
        lines.append("  It was withdrawn: it no longer counts in a check.")
    lines += [f"  {ref.url}" for ref in advisory.references]
    lines.append(f"  https://osv.dev/vulnerability/{advisory.id}")
    text = "\n".join(dict.fromkeys(lines))
    # Records come from anywhere: nothing in them may steer a terminal.
    shown = "".join(c for c in details if c.isprintable() or c == "\n").strip()
    return f"{text}\n\n{shown}" if shown else text
