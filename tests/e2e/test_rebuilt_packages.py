"""Popular wheels built again from their published sources; the table of docs/rebuild.md."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pratique.provenance.rebuild import sandbox

pytestmark = [pytest.mark.e2e, pytest.mark.network, pytest.mark.nightly]

TABLE = Path(__file__).resolve().parents[2] / "docs" / "rebuild.md"


def rows() -> list[tuple[str, str]]:
    """Package and grade of each row of the documentation's table."""
    found = []
    for line in TABLE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `pkg:pypi/"):
            found.append((cells[0].strip("`"), cells[1]))
    return found


@pytest.mark.parametrize(("package", "grade"), rows())
def test_the_table_holds(package: str, grade: str) -> None:
    if not sandbox.available():
        pytest.skip("bubblewrap (bwrap) is not installed")
    if not Path(sys.executable).with_name("uv").exists() and shutil.which("uv") is None:
        pytest.skip("uv is not installed")
    done = subprocess.run(
        [sys.executable, "-m", "pratique", "rebuild", package, "-f", "json"],
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert "Traceback" not in done.stderr
    if done.returncode == 4:
        pytest.skip(f"the index does not answer: {done.stderr[-200:]}")
    [one] = json.loads(done.stdout)["packages"]
    assert one["grade"] == grade, one["reason"]


def test_the_table_has_twenty_packages() -> None:
    assert len(rows()) >= 20
