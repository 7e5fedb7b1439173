"""What differs between two policies: in their rules, and in what they decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pratique.model.decision import Verdict
from pratique.policy.service import NO_WAIVERS, decide

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from pratique.model.decision import Circumstances
    from pratique.model.facts import Facts
    from pratique.policy.models import PolicyRule
    from pratique.policy.service import LoadedPolicy


class RuleChange(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that is not the same in both."""

    rule: str
    change: str
    """``added``, ``removed`` or ``changed``."""

    fields: dict[str, tuple[str, str]] = {}
    """Before and after of every field that differs."""


class DecisionChange(msgspec.Struct, frozen=True, kw_only=True):
    """A component on which they do not agree."""

    subject: str
    before: Verdict
    after: Verdict
    because: tuple[str, ...]
    """Rules that bear on the graver of the two verdicts."""


def rule_changes(old: LoadedPolicy, new: LoadedPolicy) -> list[RuleChange]:
    """Rules that were added, removed or changed, by id."""
    before = {rule.id: rule for rule in old.policy.rules}
    after = {rule.id: rule for rule in new.policy.rules}
    changes = []
    for id in sorted(before.keys() | after.keys()):
        if id not in before:
            changes.append(RuleChange(rule=id, change="added", fields=_fields(None, after[id])))
        elif id not in after:
            changes.append(RuleChange(rule=id, change="removed", fields=_fields(before[id], None)))
        elif before[id] != after[id]:
            changes.append(
                RuleChange(rule=id, change="changed", fields=_fields(before[id], after[id]))
            )
    return changes


def decision_changes(
    old: LoadedPolicy,
    new: LoadedPolicy,
    facts: Iterable[Facts],
    now: datetime,
    scope: Circumstances,
) -> list[DecisionChange]:
    """Components on which the two policies do not agree, in their order."""
    changes = []
    for one in facts:
        before = decide(old, one, NO_WAIVERS, now, scope)
        after = decide(new, one, NO_WAIVERS, now, scope)
        if before.verdict is after.verdict:
            continue
        graver = before if before.verdict.rank > after.verdict.rank else after
        because = tuple(
            reason.rule for reason in graver.reasons if reason.effect.verdict is graver.verdict
        )
        changes.append(
            DecisionChange(
                subject=one.subject, before=before.verdict, after=after.verdict, because=because
            )
        )
    return changes


def _fields(before: PolicyRule | None, after: PolicyRule | None) -> dict[str, tuple[str, str]]:
    names = (before or after).__struct_fields__[1:]  # type: ignore[union-attr]
    pairs = {name: (_text(before, name), _text(after, name)) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _text(rule: PolicyRule | None, name: str) -> str:
    value = getattr(rule, name) if rule is not None else ""
    if isinstance(value, tuple):
        return ", ".join(value)
    if isinstance(value, msgspec.Struct):
        parts = msgspec.structs.asdict(value).items()
        return "; ".join(f"{key}: {', '.join(words)}" for key, words in parts if words)
    return str(value)
