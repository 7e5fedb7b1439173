"""Real cargo fetches through the gate; then upstream is cut."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.e2e


def test_only_what_is_admitted_then_without_upstream(
    tmp_path: Path, gate: Any, registry: Any, cargo: Any
) -> None:
    registry.crate("alpha", "1.1.0", "beta")
    registry.crate("alpha", "1.2.0", "beta")  # vulnerable
    registry.crate("alpha", "1.4.0", "beta", age=0.5)  # too new
    registry.crate("beta", "1.0.0")
    registry.crate("beta", "2.0.0")  # denied
    first = tmp_path / "first"
    done = cargo(first, 'alpha = "1"')
    assert done.returncode == 0, done.stderr
    lock = (first / "Cargo.lock").read_text()
    assert 'name = "alpha"\nversion = "1.1.0"' in lock
    assert 'name = "beta"\nversion = "1.0.0"' in lock
    for number, wanted in enumerate(
        ('alpha = "=1.2.0"', 'alpha = "=1.4.0"', 'beta = "2"', 'acme-pay = "99"')
    ):
        assert cargo(tmp_path / f"other{number}", wanted).returncode != 0
    assert not any("acme" in path for path in registry.asked)
    registry.close()
    gate.restart()
    again = tmp_path / "again"
    done = cargo(again, 'alpha = "1"')
    assert done.returncode == 0, done.stderr
    assert (again / "Cargo.lock").read_text() == lock
    assert gate.ask("verify").returncode == 0
