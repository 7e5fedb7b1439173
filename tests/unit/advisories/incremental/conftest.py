"""OSV's export on loopback."""

from __future__ import annotations

import io
import random
import re
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec
import pytest

from pratique.sources import osv

ZERO = {"introduced": "0"}


class Export:
    """OSV's export as it would be published, in memory; and a server of it."""

    def __init__(self) -> None:
        self.records: dict[str, dict[str, dict[str, Any]]] = {}
        self.asked: list[str] = []
        self.lists = True
        self.cut = 0
        """Answers cut after half of their bytes."""

        self.slow = 0.0
        self.absent: set[str] = set()

    def put(self, ecosystem: str, *records: dict[str, Any]) -> None:
        self.records.setdefault(ecosystem, {}).update({each["id"]: each for each in records})

    def file(self, path: str) -> bytes | None:
        parts = path.strip("/").split("/")
        if parts == ["ecosystems.txt"]:
            return "\n".join(self.records).encode()
        found = self.records.get(parts[0])
        if found is None or len(parts) != 2 or path in self.absent:
            return None
        if parts[1] == "all.zip":
            data = io.BytesIO()
            with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as made:
                for identifier, record in sorted(found.items()):
                    info = zipfile.ZipInfo(f"{identifier}.json", (2026, 2, 3, 4, 5, 6))
                    made.writestr(info, msgspec.json.encode(record))
            return data.getvalue()
        if parts[1] == "modified_id.csv" and self.lists:
            rows = sorted(((r["modified"], i) for i, r in found.items()), reverse=True)
            return "".join(f"{moment},{identifier}\n" for moment, identifier in rows).encode()
        record = found.get(parts[1].removesuffix(".json"))
        return msgspec.json.encode(record) if record is not None else None

    def write(self, folder: Path, *kinds: str) -> None:
        """Copy it to a folder, as one would for an air-gapped site."""
        for ecosystem, records in self.records.items():
            (folder / ecosystem).mkdir(parents=True, exist_ok=True)
            names = [*kinds, *(f"{i}.json" for i in records if "records" in kinds)]
            for name in names:
                data = self.file(f"/{ecosystem}/{name}")
                if data is not None:
                    (folder / ecosystem / name).write_bytes(data)


def handler(export: Export) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self.answer(head=True)

        def do_GET(self) -> None:
            self.answer(head=False)

        def answer(self, *, head: bool) -> None:
            path = unquote(self.path)
            if path.startswith("http://"):  # asked as a proxy
                path = "/" + path.split("/", 3)[3]
            range_ = self.headers.get("Range", "")
            export.asked.append(f"{self.command} {path} {range_}".strip())
            if export.slow:
                time.sleep(export.slow)
            data = export.file(path)
            if data is None:
                self.send(404, b"", {})
                return
            tag = f'"{len(data)}-{hash(data)}"'
            if self.headers.get("If-None-Match") == tag:
                self.send(304, None, {})
                return
            status, start = 200, 0
            if range_ and self.headers.get("If-Range") == tag:
                status, start = 206, int(re.findall(r"\d+", range_)[0])
            self.send(status, data[start:], {"ETag": tag}, head=head)

        def send(
            self, status: int, data: bytes | None, headers: dict[str, str], *, head: bool = False
        ) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if data is not None:
                self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if data and not head:
                if export.cut and len(data) > 2000:
                    export.cut -= 1
                    self.wfile.write(data[: len(data) // 2])
                    self.close_connection = True
                    return
                self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


@pytest.fixture
def export(monkeypatch: pytest.MonkeyPatch, record: Any) -> Iterator[Export]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(osv, "BACKOFF_SECONDS", 0.001)
    made = Export()
    made.put(
        "npm", *(dated_record(record(f"GHSA-{n}", "npm", f"p{n}", ZERO), n) for n in range(40))
    )
    made.put(
        "PyPI", *(dated_record(record(f"PYSEC-{n}", "PyPI", f"p{n}", ZERO), n) for n in range(40))
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(made))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("PRATIQUE_OSV_URL", f"http://127.0.0.1:{server.server_port}")
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


def dated_record(record: dict[str, Any], day: int, **more: Any) -> dict[str, Any]:
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)
    # Random text: the zip has to be dearer than a few records.
    text = random.Random(str(record["id"])).randbytes(20_000).hex()
    return record | {"modified": f"{moment:%Y-%m-%dT%H:%M:%SZ}", "details": text} | more


@pytest.fixture
def dated() -> Callable[..., dict[str, Any]]:
    """A record, last changed so many days after the beginning of 2026."""
    return dated_record
