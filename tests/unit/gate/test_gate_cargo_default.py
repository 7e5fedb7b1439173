"""The index that cargo has built in, as cargo itself names it; nothing leaves the machine."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pratique.gate.upstreams import find
from pratique.sources.cargo_default import built_in
from pratique.sources.registries import configured


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program named cargo, which notes its environment and says what the file has."""
    text = tmp_path / "says"
    program = tmp_path / "bin" / "cargo"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\nenv > "{tmp_path}/env"\npwd >> "{tmp_path}/env"\ncat "{text}" >&2\nexit 101\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("CARGO_HOME", str(tmp_path / "home"))
    return text


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (
            "  failed to download from `https://index.example.test/config.json`",
            "https://index.example.test",
        ),
        (
            "see https://index.example.test:8443/a/b/config.json.",
            "https://index.example.test:8443/a/b",
        ),
        ("failed to download from `http://index.example.test/config.json`", ""),
        ("Updating https://git.example.test/index", ""),
        ("https://user:secret@index.example.test/config.json", ""),
        ("https://a.test\x1b[31m/config.json", ""),
        ("file:///etc/config.json", ""),
        ("", ""),
    ],
)
def test_what_cargo_says(said: Path, text: str, address: str) -> None:
    said.write_text(text)
    assert built_in() == address
    named = configured("crates")
    assert (named.url if named else "") == address


def test_it_can_reach_nobody_and_reads_no_configuration(
    said: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said.write_text("")
    monkeypatch.setenv("CARGO_SOURCE_CRATES_IO_REPLACE_WITH", "other")
    monkeypatch.setenv("https_proxy", "http://proxy.example.test:3128")
    monkeypatch.setenv("NO_PROXY", "*")
    assert built_in() == ""
    *lines, folder = (tmp_path / "env").read_text().splitlines()
    told = dict(line.partition("=")[::2] for line in lines)
    assert not {"CARGO_SOURCE_CRATES_IO_REPLACE_WITH", "https_proxy", "NO_PROXY"} & set(told)
    assert told["CARGO_HOME"] != str(tmp_path / "home")
    assert not Path(told["CARGO_HOME"]).exists()  # it is gone with the project
    assert folder == Path(folder).anchor
    proxy = urlsplit(told["CARGO_HTTP_PROXY"])
    assert proxy.hostname == "127.0.0.1"
    with socket.socket() as probe:
        probe.settimeout(30)
        assert probe.connect_ex(("127.0.0.1", proxy.port)) != 0


def test_what_is_configured_comes_first(said: Path, tmp_path: Path) -> None:
    said.write_text("`https://index.example.test/config.json`")
    (tmp_path / "home").mkdir()
    (tmp_path / "home/config.toml").write_text(
        '[source.crates-io]\nreplace-with = "own"\n'
        '[source.own]\nregistry = "sparse+https://own.example.test/index/"\n'
    )
    found = find([], ["crates"])["crates.io"]
    assert (found.url, found.origin) == (
        "https://own.example.test/index",
        "cargo's configuration",
    )
    assert built_in() == "https://index.example.test"


def test_the_real_cargo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = shutil.which("cargo")
    if program is None:
        pytest.skip("cargo is not installed")
    monkeypatch.setenv("CARGO_HOME", str(tmp_path))
    address = built_in()
    if not address:
        pytest.skip("this cargo does not run here, or has a Git index built in")
    parts = urlsplit(address)
    assert parts.scheme == "https"
    assert parts.hostname
    assert not list(tmp_path.iterdir())
