"""One dependency specifier of Python, with the place of its version part.

Format: packaging.python.org, *Dependency specifiers* (PEP 508).
"""

from __future__ import annotations

import re
from typing import NamedTuple

_NAME = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(\[[^\]]*\])?")
_CLAUSES = re.compile(
    r"\(?\s*((?:===|~=|==|!=|<=|>=|<|>)\s*[^\s,;()#]+(?:\s*,\s*(?:===|~=|==|!=|<=|>=|<|>)"
    r"\s*[^\s,;()#]+)*)"
)
_SPACE = re.compile(r"\s*")
MAX_SPECIFIER = 4_000
"""Longest specifier that is read; with markers they have under 300 characters."""


class Specifier(NamedTuple):
    """A dependency specifier in parts; places count from the start of its text."""

    name: str
    requirement: str
    start: int
    """Where the version part begins, or where it would."""

    end: int
    spaced: bool


def parse(text: str) -> Specifier | None:
    """A specifier; ``None`` for an address, a path, or what is none."""
    if len(text) > MAX_SPECIFIER:
        return None
    name = _NAME.match(text)
    if name is None:
        return None
    after = name.end()
    clauses = _CLAUSES.match(text, after)
    if clauses is None:
        end = len(text[:after].rstrip())
        rest = text[after:].lstrip()
        if rest and rest[0] not in ";#":
            return None
        return Specifier(name[1], "", end, end, spaced=False)
    gap = text[after : clauses.start(1)]
    before = text[after - 1] in " \t" or any(one in " \t" for one in gap)
    return Specifier(name[1], clauses[1], clauses.start(1), clauses.end(1), before)


def written(requirement: str, *, spaced: bool) -> str:
    """A version part in the layout of the file."""
    if not spaced:
        return requirement
    parts = re.findall(r"(===|~=|==|!=|<=|>=|<|>)\s*([^\s,]+)", requirement)
    return ", ".join(f"{operator} {version}" for operator, version in parts) or requirement
