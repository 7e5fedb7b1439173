"""Update: the newest versions of what a POM names, whatever is known against the old ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.remediation.dialects import step_between
from pratique.remediation.models import Outcome, Patch, Strategy, Update
from pratique.remediation.strategies.override import later

if TYPE_CHECKING:
    from pratique.remediation.manifest import Bench, Manifest
    from pratique.remediation.models import Need


def update(manifest: Manifest, bench: Bench) -> Outcome:
    """One patch with every update that the limits allow; prereleases are never chosen.

    Requirements with properties that nothing defines are passed over.
    """
    updates: dict[Update, None] = {}
    for need in manifest.needs:
        if (need.development and not bench.limits.development) or "${" in need.requirement:
            continue
        target = _newest(need, bench)
        if target and target != need.requirement:
            updates[Update(need.name, need.requirement, target)] = None
    patches = (Patch(updates=tuple(updates)),) if updates else ()
    return Outcome(
        ecosystem=manifest.ecosystem,
        strategy=Strategy.UPDATE,
        possible=patches,
        chosen=patches,
    )


def _newest(need: Need, bench: Bench) -> str:
    """The newest version a requirement may move to; empty where it has it already."""
    dialect = bench.universe.dialect
    fitting = bench.universe.matching(need.name, need.requirement)
    current = fitting[-1] if fitting else need.requirement
    allowed = [
        one
        for one in later(bench, need.name, current)
        if not dialect.prerelease(one)
        and bench.limits.allows(need.name, step_between(current, one))
    ]
    return allowed[-1] if allowed else ""
