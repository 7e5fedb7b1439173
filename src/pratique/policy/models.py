"""The words of this room: policies as they are written, after inheritance."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from pratique.model.decision import Effect, Verdict
from pratique.model.facts import Facts

ENGINE = 1
"""Version of the rules of evaluation.  It is part of every policy's digest:
where it differs, an old decision cannot be promised to come out the same."""


class OnUnknown(StrEnum):
    """What a rule does where it depends on a fact that is not known."""

    UNKNOWN = "unknown"
    """The verdict is at least *unknown*: not admitted, and nothing claimed."""

    DENY = "deny"
    QUARANTINE = "quarantine"
    REQUIRE_APPROVAL = "require-approval"
    WARN = "warn"
    IGNORE = "ignore"
    """Noted among the reasons; the verdict stays."""

    @property
    def effect(self) -> Effect:
        """What it does to the verdict."""
        return _EFFECTS[self]


_EFFECTS = {one: Effect.NOTE if one is OnUnknown.IGNORE else Effect(one.value) for one in OnUnknown}


class RuleScope(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a rule applies; an empty tuple means everywhere.

    What is not known of a component or of who wants it never takes it out of
    a rule's scope.
    """

    team: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    ecosystem: tuple[str, ...] = ()
    """OSV ecosystems; one without a suffix covers all of its releases."""

    relation: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.team or self.environment or self.ecosystem or self.relation)


class PolicyRule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One rule: when it matches, what then happens, and why."""

    id: str
    when: str
    """CEL expression over the facts that gives yes or no."""

    effect: Effect
    on_unknown: OnUnknown = OnUnknown.UNKNOWN
    reason: str
    """Template: names of facts in braces."""

    remedy: str = ""
    controls: tuple[str, ...] = ()
    scopes: RuleScope = RuleScope()


class Policy(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A policy with everything it inherits; what decides, and nothing else."""

    engine: int = ENGINE
    id: str
    rules: tuple[PolicyRule, ...]
    """Sorted by id: their order has no meaning."""


class RuleCase(msgspec.Struct, frozen=True, kw_only=True):
    """A test of one rule, written beside it."""

    rule: str
    name: str
    facts: Facts
    expect: str
    """``match``, ``no match`` or ``unknown``."""

    path: str
    line: int
    column: int


class PolicyCase(msgspec.Struct, frozen=True, kw_only=True):
    """A test of a whole policy."""

    name: str
    facts: Facts
    team: str = ""
    environment: str = ""
    expect: Verdict
    rules: tuple[str, ...] | None = None
    """Ids of the rules that give a reason, all of them; ``None`` where not asked."""

    path: str
    line: int
    column: int


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A policy as its document has it, with what it inherits."""

    path: str
    description: str = ""
    extends: tuple[str, ...] = ()
    """Ids of the policies it is built on, the nearest first."""

    policy: Policy
    base: Document | None = None
    """The policy that it extends."""

    rule_cases: tuple[RuleCase, ...] = ()
    policy_cases: tuple[PolicyCase, ...] = ()
    places: dict[str, tuple[str, int, int]] = {}
    """Path, line and column of each rule."""


class CaseResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a test gave."""

    name: str
    passed: bool
    expected: str
    got: str
    path: str
    line: int
    column: int
