"""The text of a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.remediation.plan import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pratique.remediation.plan import Occurrence, Plan, Remaining, Upgrade

MAX_IDS = 8
"""Most ids named in one cell."""

MAX_PATHS = 3
"""Most documents named in one cell."""


def message(plan: Plan) -> str:
    """Markdown: a title, what is upgraded and why, what proves it, what remains."""
    made = [(upgrade, one) for upgrade in plan.upgrades for one in upgrade.occurrences]
    done = [pair for pair in made if pair[1].status is not Status.FAILED]
    lines = [f"# {title(done)}", ""]
    if done:
        lines += [
            "| Package | From | To | Where | Fixes | Severity | State |",
            "|---|---|---|---|---|---|---|",
            *(_row(upgrade) for upgrade in plan.upgrades if _kept(upgrade)),
            "",
            *_proof([one for _, one in done]),
        ]
    if plan.remaining:
        lines += ["## What remains", "", *map(_remaining, plan.remaining), ""]
    if plan.notes:
        lines += ["## Notes", "", *(f"- {_plain(note)}" for note in plan.notes), ""]
    lines += [
        f"Made by {_plain(plan.tool)}, {plan.created:%Y-%m-%d}. "
        "Run the project's tests before merging.",
    ]
    return "\n".join(lines) + "\n"


def title(made: Sequence[tuple[Upgrade, Occurrence]]) -> str:
    """One line for a pull request or commit; "fixed" is what a resolver and a check confirmed."""
    names = list(dict.fromkeys(upgrade.name for upgrade, _ in made))
    if not names:
        return "Nothing can be upgraded"
    what = ", ".join(names[:3]) if len(names) <= 3 else f"{len(names)} packages"
    open_ = {each for one, at in made if at.status is not Status.PROVEN for each in one.fixes}
    fixed = {each for one, _ in made for each in one.fixes} - open_
    parts = [f"{_vulnerabilities(len(fixed))} fixed"] if fixed or not open_ else []
    parts += [f"{_vulnerabilities(len(open_))} not proven to be fixed"] if open_ else []
    return f"Upgrade {what}: {', '.join(parts)}"


def _vulnerabilities(count: int) -> str:
    return f"{count} vulnerability" if count == 1 else f"{count} vulnerabilities"


def _kept(upgrade: Upgrade) -> list[Occurrence]:
    return [one for one in upgrade.occurrences if one.status is not Status.FAILED]


def _row(upgrade: Upgrade) -> str:
    kept = _kept(upgrade)
    before = sorted({one.before for one in kept})
    states = sorted({one.status.value for one in kept})
    severity = upgrade.severity.value + (f" {upgrade.score}" if upgrade.score is not None else "")
    if upgrade.exploited:
        severity += ", known to be exploited"
    cells = [
        upgrade.name,
        ", ".join(before),
        upgrade.after or "newest",
        _some([one.document for one in kept], MAX_PATHS),
        _some([*upgrade.fixes, *(f"({one})" for one in upgrade.aliases)], MAX_IDS),
        severity,
        ", ".join(states),
    ]
    return "| " + " | ".join(_plain(cell) for cell in cells) + " |"


def _some(items: Sequence[str], most: int) -> str:
    unique = list(dict.fromkeys(items))
    more = f" and {len(unique) - most} more" if len(unique) > most else ""
    return ", ".join(unique[:most]) + more


def _proof(done: Sequence[Occurrence]) -> list[str]:
    proven = sum(one.status is Status.PROVEN for one in done)
    lines = []
    if proven:
        lines.append(
            f"{proven} of {len(done)} changes were made by the project's own resolver and "
            "checked again: the vulnerabilities named are gone and none came in."
        )
    unproven = {(one.document, one.note): None for one in done if one.status is Status.NOT_PROVEN}
    lines += [f"- {_plain(path)}: not proven ({_plain(note)})" for path, note in unproven]
    planned = sum(one.status is Status.PLANNED for one in done)
    if planned:
        lines.append(f"{planned} changes are planned only: no resolver has confirmed them.")
    return [*lines, ""]


def _remaining(one: Remaining) -> str:
    where = _some(one.documents, MAX_PATHS)
    what = f"{_plain(one.subject)} ({_some(one.ids, MAX_IDS)}; {_plain(where)})"
    return f"- {what}: {_plain(one.reason)}"


def _plain(text: str) -> str:
    """Text that Markdown leaves as it is: names come from documents of others."""
    text = " ".join(text.split())
    for mark in "\\`*_[]<>|#":
        text = text.replace(mark, f"\\{mark}")
    return text
