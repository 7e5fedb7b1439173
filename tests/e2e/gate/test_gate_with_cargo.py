"""Real cargo fetches through the gate; then upstream is cut."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.e2e


def cargo(run: Any, folder: Path, gate: Any, needs: str) -> Any:
    program = shutil.which("cargo")
    if program is None:
        pytest.skip("cargo is not installed")
    (folder / "src").mkdir(parents=True, exist_ok=True)
    (folder / "src/lib.rs").write_text("")
    (folder / ".cargo").mkdir(exist_ok=True)
    done = gate.ask_setup("cargo")
    (folder / ".cargo/config.toml").write_text(done)
    (folder / "Cargo.toml").write_text(
        f'[package]\nname = "own"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\n{needs}\n'
    )
    home = {"CARGO_HOME": str(folder / "cargo"), "RUSTUP_HOME": str(Path.home() / ".rustup")}
    return run(folder, program, "fetch", more=home)


def test_only_what_is_admitted_then_without_upstream(
    tmp_path: Path, gate: Any, registry: Any, run: Any
) -> None:
    registry.crate("alpha", "1.1.0", "beta")
    registry.crate("alpha", "1.2.0", "beta")  # vulnerable
    registry.crate("alpha", "1.4.0", "beta", age=0.5)  # too new
    registry.crate("beta", "1.0.0")
    registry.crate("beta", "2.0.0")  # denied
    first = tmp_path / "first"
    done = cargo(run, first, gate, 'alpha = "1"')
    old = "sparse registries requires" in done.stderr  # cargo before 1.68, as in Debian 12
    if done.returncode and ("rustup" in done.stderr or old):
        pytest.skip(f"cargo does not run here: {done.stderr[-200:]}")
    assert done.returncode == 0, done.stderr
    lock = (first / "Cargo.lock").read_text()
    assert 'name = "alpha"\nversion = "1.1.0"' in lock
    assert 'name = "beta"\nversion = "1.0.0"' in lock
    for number, wanted in enumerate(
        ('alpha = "=1.2.0"', 'alpha = "=1.4.0"', 'beta = "2"', 'acme-pay = "99"')
    ):
        assert cargo(run, tmp_path / f"other{number}", gate, wanted).returncode != 0
    assert not any("acme" in path for path in registry.asked)
    registry.close()
    gate.restart()
    again = tmp_path / "again"
    done = cargo(run, again, gate, 'alpha = "1"')
    assert done.returncode == 0, done.stderr
    assert (again / "Cargo.lock").read_text() == lock
    assert gate.ask("verify").returncode == 0
