"""Real mvn resolves through the gate; then upstream is cut.

A build extension is what Maven's core resolves without any plugin: its POM, its
jar, and what it depends on.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.e2e

NAMES = ("groupId", "artifactId", "version")


def extension(coordinates: str) -> str:
    parts = zip(NAMES, coordinates.split(":"), strict=True)
    return "<extension>" + "".join(f"<{tag}>{text}</{tag}>" for tag, text in parts) + "</extension>"


CURRENT = ("3.9.11", pytest.param("4.0.0-rc-4", marks=pytest.mark.nightly))
"""Their resolvers print problem details; both are artifacts of the repository that mvn asks."""


def mvn(run: Any, folder: Path, gate: Any, *coordinates: str, program: str = "") -> Any:
    program = program or shutil.which("mvn") or ""
    if not program:
        pytest.skip("mvn is not installed")
    needs = f"<build><extensions>{''.join(map(extension, coordinates))}</extensions></build>"
    return build(run, folder, gate, needs, program)


def child(run: Any, folder: Path, gate: Any, coordinates: str, program: str) -> Any:
    """A build whose parent POM these are: the least that Maven's core resolves."""
    parent = extension(coordinates).replace("extension>", "parent>")
    return build(run, folder, gate, parent, program)


def build(run: Any, folder: Path, gate: Any, needs: str, program: str) -> Any:
    folder.mkdir(parents=True)
    (folder / "settings.xml").write_text(gate.ask_setup("maven"))
    (folder / "pom.xml").write_text(
        "<project><modelVersion>4.0.0</modelVersion><groupId>own.test</groupId>"
        f"<artifactId>own</artifactId><version>1</version><packaging>pom</packaging>{needs}"
        "</project>"
    )
    words = ("--batch-mode", "--settings", "settings.xml", "-Dmaven.repo.local=repository")
    return run(folder, program, *words, "--strict-checksums", "validate")


def jars(folder: Path) -> set[str]:
    return {path.name for path in (folder / "repository").rglob("*.jar")}


def test_only_what_is_admitted_then_without_upstream(
    tmp_path: Path, gate: Any, registry: Any, run: Any
) -> None:
    registry.maven("org.codehaus.plexus:plexus-utils", "1.1")  # what mvn adds to every extension
    registry.maven("test.example:alpha", "1.1", "test.example:beta:[1.0,)")
    registry.maven("test.example:alpha", "1.2")  # vulnerable
    registry.maven("test.example:alpha", "1.4", age=0.5)  # too new
    registry.maven("test.example:beta", "1.0")
    registry.maven("test.example:beta", "2.0")  # denied: the range takes the one before
    registry.maven("com.acme:pay", "99.0")
    first = tmp_path / "first"
    done = mvn(run, first, gate, "test.example:alpha:1.1")
    assert done.returncode == 0, done.stdout
    assert jars(first) >= {"alpha-1.1.jar", "beta-1.0.jar"}
    assert "beta-2.0.jar" not in jars(first)
    wanted = ("test.example:alpha:1.2", "test.example:alpha:1.4", "test.example:beta:2.0")
    for number, coordinates in enumerate((*wanted, "com.acme:pay:99.0")):
        done = mvn(run, tmp_path / f"other{number}", gate, coordinates)
        assert done.returncode != 0, coordinates
        assert "403" in done.stdout
    assert not any("acme" in path for path in registry.asked)
    told = gate.ask("log", "--kind", "refused").stdout
    assert "deny by critical: vulnerabilities: GHSA-cccc-cccc-cccc" in told
    assert "quarantine by new-release" in told
    registry.close()
    gate.restart()
    again = tmp_path / "again"
    done = mvn(run, again, gate, "test.example:alpha:1.1")
    assert done.returncode == 0, done.stdout
    assert jars(again) == jars(first)
    assert gate.ask("verify").returncode == 0


@pytest.fixture(scope="session", params=CURRENT)
def current(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A newer mvn, which the one that is installed fetches from its own repository."""
    program = shutil.which("mvn")
    if program is None:
        pytest.skip("mvn is not installed")
    folder = tmp_path_factory.mktemp("maven")
    done = subprocess.run(
        [
            *(program, "--batch-mode", "--quiet"),
            "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy",
            f"-Dartifact=org.apache.maven:apache-maven:{request.param}:tar.gz:bin",
            f"-DoutputDirectory={folder}",
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=240,
    )
    archives = list(folder.glob("*.tar.gz"))
    if not archives:
        pytest.skip(f"mvn cannot fetch Maven {request.param}: {done.stdout[-300:]}")
    with tarfile.open(archives[0]) as archive:
        archive.extractall(folder, filter="data")
    return str(next(folder.glob("*/bin/mvn")))


@pytest.mark.network
def test_a_current_maven_prints_why(
    tmp_path: Path, gate: Any, registry: Any, run: Any, current: str
) -> None:
    """RFC 9457; and what is not there stays a plain 404, after which it looks further."""
    registry.maven("org.codehaus.plexus:plexus-utils", "1.1")
    registry.maven("test.example:alpha", "1.1", "test.example:beta:[1.0,)")
    registry.maven("test.example:alpha", "1.2")  # vulnerable
    registry.maven("test.example:alpha", "1.4", age=0.5)  # too new
    registry.maven("test.example:beta", "1.0")
    registry.maven("test.example:beta", "2.0")
    done = mvn(run, tmp_path / "in", gate, "test.example:alpha:1.1", program=current)
    assert done.returncode == 0, done.stdout
    assert jars(tmp_path / "in") >= {"alpha-1.1.jar", "beta-1.0.jar"}
    for coordinates, *words in (
        (
            "test.example:alpha:1.2",
            "pkg:maven/test.example/alpha@1.2 is not admitted: deny by critical: "
            "vulnerabilities: GHSA-cccc-cccc-cccc",
            "ask for a waiver of rule critical of policy trial",
            f"type={gate.url}/problems/refused",
        ),
        ("test.example:alpha:1.4", "quarantine by new-release", "It comes in by itself on"),
        ("com.acme:pay:99.0", "reserved for internal packages"),
    ):
        folder = tmp_path / re.sub(r"\W", "-", coordinates)
        done = child(run, folder, gate, coordinates, current)
        assert done.returncode != 0
        for word in words:
            assert word in done.stdout, done.stdout
    done = child(run, tmp_path / "none", gate, "test.example:alpha:9", current)
    assert done.returncode != 0
    assert re.search(r"Could not find artifact test\.example:alpha", done.stdout), done.stdout
