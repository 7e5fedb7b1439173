"""A clean clone in an empty folder does what the README's first command promises."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.network, pytest.mark.timeout(600)]


def test_the_first_command_of_the_readme(tmp_path: Path, repository: Path) -> None:
    if shutil.which("git") is None or not (repository / ".git").exists():
        pytest.skip("needs git and a git checkout")
    readme = (repository / "README.md").read_text()
    first = re.search(r"^\$ (.+)$", readme, re.MULTILINE)
    assert first
    command = first.group(1)
    assert command == "make demo"
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", str(repository), str(clone)], check=True, timeout=120)
    kept = ("PATH", "HOME", "LANG", "TMPDIR", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
    environment = {
        name: value
        for name, value in os.environ.items()
        if name in kept or name.startswith(("PIP_", "HTTP_", "HTTPS_", "http_", "https_"))
    }
    environment["PRATIQUE_DATA"] = str(tmp_path / "data")
    done = subprocess.run(
        command.split(),
        cwd=clone,
        env=environment,
        capture_output=True,
        text=True,
        timeout=560,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "needs attention" in done.stdout.lower()
    assert "jinja2" in done.stdout
    page = Path(done.stdout.strip().splitlines()[-1].partition(": ")[2])
    assert page.is_file()
    assert "<html" in page.read_text()
    program = subprocess.run(
        [clone / ".venv/bin/pratique", "--version"], capture_output=True, text=True, check=True
    )
    assert program.stdout.startswith("pratique ")
