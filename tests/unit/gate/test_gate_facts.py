# mypy: disable-error-code="no-untyped-def"
"""Every fact that the gate knows of a version decides by itself, asked for over HTTP."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest

from pratique.gate.enriching import license_of, origin_of
from pratique.gate.history import changes
from pratique.gate.lists import Lists
from pratique.gate.lookalike import Known
from pratique.gate.models import Release
from pratique.model.facts import Known as KnownFact
from pratique.policy.service import LoadedPolicy, load, load_pack

PAGE = "application/vnd.pypi.simple.v1+json"


def only(when: str, effect: str = "deny", on_unknown: str = "ignore") -> LoadedPolicy:
    rules = [{"id": "one", "when": when, "effect": effect, "on_unknown": on_unknown}]
    rules[0]["reason"] = "it is so"
    document = {"id": "only", "description": "One rule.", "rules": rules}
    return load(json.dumps(document).encode(), "only.yaml")


def pypi(gate, name: str) -> list[str]:
    answer = gate.get(f"/pypi/simple/{name}/", accept=PAGE)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["versions"])


def npm(gate, name: str) -> list[str]:
    answer: httpx.Response = gate.get(f"/npm/{name}")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["versions"])


def wheel(name: str, version: str, **more: Any) -> dict[str, Any]:
    return {"filename": f"{name}-{version}-py3-none-any.whl", "body": b"a", **more}


@pytest.mark.parametrize(
    ("when", "name", "left"),
    [
        ("malicious", "gamma", []),
        ("size(vulnerabilities) > 0", "alpha", ["1.1"]),
        ("worst_severity == 'critical'", "alpha", ["1.1"]),
        ("age_days < 3.0", "alpha", ["1.0"]),
        ("age_days < 3.0 && !(known.security_fix && security_fix)", "alpha", ["1.0", "1.1"]),
        ("deny_listed", "alpha", ["1.1"]),
        ("!allow_listed", "alpha", ["1.1"]),
        ("yanked", "delta", ["1.0"]),
        ("archived", "delta", []),
        ("install_scripts", "delta", ["1.0"]),
        ("!hashes_present", "alpha", ["1.0", "1.1"]),
    ],
)
def test_facts_of_pypi(gate, upstream, days_ago, when: str, name: str, left: list[str]) -> None:
    gate.policy = only(when)
    gate.lists = Lists.of(deny=["pkg:pypi/alpha@1.0"], allow=["pkg:pypi/alpha@1.1"])
    upstream.pypi("gamma", wheel("gamma", "1.0"))
    new = {"upload-time": days_ago(1)}
    upstream.pypi("alpha", wheel("alpha", "1.0"), wheel("alpha", "1.1", **new))
    upstream.pypi(
        "delta",
        wheel("delta", "1.0"),
        {"filename": "delta-1.1.tar.gz", "body": b"a", "yanked": True},
        **{"project-status": {"status": "archived"}},
    )
    assert pypi(gate, name) == left


def test_72_hours_are_the_default_with_exceptions(gate, upstream, days_ago) -> None:
    """The pack baseline holds new releases back for three days; not a fix, not what is allowed."""
    gate.policy = load_pack("baseline")
    gate.more = {"admit_unknown": True}  # the test's advisories are no whole database
    gate.lists = Lists.of(allow=["pkg:pypi/eta@2.0"])
    fresh, old = {"upload-time": days_ago(2.9)}, {"upload-time": days_ago(3.1)}
    upstream.pypi("delta", wheel("delta", "1.0", **old), wheel("delta", "2.0", **fresh))
    upstream.pypi("alpha", wheel("alpha", "1.0", **old), wheel("alpha", "1.1", **fresh))
    upstream.pypi("eta", wheel("eta", "2.0", **fresh))
    assert pypi(gate, "delta") == ["1.0"]
    assert pypi(gate, "alpha") == ["1.1"]
    assert pypi(gate, "eta") == ["2.0"]


@pytest.mark.parametrize(
    ("when", "left"),
    [
        ("deprecated", ["1.0.0", "1.2.0"]),
        ("install_scripts", ["1.0.0", "1.1.0"]),
        ("'GPL-3.0-only' in licenses", ["1.0.0", "1.1.0"]),
        ("license_changed", ["1.0.0", "1.1.0"]),
        ("publisher_changed", ["1.0.0", "1.1.0"]),
        ("provenance_lost", ["1.0.0", "1.1.0"]),
        ("provenance == 'none'", ["1.0.0", "1.1.0"]),
    ],
)
def test_facts_of_npm(gate, upstream, days_ago, when: str, left: list[str]) -> None:
    gate.policy = only(when)
    evidence = {"attestations": {"url": f"{upstream.url}/e", "provenance": {}}}
    both = {"license": "MIT", "dist": evidence, "_npmUser": {"name": "ann"}}
    upstream.npm(
        "delta",
        {
            "1.0.0": both,
            "1.1.0": both | {"deprecated": "use another"},
            "1.2.0": {
                "license": "GPL-3.0-only",
                "scripts": {"postinstall": "node a.js"},
                "_npmUser": {"name": "eve"},
            },
        },
        {"latest": "1.2.0"},
        {"1.0.0": days_ago(90), "1.1.0": days_ago(60), "1.2.0": days_ago(30)},
    )
    assert npm(gate, "delta") == left


def provenance(repository: str) -> bytes:
    publisher = {"kind": "GitHub", "repository": repository, "workflow": "release.yml"}
    bundle = {"publisher": publisher, "attestations": [{"version": 1}]}
    return json.dumps({"version": 1, "attestation_bundles": [bundle]}).encode()


@pytest.mark.parametrize(
    ("last", "when", "left"),
    [
        (None, "provenance_lost", ["1.0"]),
        ("acme/beta", "provenance_lost", ["1.0", "1.1"]),
        ("eve/beta", "provenance_lost", ["1.0"]),
        ("eve/beta", "publisher_changed", ["1.0"]),
        ("acme/beta", "publisher_changed", ["1.0", "1.1"]),
    ],
)
def test_provenance_of_pypi(
    gate, upstream, days_ago, last: str | None, when: str, left: list[str]
) -> None:
    gate.policy = only(when)
    upstream.put("/evidence/1.0", provenance("acme/beta"), "application/json")
    files = [wheel("beta", "1.0", provenance=f"{upstream.url}/evidence/1.0")]
    files[0]["upload-time"] = days_ago(50)
    more: dict[str, Any] = {"upload-time": days_ago(20), "provenance": None}
    if last is not None:
        upstream.put("/evidence/1.1", provenance(last), "application/json")
        more["provenance"] = f"{upstream.url}/evidence/1.1"
    upstream.pypi("beta", *files, wheel("beta", "1.1", **more))
    assert pypi(gate, "beta") == left


def test_licences_of_pypi(gate, upstream, loopback) -> None:
    gate.policy = only("'GPL-3.0-only' in licenses", on_unknown="deny")
    for version, text in (("1.0", "MIT"), ("1.1", "GPL-3.0-only")):
        path = f"/packages/beta-{version}-py3-none-any.whl.metadata"
        upstream.put(path, loopback.core_metadata("beta", version, license=text))
    told = {"core-metadata": True}
    upstream.pypi(
        "beta", wheel("beta", "1.0", **told), wheel("beta", "1.1", **told), wheel("beta", "1.2")
    )
    assert pypi(gate, "beta") == ["1.0"]  # of 1.2 nothing is known: that is not a clean one


def test_licences_of_maven(gate, upstream) -> None:
    gate.policy = only("'GPL-3.0-only' in licenses", on_unknown="deny")
    for version, text in (("1.0", "MIT"), ("1.1", "GPL-3.0-only"), ("1.2", "")):
        upstream.maven("test.example:beta", version, license=text)
    found = {
        version: gate.get(f"/maven/test/example/beta/{version}/beta-{version}.jar").status_code
        for version in ("1.0", "1.1", "1.2")
    }
    assert found == {"1.0": 200, "1.1": 403, "1.2": 403}


def test_nothing_is_asked_for_that_no_rule_looks_at(gate, upstream) -> None:
    upstream.put("/evidence", provenance("acme/beta"))
    more = {"core-metadata": True, "provenance": f"{upstream.url}/evidence"}
    upstream.pypi("beta", wheel("beta", "1.0", **more))
    assert pypi(gate, "beta") == ["1.0"]
    assert upstream.asked == ["/simple/beta/"]


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("requests", False),
        ("requets", True),
        ("request", True),
        ("reqeusts", True),
        ("requestss", True),
        ("re-quests", True),
        ("requestz", True),
        ("flask", False),
        ("acme-payment", False),
        ("payment-acme", True),
        ("acmepayment", True),
        ("acrne-payment", True),
        ("acme-paym\u0435nt", True),
    ],
)
def test_names_that_imitate(name: str, refused: bool) -> None:
    known = Known(["requests", "acme-payment"])
    assert bool(known.imitated(name)) is refused


def test_lookalikes_at_the_gate(gate, upstream) -> None:
    gate.policy = load_pack("baseline")
    gate.more = {"admit_unknown": True}
    gate.lists = Lists.of(known=["requests", "npm:@babel/core"], reserved=["npm:acme-pay"])
    for name in ("requests", "requets"):
        upstream.pypi(name, wheel(name, "1.0"))
    for name in ("babel-core", "acme-pays", "other-name"):
        upstream.npm(name, {"1.0.0": {}}, {"latest": "1.0.0"})
    assert pypi(gate, "requests") == ["1.0"]
    assert pypi(gate, "requets") == []
    assert npm(gate, "babel-core") == npm(gate, "acme-pays") == []
    assert npm(gate, "other-name") == ["1.0.0"]
    answer = gate.get("/pypi/files/requets/requets-1.0-py3-none-any.whl")
    assert answer.status_code == 403
    assert "lookalike" in answer.text


def test_without_known_names_it_is_unknown_whether_one_is_imitated(gate, upstream) -> None:
    gate.policy = only("lookalike", on_unknown="deny")
    upstream.pypi("beta", wheel("beta", "1.0"))
    assert pypi(gate, "beta") == []


def test_changes_are_counted_from_what_was_published_before(days_ago) -> None:
    from pratique.formats.instants import parse_instant

    def one(version: str, days: float, **more: Any) -> Release:
        return Release(version=version, published=parse_instant(days_ago(days)), **more)

    found = changes(
        [
            one("2.0", 10, attested=True, license="MIT", publisher="ann"),
            one("1.1", 5, attested=False, license="MIT", publisher="ann"),  # a backport by hand
            one("1.0", 20, attested=False, license="MIT", publisher="bob"),
            Release(version="0.9"),
        ]
    )
    assert found["1.0"].provenance_lost == KnownFact(False)
    assert found["2.0"].provenance_lost == KnownFact(False)
    assert found["1.1"].provenance_lost == KnownFact(True)
    assert found["2.0"].publisher == KnownFact(True)
    assert found["1.1"].publisher == KnownFact(False)
    assert not found["0.9"].license


def test_damaged_evidence_tells_nothing() -> None:
    for body in (b"", b"{}", b"[]", b"\xff\xfe", base64.b64encode(b"a" * 999), b'{"version": 2}'):
        assert origin_of(body) == ("", "")
        assert license_of(body) == ""
