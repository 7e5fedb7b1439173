"""Real go gets modules through the gate; then upstream is cut."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.e2e


def test_only_what_is_admitted_then_without_upstream(
    tmp_path: Path, gate: Any, registry: Any, go: Any
) -> None:
    registry.module("example.test/beta", "v1.0.0")
    registry.module("example.test/beta", "v1.2.0")  # denied
    registry.module("example.test/alpha", "v1.1.0", "example.test/beta v1.0.0")
    registry.module("example.test/alpha", "v1.2.0", "example.test/beta v1.0.0")  # vulnerable
    registry.module("example.test/alpha", "v1.4.0", age=0.5)  # too new
    first = tmp_path / "first"
    done = go(first, "example.test/alpha@latest", "example.test/beta@latest")
    assert done.returncode == 0, done.stderr
    mod = (first / "go.mod").read_text()
    assert "example.test/alpha v1.1.0" in mod
    assert "example.test/beta v1.0.0" in mod
    for number, wanted in enumerate(("alpha@v1.2.0", "alpha@v1.4.0", "beta@v1.2.0")):
        done = go(tmp_path / f"other{number}", f"example.test/{wanted}")
        assert done.returncode != 0
        assert "403" in done.stderr
        assert "is not admitted" in done.stderr
    registry.close()
    gate.restart()
    again = tmp_path / "again"
    done = go(again, "example.test/alpha@latest", "example.test/beta@latest")
    assert done.returncode == 0, done.stderr
    assert (again / "go.mod").read_text() == mod
    assert (again / "go.sum").read_text() == (first / "go.sum").read_text()
    assert gate.ask("verify").returncode == 0
