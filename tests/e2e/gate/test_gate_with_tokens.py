"""Real package managers that show a token, as ``gate setup --with-token`` configures them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.e2e


@pytest.fixture
def closed(start: Any, registry: Any, advisories: Path) -> Any:
    """A gate that gives packages only to those who show a token."""
    words = {"pypi": "simple", "npm": "npm", "crates": "crates", "maven": "maven"}
    given = [f"{word}={registry.url}/{path}" for word, path in words.items()]
    options = [text for one in given for text in ("--upstream", one)]
    return start(*options, "--advisories", str(advisories), "--require-token")


@pytest.fixture
def token(closed: Any) -> str:
    done = closed.ask("token", "create", "ci", "--team", "payments")
    assert done.returncode == 0, done.stderr
    return str(done.stdout.strip())


def configure(closed: Any, client: str, folder: Path) -> None:
    words = [sys.executable, "-m", "pratique.gate", "setup", client, "--with-token"]
    words += ["--url", closed.url, "--write", str(folder)]
    subprocess.run(words, check=True, capture_output=True)


def test_pip_and_uv_with_a_netrc(
    tmp_path: Path, closed: Any, registry: Any, run: Any, token: str, installed: Any
) -> None:
    registry.wheel("beta", "1.0")
    for name, words in {
        "pip": (sys.executable, "-m", "pip", "install", "--no-cache-dir", "--target", "site"),
        "uv": (
            *(str(Path(sys.executable).with_name("uv")), "pip", "install", "--no-cache"),
            *("--python", sys.executable, "--target", "site"),
        ),
    }.items():
        folder = tmp_path / name
        home = folder / "home"
        home.mkdir(parents=True)
        configure(closed, name, home)
        more = {"HOME": str(home), "PIP_CONFIG_FILE": str(home / ".config/pip/pip.conf")}
        more |= {"PIP_NO_INPUT": "1", "UV_CONFIG_FILE": str(home / ".config/uv/uv.toml")}
        if name == "pip":
            del more["UV_CONFIG_FILE"]
        refused = run(folder, *words, "beta", more=more)
        assert refused.returncode != 0
        (home / ".netrc").write_text(f"machine 127.0.0.1 login token password {token}\n")
        (home / ".netrc").chmod(0o600)
        done = run(folder, *words, "beta", more=more)
        assert done.returncode == 0, done.stderr
        assert installed(folder) == {"beta": "1.0"}
    told = closed.ask("log", "--team", "payments", "--client", "ci")
    assert "beta-1.0-py3-none-any.whl" in told.stdout
    assert "[ci, payments]" in told.stdout


def test_npm_with_a_variable(
    tmp_path: Path, closed: Any, registry: Any, run: Any, token: str, installed: Any
) -> None:
    program = shutil.which("npm")
    if program is None:
        pytest.skip("npm is not installed")
    registry.package("beta", "1.0.0")
    folder = tmp_path / "npm"
    folder.mkdir()
    configure(closed, "npm", folder)
    (folder / "package.json").write_text("{}")
    words = (program, "install", "beta", "--no-audit", "--cache", "cache", "--fetch-retries", "0")
    refused = run(folder, *words, more={"PRATIQUE_GATE_TOKEN": ""})
    assert refused.returncode != 0
    assert "this gate wants a token" in refused.stderr
    done = run(folder, *words, more={"PRATIQUE_GATE_TOKEN": token})
    assert done.returncode == 0, done.stderr
    assert installed(folder) == {"beta": "1.0.0"}


def test_cargo_with_a_registry_token(
    tmp_path: Path, closed: Any, registry: Any, run: Any, token: str
) -> None:
    program = shutil.which("cargo")
    if program is None:
        pytest.skip("cargo is not installed")
    registry.crate("beta", "1.0.0")
    folder = tmp_path / "cargo"
    (folder / "src").mkdir(parents=True)
    (folder / "src/lib.rs").write_text("")
    configure(closed, "cargo", folder)
    (folder / "Cargo.toml").write_text(
        '[package]\nname = "own"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\nbeta = "1"\n'
    )
    more = {"CARGO_HOME": str(folder / "home2"), "RUSTUP_HOME": str(Path.home() / ".rustup")}
    refused = run(folder, program, "fetch", more=more)
    old = "sparse registries requires" in refused.stderr or "rustup" in refused.stderr
    if old:
        pytest.skip(f"cargo does not run here: {refused.stderr[-200:]}")
    assert refused.returncode != 0
    assert "no token found" in refused.stderr
    done = run(folder, program, "fetch", more=more | {"CARGO_REGISTRIES_GATE_TOKEN": token})
    assert done.returncode == 0, done.stderr
    assert 'name = "beta"' in (folder / "Cargo.lock").read_text()


def test_maven_with_a_server(
    tmp_path: Path, closed: Any, registry: Any, run: Any, token: str
) -> None:
    program = shutil.which("mvn")
    if program is None:
        pytest.skip("mvn is not installed")
    registry.maven("org.codehaus.plexus:plexus-utils", "1.1")  # Maven adds it by itself
    registry.maven("test.example:beta", "1.0")
    folder = tmp_path / "maven"
    folder.mkdir()
    configure(closed, "maven", folder)
    (folder / "pom.xml").write_text(
        "<project><modelVersion>4.0.0</modelVersion><groupId>own.test</groupId>"
        "<artifactId>own</artifactId><version>1</version><packaging>pom</packaging><build>"
        "<extensions><extension><groupId>test.example</groupId><artifactId>beta</artifactId>"
        "<version>1.0</version></extension></extensions></build></project>"
    )
    words = (program, "--batch-mode", "-U", "--settings", ".m2/settings.xml")
    words += ("-Dmaven.repo.local=repository", "validate")
    refused = run(folder, *words, more={"PRATIQUE_GATE_TOKEN": "none"})
    assert refused.returncode != 0
    shutil.rmtree(folder / "repository", ignore_errors=True)
    done = run(folder, *words, more={"PRATIQUE_GATE_TOKEN": token})
    assert done.returncode == 0, done.stdout[-2000:]


def test_an_approval_while_it_runs(closed: Any, registry: Any, token: str) -> None:
    soon = f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d}"
    admin = closed.ask("token", "create", "root", "--role", "admin").stdout.strip()
    registry.wheel("beta", "2.0", age=1)
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.pypi.simple.v1+json"}
    page = f"{closed.url}/pypi/simple/beta/"
    assert httpx.get(page, headers=headers, timeout=60).json()["versions"] == []
    words = [sys.executable, "-m", "pratique.gate", "quarantine", "list", "--url", closed.url]
    variables = os.environ | {"PRATIQUE_GATE_TOKEN": admin}
    told = subprocess.run(words, capture_output=True, text=True, env=variables, check=True)
    assert "pkg:pypi/beta@2.0  quarantine by new-release" in told.stdout
    words[3:5] = ["approvals", "approve", "pkg:pypi/beta@2.0", "--rule", "new-release"]
    words += ["--reason", "we wrote it", "--owner", "payments", "--expires", soon]
    done = subprocess.run(words, capture_output=True, text=True, env=variables)
    assert done.returncode == 0, done.stderr
    assert httpx.get(page, headers=headers, timeout=60).json()["versions"] == ["2.0"]
    id_ = done.stdout.partition(":")[0]
    gone = closed.ask("approvals", "revoke", id_, "--reason", "no longer")
    assert gone.returncode == 0, gone.stderr
    until = time.monotonic() + 60  # the running gate reads what was revoked when it changes
    while httpx.get(page, headers=headers, timeout=60).json()["versions"]:
        assert time.monotonic() < until
        time.sleep(0.1)
    assert closed.ask("verify").returncode == 0
