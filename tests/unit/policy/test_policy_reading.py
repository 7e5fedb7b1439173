"""What a policy may say, and what is refused at load with line, column and a remedy."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.model.decision import Effect
from pratique.policy.cel import CelError, ask, check
from pratique.policy.errors import PolicyError
from pratique.policy.library import library
from pratique.policy.models import OnUnknown
from pratique.policy.reading import MAX_EXTENDS, MAX_RULES
from pratique.policy.service import load
from pratique.policy.variables import VARIABLES


def one(text: str) -> str:
    return "id: alpha\nrules:\n  - id: one\n    effect: deny\n    reason: so\n" + text


@pytest.mark.parametrize(
    ("text", "place", "says", "remedy"),
    [
        ("id: alpha\nrulez: []\n", (2, 1), "has no field 'rulez'", "Did you mean 'rules'?"),
        ("rules: []\n", (1, 1), "lacks the field 'id'", "Add 'id: …'."),
        ("id: Alpha Beta\n", (1, 5), "is not an id", "lower-case"),
        ("id: alpha\n", (1, 1), "has no rules", "extends: baseline"),
        ("id: alpha\nrules: one\n", (2, 8), "rules is not a list", "Write one '- …'"),
        (one("    when: malicius\n"), (6, 11), "no fact 'malicius'", "'malicious'"),
        (one("    when: malicious &&\n"), (6, 23), "ends too early", ""),
        (one("    when: known.malicius\n"), (6, 16), "'known.malicius'", "'malicious'"),
        (one("    when: age_days < 3\n"), (6, 20), "(double, int)", "write 3.0, not 3"),
        (one("    when: malicious == 'yes'\n"), (6, 21), "(bool, string)", "like with like"),
        (one("    when: package_name\n"), (6, 11), "gives string, not yes or no", "Compare it"),
        (one("    when: dyn(age_days) == 3\n"), (6, 11), "'dyn' is not available", "themselves"),
        (one("    when: size(licenses.map(l, l)) > 0\n"), (6, 25), "'map' is not", "exists"),
        (one("    when: size(licenses .filter (l, true)) > 0\n"), (6, 26), "'filter'", "exists"),
        (one("    when: provenance == 'Verified'\n"), (6, 11), "never 'Verified'", "'verified'"),
        (one("    when: relation in ['direct', 'x']\n"), (6, 11), "never 'x'", "transitive"),
        (one("    when: [malicious]\n"), (6, 11), "is not an expression", "as text"),
        (one("    when: malicious\n    efect: deny\n"), (7, 5), "'efect'", "'effect'"),
        (one("    when: malicious\n    on_unknown: denied\n"), (7, 17), "'denied'", "'deny'"),
        (one("    when: malicious\n    remedy: '{oops}'\n"), (7, 14), "'oops'", "names of facts"),
        (one("    when: malicious\n    remedy: a } b\n"), (7, 15), "stands alone", "'}}'"),
        (one("    when: malicious\n    scopes: {team: []}\n"), (7, 20), "team is empty", "Leave"),
        (one("    when: malicious\n    scopes: {ecosystem: pypi}\n"), (7, 25), "'pypi'", "PyPI"),
        (one("    when: malicious\n    scopes: {relation: near}\n"), (7, 24), "'near'", "direct"),
        (
            one("    when: malicious\n    tests: [{facts: {malicious: maybe}, expect: match}]\n"),
            (7, 22),
            "not true or false",
            "",
        ),
        (
            one("    when: malicious\n    tests: [{facts: {agedays: 3}, expect: match}]\n"),
            (7, 22),
            "no fact 'agedays'",
            "'age_days'",
        ),
        (
            one("    when: malicious\n    tests: [{facts: {max_cvss: 9.0}, expect: match}]\n"),
            (7, 22),
            "'max_cvss'",
            "follows from",
        ),
        (
            one("    when: malicious\n    tests: [{facts: {malicious: false}, expect: match}]\n"),
            (7, 13),
            "gave no match, not match",
            "Change the rule or the test",
        ),
        (
            "id: alpha\nrules:\n"
            "  - {id: one, when: malicious, effect: deny, reason: so}\n"
            "  - {id: one, when: yanked, effect: deny, reason: so}\n",
            (4, 5),
            "another rule 'one'",
            "alpha.yaml:3:5",
        ),
        ("id: alpha\nextends: nowhere\n", (2, 10), "no policy 'nowhere'", "Name a pack"),
        (
            "id: alpha\nextends: baseline\nwithout: [nothing]\n",
            (3, 10),
            "no inherited rule 'nothing'",
            "names rules",
        ),
        (
            "id: alpha\nextends: baseline\nrules:\n"
            "  - {id: malicious, when: malicious, effect: warn, reason: so}\n",
            (4, 5),
            "another rule 'malicious'",
            "'without'",
        ),
        (
            "id: alpha\nextends: baseline\ntests:\n"
            "  - {name: mine, facts: {malicious: true}, expect: admit}\n",
            (4, 5),
            "'mine' gave deny, not admit",
            "policy test",
        ),
    ],
)
def test_defects_have_line_column_and_remedy(defects, text, place, says, remedy) -> None:
    found = defects(text)
    matching = [one for one in found if says in one.message]
    assert matching, found
    assert (matching[0].line, matching[0].column) == place
    assert remedy in matching[0].remedy
    assert matching[0].path == "alpha.yaml"


def test_every_defect_is_reported_at_once(defects) -> None:
    found = defects(
        "id: alpha\nrules:\n"
        "  - {id: one, when: a, effect: deny, reason: so}\n"
        "  - {id: two, when: b, effect: deny, reason: so}\n"
        "  - {id: three, when: malicious, effect: dny, reason: so}\n"
    )
    assert [one.line for one in found] == [3, 4, 5]


def test_a_place_inside_a_block_is_the_place_in_the_file(defects) -> None:
    found = defects(one("    when: |\n      malicious\n      && age_dais < 3.0\n"))
    assert [(defect.line, defect.column) for defect in found] == [(8, 10)]


def test_what_a_rule_says_is_what_is_read(policy) -> None:
    loaded = policy(
        "  - id: one\n    when: malicious\n    effect: require-approval\n    on_unknown: ignore\n"
        "    reason: >\n      on two\n      lines\n    remedy: none\n    controls: [S2C2F:SCA-4]\n"
        "    scopes: {team: a, environment: [b, c], ecosystem: Debian, relation: direct}\n"
    )
    (rule,) = loaded.policy.rules
    assert (rule.effect, rule.on_unknown) == (Effect.REQUIRE_APPROVAL, OnUnknown.IGNORE)
    assert rule.reason == "on two lines"
    assert rule.controls == ("S2C2F:SCA-4",)
    assert rule.scopes.environment == ("b", "c")
    assert rule.scopes.relation == ("direct",)


def test_limits_are_refused_by_name(defects) -> None:
    long = one(f"    when: malicious || '{'x' * 2000}' == purl\n")
    assert "over the limit of 2,000" in defects(long)[0].message
    many = "".join(
        f"  - {{id: r{n}, when: malicious, effect: deny, reason: so}}\n"
        for n in range(MAX_RULES + 1)
    )
    assert "over the limit of 500" in defects(f"id: alpha\nrules:\n{many}")[0].message
    deep = one(f"    when: {'(' * 200}malicious{')' * 200}\n")
    assert "nested too deeply" in defects(deep)[0].message
    long = "id: alpha\nrules:\n  - {id: one, when: malicious, effect: deny, reason: " + "a" * 501
    assert "over the limit of 500" in defects(long + "}\n")[0].message


def test_control_characters_in_an_expression_are_refused(defects) -> None:
    found = defects(one('    when: "malicious\\u0007 || yanked"\n'))
    assert "control character" in found[0].message


def test_inheritance_takes_rules_over_and_leaves_out_what_is_named() -> None:
    base = b"id: base\nrules:\n" + b"".join(
        b"  - {id: %b, when: %b, effect: deny, reason: so}\n" % (id, id)
        for id in (b"malicious", b"yanked", b"kev")
    )
    text = (
        b"id: alpha\nextends: base.yaml\nwithout: [yanked]\n"
        b"rules: [{id: own, when: deprecated, effect: warn, reason: so}]\n"
    )
    files = {"base.yaml": (base, "base.yaml")}
    loaded = load(text, "alpha.yaml", library(files.get))
    assert [rule.id for rule in loaded.policy.rules] == ["kev", "malicious", "own"]
    assert loaded.document.extends == ("base",)


def test_tests_of_an_extended_file_must_pass_too() -> None:
    base = (
        b"id: base\nrules: [{id: one, when: malicious, effect: deny, reason: so, "
        b"tests: [{facts: {malicious: false}, expect: match}]}]\n"
    )
    files = {"base.yaml": (base, "base.yaml")}
    with pytest.raises(PolicyError) as caught:
        load(b"id: alpha\nextends: base.yaml\n", "alpha.yaml", library(files.get))
    assert caught.value.defects[0].path == "base.yaml"


def test_policies_that_extend_each_other_are_refused() -> None:
    files = {
        "a.yaml": (b"id: a\nextends: b.yaml\n", "a.yaml"),
        "b.yaml": (b"id: b\nextends: a.yaml\n", "b.yaml"),
    }
    with pytest.raises(PolicyError, match="extends itself"):
        load(b"id: alpha\nextends: a.yaml\n", "alpha.yaml", library(files.get))
    chain = {
        f"{n}.yaml": (f"id: p{n}\nextends: {n + 1}.yaml\n".encode(), f"{n}.yaml")
        for n in range(MAX_EXTENDS + 5)
    }
    with pytest.raises(PolicyError, match=f"over {MAX_EXTENDS} others"):
        load(b"id: alpha\nextends: 0.yaml\n", "alpha.yaml", library(chain.get))


def test_no_file_takes_the_place_of_a_pack() -> None:
    fake = b"id: baseline\nrules: [{id: one, when: malicious, effect: warn, reason: so}]\n"
    loaded = load(
        b"id: alpha\nextends: baseline\n",
        "alpha.yaml",
        library({"baseline": (fake, "baseline")}.get),
    )
    assert len(loaded.policy.rules) > 1


def test_order_spelling_and_comments_do_not_change_the_digest(policy) -> None:
    a = "  - {id: a, when: malicious, effect: deny, reason: so}\n"
    b = "  - id: b # why\n    when: 'yanked'\n    effect: \"warn\"\n    reason: so\n"
    assert policy(a + b).digest == policy(b + a).digest
    assert policy(a).digest != policy(a.replace("deny", "warn")).digest
    assert policy(a).digest != policy(a.replace(": so", ": no")).digest


def test_every_fact_can_be_named_and_asked_for(rule) -> None:
    values = {"truth": "{}", "number": "{} > 1.0", "text": "{} != ''", "texts": "size({}) > 1"}
    for variable in VARIABLES.values():
        when = values[variable.kind].format(variable.name)
        if variable.values:
            when = f"{variable.name} == '{variable.values[0]}'"
        loaded = rule(f"{when} || known.{variable.name}")
        assert loaded.program.facts_of("one") == {variable.name}


def test_all_facts_of_a_long_expression_are_found(rule) -> None:
    truths = [one.name for one in VARIABLES.values() if one.kind == "truth"]
    assert len(truths) > 20  # the library names at most twenty at a time
    loaded = rule(" || ".join(truths))
    assert loaded.program.facts_of("one") == set(truths)


def test_names_that_a_macro_binds_are_no_facts(rule) -> None:
    loaded = rule("licenses.exists(yanked, yanked == 'MIT')")
    assert loaded.program.facts_of("one") == {"licenses"}


PIECES = [
    *list(VARIABLES)[:12],
    *("known.", "&&", "||", "!", "(", ")", "[", "]", "{", "}", "'a'", '"', "'", "1", "3.0", "=="),
    *("<", "in", ".", ",", "?", ":", "exists(", "matches(", "size(", "//", "\\", "dyn(", "+", "-"),
    *("google.protobuf.Any{", "\u00e9", "\ud800", "\x00", "\n", "b'", "x,", "1u", "null"),
]


@given(st.lists(st.sampled_from(PIECES), max_size=14))
@settings(max_examples=400, deadline=None)
def test_any_text_is_an_expression_or_refused(pieces) -> None:
    try:
        compiled = check(" ".join(pieces))
    except CelError as error:
        assert "\n" not in error.message  # noqa: PT017 - either way is fine
        return
    assert ask(compiled.program, {}) in {True, False} or compiled.facts or compiled.asks


@pytest.mark.parametrize(
    "text",
    [". malicious", ".malicious", "malicious || .deny_listed", "!(. malicious)", ".dyn(malicious)"],
)
def test_a_name_from_the_root_is_refused(text: str) -> None:
    with pytest.raises(CelError, match="cannot begin with a dot"):
        check(text)


def test_members_of_values_and_texts_are_not_names_from_the_root() -> None:
    assert check("'abc' . size() == 3 && licenses.exists(l, l.startsWith('M'))").facts == {
        "licenses"
    }
    assert check("malicious // .comment").facts == {"malicious"}
