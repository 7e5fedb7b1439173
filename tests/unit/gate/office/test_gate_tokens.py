"""Tokens and roles: who may do what at a gate, and what others are told."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.gate.access import told
from pratique.gate.inspect import Question, found, why
from pratique.gate.log import NAME
from pratique.gate.tokens import Role, Tokens
from pratique.model.errors import UsageError

JSON = "application/vnd.pypi.simple.v1+json"


NOW = datetime.now(UTC)


SOON = NOW + timedelta(days=30)


def versions(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return sorted(answer.json()["versions"])


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def basic(user: str, password: str) -> dict[str, str]:
    text = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {text}"}


@pytest.mark.parametrize(
    "path",
    [
        *("/admin", "/admin/", "//admin/tokens", "/ADMIN/tokens", "/admin%2ftokens"),
        *("/%61dmin/tokens", "/healthz/../admin/tokens", "/admin/tokens/", "/admin/./tokens"),
        *("/admin;/tokens", "/admin/tokens?x=/healthz", "/metrics/../admin/tokens"),
    ],
)
def test_no_spelling_of_a_path_opens_an_admin_route(token: Any, gate: Any, path: str) -> None:
    token(gate, "root", Role.ADMIN)
    for method in ("GET", "POST", "PUT", "HEAD", "OPTIONS"):

        async def ask(client: httpx.AsyncClient, method: str = method) -> None:
            answer = await client.request(method, path)
            assert answer.status_code in {401, 404, 405}
            assert "root" not in answer.text

        gate.run(ask)


def test_roles(wish: Any, token: Any, waiting: Any) -> None:
    made = {role: token(waiting, f"the {role}", role, team="payments") for role in Role}

    async def ask(client: httpx.AsyncClient) -> None:
        assert (
            await client.get("/pypi/simple/alpha/", headers=bearer(made[Role.CLIENT]))
        ).is_success
        for path in ("approvals", "quarantine", "log", "why?package=alpha", "tokens", "other"):
            assert (await client.get(f"/admin/{path}")).status_code == 401
        seen = {
            role: [
                (await client.get(f"/admin/{path}", headers=bearer(text))).status_code
                for path in ("approvals", "why?package=alpha", "tokens")
            ]
            for role, text in made.items()
        }
        assert seen == {
            Role.CLIENT: [403, 403, 403],
            Role.TEAM: [200, 403, 403],
            Role.APPROVER: [200, 200, 403],
            Role.AUDITOR: [200, 200, 403],
            Role.ADMIN: [200, 200, 200],
        }
        body = msgspec.to_builtins(wish())
        for role, status in ((Role.AUDITOR, 403), (Role.TEAM, 403), (Role.APPROVER, 201)):
            answer = await client.post("/admin/approvals", json=body, headers=bearer(made[role]))
            assert answer.status_code == status, answer.text
        denied = body | {"above": True}
        answer = await client.post(
            "/admin/approvals", json=denied, headers=bearer(made[Role.APPROVER])
        )
        assert answer.status_code == 403
        answer = await client.get("/pypi/simple/alpha/", headers=bearer(made[Role.AUDITOR]))
        assert answer.status_code == 403
        got = await client.get("/pypi/simple/alpha/", headers={"Accept": JSON})
        assert versions(got) == ["0.9", "1.0"]
        for wrong in (b"", b"{", b'{"subject":1}', b"[" * 5000, b"x" * 100_000):
            answer = await client.post(
                "/admin/approvals", content=wrong, headers=bearer(made[Role.APPROVER])
            )
            assert answer.status_code in {400, 413}
            assert "error" in answer.json()
        order = {"user": "ci", "roles": ["client"]}
        answer = await client.post("/admin/tokens", json=order, headers=bearer(made[Role.ADMIN]))
        text, id_ = answer.json()["token"], answer.json()["id"]
        assert (await client.get("/pypi/simple/alpha/", headers=bearer(text))).is_success
        path = f"/admin/tokens/{id_}/revoke"
        assert (await client.post(path, headers=bearer(made[Role.ADMIN]))).is_success
        assert (await client.get("/pypi/simple/alpha/", headers=bearer(text))).status_code == 401

    waiting.run(ask)
    log = (waiting.data / NAME).read_text()
    secrets = [*made.values()]
    # The part after the id, whole: it is random and may hold "_" itself, so that a piece of it
    # could be one letter.
    assert not any(text in log or text.split("_", 2)[2] in log for text in secrets)
    assert not any(text in (waiting.data / "tokens.json").read_text() for text in secrets)
    assert (waiting.data / "tokens.json").stat().st_mode & 0o077 == 0


def test_every_client_sends_its_token_in_its_own_way(token: Any, waiting: Any) -> None:
    waiting.more = {"require_token": True}
    text = token(waiting, "ci", team="payments", environment="production")

    async def ask(client: httpx.AsyncClient) -> None:
        path = "/pypi/files/alpha/alpha-0.9-py3-none-any.whl"
        answer = await client.get(path)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Basic realm=")
        for headers in (
            bearer(text),
            basic("anything", text),
            basic(text, ""),
            basic(text, "x-oauth-basic"),
            {"Authorization": text},
        ):
            assert (await client.get(path, headers=headers)).status_code == 200
        for headers in (
            bearer("pratique_0000000000_nothing"),
            basic("a", "b"),
            {"Authorization": "Digest x"},
            {"Authorization": "Basic !!"},
            {"Authorization": "Basic /w=="},
        ):
            assert (await client.get(path, headers=headers)).status_code == 401
        assert (await client.get("/healthz")).status_code == 200

    waiting.run(ask)
    asked = Question.of({"team": "payments", "kind": "served"})
    served = list(found(waiting.data, asked))
    assert len(served) == 4
    assert served[0]["user"] == "ci"
    assert served[0]["environment"] == "production"
    assert not list(found(waiting.data, Question.of({"team": "other"})))
    assert list(found(waiting.data, Question.of({"client": "ci"})))


def test_wrong_tokens_are_slowed_down_and_others_are_not(token: Any, waiting: Any) -> None:
    waiting.more = {"require_token": True}
    text = token(waiting, "ci")
    other = token(waiting, "other")
    guess = text[:-6] + "wrong1"

    async def ask(client: httpx.AsyncClient) -> None:
        path = "/pypi/simple/alpha/"
        got = [(await client.get(path, headers=bearer(guess))).status_code for _ in range(12)]
        assert got[:2] == [401, 401]
        assert got[-1] == 429
        answer = await client.get(path, headers=bearer(text))
        assert answer.status_code == 429  # also the right one: it could be the next guess
        assert answer.headers["retry-after"] == "60"
        assert (await client.get(path, headers=bearer(other))).status_code == 200

    waiting.run(ask)


def test_a_damaged_file_of_tokens_lets_nobody_in(token: Any, waiting: Any) -> None:
    text = token(waiting, "root", Role.ADMIN)
    (waiting.data / "tokens.json").write_bytes(b"[{]")
    assert waiting.get("/admin/tokens", **bearer(text)).status_code == 401


def test_expired_tokens(tmp_path: Any) -> None:
    tokens = Tokens(tmp_path)
    made, text = tokens.create("ci", NOW, expires=SOON)
    assert tokens.find(text, NOW) == made
    assert tokens.find(text, SOON) is None
    assert tokens.find(text + "x", NOW) is None
    for user in ("", "a\nb", " a", "x" * 101):
        with pytest.raises(UsageError):
            tokens.create(user, NOW)
    with pytest.raises(UsageError, match="has passed"):
        tokens.create("ci", SOON, expires=NOW)


def test_a_rule_of_one_team_is_for_that_team(token: Any, waiting: Any, upstream: Any) -> None:
    upstream.wheel("delta", "1.0")
    payments = token(waiting, "p", team="payments")
    web = token(waiting, "w", team="web")

    async def ask(client: httpx.AsyncClient) -> None:
        for _ in range(2):
            got = {
                who: versions(
                    await client.get("/pypi/simple/delta/", headers={"Accept": JSON} | headers)
                )
                for who, headers in (
                    ("payments", bearer(payments)),
                    ("web", bearer(web)),
                    ("nobody", {}),
                )
            }
            # Who does not say a team may be of that one.
            assert got == {"payments": [], "web": ["1.0"], "nobody": []}
        answer = await client.get(
            "/pypi/files/delta/delta-1.0-py3-none-any.whl", headers=bearer(payments)
        )
        assert answer.status_code == 403
        answer = await client.get(
            "/pypi/files/delta/delta-1.0-py3-none-any.whl", headers=bearer(web)
        )
        assert answer.status_code == 200

    waiting.run(ask)
    lines = why(waiting.data, "delta@1.0", Question.of({"team": "web"}))
    assert any("admitted" in line and "for web" in line for line in lines)
    assert not any("for payments" in line for line in lines)


@given(st.binary(max_size=300))
def test_any_header_tells_a_text(header: bytes) -> None:
    assert isinstance(told(header), str)
