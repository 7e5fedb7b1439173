"""What a server answers at ``/``."""

from __future__ import annotations

import asyncio
import base64
import re
from hashlib import sha256
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from pratique import __version__
from pratique.surfaces.landing import Endpoint, landing

DESCRIPTION: dict[str, Any] = {
    "info": {"title": "Alpha <b>", "description": "Answers & asks."},
    "paths": {
        "/healthz": {"get": {"summary": "Say that it is ready."}},
        "/v1/{id}": {"get": {"summary": "Give one."}},
        "/affected": {
            "get": {"summary": "Ask.", "parameters": [{"name": "purl", "required": True}]}
        },
    },
}


def asked(accept: str, **state: str | int) -> httpx.Response:
    more = [Endpoint("POST", "/query", "Ask more.")]
    app = Starlette(routes=[landing(DESCRIPTION, lambda: state, more)])

    async def sent() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            return await http.get("/", headers={"accept": accept})

    return asyncio.run(sent())


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html;q=0", "text/html; q=0.0"])
def test_programs_get_json(accept: str) -> None:
    answer = asked(accept, as_of="2026-01-01T00:00:00Z", records=1234)
    assert answer.headers["content-type"] == "application/json"
    value = answer.json()
    assert value["server"] == "Alpha <b>"
    assert value["version"] == __version__
    assert (value["as_of"], value["records"]) == ("2026-01-01T00:00:00Z", 1234)
    assert value["openapi"] == "/openapi.json"
    assert [one["path"] for one in value["endpoints"]] == [
        "/healthz", "/v1/{id}", "/affected", "/query",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "accept", ["text/html", "text/html,application/xhtml+xml,*/*;q=0.8", "TEXT/HTML;q=0.5"]
)
def test_people_get_a_page_of_which_nothing_is_run_or_loaded(accept: str) -> None:
    answer = asked(accept, problem="<script>alert(1)</script>", records=1234)
    assert answer.headers["content-type"].startswith("text/html")
    page = answer.text
    assert "<script" not in page
    assert "Alpha &lt;b&gt;" in page
    assert "1,234" in page
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(sha256(style.encode()).digest()).decode()
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert f"style-src 'sha256-{digest}';" in policy
    assert "unsafe" not in policy
    assert "url(" not in style
    assert re.findall(r'href="([^"]*)"', page) == ["/openapi.json", "/healthz"], (
        "what needs more than its address is no link"
    )
    assert answer.headers["vary"] == "accept"
