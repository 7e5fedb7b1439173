"""npm's audit: what npm tests versions against is what the index says of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

ZERO = {"introduced": "0"}
HIGH = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"
BULK = "/-/npm/v1/security/advisories/bulk"
Record = Callable[..., dict[str, Any]]


@pytest.fixture
def client(serve: Callable[..., Any], record: Record) -> Any:
    def npm(identifier: str, name: str, *events: dict[str, str], **more: Any) -> dict[str, Any]:
        return record(identifier, "npm", name, *events, type="SEMVER", **more)

    return serve(
        npm(
            "GHSA-aaaa-aaaa-aaaa",
            "alpha",
            ZERO,
            {"fixed": "1.5.0"},
            {"introduced": "2.0.0-rc.1"},
            {"last_affected": "2.3.0"},
            aliases=["CVE-2026-1"],
            summary="Alpha is weak",
            severity=[{"type": "CVSS_V3", "score": HIGH}],
            database_specific={"cwe_ids": ["CWE-79", 1]},
        ),
        npm("CVE-2026-1", "alpha", ZERO, {"fixed": "1.6.0"}),
        npm("GHSA-bbbb-bbbb-bbbb", "@scope/beta", ZERO),
        record("MAL-2026-1", "npm", "gamma", versions=["1.0.0", "1.0.1"]),
        record("GHSA-cccc-cccc-cccc", "npm", "delta", ZERO, {"fixed": "1.0"}),
        record("PYSEC-2026-1", "PyPI", "alpha", ZERO),
    )


def audit(client: Any, **asked: list[str]) -> Any:
    response = client.post(BULK, json=asked)
    assert response.status_code == 200
    return response.json()


def test_one_advisory_for_each_vulnerability(client: Any) -> None:
    found = audit(client, alpha=["1.0.0", "1.5.5"], omega=["1.0.0"])
    assert list(found) == ["alpha"]
    (advisory,) = found["alpha"]
    assert isinstance(advisory.pop("id"), int)
    assert advisory == {
        "url": "https://github.com/advisories/GHSA-aaaa-aaaa-aaaa",
        "title": "Alpha is weak",
        "severity": "high",
        "vulnerable_versions": "<1.6.0 || <1.5.0 || >=2.0.0-rc.1 <=2.3.0",
        "cwe": ["CWE-79"],
        "cvss": {"score": 7.5, "vectorString": HIGH},
    }
    assert audit(client, alpha=["1.6.0", "2.3.1"]) == {}


def test_listed_and_unordered_versions_are_named(client: Any) -> None:
    (advisory,) = audit(client, gamma=["1.0.1", "2.0.0"])["gamma"]
    assert advisory["vulnerable_versions"] == "1.0.1"
    assert (advisory["severity"], advisory["title"]) == ("critical", "Malicious code in gamma")
    (advisory,) = audit(client, delta=["0.9.0"])["delta"]
    assert advisory["vulnerable_versions"] == "0.9.0", "npm reads '<1.0' otherwise than SemVer"
    assert advisory["severity"] == "high", "as npm takes what nobody has rated"
    (advisory,) = audit(client, **{"@scope/beta": ["3.0.0-x"]})["@scope/beta"]
    assert advisory["vulnerable_versions"] == "*"


def test_package_document_has_the_versions_that_advisories_name(client: Any) -> None:
    document = client.get("/alpha").json()
    assert document["name"] == "alpha"
    assert list(document["versions"]) == ["1.5.0", "1.6.0", "2.0.0-rc.1", "2.3.0"]
    assert document["dist-tags"] == {"latest": "2.3.0"}
    for path in ("/@scope/beta", "/@scope%2fbeta"):
        assert client.get(path).json() == {
            "name": "@scope/beta",
            "dist-tags": {},
            "versions": {},
        }
    assert client.get("/omega").status_code == 404
    assert client.get("/omega").json()["code"] == 5


@pytest.mark.parametrize("body", [[], {"alpha": "1.0.0"}, {"alpha": [1]}, {"alpha": None}])
def test_other_bodies_are_refused(client: Any, body: Any) -> None:
    response = client.post(BULK, json=body)
    assert (response.status_code, response.json()["code"]) == (400, 3)


def test_too_many_versions_are_refused(client: Any) -> None:
    response = client.post(BULK, json={"alpha": [str(n) for n in range(1001)]})
    assert response.status_code == 400
