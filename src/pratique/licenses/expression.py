"""SPDX licence expressions: reading one as people write them.

Source: SPDX 2.3, annex D ("SPDX license expressions").  Beyond it, operators
in lower case, ids in any case, the deprecated ids, and names of licences in
place of ids are understood; what comes out is always the standard's form.
"""

from __future__ import annotations

import re
from functools import cache

from pratique.licenses.names import NAMES, bare_key_of, key_of
from pratique.licenses.spdx_ids import DEPRECATED, EXCEPTIONS, LICENSES

_REFERENCE = re.compile(r"(?:DocumentRef-[A-Za-z0-9.-]+:)?LicenseRef-[A-Za-z0-9.-]+\Z")
_OPERATORS = re.compile(r"\s+(and|or|with)\s+|([()/|])", re.IGNORECASE)
_GNU = ("AGPL-", "GFDL-", "GPL-", "LGPL-")


class NotAnExpressionError(ValueError):
    """The text is no licence expression; its message says what stands in the way."""


def read_expression(text: str) -> tuple[str, frozenset[str]]:
    """Read a licence expression.

    Args:
        text: Of a length that the caller has limited: nesting is followed
            by recursion.

    Returns:
        The expression in the standard's form, and the ids in it, without
        exceptions.

    Raises:
        NotAnExpressionError: Some part is not a known licence, or the
            operators and parentheses do not fit.
    """
    single = identifier(text)
    if single is not None:
        return single, _ids(single)
    parts = [part.strip() for part in _OPERATORS.split(text) if part and part.strip()]
    if len(parts) == 1:
        raise NotAnExpressionError("no licence is known by that name")
    tokens = _tokens(parts)
    ids = frozenset(id for token in tokens for id in _ids(token))
    return _flat(tokens) or _nested(tokens), ids


def identifier(text: str) -> str | None:
    """The licence that a single id or name means, as an expression; ``None`` if none."""
    text = text.strip()
    if text in LICENSES:
        return text
    found = _by_case().get(text.casefold())
    if found is not None:
        return found
    if text.endswith("+"):
        plain = _by_case().get(text[:-1].casefold())
        if plain in LICENSES and not plain.startswith(_GNU):
            return f"{plain}+"
    if _REFERENCE.match(text):
        return text
    return NAMES.get(key_of(text)) or NAMES.get(bare_key_of(text))


@cache
def _by_case() -> dict[str, str]:
    """Current form of every id, by the id in lower case."""
    table = {id.casefold(): expression for id, expression in DEPRECATED.items()}
    return table | {id.casefold(): id for id in LICENSES}


@cache
def _exceptions() -> dict[str, str]:
    return {id.casefold(): id for id in EXCEPTIONS}


def _tokens(parts: list[str]) -> list[str]:
    """Operators, parentheses and operands, in the standard's form.

    ``license WITH exception`` becomes one operand.
    """
    tokens: list[str] = []
    wants_exception = False
    for part in parts:
        word = part.upper()
        if wants_exception:
            exception = _exceptions().get(part.casefold())
            if exception is None:
                raise NotAnExpressionError(f"{part[:80]!r} is not a known exception")
            tokens[-1] += f" WITH {exception}"
            wants_exception = False
        elif word == "WITH":
            if not tokens or tokens[-1] in {"AND", "OR", "(", ")"} or " " in tokens[-1]:
                raise NotAnExpressionError("WITH does not follow a licence")
            wants_exception = True
        elif word in {"AND", "OR", "(", ")"}:
            tokens.append(word)
        elif part in {"/", "|"}:
            # Cargo's manifests parted alternatives so before they took expressions.
            if tokens[-1:] != ["OR"]:
                tokens.append("OR")
        else:
            found = identifier(part)
            if found is None:
                raise NotAnExpressionError(f"{part[:80]!r} is not a known licence")
            tokens.append(found)
    if wants_exception:
        raise NotAnExpressionError("WITH names no exception")
    return tokens


def _flat(tokens: list[str]) -> str:
    """The expression where it has one operator and no inner parentheses, else empty."""
    if tokens[0] == "(" and tokens[-1] == ")":
        tokens = tokens[1:-1]
    operands, operators = tokens[::2], set(tokens[1::2])
    if len(tokens) % 2 == 0 or not operators <= {"AND", "OR"} or len(operators) > 1:
        return ""
    if any(operand in {"AND", "OR", "(", ")"} for operand in operands):
        return ""
    return f" {operators.pop()} ".join(dict.fromkeys(operands)) if operators else operands[0]


def _nested(tokens: list[str]) -> str:
    """Any other expression, by the library's parser."""
    # Some malformed expressions make the library raise what is not among its own errors.
    if not _fits(tokens):
        raise NotAnExpressionError("operators and parentheses do not fit")
    from license_expression import ExpressionError, Licensing

    try:
        # Without its index: the ids are judged already, and reading it takes longest.
        return str(Licensing().parse(" ".join(tokens)))
    except (ExpressionError, RecursionError) as error:
        raise NotAnExpressionError("operators and parentheses do not fit") from error


def _fits(tokens: list[str]) -> bool:
    """Whether operands and operators take turns and every parenthesis is closed."""
    depth, wants_operand = 0, True
    for part in tokens:
        if (part in {"AND", "OR", ")"}) is wants_operand or depth < 0:
            return False
        depth += (part == "(") - (part == ")")
        wants_operand = part in {"(", "AND", "OR"}
    return depth == 0 and not wants_operand


def _ids(operand: str) -> frozenset[str]:
    """The licence in an operand, without its exception."""
    if operand in {"AND", "OR", "(", ")"}:
        return frozenset()
    return frozenset({operand.partition(" WITH ")[0]})
