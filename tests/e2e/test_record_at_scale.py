"""The whole organisation that the record owes its figures for; its benchmark is the test."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.nightly
@pytest.mark.e2e
@pytest.mark.timeout(2400)
def test_ten_thousand_bills(repository: Path, tmp_path: Path) -> None:
    """10,000 bills, 5 million occurrences of 200,000 package versions; a quarter of an hour."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider"),
            *("--timeout=2300", f"--basetemp={tmp_path}/bench", "benchmarks/bench_record.py"),
        ],
        cwd=repository,
        env={**os.environ, "PRATIQUE_BENCH_SCALE": "1"},
        capture_output=True,
        text=True,
    )
    figures = [line for line in done.stdout.splitlines() if " with 10000 bills" in line]
    print("\n".join(figures))
    assert done.returncode == 0, done.stdout[-4000:]
    assert len(figures) == 10
