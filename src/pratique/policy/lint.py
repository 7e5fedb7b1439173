"""What is allowed in a policy or a list of waivers, and yet likely a mistake."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from pratique.model.decision import Effect
from pratique.model.inventory import Location
from pratique.policy.models import OnUnknown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from pratique.policy.models import Document, RuleCase
    from pratique.policy.service import LoadedPolicy
    from pratique.policy.waivers import Waivers

LONGEST_WAIVER = timedelta(days=366)
"""A waiver that holds longer is a change of policy in disguise."""

_ADVISORY = re.compile(r"[A-Z][A-Z0-9]*-\S+\Z")
_STOPS = frozenset({Effect.DENY, Effect.QUARANTINE, Effect.REQUIRE_APPROVAL})


class Remark(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """One thing to look at."""

    location: Location
    level: str
    """``warning``, or ``note`` where it may well be meant."""

    rule: str
    """Id of what is remarked: ``untested-rule`` …"""

    message: str


def lint(loaded: LoadedPolicy) -> list[Remark]:
    """Remarks on a policy and what it extends, in order of place."""
    remarks = [*_untested(loaded), *_rules(loaded), *_whole(loaded)]
    return sorted(set(remarks))


def _cases(document: Document | None) -> Iterator[RuleCase]:
    while document is not None:
        yield from document.rule_cases
        document = document.base


def _place(loaded: LoadedPolicy, rule: str) -> Location:
    path, line, _ = loaded.document.places.get(rule, (loaded.document.path, 1, 1))
    return Location(path, line)


def _untested(loaded: LoadedPolicy) -> Iterator[Remark]:
    tested: dict[str, set[str]] = {}
    for case in _cases(loaded.document):
        tested.setdefault(case.rule, set()).add(case.expect)
    for rule in loaded.policy.rules:
        for wanted in ("match", "no match"):
            if wanted not in tested.get(rule.id, set()):
                message = f"{rule.id}: no test expects '{wanted}'"
                place = _place(loaded, rule.id)
                yield Remark(location=place, level="warning", rule="untested-rule", message=message)


def _rules(loaded: LoadedPolicy) -> Iterator[Remark]:
    seen: dict[str, str] = {}
    for rule in loaded.policy.rules:
        place = _place(loaded, rule.id)
        facts = loaded.program.facts_of(rule.id)
        if not facts:
            message = f"{rule.id}: looks at no fact, so that its answer is always the same"
            yield Remark(location=place, level="warning", rule="constant-rule", message=message)
        if not rule.controls:
            message = f"{rule.id}: names no control that it serves"
            yield Remark(location=place, level="warning", rule="no-controls", message=message)
        other = seen.setdefault(" ".join(rule.when.split()), rule.id)
        if other != rule.id and not rule.scopes:
            message = f"{rule.id}: has the same expression as {other}"
            yield Remark(location=place, level="warning", rule="same-expression", message=message)
        if rule.effect in _STOPS and rule.on_unknown is OnUnknown.IGNORE:
            message = f"{rule.id}: would {rule.effect}, but ignores that a fact is not known"
            yield Remark(location=place, level="note", rule="ignores-unknown", message=message)


def _whole(loaded: LoadedPolicy) -> Iterator[Remark]:
    place = Location(loaded.document.path, 1)
    looked = set().union(*(loaded.program.facts_of(rule.id) for rule in loaded.policy.rules))
    if "malicious" not in looked:
        message = "no rule looks at 'malicious'"
        yield Remark(location=place, level="warning", rule="blind-spot", message=message)
    about = {"vulnerabilities", "vulnerability_names", "worst_severity", "max_cvss", "kev"}
    if not looked & about:
        message = "no rule looks at the vulnerabilities"
        yield Remark(location=place, level="warning", rule="blind-spot", message=message)
    if not loaded.document.policy_cases:
        message = "the policy as a whole has no test"
        yield Remark(location=place, level="warning", rule="untested-policy", message=message)


def lint_waivers(
    waivers: Waivers, now: datetime, loaded: LoadedPolicy | None = None
) -> list[Remark]:
    """Remarks on waivers, in order of place.

    Args:
        waivers: As read.
        now: UTC.
        loaded: Policy whose rules they may name.
    """
    rules = {rule.id for rule in loaded.policy.rules} if loaded else set()
    remarks = []
    for one in waivers.waivers:
        at = waivers.places.get(one.id)
        place = Location(at.path, at.line) if at else Location("-")
        if one.expires - now > LONGEST_WAIVER:
            message = f"{one.id}: holds for more than {LONGEST_WAIVER.days} days"
            remarks.append(
                Remark(location=place, level="warning", rule="long-waiver", message=message)
            )
        if loaded and one.rule not in rules and not _ADVISORY.match(one.rule):
            message = f"{one.id}: {one.rule!r} is no rule of {loaded.policy.id}"
            remarks.append(
                Remark(location=place, level="warning", rule="unused-waiver", message=message)
            )
        if "*" in one.subject:
            message = f"{one.id}: {one.subject} covers packages that nobody has looked at yet"
            remarks.append(
                Remark(location=place, level="note", rule="broad-waiver", message=message)
            )
    return sorted(remarks)
