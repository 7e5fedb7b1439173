"""Real npm installs and audits through the gate; then upstream is cut."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.e2e


def test_only_what_is_admitted_then_without_upstream(
    tmp_path: Path, gate: Any, registry: Any, npm: Any, installed: Any
) -> None:
    registry.package("alpha", "1.1.0", {"@free/beta": "^1.0.0", "beta": "*"})
    registry.package("alpha", "1.2.0")  # vulnerable
    registry.package("alpha", "1.4.0", age=0.5)  # too new, and latest
    registry.package("@free/beta", "1.0.0")
    registry.package("beta", "1.0.0")
    registry.package("beta", "2.0.0")  # denied
    registry.package("@acme/pay", "99.0.0")
    first = tmp_path / "first"
    done = npm(first, "install", "--no-audit", "alpha")
    assert done.returncode == 0, done.stderr
    assert installed(first) == {"alpha": "1.1.0", "@free/beta": "1.0.0", "beta": "1.0.0"}
    for wanted in ("alpha@1.2.0", "alpha@1.4.0", "beta@2", "@acme/pay"):
        assert npm(tmp_path / "other", "install", wanted).returncode != 0
    done = npm(tmp_path / "other", "install", f"{gate.url}/npm/alpha/-/alpha-1.2.0.tgz")
    assert done.returncode != 0
    assert "403" in done.stderr
    assert "is not admitted: deny by critical" in done.stderr
    assert not any("acme" in path for path in registry.asked)
    registry.close()
    gate.restart()
    again = tmp_path / "again"
    done = npm(again, "install", "--no-audit", "alpha")
    assert done.returncode == 0, done.stderr
    assert installed(again) == installed(first)
    assert gate.ask("verify").returncode == 0


def test_audit_ping_and_whoami(tmp_path: Path, registry: Any, npm: Any) -> None:
    """The audit is answered from the gate's own advisories; nothing of it goes outside."""
    registry.package("alpha", "1.1.0")
    assert npm(tmp_path, "install", "--no-audit", "alpha").returncode == 0
    lock = tmp_path / "package-lock.json"
    lock.write_text(lock.read_text().replace("1.1.0", "1.2.0"))
    registry.asked.clear()
    done = npm(tmp_path, "audit", "--json", "--package-lock-only")
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)["vulnerabilities"]["alpha"]
    assert found["severity"] == "critical"
    assert "GHSA-bbbb-bbbb-bbbb" in json.dumps(found)
    assert not any("advisories" in path for path in registry.asked)
    assert npm(tmp_path, "ping").returncode == 0
    done = npm(tmp_path, "whoami")
    assert done.returncode != 0
    assert "Traceback" not in done.stderr


def test_a_lockfile_of_another_registry_comes_through_the_gate(
    tmp_path: Path, gate: Any, registry: Any, npm: Any, installed: Any
) -> None:
    """What ``gate setup npm`` prints makes npm ask the gate whatever a lockfile says."""
    registry.package("alpha", "1.1.0")
    assert npm(tmp_path, "install", "--no-audit", "alpha").returncode == 0
    lock = tmp_path / "package-lock.json"
    text = lock.read_text()
    assert gate.url in text
    lock.write_text(text.replace(gate.url, "https://registry.example.test"))
    shutil.rmtree(tmp_path / "node_modules")
    shutil.rmtree(tmp_path / "cache")
    (tmp_path / ".npmrc").write_text(gate.ask_setup("npm"))
    done = npm(tmp_path, "ci", "--no-audit")
    assert done.returncode == 0, done.stderr
    assert installed(tmp_path)["alpha"] == "1.1.0"
