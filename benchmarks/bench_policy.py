"""Deciding by five rules with every reason, beside plain functions of the same five rules.

Run: ``pytest benchmarks/bench_policy.py -s``.  The functions read the same
facts, and give the verdict and the ids of the rules; a decision has the reasons
as text, what to do, the controls and two digests besides.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from time import perf_counter

import pytest

from pratique.model.decision import Effect, Verdict
from pratique.model.facts import Facts, Known, VulnerabilityFact
from pratique.policy.service import NO_WAIVERS, LoadedPolicy, decide_many, load

COMPONENTS = 20_000
OWED = 50_000
"""Decisions a second."""

OWED_RATIO = 25.0
"""Times the plain functions; an engine that interprets in Python takes hundreds."""

NOW = datetime(2027, 1, 1, tzinfo=UTC)
POLICY = b"""
id: bench
rules:
  - {id: malicious, when: malicious, effect: deny, on_unknown: deny,
     reason: "{purl} was published to do harm", controls: [CWE-506]}
  - {id: exploited, when: kev || max_cvss >= 9.0, effect: deny, on_unknown: quarantine,
     reason: "CVSS {max_cvss}: {vulnerabilities}", remedy: Upgrade.}
  - {id: new-release, when: age_days < 3.0 && !security_fix, effect: quarantine,
     on_unknown: warn, reason: "is {age_days} days old"}
  - {id: scripts, when: install_scripts && provenance != 'verified', effect: require-approval,
     on_unknown: warn, reason: "runs code of its own, provenance: {provenance}"}
  - {id: licence, when: "licenses.exists(l, l.startsWith('AGPL'))", effect: warn,
     on_unknown: ignore, reason: "licence {licenses}"}
"""


def _score(facts: Facts) -> float:
    return max((one.cvss.value for one in facts.vulnerabilities.value), default=0.0)


def _exploited(facts: Facts) -> bool:
    return any(one.kev.value for one in facts.vulnerabilities.value) or _score(facts) >= 9.0


PLAIN: list[tuple[str, Effect, Callable[[Facts], bool]]] = [
    ("malicious", Effect.DENY, lambda facts: facts.malicious.value),
    ("exploited", Effect.DENY, _exploited),
    (
        "new-release",
        Effect.QUARANTINE,
        lambda facts: facts.age_days.value < 3.0 and not facts.security_fix.value,
    ),
    (
        "scripts",
        Effect.REQUIRE_APPROVAL,
        lambda facts: facts.install_scripts.value and facts.provenance.value != "verified",
    ),
    (
        "licence",
        Effect.WARN,
        lambda facts: any(one.startswith("AGPL") for one in facts.licenses.value),
    ),
]


def _facts(n: int) -> Facts:
    flaw = VulnerabilityFact(id=f"A-{n}", kev=Known(n % 41 == 0), cvss=Known(n % 100 / 10))
    return Facts(
        subject=f"pkg:npm/alpha-{n}@1.{n % 7}.0",
        malicious=Known(n % 97 == 0),
        vulnerabilities=Known((flaw,) if n % 3 == 0 else ()),
        age_days=Known(n % 100 / 10),
        security_fix=Known(n % 11 == 0),
        install_scripts=Known(n % 5 == 0),
        provenance=Known("verified" if n % 2 else "none"),
        licenses=Known(("AGPL-3.0-only" if n % 9 == 0 else "MIT",)),
    )


@pytest.fixture(scope="module")
def facts() -> list[Facts]:
    return [_facts(n) for n in range(COMPONENTS)]


@pytest.fixture(scope="module")
def policy() -> LoadedPolicy:
    return load(POLICY, "bench.yaml")


def _plain(facts: list[Facts]) -> list[tuple[Verdict, list[str]]]:
    answers = []
    for one in facts:
        verdict, reasons = Verdict.ADMIT, []
        for name, effect, when in PLAIN:
            if when(one):
                reasons.append(name)
                if effect.verdict.rank > verdict.rank:
                    verdict = effect.verdict
        answers.append((verdict, reasons))
    return answers


def _reasons(policy: LoadedPolicy, facts: list[Facts]) -> int:
    """Decide on all as the server does, one after the other."""
    return sum(len(one.reasons) for one in decide_many(policy, facts, NO_WAIVERS, NOW))


def _best(work: Callable[[], object], rounds: int = 7) -> float:
    times = []
    for _ in range(rounds):
        start = perf_counter()
        work()
        times.append(perf_counter() - start)
    return min(times)


def test_both_decide_the_same(policy, facts) -> None:
    decided = list(decide_many(policy, facts, NO_WAIVERS, NOW))
    for decision, (verdict, rules) in zip(decided, _plain(facts), strict=True):
        assert decision.verdict is verdict
        assert {reason.rule for reason in decision.reasons} == set(rules)
    assert sum(len(one.reasons) for one in decided) > COMPONENTS // 2


def test_decisions_a_second(policy, facts) -> None:
    engine = _best(lambda: _reasons(policy, facts))
    plain = _best(lambda: _plain(facts))
    rate = COMPONENTS / engine
    print(f"{rate:,.0f} decisions/s, {engine / plain:.1f} times plain functions")
    assert rate >= OWED
    assert engine / plain < OWED_RATIO


def test_decisions_where_most_is_unknown(policy, facts) -> None:
    partial = [Facts(subject=one.subject, malicious=one.malicious) for one in facts]
    engine = _best(lambda: _reasons(policy, partial))
    print(f"{COMPONENTS / engine:,.0f} decisions/s with four of five rules unknown")
    assert COMPONENTS / engine >= OWED / 2
