"""What hostile clients send, byte for byte, to a gate that really listens."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest

from pratique.gate.log import entries

pytestmark = pytest.mark.e2e

UPS = (
    b"..",
    b"%2e%2e",
    b".%2E",
    b"..%2f..",
    b"..%5c..",
    b"..\\..",
    b"%252e%252e%252f",
    b"%c0%ae%c0%ae",  # an overlong dot (RFC 3629, 10)
    b"..%c0%af..",
    b"%ef%bc%8e%ef%bc%8e",  # full width
    b"..%00",
    b"..;",
    b"%u002e%u002e",
)
"""Spellings of a step upwards."""

PLACES = (
    b"/pypi/simple/%s/secret/",
    b"/pypi/simple/alpha/%s/%s/secret",
    b"/pypi/files/alpha/%s",
    b"/pypi/files/%s/secret",
    b"/npm/%s/secret",
    b"/npm/@acme%%2f%s",
    b"/npm/@%s/secret",
    b"/npm/alpha/-/%s/secret",
    b"/npm/-/package/%s/dist-tags",
    b"/npm/-/npm/v1/attestations/%s",
    b"/crates/%s/%s/secret",
    b"/crates/al/ph/%s",
    b"/crates/dl/%s/1.0.0/download",
    b"/crates/dl/alpha/%s/download",
    b"/go/%s/@v/list",
    b"/go/example.test/%s/@v/v1.0.0.zip",
    b"/go/example.test/alpha/@v/%s.zip",
    b"/go/sumdb/%s/lookup/x",
    b"/go/sumdb/sum.test/%s/secret",
    b"/maven/%s/%s/secret",
    b"/maven/test/example/alpha/%s/alpha-%s.jar",
    b"/maven/test/example/%s/1.0/alpha-1.0.pom",
    b"/maven/test/example/alpha/1.0/%s",
    b"/problems/%s",
    b"/canary/%s/key",
    b"/%s/admin/tokens",
)

AMBIGUOUS = (
    b"Content-Length: 0\r\nContent-Length: 5\r\n",
    b"Content-Length: 0, 5\r\n",
    b"Content-Length: 5, 0\r\n",
    b"Content-Length: -1\r\n",
    b"Content-Length: 99999999999999999999999\r\n",
    b"Content-Length: 0\r\n Content-Length: 5\r\n",
    b"Content-Length:\r\n 5\r\n",
    b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
    b"Transfer-Encoding:\x0bchunked\r\n",
    b'Transfer-Encoding: "chunked"\r\n',
    b"Transfer-Encoding: chunked;q=1\r\n",
    b"Transfer_Encoding: chunked\r\nTransfer-Encoding: identity, chunked, x\r\n",
    b"X: a\rTransfer-Encoding: chunked\r\n",
    b"X: a\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    b"Content-Length: 5\x00\r\n",
)
"""Framings that two readers could read differently (RFC 9112, 6.3 and 11.2)."""

SMUGGLED = b"GET /pypi/simple/smuggled/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


def said(port: int, request: bytes) -> bytes:
    """All that the gate says to bytes after which the client says no more."""
    got = b""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        try:
            client.sendall(request)
            client.shutdown(socket.SHUT_WR)
            while block := client.recv(65536):
                got += block
        except ConnectionError:
            pass
    return got


def files(folder: Path) -> set[str]:
    return {str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file()}


def test_no_path_leaves_its_registry_or_its_folder(
    gate: Any, registry: Any, tmp_path: Path
) -> None:
    for path in ("/secret", "/simple/secret/", "/npm/secret", "/crates/secret", "/maven/secret"):
        registry.put(path, b"SECRET")
    (tmp_path / "secret").write_text("SECRET")
    before = files(tmp_path)
    for place in PLACES:
        for up in UPS:
            path = place.replace(b"%s", up).replace(b"%%", b"%")
            head = b"GET " + path + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            got = said(gate.port, head)
            assert not got.startswith(b"HTTP/1.1 200"), path
            assert not got.startswith(b"HTTP/1.1 500"), path
            assert b"SECRET" not in got, path
            assert b'"prev"' not in got, path
            assert got.count(b"HTTP/1.1 ") <= 1, path
    for asked in registry.asked:
        assert ".." not in asked
        assert "%" not in asked.replace("%2f", "").replace("%2F", ""), asked
        assert "secret" not in asked, asked
    new = {one for one in files(tmp_path) - before if not one.startswith("data/indexes/")}
    assert all("secret" not in one and ".." not in one for one in new), new
    assert httpx.get(f"{gate.url}/healthz", timeout=60).json() == {"status": "ok"}


def test_one_request_is_never_two(gate: Any, registry: Any) -> None:
    for framing in AMBIGUOUS:
        for method in (b"GET /pypi/simple/none/", b"POST /npm/-/npm/v1/security/advisories/bulk"):
            head = method + b" HTTP/1.1\r\nHost: a\r\n" + framing
            got = said(gate.port, head + b"\r\n0\r\n\r\n" + SMUGGLED)
            assert got.count(b"HTTP/1.1 ") <= 1, (framing, got)
            assert not any("smuggled" in path for path in registry.asked), framing
    for body in (b"5\r\nabc\r\n0\r\n\r\n", b"-1\r\n\r\n", b"FFFFFFFFFFFFFFFFF\r\n", b"0x0\r\n\r\n"):
        head = b"POST /npm/-/npm/v1/security/advisories/bulk HTTP/1.1\r\nHost: a\r\n"
        got = said(gate.port, head + b"Transfer-Encoding: chunked\r\n\r\n" + body + SMUGGLED)
        assert got.count(b"HTTP/1.1 2") == 0, (body, got)
        assert not any("smuggled" in path for path in registry.asked), body
    assert httpx.get(f"{gate.url}/healthz", timeout=60).json() == {"status": "ok"}


def test_no_name_writes_into_a_header_the_log_or_a_terminal(gate: Any, registry: Any) -> None:
    evil = ("%0d%0aSet-Cookie:%20a", "%1b%5b31m", "%0a%7b%22kind%22:%22stored%22%7d", "%e2%80%ae")
    places = ("/pypi/simple/acme-{}/", "/npm/@acme%2f{}", "/npm/acme-{}", "/crates/ac/me/acme-{}")
    places += ("/maven/com/acme/{}/1/{}-1.jar", "/go/acme-{}/@v/list")
    for place in places:
        for text in evil:
            path = place.format(text, text).encode()
            head = b"GET " + path + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
            agent = b"User-Agent: pip/1 \x1b[2J\xe2\x80\xae\r\n"
            got = said(gate.port, head + agent + b"\r\n")
            assert not got.startswith(b"HTTP/1.1 200"), path
            assert b"\nset-cookie" not in got.partition(b"\r\n\r\n")[0].lower(), path
            assert b"\x1b" not in got, path
    for entry in entries(gate.data):
        text = json.dumps(entry, ensure_ascii=False)
        assert text.isprintable(), text
    for words in (("log",), ("approvals", "list"), ("quarantine", "list")):
        shown = gate.ask(*words).stdout
        assert all(line.isprintable() for line in shown.splitlines()), words
    assert not any("acme" in path for path in registry.asked)


def test_forwarded_headers_change_nothing(gate: Any, registry: Any) -> None:
    """Neither an answer, nor what the next client is given, nor who may see metrics."""
    registry.wheel("beta", "1.0")
    registry.npm("beta", {"1.0.0": {}}, {"latest": "1.0.0"})
    registry.crate("beta", "1.0.0")
    registry.maven("test.example:beta", "1.0")
    pages = ("/pypi/simple/beta/", "/npm/beta", "/crates/config.json", "/crates/be/ta/beta")
    pages += ("/maven/test/example/beta/maven-metadata.xml",)
    evil = {
        "X-Forwarded-Host": "evil.test",
        "X-Forwarded-Proto": "gopher",
        "X-Forwarded-Prefix": "/evil",
        "X-Forwarded-For": "127.0.0.1",
        "Forwarded": "for=127.0.0.1;host=evil.test;proto=https",
        "X-Original-URL": "/admin/tokens",
        "X-Rewrite-URL": "/admin/tokens",
        "X-HTTP-Method-Override": "DELETE",
    }
    with httpx.Client(base_url=gate.url, timeout=60, trust_env=False) as client:
        for page in pages:
            poisoned = client.get(page, headers=evil)
            plain = client.get(page)
            assert poisoned.status_code == plain.status_code == 200, page
            assert poisoned.content == plain.content, page
            assert b"evil" not in poisoned.content, page
        json_ = {"Accept": "application/vnd.pypi.simple.v1+json"}
        for _ in range(2):  # the form of one client is never that of the next
            assert client.get(pages[0], headers=json_).json()["name"] == "beta"
            assert client.get(pages[0]).text.lstrip().startswith("<!DOCTYPE html>")
            short = client.get(
                "/npm/beta", headers={"Accept": "application/vnd.npm.install-v1+json"}
            )
            assert "time" not in short.json()
            assert "time" in client.get("/npm/beta").json()
        assert client.get("/metrics", headers=evil).status_code == 401
        assert client.get("/admin/tokens", headers=evil).status_code == 401
