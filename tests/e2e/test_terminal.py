"""What a person at a terminal sees, and what a pipe does not get."""

from __future__ import annotations

import json
import os
import pty
import select
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


def test_colours_and_progress_at_a_terminal(folder: Path) -> None:
    code, shown = at_a_terminal("check", str(folder), "--offline")
    assert code == 1
    assert ESCAPE in shown
    assert "60/60" in shown
    assert "Reading" in shown


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
