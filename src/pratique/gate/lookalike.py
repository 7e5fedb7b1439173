"""Names that imitate a known one: a typing mistake away, or the same to the eye.

What is known is what the organisation says it uses or owns: its reserved names
and the ``known`` entries of its lists.  A name that is known itself imitates
nobody.  The ways of imitating are those that typosquatting studies count:
one letter too many, too few, another or two swapped; parts in another order,
joined or separated; signs that look alike; a scope that became a prefix.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SHORTEST = 5
"""Names with fewer letters have too many honest neighbours to compare by letters."""

MAX_NAME = 214
"""Longest name that is compared; npm's own limit."""

_ALIKE = str.maketrans({"0": "o", "1": "l", "i": "l", "5": "s", "3": "e"})
_PARTS = re.compile(r"[^a-z0-9]+")
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"))


class Known:
    """The known names of one ecosystem, prepared for looking up.

    Args:
        names: Normalised as the ecosystem has them.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self.names = frozenset(name.lower() for name in names)
        self._folded: dict[str, str] = {}
        self._near: dict[str, set[str]] = {}
        for name in sorted(self.names):
            for form in _forms(name):
                self._folded.setdefault(form, name)
            for less in _without_one(_joined(name)):
                self._near.setdefault(less, set()).add(name)

    def __bool__(self) -> bool:
        return bool(self.names)

    def imitated(self, name: str) -> str:
        """The known name that a name imitates; empty where it imitates none."""
        name = name.lower()
        if name in self.names or len(name) > MAX_NAME:
            return ""
        for form in _forms(name):
            if form in self._folded:
                return self._folded[form]
        joined = _joined(name)
        if len(joined) < SHORTEST:
            return ""
        # Two texts are one edit apart only if they share one with a letter left out.
        candidates = {known for less in _without_one(joined) for known in self._near.get(less, ())}
        return next((one for one in sorted(candidates) if _one_edit(joined, _joined(one))), "")


def _forms(name: str) -> set[str]:
    """What is left of a name when order, separation and looks of its parts are set aside."""
    parts = [part for part in _PARTS.split(name) if part]
    if not parts or len(_joined(name)) < SHORTEST:
        return set()
    plain = "".join(parts)
    alike = plain
    for two, one in _PAIRS:
        alike = alike.replace(two, one)
    return {f"j:{plain}", f"o:{'-'.join(sorted(parts))}", f"a:{alike.translate(_ALIKE)}"}


def _joined(name: str) -> str:
    return _PARTS.sub("", name)


def _without_one(text: str) -> set[str]:
    return {text} | {text[:n] + text[n + 1 :] for n in range(len(text))}


def _one_edit(one: str, other: str) -> bool:
    """Whether one letter too many, too few, another, or two neighbours swapped, is all."""
    if min(len(one), len(other)) < SHORTEST or abs(len(one) - len(other)) > 1:
        return False
    at = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    if at is None:
        return len(one) != len(other)
    if len(one) == len(other):
        swapped = one[at : at + 2] == other[at : at + 2][::-1]
        return one[at + 1 :] == other[at + 1 :] or (swapped and one[at + 2 :] == other[at + 2 :])
    short, long = sorted((one, other), key=len)
    return short[at:] == long[at + 1 :]
