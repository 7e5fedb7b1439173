"""Hackage: Haskell's ``Data.Version``, numbers between dots compared as a list."""

from __future__ import annotations

import re

from pratique.versions.encoding import checked, number, sign, unordered
from pratique.versions.models import Ordering

_shape = re.compile(r"[0-9]+(?:\.[0-9]+)*").fullmatch


def _parse(text: str) -> list[str]:
    text = checked(text)
    if not _shape(text):
        raise unordered(text, "Data.Version")
    return text.split(".")


def compare(left: str, right: str) -> int:
    """Order of two versions; where one begins with all of the other, the longer is above."""
    return sign([int(one) for one in _parse(left)], [int(one) for one in _parse(right)])


def key(text: str) -> bytes:
    """Bytes that sort as Hackage does."""
    return "".join(map(number, _parse(text))).encode()


ORDERING = Ordering("hackage", compare, key)
