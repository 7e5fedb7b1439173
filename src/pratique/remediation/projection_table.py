"""A plan over a described universe, on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.remediation.table import MAX_IDS, MAX_REMAINING, shown, some

if TYPE_CHECKING:
    from pratique.remediation.models import Update
    from pratique.remediation.projection import Known, Modification, Projection

MAX_UPDATES = 50
"""Most updates listed for one change; JSON has all."""


def drawn(made: Projection) -> str:
    """The plan as text, one change a paragraph, then what remains and why."""
    lines = [_headline(made), ""]
    known = {one.id: one for one in (*made.vulnerabilities, *made.introduced)}
    for number, change in enumerate(made.changes, 1):
        lines += [*_change(number, change), ""]
    if made.remaining:
        lines.append("What remains:")
        for left in made.remaining[:MAX_REMAINING]:
            lines.append(f"  {_known(known[left.id])}")
            lines.append(f"    {shown(left.reason)}")
        if len(made.remaining) > MAX_REMAINING:
            lines.append(f"  and {len(made.remaining) - MAX_REMAINING} more; see -f json")
        lines.append("")
    if made.introduced:
        lines += ["What comes in:", *(f"  {_known(one)}" for one in made.introduced), ""]
    lines += [f"note: {shown(note)}" for note in made.notes]
    if made.files:
        lines.append(f"files to change: {some(made.files, 20)}")
    if not made.complete:
        lines.append("Not everything could be determined: see the notes.")
    return "\n".join(lines).rstrip() + "\n"


def _headline(made: Projection) -> str:
    where = f"in the universe {shown(made.universe)} ({made.ecosystem}, {made.strategy.value})"
    count = len(made.vulnerabilities)
    fixed = len({one for change in made.changes for one in change.fixes})
    if made.changes:
        noun = "change" if len(made.changes) == 1 else "changes"
        return f"{len(made.changes)} {noun} for {fixed} of {count} vulnerabilities, {where}."
    if count:
        return f"None of {count} vulnerabilities can be fixed, {where}."
    if not made.complete:
        return f"Nothing to change is known, {where}."
    return f"There is nothing to change, {where}."


def _change(number: int, change: Modification) -> list[str]:
    lines = [_update(one) for one in change.updates[:MAX_UPDATES]] or ["lock anew"]
    if len(change.updates) > MAX_UPDATES:
        lines.append(f"and {len(change.updates) - MAX_UPDATES} more; see -f json")
    lines = [f"{number}. {lines[0]}", *(f"   {line}" for line in lines[1:])]
    if change.fixes:
        lines.append(f"   fixes {some(change.fixes, MAX_IDS)} ({change.severity.value})")
    if change.introduces:
        lines.append(f"   brings in {some(change.introduces, MAX_IDS)}")
    return lines


def _update(one: Update) -> str:
    before = shown(one.before) or "(none)"
    direct = ", not direct" if one.transitive else ""
    return f"{shown(one.name)}  {before} -> {shown(one.after)}{direct}"


def _known(one: Known) -> str:
    places = some(tuple(f"{place.name} {place.version}" for place in one.packages), MAX_IDS)
    score = f" {one.score}" if one.score is not None else ""
    exploited = ", known to be exploited" if one.exploited else ""
    return f"{shown(one.id)}  {one.severity.value}{score}{exploited}  {places}"
