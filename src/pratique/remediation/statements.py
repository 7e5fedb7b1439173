"""The VEX statements that follow from a plan: what is fixed in it, and what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.model.ecosystems import package_of
from pratique.model.vex import Status as VexStatus
from pratique.remediation.plan import Status
from pratique.vex.authoring import Draft, create, statement_of

if TYPE_CHECKING:
    from datetime import datetime

    from pratique.model.vex import Statement, VexDocument
    from pratique.remediation.plan import Occurrence, Plan, Upgrade


def statements(plan: Plan, product: str, now: datetime, *, author: str = "") -> VexDocument:
    """An OpenVEX document about the product as it is once the plan's changes are in.

    Only what a resolver made and a check confirmed is ``fixed``.  Everything
    else stays ``affected``, with what to do.

    Args:
        plan: Carried out, or not yet.
        product: Identifier of what was fixed.
        now: UTC.
        author: Of the document.

    Raises:
        UsageError: The product is no valid package URL.
    """
    made = [
        one
        for upgrade in plan.upgrades
        for occurrence in upgrade.occurrences
        for one in _of_upgrade(upgrade, occurrence, product, now)
    ]
    for one in plan.remaining:
        for identifier in one.ids:
            draft = Draft(
                products=(product,),
                vulnerability=identifier,
                status=VexStatus.AFFECTED.value,
                subcomponents=(one.subject,),
                action=f"Not fixed: {one.reason}",
            )
            made.append(statement_of(draft, now))
    unique = {(one.vulnerability, str(one.products), one.status): one for one in made}
    return create(list(unique.values()), now, author=author)


def _of_upgrade(upgrade: Upgrade, one: Occurrence, product: str, now: datetime) -> list[Statement]:
    proven = one.status is Status.PROVEN and bool(upgrade.after)
    package = package_of(upgrade.ecosystem, upgrade.name, upgrade.after if proven else one.before)
    target = upgrade.after or "the newest version"
    drafts = [
        Draft(
            products=(product,),
            vulnerability=identifier,
            status=(VexStatus.FIXED if proven else VexStatus.AFFECTED).value,
            subcomponents=(str(package),) if package else (),
            action="" if proven else f"Upgrade {upgrade.name} {one.before} to {target}.",
            notes=f"Upgraded from {one.before} in {one.document}." if proven else "",
        )
        for identifier in upgrade.fixes
    ]
    return [statement_of(draft, now) for draft in drafts]
