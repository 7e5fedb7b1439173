"""npm: ranges of node-semver 7, README sections *Ranges* and *Advanced range syntax*."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from pratique.remediation.dialects.base import Ordered
from pratique.remediation.models import Step

_PART = r"(?:\d+|[xX*])"
_PARTIAL = re.compile(
    rf"[=vV]*\s*({_PART})(?:\.({_PART}))?(?:\.({_PART}))?"
    r"(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?"
)
_HYPHEN = re.compile(r"\s*(\S+)\s+-\s+(\S+)\s*")
_COMPARATOR = re.compile(r"(\^|~>|~|>=|<=|>|<|=)?\s*([^\s<>=~^|]+)")
_ANY = frozenset({"", "*", "x", "X", "latest"})
MAX_RANGE = 1_000
"""Longest range that is read; published ones have under 200 characters."""


class Bound(NamedTuple):
    """One comparison: an operator and a whole version."""

    operator: str
    version: str


class Partial(NamedTuple):
    """A version of which numbers may be missing."""

    parts: tuple[int | None, int | None, int | None]
    prerelease: str

    def text(self, *, raise_at: int = -1) -> str:
        """With missing numbers as 0; with the number at a place raised, the rest 0."""
        values = [part or 0 for part in self.parts]
        if raise_at >= 0:
            values[raise_at] += 1
            values[raise_at + 1 :] = [0] * (2 - raise_at)
            return ".".join(map(str, values))
        text = ".".join(map(str, values))
        return f"{text}-{self.prerelease}" if self.prerelease else text

    @property
    def known(self) -> int:
        """How many numbers are given before the first that is missing."""
        for place, part in enumerate(self.parts):
            if part is None:
                return place
        return 3


def _partial(text: str) -> Partial | None:
    match = _PARTIAL.fullmatch(text.strip())
    if match is None:
        return None
    parts: list[int | None] = []
    for group in match.groups()[:3]:
        missing = group is None or group in "xX*" or (parts and parts[-1] is None)
        parts.append(None if missing else int(group))
    return Partial((parts[0], parts[1], parts[2]), match[4] or "")


@lru_cache(maxsize=4096)
def parse_range(text: str) -> tuple[tuple[Bound, ...], ...] | None:
    """Alternatives of a range, each a set of bounds; ``None`` where it is no range.

    A tag other than ``latest``, an address, a path or an alias is no range.
    """
    if len(text) > MAX_RANGE:
        return None
    found = []
    for alternative in text.split("||"):
        bounds = _alternative(alternative.strip())
        if bounds is None:
            return None
        found.append(tuple(bounds))
    return tuple(found)


def _alternative(text: str) -> list[Bound] | None:
    if text in _ANY:
        return [Bound(">=", "0.0.0")]
    if hyphen := _HYPHEN.fullmatch(text):
        low, high = _partial(hyphen[1]), _partial(hyphen[2])
        if low is None or high is None:
            return None
        bounds = [Bound(">=", low.text())]
        if high.known == 3:
            return [*bounds, Bound("<=", high.text())]
        return bounds if not high.known else [*bounds, _below(high, high.known - 1)]
    bounds = []
    end = 0
    for match in _COMPARATOR.finditer(text):
        if text[end : match.start()].strip():
            return None
        end = match.end()
        partial = _partial(match[2])
        if partial is None:
            return None
        bounds += _comparator(match[1] or "", partial)
    return bounds if bounds and not text[end:].strip() else None


def _below(partial: Partial, place: int) -> Bound:
    # The least prerelease, so that 2.0.0-rc.1 is not below the end of ^1.
    return Bound("<", f"{partial.text(raise_at=place)}-0")


def _comparator(operator: str, partial: Partial) -> list[Bound]:
    known = partial.known
    low = Bound(">=", partial.text())
    match operator:
        case "^" if known:
            first = next((place for place in range(known) if partial.parts[place]), known - 1)
            return [low, _below(partial, first)]
        case "~" | "~>" if known:
            return [low, _below(partial, 0 if known == 1 else 1)]
        case ">" if known == 3:
            return [Bound(">", partial.text())]
        case ">" if known:
            return [Bound(">=", partial.text(raise_at=known - 1))]
        case "<" if known:
            return [Bound("<", partial.text() if known == 3 else f"{partial.text()}-0")]
        case "<=" if known == 3:
            return [Bound("<=", partial.text())]
        case "<=" if known:
            return [_below(partial, known - 1)]
        case ">" | "<":
            return [Bound("<", "0.0.0-0")]
        case ">=":
            return [low]
        case "" | "=" if known == 3:
            return [Bound("=", partial.text())]
        case "" | "=" if known:
            return [low, _below(partial, known - 1)]
        case _:
            return [Bound(">=", "0.0.0")]


class Npm(Ordered):
    """npm's dialect, in SemVer's precedence."""

    ecosystem = "npm"

    def __init__(self) -> None:
        super().__init__("npm")

    def prerelease(self, version: str) -> bool:
        """Whether it has a prerelease part (SemVer 2.0.0, section 9)."""
        return "-" in version.partition("+")[0]

    def matches(self, requirement: str, version: str) -> bool:
        """Whether a range takes a version; prereleases as node-semver does."""
        alternatives = parse_range(requirement)
        key = self.key(version)
        return bool(key) and any(
            self._within(bounds, version, key) for bounds in alternatives or ()
        )

    def _within(self, bounds: tuple[Bound, ...], version: str, key: bytes) -> bool:
        if not all(self._holds(bound, key) for bound in bounds):
            return False
        if not self.prerelease(version):
            return True
        release = version.partition("-")[0]
        return any(
            "-" in bound.version
            and not bound.version.endswith("-0")
            and bound.version.partition("-")[0] == release
            for bound in bounds
        )

    def _holds(self, bound: Bound, key: bytes) -> bool:
        limit = self.key(bound.version)
        match bound.operator:
            case ">=":
                return key >= limit
            case "<=":
                return key <= limit
            case ">":
                return key > limit
            case "<":
                return key < limit
            case _:
                return key == limit

    def widened(self, requirement: str, *, upper: str, lower: str, step: Step) -> str:  # noqa: ARG002
        """A caret range, or a tilde range for a step of the last number only."""
        return f"~{upper}" if step is Step.PATCH else f"^{upper}"

    def pinned(self, requirement: str, version: str) -> str:
        """In the style of the requirement: ``^``, ``~``, ``>=`` or the version alone."""
        text = requirement.strip()
        if _PARTIAL.fullmatch(text) and text[:1] not in {"*", "x", "X"}:
            return version
        if text.startswith("~"):
            return f"~{version}"
        if re.fullmatch(r">=\s*[^\s<>|]+", text):
            return f">={version}"
        return f"^{version}"
