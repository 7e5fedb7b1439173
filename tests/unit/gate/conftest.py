"""An adversary for an upstream, on loopback, and a gate before it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from pratique.advisories import Index
from pratique.advisories.build import build as build_index
from pratique.advisories.inputs import Source
from pratique.gate.lists import Lists
from pratique.gate.server import Settings, build
from pratique.policy.service import LoadedPolicy, load
from pratique.policy.waivers import Waivers

NOW = datetime.now(UTC)
JSON = "application/vnd.pypi.simple.v1+json"


def record(
    identifier: str, ecosystem: str, name: str, fixed: str = "", **more: Any
) -> dict[str, Any]:
    events = [{"introduced": "0"}] + ([{"fixed": fixed}] if fixed else [])
    kind = "SEMVER" if ecosystem == "npm" else "ECOSYSTEM"
    return {
        "schema_version": "1.7.5",
        "id": identifier,
        "modified": "2026-11-20T00:00:00Z",
        "affected": [
            {
                "package": {"ecosystem": ecosystem, "name": name},
                "ranges": [{"type": kind, "events": events}],
            }
        ],
        **more,
    }


CRITICAL = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]
RECORDS = [
    record("GHSA-aaaa-aaaa-aaaa", "PyPI", "alpha", "1.1", severity=CRITICAL),
    record("GHSA-bbbb-bbbb-bbbb", "npm", "@acme-free/beta", "1.1.0", severity=CRITICAL),
    record("MAL-2026-1", "PyPI", "gamma"),
    record("GO-2026-1", "Go", "example.test/Gamma"),
    record("RUSTSEC-2026-1", "crates.io", "gamma"),
]

POLICY = b"""
id: trial
description: For trying the gate.
rules:
  - id: malicious
    when: malicious
    effect: deny
    on_unknown: deny
    reason: "{purl} was published to do harm"
  - id: deny-listed
    when: deny_listed
    effect: deny
    reason: "{purl} is on the deny list"
  - id: critical
    when: worst_severity in ['malicious', 'critical']
    effect: deny
    on_unknown: warn
    reason: "vulnerabilities: {vulnerabilities}"
  - id: new-release
    when: age_days < 3.0 && !(known.security_fix && security_fix)
    effect: quarantine
    on_unknown: warn
    reason: "was published {age_days} days ago"
  - id: yanked
    when: yanked
    effect: deny
    on_unknown: ignore
    reason: "{purl} was yanked"
"""


@pytest.fixture(scope="session")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    folder = tmp_path_factory.mktemp("advisories")
    source = folder / "records.ndjson"
    source.write_text("\n".join(map(json.dumps, RECORDS)))
    build_index(folder / "data", [Source(path=str(source), name="invented")], now=NOW)
    return Index.open(folder / "data")


@pytest.fixture(scope="session")
def policy() -> LoadedPolicy:
    return load(POLICY, "trial.yaml")


def ago(days: float) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Adversary:
    """An upstream that answers as it is told."""

    def __init__(self) -> None:
        self.answers: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {}
        self.asked: list[str] = []
        self.away = False
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.asked.append(self.path)
                answer = outer.answers.get(self.path)
                if outer.away:
                    self.send_error(503)
                elif answer is None:
                    self.send_error(404)
                else:
                    answer(self)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_: object) -> None:
                """A client that hung up is what some tests are about."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def put(
        self, path: str, body: bytes, kind: str = "application/octet-stream", **headers: str
    ) -> None:
        tag = f'"{hashlib.md5(body).hexdigest()}"'

        def answer(handler: BaseHTTPRequestHandler) -> None:
            if handler.headers.get("If-None-Match") == tag:
                handler.send_response(304)
                handler.send_header("Content-Length", "0")
                handler.end_headers()
                return
            handler.send_response(200)
            given = {"Content-Type": kind, "Content-Length": str(len(body)), "ETag": tag} | headers
            for name, value in given.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.end_headers()
            handler.wfile.write(body)

        self.answers[path] = answer

    def redirect(self, path: str, target: str) -> None:
        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(302)
            handler.send_header("Location", target)
            handler.send_header("Content-Length", "0")
            handler.end_headers()

        self.answers[path] = answer

    def drip(self, path: str, body: bytes, pause: float, announced: int | None = None) -> None:
        """Give a body in two parts; with a length announced that may be another."""

        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.send_header("Content-Length", str(announced or len(body)))
            handler.end_headers()
            half = len(body) // 2
            handler.wfile.write(body[:half])
            handler.wfile.flush()
            time.sleep(pause)
            handler.wfile.write(body[half:])
            handler.close_connection = True

        self.answers[path] = answer

    def pypi(self, name: str, *files: dict[str, Any], as_html: bool = False) -> None:
        """A project's page; each file has at least ``filename`` and ``body``."""
        records, lines = [], []
        for given in files:
            file = dict(given)
            body = file.pop("body")
            sha256 = hashlib.sha256(body).hexdigest()
            url = file.setdefault("url", f"/packages/{file['filename']}")
            file.setdefault("hashes", {"sha256": sha256})
            file.setdefault("size", len(body))
            file.setdefault("upload-time", ago(100))
            records.append(file)
            lines.append(f'<a href="{url}#sha256={sha256}">{file["filename"]}</a>')
            if url.startswith("/") and url not in self.answers:
                self.put(url, body)
        page = {"meta": {"api-version": "1.1"}, "name": name, "files": records, "versions": []}
        if as_html:
            self.put(f"/simple/{name}/", "\n".join(lines).encode(), "text/html; charset=utf-8")
        else:
            self.put(f"/simple/{name}/", json.dumps(page).encode(), JSON)

    def npm(
        self,
        name: str,
        versions: dict[str, dict[str, Any]],
        tags: dict[str, str],
        times: dict[str, str] | None = None,
    ) -> None:
        """A packument; each version may have a ``body``, and any field."""
        document: dict[str, Any] = {"name": name, "dist-tags": tags, "versions": {}, "time": {}}
        for version, given in versions.items():
            fields = dict(given)
            body = fields.pop("body", f"{name} {version}".encode())
            path = f"/npm/{name}/-/{name.rpartition('/')[2]}-{version}.tgz"
            integrity = base64.b64encode(hashlib.sha512(body).digest()).decode()
            dist = {
                "tarball": self.url + path,
                "integrity": f"sha512-{integrity}",
                "shasum": hashlib.sha1(body).hexdigest(),
            }
            document["versions"][version] = {
                "name": name,
                "version": version,
                "dist": dist,
                **fields,
            }
            document["time"][version] = (times or {}).get(version, ago(100))
            self.put(path, body)
        self.put(
            f"/npm/{name.replace('/', '%2F')}", json.dumps(document).encode(), "application/json"
        )

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def upstream() -> Iterator[Adversary]:
    adversary = Adversary()
    yield adversary
    adversary.close()


Ask = Callable[[httpx.AsyncClient], Awaitable[None]]


class Gateway:
    """Builds a gate on a folder, and talks to it in this process."""

    def __init__(
        self, folder: Path, upstream: Adversary, policy: LoadedPolicy, index: Index
    ) -> None:
        self.data = folder / "data"
        self.data.mkdir()
        self.upstream = upstream
        self.policy = policy
        self.index = index
        self.lists = Lists()
        self.waivers = Waivers()
        self.renew: Callable[[], tuple[Index, Lists]] | None = None

    @asynccontextmanager
    async def client(self) -> Any:
        app, close = build(
            self.data,
            Settings(
                upstreams={
                    "PyPI": f"{self.upstream.url}/simple",
                    "npm": f"{self.upstream.url}/npm",
                    "Go": f"{self.upstream.url}/go",
                    "crates.io": f"{self.upstream.url}/crates",
                },
                policy=self.policy,
                index=self.index,
                lists=self.lists,
                waivers=self.waivers,
                renew=self.renew,
            ),
        )
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        try:
            async with httpx.AsyncClient(
                transport=transport, base_url="http://gate.test"
            ) as client:
                yield client
        finally:
            await close()

    def run(self, ask: Ask) -> None:
        async def main() -> None:
            async with self.client() as client:
                await ask(client)

        asyncio.run(main())

    def get(self, path: str, **headers: str) -> httpx.Response:
        """One question to a gate that was just started."""
        found: list[httpx.Response] = []

        async def ask(client: httpx.AsyncClient) -> None:
            found.append(await client.get(path, headers=headers))

        self.run(ask)
        return found[0]


@pytest.fixture
def gate(tmp_path: Path, upstream: Adversary, policy: LoadedPolicy, index: Index) -> Gateway:
    return Gateway(tmp_path, upstream, policy, index)


@pytest.fixture
def days_ago() -> Callable[[float], str]:
    return ago
