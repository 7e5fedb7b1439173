"""Maven: *POM reference, Dependency version requirement specification*."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from pratique.versions import VersionError, ordering

if TYPE_CHECKING:
    from pratique.remediation.models import Step

_RANGE = re.compile(r"\s*([\[(])([^\[\](),]*)(?:(,)([^\[\](),]*))?([\])])\s*(?:,|\Z)")
_DATED = re.compile(r"(?:199|200)\d{5}(?:\.|\Z)")
_PRERELEASE = re.compile(
    r"(?i)(?:[.-]|\d)(?:alpha|beta|milestone|cr|rc|snapshot|a|b|m|ea|preview|pre)(?:[.-]?\d+)*(?:\b|_|\Z)"
)


class Span(NamedTuple):
    """One interval of a hard requirement."""

    low: str
    low_in: bool
    high: str
    high_in: bool


@lru_cache(maxsize=4096)
def spans(requirement: str) -> tuple[Span, ...]:
    """Intervals of a hard requirement; none for a soft one (a version alone)."""
    found, end = [], 0
    while match := _RANGE.match(requirement, end):
        low, high = match[2].strip(), (match[4] or "").strip()
        if not match[3]:
            high = low
        found.append(Span(low, match[1] == "[", high, match[5] == "]"))
        end = match.end()
    return tuple(found) if not requirement[end:].strip() else ()


class Maven:
    """Maven's dialect."""

    ecosystem = "Maven"

    def __init__(self) -> None:
        order = ordering("Maven")
        assert order is not None
        self._key = lru_cache(maxsize=65536)(order.key)

    def key(self, version: str, name: str = "") -> bytes:
        """Maven's order, with two families put right where the package is known.

        Versions of the oldest Commons libraries are dates (``20020520``), which
        would sort after every later release.
        """
        try:
            key = self._key(version)
        except VersionError:
            return b""
        if name.startswith("commons-") and not _DATED.match(version):
            return b"\x01" + key
        return b"\x00" + key if name.startswith("commons-") else key

    def flavour(self, name: str, version: str) -> str:
        """The line of releases a version belongs to, where a package has several.

        Guava publishes each release for Android and for the JRE (its wiki, *ReleasePolicy*).
        """
        if name != "com.google.guava:guava":
            return ""
        return "android" if version.endswith("-android") else "jre"

    def prerelease(self, version: str) -> bool:
        """Whether its qualifier is one of those that stand before a release."""
        return bool(_PRERELEASE.search(version))

    def soft(self, requirement: str) -> bool:
        """Whether it is a recommendation that other requirements may outweigh."""
        return not spans(requirement)

    def matches(self, requirement: str, version: str) -> bool:
        """Whether one of the intervals has the version; a soft requirement means itself."""
        intervals = spans(requirement)
        key = self.key(version)
        if not intervals:
            return bool(key) and key == self.key(requirement)
        return bool(key) and any(self._inside(span, key) for span in intervals)

    def _inside(self, span: Span, key: bytes) -> bool:
        if span.low:
            low = self.key(span.low)
            if key < low or (key == low and not span.low_in):
                return False
        if span.high:
            high = self.key(span.high)
            if key > high or (key == high and not span.high_in):
                return False
        return True

    def widened(self, requirement: str, *, upper: str, lower: str, step: Step) -> str:  # noqa: ARG002
        """The newest version of the step, as a recommendation."""
        return upper

    def pinned(self, requirement: str, version: str) -> str:  # noqa: ARG002
        """The version, as a recommendation."""
        return version
