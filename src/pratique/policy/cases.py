"""The tests that stand in a policy: reading them, and running them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pratique.model.decision import Circumstances, Verdict
from pratique.policy.documents import Mapping, Scalar, Sequence
from pratique.policy.evaluate import Program
from pratique.policy.facts_reading import FIELDS, VULNERABILITY_FIELDS, facts_from
from pratique.policy.models import CaseResult, PolicyCase, RuleCase

if TYPE_CHECKING:
    from pratique.model.facts import Facts
    from pratique.policy.documents import Node
    from pratique.policy.fields import Fields
    from pratique.policy.models import Document

MAX_CASES = 50
"""Tests of one rule, and five times that of a policy."""

EXPECTED = ("match", "no match", "unknown")
SUBJECT = "pkg:generic/alpha@1.0.0"
"""What a test is about that does not say."""

_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,15})?\Z")


def read_rule_case(fields: Fields, node: Node, rule: str) -> RuleCase | None:
    """A test of one rule; ``None`` where it is refused."""
    found = fields.mapping(
        node, "a test", ("name", "facts", "expect"), required=("facts", "expect")
    )
    if not found:
        return None
    expect = fields.word(found.get("expect"), "expect", EXPECTED)
    facts = _facts(fields, found.get("facts"))
    name = fields.line(found.get("name"), "name", limit=200) or expect
    if not facts or not expect:
        return None
    return RuleCase(
        rule=rule,
        name=name,
        facts=facts,
        expect=expect,
        path=fields.path,
        line=node.line,
        column=node.column,
    )


def read_policy_case(fields: Fields, node: Node) -> PolicyCase | None:
    """A test of a policy; ``None`` where it is refused."""
    found = fields.mapping(
        node,
        "a test",
        ("name", "facts", "team", "environment", "expect", "rules"),
        required=("name", "facts", "expect"),
    )
    if not found:
        return None
    expect = fields.word(found.get("expect"), "expect", Verdict)
    facts = _facts(fields, found.get("facts"))
    name = fields.line(found.get("name"), "name", limit=200)
    rules = found.get("rules")
    if not facts or not expect:
        return None
    return PolicyCase(
        name=name,
        facts=facts,
        team=fields.line(found.get("team"), "team"),
        environment=fields.line(found.get("environment"), "environment"),
        expect=Verdict(expect),
        rules=None if rules is None else fields.texts(rules, "rules", MAX_CASES),
        path=fields.path,
        line=node.line,
        column=node.column,
    )


def run_cases(document: Document, program: Program) -> list[CaseResult]:
    """Run every test of a policy and of those it extends, and say what each gave.

    Args:
        document: With the tests.
        program: Of the document's policy.
    """
    results = run_cases(document.base, Program(document.base.policy)) if document.base else []
    results += [_run_rule(case, program) for case in document.rule_cases]
    return results + [_run_policy(case, program) for case in document.policy_cases]


def _run_rule(case: RuleCase, program: Program) -> CaseResult:
    got = program.outcome(case.rule, case.facts)
    return CaseResult(
        name=f"{case.rule}: {case.name}",
        passed=got == case.expect,
        expected=case.expect,
        got=got,
        path=case.path,
        line=case.line,
        column=case.column,
    )


def _run_policy(case: PolicyCase, program: Program) -> CaseResult:
    where = Circumstances(team=case.team, environment=case.environment)
    reasons = program.reasons(case.facts, where)
    verdict = program.verdict(reasons)
    rules = sorted({reason.rule for reason in reasons})
    wanted = None if case.rules is None else sorted(case.rules)
    expected, got = case.expect.value, verdict.value
    if wanted is not None:
        expected += f" by {', '.join(wanted) or 'no rule'}"
        got += f" by {', '.join(rules) or 'no rule'}"
    return CaseResult(
        name=case.name,
        passed=verdict is case.expect and wanted in (None, rules),
        expected=expected,
        got=got,
        path=case.path,
        line=case.line,
        column=case.column,
    )


def _facts(fields: Fields, node: Node | None) -> Facts | None:
    if node is None:
        return None
    if isinstance(node, Scalar) and node.plain and not node.text:
        value: dict[str, Any] = {}
    elif isinstance(node, Mapping):
        value = {
            name: _plain(item, FIELDS.get(name, "")) for name, (_, item) in node.entries.items()
        }
    else:
        fields.wrong(node, "facts are not a mapping", "Write 'fact: value' lines.")
        return None
    facts, troubles = facts_from({"subject": SUBJECT, **value})
    for trouble in troubles:
        entry = node.entries.get(trouble.fact) if isinstance(node, Mapping) else None
        place = node if entry is None else entry[0]
        fields.wrong(place, trouble.message, trouble.remedy)
    return facts


def _plain(node: Node, kind: str) -> Any:
    """A node as JSON would have it, its scalars read as the kind of fact demands."""
    if isinstance(node, Scalar):
        if node.plain and kind == "truth" and node.text in {"true", "false"}:
            return node.text == "true"
        if node.plain and kind == "number" and _NUMBER.match(node.text):
            return float(node.text)
        return None if node.plain and node.text in {"", "~", "null"} else node.text
    if isinstance(node, Sequence):
        return [_plain(item, kind) for item in node.items]
    assert isinstance(node, Mapping)
    fields = VULNERABILITY_FIELDS if kind == "vulnerabilities" else {}
    return {name: _plain(item, fields.get(name, "")) for name, (_, item) in node.entries.items()}
