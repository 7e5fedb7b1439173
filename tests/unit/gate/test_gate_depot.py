"""Artifacts: verified, kept, the same for ever, whatever upstream does."""

from __future__ import annotations

import asyncio
import hashlib
import shutil

import httpx
import pytest

from pratique.gate import fetch
from pratique.gate.inspect import why
from pratique.gate.log import entries
from pratique.gate.verifying import verify

PATH = "/pypi/files/beta/beta-1.0-py3-none-any.whl"
FILE = "beta-1.0-py3-none-any.whl"


def put(upstream, body: bytes, **more: object) -> None:
    upstream.answers.pop(f"/packages/{FILE}", None)
    upstream.pypi("beta", {"filename": FILE, "body": body, **more})


def kinds(gate) -> list[str]:
    return [entry["kind"] for entry in entries(gate.data)]


def test_served_from_the_store_when_upstream_is_away(gate, upstream) -> None:
    put(upstream, b"beta")
    assert gate.get(PATH).content == b"beta"
    upstream.away = True
    again = gate.get(PATH)
    assert again.content == b"beta"
    assert again.headers["warning"].startswith("110")
    page = gate.get("/pypi/simple/beta/")
    assert FILE in page.text
    assert page.headers["warning"].startswith("110")
    assert gate.get("/pypi/simple/other/").status_code == 504
    assert verify(gate.data).sound


def test_a_project_that_upstream_took_away(gate, upstream) -> None:
    upstream.pypi(
        "beta", {"filename": FILE, "body": b"beta"}, {"filename": "beta-2.0.tar.gz", "body": b"2"}
    )
    assert gate.get(PATH).content == b"beta"
    del upstream.answers["/simple/beta/"]
    page = gate.get("/pypi/simple/beta/").text
    assert FILE in page
    assert "beta-2.0.tar.gz" not in page
    assert gate.get(PATH).content == b"beta"


def test_a_version_that_upstream_took_away(gate, upstream) -> None:
    put(upstream, b"beta")
    assert gate.get(PATH).content == b"beta"
    upstream.pypi("beta", {"filename": "beta-2.0.tar.gz", "body": b"2"})
    assert FILE not in gate.get("/pypi/simple/beta/").text
    assert gate.get(PATH).content == b"beta"


def test_content_never_changes_and_a_change_is_an_alarm(gate, upstream) -> None:
    put(upstream, b"first")
    assert gate.get(PATH).content == b"first"
    put(upstream, b"other")
    page = gate.get("/pypi/simple/beta/").text
    assert hashlib.sha256(b"first").hexdigest() in page
    assert gate.get(PATH).content == b"first"
    alarm = next(entry for entry in entries(gate.data) if entry["kind"] == "alarm")
    assert alarm["file"] == FILE
    assert alarm["upstream"] == {"sha256": hashlib.sha256(b"other").hexdigest()}
    assert any("alarm" in line for line in why(gate.data, "beta"))


def test_wrong_digest(gate, upstream) -> None:
    put(upstream, b"beta", hashes={"sha256": "0" * 64})
    answer = gate.get(PATH)
    assert answer.status_code == 502
    assert "not what the index says" in answer.text
    assert "stored" not in kinds(gate)
    assert not list((gate.data / "incoming").iterdir())


def test_cut_short(gate, upstream) -> None:
    put(upstream, b"beta")
    upstream.drip(f"/packages/{FILE}", b"beta", 0, announced=400)
    assert gate.get(PATH).status_code == 504
    assert "stored" not in kinds(gate)


def test_too_slow(gate, upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pratique.gate.depot.ARTIFACT_SECONDS", 0.5)
    put(upstream, b"beta")
    upstream.drip(f"/packages/{FILE}", b"beta", 30)
    answer = gate.get(PATH)
    assert answer.status_code == 504
    assert "too long" in answer.text


def test_too_large(gate, upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pratique.gate.download.MAX_ARTIFACT_BYTES", 1000)
    put(upstream, b"x" * 1001)
    assert gate.get(PATH).status_code == 502
    monkeypatch.setattr(fetch, "MAX_INDEX_BYTES", 1000)
    upstream.put("/simple/delta/", b" " * 2000, "text/html")
    answer = gate.get("/pypi/simple/delta/")
    assert answer.status_code == 502
    assert "is over" in answer.text


def test_bombs_are_measured_unpacked(gate, upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    import gzip

    monkeypatch.setattr(fetch, "MAX_INDEX_BYTES", 100_000)
    upstream.put(
        "/simple/delta/", gzip.compress(b" " * 1_000_000), "text/html", Content_Encoding="gzip"
    )
    assert gate.get("/pypi/simple/delta/").status_code == 502


def test_redirects_to_where_the_configuration_does_not_lead(gate, upstream) -> None:
    put(upstream, b"beta")
    secret = type(upstream)()
    try:
        secret.put("/secret", b"beta")
        for target in (
            f"{secret.url}/secret",
            f"http://localhost:{secret.server.server_port}/secret",
            f"http://[::ffff:127.0.0.1]:{secret.server.server_port}/secret",
            "http://169.254.169.254/latest/",
            "http://10.0.0.1/",
            "http://[::1]:1/",
            "file:///etc/passwd",
            "gopher://127.0.0.1/",
            "http://user@/",
        ):
            upstream.redirect(f"/packages/{FILE}", target)
            assert gate.get(PATH).status_code == 502, target
        assert secret.asked == []
    finally:
        secret.close()


def test_files_at_private_addresses(gate, upstream) -> None:
    secret = type(upstream)()
    try:
        secret.put("/secret", b"beta")
        upstream.pypi("beta", {"filename": FILE, "body": b"beta", "url": f"{secret.url}/secret"})
        assert gate.get(PATH).status_code == 502
        assert secret.asked == []
    finally:
        secret.close()


def test_redirects(gate, upstream) -> None:
    put(upstream, b"beta")
    upstream.put("/elsewhere", b"beta")
    upstream.redirect(f"/packages/{FILE}", "/elsewhere")
    assert gate.get(PATH).content == b"beta"
    upstream.redirect("/a", "/a")
    upstream.pypi("delta", {"filename": "delta-1.tar.gz", "body": b"", "url": "/a"})
    answer = gate.get("/pypi/files/delta/delta-1.tar.gz")
    assert answer.status_code == 502
    assert upstream.asked.count("/a") == fetch.MAX_REDIRECTS + 1


def test_first_downloads_are_one(gate, upstream) -> None:
    body = b"beta" * 100_000
    put(upstream, body)
    upstream.drip(f"/packages/{FILE}", body, 0.3)

    async def ask(client: httpx.AsyncClient) -> None:
        answers = await asyncio.gather(*(client.get(PATH) for _ in range(20)))
        assert all(answer.content == body for answer in answers)

    gate.run(ask)
    assert upstream.asked.count(f"/packages/{FILE}") == 1
    assert upstream.asked.count("/simple/beta/") == 1
    assert kinds(gate).count("stored") == 1


def test_ranges_and_entity_tags(gate, upstream) -> None:
    body = bytes(range(256)) * 10
    put(upstream, body)
    for _ in range(2):  # cold, then stored
        part = gate.get(PATH, Range="bytes=10-19")
        assert part.status_code == 206
        assert part.content == body[10:20]
        assert part.headers["content-range"] == f"bytes 10-19/{len(body)}"
    whole = gate.get(PATH)
    assert whole.headers["etag"] == f'"{hashlib.sha256(body).hexdigest()}"'
    same = gate.get(PATH, **{"If-None-Match": whole.headers["etag"]})
    assert same.status_code == 304
    assert same.content == b""
    page = gate.get("/pypi/simple/beta/")
    assert (
        gate.get("/pypi/simple/beta/", **{"If-None-Match": page.headers["etag"]}).status_code == 304
    )


@pytest.mark.parametrize(
    "path",
    [
        "/pypi/files/beta/..%2f..%2flog",
        "/pypi/files/..%2f..%2fdata/x",
        "/pypi/files/beta/%2e%2e",
        "/pypi/files/beta/a%00b.whl",
        "/pypi/files/beta/a%0d%0aX-Evil:%201",
        "/pypi/simple/..%2f..%2f/",
        "/pypi/simple/a%0d%0ab/",
        "/npm/..%2f..%2fetc%2fpasswd",
        "/npm/@a/b/c",
        "/npm/@a%2f..%2fb",
        "/npm/delta/-/..%2f..%2flog",
        "/npm/%00",
        "/npm/-/all",
        "/nowhere",
    ],
)
def test_paths_lead_nowhere(gate, upstream, path: str) -> None:
    answer = gate.get(path)
    assert answer.status_code == 404
    assert "x-evil" not in answer.headers
    assert upstream.asked == []


def test_nothing_is_injected_into_the_log(gate, upstream) -> None:
    put(upstream, b"beta")
    gate.get(PATH, **{"User-Agent": 'x","kind":"alarm\\u000a \x1b[31m'})
    found = list(entries(gate.data))
    assert "alarm" not in [entry["kind"] for entry in found]
    assert all("\x1b" not in str(entry) for entry in found)


def test_a_host_that_is_none(gate, upstream) -> None:
    upstream.npm("delta", {"1.0.0": {}}, {"latest": "1.0.0"})
    answer = gate.get("/npm/delta", Host='evil"><script>')
    assert answer.status_code == 404


def test_a_full_disk_refuses(gate, upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    put(upstream, b"beta")
    real = os.write

    def full(handle: int, data: bytes) -> int:
        if bytes(data) == b"beta":
            raise OSError(28, "No space left on device")
        return real(handle, data)

    monkeypatch.setattr("pratique.gate.depot.os.write", full)
    answer = gate.get(PATH)
    assert answer.status_code == 503
    assert "No space left" in answer.text
    monkeypatch.undo()
    assert gate.get(PATH).content == b"beta"


def test_what_cannot_be_recorded_is_not_served(
    gate, upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(upstream, b"beta")

    def full(_: int, line: bytes) -> None:
        if b'"kind":"started"' not in line:
            raise OSError(28, "No space left on device")
        import os

        os.write(_, line)

    monkeypatch.setattr("pratique.gate.log._write", full)
    for path in (PATH, "/pypi/simple/beta/"):
        answer = gate.get(path)
        assert answer.status_code == 503
        assert "No space left" in answer.text
    monkeypatch.undo()
    assert gate.get(PATH).content == b"beta"
    assert verify(gate.data).sound


def test_a_changed_store_is_noticed(gate, upstream) -> None:
    put(upstream, b"beta")
    gate.get(PATH)
    blob = next(path for path in (gate.data / "blobs").rglob("*") if path.is_file())
    blob.chmod(0o644)
    blob.write_bytes(b"evil")
    report = verify(gate.data)
    assert not report.sound
    assert any("content was changed" in line for line in report.lines)
    shutil.rmtree(gate.data / "blobs")
    assert any("missing" in line for line in verify(gate.data).lines)
