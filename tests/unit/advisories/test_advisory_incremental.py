"""Updates by changes, against a loopback server with OSV's lists, and from folders."""

from __future__ import annotations

import io
import os
import random
import re
import shutil
import signal
import subprocess
import sys
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

from pratique.advisories import Index, generation
from pratique.advisories.planning import RECORD_COST, cheaper_whole
from pratique.advisories.update import Update, update
from pratique.model.advisory import Query
from pratique.model.errors import EvidenceError, UpstreamError, UsageError
from pratique.sources import osv
from pratique.sources.osv import newest_rows, proxy_of

ZERO = {"introduced": "0"}
NOW = datetime(2026, 3, 1, tzinfo=UTC)


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
    made.put("npm", *(dated(record(f"GHSA-{n}", "npm", f"p{n}", ZERO), n) for n in range(40)))
    made.put("PyPI", *(dated(record(f"PYSEC-{n}", "PyPI", f"p{n}", ZERO), n) for n in range(40)))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(made))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("PRATIQUE_OSV_URL", f"http://127.0.0.1:{server.server_port}")
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


def dated(record: dict[str, Any], day: int, **more: Any) -> dict[str, Any]:
    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)
    # Random text: the zip has to be dearer than a few records.
    text = random.Random(str(record["id"])).randbytes(20_000).hex()
    return record | {"modified": f"{moment:%Y-%m-%dT%H:%M:%SZ}", "details": text} | more


def found(root: Path, ecosystem: str, name: str) -> list[str]:
    answer = Index.open(root).match([Query(ecosystem=ecosystem, name=name, version="1.0.0")])[0]
    return [match.advisories[0].id for match in answer.matches]


def asked(export: Export, kind: str) -> list[str]:
    return [line for line in export.asked if kind in line]


def later(root: Path, hours: int, **more: Any) -> Update:
    return update(root, now=NOW + timedelta(hours=hours), **more)


def test_changes_are_fetched_one_by_one(export: Export, tmp_path: Path, record: Any) -> None:
    first = later(tmp_path, 0)
    assert first.fetched == ("npm", "PyPI")
    assert first.manifest.watermarks["npm"].modified == datetime(2026, 2, 9, tzinfo=UTC)
    export.put("npm", dated(record("GHSA-new", "npm", "new", ZERO), 50))
    export.put("npm", dated(record("GHSA-3", "npm", "p3", ZERO), 51, withdrawn="2026-02-20T00:00:00Z"))  # fmt: skip
    export.asked.clear()
    done = later(tmp_path, 1)
    assert done.fetched == ("npm",)
    assert done.unchanged == ("PyPI",)
    assert done.changed == {"npm": 2}
    assert asked(export, "all.zip") == ["HEAD /npm/all.zip"]
    assert sorted(asked(export, ".json")) == ["GET /npm/GHSA-3.json", "GET /npm/GHSA-new.json"]
    assert found(tmp_path, "npm", "new") == ["GHSA-new"]
    assert found(tmp_path, "npm", "p3") == []
    assert found(tmp_path, "npm", "p4") == ["GHSA-4"]
    manifest = Index.open(tmp_path).manifest
    assert manifest.watermarks["npm"].modified == datetime(2026, 2, 21, tzinfo=UTC)
    assert manifest.as_of == NOW + timedelta(hours=1)
    assert len(manifest.layers) == 1
    Index.open(tmp_path).verify()
    assert list((tmp_path / "downloads").iterdir()) == []
    export.asked.clear()
    again = later(tmp_path, 2)
    assert again.fetched == ()
    assert len(export.asked) == 3, "the list of ecosystems and two lists of changes"
    assert again.manifest.as_of == NOW + timedelta(hours=2)


def test_record_that_appears_late_is_found(export: Export, tmp_path: Path, record: Any) -> None:
    later(tmp_path, 0)
    export.put("npm", dated(record("GHSA-late", "npm", "late", ZERO), 38))
    assert later(tmp_path, 1).changed == {"npm": 1}
    assert found(tmp_path, "npm", "late") == ["GHSA-late"]


@pytest.mark.parametrize(
    ("changes", "size", "whole"),
    [(1, RECORD_COST, False), (2, RECORD_COST, True), (0, 1, False), (1000, 0, False),
     (1001, 0, True), (60_000, 1 << 30, False), (70_000, 1 << 30, True)],
)  # fmt: skip
def test_rule_of_what_is_cheaper(changes: int, size: int, whole: bool) -> None:
    assert cheaper_whole(changes, size) == whole


def test_many_changes_are_taken_as_a_whole(export: Export, tmp_path: Path, record: Any) -> None:
    later(tmp_path, 0)
    small = {"details": "small"}
    export.put("npm", *(dated(record(f"GHSA-{n}", "npm", f"p{n}", ZERO), 60, **small) for n in range(40)))  # fmt: skip
    export.asked.clear()
    done = later(tmp_path, 1)
    assert done.changed == {}
    assert asked(export, "all.zip") == ["HEAD /npm/all.zip", "GET /npm/all.zip"]
    assert asked(export, ".json") == []
    assert found(tmp_path, "PyPI", "p4") == ["PYSEC-4"], "what was not fetched is kept"
    assert not done.manifest.layers


def test_whole_now_and_then(export: Export, tmp_path: Path) -> None:
    later(tmp_path, 0)
    del export.records["npm"]["GHSA-5"]
    assert later(tmp_path, 1).fetched == (), "no list tells what was removed"
    done = later(tmp_path, 24 * 31)
    assert done.fetched == ("npm", "PyPI")
    assert found(tmp_path, "npm", "p5") == []


def test_place_without_lists(export: Export, tmp_path: Path, record: Any) -> None:
    export.lists = False
    assert later(tmp_path, 0).manifest.watermarks["npm"].modified is None
    export.put("npm", dated(record("GHSA-new", "npm", "new", ZERO), 50))
    done = later(tmp_path, 1)
    assert (done.fetched, done.unchanged) == (("npm",), ("PyPI",))
    assert found(tmp_path, "npm", "new") == ["GHSA-new"]


def test_record_that_is_listed_and_absent(export: Export, tmp_path: Path, record: Any) -> None:
    later(tmp_path, 0)
    export.put("npm", dated(record("GHSA-new", "npm", "new", ZERO), 50))
    export.absent.add("/npm/GHSA-new.json")
    later(tmp_path, 1)
    assert found(tmp_path, "npm", "new") == ["GHSA-new"], "taken from the zip"


@pytest.mark.parametrize("data", [b'{"id": "GHSA-other"}', b"<html>", b"[]", b"\xff", b""])
def test_record_that_is_another_or_none(
    export: Export, tmp_path: Path, record: Any, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    """The zip is taken instead: what is wrong there costs one record, not the update."""
    later(tmp_path, 0)
    export.put("npm", dated(record("GHSA-new", "npm", "new", ZERO), 50))
    file = export.file
    monkeypatch.setattr(export, "file", lambda path: data if "new.json" in path else file(path))
    done = later(tmp_path, 1)
    assert (done.fetched, done.changed) == (("npm",), {})
    assert found(tmp_path, "npm", "new") == ["GHSA-new"]
    assert found(tmp_path, "npm", "other") == []


def test_delta_that_withdraws_a_tenth_is_refused(export: Export, tmp_path: Path, record: Any) -> None:  # fmt: skip
    later(tmp_path, 0)
    gone = {"withdrawn": "2026-02-25T00:00:00Z"}
    export.put("npm", *(dated(record(f"GHSA-{n}", "npm", f"p{n}", ZERO), 55, **gone) for n in range(5)))  # fmt: skip
    with pytest.raises(EvidenceError, match=r"npm: the changes withdraw 5 of 40"):
        later(tmp_path, 1)
    assert found(tmp_path, "npm", "p4") == ["GHSA-4"]
    assert later(tmp_path, 2, accept_shrinking=True).changed == {"npm": 5}
    assert found(tmp_path, "npm", "p4") == []


def test_interrupted_zip_goes_on(export: Export, tmp_path: Path) -> None:
    export.cut = 1
    later(tmp_path, 0)
    zips = asked(export, "/npm/all.zip")
    assert zips[0] == "GET /npm/all.zip"
    assert re.fullmatch(r"GET /npm/all\.zip bytes=\d{5,}-", zips[1]), zips
    export.cut = osv.ATTEMPTS
    with pytest.raises(UpstreamError):
        later(tmp_path, 1, whole=True)
    export.asked.clear()
    assert later(tmp_path, 2, whole=True).fetched == ("npm", "PyPI")
    assert re.fullmatch(r"GET /npm/all\.zip bytes=\d{5,}-", asked(export, "/npm/all.zip")[0])
    Index.open(tmp_path).verify()


def test_part_of_a_file_that_has_changed_is_not_gone_on_from(
    export: Export, tmp_path: Path, record: Any
) -> None:
    export.cut = osv.ATTEMPTS
    with pytest.raises(UpstreamError):
        later(tmp_path, 0)
    export.put("npm", dated(record("GHSA-new", "npm", "new", ZERO), 50))
    later(tmp_path, 1)
    assert found(tmp_path, "npm", "new") == ["GHSA-new"]


def test_interrupted_changes_go_on(
    export: Export, tmp_path: Path, record: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(tmp_path, 0)
    export.put("npm", *(dated(record(f"GHSA-n{n}", "npm", f"n{n}", ZERO), 50) for n in range(12)))
    export.put("PyPI", dated(record("PYSEC-n", "PyPI", "n", ZERO), 50))
    url = f"http://127.0.0.1:{_port(tmp_path)}"
    file = export.file

    def cutting(path: str) -> bytes | None:
        export.cut = int("PYSEC-n." in path)
        return file(path)

    monkeypatch.setattr(export, "file", cutting)
    with pytest.raises(UpstreamError):
        later(tmp_path, 1)
    monkeypatch.setattr(export, "file", file)
    export.cut = 0
    path = tmp_path / "downloads" / "npm.changes"
    lines = path.read_bytes().splitlines(keepends=True)
    assert len(lines) == 12
    path.write_bytes(b"".join(lines[:9]) + lines[9][:100])
    export.asked.clear()
    assert later(tmp_path, 2, url=url).changed == {"npm": 12, "PyPI": 1}
    assert len(asked(export, "GHSA-")) == 3, "nine were here"
    assert found(tmp_path, "npm", "n11") == ["GHSA-n11"]


def _port(root: Path) -> int:
    return int(Index.open(root).manifest.watermarks["npm"].url.rpartition(":")[2])


KILLED = """
import sys
import httpx
from datetime import UTC, datetime
from pathlib import Path
from pratique.advisories.update import update
print("ready", flush=True)
while True:
    update(Path(sys.argv[1]), now=datetime.now(UTC))
    print("done", flush=True)
"""


@pytest.mark.parametrize("turns", [5, pytest.param(40, marks=pytest.mark.nightly)])
def test_kill_at_any_moment_leaves_a_readable_generation(
    turns: int, export: Export, tmp_path: Path, record: Any
) -> None:
    """Changes come all the time; the process is killed at random, and goes on."""
    root = tmp_path / "data"
    update(root, now=NOW)
    draw = random.Random(11)
    names: set[str] = set()
    span = 0.0
    for turn in range(turns):
        changed = [draw.randrange(40) for _ in range(draw.choice((1, 2, 30)))]
        for n in changed:
            moment = 60 + turn
            export.put("npm", dated(record(f"GHSA-{n}", "npm", f"p{n}", ZERO), moment, details="x"))
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(root)], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        process.stdout.readline()
        if not span:  # how long an update takes on this machine, now
            started = time.perf_counter()
            process.stdout.readline()
            span = time.perf_counter() - started
        time.sleep(draw.uniform(0.0, 1.2 * span))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        index = Index.open(root)
        index.verify()
        assert found(root, "PyPI", "p7") == ["PYSEC-7"]
        assert all(found(root, "npm", f"p{n}") == [f"GHSA-{n}"] for n in range(0, 40, 7))
        names.add(index.manifest.generation)
        index.close()
    assert len(names) > 1, "the process was never in time to do anything"
    update(root, now=datetime.now(UTC))
    index = Index.open(root)
    moments = {n: index.advisory(f"GHSA-{n}") for n in range(40)}
    for n, advisory in moments.items():
        assert advisory is not None
        published = export.records["npm"][f"GHSA-{n}"]["modified"]
        assert f"{advisory.modified:%Y-%m-%dT%H:%M:%SZ}" == published


def test_folder_for_an_air_gapped_site(export: Export, tmp_path: Path, record: Any) -> None:
    root, carried = tmp_path / "data", tmp_path / "carried"
    export.write(carried, "all.zip", "modified_id.csv")
    done = update(root, url=str(carried), offline=True, now=NOW)
    assert done.fetched == ("PyPI", "npm")
    assert done.manifest.as_of == datetime(2026, 2, 9, tzinfo=UTC), "a copy is as old as it is"
    assert found(root, "npm", "p4") == ["GHSA-4"]
    shutil.rmtree(carried)
    export.put("npm", dated(record("GHSA-new", "npm", "new", ZERO), 50))
    export.write(carried, "modified_id.csv", "records")
    export.asked.clear()
    done = update(root, url=str(carried), offline=True, now=NOW + timedelta(days=1))
    assert done.changed == {"npm": 1}
    assert done.manifest.watermarks["npm"].checked == datetime(2026, 2, 20, tzinfo=UTC)
    assert found(root, "npm", "new") == ["GHSA-new"]
    assert export.asked == []


def test_older_copy_makes_nothing_older_or_newer(
    export: Export, tmp_path: Path, record: Any
) -> None:
    old, root = tmp_path / "old", tmp_path / "data"
    export.write(old, "all.zip", "modified_id.csv", "records")
    export.put("npm", dated(record("GHSA-4", "npm", "other", ZERO), 50))
    later(root, 0)
    before = Index.open(root).manifest
    done = update(root, url=str(old), now=NOW + timedelta(days=3))
    assert done.fetched == ()
    assert done.manifest.watermarks == before.watermarks
    assert done.manifest.as_of == before.as_of
    assert found(root, "npm", "other") == ["GHSA-4"]


def test_folder_with_zips_only(export: Export, tmp_path: Path) -> None:
    export.write(tmp_path / "carried", "all.zip")
    done = update(tmp_path / "data", url=str(tmp_path / "carried"), now=NOW)
    assert done.manifest.as_of == datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)


@pytest.mark.parametrize("content", [None, {}, {"PyPI/other.txt": b""}])
def test_folder_without_records(tmp_path: Path, content: dict[str, bytes] | None) -> None:
    for name, data in (content or {}).items():
        (tmp_path / "in" / name).parent.mkdir(parents=True)
        (tmp_path / "in" / name).write_bytes(data)
    if content == {}:
        (tmp_path / "in").mkdir()
    with pytest.raises((UsageError, UpstreamError), match=r"no ecosystem|not a folder"):
        update(tmp_path / "data", url=str(tmp_path / "in"), now=NOW)


def test_link_out_of_the_folder_is_not_followed(export: Export, tmp_path: Path) -> None:
    export.write(tmp_path / "outside", "all.zip")
    (tmp_path / "in" / "npm").mkdir(parents=True)
    (tmp_path / "in" / "npm" / "all.zip").symlink_to(tmp_path / "outside" / "npm" / "all.zip")
    with pytest.raises(UpstreamError, match="no ecosystem"):
        update(tmp_path / "data", url=str(tmp_path / "in"), now=NOW)


def test_proxy_by_option_and_setting(
    export: Export, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server answers as a proxy would; the host that is asked for does not exist."""
    proxy = os.environ["PRATIQUE_OSV_URL"]
    url = "http://osv.example.test"
    assert update(tmp_path / "a", ["npm"], url=url, proxy=proxy, now=NOW).fetched == ("npm",)
    monkeypatch.setenv("PRATIQUE_OSV_PROXY", proxy)
    assert update(tmp_path / "b", ["npm"], url=url, now=NOW).fetched == ("npm",)
    monkeypatch.delenv("PRATIQUE_OSV_PROXY")
    monkeypatch.setenv("HTTP_PROXY", proxy)
    assert update(tmp_path / "c", ["npm"], url=url, now=NOW).fetched == ("npm",)
    for wrong in ("proxy.example.test:3128", "file:///etc/passwd", "http://"):
        with pytest.raises(UsageError, match="not the address of a proxy"):
            proxy_of(wrong)


@pytest.mark.parametrize(
    "line", [b"<html>", b"2026-01-01T00:00:00Z", b"yesterday,A-1", b"2026-01-01T00:00:00Z,../../x",
             b"2026-01-01T00:00:00Z,", b"\xff\xfe,A-1", b"2026-01-01T00:00:00Z,a\0b"]
)  # fmt: skip
def test_list_that_is_none(line: bytes) -> None:
    if line.endswith(b"../../x"):
        assert newest_rows("w", [line], lambda _: False)[0].id == "x", "only a last part is used"
        return
    with pytest.raises(UpstreamError, match="line 2 is not a time and an id"):
        newest_rows("w", [b"2026-01-02T00:00:00Z,npm/A-1\r\n", line], lambda _: False)


def test_list_out_of_order_is_read_to_its_end() -> None:
    lines = [b"2026-01-01T00:00:00Z,A", b"2026-01-03T00:00:00Z,B", b"2026-01-01T00:00:00Z,C",
             b"2026-01-04T00:00:00Z,D"]  # fmt: skip
    new: Callable[[Any], bool] = lambda row: row.modified.day < 2  # noqa: E731 - as it is passed
    assert [row.id for row in newest_rows("w", lines[1:], new)] == ["B"]
    assert [row.id for row in newest_rows("w", [lines[1], lines[3], *lines], new)] == ["B", "D", "B", "D"]  # fmt: skip


def test_generation_of_other_orderings_is_built_anew(
    export: Export, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record: Any
) -> None:
    later(tmp_path, 0)
    export.put("npm", dated(record("GHSA-new", "npm", "new", ZERO), 50))
    monkeypatch.setattr("pratique.advisories.update.fingerprint", lambda: "another")
    done = update(tmp_path, ["npm"], now=NOW + timedelta(hours=1))
    assert not done.manifest.layers
    assert found(tmp_path, "npm", "new") == ["GHSA-new"]
    assert found(tmp_path, "PyPI", "p1") == ["PYSEC-1"]
    assert generation.verify(Index.open(tmp_path).folder).watermarks.keys() == {"npm", "PyPI"}
