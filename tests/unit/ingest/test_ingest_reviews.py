"""Reviews in in-toto statements: what is certified, and what is only told."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from pratique.ingest.files import LoneTree
from pratique.ingest.models import Options, Source
from pratique.ingest.reading import read
from pratique.model.errors import InputError
from pratique.model.evidence import Verb

COMMIT = "5" * 40
CREV = "https://crev.dev/in-toto-scheme/v-1"
CERTIFY = "https://in-toto.io/attestation/certify/v0.1"
PLACE = f"git+https://git.example.test/team/alpha@{COMMIT}"


def entry(kind: str, predicate: Any, *subjects: dict[str, Any]) -> Any:
    value = {
        "_type": "https://in-toto.io/Statement/v0.1",
        "predicateType": kind,
        "subject": list(subjects)
        or [{"name": "git://git.example.test/team/alpha", "digest": {"sha1": COMMIT}}],
        "predicate": predicate,
    }
    data = json.dumps(value).encode()
    source = Source(path="a.json", data=data, tree=LoneTree(), inside="a.json")
    return read(source, Options())


def review(**more: Any) -> dict[str, Any]:
    return {
        "reviewer-id": {"id-type": "crev", "id": "abc", "url": "reviewer@example.test"},
        "date": "2026-02-01T12:00:00Z",
        "thoroughness": "high",
        "understanding": "medium",
        "rating": "positive",
        "comment": "read it all",
        **more,
    }


@pytest.mark.parametrize(
    ("rating", "verb"),
    [
        ("positive", Verb.CERTIFY_GOOD),
        ("Strong", Verb.CERTIFY_GOOD),
        ("negative", Verb.CERTIFY_BAD),
        ("neutral", Verb.HAS_METADATA),
    ],
)
def test_a_rating_certifies(rating: str, verb: Verb) -> None:
    found = entry(CREV, review(rating=rating))
    assert [(one.verb, one.subject.text) for one in found.claims] == [
        (verb, PLACE),
        (verb, f"sha1:{COMMIT}"),
    ]
    said = found.claims[0].said
    assert (said["reviewer"], said["rating"]) == ("reviewer@example.test", rating.lower())
    assert "read it all" in said["justification"]
    assert said.get("known since", said.get("timestamp")) == "2026-02-01T12:00:00Z"
    assert found.problems == ()


@pytest.mark.parametrize("rating", ["excellent", "", None, 5, ["positive"]])
def test_a_rating_that_is_none_certifies_nothing(rating: Any) -> None:
    found = entry(CREV, review(rating=rating))
    assert {one.verb for one in found.claims} == {Verb.HAS_METADATA}
    assert [problem.trouble for problem in found.problems] == ["unknown"]


def test_packages_are_reviewed_too_and_nobody_is_told() -> None:
    about = {"uri": "pkg:cargo/alpha@1.0.0", "digest": {"sha256": "a" * 64}}
    found = entry(CREV, review(**{"reviewer-id": None}), about)
    assert [one.subject.text for one in found.claims] == [
        "pkg:cargo/alpha@1.0.0",
        f"sha256:{'a' * 64}",
    ]
    assert "nobody named" in found.claims[0].said["justification"]
    assert ["names no reviewer" in problem.message for problem in found.problems] == [True]


def test_who_certified_a_review_says_not_what_came_of_it() -> None:
    where = "https://git.example.test/team/alpha/pull/7#review"
    predicate = {
        "certifier": {"name": "Alpha", "url": "alpha@example.test"},
        "date": "2026-02-01T12:00:00Z",
        "full_review": where,
    }
    found = entry(CERTIFY, predicate)
    assert {one.verb for one in found.claims} == {Verb.HAS_METADATA}
    assert found.claims[0].subject.text == PLACE
    assert found.claims[0].said == {
        "key": "review",
        "value": where,
        "reviewer": "Alpha",
        "timestamp": "2026-02-01T12:00:00Z",
    }
    assert [problem.trouble for problem in entry(CERTIFY, {}).problems] == ["unknown"]


def test_whatever_a_predicate_holds_is_read_or_refused() -> None:
    chance = random.Random(5)
    odd: list[Any] = [None, [], {}, "x", 3, True, {"url": []}, "pkg:npm/a", "\0"]
    for _ in range(300):
        predicate = {key: chance.choice(odd) for key in (*review(), "certifier", "full_review")}
        subject = {"name": chance.choice(["git://", "git+https://x", "", "pkg:"]), "digest": {}}
        subject["digest"] = chance.choice([{}, {"sha1": COMMIT}, {"gitCommit": "z"}])
        try:
            found = entry(chance.choice([CREV, CERTIFY]), predicate, subject)
        except InputError:
            continue
        assert all(isinstance(text, str) for one in found.claims for text in one.said.values())
