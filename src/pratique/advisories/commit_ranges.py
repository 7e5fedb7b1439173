"""What one GIT range is to a commit.

Source: OSV schema 1.7.5, ``affected[].ranges[]`` of type ``GIT``, and what
OSV.dev makes of it (google/osv.dev, ``gitter``): a commit is affected where an
``introduced`` commit is the commit or an ancestor of it, and no fix lies on a
way between them.  A fix is a ``fixed`` commit or a child of a ``last_affected``
one.  ``introduced: "0"`` stands for the first commits from which the fixes
descend.  With ``limit`` only ancestors of a limit are affected.

Cherry-picks count where the record names them, as records of OSV.dev do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.formats.osv.commits import State

if TYPE_CHECKING:
    from pratique.formats.git import Ancestry
    from pratique.formats.osv.commits import Events


def judge_range(events: Events, commit: str, ancestry: Ancestry, gap: str) -> tuple[State, str]:
    """What a GIT range is to a commit whose history is here.

    Args:
        events: Of the range.
        commit: The commit; it and all of the events were asked of ``ancestry``.
        ancestry: What of them the commit contains.
        gap: Why the history is not complete, or empty.

    Returns:
        The state, and why, in a line.
    """
    kinds: dict[str, list[str]] = {}
    for kind, value in events:
        kinds.setdefault(kind, []).append(value)
    introduced = kinds.get("introduced", [])
    if not introduced:
        return State.UNKNOWN, "it does not say where it begins"
    fixed, last = kinds.get("fixed", []), kinds.get("last_affected", [])
    within = _within(kinds.get("limit", []), commit, ancestry)
    if within is State.CLEAR:
        return State.CLEAR, ""
    mask = 0
    for each in fixed:
        mask |= ancestry.mask(each) if ancestry.contains(each) else 0
    for each in last:
        mask |= ancestry.after(each)
    hit = _hit(introduced, [*fixed, *last], mask, ancestry, gap)
    ended = [*map(ancestry.contains, fixed), *(bool(ancestry.after(each)) for each in last)]
    if gap:
        if hit and all(ended):
            return _affected(hit, within)
        if not hit and len(introduced) == 1 and ended and all(ended):
            return State.CLEAR, ""
        return State.UNKNOWN, f"the history of the commit is not complete: {gap}"
    if hit:
        return _affected(hit, within)
    if ancestry.many_roots and "0" in introduced:
        return State.UNKNOWN, "the history has too many beginnings"
    return State.CLEAR, ""


def _affected(hit: str, within: State) -> tuple[State, str]:
    if within is State.UNKNOWN:
        return State.UNKNOWN, "the commit that limits it is not here"
    return State.AFFECTED, hit


def _within(limits: list[str], commit: str, ancestry: Ancestry) -> State:
    """Whether the commit is before one of the limits."""
    if not limits:
        return State.AFFECTED
    own = ancestry.bit(commit)
    if any(each != commit and ancestry.mask(each) & own for each in limits):
        return State.AFFECTED
    return State.CLEAR if all(map(ancestry.is_here, limits)) else State.UNKNOWN


def _hit(introduced: list[str], ends: list[str], mask: int, ancestry: Ancestry, gap: str) -> str:
    """Why the commit is affected, or empty."""
    for each in introduced:
        if each != "0" and ancestry.contains(each) and not ancestry.bit(each) & mask:
            return f"contains {each}, where {{id}} begins, and no fix"
    if "0" not in introduced:
        return ""
    if not ends:
        return "all commits are affected according to {id}"
    left = ancestry.roots & ~mask
    if not left or gap:  # where history is cut, its first commits are not first
        return ""
    if all(map(ancestry.is_here, ends)):
        # Other beginnings, as that of a branch for pages, have nothing to do with the fixes.
        covered = 0
        for each in ends:
            covered |= ancestry.mask(each)
        left &= covered
    return "contains none of the commits that end {id}" if left else ""
