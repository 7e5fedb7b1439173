"""Relock: what a lockfile has only because it is older than what its manifest allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pratique.remediation.models import Outcome, Patch

if TYPE_CHECKING:
    from pratique.remediation.analysis import Analysis


def with_relock(outcome: Outcome, lock: Analysis) -> Outcome:
    """An outcome of a manifest, with what resolving it anew already fixes put first.

    Args:
        outcome: Of the manifest.
        lock: Of the lockfile beside it.
    """
    known = {one.id for one in outcome.vulnerabilities}
    gone = tuple(lock.affection(one) for one in lock.affected if one not in known)
    if not gone:
        return outcome
    patch = Patch(fixed=gone)
    return msgspec.structs.replace(
        outcome,
        vulnerabilities=tuple(sorted((*outcome.vulnerabilities, *gone))),
        possible=(patch, *outcome.possible),
        chosen=(patch, *outcome.chosen),
    )
