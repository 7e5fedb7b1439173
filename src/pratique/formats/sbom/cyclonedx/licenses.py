"""Licence claims as CycloneDX 1.6 writes them: one expression, or a list of licences."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pratique.model.inventory import LicenseClaim

_WORD = re.compile(r"[()]|[^\s()]+")
_OPERATORS = frozenset({"AND", "OR", "WITH"})
_REFERENCE = re.compile(r"(?:DocumentRef-[A-Za-z0-9.-]+:)?LicenseRef-[A-Za-z0-9.-]+\Z")

MAX_EXPRESSION = 4096
"""Characters of a licence text that may be an expression; longer text is a name."""


def license_choices(claims: Iterable[LicenseClaim]) -> list[dict[str, Any]]:
    """The ``licenses`` of a component.

    The schema of 1.6 allows either a single expression or any number of
    licences.  An id is written as an expression or a name, never as ``id``:
    the list of ids that a validator has may be older than the claim.
    """
    texts = list(dict.fromkeys(claim.text for claim in claims if claim.text))
    if len(texts) == 1 and is_expression(texts[0]):
        return [{"expression": texts[0]}]
    return [{"license": {"name": text}} for text in texts]


def is_expression(text: str) -> bool:
    """Whether a text is an SPDX licence expression of known ids (SPDX 2.3, annex D)."""
    if len(text) > MAX_EXPRESSION:
        return False
    depth, operand_next = 0, True
    for word in _WORD.findall(text):
        if word == "(" and operand_next:
            depth += 1
        elif word == ")" and not operand_next and depth:
            depth -= 1
        elif word in _OPERATORS and not operand_next:
            operand_next = True
        elif operand_next and (_REFERENCE.match(word) or word.removesuffix("+") in _ids()):
            operand_next = False
        else:
            return False
    return depth == 0 and not operand_next


@cache
def _ids() -> frozenset[str]:
    """SPDX ids of licences and exceptions."""
    from license_expression import get_license_index

    found = set()
    for entry in get_license_index():
        found.add(entry.get("spdx_license_key"))
        found.update(entry.get("other_spdx_license_keys") or ())
    return frozenset(key for key in found if key)
