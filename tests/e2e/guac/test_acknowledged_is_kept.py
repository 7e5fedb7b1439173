"""What the server has answered is in the record, though it is killed the next moment."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from pratique.store.engine import open_store
from pratique.store.record import open_record
from pratique.surfaces.guac.service import respond

INGEST = (
    "mutation($a:[IDorPkgInput!]!,$b:[IDorPkgInput!]!,$d:[IsDependencyInputSpec!]!)"
    "{ingestDependencies(pkgs:$a,depPkgs:$b,dependencies:$d)}"
)
SAID = {
    "dependencyType": "DIRECT",
    "justification": "j",
    "origin": "o",
    "collector": "c",
    "documentRef": "d",
}
EDGES = 40


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def started(url: str) -> tuple[subprocess.Popen[bytes], int]:
    """A server that answers; another port is tried where that was taken meanwhile."""
    for _ in range(5):
        port = free_port()
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "pratique", "record", "serve", "--allow-ingest"),
                *("--port", str(port), "--store", url),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        end = time.monotonic() + 120
        while process.poll() is None:
            try:
                httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=30)
            except httpx.TransportError:
                assert time.monotonic() < end, "the server does not start"
                time.sleep(0.05)
                continue
            return process, port
    raise AssertionError("the server ends at once")


def write(port: int, writer: int, answered: list[list[str]], until: threading.Event) -> None:
    """Send mutations until the server is gone; keep what each answer said."""
    number = 0
    while not until.is_set():
        number += 1
        names = [f"w{writer}-{number}-{edge}" for edge in range(EDGES + 1)]
        inputs = [{"packageInput": {"type": "npm", "name": name}} for name in names]
        body = {
            "query": INGEST,
            "variables": {"a": inputs[:-1], "b": inputs[1:], "d": [SAID] * EDGES},
        }
        try:
            answer = httpx.post(f"http://127.0.0.1:{port}/query", json=body, timeout=60).json()
        except httpx.TransportError:
            return
        answered.append(answer["data"]["ingestDependencies"])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nothing_that_was_answered_is_lost(tmp_path: Path, seed: int) -> None:
    url = f"sqlite:///{tmp_path / 'record.sqlite'}"
    process, port = started(url)
    answered: list[list[str]] = []
    until = threading.Event()
    writers = [
        threading.Thread(target=write, args=(port, number, answered, until)) for number in range(3)
    ]
    wanted = random.Random(seed).randrange(3, 25)
    try:
        for one in writers:
            one.start()
        end = time.monotonic() + 120
        while len(answered) < wanted:
            assert time.monotonic() < end, "the server does not answer"
            time.sleep(0.001)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)
        until.set()
        for one in writers:
            one.join(90)
    assert answered
    with open_store(url) as store:
        body = json.dumps({"query": "{IsDependency(isDependencySpec:{}){id}}"}).encode()
        rows = json.loads(respond(store, "default", body, may_write=False))["data"]["IsDependency"]
        there = {row["id"] for row in rows}
        assert {id for ids in answered for id in ids} <= there
        # A mutation is in the record as a whole or not at all, with the document it made.
        assert len(there) % EDGES == 0
        with open_record(store, "default") as record:
            kept = record.documents()
            assert len(kept) * EDGES == len(there)
            assert all(b"pratique/guac/1" in record.raw(one.digest) for one in kept)
