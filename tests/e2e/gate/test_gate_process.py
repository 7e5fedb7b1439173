"""The gate as a process: what is wrong, many at once, killed at any moment."""

from __future__ import annotations

import hashlib
import random
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from pratique.gate.log import entries

pytestmark = pytest.mark.e2e


def test_what_is_wrong_never_arrives_whole(gate: Any, registry: Any) -> None:
    """A large file is passed on as it comes; its end is withheld until it is verified."""
    registry.wheel("beta", "1.0", padding=3_000_000)
    path = "/packages/beta-1.0-py3-none-any.whl"
    body = registry.bodies[path]
    registry.put(path, body[:-1] + b"!")
    url = f"{gate.url}/pypi/files/beta/beta-1.0-py3-none-any.whl"
    got = b""
    try:
        with httpx.stream("GET", url, timeout=60) as answer:
            if answer.status_code == 200:
                for block in answer.iter_raw():
                    got += block
            else:
                assert answer.status_code == 502
    except httpx.HTTPError:
        pass
    assert len(got) < len(body) - 1000
    registry.put(path, body)
    assert httpx.get(url, timeout=60).content == body
    assert gate.ask("verify").returncode == 0


def test_many_first_downloads_at_once(gate: Any, registry: Any) -> None:
    for number in range(40):
        registry.wheel(f"p{number}", "1.0", padding=200_000)
    paths = [f"/pypi/files/p{n % 40}/p{n % 40}-1.0-py3-none-any.whl" for n in range(200)]

    limits = httpx.Limits(max_connections=200)
    client = httpx.Client(timeout=60, trust_env=False, verify=False, limits=limits)

    def fetch(path: str) -> bool:
        answer = client.get(gate.url + path)
        return answer.content == registry.bodies[f"/packages/{path.rpartition('/')[2]}"]

    with ThreadPoolExecutor(200) as pool:
        assert all(pool.map(fetch, paths))
    client.close()
    assert len([path for path in registry.asked if path.startswith("/packages/")]) == 40
    assert gate.memory() < 300 * 1024


def test_one_gate_for_a_folder(gate: Any) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        other = str(probe.getsockname()[1])
    words = [word if word != str(gate.port) else other for word in gate.words]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "in use by another gate" in done.stderr
    assert gate.kill(signal.SIGTERM) == 0


@pytest.mark.parametrize(
    "kills", [8, pytest.param(100, marks=[pytest.mark.nightly, pytest.mark.timeout(3000)])]
)
def test_killed_at_any_moment(gate: Any, registry: Any, kills: int) -> None:
    """No artifact that a client has whole is lost, and no entry of the log."""
    count = 30 * kills
    for number in range(count):
        registry.wheel(f"p{number}", "1.0", padding=100_000)
    chance = random.Random(kills)
    whole: dict[str, str] = {}
    left = list(range(count))
    heads: list[str] = []

    client = httpx.Client(timeout=60, trust_env=False, verify=False)

    def fetch(number: int) -> None:
        path = f"/pypi/files/p{number}/p{number}-1.0-py3-none-any.whl"
        try:
            answer = client.get(gate.url + path)
        except httpx.HTTPError:
            return
        if answer.status_code == 200:
            whole[path] = hashlib.sha256(answer.content).hexdigest()

    for _ in range(kills):
        batch = [left.pop() for _ in range(30)]
        with ThreadPoolExecutor(8) as pool:
            work = [pool.submit(fetch, number) for number in batch]
            enough = len(whole) + chance.randint(1, 20)
            deadline = time.monotonic() + 60
            while len(whole) < enough and time.monotonic() < deadline:
                time.sleep(0.001)
            time.sleep(chance.uniform(0, 0.05))
            gate.kill()
            for one in work:
                one.result()
        gate.start()
        now = [entry["hash"] for entry in entries(gate.data)]
        assert now[: len(heads)] == heads
        heads = now
    assert len(whole) > kills
    registry.close()
    gate.restart()
    for path, digest in whole.items():
        assert hashlib.sha256(client.get(gate.url + path).content).hexdigest() == digest
    client.close()
    stored = {entry["sha256"] for entry in entries(gate.data) if entry["kind"] == "stored"}
    assert set(whole.values()) <= stored
    done = gate.ask("verify")
    assert done.returncode == 0, done.stdout


def speak(port: int, *parts: bytes, patience: float = 1.5) -> bytes:
    """What the gate says on one connection, until it closes it or is silent.

    ``patience``: how long the first word may take, in seconds.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        got = b""
        try:
            for part in parts:
                client.sendall(part)
            client.settimeout(patience)
            while block := client.recv(65536):
                got += block
                client.settimeout(1.5)
        except (TimeoutError, ConnectionError):
            pass
        return got


SMUGGLED = b"GET /pypi/simple/smuggled/ HTTP/1.1\r\nHost: a\r\n\r\n"


FRAMINGS = [
    b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n",
    b"Content-Length: 5\r\nContent-Length: 0\r\n",
    b"Content-Length: +0\r\n",
    b"Content-Length: 0x0\r\n",
    b"Transfer-Encoding: xchunked\r\n",
    b"Transfer-Encoding : chunked\r\n",
    b"Transfer-Encoding: chunked, identity\r\n",
    b" Transfer-Encoding: chunked\r\n",
    b"X: a\r\n\tTransfer-Encoding: chunked\r\n",
]


def test_no_request_is_smuggled_in_a_body(gate: Any, registry: Any) -> None:
    """Where two readers could see two ends of a body, the gate sees one request, or none."""
    for framing in FRAMINGS:
        head = b"POST /npm/-/npm/v1/security/advisories/bulk HTTP/1.1\r\nHost: a\r\n" + framing
        got = speak(gate.port, head + b"\r\n0\r\n\r\n" + SMUGGLED, patience=60)
        assert got.startswith(b"HTTP/1.1 4"), (framing, got)
        # A second answer would be to what is in the body.
        assert got.count(b"HTTP/1.1 ") == 1, (framing, got)
        assert not any("smuggled" in path for path in registry.asked), framing
    assert httpx.get(f"{gate.url}/healthz", timeout=60).status_code == 200


NO_REQUESTS = [
    b"GET http://127.0.0.1:9/pypi/simple/alpha/ HTTP/1.1\r\nHost: a\r\n\r\n",
    b"CONNECT 127.0.0.1:9 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /pypi/simple/../../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /pypi/files/alpha/..%2f..%2flock HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /maven/%2e%2e/%2e%2e/decisions.jsonl HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03",
    b"GET / HTTP/0.9\r\n\r\n",
]


def test_requests_that_are_none(gate: Any, registry: Any) -> None:
    for request in NO_REQUESTS:
        got = speak(gate.port, request)
        assert not got.startswith(b"HTTP/1.1 200"), request
        assert b"root:" not in got
        assert b'"prev"' not in got
    assert set(registry.asked) <= {"/simple/alpha/"}
    assert httpx.get(f"{gate.url}/healthz", timeout=60).status_code == 200


def test_a_full_disk_refuses_cleanly(
    start: Any, stop: Any, registry: Any, advisories: Any, tmp_path: Any
) -> None:
    """On a real file system without room: 503, a sound store, and service once there is room."""
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(small)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("a small file system cannot be mounted here")
    try:
        registry.wheel("beta", "1.0", padding=2_000_000)
        registry.wheel("delta", "1.0", padding=2_000_000)
        gate = start(
            *("--upstream", f"pypi={registry.url}/simple", "--data", str(small / "data")),
            *("--advisories", str(advisories)),
        )
        gate.data = small / "data"
        urls = [f"{gate.url}/pypi/files/{n}/{n}-1.0-py3-none-any.whl" for n in ("beta", "delta")]
        assert httpx.get(urls[0], timeout=60).status_code == 200
        with (small / "filler").open("wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(b"x" * 4096)
            except OSError:
                pass
        answer = httpx.get(urls[1], timeout=60)
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        assert gate.ask("verify").returncode == 0
        (small / "filler").unlink()
        assert httpx.get(urls[1], timeout=60).status_code == 200
        assert gate.ask("verify").returncode == 0
    finally:
        stop()
        subprocess.run(["umount", str(small)], check=False)


def test_a_quota_never_cuts_a_client_off(start: Any, registry: Any, advisories: Any) -> None:
    """While many read, what others bring pushes out what nobody reads."""
    for number in range(20):
        registry.wheel(f"p{number}", "1.0", padding=300_000)
    gate = start(
        *("--upstream", f"pypi={registry.url}/simple", "--quota", "2M"),
        *("--advisories", str(advisories)),
    )
    limits = httpx.Limits(max_connections=8)
    client = httpx.Client(timeout=60, trust_env=False, verify=False, limits=limits)

    def fetch(number: int) -> int:
        path = f"p{number}/p{number}-1.0-py3-none-any.whl"
        answer = client.get(f"{gate.url}/pypi/files/{path}")
        if answer.status_code == 200:
            assert answer.content == registry.bodies[f"/packages/{path.rpartition('/')[2]}"]
        return answer.status_code

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(fetch, [*range(20), *range(20), *range(19, -1, -1)]))
    client.close()
    assert set(found) <= {200, 503}
    assert found.count(200) > 50
    kept = gate.state()["store"]
    assert 0 < kept["bytes"] <= kept["quota"] == 2 * 1024 * 1024
    on_disk = sum(one.stat().st_size for one in (gate.data / "blobs").rglob("*") if one.is_file())
    assert on_disk == kept["bytes"]
    assert any(entry["kind"] == "evicted" for entry in entries(gate.data))
    assert gate.ask("verify").returncode == 0
