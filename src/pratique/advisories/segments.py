"""One package's entries, cut at the versions where the answer changes.

A server is asked of the same packages again and again.  Between two bounds of
a package all versions have the same answer, unless a record lists one of them:
it is worked out once for each such segment.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from pratique.advisories.layout import Flag
from pratique.advisories.matching import evaluate

if TYPE_CHECKING:
    from pratique.advisories.layout import PackageBlob
    from pratique.advisories.matching import Asked

_SEMVER = int(Flag.SEMVER)


class Segments:
    """Answers for one package.

    Args:
        package: What the index says of it.
    """

    __slots__ = ("_foreign", "_listed", "_made", "_own", "package")

    def __init__(self, package: PackageBlob) -> None:
        self.package = package
        own: set[bytes] = set()
        foreign: set[bytes] = set()
        listed: set[int] = set()
        for entry in package.entries:
            (foreign if entry.flags & _SEMVER else own).update(entry.bounds)
            if entry.versions:
                listed.update(memoryview(entry.versions).cast("Q"))
        self._own = sorted(own)
        self._foreign = sorted(foreign)
        self._listed = array("Q", sorted(listed))
        self._made: dict[tuple[int, int], tuple[tuple[int, ...], bool]] = {}

    def find(self, asked: Asked) -> tuple[tuple[int, ...], bool]:
        """Records that affect a version, and whether more may.

        Returns:
            Their numbers, ascending, and whether an entry could not be evaluated.
        """
        key = asked.key()
        if key is None or asked.versions_only or self._is_listed(asked.hash()):
            return self._evaluate(asked)
        foreign = asked.semver_key() if self._foreign else b""
        place = (
            bisect_right(self._own, key),
            -1 if foreign is None else bisect_right(self._foreign, foreign),
        )
        made = self._made.get(place)
        if made is None:
            made = self._made[place] = self._evaluate(asked)
        return made

    def _is_listed(self, number: int) -> bool:
        at = bisect_left(self._listed, number)
        return at < len(self._listed) and self._listed[at] == number

    def _evaluate(self, asked: Asked) -> tuple[tuple[int, ...], bool]:
        hits, unsure = evaluate(self.package.entries, asked)
        groups = {hit.entry.group for hit in hits} if unsure else ()
        doubtful = any(entry.group not in groups for entry, _ in unsure)
        return tuple(sorted({hit.entry.advisory for hit in hits})), doubtful
