"""Problems of one kind: the first are named, the others counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_NAMED = 50
"""Problems of one kind that are named, each on its own line.

A generator that gets one item wrong gets them all wrong; a document with a
hundred thousand bad hashes must not become a hundred thousand lines.
"""

MAX_QUOTED = 120
"""Characters of a document's own text that a message repeats."""


def quoted(text: str) -> str:
    """Text of a document for a one-line message: cut, in quotes, without control characters."""
    return repr(text if len(text) <= MAX_QUOTED else text[: MAX_QUOTED - 1] + "…")


class Tally:
    """Names the first problems of a kind and counts the others.

    Args:
        say: Takes a message and a line, as the methods of ``Notes`` do.
        rest: What the others are, for the last line: ``dangling references``.
    """

    def __init__(self, say: Callable[[str, int], None], rest: str) -> None:
        self._say = say
        self._rest = rest
        self.count = 0

    def add(self, message: str, line: int = 0) -> None:
        """One more problem."""
        self.count += 1
        if self.count <= MAX_NAMED:
            self._say(message, line)

    def close(self) -> None:
        """Say how many were not named, if any."""
        if self.count > MAX_NAMED:
            self._say(f"{self.count - MAX_NAMED:,} more {self._rest}", 0)
