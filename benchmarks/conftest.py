"""Keeps what passing benchmarks print, so that the page of figures can show it."""

from __future__ import annotations

import pytest

_PRINTED: list[tuple[str, str]] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Take the figures that a benchmark printed."""
    if report.when == "call" and report.passed and report.capstdout.strip():
        _PRINTED.append((report.nodeid, report.capstdout.strip()))


def pytest_benchmark_update_json(output_json: dict[str, object]) -> None:
    """Put them beside the measured times."""
    output_json["printed"] = _PRINTED
