# mypy: disable-error-code="no-untyped-def"
"""What hostile indexes and hostile clients try."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest

from pratique.gate import clock
from pratique.gate.log import entries

LINK_LOCAL = "http://169.254.169.254"
"""Where clouds have the credentials of a machine."""


@pytest.fixture
def inside(loopback) -> Any:
    """A service on another port of loopback that no configuration names."""
    service = loopback.Loopback()
    service.put("/secret", b"secret")
    yield service
    service.close()


def refused(answer: httpx.Response) -> bool:
    return answer.status_code in {502, 504} and b"secret" not in answer.content


@pytest.mark.parametrize("how", ["at once", "by a redirect"])
@pytest.mark.parametrize(
    "where",
    [
        *("loopback", "link-local", "decimal", "mapped", "file"),
        *("nat64", "compatible", "zero", "six", "user", "gopher"),
    ],
)
def test_files_elsewhere(gate, upstream, inside, how: str, where: str) -> None:
    port = inside.port
    url = {
        "loopback": f"{inside.url}/secret",
        "link-local": f"{LINK_LOCAL}/secret",
        "decimal": f"http://2130706433:{port}/secret",
        "mapped": f"http://[::ffff:127.0.0.1]:{port}/secret",
        "file": "file:///etc/passwd",
        "nat64": f"http://[64:ff9b::7f00:1]:{port}/secret",
        "compatible": f"http://[::127.0.0.1]:{port}/secret",
        "zero": f"http://0.0.0.0:{port}/secret",
        "six": f"http://[::1]:{port}/secret",
        "user": f"{upstream.url.replace('//', '//127.0.0.1:1@')}@127.0.0.1:{port}/secret",
        "gopher": f"gopher://127.0.0.1:{port}/x",
    }[where]
    if how == "by a redirect":
        places = ("packages/a", "npm-a", "dl-a?/beta/1.0.0/download", "maven/a/b/1/b-1.jar")
        for place in places:
            upstream.redirect(f"/{place}", url)
    given = {
        "pypi": url if how == "at once" else "/packages/a",
        "npm": url if how == "at once" else f"{upstream.url}/npm-a",
        "dl": url if how == "at once" else f"{upstream.url}/dl-a",
    }
    name = "beta-1.0-py3-none-any.whl"
    upstream.pypi("beta", {"filename": name, "body": b"secret", "url": given["pypi"]})
    assert refused(gate.get(f"/pypi/files/beta/{name}"))
    upstream.npm("beta", {"1.0.0": {"dist": {"tarball": given["npm"]}}}, {"latest": "1.0.0"})
    file = json.loads(upstream.bodies["/npm/beta"])["versions"]["1.0.0"]["dist"]["tarball"]
    answer = gate.get(f"/npm/beta/-/{file.rpartition('/')[2]}")
    assert refused(answer) or answer.status_code == 404
    upstream.crate("beta", "1.0.0")
    upstream.put("/crates/config.json", json.dumps({"dl": f"{given['dl']}?"}).encode())
    assert refused(gate.get("/crates/dl/beta/1.0.0/download"))
    if how == "by a redirect":
        upstream.maven_file("a/b/1/b-1.pom", b"<project/>")
        assert refused(gate.get("/maven/a/b/1/b-1.jar"))
    assert inside.asked == []
    assert "stored" not in gate.kinds()


@pytest.mark.parametrize("page", ["simple/beta/", "npm/beta", "crates/be/ta/beta"])
def test_an_index_leads_to_no_other_host(gate, upstream, inside, page: str) -> None:
    upstream.redirect(f"/{page}", f"{inside.url}/secret")
    path = {"s": "pypi/simple/beta/", "n": "npm/beta", "c": "crates/be/ta/beta"}[page[0]]
    upstream.put("/crates/config.json", b'{"dl": "http://a.test"}')
    assert refused(gate.get(f"/{path}"))
    assert inside.asked == []


def test_the_same_name_in_every_ecosystem(gate, upstream, loopback) -> None:
    """Nothing that one ecosystem brought is ever given to a client of another."""
    upstream.pypi("beta", {"filename": "beta-1.0.0.tar.gz", "body": b"of pypi"})
    upstream.npm("beta", {"1.0.0": {"body": b"of npm"}}, {"latest": "1.0.0"})
    upstream.crate("beta", "1.0.0")
    upstream.module("example.test/beta", "v1.0.0")
    upstream.maven("beta:beta", "1.0.0")
    paths = {
        "/pypi/files/beta/beta-1.0.0.tar.gz": b"of pypi",
        "/npm/beta/-/beta-1.0.0.tgz": b"of npm",
        "/crates/dl/beta/1.0.0/download": upstream.bodies["/dl/beta/1.0.0/download"],
        "/go/example.test/beta/@v/v1.0.0.zip": upstream.bodies[
            "/go/example.test/beta/@v/v1.0.0.zip"
        ],
        "/maven/beta/beta/1.0.0/beta-1.0.0.jar": loopback.jar("1.0.0"),
    }
    for order in (list(paths), list(reversed(paths))):
        for path in order:
            assert gate.get(path).content == paths[path]
    assert gate.get("/npm/beta/-/beta-1.0.0.tar.gz").status_code == 404
    assert gate.get("/pypi/files/beta/beta-1.0.0.tgz").status_code == 404


def test_one_clients_host_is_in_no_other_clients_answer(gate, upstream) -> None:
    upstream.npm("beta", {"1.0.0": {}}, {"latest": "1.0.0"})
    upstream.crate("beta", "1.0.0")

    async def ask(client: httpx.AsyncClient) -> None:
        for host in ("evil.test", "gate.test"):
            answer = await client.get("/npm/beta", headers={"host": host})
            assert answer.json()["versions"]["1.0.0"]["dist"]["tarball"].startswith(
                f"http://{host}/"
            )
            assert "Host" in answer.headers["vary"]
            answer = await client.get("/crates/config.json", headers={"host": host})
            assert answer.json()["dl"] == f"http://{host}/crates/dl"

    gate.run(ask)


@pytest.mark.parametrize(
    "agent", ["a\x1b[31m", 'a","kind":"stored', "a\u2028b", "x" * 5000, "\u202eevil"]
)
def test_nothing_of_a_client_writes_another_entry(gate, upstream, agent: str) -> None:
    upstream.pypi("beta", {"filename": "beta-1.0-py3-none-any.whl", "body": b"a"})
    path = "/pypi/files/beta/beta-1.0-py3-none-any.whl"

    async def ask(client: httpx.AsyncClient) -> None:
        await client.get(path, headers=[(b"user-agent", agent.encode())])
        await client.get(path, headers=[(b"user-agent", agent.encode())])

    gate.run(ask)
    assert gate.kinds() == ["started", "index", "stored", "served"]
    for entry in entries(gate.data):
        assert str(entry.get("client", "")).isprintable()
        assert len(str(entry.get("client", ""))) <= 160


def test_nothing_of_an_index_gets_into_a_header(gate, upstream) -> None:
    upstream.npm(
        "beta", {"1.0.0": {"deprecated": "a\r\nSet-Cookie: b"}}, {"latest": "1.0.0\r\nX: y"}
    )
    answer = gate.get("/npm/beta")
    assert answer.status_code == 200
    assert not {"set-cookie", "x"} & set(answer.headers)
    name = "alpha-1.0-py3-none-any.whl"
    upstream.pypi("alpha", {"filename": name, "body": b"a", "yanked": "a\r\nSet-Cookie: b"})
    answer = gate.get(f"/pypi/files/alpha/{name}")
    assert answer.status_code == 403
    assert answer.text.count("\n") == 1
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("jump", [10 * 86_400, -10 * 86_400])
def test_a_jump_of_the_clock_lifts_no_quarantine(
    gate, upstream, days_ago, monkeypatch: pytest.MonkeyPatch, jump: int
) -> None:
    """While the gate runs, the machine's clock is set: forward, or back."""
    name = "beta-1.0-py3-none-any.whl"
    upstream.pypi("beta", {"filename": name, "body": b"a", "upload-time": days_ago(1)})
    moved = {"by": 0}
    real = time.time
    original = clock.Clock.__init__

    def init(self: clock.Clock) -> None:
        original(self, lambda: real() + moved["by"], time.monotonic)

    monkeypatch.setattr(clock.Clock, "__init__", init)
    monkeypatch.setattr("pratique.gate.service.DECIDE_SECONDS", 0.0)

    async def ask(client: httpx.AsyncClient) -> None:
        assert (await client.get(f"/pypi/files/beta/{name}")).status_code == 403
        moved["by"] = jump
        assert (await client.get(f"/pypi/files/beta/{name}")).status_code == 403
        moved["by"] = 0
        assert (await client.get(f"/pypi/files/beta/{name}")).status_code == 403

    gate.run(ask)
    assert "stored" not in gate.kinds()
