"""Metrics, health and readiness; the gate's side and the outside of ``gate canary``."""

from __future__ import annotations

import base64
import re
import shutil
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from pratique.gate import planted
from pratique.gate.canary import Canary, Outcome
from pratique.gate.canary_config import Config
from pratique.gate.canary_routes import key_id
from pratique.gate.desk import Here
from pratique.gate.log import NAME
from pratique.gate.tokens import Role
from pratique.sources.registries import Upstream

JSON = "application/vnd.pypi.simple.v1+json"
LINE = re.compile(r'[a-z_]+(?:\{(?:[a-z]+="[^"\n]*",?)+\})? [0-9.e+-]+\Z')


def values(text: str) -> dict[str, float]:
    found = {}
    for line in text.splitlines():
        if line.startswith("#"):
            assert re.match(r"# (HELP|TYPE) pratique_gate_[a-z_]+ .", line)
            continue
        assert LINE.match(line), line
        name, _, value = line.rpartition(" ")
        found[name] = float(value)
    return found


def test_metrics_count_what_happened(gate: Any, upstream: Any, days_ago: Any) -> None:
    upstream.wheel("beta", "1.0")
    upstream.wheel("beta", "1.1", age=1)
    upstream.wheel("gamma", "1.0")
    seen: list[str] = []

    async def ask(client: httpx.AsyncClient) -> None:
        for _ in range(3):
            await client.get("/pypi/simple/beta/")
        await client.get("/pypi/simple/gamma/")
        await client.get("/pypi/files/beta/beta-1.0-py3-none-any.whl")
        await client.get("/pypi/files/beta/beta-1.0-py3-none-any.whl")
        await client.get("/pypi/files/gamma/gamma-1.0-py3-none-any.whl")
        upstream.away = True
        await client.get("/pypi/simple/other/")
        seen.append((await client.get("/metrics")).text)

    gate.run(ask)
    found = values(seen[0])

    def one(name: str) -> float:
        return found[f"pratique_gate_{name}"]

    assert one('requests_total{ecosystem="PyPI",status="2xx"}') == 6
    assert one('requests_total{ecosystem="PyPI",status="4xx"}') == 1
    assert one('requests_total{ecosystem="PyPI",status="5xx"}') == 1
    assert one('decisions_total{ecosystem="PyPI",verdict="quarantine"}') == 1
    assert one('reasons_total{ecosystem="PyPI",rule="malicious",effect="deny"}') == 1
    assert one('cache_total{what="artifact",result="hit"}') == 1
    assert one('cache_total{what="artifact",result="miss"}') == 1
    assert one('queue{kind="quarantine"}') == 1
    assert one("store_bytes") == len(upstream.bodies["/packages/beta-1.0-py3-none-any.whl"])
    assert one("log_entries") >= 4
    assert one('upstream_errors_total{ecosystem="PyPI",kind="status"}') >= 1
    assert one('upstream_seconds_count{ecosystem="PyPI"}') >= 2
    assert one('upstream_seconds_bucket{ecosystem="PyPI",le="+Inf"}') == one(
        'upstream_seconds_count{ecosystem="PyPI"}'
    )
    assert "beta" not in seen[0]


def test_metrics_are_for_this_machine_or_a_token(gate: Any) -> None:
    auditor = Here(gate.data).create_token("m", [Role.AUDITOR])["token"]
    client = Here(gate.data).create_token("c", [Role.CLIENT])["token"]
    assert gate.get("/metrics").status_code == 200
    assert gate.get("/metrics", **{"X-Forwarded-For": "192.0.2.1"}).status_code == 401
    gate.more = {"public": "https://gate.example.test"}
    assert gate.get("/metrics").status_code == 401
    assert gate.get("/metrics", Authorization=f"Bearer {auditor}").status_code == 200
    assert gate.get("/metrics", Authorization=f"Bearer {client}").status_code == 403


def test_ready_or_why_not(gate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    gate.more = {"oldest_advisories": 30.0}
    shown = Here(gate.data).create_token("m", [Role.AUDITOR])["token"]
    see = {"Authorization": f"Bearer {shown}"}
    assert gate.get("/readyz", **see).json() == {"status": "ready", "reasons": []}
    gate.more = {"oldest_advisories": 1e-9}
    answer = gate.get("/readyz", **see)
    assert answer.status_code == 503
    assert "days old" in answer.json()["reasons"][0]
    gate.more = {"oldest_advisories": 30.0}
    usage = SimpleNamespace(free=1000)
    monkeypatch.setattr("pratique.gate.health.shutil.disk_usage", lambda _: usage)
    assert "1,000 bytes are free" in gate.get("/readyz", **see).json()["reasons"][0]


def test_without_a_token_health_is_one_word(gate: Any) -> None:
    """For a load balancer; what the gate is made of is for who may see it."""
    here = Here(gate.data)
    tokens = {role: here.create_token(role, [role])["token"] for role in Role if role != Role.TEAM}
    tokens[Role.TEAM] = here.create_token("t", [Role.TEAM], team="payments")["token"]
    gate.more = {"oldest_advisories": 1e-9, "require_token": True}

    async def ask(client: httpx.AsyncClient) -> None:
        async def told(path: str, secret: str) -> Any:
            headers = {"Authorization": secret} if secret else {}
            return await client.get(path, headers=headers)

        for secret in ("", "Basic dXNlcjpwYXNz", "Bearer other", f"Bearer {tokens[Role.CLIENT]}"):
            assert (await told("/healthz", secret)).json() == {"status": "ok"}
            ready = await told("/readyz", secret)
            assert (ready.status_code, ready.json()) == (503, {"status": "not ready"})
        assert (await told("/healthz", f"Bearer {tokens[Role.TEAM]}")).json() == {"status": "ok"}
        for role in (Role.APPROVER, Role.AUDITOR, Role.ADMIN):
            whole = (await told("/healthz", f"Bearer {tokens[role]}")).json()
            assert whole["policy"] == "trial"
            assert whole["upstreams"] == ["Go", "Maven", "PyPI", "crates.io", "npm"]
            ready = (await told("/readyz", f"Bearer {tokens[role]}")).json()
            assert "days old" in ready["reasons"][0]
        wrong = tokens[Role.ADMIN][:-1] + ("A" if tokens[Role.ADMIN][-1] != "A" else "B")
        assert (await told("/healthz", f"Bearer {wrong}")).status_code == 401

    gate.run(ask)


def test_not_ready_where_the_log_was_touched(gate: Any) -> None:
    shown = Here(gate.data).create_token("m", [Role.AUDITOR])["token"]

    async def ask(client: httpx.AsyncClient) -> None:
        (gate.data / NAME).rename(gate.data / "aside")
        (gate.data / NAME).write_bytes(b"")
        answer = await client.get("/readyz")
        assert answer.status_code == 503
        see = {"Authorization": f"Bearer {shown}"}
        answer = await client.get("/readyz", headers=see)
        assert answer.json()["reasons"] == ["the log was replaced by another file"]
        assert (await client.get("/healthz")).status_code == 200

    gate.more = {"oldest_advisories": 30.0}
    gate.run(ask)


@pytest.mark.parametrize("word", list(planted.WORDS))
def test_the_planted_names(gate: Any, upstream: Any, word: str) -> None:
    root = f"/{planted.prefix(word)}/"

    async def ask(client: httpx.AsyncClient) -> None:
        challenge = "c" * 32
        path = root + planted.place(word, planted.ANSWERED)
        answer = (await client.get(f"{path}?challenge={challenge}")).json()
        key = (await client.get("/canary/key")).json()
        assert key["key"] == answer["key"]
        assert key["id"] == key_id(base64.b64decode(answer["key"]))
        assert answer["refuses"] is True
        canary = Canary(key["id"])
        from pratique.gate.canary import Answer

        told = Answer(**{name: answer[name] for name in Answer.__struct_fields__})
        canary._check(told, planted.WORDS[word], challenge)
        import msgspec

        old = f"{datetime.now(UTC) - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
        for change in (
            {"challenge": "d" * 32},
            {"refuses": False},
            {"at": old},
            {"ecosystem": "Debian"},
            {"signature": base64.b64encode(b"0" * 64).decode()},
            {"key": base64.b64encode(b"0" * 32).decode()},
        ):
            wrong = msgspec.structs.replace(told, **change)
            with pytest.raises(ValueError, match=r"question|signature|another gate|clock"):
                canary._check(wrong, planted.WORDS[word], challenge)
        answer = await client.get(path)
        assert answer.status_code == 404
        answer = await client.get(root + planted.place(word, planted.REFUSED))
        assert answer.status_code == 403
        assert "not admitted: deny by" in answer.text

    gate.run(ask)
    assert upstream.asked == []


def test_a_policy_that_refuses_nothing_is_found_out(gate: Any) -> None:
    from pratique.policy.service import load_pack

    gate.policy = load_pack("observe")
    answer = gate.get(f"/pypi/simple/{planted.REFUSED}/")
    assert answer.status_code == 404
    assert "policy would admit" in answer.text


def test_a_way_past_the_gate(upstream: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Upstream("http://127.0.0.2:9/simple", "a test")
    config = Config(word="pypi", upstream=asked)
    canary = Canary()
    outside = Upstream(f"{upstream.url}/simple", "its own default")
    monkeypatch.setattr("pratique.gate.canary.default", lambda _: outside)
    row = canary._closed("pip", config)
    assert row.outcome is Outcome.FAIL
    assert "can be reached directly" in row.detail
    upstream.close()
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    assert canary._closed("pip", config).outcome is Outcome.PASS
    monkeypatch.setattr("pratique.gate.canary.default", lambda _: None)
    assert canary._closed("pip", config).outcome is Outcome.UNKNOWN


def test_managers_that_are_not_here(monkeypatch: pytest.MonkeyPatch) -> None:
    from pratique.model.errors import UsageError

    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(UsageError, match="npm is not on this machine"):
        Canary().run(["npm"], None)
    assert Canary().run([], None) == []
