"""Real pip and uv install through the gate; then upstream is cut."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_only_what_is_admitted_then_without_upstream(
    tmp_path: Path, gate: Any, registry: Any, installed: Any, installer: str, request: Any
) -> None:
    install = request.getfixturevalue(installer)
    registry.wheel("alpha", "1.1", "beta")
    registry.wheel("alpha", "1.2", "beta")  # vulnerable
    registry.wheel("alpha", "1.4", "beta", age=0.5)  # too new
    registry.wheel("beta", "1.0", padding=300_000)
    registry.wheel("beta", "2.0")  # denied
    registry.wheel("acme_pay", "99.0")
    first = tmp_path / "first"
    done = install(first, "alpha")
    assert done.returncode == 0, done.stderr
    assert installed(first) == {"alpha": "1.1", "beta": "1.0"}
    for wanted in ("alpha==1.2", "alpha==1.4", "beta==2.0", "acme-pay"):
        assert install(tmp_path / "other", wanted).returncode != 0
    denied = f"{gate.url}/pypi/files/alpha/alpha-1.2-py3-none-any.whl"
    done = install(tmp_path / "other", f"alpha @ {denied}")
    assert done.returncode != 0
    assert "403" in done.stderr
    assert not any("acme" in path for path in registry.asked)
    told = gate.ask("why", "alpha").stdout
    assert "alpha 1.2: deny by critical: vulnerabilities: GHSA-aaaa-aaaa-aaaa" in told
    assert "alpha 1.4: quarantine by new-release" in told
    registry.close()
    gate.restart()
    again = tmp_path / "again"
    done = install(again, "alpha")
    assert done.returncode == 0, done.stderr
    assert installed(again) == installed(first)
    assert gate.ask("verify").returncode == 0
