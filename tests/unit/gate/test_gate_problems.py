# mypy: disable-error-code="no-untyped-def"
"""Refusals as problem details (RFC 9457): who gets them, and what is in them."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from pratique.gate.problems import TYPE, Form, form_of

JAR = "/maven/test/example/alpha/1.0/alpha-1.0.jar"
POM = "/maven/test/example/alpha/1.0/alpha-1.0.pom"


@pytest.fixture
def vulnerable(gate: Any, upstream: Any) -> Any:
    upstream.maven("test.example:alpha", "1.0")
    upstream.pypi("alpha", {"filename": "alpha-1.0-py3-none-any.whl", "body": b"a"})
    return gate


def ask(gate: Any, *questions: tuple[str, dict[str, str]]) -> list[httpx.Response]:
    """Ask with these headers alone: httpx would send an ``Accept`` of its own."""
    found = []

    async def call(client: httpx.AsyncClient) -> None:
        client.headers.pop("accept")
        found.extend([await client.get(path, headers=given) for path, given in questions])

    gate.run(call)
    return found


def test_maven_reads_why(vulnerable) -> None:
    """Its resolver wants the content type to the letter, and sends no Accept."""
    told, page = ask(vulnerable, (POM, {}), ("/problems/refused", {}))
    assert told.status_code == 403
    assert told.headers["content-type"] == TYPE
    assert told.headers["cache-control"] == "no-store"
    problem = told.json()
    assert problem["type"] == "http://gate.test/problems/refused"
    assert problem["title"] == "Refused by policy"
    assert problem["status"] == 403
    assert problem["instance"] == POM
    assert problem["package"] == "pkg:maven/test.example/alpha@1.0"
    assert problem["rules"][0] == "critical"
    for word in ("not admitted", "GHSA-cccc-cccc-cccc", "waiver of rule critical of policy trial"):
        assert word in problem["detail"]
    assert page.status_code == 200
    assert "waiver" in page.text


def test_nothing_there_is_no_problem_for_maven(gate, upstream) -> None:
    """Resolver takes a 404 with problem details for a broken transport, and looks no further."""
    upstream.maven("test.example:beta", "1.0")
    wanted = "/maven/test/example/beta/1.0/beta-1.0-sources.jar"
    bare, named = ask(gate, (wanted, {}), (wanted, {"accept": TYPE}))
    assert (bare.status_code, named.status_code) == (404, 404)
    assert bare.headers["content-type"].startswith("text/plain")
    assert named.headers["content-type"] == TYPE
    assert named.json()["type"].endswith("/problems/not-here")


def test_upstream_away_and_reserved_names_say_so_too(gate, upstream) -> None:
    from pratique.gate.lists import Lists

    gate.lists = Lists.of(reserved=["Maven:com.acme:*"])
    upstream.away = True
    away, reserved = ask(gate, (JAR, {}), ("/maven/com/acme/pay/1/pay-1.jar", {}))
    assert away.status_code in {502, 504}
    assert away.headers["content-type"] == TYPE
    assert away.json()["type"].rpartition("/")[2].startswith("upstream-")
    assert reserved.status_code == 403
    assert "reserved for internal packages" in reserved.json()["detail"]
    assert "package" not in reserved.json()


def test_who_asks_for_it_gets_it_everywhere(vulnerable) -> None:
    file = "/pypi/files/alpha/alpha-1.0-py3-none-any.whl"
    plain, curl, named, ours = ask(
        vulnerable,
        (file, {}),
        (JAR, {"accept": "*/*"}),
        (file, {"accept": f"text/html, {TYPE};q=0.9"}),
        ("/admin/log", {"accept": TYPE}),
    )
    assert plain.headers["content-type"].startswith("text/plain")
    assert plain.text.count("\n") == 1
    assert curl.headers["content-type"].startswith("text/plain")
    assert "not admitted" in curl.text
    assert named.headers["content-type"] == TYPE
    assert named.json()["package"] == "pkg:pypi/alpha@1.0"
    assert ours.status_code == 401
    assert ours.json()["type"].endswith("/problems/access")
    for one in (plain, curl, named, ours):
        assert "Accept" in one.headers["vary"]


def test_the_address_is_the_configured_one(vulnerable) -> None:
    vulnerable.more["public"] = "https://gate.example.test/x"
    (told,) = ask(vulnerable, (JAR, {"host": "evil.test"}))
    assert told.json()["type"] == "https://gate.example.test/x/problems/refused"


@pytest.mark.parametrize(
    "path", ["/maven/a b/\u00e9/%0d%0aX:y", "/maven/" + "a" * 5000, '/maven/"}{', "/maven/%ff"]
)
def test_hostile_paths_and_hosts_stay_in_their_member(gate, path: str) -> None:
    (told,) = ask(gate, (path, {"accept": TYPE, "host": "evil test"}))
    problem = json.loads(told.content)
    assert problem["type"] == "/problems/not-here"  # no host: relative (RFC 9457, 3.1.1)
    assert problem["instance"].isascii()
    assert problem["instance"].isprintable()
    assert not set(' "<>\r\n\\') & set(problem["instance"])
    assert len(problem["instance"]) <= 3 * 1000
    assert urlsplit(problem["instance"]).netloc == ""
    assert "x" not in told.headers


@pytest.mark.parametrize(
    ("path", "accept", "status", "form"),
    [
        ("/maven/a", None, 403, Form.PROBLEM),
        ("/maven/a", None, 503, Form.PROBLEM),
        ("/maven/a", None, 404, Form.TEXT),
        ("/maven/a", "", 403, Form.TEXT),
        ("/maven/a", "text/html, */*;q=0.2", 403, Form.TEXT),
        ("/npm/a", None, 403, Form.ERROR),
        ("/npm/a", TYPE, 403, Form.PROBLEM),
        ("/npm/a", f"{TYPE};q=0.0", 403, Form.ERROR),
        ("/npm/a", f"{TYPE}; q=0", 403, Form.ERROR),
        ("/go/a", f"{TYPE.upper()} ; q=0.01", 403, Form.PROBLEM),
        ("/go/a", f"x{TYPE}", 403, Form.TEXT),
        ("/go/a", "x," * 5000 + TYPE, 403, Form.TEXT),
        ("/mavenx", None, 403, Form.TEXT),
    ],
)
def test_negotiation__rfc9110_12_5_1(path: str, accept: str | None, status: int, form) -> None:
    assert form_of(path, accept, status) is form


def test_every_problem_type_leads_to_its_meaning(gate) -> None:
    from pratique.gate.problems import _KINDS

    words = sorted({kind.word for kind in _KINDS.values()} | {"error"})
    gate.more["require_token"] = True
    answers = ask(gate, *((f"/problems/{word}", {}) for word in [*words, "other"]))
    assert [one.status_code for one in answers] == [200] * len(words) + [404]
