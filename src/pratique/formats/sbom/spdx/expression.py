"""Licence expressions put together from the parts that RDF takes them into.

Source: SPDX 2.3, annex D (licence expressions) and clause 10; SPDX 3.0.1,
profile *expanded licensing*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.formats.base import MAX_DEPTH
from pratique.model.errors import LimitError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_PARTS = 1000
"""Most parts of one licence; sets within sets, each named twice, would double at every level."""

MAX_CHARACTERS = 8192
"""Longest licence that is put together; one text may be named by thousands of sets."""

AND, OR, WITH, LATER = " AND ", " OR ", " WITH ", "+"


def expression(licence: str, parts_of: Callable[[str], str | tuple[str, Sequence[str]]]) -> str:
    """The text of a licence.

    Args:
        licence: What ``parts_of`` understands.
        parts_of: Gives a licence's text, or the operator that joins its parts
            (one of this module's) and the parts.

    Raises:
        LimitError: It is nested over ``MAX_DEPTH`` deep, or exceeds ``MAX_PARTS``
            or, if it has several, ``MAX_CHARACTERS``.
    """
    words: list[str] = []
    _add(words, licence, parts_of, 1)
    if len(words) > 1 and sum(map(len, words)) > MAX_CHARACTERS:
        raise LimitError("is nested too deeply or too long")
    return "".join(words)


def _add(
    words: list[str],
    licence: str,
    parts_of: Callable[[str], str | tuple[str, Sequence[str]]],
    depth: int,
) -> None:
    if depth > MAX_DEPTH or len(words) > MAX_PARTS:
        raise LimitError("is nested too deeply or too long")
    found = parts_of(licence)
    if isinstance(found, str):
        words.append(found)
        return
    operator, parts = found
    nested = depth > 1 and len(parts) > 1 and operator in {AND, OR}
    if nested:
        words.append("(")
    for number, part in enumerate(parts):
        if number:
            words.append(operator)
        _add(words, part, parts_of, depth + 1)
    if operator == LATER:
        words.append(LATER)
    if nested:
        words.append(")")
