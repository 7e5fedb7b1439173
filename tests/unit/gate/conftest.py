"""An adversary for an upstream, on loopback, and a gate before it."""

from __future__ import annotations

import asyncio
import importlib.util
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from pratique.advisories import Index
from pratique.advisories.build import build as build_index
from pratique.advisories.inputs import Source
from pratique.gate.desk import Here
from pratique.gate.lists import Lists
from pratique.gate.log import entries
from pratique.gate.server import Settings, build
from pratique.gate.tokens import Role
from pratique.policy.service import LoadedPolicy, load
from pratique.policy.waivers import Waivers


def _load() -> Any:
    """The registry that the tests with real package managers use too."""
    place = Path(__file__).with_name("loopback.py")
    spec = importlib.util.spec_from_file_location("gate_loopback", place)
    assert spec is not None
    assert spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


loopback = _load()
NOW = datetime.now(UTC)


RECORDS = [
    loopback.advisory("GHSA-aaaa-aaaa-aaaa", "PyPI", "alpha", "1.1", severity=loopback.CRITICAL),
    loopback.advisory(
        "GHSA-bbbb-bbbb-bbbb", "npm", "@acme-free/beta", "1.1.0", severity=loopback.CRITICAL
    ),
    loopback.advisory("MAL-2026-1", "PyPI", "gamma"),
    loopback.advisory("GO-2026-1", "Go", "example.test/Gamma"),
    loopback.advisory("RUSTSEC-2026-1", "crates.io", "gamma"),
    loopback.advisory(
        "GHSA-cccc-cccc-cccc", "Maven", "test.example:alpha", "1.1", severity=loopback.CRITICAL
    ),
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


@pytest.fixture
def upstream() -> Iterator[Any]:
    registry = loopback.Loopback()
    yield registry
    registry.close()


Ask = Callable[[httpx.AsyncClient], Awaitable[None]]


class Gateway:
    """Builds a gate on a folder, and talks to it in this process."""

    def __init__(self, folder: Path, upstream: Any, policy: LoadedPolicy, index: Index) -> None:
        self.data = folder / "data"
        self.data.mkdir()
        self.upstream = upstream
        self.policy = policy
        self.index = index
        self.lists = Lists()
        self.waivers = Waivers()
        self.renew: Callable[[], tuple[Index, Lists]] | None = None
        self._auditor = ""
        self.more: dict[str, Any] = {}
        """Further settings; also in place of those below."""

    @asynccontextmanager
    async def client(self) -> Any:
        app, close = build(
            self.data,
            Settings(
                **{
                    "upstreams": {
                        "PyPI": f"{self.upstream.url}/simple",
                        "npm": f"{self.upstream.url}/npm",
                        "Go": f"{self.upstream.url}/go",
                        "crates.io": f"{self.upstream.url}/crates",
                        "Maven": f"{self.upstream.url}/maven",
                    },
                    "policy": self.policy,
                    "index": self.index,
                    "lists": self.lists,
                    "waivers": self.waivers,
                    "renew": self.renew,
                    **self.more,
                }
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

    async def state(self, client: httpx.AsyncClient, path: str = "/healthz") -> dict[str, Any]:
        """What an auditor sees of the health of the gate that runs."""
        if not self._auditor:
            self._auditor = Here(self.data).create_token("auditor", [Role.AUDITOR])["token"]
        headers = {"Authorization": f"Bearer {self._auditor}"}
        answer = await client.get(path, headers=headers)
        assert answer.status_code in {200, 503}, answer.text
        return answer.json()  # type: ignore[no-any-return]

    def kinds(self) -> list[str]:
        """Kinds of the entries in the log."""
        return [entry["kind"] for entry in entries(self.data)]

    def get(self, path: str, **headers: str) -> httpx.Response:
        """One question to a gate that was just started."""
        found: list[httpx.Response] = []

        async def ask(client: httpx.AsyncClient) -> None:
            found.append(await client.get(path, headers=headers))

        self.run(ask)
        return found[0]


@pytest.fixture
def gate(tmp_path: Path, upstream: Any, policy: LoadedPolicy, index: Index) -> Gateway:
    return Gateway(tmp_path, upstream, policy, index)


@pytest.fixture(scope="session", name="loopback")
def _loopback() -> Any:
    """The module with the registry, and what makes packages for it."""
    return loopback


@pytest.fixture
def days_ago() -> Callable[[float], str]:
    return loopback.ago  # type: ignore[no-any-return]
