"""A running server follows the current generation and disturbs no request."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pratique.advisories import generation, live
from pratique.advisories.build import build
from pratique.advisories.errors import GenerationError
from pratique.advisories.inputs import Source
from pratique.advisories.live import Live
from pratique.advisories.served import open_served
from pratique.model.advisory import Query
from pratique.surfaces.api.app import application
from pratique.surfaces.api.limits import Limits

ZERO = {"introduced": "0"}
Record = Callable[..., dict[str, Any]]
QUESTION = {"version": "1.0.0", "package": {"name": "alpha", "ecosystem": "npm"}}


async def settled(caller: Any, until: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    for _ in range(6000):
        health = (await caller.request("GET", "/healthz")).json()
        if until(health):
            return dict(health)
        await asyncio.sleep(0.01)
    pytest.fail(f"never came: {health}")


def test_new_generation_is_taken_up_and_a_damaged_one_is_not(
    tmp_path: Path,
    record: Record,
    source: Callable[..., Path],
    caller: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "LOOK_SECONDS", 0.0)
    root = tmp_path / "data"
    build(root, [Source(path=str(source(record("A-1", "npm", "alpha", ZERO))))])
    client = caller(application(root))

    async def ids() -> list[str]:
        response = await client.request("POST", "/v1/query", json=QUESTION)
        return [each["id"] for each in response.json().get("vulns", [])]

    async def run() -> None:
        assert await ids() == ["A-1"]
        first = (await client.request("GET", "/healthz")).json()["generation"]
        build(root, [Source(path=str(source(record("A-2", "npm", "alpha", ZERO))))])
        health = await settled(client, lambda state: state["generation"] != first)
        assert await ids() == ["A-2"]
        second = health["generation"]
        build(root, [Source(path=str(source(record("A-3", "npm", "alpha", ZERO))))])
        folder = generation.current(root)
        assert folder is not None
        (folder / "manifest.json").write_text("damaged")
        health = await settled(client, lambda state: "problem" in state)
        assert health["generation"] == second
        assert "damaged" in health["problem"]
        assert await ids() == ["A-2"], "the one before stays in use"
        build(root, [Source(path=str(source(record("A-4", "npm", "alpha", ZERO))))])
        health = await settled(client, lambda state: state["generation"] != second)
        assert "problem" not in health
        assert await ids() == ["A-4"]

    asyncio.run(run())


def test_request_keeps_the_generation_it_began_with(
    tmp_path: Path, record: Record, source: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LOOK_SECONDS", 0.0)
    root = tmp_path / "data"
    records = [record(f"A-{n}", "npm", f"p{n}", ZERO, summary="s" * n) for n in range(600)]
    build(root, [Source(path=str(source(*records)))])

    async def run() -> None:
        held = Live(root)
        begun = held.index()
        build(root, [Source(path=str(source(record("B-1", "npm", "p1", ZERO))))])
        for _ in range(6000):
            if held.index() is not begun:
                break
            await asyncio.sleep(0.01)
        assert held.index() is not begun
        shutil.rmtree(begun.folder)
        for n in range(600):
            found = begun.find(Query(ecosystem="npm", name=f"p{n}", version="1.0.0"))
            (number,) = found.numbers
            assert f'"A-{n}"'.encode() in begun.document(number)
        assert held.index().manifest.records == 1

    asyncio.run(run())


def test_one_generation_is_served_as_it_is(
    tmp_path: Path, record: Record, source: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LOOK_SECONDS", 0.0)
    build(tmp_path / "data", [Source(path=str(source(record("A-1", "npm", "alpha", ZERO))))])
    folder = generation.current(tmp_path / "data")
    held = Live(folder)
    before = held.index()
    build(tmp_path / "data", [Source(path=str(source(record("A-2", "npm", "alpha", ZERO))))])
    assert held.index() is before


def test_advisories_without_whole_records_are_not_served(
    tmp_path: Path, record: Record, source: Callable[..., Path]
) -> None:
    from pratique.advisories.build import Builder
    from pratique.formats.osv import read_record

    folder = tmp_path / "facts-only"
    folder.mkdir()
    with Builder(folder) as builder:
        builder.source(Source(path="x"))
        builder.add(*read_record(record("A-1", "npm", "alpha", ZERO)))
        builder.finish("earlier", None, None)
    with pytest.raises(GenerationError, match="without the whole records"):
        open_served(folder)


def test_slow_clients_and_slow_requests_are_ended() -> None:
    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await asyncio.sleep(60)

    async def run(
        body: list[dict[str, Any]], body_seconds: float = 60, request_seconds: float = 60
    ) -> list[dict[str, Any]]:
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if body:
                return body.pop(0)
            await asyncio.sleep(60)
            return {}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        scope = {"type": "http", "headers": []}
        await Limits(slow, body_seconds=body_seconds, request_seconds=request_seconds)(
            scope, receive, send
        )
        return sent

    begun = {"type": "http.request", "body": b"{", "more_body": True}
    assert asyncio.run(run([begun], body_seconds=0.02))[0]["status"] == 408
    whole = {"type": "http.request", "body": b"{}", "more_body": False}
    assert asyncio.run(run([whole], request_seconds=0.02))[0]["status"] == 504
    assert asyncio.run(run([begun, {"type": "http.disconnect"}]))[0]["status"] == 400
