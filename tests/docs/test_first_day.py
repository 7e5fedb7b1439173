"""The page for the first day: what it says runs as it is runs as it is, in order, offline."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.timeout(900)
def test_its_commands_run_word_for_word(repository: Path, tmp_path: Path) -> None:
    if shutil.which("bash") is None:
        pytest.skip("there is no bash")
    page = (repository / "docs/first-day.md").read_text(encoding="utf-8")
    blocks = re.findall(
        r'^```console title="runs as it is"\n(.*?)^```', page, re.MULTILINE | re.DOTALL
    )
    lines = [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]
    assert len(lines) > 12
    programs = tmp_path / "bin"
    programs.mkdir()
    program = programs / "pratique"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pratique "$@"\n')
    program.chmod(0o755)
    work = tmp_path / "work"
    shutil.copytree(repository / "examples", work / "examples")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PRATIQUE_")}
    environment = {
        **kept,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PRATIQUE_DATA": str(tmp_path / "data"),
        "HTTPS_PROXY": "http://127.0.0.1:9",  # whatever would call out fails
        "HTTP_PROXY": "http://127.0.0.1:9",
    }
    script = "set -eu\n" + "\n".join(lines)
    done = subprocess.run(
        ["bash", "-c", script], cwd=work, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:] + done.stdout[-2000:]
    assert done.stderr == ""
    for row in re.findall(r"^(?:harbour-office|office) .*$", page, re.MULTILINE):
        assert row in done.stdout
    for name in ("bill.html", "bill.sarif", "app.cdx.json", "office.vex.json"):
        assert (work / name).stat().st_size > 0
