"""Configurations of the nine clients: each is in its client's own syntax, and says one thing."""

from __future__ import annotations

import configparser
import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from lxml import etree

from pratique.gate.setup import CLIENTS, setup, write
from pratique.model.errors import UsageError

GATE = "https://gate.test"


def settings(text: str) -> dict[str, str]:
    """Lines ``key=value`` that are no comments."""
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return dict(line.partition("=")[::2] for line in lines)


def test_there_are_nine() -> None:
    nine = ("pip", "uv", "npm", "yarn", "pnpm", "cargo", "go", "maven", "docker-build")
    assert nine == CLIENTS


def test_pip_and_uv() -> None:
    parser = configparser.RawConfigParser()
    parser.read_string(setup("pip", f"{GATE}/"))
    assert dict(parser["global"]) == {"index-url": f"{GATE}/pypi/simple/"}
    assert tomllib.loads(setup("uv", GATE))["index"] == [
        {"url": f"{GATE}/pypi/simple/", "default": True}
    ]


def test_npm_pnpm_and_yarn() -> None:
    for client in ("npm", "pnpm"):
        assert settings(setup(client, GATE)) == {
            "registry": f"{GATE}/npm/",
            "replace-registry-host": "always",
        }
    assert f'npmRegistryServer: "{GATE}/npm"\n' in setup("yarn", GATE)
    assert "unsafe" not in setup("yarn", GATE)
    assert 'unsafeHttpWhitelist: ["gate.test"]\n' in setup("yarn", "http://gate.test:8181")


def test_cargo_go_and_maven() -> None:
    cargo = tomllib.loads(setup("cargo", GATE))["source"]
    assert cargo["crates-io"]["replace-with"] == "gate"
    assert cargo["gate"]["registry"] == f"sparse+{GATE}/crates/"
    found = settings(setup("go", GATE))
    assert found == {"GOPROXY": f"{GATE}/go", "GONOPROXY": "", "GOPRIVATE": ""}
    root = etree.fromstring(setup("maven", GATE).encode())
    assert [one.text for one in root.iter("{*}mirrorOf")] == ["*"]
    assert [one.text for one in root.iter("{*}url")] == [f"{GATE}/maven"]


def test_docker_build(tmp_path: Path) -> None:
    """What a build would do with it, done by a shell."""
    text = setup("docker-build", "http://gate.test:8181")
    joined = re.sub(r"\\\n", "", text)
    lines = [line for line in joined.splitlines() if line and not line.startswith("#")]
    assert [line.split()[0] for line in lines] == ["ENV", "ENV", "RUN"]
    found = dict(word.split("=", 1) for line in lines[:2] for word in line.split()[1:])
    assert found["PIP_INDEX_URL"] == "http://gate.test:8181/pypi/simple/"
    assert found["PIP_TRUSTED_HOST"] == "gate.test:8181"
    assert found["GOPROXY"] == "http://gate.test:8181/go"
    assert found["GONOPROXY"] == ""
    env = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    subprocess.run(["/bin/sh", "-c", lines[2].partition(" ")[2]], env=env, check=True)
    root = etree.fromstring((tmp_path / ".m2/settings.xml").read_bytes())
    assert root.findtext("mirrors/mirror/url") == "http://gate.test:8181/maven"
    cargo = tomllib.loads((tmp_path / ".cargo/config.toml").read_text())
    assert cargo["source"]["gate"]["registry"] == "sparse+http://gate.test:8181/crates/"


@pytest.mark.parametrize("client", CLIENTS)
def test_written_once_and_never_over_another(tmp_path: Path, client: str) -> None:
    path = write(client, GATE, tmp_path)
    assert path.read_text() == setup(client, GATE)
    assert write(client, GATE, tmp_path) == path
    with pytest.raises(UsageError, match="exists"):
        write(client, "https://other.test", tmp_path)
    assert path.read_text() == setup(client, GATE)


@pytest.mark.parametrize(
    "address",
    ["gate.test", "ftp://gate.test", 'https://gate.test/"\nextra', "https://g.test/$(id)", ""],
)
def test_addresses_that_would_write_something_else(address: str) -> None:
    with pytest.raises(UsageError, match="is not the address"):
        setup("docker-build", address)
    with pytest.raises(UsageError, match="no configuration"):
        setup("bower", GATE)
