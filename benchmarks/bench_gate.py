"""The gate on loopback: cached index pages and artifacts, against a plain file server.

The file server is granian's own, which answers from Rust without any Python.
The load comes from one more process of this machine, over connections that are
kept: on two cores it takes its share of what is measured.

Run: python benchmarks/bench_gate.py [--seconds 5] [--connections 16]
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from pratique.gate.desk import Here
from pratique.gate.tokens import Role

SIZE = 60_000
"""Bytes of the artifact; half of the wheels of PyPI are smaller."""

FILES = 200
"""Files on the index page."""

COLD = 200
"""Artifacts of as many projects that are asked for at once while none of them is here."""

OWED_ADDED_MS = 5.0
OWED_REQUESTS = 2000
OWED_MB = 300
"""What the gate promises: p50 added, cached index pages a second, largest memory."""

SERVER = """
import asyncio, sys
from pathlib import Path
from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

async def app(scope, receive, send):
    pass

asyncio.run(Server(app, port=int(sys.argv[1]), interface=Interfaces.ASGINL, http=HTTPModes.http1,
    websockets=False, log_enabled=False, static_path_route=["/files"],
    static_path_mount=[Path(sys.argv[2])]).serve())
"""


def upstream() -> str:
    """A registry with one project."""
    body = b"x" * SIZE
    digest = hashlib.sha256(body).hexdigest()
    files = [
        {
            "filename": f"alpha-1.{n}-py3-none-any.whl",
            "url": f"/packages/alpha-1.{n}-py3-none-any.whl",
            "hashes": {"sha256": digest},
            "size": SIZE,
            "upload-time": "2026-01-01T00:00:00Z",
        }
        for n in range(FILES)
    ]
    page = json.dumps({"meta": {"api-version": "1.1"}, "name": "alpha", "files": files}).encode()

    def cold(name: str) -> bytes:
        file = f"{name}-1.0-py3-none-any.whl"
        url = f"/packages/{file}"
        one = {"filename": file, "url": url, "hashes": {"sha256": digest}, "size": SIZE}
        return json.dumps({"meta": {"api-version": "1.1"}, "name": name, "files": [one]}).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            index = self.path.startswith("/simple/")
            name = self.path.strip("/").rpartition("/")[2]
            data = (page if name == "alpha" else cold(name)) if index else body
            kind = "application/vnd.pypi.simple.v1+json" if index else "application/octet-stream"
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 512
        daemon_threads = True

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str) -> None:
    for _ in range(400):
        try:
            urllib.request.urlopen(url).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit(f"{url} does not answer")


async def worker(port: int, request: bytes, until: float, times: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024 * 1024)
    while time.perf_counter() < until:
        start = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head[:20]:
            raise SystemExit(head.decode())
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if length:
            await reader.readexactly(int(length))
        else:  # granian sends files in chunks
            await reader.readuntil(b"\r\n0\r\n\r\n")
        times.append(time.perf_counter() - start)
    writer.close()


async def load(port: int, path: str, accept: str, seconds: float, connections: int) -> list[float]:
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: {accept}\r\n\r\n".encode()
    times: list[float] = []
    until = time.perf_counter() + seconds
    await asyncio.gather(*(worker(port, request, until, times) for _ in range(connections)))
    return times


def measure(name: str, port: int, path: str, accept: str, options: argparse.Namespace) -> float:
    """Print what a load gives; return the median of one connection alone, in milliseconds."""
    asyncio.run(load(port, path, accept, 0.5, 1))
    alone = asyncio.run(load(port, path, accept, options.seconds / 2, 1))
    many = asyncio.run(load(port, path, accept, options.seconds, options.connections))
    median = statistics.median(alone) * 1000
    print(
        f"{name:<28} {len(many) / options.seconds:>8,.0f} requests/s over {options.connections}"
        f" connections (p50 {statistics.median(many) * 1000:.2f} ms); alone p50 {median:.3f} ms"
    )
    return median


async def fetch(port: int, path: str) -> bool:
    """Whether an artifact arrives whole, on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024 * 1024)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read(-1)
    writer.close()
    return b" 200 " in answer[:20] and answer.count(b"x") >= SIZE


async def cold(port: int) -> tuple[int, float]:
    """How many of the first downloads at once arrive, and in which time."""
    start = time.perf_counter()
    paths = (f"/pypi/files/p{n}/p{n}-1.0-py3-none-any.whl" for n in range(COLD))
    arrived = await asyncio.gather(*(fetch(port, path) for path in paths))
    return sum(arrived), time.perf_counter() - start


def wrk(name: str, port: int, path: str, accept: str, options: argparse.Namespace) -> None:
    """The same load by wrk, which takes less of the two cores for itself; where it is installed."""
    program = shutil.which("wrk")
    if program is None:
        return
    seconds = max(1, int(options.seconds))
    words = [program, "-t1", f"-c{options.connections}", f"-d{seconds}s", "-H", f"Accept: {accept}"]
    url = f"http://127.0.0.1:{port}{path}"
    done = subprocess.run([*words, url], capture_output=True, text=True, check=True)
    found = next(line for line in done.stdout.splitlines() if line.startswith("Requests/sec"))
    bad = "with errors" if "Non-2xx" in done.stdout else "no errors"
    print(f"{name + ', wrk':<28} {float(found.split()[1]):>8,.0f} requests/s, {bad}")


def memory(process: int) -> float:
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--connections", type=int, default=16)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        port, plain = free_port(), free_port()
        gate = subprocess.Popen(
            [
                *(sys.executable, "-m", "pratique.gate", "serve", "--policy", "observe"),
                *("--data", str(root / "data"), "--port", str(port)),
                *("--upstream", f"pypi={upstream()}/simple"),
            ],
            stderr=subprocess.DEVNULL,
        )
        static = root / "static"
        static.mkdir()
        (static / "artifact").write_bytes(b"x" * SIZE)
        files = subprocess.Popen([sys.executable, "-c", SERVER, str(plain), str(static)])
        try:
            wait_for(f"http://127.0.0.1:{port}/healthz")
            wait_for(f"http://127.0.0.1:{plain}/files/artifact")
            page, kind = "/pypi/simple/alpha/", "application/vnd.pypi.simple.v1+json"
            artifact = "/pypi/files/alpha/alpha-1.0-py3-none-any.whl"
            index = urllib.request.Request(
                f"http://127.0.0.1:{port}{page}", headers={"Accept": kind}
            )
            with urllib.request.urlopen(index) as answer:
                (static / "page").write_bytes(answer.read())
            urllib.request.urlopen(f"http://127.0.0.1:{port}{artifact}").read()
            token = Here(root / "data").create_token("bench", [Role.CLIENT])["token"]
            known = f"{kind}\r\nAuthorization: Bearer {token}"
            rows = (
                ("index page, gate", port, page, kind),
                ("index page, file server", plain, "/files/page", "*/*"),
                ("artifact, gate", port, artifact, "*/*"),
                ("artifact, file server", plain, "/files/artifact", "*/*"),
            )
            medians = [measure(*row, options) for row in rows]
            shown = measure("index page, gate, token", port, page, known, options)
            for row in rows:
                wrk(*row, options)
            arrived, seconds = asyncio.run(cold(port))
            print(f"first downloads at once: {arrived} of {COLD} arrive, in {seconds:.2f} s")
            print(f"added to p50: index page {medians[0] - medians[1]:.3f} ms", end=", ")
            print(f"artifact {medians[2] - medians[3]:.3f} ms", end=", ")
            print(f"a token {shown - medians[0]:.3f} ms more")
            print(f"largest memory of the gate: {memory(gate.pid):.0f} MB")
            print(
                f"owed: p50 < {OWED_ADDED_MS} ms added, >= {OWED_REQUESTS:,} index pages/s, "
                f"{COLD} of {COLD}, < {OWED_MB} MB"
            )
        finally:
            gate.terminate()
            files.terminate()
            gate.wait()
            files.wait()


if __name__ == "__main__":
    main()
