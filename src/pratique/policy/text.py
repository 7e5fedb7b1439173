"""How the commands of this room print: plain text, one way for each word."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from pratique.model.decision import Effect
from pratique.policy.variables import VARIABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pratique.model.decision import Decision
    from pratique.policy.diff import DecisionChange, RuleChange
    from pratique.policy.models import Document, PolicyRule

KINDS = {
    "truth": "true or false",
    "number": "number (3.0)",
    "text": "text ('a')",
    "texts": "list of texts",
}
"""How the kinds of facts are written in expressions."""


def decision(one: Decision) -> Iterator[str]:
    """A decision: subject and verdict, then each reason with what to do."""
    yield f"{one.subject}  {one.verdict.value.upper()}"
    ignored = [reason.rule for reason in one.reasons if reason.effect is Effect.NOTE]
    for reason in one.reasons:
        if reason.effect is Effect.NOTE:
            continue
        effect = f"{reason.effect.value} (waived)" if reason.waivers else reason.effect.value
        yield f"  {effect:<18}{reason.rule}: {reason.text}"
        if reason.waivers:
            yield f"{'':<20}set aside by {', '.join(reason.waivers)}"
        elif reason.remedy:
            yield f"{'':<20}{reason.remedy}"
    if ignored:
        text = f"not decided for lack of facts, as the policy allows: {', '.join(ignored)}"
        yield from wrap(text, 98, initial_indent=f"  {'note':<18}", subsequent_indent=" " * 20)


def summary(verdicts: Iterable[str]) -> str:
    """How many of each verdict."""
    from collections import Counter

    counts = Counter(verdicts)
    parts = ", ".join(f"{number} {verdict}" for verdict, number in sorted(counts.items()))
    return f"{sum(counts.values())} decided: {parts}" if parts else "nothing to decide"


def rule(one: PolicyRule, document: Document) -> Iterator[str]:
    """A rule, with where it is written."""
    path, line, _ = document.places.get(one.id, (document.path, 1, 1))
    yield f"{one.id}  ({path}:{line})"
    unknown = f"; {one.on_unknown.value} where it depends on what is not known"
    yield f"  {one.effect.value}{unknown}"
    yield f"  when    {' '.join(one.when.split())}"
    yield f"  reason  {one.reason}"
    if one.remedy:
        yield f"  remedy  {one.remedy}"
    if one.controls:
        yield f"  serves  {', '.join(one.controls)}"
    if one.scopes:
        scopes = (
            f"{name} {', '.join(words)}"
            for name in one.scopes.__struct_fields__
            if (words := getattr(one.scopes, name))
        )
        yield f"  only    {'; '.join(scopes)}"


def policy(document: Document, digest: str) -> Iterator[str]:
    """A policy with all its rules."""
    yield f"{document.policy.id}  {digest}"
    yield from wrap(document.description, 78, initial_indent="  ", subsequent_indent="  ")
    if document.extends:
        yield f"  extends {' → '.join(document.extends)}"
    for one in document.policy.rules:
        yield ""
        yield from rule(one, document)


def facts() -> Iterator[str]:
    """Everything that policies may look at."""
    width = max(map(len, VARIABLES))
    for one in VARIABLES.values():
        yield f"  {one.name:<{width}}  {KINDS[one.kind]:<14}  {one.meaning}"
        if one.values:
            yield f"  {'':<{width}}  {'':<14}  one of {', '.join(one.values)}"
    yield ""
    yield "  known.NAME asks whether a fact is known; licenses.permitted([…]) whether the"
    yield "  licence expressions can be met with the licences of a list."


def rule_change(one: RuleChange) -> Iterator[str]:
    """A rule that differs."""
    yield f"{one.change} {one.rule}"
    for name, (before, after) in one.fields.items():
        if before:
            yield f"  - {name}: {' '.join(before.split())}"
        if after:
            yield f"  + {name}: {' '.join(after.split())}"


def decision_change(one: DecisionChange) -> str:
    """A component that is decided otherwise."""
    because = f" ({', '.join(one.because)})" if one.because else ""
    return f"{one.subject}: {one.before.value} → {one.after.value}{because}"
