"""Small invented records and indexes of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from pratique.advisories import Index
from pratique.advisories.build import build
from pratique.advisories.inputs import Source


def make_record(
    identifier: str = "TEST-2026-1",
    ecosystem: str = "PyPI",
    name: str = "alpha",
    *events: dict[str, str],
    **changes: Any,
) -> dict[str, Any]:
    affected: dict[str, Any] = {"package": {"ecosystem": ecosystem, "name": name}}
    if events:
        kind = changes.pop("type", "ECOSYSTEM")
        affected["ranges"] = [{"type": kind, "events": list(events)}]
    for key in ("versions", "ranges"):
        if key in changes:
            affected[key] = changes.pop(key)
    if "package_severity" in changes:
        affected["severity"] = changes.pop("package_severity")
    return {
        "id": identifier,
        "modified": "2026-01-02T03:04:05Z",
        "affected": [affected],
        **changes,
    }


@pytest.fixture
def record() -> Callable[..., dict[str, Any]]:
    """``record(id, ecosystem, name, *events, versions=…, aliases=…)``."""
    return make_record


@pytest.fixture
def source(tmp_path: Path) -> Callable[..., Path]:
    """Write records as a line file."""
    count = iter(range(1000))

    def write(*records: dict[str, Any]) -> Path:
        path = tmp_path / f"records-{next(count)}.ndjson"
        path.write_bytes(b"\n".join(map(msgspec.json.encode, records)))
        return path

    return write


@pytest.fixture
def make_index(tmp_path: Path, source: Callable[..., Path]) -> Callable[..., Index]:
    """Build and open an index of records."""
    count = iter(range(1000))

    def make(*records: dict[str, Any]) -> Index:
        root = tmp_path / f"data-{next(count)}"
        build(root, [Source(path=str(source(*records)))])
        return Index.open(root)

    return make


class Caller:
    """Calls an ASGI application, one request after another."""

    def __init__(self, app: Any, root: Path | None = None) -> None:
        self.app = app
        self.root = root

    async def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://served") as client:
            return await client.request(method, path, **more)

    def get(self, path: str) -> httpx.Response:
        return self.run(self.request("GET", path))

    def post(self, path: str, **more: Any) -> httpx.Response:
        return self.run(self.request("POST", path, **more))

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run(coroutine)


@pytest.fixture
def caller() -> type[Caller]:
    """What calls an application: ``caller(app).get(path)``."""
    return Caller


@pytest.fixture
def serve(tmp_path: Path, source: Callable[..., Path]) -> Callable[..., Caller]:
    """Serve an index of records, whose source is called ``invented``."""
    from pratique.surfaces.api.app import application

    count = iter(range(100))

    def start(*records: dict[str, Any]) -> Caller:
        root = tmp_path / f"served-{next(count)}"
        build(root, [Source(path=str(source(*records)), name="invented")])
        return Caller(application(root), root)

    return start
