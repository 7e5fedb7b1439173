"""What rules say of facts, known and unknown; laws of verdicts."""

from __future__ import annotations

import math
from itertools import product
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.model.decision import Circumstances, Effect, Outcome, Verdict
from pratique.model.facts import Facts, Known, Unknown, VulnerabilityFact
from pratique.model.inventory import Relation
from pratique.model.severity import Severity
from pratique.policy.models import OnUnknown
from pratique.policy.service import NO_WAIVERS, decide, decide_many, load

SUBJECT = "pkg:npm/%40alpha/beta@1.2.3"


def facts(**fields) -> Facts:
    return Facts(
        subject=SUBJECT,
        **{n: v if isinstance(v, Unknown) else Known(v) for n, v in fields.items()},
    )


def flaw(id: str = "ALPHA-1", **fields) -> VulnerabilityFact:
    return VulnerabilityFact(id=id, **{name: Known(value) for name, value in fields.items()})


@pytest.mark.parametrize(
    ("when", "given", "expected"),
    [
        ("malicious", {"malicious": True}, "match"),
        ("malicious", {"malicious": False}, "no match"),
        ("malicious", {}, "unknown"),
        ("!malicious", {}, "unknown"),
        ("malicious == malicious", {}, "unknown"),
        # The three-valued logic of CEL: what does not matter may be unknown.
        ("malicious && yanked", {"malicious": False}, "no match"),
        ("yanked && malicious", {"malicious": False}, "no match"),
        ("malicious || yanked", {"malicious": True}, "match"),
        ("yanked || malicious", {"malicious": True}, "match"),
        ("malicious || yanked", {"malicious": False}, "unknown"),
        ("malicious && yanked", {"malicious": True}, "unknown"),
        ("malicious ? yanked : kev", {"malicious": True, "yanked": True}, "match"),
        ("malicious ? true : true", {}, "unknown"),
        ("licenses.exists(l, l == 'MIT') || malicious", {"licenses": ("MIT",)}, "match"),
        ("known.malicious", {}, "no match"),
        ("!known.malicious || malicious", {}, "match"),
        ("known.malicious && malicious", {"malicious": True}, "match"),
        # Parts of the subject.
        ("package_type == 'npm' && package_namespace == '@alpha'", {}, "match"),
        ("package_name == 'beta' && package_version == '1.2.3'", {}, "match"),
        ("purl.startsWith('pkg:npm/')", {}, "match"),
        # What cannot be evaluated is not clean.
        ("licenses[3] == 'MIT'", {"licenses": ("MIT",)}, "unknown"),
        ("registry.matches('(')", {"registry": "x"}, "unknown"),
        ("1 / size(licenses) == 1", {"licenses": ()}, "unknown"),
        ("age_days < 3.0", {"age_days": math.nan}, "unknown"),
        ("age_days < 3.0", {"age_days": -math.inf}, "match"),
        ("age_days < 3.0", {"age_days": "a"}, "unknown"),
        ("relation == 'direct'", {"relation": Relation.DIRECT}, "match"),
        ("relation == 'direct'", {"relation": Relation.UNKNOWN}, "unknown"),
        # A list of vulnerabilities that is empty was looked up.
        ("size(vulnerabilities) > 0", {"vulnerabilities": ()}, "no match"),
        ("size(vulnerabilities) > 0", {}, "unknown"),
        ("worst_severity == 'none' && max_cvss == 0.0", {"vulnerabilities": ()}, "match"),
        ("kev || fix_available", {"vulnerabilities": ()}, "no match"),
    ],
)
def test_a_rule_on_facts(rule, when, given, expected) -> None:
    assert rule(when).program.outcome("one", facts(**given)) == expected


@pytest.mark.parametrize(
    ("when", "found", "expected"),
    [
        ("kev", [flaw(kev=True), flaw("ALPHA-2")], "match"),
        ("kev", [flaw(kev=False), flaw("ALPHA-2")], "unknown"),
        ("kev", [flaw(kev=False)], "no match"),
        ("fix_available", [flaw(fixed=False), flaw("ALPHA-2", fixed=True)], "match"),
        (
            "'CVE-1' in vulnerability_names",
            [VulnerabilityFact(id="A", aliases=("CVE-1",))],
            "match",
        ),
        ("'CVE-1' in vulnerabilities", [VulnerabilityFact(id="A", aliases=("CVE-1",))], "no match"),
        # Unrated beside rated: what is certain is said, what is not is unknown.
        ("worst_severity == 'critical'", [flaw(severity=Severity.CRITICAL), flaw("B")], "match"),
        ("worst_severity == 'high'", [flaw(severity=Severity.MEDIUM), flaw("B")], "unknown"),
        ("worst_severity == 'low'", [flaw(severity=Severity.MEDIUM), flaw("B")], "no match"),
        ("worst_severity != 'none'", [flaw(severity=Severity.LOW), flaw("B")], "match"),
        ("worst_severity in ['high', 'critical']", [flaw(severity=Severity.UNKNOWN)], "unknown"),
        ("max_cvss >= 7.0", [flaw(cvss=9.8), flaw("B")], "match"),
        ("max_cvss >= 7.0", [flaw(cvss=5.0), flaw("B")], "unknown"),
        ("max_cvss > 7.0 && max_cvss < 9.0", [flaw(cvss=5.0), flaw("B")], "unknown"),
        ("max_cvss == 8.5", [flaw(cvss=5.0), flaw("B")], "unknown"),
        ("max_cvss < 4.0", [flaw(cvss=5.0), flaw("B")], "no match"),
        ("4.0 > max_cvss", [flaw(cvss=5.0), flaw("B")], "no match"),
        ("max_cvss * 2.0 > 9.0", [flaw(cvss=5.0), flaw("B")], "unknown"),
        ("max_cvss >= 7.0", [flaw(cvss=10.0), flaw("B")], "match"),
        ("max_cvss >= 7.0", [flaw(cvss=math.nan)], "unknown"),
        ("max_epss > 0.1", [flaw(epss=0.5), flaw("B")], "match"),
        ("max_epss > 0.1 && malicious", [flaw("B")], "no match"),
        ("known.max_cvss", [flaw(cvss=5.0), flaw("B")], "no match"),
    ],
)
def test_a_rule_on_vulnerabilities(rule, when, found, expected) -> None:
    given = facts(vulnerabilities=tuple(found), malicious=False)
    assert rule(when).program.outcome("one", given) == expected


def test_every_reason_is_given_the_gravest_first(policy, now) -> None:
    loaded = policy(
        "  - {id: d, when: yanked, effect: warn, reason: it was yanked}\n"
        "  - {id: c, when: malicious, effect: deny, reason: '{purl} is bad', remedy: Go., "
        "controls: [S2C2F:SCA-4]}\n"
        "  - {id: b, when: kev, effect: quarantine, on_unknown: require-approval, reason: so}\n"
        "  - {id: a, when: deprecated, effect: deny, on_unknown: ignore, reason: so}\n"
        "  - {id: e, when: reviewed, effect: deny, reason: so}\n"
    )
    decision = decide(loaded, facts(yanked=True, malicious=True, reviewed=False), NO_WAIVERS, now)
    assert decision.verdict is Verdict.DENY
    assert [(r.rule, r.effect, r.outcome) for r in decision.reasons] == [
        ("c", Effect.DENY, Outcome.MATCHED),
        ("b", Effect.REQUIRE_APPROVAL, Outcome.UNKNOWN),
        ("d", Effect.WARN, Outcome.MATCHED),
        ("a", Effect.NOTE, Outcome.UNKNOWN),
    ]
    first, second = decision.reasons[:2]
    assert first.text == f"{SUBJECT} is bad"
    assert (first.remedy, first.controls) == ("Go.", ("S2C2F:SCA-4",))
    assert second.unknown == ("kev",)
    assert second.text == "kev is not known: nobody has looked it up"
    assert decision.decided_at == now
    assert decision.policy_digest == loaded.digest


def test_a_rule_that_cannot_be_evaluated_says_why(rule, now) -> None:
    decision = decide(
        rule("licenses[3] == 'MIT'", on_unknown="deny"), facts(licenses=()), NO_WAIVERS, now
    )
    (reason,) = decision.reasons
    assert (reason.outcome, reason.effect) == (Outcome.ERROR, Effect.DENY)
    assert "index" in reason.text.lower()


@pytest.mark.parametrize("choice", OnUnknown)
def test_unknown_does_what_the_rule_says(rule, now, choice) -> None:
    decision = decide(rule("malicious", on_unknown=choice.value), facts(), NO_WAIVERS, now)
    expected = {"warn": "admit", "ignore": "admit"}.get(choice.value, choice.value)
    assert decision.verdict == expected
    assert len(decision.reasons) == 1


@pytest.mark.parametrize(
    ("scopes", "given", "where", "applies"),
    [
        ("{environment: production}", {}, {"environment": "production"}, True),
        ("{environment: production}", {}, {"environment": "test"}, False),
        ("{environment: production}", {}, {}, True),  # not known: it may be production
        ("{team: [a, b]}", {}, {"team": "c"}, False),
        ("{team: [a, b]}", {}, {"team": "b"}, True),
        ("{relation: direct}", {"relation": Relation.TRANSITIVE}, {}, False),
        ("{relation: direct}", {"relation": Relation.DIRECT}, {}, True),
        ("{relation: direct}", {"relation": Relation.UNKNOWN}, {}, True),
        ("{relation: direct}", {}, {}, True),
        ("{ecosystem: npm}", {"ecosystem": "PyPI"}, {}, False),
        ("{ecosystem: npm}", {}, {}, True),
        ("{ecosystem: Debian}", {"ecosystem": "Debian:12"}, {}, True),
        ("{ecosystem: 'Debian:11'}", {"ecosystem": "Debian:12"}, {}, False),
    ],
)
def test_only_what_is_known_to_be_outside_a_scope_is(
    rule, now, scopes, given, where, applies
) -> None:
    loaded = rule("malicious", scopes=scopes)
    decision = decide(
        loaded, facts(malicious=True, **given), NO_WAIVERS, now, Circumstances(**where)
    )
    assert decision.verdict is (Verdict.DENY if applies else Verdict.ADMIT)


@pytest.mark.parametrize(
    "when",
    [
        "licenses.all(a, licenses.all(b, licenses.all(c, a + b != c)))",
        "licenses.exists_one(a, licenses.all(b, a + b + a + b != ''))",
        "!licenses.exists(l, l.matches('(l*)*l*l*l*l*x'))",
    ],
)
def test_an_expression_cannot_take_the_engine_down(rule, now, when) -> None:
    many = facts(licenses=tuple(f"{'l' * 50}{n}" for n in range(8_000)))
    start = process_time()
    decision = decide(rule(when, on_unknown="deny"), many, NO_WAIVERS, now)
    assert decision.verdict is Verdict.DENY
    assert process_time() - start < 15


def test_more_rules_than_the_library_takes_at_once(policy, now) -> None:
    filler = " || ".join(f"purl == 'pkg:npm/{n}'" for n in range(70))
    loaded = policy(
        "".join(
            f"  - {{id: r{n}, when: \"purl == '{n}' || {filler} || malicious\", effect: warn, "
            "reason: so}\n"
            for n in range(100)
        )
    )
    decision = decide(loaded, facts(malicious=True), NO_WAIVERS, now)
    assert len(decision.reasons) == 100


def test_a_comment_at_the_end_of_a_rule_hides_no_other(policy, now) -> None:
    loaded = policy(
        "  - {id: a, when: 'yanked // not this', effect: warn, reason: so}\n"
        "  - {id: b, when: malicious, effect: deny, reason: so}\n"
    )
    assert decide(loaded, facts(yanked=False, malicious=True), NO_WAIVERS, now).verdict == "deny"


def test_many_are_decided_in_order_as_one_by_one(policy, now) -> None:
    loaded = policy("  - {id: a, when: age_days < 3.0, effect: quarantine, reason: '{age_days}'}\n")
    given = [facts(age_days=float(n)) for n in range(6)] + [facts()]
    many = list(decide_many(loaded, given, NO_WAIVERS, now))
    assert many == [decide(loaded, one, NO_WAIVERS, now) for one in given]
    assert [one.verdict.value for one in many] == ["quarantine"] * 3 + ["admit"] * 3 + ["unknown"]


# Laws -----------------------------------------------------------------------

TRUTHS = ("malicious", "yanked", "deprecated", "reviewed")
ATOMS = [*TRUTHS, *(f"known.{name}" for name in TRUTHS), "age_days < 3.0", "max_cvss >= 7.0"]
EXPRESSIONS = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.one_of(
        inner.map(lambda a: f"!({a})"),
        st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(
            lambda t: f"({t[0]}) {t[1]} ({t[2]})"
        ),
    ),
    max_leaves=5,
)
RULES = st.tuples(
    EXPRESSIONS,
    st.sampled_from(["deny", "quarantine", "require-approval", "warn"]),
    st.sampled_from(list(OnUnknown)),
)
KNOWABLE = st.sampled_from([True, False, None])


@st.composite
def any_facts(draw) -> Facts:
    fields = {name: draw(KNOWABLE) for name in TRUTHS}
    fields["age_days"] = draw(st.sampled_from([None, 0.0, 2.0, 10.0]))
    flaws = draw(
        st.none() | st.lists(st.sampled_from([None, 2.0, 7.0, 9.8]), max_size=2).map(tuple)
    )
    if flaws is not None:
        fields["vulnerabilities"] = tuple(
            flaw(f"A-{n}") if score is None else flaw(f"A-{n}", cvss=score)
            for n, score in enumerate(flaws)
        )
    return facts(**{name: value for name, value in fields.items() if value is not None})


def built(rules) -> object:
    lines = "".join(
        f"  - {{id: r{n}, when: '{when}', effect: {effect}, on_unknown: {unknown}, reason: so}}\n"
        for n, (when, effect, unknown) in enumerate(rules)
    )
    return load(f"id: alpha\nrules:\n{lines}".encode(), "alpha.yaml")


LAW = settings(max_examples=60, deadline=None)


@given(st.lists(RULES, min_size=2, max_size=5), any_facts())
@LAW
def test_more_rules_never_make_a_verdict_milder(now, rules, given_facts) -> None:
    fewer = decide(built(rules[:-1]), given_facts, NO_WAIVERS, now)
    more = decide(built(rules), given_facts, NO_WAIVERS, now)
    assert more.verdict.rank >= fewer.verdict.rank
    assert set(fewer.reasons) <= set(more.reasons)


@given(st.lists(RULES, min_size=2, max_size=5, unique_by=lambda r: r[0]), any_facts(), st.randoms())
@LAW
def test_the_order_of_rules_changes_nothing(now, rules, given_facts, chooser) -> None:
    named = [
        f"  - {{id: r{n}, when: '{when}', effect: {effect}, on_unknown: {unknown}, reason: so}}\n"
        for n, (when, effect, unknown) in enumerate(rules)
    ]
    first = load(("id: alpha\nrules:\n" + "".join(named)).encode(), "alpha.yaml")
    chooser.shuffle(named)
    second = load(("id: alpha\nrules:\n" + "".join(named)).encode(), "alpha.yaml")
    assert decide(first, given_facts, NO_WAIVERS, now) == decide(
        second, given_facts, NO_WAIVERS, now
    )


@given(EXPRESSIONS, any_facts())
@LAW
def test_unknown_never_admits_where_it_denies(now, when, given_facts) -> None:
    loaded = built([(when, "deny", "deny")])
    outcome = loaded.program.outcome("r0", given_facts)
    verdict = decide(loaded, given_facts, NO_WAIVERS, now).verdict
    assert (verdict is Verdict.ADMIT) == (outcome == "no match")


@given(EXPRESSIONS.filter(lambda text: "known" not in text), any_facts())
@LAW
def test_an_answer_holds_whatever_the_unknown_facts_are(when, given_facts) -> None:
    loaded = built([(when, "deny", "deny")])
    outcome = loaded.program.outcome("r0", given_facts)
    if outcome == "unknown":
        return
    lacking = [n for n in TRUTHS if isinstance(getattr(given_facts, n), Unknown)]
    for values in product([True, False], repeat=len(lacking)):
        completed = {n: Known(v) for n, v in zip(lacking, values, strict=True)}
        fields = {
            n: getattr(given_facts, n) for n in Facts.__struct_fields__ if n != "subject"
        } | completed
        for age in (0.0, 50.0):
            if isinstance(given_facts.age_days, Unknown):
                fields["age_days"] = Known(age)
            for score in (0.0, 7.0, 10.0):
                fields["vulnerabilities"] = scored(given_facts, score)
                whole = Facts(subject=SUBJECT, **fields)
                assert loaded.program.outcome("r0", whole) == outcome


def scored(given_facts: Facts, score: float) -> Known:
    found = given_facts.vulnerabilities
    if isinstance(found, Unknown):
        return Known((flaw(cvss=score),))
    return Known(
        tuple(
            flaw(one.id, cvss=score) if isinstance(one.cvss, Unknown) else one
            for one in found.value
        )
    )


@given(st.lists(RULES, min_size=1, max_size=5), any_facts())
@LAW
def test_all_at_once_and_one_by_one_give_the_same(now, rules, given_facts) -> None:
    loaded = built(rules)
    together = decide(loaded, given_facts, NO_WAIVERS, now)
    alone = [decide(built([rule]), given_facts, NO_WAIVERS, now) for rule in rules]
    assert len(together.reasons) == sum(len(one.reasons) for one in alone)
    assert together.verdict is max((one.verdict for one in alone), key=lambda one: one.rank)
