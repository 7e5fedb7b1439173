"""Real mvn resolves through the gate; then upstream is cut.

A build extension is what Maven's core resolves without any plugin: its POM, its
jar, and what it depends on.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.e2e

NAMES = ("groupId", "artifactId", "version")


def extension(coordinates: str) -> str:
    parts = zip(NAMES, coordinates.split(":"), strict=True)
    return "<extension>" + "".join(f"<{tag}>{text}</{tag}>" for tag, text in parts) + "</extension>"


def mvn(run: Any, folder: Path, gate: Any, *coordinates: str) -> Any:
    program = shutil.which("mvn")
    if program is None:
        pytest.skip("mvn is not installed")
    folder.mkdir(parents=True)
    (folder / "settings.xml").write_text(gate.ask_setup("maven"))
    (folder / "pom.xml").write_text(
        "<project><modelVersion>4.0.0</modelVersion><groupId>own.test</groupId>"
        "<artifactId>own</artifactId><version>1</version><packaging>pom</packaging>"
        f"<build><extensions>{''.join(map(extension, coordinates))}</extensions></build></project>"
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
