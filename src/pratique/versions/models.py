"""What an ordering is."""

from __future__ import annotations

from collections.abc import Callable

import msgspec


class Ordering(msgspec.Struct, frozen=True):
    """How one ecosystem, or several, put versions in order.

    The two functions say the same: ``key(a) < key(b)`` exactly where
    ``compare(a, b) < 0``, and the keys are equal exactly where it is 0.
    """

    name: str
    """Of the rule, not of the ecosystem: ``semver``, ``pep440``, ``dpkg``."""

    compare: Callable[[str, str], int]
    """-1, 0 or 1 for two texts; raises VersionError where one of them cannot be ordered."""

    key: Callable[[str], bytes]
    """Bytes that sort as the versions do (for an index); raises VersionError."""

    minimum: bytes = b""
    """Sorts before every key: the ``introduced: "0"`` of an OSV range."""
