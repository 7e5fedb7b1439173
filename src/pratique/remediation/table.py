"""A plan on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.remediation.models import Step
from pratique.remediation.plan import Status

if TYPE_CHECKING:
    from pratique.remediation.plan import Occurrence, Plan, Upgrade

MAX_DOCUMENTS = 5
"""Most documents listed for one upgrade; JSON has all."""

MAX_IDS = 6
"""Most ids listed for one upgrade."""

MAX_REMAINING = 30
"""Most of what remains that is listed; JSON has all."""


def drawn(plan: Plan) -> str:
    """The plan as text, one upgrade a paragraph, then what remains and why."""
    lines = [_headline(plan), ""]
    for number, upgrade in enumerate(plan.upgrades, 1):
        lines += [*_upgrade(number, upgrade), ""]
    if plan.remaining:
        lines.append("What remains:")
        for one in plan.remaining[:MAX_REMAINING]:
            ids = some(one.ids, MAX_IDS)
            lines.append(f"  {shown(one.subject)}  {one.severity}  {ids}")
            lines.append(f"    {some(one.documents, MAX_DOCUMENTS)}: {shown(one.reason)}")
        if len(plan.remaining) > MAX_REMAINING:
            lines.append(f"  and {len(plan.remaining) - MAX_REMAINING} more; see -f json")
        lines.append("")
    lines += [f"note: {shown(note)}" for note in plan.notes]
    if plan.files:
        verb = "changed" if plan.applied else "to change"
        lines.append(f"files {verb}: {some(plan.files, 20)}")
    if not plan.complete:
        lines.append("The check could not determine everything: see 'pratique check'.")
    return "\n".join(lines).rstrip() + "\n"


def _headline(plan: Plan) -> str:
    if not plan.findings:
        left = "; see the notes for what was left out" if plan.notes else ""
        return f"There is nothing to fix that is known{left}."
    ids = {one for upgrade in plan.upgrades for one in upgrade.fixes}
    if not plan.upgrades:
        return f"None of {plan.findings} findings can be fixed."
    places = sum(len(upgrade.occurrences) for upgrade in plan.upgrades)
    upgrades = "upgrade" if len(plan.upgrades) == 1 else "upgrades"
    where = "place" if places == 1 else "places"
    what = "vulnerability" if len(ids) == 1 else "vulnerabilities"
    text = f"{len(plan.upgrades)} {upgrades} in {places} {where} for {len(ids)} {what}"
    return f"{text}; {len(plan.remaining)} entries remain." if plan.remaining else f"{text}."


def _upgrade(number: int, upgrade: Upgrade) -> list[str]:
    before = sorted({one.before for one in upgrade.occurrences})
    score = f" {upgrade.score}" if upgrade.score is not None else ""
    marks = [f"{upgrade.severity.value}{score}"]
    if upgrade.exploited:
        marks.append("known to be exploited")
    if upgrade.probability is not None:
        marks.append(f"EPSS {upgrade.probability:.3f}")
    target = upgrade.after or "the newest that fits"
    name = shown(upgrade.name)
    lines = [
        f"{number}. {name}  {', '.join(before)} -> {target}  ({upgrade.ecosystem}; "
        f"{', '.join(marks)})",
        f"   fixes {some(upgrade.fixes, MAX_IDS)}",
    ]
    if upgrade.leaves:
        lines.append(f"   leaves {some(upgrade.leaves, MAX_IDS)}")
    lines += [f"   {_occurrence(one)}" for one in upgrade.occurrences[:MAX_DOCUMENTS]]
    more = len(upgrade.occurrences) - MAX_DOCUMENTS
    if more > 0:
        lines.append(f"   and {more} more places in {upgrade.checkouts} checkouts")
    return lines


def _occurrence(one: Occurrence) -> str:
    how = f" by {one.strategy}" if one.strategy else ""
    direct = "direct" if one.direct else "not direct"
    note = f": {shown(one.note)}" if one.note else ""
    stepped = one.status is Status.PLANNED and one.step is not Step.SAME
    step = f", {one.step.name.lower()} step" if stepped else ""
    return f"{shown(one.document)} ({direct}{step}) {one.status}{how}{note}"


def some(items: tuple[str, ...], most: int) -> str:
    """The first of some texts, and how many more there are."""
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return ", ".join(map(shown, items[:most])) + more


def shown(text: str) -> str:
    """Text without what a terminal would act on."""
    return "".join(one if one.isprintable() else "?" for one in text)
