"""``pratique serve``: what it says before it listens, and that it serves and stops."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pratique.advisories.build import build
from pratique.advisories.inputs import Source
from pratique.model.errors import EvidenceError, UsageError
from pratique.surfaces.api.cli import LOOPBACK, serve

RUN = (
    "import sys; from pratique.surfaces.cli.app import COMMANDS; "
    "COMMANDS.setdefault('serve', ('pratique.surfaces.api.cli:serve', '')); "
    "from pratique.surfaces.cli import main; sys.exit(main(sys.argv[1:]))"
)


def options(*words: str) -> Any:
    parser = ArgumentParser()
    serve.configure(parser)
    return parser.parse_args(words)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    record = {
        "id": "GHSA-aaaa-aaaa-aaaa",
        "modified": "2026-01-02T03:04:05Z",
        "affected": [
            {
                "package": {"ecosystem": "npm", "name": "alpha"},
                "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}]}],
            }
        ],
    }
    (tmp_path / "records.ndjson").write_text(json.dumps(record))
    build(tmp_path / "data", [Source(path=str(tmp_path / "records.ndjson"))])
    return tmp_path / "data"


@pytest.fixture
def port(free_port: Callable[[], int]) -> int:
    return free_port()


def test_listens_on_this_machine_only_unless_told() -> None:
    assert options().host == "127.0.0.1"
    parser = ArgumentParser()
    serve.configure(parser)
    assert "no password and no encryption" in " ".join(parser.format_help().split())


@pytest.mark.parametrize(
    "words",
    [
        ("--port", "0"),
        ("--port", "65536"),
        ("--port", "x"),
        ("--workers", "0"),
        ("--workers", "65"),
    ],
)
def test_numbers_out_of_range(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        options(*words)
    assert words[1] in capsys.readouterr().err


def test_what_is_wrong_is_said_before_anything_listens(data: Path, tmp_path: Path) -> None:
    with pytest.raises(EvidenceError):
        serve.run(options("--data", str(tmp_path / "absent")))
    with pytest.raises(UsageError, match="has no library"):
        serve.run(options("--data", str(data), "--libraries", str(tmp_path)))
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        with pytest.raises(UsageError, match="cannot be listened on"):
            serve.run(options("--data", str(data), "--port", port))


def test_other_addresses_are_warned_of(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # An address that no machine has (RFC 5737), so that nothing is ever opened.
    with pytest.raises(UsageError):
        serve.run(options("--data", str(data), "--host", "192.0.2.1"))
    assert "no password" in capsys.readouterr().err


@pytest.mark.parametrize("workers", ["1", "2"])
def test_serves_until_it_is_told_to_stop(data: Path, port: int, workers: str) -> None:
    server = subprocess.Popen(
        [sys.executable, "-c", RUN, "serve", "--host", "localhost", "--port", str(port),
         "--data", str(data), "--workers", workers],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "HOME": str(data)},
    )  # fmt: skip
    try:
        until = time.monotonic() + 120
        while True:
            try:
                with urllib.request.urlopen(f"http://localhost:{port}/healthz", timeout=5) as page:
                    assert json.load(page)["records"] == 1
                break
            except OSError:
                assert time.monotonic() < until
                assert server.poll() is None
                time.sleep(0.1)
        body = json.dumps({"version": "1.0.0", "package": {"purl": "pkg:npm/alpha"}}).encode()
        asked = urllib.request.Request(f"http://localhost:{port}/v1/query", body)
        with urllib.request.urlopen(asked, timeout=60) as page:
            assert json.load(page)["vulns"][0]["id"] == "GHSA-aaaa-aaaa-aaaa"
    finally:
        server.send_signal(signal.SIGTERM)
        _, said = server.communicate(timeout=60)
    assert server.returncode == 0
    assert b"Traceback" not in said


def test_description_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert serve.run(options("--openapi")) == 0
    assert json.loads(capsys.readouterr().out)["openapi"] == "3.1.0"
