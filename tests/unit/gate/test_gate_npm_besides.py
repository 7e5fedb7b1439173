# mypy: disable-error-code="no-untyped-def"
"""What npm asks besides packuments and tarballs."""

from __future__ import annotations

import gzip
import json
from typing import Any

import httpx
import pytest

from pratique.gate import npm_routes

AUDIT = "/npm/-/npm/v1/security/advisories/bulk"


def post(gate, path: str, body: bytes, method: str = "POST", **headers: str) -> httpx.Response:
    found: list[httpx.Response] = []

    async def ask(client: httpx.AsyncClient) -> None:
        found.append(await client.request(method, path, content=body, headers=headers))

    gate.run(ask)
    return found[0]


def question(**asked: list[str]) -> bytes:
    return json.dumps({"@acme-free/beta": ["1.0.0"], **asked}).encode()


@pytest.mark.parametrize("packed", [False, True])
def test_audits_are_answered_here(gate, upstream, packed: bool) -> None:
    body = question(other=["1.0.0"])
    more = {"content-encoding": "gzip"} if packed else {}
    answer = post(gate, AUDIT, gzip.compress(body, mtime=0) if packed else body, **more)
    assert answer.status_code == 200
    found: dict[str, list[dict[str, Any]]] = answer.json()
    assert list(found) == ["@acme-free/beta"]
    assert found["@acme-free/beta"][0]["severity"] == "critical"
    assert found["@acme-free/beta"][0]["vulnerable_versions"] == "<1.1.0"
    assert upstream.asked == []


@pytest.mark.parametrize(
    ("body", "encoding", "status"),
    [
        (b"[]", "", 400),
        (b"\xff", "", 400),
        (b'{"a": "1"}', "", 400),
        (b"no gzip", "gzip", 400),
        (gzip.compress(question(), mtime=0)[:-9], "gzip", 413),
        (gzip.compress(b" " * 2_000_000, mtime=0), "gzip", 413),
        (b" " * 2_000_000, "", 413),
    ],
)
def test_audits_that_are_none(
    gate, monkeypatch: pytest.MonkeyPatch, body: bytes, encoding: str, status: int
) -> None:
    monkeypatch.setattr(npm_routes, "MAX_AUDIT_BYTES", 1_000_000)
    answer = post(gate, AUDIT, body, **({"content-encoding": encoding} if encoding else {}))
    assert answer.status_code == status
    assert answer.json()["error"]


def test_ping_whoami_and_what_is_not_passed_on(gate, upstream) -> None:
    assert gate.get("/npm/-/ping?write=true").json() == {}
    answer = gate.get("/npm/-/whoami")
    assert answer.status_code == 401
    assert "no login" in answer.json()["error"]
    for path in ("/npm/-/v1/search?text=a", "/npm/-/all", "/npm/-/user/token/a"):
        answer = gate.get(path)
        assert answer.status_code == 404
        assert "passes on nothing else" in answer.json()["error"]
    for method, path in (("PUT", "/npm/alpha"), ("PUT", "/npm/-/user/org.couchdb.user:a")):
        answer = post(gate, path, b"{}", method)
        assert answer.status_code == 400
        assert "no publishing" in answer.json()["error"]
    assert upstream.asked == []


def test_keys_and_signatures_are_passed_on(gate, upstream) -> None:
    keys = {"keys": [{"keyid": "SHA256:a", "key": "b", "expires": None}]}
    upstream.put("/npm/-/npm/v1/keys", json.dumps(keys).encode(), "application/json")
    assert gate.get("/npm/-/npm/v1/keys").json() == keys
    signatures = [{"keyid": "SHA256:a", "sig": "c"}]
    upstream.npm("delta", {"1.0.0": {"dist": {"signatures": signatures}}}, {"latest": "1.0.0"})
    for accept in ("*/*", "application/vnd.npm.install-v1+json"):
        found = gate.get("/npm/delta", accept=accept).json()["versions"]["1.0.0"]["dist"]
        assert found["signatures"] == signatures
    upstream.away = True
    assert gate.get("/npm/-/npm/v1/keys").json() == keys


def test_attestations_are_passed_on(gate, upstream, days_ago) -> None:
    for version in ("1.0.0", "1.1.0"):
        upstream.put(f"/evidence/{version}", b'{"attestations": []}', "application/json")
    upstream.npm(
        "@free/delta",
        {
            version: {"dist": {"attestations": {"url": f"{upstream.url}/evidence/{version}"}}}
            for version in ("1.0.0", "1.1.0")
        },
        {"latest": "1.1.0"},
        {"1.0.0": days_ago(9), "1.1.0": days_ago(1)},
    )
    dist = gate.get("/npm/@free%2fdelta").json()["versions"]["1.0.0"]["dist"]
    url = dist["attestations"]["url"]
    assert url == "http://gate.test/npm/-/npm/v1/attestations/%40free%2Fdelta@1.0.0"
    path = url.removeprefix("http://gate.test")
    assert gate.get(path).json() == {"attestations": []}
    answer = gate.get(path.replace("1.0.0", "1.1.0"))
    assert answer.status_code == 403
    assert "/evidence/1.1.0" not in upstream.asked
    assert gate.get(path.replace("1.0.0", "3.0.0")).status_code == 404


def test_attestations_at_a_private_address(gate, upstream, loopback) -> None:
    inside = loopback.Loopback()
    try:
        inside.put("/secret", b"{}", "application/json")
        evidence = {"url": f"{inside.url}/secret"}
        upstream.npm("delta", {"1.0.0": {"dist": {"attestations": evidence}}}, {})
        assert gate.get("/npm/-/npm/v1/attestations/delta@1.0.0").status_code == 502
        assert inside.asked == []
    finally:
        inside.close()


def test_tags_move_where_only_they_are_asked_for(gate, upstream, days_ago) -> None:
    upstream.npm(
        "delta",
        {"1.0.0": {}, "1.1.0": {}},
        {"latest": "1.1.0"},
        {"1.0.0": days_ago(9), "1.1.0": days_ago(1)},
    )
    assert gate.get("/npm/-/package/delta/dist-tags").json() == {"latest": "1.0.0"}
