"""What one GIT range is to a commit of which nothing but its name is known.

Source: OSV schema 1.7.5, ``affected[].ranges[]`` of type ``GIT``.  Without the
history of a repository only what a range names can be told: that a commit is an
``introduced`` one, a ``last_affected`` one, or the end of the range.
"""

from __future__ import annotations

from enum import IntEnum

Events = list[tuple[str, str]]
"""Kind and commit of the events of a range."""


class State(IntEnum):
    """What a record is to a commit; of several ranges the highest holds."""

    CLEAR = 0
    UNKNOWN = 1
    AFFECTED = 2


def judge_bare(events: Events, commit: str, why: str) -> tuple[State, str]:
    """What a range is to a commit of which no history is here: only what it names.

    Args:
        events: Of the range.
        commit: The commit.
        why: Why there is no history, or empty.

    Returns:
        The state, and why, in a line.
    """
    named = {kind for kind, value in events if value == commit}
    single = sum(kind == "introduced" for kind, _ in events) == 1
    if named & {"fixed", "limit"} and single:
        return State.CLEAR, ""
    for kind in ("introduced", "last_affected"):
        if kind in named:
            return State.AFFECTED, f"is named as {kind.replace('_', ' ')} by {{id}}"
    if not {kind for kind, _ in events} - {"introduced"} and ("introduced", "0") in events:
        return State.AFFECTED, "all commits are affected according to {id}"
    return State.UNKNOWN, why or "only the commit is known, not its history"
