"""Whether licence expressions leave a choice that a list of licences permits."""

from __future__ import annotations

from functools import lru_cache

from pratique.licenses.expression import NotAnExpressionError, read_expression

MAX_LICENSE = 2_000
"""Characters of an expression that is read: nesting is followed by recursion."""


def permitted(expressions: list[str], allowed: list[str]) -> bool:
    """Whether every expression can be met with the allowed licences alone.

    ``A OR B`` is met by either, ``A AND B`` by both; ``A WITH exception`` by
    itself or by ``A`` (SPDX 2.3, annex D).

    Raises:
        ValueError: One is not a licence expression, or there is none.
    """
    if not expressions:
        raise NotAnExpressionError("no licence is stated")
    return all(_met(text, frozenset(allowed)) for text in expressions)


@lru_cache(maxsize=4096)
def _met(text: str, allowed: frozenset[str]) -> bool:
    if len(text) > MAX_LICENSE:
        raise NotAnExpressionError(f"a licence of {len(text):,} characters is not read")
    standard, _ = read_expression(text)
    tokens = standard.replace("(", " ( ").replace(")", " ) ").split()
    value, rest = _either(tokens, allowed)
    if rest:
        raise NotAnExpressionError("operators and parentheses do not fit")
    return value


def _either(tokens: list[str], allowed: frozenset[str]) -> tuple[bool, list[str]]:
    value, tokens = _both(tokens, allowed)
    while tokens[:1] == ["OR"]:
        more, tokens = _both(tokens[1:], allowed)
        value = value or more
    return value, tokens


def _both(tokens: list[str], allowed: frozenset[str]) -> tuple[bool, list[str]]:
    value, tokens = _operand(tokens, allowed)
    while tokens[:1] == ["AND"]:
        more, tokens = _operand(tokens[1:], allowed)
        value = value and more
    return value, tokens


def _operand(tokens: list[str], allowed: frozenset[str]) -> tuple[bool, list[str]]:
    if tokens[:1] == ["("]:
        value, rest = _either(tokens[1:], allowed)
        return value, rest[1:]
    if tokens[1:2] == ["WITH"]:
        return tokens[0] in allowed or " ".join(tokens[:3]) in allowed, tokens[3:]
    return tokens[0] in allowed, tokens[1:]
