"""Against the registries that this machine's package managers are configured to use."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from pratique.advisories.build import build
from pratique.advisories.inputs import Source

pytestmark = [pytest.mark.e2e, pytest.mark.network]

NOWHERE = "http://127.0.0.1:9"
"""No one listens on it (discard)."""


PLANTED = {
    "GHSA-pppp-pppp-pppp": ("PyPI", "idna", "3.5"),
    "GHSA-qqqq-qqqq-qqqq": ("npm", "lodash", "4.17.21"),
    "RUSTSEC-2026-9999": ("crates.io", "itoa", "1.0.10"),
    "GO-2026-9999": ("Go", "github.com/google/uuid", "1.4.0"),
    "GHSA-rrrr-rrrr-rrrr": ("Maven", "org.slf4j:slf4j-simple", "2.0.10"),
}
"""Invented advisories: that version and all after it count as vulnerable."""


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory, loopback: Any) -> Path:
    folder = tmp_path_factory.mktemp("planted")
    records = [
        loopback.advisory(one, ecosystem, name, first=first, severity=loopback.CRITICAL)
        for one, (ecosystem, name, first) in PLANTED.items()
    ]
    source = folder / "records.ndjson"
    source.write_text("\n".join(map(json.dumps, records)))
    build(folder / "data", [Source(path=str(source), name="invented")], now=datetime.now(UTC))
    return folder / "data"


@pytest.fixture
def gate(start: Any, planted: Path) -> Any:
    """A gate on the registries of the machine's own configuration; no option names one."""
    try:
        made = start("--advisories", str(planted))
    except AssertionError as error:
        pytest.skip(f"no registries are configured here: {str(error)[-300:]}")
    probe = httpx.get(f"{made.url}/pypi/simple/idna/", timeout=120)
    if probe.status_code != 200:
        pytest.skip(f"the registry cannot be reached: {probe.text[:300]}")
    return made


def served(gate: Any) -> list[str]:
    """Ecosystems, as the entry of the start has them."""
    done = gate.ask("log", "--kind", "started", "--format", "jsonl")
    return list(json.loads(done.stdout.splitlines()[-1])["ecosystems"])


def cut(gate: Any) -> None:
    """Start again with upstreams at which there is nobody."""
    words = served(gate)
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
        assert installed(first)["idna"] == "3.4"  # the newest below what is planted
    cut(gate)
    for install in (pip, uv):
        first, again = tmp_path / f"{id(install)}-1", tmp_path / f"{id(install)}-2"
        done = install(again, "jinja2", "requests")
        assert done.returncode == 0, done.stderr
        assert installed(again) == installed(first)
    assert gate.ask("verify").returncode == 0


def test_npm(tmp_path: Path, gate: Any, npm: Any, installed: Any) -> None:
    wanted = ("express@4", "@babel/code-frame", "lodash@4")
    done = npm(tmp_path / "1", "install", "--no-audit", *wanted)
    assert done.returncode == 0, done.stderr
    assert {"express", "@babel/code-frame"} <= set(installed(tmp_path / "1"))
    assert installed(tmp_path / "1")["lodash"] == "4.17.20"
    cut(gate)
    done = npm(tmp_path / "2", "install", "--no-audit", *wanted)
    assert done.returncode == 0, done.stderr
    assert installed(tmp_path / "2") == installed(tmp_path / "1")
    assert gate.ask("verify").returncode == 0


def test_npm_signatures(tmp_path: Path, gate: Any, npm: Any) -> None:
    """Signatures are by the registry's key over the digests, which the gate passes on."""
    done = npm(tmp_path, "install", "--no-audit", "express@4")
    assert done.returncode == 0, done.stderr
    done = npm(tmp_path, "audit", "signatures")
    if (
        "ENOTFOUND" in done.stderr
        or httpx.get(f"{gate.url}/npm/-/npm/v1/keys", timeout=60).status_code == 404
    ):
        pytest.skip("npm cannot reach its trust root, or this registry has no keys")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "verified registry signature" in done.stdout


def test_go(tmp_path: Path, gate: Any, go: Any) -> None:
    done = go(tmp_path / "1", "github.com/google/uuid@latest", checked=True)
    assert done.returncode == 0, done.stderr
    assert "google/uuid v1.3.1 " in (tmp_path / "1/go.mod").read_text()
    done = go(tmp_path / "0", "github.com/google/uuid@v1.4.0", checked=True)
    assert done.returncode != 0
    assert "deny by critical: vulnerabilities: GO-2026-9999" in done.stderr
    cut(gate)
    done = go(tmp_path / "2", "github.com/google/uuid@latest", checked=True)
    assert done.returncode == 0, done.stderr
    # What the checksum database said is kept too.
    assert (tmp_path / "1/go.sum").read_text() == (tmp_path / "2/go.sum").read_text()
    assert gate.ask("verify").returncode == 0


def test_cargo(tmp_path: Path, gate: Any, cargo: Any) -> None:
    """The registry is the one that cargo itself has built in, where nothing else is configured."""
    if "crates.io" not in served(gate):
        pytest.skip("cargo does not say which registry it has built in")
    wanted = 'itoa = "1"\nquote = "1"'
    done = cargo(tmp_path / "1", wanted)
    if done.returncode and "config.json" in done.stderr:
        pytest.skip(f"the registry does not answer: {done.stderr[-300:]}")
    assert done.returncode == 0, done.stderr
    lock = (tmp_path / "1/Cargo.lock").read_text()
    assert 'name = "itoa"\nversion = "1.0.9"' in lock
    for name in ("quote", "proc-macro2", "unicode-ident"):
        assert f'name = "{name}"' in lock
        assert list((tmp_path / "1/cargo").rglob(f"{name}-*.crate"))
    assert cargo(tmp_path / "0", 'itoa = "=1.0.10"').returncode != 0
    refused = httpx.get(f"{gate.url}/crates/dl/itoa/1.0.10/download", timeout=60)
    assert refused.status_code == 403
    assert "deny by critical: vulnerabilities: RUSTSEC-2026-9999" in refused.text
    cut(gate)
    done = cargo(tmp_path / "2", wanted)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "2/Cargo.lock").read_text() == lock
    assert gate.ask("verify").returncode == 0


@pytest.mark.timeout(1200)  # some 400 files of plugins, each with its checksums
def test_maven(tmp_path: Path, gate: Any, run: Any) -> None:
    program = shutil.which("mvn")
    if program is None or "Maven" not in served(gate):
        pytest.skip("mvn is not installed, or names no repository")

    def get(folder: Path, version: str = "2.0.9") -> Any:
        folder.mkdir(exist_ok=True)
        (folder / "settings.xml").write_text(gate.ask_setup("maven"))
        words = ("--batch-mode", "--settings", "settings.xml", "-Dmaven.repo.local=repository")
        goal = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:get"
        wanted = f"-Dartifact=org.slf4j:slf4j-simple:{version}"
        return run(folder, program, *words, "--strict-checksums", goal, wanted)

    done = get(tmp_path / "1")
    assert done.returncode == 0, done.stdout[-3000:]
    done = get(tmp_path / "1", "2.0.10")
    assert done.returncode != 0
    assert "403" in done.stdout
    told = gate.ask("why", "org.slf4j:slf4j-simple@2.0.10").stdout
    assert "deny by critical: vulnerabilities: GHSA-rrrr-rrrr-rrrr" in told
    cut(gate)
    done = get(tmp_path / "2")
    assert done.returncode == 0, done.stdout[-3000:]
    jars = [
        {path.name for path in (tmp_path / one / "repository").rglob("*.jar")} for one in ("1", "2")
    ]
    assert jars[0] == jars[1]
    assert "slf4j-api-2.0.9.jar" in jars[0]
    assert gate.ask("verify").returncode == 0
