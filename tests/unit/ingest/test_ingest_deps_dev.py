"""What GUAC's collector keeps of deps.dev."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest

from pratique.ingest.files import LoneTree
from pratique.ingest.models import Options, Source
from pratique.ingest.reading import read
from pratique.model.errors import InputError
from pratique.model.evidence import Verb
from pratique.store.documents import DocumentKind


def package(name: str, version: str | None = None) -> dict[str, Any]:
    return {
        "type": "npm",
        "namespace": "",
        "name": name,
        "version": version,
        "qualifiers": None,
        "subpath": "",
    }


def place(name: str) -> dict[str, Any]:
    return {
        "type": "git",
        "namespace": "git.example.test/team",
        "name": name,
        "tag": None,
        "commit": None,
    }


CARD = {
    "checks": [{"check": "Maintained", "score": 10}, {"check": "Fuzzing", "score": -1}],
    "aggregateScore": 7,
    "timeScanned": "2026-01-01T00:00:00Z",
    "scorecardVersion": "v5",
    "scorecardCommit": "c" * 40,
    "origin": "",
    "collector": "",
}
DOCUMENT: dict[str, Any] = {
    "CurrentPackage": package("alpha", "1.0.0"),
    "Source": place("alpha"),
    "Scorecard": CARD,
    "DepPackages": [
        {
            "CurrentPackage": package("beta"),
            "Source": place("beta"),
            "Scorecard": None,
            "UpdateTime": "2026-01-02T00:00:00Z",
        }
    ],
    "IsDepPackages": [
        {
            "CurrentPackageInput": package("alpha", "1.0.0"),
            "DepPackageInput": package("beta"),
            "IsDependency": {"dependencyType": "DIRECT", "justification": "told by deps.dev"},
        }
    ],
    "UpdateTime": "2026-01-02T00:00:00Z",
}


def entry(value: Any) -> Any:
    data = json.dumps(value).encode()
    return read(Source(path="a.json", data=data, tree=LoneTree(), inside="a.json"), Options())


def test_sources_scores_and_dependencies() -> None:
    found = entry(DOCUMENT)
    assert (found.kind, found.format, found.problems) == (
        DocumentKind.ATTESTATION,
        "deps.dev",
        (),
    )
    assert found.created is not None
    assert [
        (one.verb, one.subject.text, one.object.text if one.object else "") for one in found.claims
    ] == [
        (Verb.HAS_SOURCE_AT, "pkg:npm/alpha", "git+https://git.example.test/team/alpha"),
        (Verb.CERTIFY_SCORECARD, "git+https://git.example.test/team/alpha", ""),
        (Verb.HAS_SOURCE_AT, "pkg:npm/beta", "git+https://git.example.test/team/beta"),
        (Verb.IS_DEPENDENCY, "pkg:npm/alpha@1.0.0", "pkg:npm/beta"),
    ]
    score = found.claims[1].said
    assert (score["score"], json.loads(score["checks"])) == (
        "7.0",
        {"Fuzzing": -1, "Maintained": 10},
    )
    assert found.claims[3].said == {
        "dependency type": "direct",
        "justification": "told by deps.dev",
    }


def test_a_bad_part_costs_itself_alone() -> None:
    value = copy.deepcopy(DOCUMENT)
    value["DepPackages"].append(3)
    value["DepPackages"].append({"CurrentPackage": {"type": "", "name": ""}, "Source": {}})
    value["IsDepPackages"].append({"CurrentPackageInput": package("alpha")})
    value["Scorecard"]["checks"].append({"check": "Odd", "score": "x"})
    value["DepPackages"][0]["Scorecard"] = {"checks": []}
    found = entry(value)
    assert len(found.claims) == 4
    assert len(found.problems) == 6
    with pytest.raises(InputError, match="names no package"):
        entry({"CurrentPackage": {"type": "npm"}, "UpdateTime": "2026-01-02T00:00:00Z"})


def test_whatever_stands_in_the_place_of_a_value_is_read_or_refused() -> None:
    chance = random.Random(11)
    odd: list[Any] = [None, [], {}, "x", 3, True, [[]], {"type": []}, 1e300, "\0"]

    def spoilt(value: Any) -> Any:
        if chance.random() < 0.1:
            return chance.choice(odd)
        if isinstance(value, dict):
            return {key: spoilt(part) for key, part in value.items()}
        return [spoilt(part) for part in value] if isinstance(value, list) else value

    read_ = 0
    for _ in range(400):
        try:
            found = entry(spoilt(DOCUMENT))
        except InputError:
            continue
        read_ += 1
        assert all(isinstance(text, str) for one in found.claims for text in one.said.values())
    assert read_ > 100
