# mypy: disable-error-code="no-untyped-def"
"""Room in the store, upstreams that fail, and more than can be done at once."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import httpx
import pytest

from pratique.gate import app, download, fetch
from pratique.gate.depot import Quota
from pratique.gate.errors import FullError
from pratique.gate.keeping import keeps
from pratique.gate.log import entries
from pratique.gate.space import Space
from pratique.gate.verifying import verify
from pratique.model.errors import PratiqueError

SIZE = 100_000


def put(upstream, *names: str) -> None:
    for name in names:
        file = f"{name}-1.0-py3-none-any.whl"
        upstream.pypi(name, {"filename": file, "body": name[0].encode() * SIZE})


def path_of(name: str) -> str:
    return f"/pypi/files/{name}/{name}-1.0-py3-none-any.whl"


def test_what_was_used_least_recently_goes(gate, upstream) -> None:
    put(upstream, "beta", "delta", "eta")
    gate.more = {"quota": Quota(limit=250_000)}

    async def ask(client: httpx.AsyncClient) -> None:
        for name in ("beta", "delta", "beta", "eta"):
            assert (await client.get(path_of(name))).content == name[0].encode() * SIZE
        before = len(upstream.asked)
        assert (await client.get(path_of("beta"))).status_code == 200  # still here
        assert len(upstream.asked) == before
        assert (await client.get(path_of("delta"))).content == b"d" * SIZE  # comes back
        state = (await gate.state(client))["store"]
        assert state["bytes"] <= state["quota"] == 250_000

    gate.run(ask)
    gone = [one["sha256"] for one in entries(gate.data) if one["kind"] == "evicted"]
    assert len(gone) == 2
    report = verify(gate.data)
    assert report.sound, report.lines
    assert any("1 files went to make room" in line for line in report.lines)


def test_what_went_can_only_come_back_unchanged(gate, upstream) -> None:
    put(upstream, "beta", "delta", "eta")
    gate.more = {"quota": Quota(limit=250_000)}

    async def fill(client: httpx.AsyncClient) -> None:
        for name in ("beta", "delta", "eta"):
            await client.get(path_of(name))

    gate.run(fill)
    file = "beta-1.0-py3-none-any.whl"
    upstream.answers.pop(f"/packages/{file}")
    upstream.pypi("beta", {"filename": file, "body": b"e" * SIZE})
    answer = gate.get(path_of("beta"))
    assert answer.status_code == 502
    assert "is not what the index says" in answer.text


def test_never_what_a_client_gets_now_and_never_what_is_kept(tmp_path: Path) -> None:
    for name in ("aa", "bb", "cc"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}1").write_bytes(b"x" * 100)
        os.utime(tmp_path / name / f"{name}1", (ord(name[0]), ord(name[0])))
    space = Space(tmp_path, 300)
    assert space.used == 300
    space.kept.add("aa1")
    with space.using("bb1"):
        assert space.promise(1, 100) == [("cc1", 100)]
        with pytest.raises(FullError, match="is kept or in use"):
            space.promise(2, 100)
    gone = space.promise(2, 100)
    assert gone == [("bb1", 100)]
    told: list[tuple[str, bool]] = []
    space.remove(gone, lambda digest, _: told.append((digest, (tmp_path / "bb/bb1").exists())))
    assert told == [("bb1", True)]  # on record before it is gone
    assert not (tmp_path / "bb/bb1").exists()
    space.settle(1)
    space.settle(2)
    assert space.promise(3, 200) == []


def test_a_client_that_reads_slowly_gets_all_of_it(gate, upstream) -> None:
    put(upstream, "beta", "delta", "eta")
    gate.more = {"quota": Quota(limit=250_000)}

    async def ask(client: httpx.AsyncClient) -> None:
        await client.get(path_of("beta"))
        await client.get(path_of("delta"))
        # beta is the oldest, and is being read while eta wants its place.
        slow, eta = await asyncio.gather(client.get(path_of("beta")), client.get(path_of("eta")))
        assert slow.content == b"b" * SIZE
        assert eta.status_code in {200, 503}

    gate.run(ask)


def test_a_store_that_is_full_refuses_and_says_so(gate, upstream) -> None:
    put(upstream, "beta")
    gate.more = {"quota": Quota(limit=50_000)}
    answer = gate.get(path_of("beta"))
    assert answer.status_code == 503
    assert "the store is full" in answer.text
    assert answer.headers["retry-after"]
    assert verify(gate.data).sound


def test_versions_of_a_lockfile_are_kept(gate, upstream, tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text("Beta==1.0\n")
    keep = keeps([str(lock)])
    assert keep("PyPI", "beta", "1.0")
    assert not keep("PyPI", "beta", "1.1")
    assert not keep("npm", "beta", "1.0")
    put(upstream, "beta", "delta", "eta")
    gate.more = {"quota": Quota(limit=250_000, keeps=keep)}
    for name in ("beta", "delta", "eta"):  # each by a gate that was started anew
        assert gate.get(path_of(name)).status_code == 200
    upstream.asked.clear()
    assert gate.get(path_of("beta")).status_code == 200
    assert not any("packages" in path for path in upstream.asked)
    with pytest.raises(PratiqueError):
        keeps([str(tmp_path / "absent.txt")])


def test_an_upstream_that_stumbles_is_asked_again(gate, upstream, monkeypatch) -> None:
    monkeypatch.setattr(download, "BACKOFF_SECONDS", 0.01)
    put(upstream, "beta")
    upstream.failures["/packages/beta-1.0-py3-none-any.whl"] = 2
    upstream.failures["/simple/beta/"] = 1
    assert gate.get(path_of("beta")).content == b"b" * SIZE


def test_halves_of_two_contents_are_never_joined(gate, upstream, monkeypatch) -> None:
    """Without a digest in the index, an upstream that breaks off and then gives another content."""
    monkeypatch.setattr(download, "BACKOFF_SECONDS", 0.01)
    monkeypatch.setattr(download, "WITHHELD", 10)
    file = "beta-1.0-py3-none-any.whl"
    size = 12 * SIZE
    upstream.pypi("beta", {"filename": file, "body": b"b" * size, "hashes": {}})
    upstream.drip(f"/packages/{file}", b"e" * (size // 2), 0, announced=size)
    real = upstream.answers[f"/packages/{file}"]

    def first(handler) -> None:
        real(handler)
        upstream.put(f"/packages/{file}", b"b" * size)

    upstream.answers[f"/packages/{file}"] = first
    answer = gate.get(path_of("beta"))
    assert answer.status_code == 502 or len(answer.content) < size
    assert "stored" not in gate.kinds()
    assert gate.get(path_of("beta")).content == b"b" * size


def test_an_upstream_that_is_away_is_not_waited_for(gate, upstream, monkeypatch) -> None:
    monkeypatch.setattr(fetch, "OUTAGE_SECONDS", 3600.0)
    put(upstream, "beta")
    gate.get(path_of("beta"))
    upstream.close()

    async def ask(client: httpx.AsyncClient) -> None:
        for name in ("n1", "n2", "n3"):
            assert (await client.get(f"/pypi/simple/{name}/")).status_code == 504
        assert (await gate.state(client))["away"] == [f"127.0.0.1:{upstream.port}"]
        start = time.monotonic()
        answer = await client.get("/pypi/simple/n4/")
        assert answer.status_code == 504
        assert "not asked yet again" in answer.text
        assert (await client.get(path_of("beta"))).content == b"b" * SIZE
        assert time.monotonic() - start < 30
        monkeypatch.setattr(fetch, "OUTAGE_SECONDS", 0.0)

    gate.run(ask)


def test_too_much_at_once_is_told_to_come_again(gate, upstream, monkeypatch) -> None:
    monkeypatch.setattr(app, "MAX_REQUESTS", 3)
    put(upstream, "beta")
    upstream.drip("/packages/beta-1.0-py3-none-any.whl", b"b" * SIZE, 0.3)

    async def ask(client: httpx.AsyncClient) -> None:
        answers = await asyncio.gather(*(client.get(path_of("beta")) for _ in range(8)))
        refused = [one for one in answers if one.status_code == 503]
        assert len(refused) == 5
        assert {one.headers["retry-after"] for one in refused} == {"1"}
        assert all(one.content == b"b" * SIZE for one in answers if one.status_code == 200)

    gate.run(ask)


def test_what_is_stored_is_on_record_before_it_is_pinned(gate, upstream, monkeypatch) -> None:
    """Ended between the two, the store is sound, and the artifact is fetched once more."""
    put(upstream, "beta")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pratique.gate.depot.write_whole", full)
    answer = gate.get(path_of("beta"))
    assert answer.status_code == 503 or len(answer.content) < SIZE
    monkeypatch.undo()
    assert gate.kinds().count("stored") == 1
    assert verify(gate.data).sound
    assert gate.get(path_of("beta")).content == b"b" * SIZE
    assert verify(gate.data).sound
