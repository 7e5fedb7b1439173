"""The whole organisation that the record owes its figures for; its benchmark is the test."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.nightly
@pytest.mark.e2e
@pytest.mark.timeout(7_400)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_ten_thousand_bills(repository: Path, tmp_path: Path, database: str) -> None:
    """10,000 bills, 5 million occurrences of 200,000 package versions; a quarter of an hour.

    On a machine that others use as well writing them has taken more than half of one.
    """
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-s", "-rs", "-p", "no:cacheprovider"),
            *("--timeout=7200", f"--basetemp={tmp_path}/bench", "-k", database),
            "benchmarks/bench_record.py",
        ],
        cwd=repository,
        env={**os.environ, "PRATIQUE_BENCH_SCALE": "1"},
        capture_output=True,
        text=True,
    )
    figures = [line for line in done.stdout.splitlines() if " with 10000 bills" in line]
    print("\n".join(figures))
    assert done.returncode == 0, done.stdout[-4000:]
    if "PostgreSQL is not installed" in done.stdout:
        pytest.skip("PostgreSQL is not installed")
    assert len(figures) == 10
