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
        truth = value.value()
    except RuntimeError as error:  # the library's only error
        text = str(error)
        if "no such" in text or "not found" in text.lower():
            raise MissingClaimError(rule) from None
        raise InputError(f"rule {rule[:120]!r} cannot be evaluated: {text[:120]}") from None
    if value.type().name() == "*error*":
        raise MissingClaimError(rule)
    if not isinstance(truth, bool):
        raise InputError(f"rule {rule[:120]!r} gives no truth value")
    return truth


@cache
def _environment() -> Any:
    from cel_expr_python import cel  # type: ignore[import-untyped]

    kinds = cel.Type
    return cel.NewEnv(
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
