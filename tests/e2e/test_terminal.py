"""What a person at a terminal sees, and what a pipe does not get."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

ESCAPE = "\x1b["


def at_a_terminal(*words: str, **environment: str) -> tuple[int, str]:
    """Run the program with a pseudo-terminal for its output; everything that is shown."""
    primary, secondary = pty.openpty()
    kept = {k: v for k, v in os.environ.items() if k not in {"NO_COLOR", "CI", "TERM", "COLUMNS"}}
    process = subprocess.Popen(
        [sys.executable, "-m", "pratique", *words],
        stdin=subprocess.DEVNULL,
        stdout=secondary,
        stderr=secondary,
        env={**kept, "TERM": "xterm", "COLUMNS": "100", **environment},
    )
    os.close(secondary)
    shown, deadline = b"", time.monotonic() + 60
    while time.monotonic() < deadline:
        ready, _, _ = select.select([primary], [], [], 1)
        if ready:
            try:
                part = os.read(primary, 65536)
            except OSError:  # the other side is closed
                break
            if not part:
                break
            shown += part
    code = process.wait(timeout=30)
    os.close(primary)
    return code, shown.decode(errors="replace")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Many small lockfiles, so that reading them takes a moment."""
    for number in range(60):
        place = tmp_path / f"project-{number}"
        place.mkdir()
        (place / "requirements.txt").write_text("jinja2==2.10\n")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "title"),
    [
        (["snapshot", "--to", "snapshot"], "Writing the snapshot"),
        (["advisories", "local", "--local", "acme=records"], "Taking records"),
        (["sbom", "enrich", "a.cdx.json", "--offline"], "Asking"),
    ],
)
def test_what_takes_long_shows_that_it_works_but_not_in_a_pipe(
    words: list[str], title: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "records").mkdir()
    record = {"id": "x_ACME-1", "modified": "2026-01-01T00:00:00Z", "affected": []}
    (tmp_path / "records" / "x_ACME-1.json").write_text(json.dumps(record))
    component = {"type": "library", "name": "alpha", "purl": "pkg:npm/alpha@1.0.0"}
    bill = {"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [component]}
    (tmp_path / "a.cdx.json").write_text(json.dumps(bill))
    place = {"PRATIQUE_DATA": str(tmp_path / "data")}
    ingest = [sys.executable, "-m", "pratique", "ingest", "a.cdx.json"]
    subprocess.run(ingest, env={**os.environ, **place}, check=True, capture_output=True)
    _, shown = at_a_terminal(*words, **place)
    assert title in shown
    assert ESCAPE in shown
    piped = subprocess.run(
        [sys.executable, "-m", "pratique", *words],
        env={**os.environ, **place},
        capture_output=True,
        text=True,
        check=False,
    )
    assert title not in piped.stdout + piped.stderr
    assert ESCAPE not in piped.stdout + piped.stderr


def test_colours_and_progress_at_a_terminal(folder: Path) -> None:
    code, shown = at_a_terminal("check", str(folder), "--offline")
    assert code == 1
    assert ESCAPE in shown
    assert "60/60" in shown
    assert "Reading" in shown


@pytest.mark.parametrize(
    ("words", "title"),
    [
        (["ingest", "{folder}"], "Taking in"),
        (["advisories", "build", "{records}"], "Building"),
        (["verify", "{lockfile}", "--offline"], "Verifying"),
    ],
    ids=["ingest", "advisories-build", "verify"],
)
def test_what_takes_long_says_how_far_it_is_at_a_terminal_alone(
    words: list[str], title: str, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("progress")
    record = {"id": "EX-1", "modified": "2026-01-01T00:00:00Z", "affected": []}
    (place / "records.jsonl").write_text(json.dumps(record) + "\n")
    lockfile = place / "requirements.txt"
    lockfile.write_text(f"alpha==1.0 --hash=sha256:{'0' * 64}\n")
    names = {"folder": folder, "records": place / "records.jsonl", "lockfile": lockfile}
    whole = [word.format(**names) for word in words]
    data = {"PRATIQUE_DATA": str(place / "data"), "PRATIQUE_STORE": ""}
    code, shown = at_a_terminal(*whole, **data)
    assert title in shown
    piped = subprocess.run(
        [sys.executable, "-m", "pratique", *whole],
        capture_output=True,
        text=True,
        env={**os.environ, **data},
    )
    assert piped.returncode == code
    assert title not in piped.stdout + piped.stderr
    assert ESCAPE not in piped.stdout + piped.stderr


def test_ctrl_c_is_one_line_and_130(folder: Path) -> None:
    """While it reads standard input: at a moment that is known."""
    if not Path("/proc/self/wchan").exists():
        pytest.skip("it cannot be seen here what a process waits for")
    process = subprocess.Popen(
        [sys.executable, "-m", "pratique", "check", "-", "--offline"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell that runs the tests in the background has it ignored, and that is inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    waiting = Path(f"/proc/{process.pid}/wchan")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if "pipe" in waiting.read_text():
            break
        time.sleep(0.05)
    else:
        process.kill()
        pytest.skip("it cannot be seen here what a process waits for")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    assert err == "pratique: interrupted.\n"


def test_no_color_switches_colours_off(folder: Path) -> None:
    _, shown = at_a_terminal("check", str(folder), "--offline", NO_COLOR="1")
    report = shown[shown.index("NEEDS ATTENTION") :]
    assert ESCAPE + "1" not in report
    assert ESCAPE + "3" not in report


def test_a_pipe_gets_neither(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pratique", "check", str(folder), "--offline", "-f", "json"],
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    assert ESCAPE not in done.stdout
    assert json.loads(done.stdout)["health"] == "needs attention"


def test_a_reader_that_goes_away_is_no_error(folder: Path) -> None:
    done = subprocess.run(
        f"'{sys.executable}' -m pratique check '{folder}' --offline | head -1; exit ${{PIPESTATUS[0]}}",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    assert "NEEDS ATTENTION" in done.stdout
    assert done.returncode in (0, 1)
