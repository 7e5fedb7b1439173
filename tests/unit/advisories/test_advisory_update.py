"""Updates against a server on the loopback interface that behaves well and badly."""

from __future__ import annotations

import io
import threading
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from pratique.advisories import Index
from pratique.advisories.errors import FormatError
from pratique.advisories.update import update
from pratique.model.advisory import Query
from pratique.model.errors import EvidenceError, ExitCode, UpstreamError, UsageError
from pratique.sources import osv
from pratique.sources.osv import OsvBucket, Validators
from pratique.sources.osv_places import DEFAULT_URL, base_url
from pratique.surfaces.cli.app import dispatch

ZERO = {"introduced": "0"}
NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Bucket(BaseHTTPRequestHandler):
    """Serves files with ETags; may be told to fail."""

    files: ClassVar[dict[str, bytes]] = {}
    failures: ClassVar[list[tuple[int, dict[str, str]]]] = []
    asked: ClassVar[list[tuple[str, str]]] = []
    cut: ClassVar[bool] = False

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers.get("If-None-Match", "")))
        if self.failures:
            status, headers = self.failures.pop(0)
            self.answer(status, headers, b"")
            return
        data = self.files.get(self.path)
        if data is None:
            self.answer(404, {}, b"")
            return
        tag = f'"{hash(data)}"'
        if self.headers.get("If-None-Match") == tag:
            self.answer(304, {}, b"")
            return
        self.answer(200, {"ETag": tag}, data)

    def answer(self, status: int, headers: dict[str, str], data: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if self.cut else data)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Bucket]]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(osv, "BACKOFF_SECONDS", 0.001)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bucket)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    Bucket.files, Bucket.failures, Bucket.asked, Bucket.cut = {}, [], [], False
    monkeypatch.setenv("PRATIQUE_OSV_URL", f"http://127.0.0.1:{server.server_port}/")
    yield Bucket
    server.shutdown()
    server.server_close()
    thread.join()


def archive(*records: dict[str, Any]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as made:
        for record in records:
            made.writestr(f"{record['id']}.json", msgspec.json.encode(record))
    return data.getvalue()


@pytest.fixture
def filled(bucket: type[Bucket], record: Any) -> type[Bucket]:
    bucket.files = {
        "/ecosystems.txt": b"PyPI\nnpm\nPhoton OS\n",
        "/PyPI/all.zip": archive(record("PYSEC-1", "PyPI", "alpha", ZERO)),
        "/npm/all.zip": archive(record("GHSA-1", "npm", "beta", ZERO)),
        "/Photon%20OS/all.zip": archive(record("PHSA-1", "Photon OS:5.0", "gamma", ZERO)),
    }
    return bucket


def found(root: Path, ecosystem: str, name: str) -> list[str]:
    answer = Index.open(root).match([Query(ecosystem=ecosystem, name=name, version="1.0.0")])[0]
    return [match.advisories[0].id for match in answer.matches]


def test_everything_listed_is_fetched_and_indexed(filled: type[Bucket], tmp_path: Path) -> None:
    done = update(tmp_path, now=NOW)
    assert done.fetched == ("PyPI", "npm", "Photon OS")
    assert done.manifest.records == 3
    assert done.manifest.as_of == NOW
    assert found(tmp_path, "npm", "beta") == ["GHSA-1"]
    assert found(tmp_path, "Photon OS:5.0", "gamma") == ["PHSA-1"]
    assert [source.name for source in done.manifest.sources] == ["Photon OS", "PyPI", "npm"]


def test_what_has_not_changed_is_not_fetched_again(
    filled: type[Bucket], tmp_path: Path, record: Any
) -> None:
    first = update(tmp_path, now=NOW)
    later = NOW + timedelta(days=1)
    again = update(tmp_path, now=later)
    assert (again.fetched, again.unchanged) == ((), ("PyPI", "npm", "Photon OS"))
    assert again.manifest.as_of == later, "the server has said that it is complete up to now"
    assert again.manifest.generation != first.manifest.generation
    Index.open(tmp_path).verify()
    assert found(tmp_path, "npm", "beta") == ["GHSA-1"]
    filled.files["/npm/all.zip"] = archive(
        record("GHSA-1", "npm", "beta", ZERO), record("GHSA-2", "npm", "delta", ZERO)
    )
    changed = update(tmp_path, now=later + timedelta(days=1))
    assert (changed.fetched, changed.unchanged) == (("npm",), ("PyPI", "Photon OS"))
    assert found(tmp_path, "npm", "delta") == ["GHSA-2"]
    assert found(tmp_path, "PyPI", "alpha") == ["PYSEC-1"]
    assert len(list((tmp_path / "generations").iterdir())) == 2, "the one before is kept"


def test_named_ecosystems_join_those_fetched_before(filled: type[Bucket], tmp_path: Path) -> None:
    update(tmp_path, ["PyPI"], now=NOW)
    assert found(tmp_path, "npm", "beta") == []
    done = update(tmp_path, ["npm"], now=NOW + timedelta(days=3))
    assert done.manifest.as_of == NOW, "PyPI is as old as that"
    assert found(tmp_path, "PyPI", "alpha") == ["PYSEC-1"]
    assert found(tmp_path, "npm", "beta") == ["GHSA-1"]
    assert not any("ecosystems.txt" in path for path, _ in filled.asked)


def test_transient_failures_are_tried_again(filled: type[Bucket], tmp_path: Path) -> None:
    filled.failures = [(503, {}), (429, {"Retry-After": "7"})]
    waits: list[float] = []
    with OsvBucket(base_url(), wait=waits.append) as source:
        assert source.archive("npm", tmp_path / "npm.zip", Validators()) is not None
    assert waits == [0.001, 7.0]


def test_server_that_stays_down(filled: type[Bucket], tmp_path: Path) -> None:
    update(tmp_path, now=NOW)
    filled.failures = [(502, {})] * 10
    with pytest.raises(UpstreamError, match="status 502") as caught:
        update(tmp_path, now=NOW)
    assert caught.value.exit_code == ExitCode.UPSTREAM
    assert "PRATIQUE_OSV_URL" in caught.value.remedy
    assert found(tmp_path, "npm", "beta") == ["GHSA-1"]


def test_nobody_there(bucket: type[Bucket], tmp_path: Path) -> None:
    with pytest.raises(UpstreamError, match="cannot be had"):
        update(tmp_path, ["npm"], url="http://127.0.0.1:1")


def test_cut_answer_is_not_taken(filled: type[Bucket], tmp_path: Path) -> None:
    filled.cut = True
    with pytest.raises(UpstreamError):
        update(tmp_path, ["npm"], now=NOW)
    left = sorted(path.name for path in (tmp_path / "downloads").iterdir())
    assert left == [".npm.zip.part", ".npm.zip.part.json"], "a part, to go on from"


def test_unknown_ecosystem(filled: type[Bucket], tmp_path: Path) -> None:
    with pytest.raises(UpstreamError, match="does not exist"):
        update(tmp_path, ["Nowhere"], now=NOW)
    for name in ("../npm", "npm/x", "a?b", "", "x" * 200, "a\nb"):
        with pytest.raises(UsageError, match="not the name"), OsvBucket(base_url()) as source:
            source.archive(name, tmp_path / "a.zip", Validators())


def test_answer_that_is_no_zip(filled: type[Bucket], tmp_path: Path) -> None:
    filled.files["/npm/all.zip"] = b"<html>log in first</html>"
    with pytest.raises(UpstreamError, match="is not a zip"):
        update(tmp_path, ["npm"], now=NOW)
    filled.files["/ecosystems.txt"] = b"<html>\n<a href='/'>\n"
    with pytest.raises(UpstreamError, match="not a list"):
        update(tmp_path, now=NOW)
    filled.files["/ecosystems.txt"] = b"\xff\xfe"
    with pytest.raises(UpstreamError, match="not a list"):
        update(tmp_path, now=NOW)


def test_answer_that_is_too_large(
    filled: type[Bucket], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(osv, "MAX_ZIP_BYTES", 10)
    with pytest.raises(UpstreamError, match="over the limit"):
        update(tmp_path, ["npm"], now=NOW)


def test_source_that_lost_its_records_is_not_taken(
    filled: type[Bucket], tmp_path: Path, record: Any
) -> None:
    many = [record(f"GHSA-{n}", "npm", "beta", ZERO) for n in range(20)]
    filled.files["/npm/all.zip"] = archive(*many)
    update(tmp_path, ["npm"], now=NOW)
    filled.files["/npm/all.zip"] = archive(*many[:17])
    with pytest.raises(EvidenceError, match="17 records, 20 before"):
        update(tmp_path, ["npm"], now=NOW + timedelta(days=1))
    assert len(found(tmp_path, "npm", "beta")) == 20
    # The refused zip is on disk, unchanged for the server; it must not slip in later.
    with pytest.raises(EvidenceError, match="17 records, 20 before"):
        update(tmp_path, ["npm"], now=NOW + timedelta(days=2))
    done = update(tmp_path, ["npm"], now=NOW + timedelta(days=3), accept_shrinking=True)
    assert done.manifest.records == 17


def test_generation_of_another_format_is_begun_anew_and_told(
    filled: type[Bucket], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing of it can be kept, and nobody is left in the dark about that."""
    assert update(tmp_path).left == ""
    path = Index.open(tmp_path).folder / "manifest.json"
    body = path.read_bytes().partition(b"\n")[0]
    body = msgspec.json.encode(msgspec.json.decode(body) | {"format": 1})
    path.write_bytes(body + b"\n" + sha256(body).hexdigest().encode() + b"\n")
    with pytest.raises(FormatError, match="format 1, not 3"):
        Index.open(tmp_path)
    assert dispatch(["advisories", "update", "--data", str(tmp_path)]) == 0
    said = capsys.readouterr().err
    assert "begun anew: " in said
    assert "format 1, not 3" in said
    assert found(tmp_path, "PyPI", "alpha") == ["PYSEC-1"]


def test_offline_refuses(bucket: type[Bucket], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="offline"):
        update(tmp_path, offline=True)
    assert bucket.asked == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["ftp://example.test", "example.test", "file:///etc/passwd"])
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(UsageError, match="not an http"):
        base_url(url)


def test_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PRATIQUE_OSV_URL", raising=False)
    assert base_url() == DEFAULT_URL
    monkeypatch.setenv("PRATIQUE_OSV_URL", "https://mirror.example.test/osv/")
    assert base_url() == "https://mirror.example.test/osv"
    assert base_url("http://other.example.test") == "http://other.example.test"
