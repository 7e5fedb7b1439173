"""Rules in CEL over a statement (ITE-11); the only module that knows the library."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from pratique.model.errors import InputError

if TYPE_CHECKING:
    from pratique.formats.intoto import Statement

MAX_RULE = 4096
"""Longest rule, in characters; published ones have under two hundred."""


class MissingClaimError(Exception):
    """The statement does not have what the rule speaks of."""


def holds(rule: str, statement: Statement) -> bool:
    """Whether a statement satisfies a rule.

    Args:
        rule: Over ``predicate``, ``predicateType`` and ``subject``.
        statement: Whose signature holds.

    Raises:
        MissingClaimError: It lacks what the rule speaks of.
        InputError: The rule cannot be read, or its value is no truth value.
    """
    from pratique.formats.intoto.write import descriptor_value

    data = {
        "predicate": statement.predicate or {},
        "predicateType": statement.predicate_type,
        "subject": [descriptor_value(one) for one in statement.subject],
    }
    compiled = _compiled(rule)
    try:
        value = compiled.eval(data=data)
    except (RuntimeError, TypeError, ValueError, OverflowError) as error:
        raise InputError(f"rule {rule[:120]!r} cannot be evaluated: {str(error)[:120]}") from None
    if value.type() == _library().Type.ERROR:
        problem = str(value)
        if problem.startswith("NOT_FOUND"):
            raise MissingClaimError(rule)
        raise InputError(f"rule {rule[:120]!r} cannot be evaluated: {problem[:120]}")
    truth = value.value()
    if not isinstance(truth, bool):
        raise InputError(f"rule {rule[:120]!r} gives no truth value")
    return truth


@cache
def _library() -> Any:
    from cel_expr_python import cel  # type: ignore[import-untyped]

    return cel


@cache
def _environment() -> Any:
    kinds = _library().Type
    return _library().NewEnv(
        variables={
            "predicate": kinds.DYN,
            "predicateType": kinds.STRING,
            "subject": kinds.List(kinds.DYN),
        }
    )


def _compiled(rule: str) -> Any:
    if len(rule) > MAX_RULE:
        raise InputError(f"rule has over {MAX_RULE:,} characters")
    try:
        return _environment().compile(rule)
    except RuntimeError as error:
        problem = str(error).strip().splitlines()[0][:160]
        raise InputError(f"rule {rule[:120]!r} cannot be read: {problem}") from None
