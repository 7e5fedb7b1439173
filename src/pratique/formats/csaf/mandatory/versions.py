"""Document versions of CSAF: whole numbers, or Semantic Versioning (section 3.1.11)."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

_INTEGER = re.compile(r"(?:0|[1-9]\d*)\Z")
_SEMANTIC = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?\Z"
)

MAX_DIGITS = 400
"""Digits of a number that is read; no document is revised that often."""


class Version(NamedTuple):
    """A document version."""

    major: int
    minor: int
    patch: int
    pre: str
    semantic: bool

    @property
    def initial(self) -> bool:
        """Whether it is ``0`` or ``0.y.z``."""
        return self.major == 0

    @property
    def core(self) -> tuple[int, int, int]:
        """Without what stands before a release."""
        return self.major, self.minor, self.patch


def parse(value: Any) -> Version | None:
    """A version, or ``None`` where the text is none."""
    if not isinstance(value, str) or len(value) > MAX_DIGITS:
        return None
    if _INTEGER.match(value):
        return Version(int(value), 0, 0, "", False)
    found = _SEMANTIC.match(value)
    if not found:
        return None
    major, minor, patch, pre, _ = found.groups()
    return Version(int(major), int(minor), int(patch), pre or "", True)


def sort_key(value: Any) -> tuple[object, ...]:
    """Key that sorts versions as Semantic Versioning 2.0.0, clause 11, has it."""
    version = parse(value)
    if version is None:
        return (-1, 0, 0, 0, ())
    identifiers = tuple(
        (0, int(one), "") if one.isdecimal() else (1, 0, one)
        for one in version.pre.split(".")
        if version.pre
    )
    return (*version.core, 0 if version.pre else 1, identifiers)
