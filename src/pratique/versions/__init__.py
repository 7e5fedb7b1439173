"""Version orderings: one file each, text to a memcomparable key.

``ordering("PyPI")`` gives the ordering of an OSV ecosystem.  Its ``key`` turns
a version into bytes that sort as the versions do; its ``compare`` says the same
of two texts and is the oracle that the keys are tested against.  A text that
the rule has no place for raises ``VersionError``: its order is unknown.

An ordering is imported when it is first asked for.
"""

from pratique.versions.ecosystems import (
    RULES,
    UNORDERED,
    ordering,
    ordering_named,
    orderings,
    semver_ordering,
)
from pratique.versions.errors import VersionError
from pratique.versions.models import Ordering

__all__ = [
    "RULES",
    "UNORDERED",
    "Ordering",
    "VersionError",
    "ordering",
    "ordering_named",
    "orderings",
    "semver_ordering",
]
