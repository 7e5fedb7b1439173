"""Against the registries that this machine's package managers are configured to use."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.network]

NOWHERE = "http://127.0.0.1:9"
"""No one listens on it (discard)."""


@pytest.fixture
def gate(start: Any, advisories: Path) -> Any:
    try:
        made = start("--advisories", str(advisories))
    except AssertionError as error:
        pytest.skip(f"no registries are configured here: {str(error)[-300:]}")
    probe = httpx.get(f"{made.url}/pypi/simple/idna/", timeout=120)
    if probe.status_code != 200:
        pytest.skip(f"the registry cannot be reached: {probe.text[:300]}")
    return made


def cut(gate: Any) -> None:
    """Start again with upstreams at which there is nobody."""
    words = httpx.get(f"{gate.url}/healthz").json()["upstreams"]
    names = {"PyPI": "pypi", "npm": "npm", "crates.io": "crates", "Go": "go", "Maven": "maven"}
    gate.kill()
    for word in words:
        gate.words += ["--upstream", f"{names[word]}={NOWHERE}/{names[word]}"]
    gate.start()


def test_python(tmp_path: Path, gate: Any, pip: Any, uv: Any, installed: Any) -> None:
    for install in (pip, uv):
        first = tmp_path / f"{id(install)}-1"
        done = install(first, "jinja2", "requests")
        assert done.returncode == 0, done.stderr
        assert {"jinja2", "markupsafe", "requests", "idna"} <= set(installed(first))
    cut(gate)
    for install in (pip, uv):
        first, again = tmp_path / f"{id(install)}-1", tmp_path / f"{id(install)}-2"
        done = install(again, "jinja2", "requests")
        assert done.returncode == 0, done.stderr
        assert installed(again) == installed(first)
    assert gate.ask("verify").returncode == 0


def test_npm(tmp_path: Path, gate: Any, npm: Any, installed: Any) -> None:
    done = npm(tmp_path / "1", "install", "--no-audit", "express@4", "@babel/code-frame")
    assert done.returncode == 0, done.stderr
    assert {"express", "@babel/code-frame"} <= set(installed(tmp_path / "1"))
    cut(gate)
    done = npm(tmp_path / "2", "install", "--no-audit", "express@4", "@babel/code-frame")
    assert done.returncode == 0, done.stderr
    assert installed(tmp_path / "2") == installed(tmp_path / "1")
    assert gate.ask("verify").returncode == 0


def test_npm_signatures(tmp_path: Path, gate: Any, npm: Any) -> None:
    """Signatures are by the registry's key over the digests, which the gate passes on."""
    done = npm(tmp_path, "install", "--no-audit", "express@4")
    assert done.returncode == 0, done.stderr
    done = npm(tmp_path, "audit", "signatures")
    if "ENOTFOUND" in done.stderr or httpx.get(f"{gate.url}/npm/-/npm/v1/keys").status_code == 404:
        pytest.skip("npm cannot reach its trust root, or this registry has no keys")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "verified registry signature" in done.stdout


def test_go(tmp_path: Path, gate: Any, go: Any) -> None:
    done = go(tmp_path / "1", "github.com/google/uuid@latest", checked=True)
    assert done.returncode == 0, done.stderr
    cut(gate)
    done = go(tmp_path / "2", "github.com/google/uuid@latest", checked=True)
    assert done.returncode == 0, done.stderr
    # What the checksum database said is kept too.
    assert (tmp_path / "1/go.sum").read_text() == (tmp_path / "2/go.sum").read_text()
    assert gate.ask("verify").returncode == 0


@pytest.mark.timeout(1200)  # some 400 files of plugins, each with its checksums
def test_maven(tmp_path: Path, gate: Any, run: Any) -> None:
    program = shutil.which("mvn")
    if program is None or "Maven" not in httpx.get(f"{gate.url}/healthz").json()["upstreams"]:
        pytest.skip("mvn is not installed, or names no repository")

    def get(folder: Path) -> Any:
        folder.mkdir()
        (folder / "settings.xml").write_text(gate.ask_setup("maven"))
        words = ("--batch-mode", "--settings", "settings.xml", "-Dmaven.repo.local=repository")
        goal = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:get"
        wanted = "-Dartifact=org.slf4j:slf4j-simple:2.0.9"
        return run(folder, program, *words, "--strict-checksums", goal, wanted)

    done = get(tmp_path / "1")
    assert done.returncode == 0, done.stdout[-3000:]
    cut(gate)
    done = get(tmp_path / "2")
    assert done.returncode == 0, done.stdout[-3000:]
    jars = [
        {path.name for path in (tmp_path / one / "repository").rglob("*.jar")} for one in ("1", "2")
    ]
    assert jars[0] == jars[1]
    assert "slf4j-api-2.0.9.jar" in jars[0]
    assert gate.ask("verify").returncode == 0
