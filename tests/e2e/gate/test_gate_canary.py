"""``pratique gate canary`` on a machine whose package managers are configured for the gate."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.e2e

PROGRAMS = {"pip": "pip", "uv": "uv", "npm": "npm", "cargo": "cargo", "go": "go", "maven": "mvn"}
OWN = ("pip_", "uv_", "npm_", "cargo_", "go", "maven_", "m2_")


PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
"""With the uv that is installed beside this Python."""


def canary(home: Path, *words: str, more: dict[str, str] | None = None) -> Any:
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().startswith(OWN) and "proxy" not in name.lower()
    }
    home.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "pratique.gate", "canary", "--format", "json", *words],
        capture_output=True,
        text=True,
        timeout=200,
        cwd=home,
        env=clean | {"HOME": str(home), "PATH": PATH} | (more or {}),
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def outcomes(done: Any) -> dict[tuple[str, str], str]:
    rows = json.loads(done.stdout)["checks"]
    return {(one["manager"], one["check"]): one["outcome"] for one in rows}


@pytest.fixture
def home(tmp_path: Path, gate: Any) -> Path:
    """A home folder in which every package manager asks the gate."""
    folder = tmp_path / "user"
    folder.mkdir()
    for client in PROGRAMS:
        words = [sys.executable, "-m", "pratique.gate", "setup", client, "--url", gate.url]
        subprocess.run([*words, "--write", str(folder)], check=True, capture_output=True)
    return folder


def test_who_goes_through_the_gate_and_who_does_not(home: Path, gate: Any, registry: Any) -> None:
    here = [name for name, program in PROGRAMS.items() if shutil.which(program, path=PATH)]
    if not here:
        pytest.skip("no package manager is installed")
    told = httpx.get(f"{gate.url}/canary/key", timeout=60).json()
    words = [word for name in here for word in ("--manager", name)]
    (home / "package-lock.json").write_text(
        '{"packages": {"a": {"resolved": "https://registry.example.test/a.tgz"}}}'
    )
    done = canary(home, "--key", told["id"], "--project", ".", *words)
    found = outcomes(done)
    for name in here:
        for check in ("asks the gate", "refuses the planted", "nothing besides"):
            assert found[name, check] == "pass", done.stdout
    assert found["project", "package-lock.json"] == "fail"
    assert done.returncode == 1
    assert "line 1 names registry.example.test" in done.stdout
    assert not any("canary" in path or "refused" in path for path in registry.asked)
    other = outcomes(canary(home, "--key", "sha256:" + "0" * 64, *words))
    assert {other[name, "asks the gate"] for name in here} == {"fail"}
    gate.kill()
    away = canary(home, *words)
    assert {outcomes(away)[name, "asks the gate"] for name in here} == {"unknown"}
    assert away.returncode in {1, 3}


def test_what_goes_past_the_gate_is_named(home: Path, gate: Any) -> None:
    if shutil.which("pip") is None:
        pytest.skip("pip is not installed")
    config = home / ".config/pip/pip.conf"
    config.write_text(
        config.read_text() + "extra-index-url = https://user:secret@other.example.test/simple\n"
    )
    done = canary(home, "--manager", "pip")
    assert outcomes(done)["pip", "nothing besides"] == "fail"
    assert "other.example.test" in done.stdout
    assert "secret" not in done.stdout


def test_a_registry_that_is_no_gate(tmp_path: Path, registry: Any) -> None:
    if shutil.which("pip") is None:
        pytest.skip("pip is not installed")
    home = tmp_path / "plain"
    (home / ".config/pip").mkdir(parents=True)
    (home / ".config/pip/pip.conf").write_text(f"[global]\nindex-url = {registry.url}/simple\n")
    registry.put("/simple/pratique-gate-refused/", b"<a href='x'>x</a>", "text/html")
    found = outcomes(canary(home, "--manager", "pip"))
    assert found["pip", "asks the gate"] == "fail"
    assert found["pip", "refuses the planted"] == "fail"


def test_uv_goes_where_its_row_says(home: Path, gate: Any, registry: Any, run: Any) -> None:
    """The real uv, by its own files and variables: what the canary reads is what uv does."""
    uv = shutil.which("uv", path=PATH)
    if uv is None:
        pytest.skip("uv is not installed")
    registry.wheel("beta", "1.0")
    other = home / "other.toml"
    other.write_text(f'[[index]]\nurl = "{registry.url}/simple"\ndefault = true\n')
    past = {"UV_DEFAULT_INDEX": f"{registry.url}/simple"}
    extra = {"UV_INDEX": f"{registry.url}/simple"}
    config = {"UV_CONFIG_FILE": str(other)}
    tried: list[tuple[dict[str, str], str, str]] = [
        ({}, "pass", "pass"),
        (extra, "pass", "fail"),
        (past, "fail", "pass"),
        (config, "fail", "pass"),
    ]
    for number, (more, asks, besides) in enumerate(tried):
        found = outcomes(canary(home, "--manager", "uv", more=more))
        assert found["uv", "asks the gate"] == asks, more
        assert found["uv", "refuses the planted"] == asks, more
        assert found["uv", "nothing besides"] == besides, more
        registry.heard.clear()
        words = (uv, "pip", "install", "--no-cache", "--python", sys.executable, "beta")
        done = run(
            home,
            *(*words, "--target", f"site{number}"),
            more={"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config"), **more},
        )
        assert done.returncode == 0, done.stderr
        straight = any(heard["user-agent"].startswith("uv/") for _, heard in registry.heard)
        assert straight is bool(more), more
    told = gate.ask("log", "--client", "uv/", "--package", "beta", "--format", "jsonl").stdout
    assert '"kind":"stored"' in told
