"""Values that are known only to lie between two: where an expression has to be tried.

An answer counts only where it is the same for every value in between.  A text
of few values is tried with each.  A number is tried at each number that the
expression compares it with, between those, and at both ends: its comparisons
change nowhere else.  Where it is used in any other way than to be compared
with a number as written, nothing is concluded.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise, product
from typing import TYPE_CHECKING

from pratique.policy.cel import without_literals
from pratique.policy.variables import VARIABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pratique.policy.variables import Between

MAX_POINTS = 512
"""Most combinations of values that one rule is tried with; past it nothing is concluded."""

_OPERATOR = r"\s*(?:<=|>=|==|!=|<|>)\s*"
_NUMBER = r"(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
_BEFORE = r"(?:^|[(\[,!?:]|&&|\|\|)\s*"
_AFTER = r"\s*(?=$|[)\],?:]|&&|\|\|)"


def points(text: str, between: Mapping[str, Between]) -> list[dict[str, object]] | None:
    """What an expression has to be tried with, or ``None`` where no trial would do.

    Args:
        text: The expression.
        between: What is known of each value, by its name.
    """
    values: list[list[tuple[str, object]]] = []
    count = 1
    for name, limits in between.items():
        found = _values(text, name, limits)
        if found is None:
            return None
        values.append([(name, value) for value in found])
        count *= len(found)
        if count > MAX_POINTS:
            return None
    return [dict(combination) for combination in product(*values)]


def _values(text: str, name: str, limits: Between) -> list[object] | None:
    ranks = VARIABLES[name].values
    if ranks:
        first, last = sorted((ranks.index(str(limits.low)), ranks.index(str(limits.high))))
        return list(ranks[first : last + 1])
    compared = _compared(text, name)
    if compared is None:
        return None
    low, high = float(str(limits.low)), float(str(limits.high))
    corners = sorted({low, high, *(number for number in compared if low < number < high)})
    middles = [(a + b) / 2 for a, b in pairwise(corners)]
    return [*corners, *middles]


@lru_cache(maxsize=2048)
def _compared(text: str, name: str) -> tuple[float, ...] | None:
    """The numbers that a name is compared with; ``None`` where it is used otherwise."""
    bare = without_literals(text)
    uses = len(re.findall(rf"(?<![\w.]){name}(?!\w)", bare))
    right = re.findall(_BEFORE + name + _OPERATOR + _NUMBER + _AFTER, bare)
    left = re.findall(_BEFORE + _NUMBER + _OPERATOR + name + _AFTER, bare)
    found: Iterable[str] = (*right, *left)
    return tuple(map(float, found)) if len(right) + len(left) == uses else None
