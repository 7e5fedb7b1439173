"""The application over a record of its own, with two tenants."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pratique.ingest.models import Options
from pratique.ingest.service import ingest
from pratique.store.engine import Store, open_store
from pratique.surfaces.record.access import Access, add_token
from pratique.surfaces.record.app import application


def bill(product: str, version: str, parts: dict[str, list[str]]) -> str:
    """A CycloneDX document: packages ``name@version`` and what each needs."""
    components = [
        {
            "type": "library",
            "name": one.partition("@")[0],
            "version": one.partition("@")[2],
            "purl": f"pkg:npm/{one}",
            "bom-ref": one,
            "licenses": [{"license": {"id": "MIT"}}],
        }
        for one in parts
        if one != "root"
    ]
    dependencies = [{"ref": one, "dependsOn": needs} for one, needs in parts.items()]
    return json.dumps(
        {
            "bomFormat": "CycloneDX",
            "specVersion": "1.5",
            "version": 1,
            "metadata": {
                "timestamp": "2026-01-02T03:04:05Z",
                "component": {
                    "type": "application",
                    "name": product,
                    "version": version,
                    "purl": f"pkg:generic/{product}@{version}",
                    "bom-ref": "root",
                },
            },
            "components": components,
            "dependencies": dependencies,
        }
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'record.sqlite'}") as opened:
        yield opened


@pytest.fixture
def brought(store: Store, tmp_path: Path) -> Callable[..., None]:
    """Ingest documents for a tenant, as ``pratique ingest`` does."""

    def bring(tenant: str, **texts: str) -> None:
        folder = tmp_path / f"in-{tenant}"
        folder.mkdir(exist_ok=True)
        for name, text in texts.items():
            (folder / f"{name}.json").write_text(text)
        report = ingest(store, [str(folder)], Options(tenant=tenant))
        assert report.refused == 0, report.problems

    return bring


@pytest.fixture
def shop(brought: Callable[..., None]) -> None:
    """The default tenant's: a shop in two versions, with a scan that found something."""
    parts = {"root": ["alpha@1.0.0"], "alpha@1.0.0": ["beta@1.0.0"], "beta@1.0.0": []}
    scan = {
        "_type": "https://in-toto.io/Statement/v1",
        "predicateType": "https://in-toto.io/attestation/vulns/v0.1",
        "subject": [{"uri": "pkg:npm/beta@1.0.0", "digest": {"sha256": "b" * 64}}],
        "predicate": {
            "scanner": {"uri": "example.test/scanner", "result": [{"id": "CVE-2026-0001"}]},
            "metadata": {"scanFinishedOn": "2026-01-03T00:00:00Z"},
        },
    }
    brought(
        "default",
        one=bill("shop", "1.0", parts),
        two=bill("shop", "2.0", parts | {"gamma@3.0.0": []}),
        scan=json.dumps(scan),
    )


class Client:
    """Asks the application."""

    def __init__(self, store: Store, access: Access, token: str = "") -> None:
        self.headers = {"authorization": f"Bearer {token}"} if token else {}
        self.app = application(store, access)

    def send(self, method: str, url: str, **more: Any) -> httpx.Response:
        """One request to the application, without a network."""

        async def sent() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://127.0.0.1", headers=self.headers
            ) as http:
                return await http.request(method, url, **more)

        return asyncio.run(sent())

    def get(self, url: str, **parameters: Any) -> httpx.Response:
        return self.send("GET", url, params=parameters or None)

    def post(self, query: str, **variables: Any) -> httpx.Response:
        return self.send("POST", "/query", json={"query": query, "variables": variables})

    def ask(self, query: str, **variables: Any) -> Any:
        answer = self.post(query, **variables).json()
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def told(self, query: str, **variables: Any) -> str:
        """The first error of a request that is refused."""
        message: str = self.post(query, **variables).json()["errors"][0]["message"]
        return message


@pytest.fixture
def client(store: Store) -> Client:
    """Without tokens, on this machine, with leave to write."""
    return Client(store, Access(None, writes=True))


@pytest.fixture
def with_token(store: Store, tmp_path: Path) -> Callable[..., Client]:
    """A client of a tenant, by a token of its own."""
    file = tmp_path / "tokens.jsonl"

    def make(tenant: str, *, writes: bool = False) -> Client:
        token = add_token(file, tenant, f"{tenant}-ci", writes=writes)
        return Client(store, Access(file), token)

    return make
