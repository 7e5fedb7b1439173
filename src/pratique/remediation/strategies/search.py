"""Every vulnerability by itself, then with what its fix brings in."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from pratique.remediation.errors import ResolutionError
from pratique.remediation.manifest import difference
from pratique.remediation.models import Outcome, Strategy
from pratique.remediation.strategies.ranking import ranked, together

if TYPE_CHECKING:
    from collections.abc import Callable

    from pratique.remediation.manifest import Bench, Manifest, State
    from pratique.remediation.models import Patch

    Fix = Callable[[Bench, State, frozenset[str]], State | None]

MAX_ATTEMPTS = 2_000
"""Most combinations of vulnerabilities that are tried for one manifest."""


def search(
    manifest: Manifest, bench: Bench, fix: Fix, strategy: Strategy, *, grouped: bool
) -> Outcome:
    """All patches of a strategy, and those to apply.

    Args:
        manifest: As it is.
        bench: Universe, advisories, limits.
        fix: Tries to fix some vulnerabilities; ``None`` where it cannot.
        strategy: For the outcome.
        grouped: Whether all that a fix introduces is then fixed at once, or one by one.

    Raises:
        ResolutionError: The manifest itself has no solution.
    """
    start = bench.state(manifest)
    wanted_first = filter(bench.limits.wants, start.analysis.affected)
    queue = deque(frozenset({one}) for one in wanted_first)
    tried = set(queue)
    found: list[Patch] = []
    while queue:
        wanted = queue.popleft()
        patch = _patch(bench, start, wanted, fix)
        if patch is None:
            continue
        found.append(patch)
        new = {one.id for one in patch.introduced} - wanted
        for more in [frozenset(new)] if grouped and new else [frozenset({one}) for one in new]:
            if wanted | more not in tried and len(tried) < MAX_ATTEMPTS:
                tried.add(wanted | more)
                queue.append(wanted | more)
    possible = ranked(found, bench.universe.dialect)
    fixable = {one.id for patch in possible for one in patch.fixed}
    return Outcome(
        ecosystem=manifest.ecosystem,
        strategy=strategy,
        vulnerabilities=tuple(start.analysis.affection(one) for one in start.analysis.affected),
        unfixable=frozenset(start.analysis.affected) - fixable,
        possible=tuple(possible),
        chosen=tuple(together(possible, bench.limits, by_version=False)),
    )


def _patch(bench: Bench, start: State, wanted: frozenset[str], fix: Fix) -> Patch | None:
    try:
        end = fix(bench, start, wanted)
    except ResolutionError:
        return None
    patch = difference(start, end) if end else None
    return patch if patch and patch.updates else None
