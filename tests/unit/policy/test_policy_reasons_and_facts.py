"""Reasons filled from facts; facts read from JSON; licence choices."""

from __future__ import annotations

import json
import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.model.facts import NOT_LOOKED_UP, Facts, Known, Unknown, VulnerabilityFact
from pratique.policy.digests import canonical, digest
from pratique.policy.facts_reading import FIELDS, facts_from, read_facts
from pratique.policy.licenses import permitted
from pratique.policy.templates import MAX_VALUE, Template, TemplateError
from pratique.policy.variables import VARIABLES

SUBJECT = "pkg:npm/alpha@1.0.0"


@pytest.mark.parametrize(
    ("template", "fields", "text"),
    [
        ("plain {{text}}", {}, "plain {text}"),
        ("{purl} of {package_type}", {}, f"{SUBJECT} of npm"),
        ("{age_days} days", {"age_days": 2.456}, "2.46 days"),
        ("{malicious}, {yanked}", {"malicious": True, "yanked": False}, "yes, no"),
        ("{malicious}", {}, "unknown (nobody has looked it up)"),
        ("{licenses}", {"licenses": ()}, "none"),
        ("{licenses}", {"licenses": tuple("abcdefg")}, "a, b, c, d, e and 2 more"),
        ("{registry}", {"registry": "a\x1b[31mb\nc\u202e"}, "a\ufffd[31mb\ufffdc\ufffd"),
        ("{registry}", {"registry": "x" * 900}, "x" * (MAX_VALUE - 1) + "…"),
        ("{registry}", {"registry": "{purl}"}, "{purl}"),
        (
            "{max_cvss}",
            {"vulnerabilities": (VulnerabilityFact(id="A"),)},
            "0 or worse (A has no score)",
        ),
    ],
)
def test_a_reason_is_text_with_facts(template, fields, text) -> None:
    given = Facts(subject=SUBJECT, **{name: Known(value) for name, value in fields.items()})
    assert Template(template).fill(given) == text


@pytest.mark.parametrize(
    ("template", "column"),
    [("a {", 3), ("} b", 1), ("{purl.__class__}", 1), ("ab {purl!r}", 4), ("{0}", 1), ("{}", 1)],
)
def test_nothing_but_names_stands_in_braces(template, column) -> None:
    with pytest.raises(TemplateError) as caught:
        Template(template)
    assert caught.value.column == column


@pytest.mark.parametrize(
    ("expressions", "allowed", "answer"),
    [
        (["MIT"], ["MIT"], True),
        (["MIT OR GPL-3.0-only"], ["MIT"], True),
        (["MIT AND GPL-3.0-only"], ["MIT"], False),
        (["MIT AND (GPL-3.0-only OR Apache-2.0)"], ["MIT", "Apache-2.0"], True),
        (["MIT OR GPL-3.0-only AND ISC"], ["GPL-3.0-only"], False),
        (["(MIT OR GPL-3.0-only) AND ISC"], ["GPL-3.0-only", "ISC"], True),
        (["GPL-2.0-only WITH Classpath-exception-2.0"], ["GPL-2.0-only"], True),
        (
            ["GPL-2.0-only WITH Classpath-exception-2.0"],
            ["GPL-2.0-only WITH Classpath-exception-2.0"],
            True,
        ),
        (["GPL-2.0-only"], ["GPL-2.0-only WITH Classpath-exception-2.0"], False),
        (["MIT", "ISC"], ["MIT"], False),
    ],
)
def test_licences_leave_a_permitted_choice(expressions, allowed, answer) -> None:
    assert permitted(expressions, allowed) is answer


@pytest.mark.parametrize("expressions", [[], ["no such licence"], ["MIT AND"], ["(" * 5000]])
def test_what_is_no_licence_has_no_answer(rule, expressions) -> None:
    with pytest.raises(ValueError):
        permitted(expressions, ["MIT"])
    loaded = rule("!licenses.permitted(['MIT'])")
    given = Facts(subject=SUBJECT, licenses=Known(tuple(expressions)))
    assert loaded.program.outcome("one", given) == "unknown"


def test_licence_ids_follow_from_the_expressions(rule) -> None:
    loaded = rule("license_ids == ['Apache-2.0', 'MIT']")
    given = Facts(subject=SUBJECT, licenses=Known(("MIT OR Apache-2.0", "MIT")))
    assert loaded.program.outcome("one", given) == "match"


# Facts ----------------------------------------------------------------------


def test_facts_are_read_as_people_write_them() -> None:
    found, troubles = facts_from(
        {
            "subject": "pkg:PyPI/Alpha_Beta@1.0",
            "malicious": False,
            "age_days": 3,
            "relation": "direct",
            "licenses": ["MIT"],
            "yanked": {"unknown": "the index does not say"},
            "vulnerabilities": [
                "A-1",
                {
                    "id": "A-2",
                    "aliases": ["B"],
                    "severity": "high",
                    "cvss": 7,
                    "kev": {"unknown": "x"},
                },
            ],
        }
    )
    assert not troubles
    assert found is not None
    assert found.subject == "pkg:pypi/alpha-beta@1.0"
    assert found.age_days == Known(3.0)
    assert found.yanked == Unknown("the index does not say")
    assert found.deprecated is NOT_LOOKED_UP
    assert [one.id for one in found.vulnerabilities.value] == ["A-1", "A-2"]
    assert found.vulnerabilities.value[1].kev == Unknown("x")


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ([], "not an object"),
        ({}, "no subject"),
        ({"subject": 3}, "no subject"),
        ({"subject": "alpha"}, "not a package URL"),
        ({"malicious": 1}, "malicious is not true or false"),
        ({"malicious": None}, "malicious is null"),
        ({"malicious": {"unknown": ""}}, "without a reason"),
        ({"malicious": {"value": True}}, "is an object, but not"),
        ({"age_days": True}, "age_days is not a number"),
        ({"age_days": "3"}, "age_days is not a number"),
        ({"scorecard": 11}, "not between 0 and 10"),
        ({"relation": "near"}, "not one of"),
        ({"provenance": "great"}, "not one of"),
        ({"licenses": "MIT"}, "not a list of texts"),
        ({"vulnerabilities": [{}]}, "without an id"),
        ({"vulnerabilities": [{"id": "A", "cvs": 1}]}, "the unknown field 'cvs'"),
        ({"vulnerabilities": [{"id": "A", "severity": "bad"}]}, "whose severity is not one of"),
        ({"vulnerabilities": ["A"] * 9001}, "over 9,000"),
        ({"agedays": 3}, "no fact 'agedays'"),
        ({"kev": True}, "no fact 'kev'"),
    ],
)
def test_facts_that_are_none_are_refused(value, says) -> None:
    if isinstance(value, dict) and "subject" not in value and value:
        value = {"subject": SUBJECT, **value}
    found, troubles = facts_from(value)
    assert found is None
    assert any(says in one.message for one in troubles), troubles


def test_a_bad_line_loses_no_other() -> None:
    lines = [
        json.dumps({"subject": SUBJECT}),
        "{",
        "",
        '{"subject": 1}',
        json.dumps({"subject": SUBJECT}),
    ]
    found = list(read_facts("\n".join(lines), "facts.jsonl"))
    assert [(line, facts is not None) for line, facts, _ in found] == [
        (1, True),
        (2, False),
        (4, False),
        (5, True),
    ]
    assert [error.defects[0].line for _, _, error in found if error] == [2, 4]


def test_a_document_that_is_none_is_one_error() -> None:
    found = list(read_facts('{\n "subject": 1,\n oops\n}', "facts.json"))
    assert len(found) == 1
    assert "line 3" in str(found[0][2])


def test_what_is_written_is_read_back() -> None:
    given = Facts(
        subject=SUBJECT,
        malicious=Known(False),
        yanked=Unknown("why not"),
        vulnerabilities=Known((VulnerabilityFact(id="A", cvss=Known(7.5)),)),
    )
    assert msgspec.json.decode(canonical(given), type=Facts) == given
    found, troubles = facts_from(json.loads(canonical(given)))
    assert (found, troubles) == (given, [])


def test_equal_facts_have_one_digest() -> None:
    one = Facts(subject=SUBJECT, age_days=Known(3), yanked=Unknown(NOT_LOOKED_UP.reason))
    two = Facts(subject=SUBJECT, age_days=Known(3.0))
    assert one == two
    assert digest(one) == digest(two)
    assert (
        canonical(one) == b'{"age_days":{"is":"known","value":3.0},"subject":"pkg:npm/alpha@1.0.0"}'
    )
    assert digest(one) != digest(Facts(subject=SUBJECT, age_days=Known(4.0)))


def test_every_field_of_the_facts_is_a_variable_and_has_a_kind() -> None:
    fields = set(Facts.__struct_fields__) - {"subject"}
    assert fields == set(FIELDS)
    assert fields == {one.name for one in VARIABLES.values() if one.field}


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from([*FIELDS, "subject", "id", "is", "unknown"]), inner)
        ),
        max_leaves=12,
    )
)
@settings(max_examples=200, deadline=None)
def test_any_json_is_survived(value) -> None:
    found, troubles = facts_from(value)
    assert (found is None) == bool(troubles)


def test_mutated_documents_are_survived() -> None:
    chooser = random.Random(9)
    seed = json.dumps({"subject": SUBJECT, "vulnerabilities": [{"id": "A", "cvss": 3.0}]}) + "\n"
    for _ in range(300):
        text = list(seed * 2)
        for _ in range(chooser.randint(1, 5)):
            text[chooser.randrange(len(text))] = chooser.choice('{}[]",:0\x00\n\ud7ff')
        for _, found, error in read_facts("".join(text), "facts.jsonl"):
            assert (found is None) == (error is not None)
