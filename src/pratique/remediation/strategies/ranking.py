"""Which patches are better, and which go together."""

from __future__ import annotations

from functools import cmp_to_key
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pratique.remediation.dialects import Dialect
    from pratique.remediation.models import Limits, Patch


def ranked(patches: Iterable[Patch], dialect: Dialect) -> list[Patch]:
    """Best first, each once.

    Best is what fixes most (less what it introduces) for each change, then what
    fixes most, then what changes least; names and lower targets settle the rest.
    """

    def compare(one: Patch, other: Patch) -> int:
        first = (len(one.fixed) - len(one.introduced)) * len(other.updates)
        second = (len(other.fixed) - len(other.introduced)) * len(one.updates)
        if first != second:
            return -1 if first > second else 1
        left, right = _tail(one, dialect), _tail(other, dialect)
        return -1 if left < right else int(left > right)

    found: list[Patch] = []
    for patch in sorted(patches, key=cmp_to_key(compare)):
        if not found or compare(found[-1], patch):
            found.append(patch)
    return found


def _tail(patch: Patch, dialect: Dialect) -> tuple[object, ...]:
    names = tuple(update.name for update in patch.updates)
    targets = tuple((dialect.key(one.after), one.after) for one in patch.updates)
    return (-len(patch.fixed), len(patch.updates), names, targets)


def together(patches: Iterable[Patch], limits: Limits, *, by_version: bool) -> list[Patch]:
    """Patches that can all be applied, taken from the best on.

    A patch is passed over where it changes what a better one changes, and where
    it fixes again what a better one fixes: what that one brings in is then newer
    than what this one asks for.

    Args:
        patches: Best first.
        limits: Of the plan.
        by_version: Whether a vulnerability counts for each package version by itself.
    """
    changed: set[tuple[str, str]] = set()
    fixed: set[object] = set()
    chosen: list[Patch] = []
    for patch in patches:
        changes = {(one.name, one.before) for one in patch.updates}
        first = patch.updates[0]
        gains = {
            (one.id, first.name, first.before) if by_version else one.id for one in patch.fixed
        }
        if not gains or changes & changed or gains & fixed:
            continue
        if patch.introduced and not limits.introduce:
            continue
        chosen.append(patch)
        changed |= changes
        fixed |= gains
    return chosen
