"""What the strategies ask of an ecosystem about versions and requirements."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Protocol

from pratique.remediation.models import Step
from pratique.versions import VersionError, ordering

_NUMBERS = re.compile(r"\s*[=vV]*\s*(?:(\d+)!)?(\d+(?:\.\d+)*)(.*)\Z", re.DOTALL)


class Dialect(Protocol):
    """The version language of an ecosystem.  Versions that cannot be read match nothing."""

    ecosystem: str

    def key(self, version: str, name: str = "") -> bytes:
        """Bytes that sort as the versions of a package do; unreadable versions sort first."""
        ...

    def matches(self, requirement: str, version: str) -> bool:
        """Whether a version satisfies a requirement as written."""
        ...

    def prerelease(self, version: str) -> bool:
        """Whether a version is not meant for everyone yet."""
        ...

    def widened(self, requirement: str, *, upper: str, lower: str, step: Step) -> str:
        """The requirement that moves on by one step.

        Args:
            requirement: As written.
            upper: Newest version within the step.
            lower: First version that the old requirement leaves out.
            step: How far it moves.
        """
        ...

    def pinned(self, requirement: str, version: str) -> str:
        """The requirement in its own style that takes a version, and no older one."""
        ...


class Ordered:
    """Versions of an ecosystem whose order knows no package by name.

    Args:
        ecosystem: Whose order it is.
    """

    def __init__(self, ecosystem: str) -> None:
        order = ordering(ecosystem)
        assert order is not None
        self._key = lru_cache(maxsize=65536)(order.key)

    def key(self, version: str, name: str = "") -> bytes:  # noqa: ARG002  (one rule for all)
        """Bytes that sort as versions do; none for what is no version."""
        try:
            return self._key(version)
        except VersionError:
            return b""


def numbers(version: str) -> tuple[tuple[int, ...], str]:
    """The numbers a version begins with (an epoch first), and the rest of it."""
    match = _NUMBERS.match(version)
    if match is None:
        return (), version
    return (
        int(match[1] or 0),
        *(int(part) for part in match[2].split(".")[:16]),
    ), match[3]


def step_between(one: str, other: str) -> Step:
    """How far apart two versions are."""
    (left, left_rest), (right, right_rest) = numbers(one), numbers(other)
    width = max(len(left), len(right), 4)
    left += (0,) * (width - len(left))
    right += (0,) * (width - len(right))
    for place, (a, b) in enumerate(zip(left, right, strict=True)):
        if a != b:
            return Step.MAJOR if place < 2 else Step.MINOR if place == 2 else Step.PATCH
    return Step.SAME if left_rest == right_rest else Step.PRERELEASE
