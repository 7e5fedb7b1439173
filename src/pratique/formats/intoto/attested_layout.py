"""Layouts over attestations of any predicate (ITE-10 and ITE-11), in YAML or JSON.

They name for each step the predicate types that must be there, who may sign
them, and rules in CEL over their content.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from pratique.formats.dsse.wire import convert
from pratique.formats.instants import parse_instant
from pratique.formats.intoto.layout import MAX_STEPS, places, substituted
from pratique.formats.intoto.rules import MAX_RULES, Rule, parse_rule
from pratique.formats.text import decode
from pratique.formats.yaml_text import parse_yaml
from pratique.model.errors import InputError, LimitError

MAX_NESTING = 16
"""Deepest nesting of parameters in parameters."""

MAX_VALUE = 64 * 1024
"""Longest value of a parameter, in characters, with those in it put in; nested
parameters could otherwise grow beyond all memory."""

_UNSAFE = frozenset("'\"\\\n\r")
"""Characters that would end a text inside a CEL expression."""


class Constraint(msgspec.Struct, frozen=True, rename="camel"):
    """A rule over a predicate."""

    rule: str
    """CEL over ``predicate``, ``predicateType`` and ``subject``."""

    allow_if_no_claim: bool = False
    """Whether it holds where the predicate lacks what it speaks of."""

    warn: bool = False
    """Whether it only warns."""


class ExpectedPredicate(msgspec.Struct, frozen=True, rename="camel"):
    """A predicate that a step must have."""

    predicate_type: str
    functionaries: tuple[str, ...]
    expected_attributes: tuple[Constraint, ...] = ()
    threshold: int = 1


class AttestedStep(msgspec.Struct, frozen=True, kw_only=True):
    """What must be attested of a step."""

    name: str
    materials: tuple[Rule, ...]
    products: tuple[Rule, ...]
    predicates: tuple[ExpectedPredicate, ...]


class AttestedLayout(msgspec.Struct, frozen=True, kw_only=True):
    """Which steps, and what must be attested of each."""

    expires: datetime
    functionaries: dict[str, dict[str, Any]]
    """Key id to key, with the members ``keyType``, ``scheme``, ``keyVal``."""

    steps: tuple[AttestedStep, ...]


class _WireStep(msgspec.Struct, frozen=True, rename="camel"):
    name: str
    expected_predicates: list[ExpectedPredicate]
    expected_materials: list[str] = []
    expected_products: list[str] = []


class _WireLayout(msgspec.Struct, frozen=True):
    expires: str
    functionaries: dict[str, dict[str, Any]]
    steps: list[_WireStep]
    inspections: list[Any] = []
    subjects: list[Any] = []


def read_attested_layout(data: bytes, parameters: dict[str, str] | None = None) -> AttestedLayout:
    """Layout of a document.

    Args:
        data: YAML without tags and aliases, of which JSON is a part.
        parameters: Values of ``{NAME}`` in rules, themselves with such places.

    Raises:
        LimitError: It exceeds a limit.
        InputError: It is no such layout, or a parameter cannot be put into it.
    """
    value = parse_yaml(decode(data))
    if not isinstance(value, dict) or "functionaries" not in value:
        raise InputError("document is no layout over attestations")
    if isinstance(value.get("expires"), datetime):  # YAML has a type for it
        value["expires"] = value["expires"].isoformat()
    wire = convert(value, _WireLayout, "layout")
    if wire.inspections or wire.subjects:
        raise InputError("layout has inspections or subjects, which are not verified here")
    expires = parse_instant(wire.expires)
    if expires is None:
        raise InputError(f"layout expires at {wire.expires[:40]!r}, which is no time")
    if len(wire.steps) > MAX_STEPS:
        raise LimitError(f"layout has over {MAX_STEPS:,} steps")
    if len({one.name for one in wire.steps}) != len(wire.steps):
        raise InputError("layout has two steps of one name")
    values = resolved(parameters or {})
    steps = tuple(_step(one, values) for one in wire.steps)
    return AttestedLayout(expires=expires, functionaries=wire.functionaries, steps=steps)


def _step(wire: _WireStep, values: dict[str, str]) -> AttestedStep:
    if not wire.expected_predicates:
        raise InputError(f"step {wire.name[:80]!r} expects no predicate")
    if not wire.name or any(c in wire.name for c in "/\\\0"):
        raise InputError(f"layout has a step of the name {wire.name[:80]!r}")
    for one in wire.expected_predicates:
        if one.threshold < 1:
            raise InputError(f"step {wire.name!r} has a threshold under one")
    return AttestedStep(
        name=wire.name,
        materials=_rules(wire.expected_materials, values),
        products=_rules(wire.expected_products, values),
        predicates=tuple(_predicate(one, values) for one in wire.expected_predicates),
    )


def _rules(given: list[str], values: dict[str, str]) -> tuple[Rule, ...]:
    if len(given) > MAX_RULES:
        raise LimitError(f"layout has a step with over {MAX_RULES:,} rules")
    return tuple(parse_rule([substituted(word, values) for word in one.split()]) for one in given)


def _predicate(given: ExpectedPredicate, values: dict[str, str]) -> ExpectedPredicate:
    changed = []
    for one in given.expected_attributes:
        used = [name for name in values if f"{{{name}}}" in one.rule]
        if any(_UNSAFE & set(values[name]) for name in used):
            raise InputError("a parameter in a CEL rule has a quote, a backslash or a line's end")
        rule = substituted(one.rule, values)
        changed.append(msgspec.structs.replace(one, rule=rule))
    return msgspec.structs.replace(given, expected_attributes=tuple(changed))


def resolved(parameters: dict[str, str]) -> dict[str, str]:
    """Parameters with the parameters that their values name put in.

    Raises:
        LimitError: A value is over ``MAX_VALUE`` characters.
        InputError: A value leads back to itself.
    """
    done: dict[str, str] = {}

    def value_of(name: str, above: tuple[str, ...]) -> str:
        if name in done:
            return done[name]
        if name in above or len(above) > MAX_NESTING:
            raise InputError(f"the value of the parameter {name[:40]!r} leads back to itself")
        text = parameters[name]
        inner = [one for one in places(text) if one in parameters]
        found = {one: value_of(one, (*above, name)) for one in inner}
        if max(len(text), sum(len(found[one]) for one in inner)) > MAX_VALUE:
            raise LimitError(f"the value of the parameter {name[:40]!r} is too long")
        done[name] = substituted(text, found)
        return done[name]

    for name in parameters:
        value_of(name, ())
    return done
