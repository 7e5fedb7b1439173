"""The chain of decisions, the clock, the lists and what clients are told."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pratique.gate.clock import Clock
from pratique.gate.lists import Lists, read_lists
from pratique.gate.log import NAME, Log, entries
from pratique.gate.upstreams import find
from pratique.gate.verifying import verify
from pratique.model.errors import EvidenceError, UsageError

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def written(folder: Path, count: int = 5) -> list[str]:
    log = Log(folder, NOW)
    heads = [log.append("trial", NOW, number=number, text="a\nb") for number in range(count)]
    log.close()
    return heads


def test_the_chain_holds_over_restarts(tmp_path: Path) -> None:
    heads = written(tmp_path) + written(tmp_path)
    found = list(entries(tmp_path))
    assert [entry["hash"] for entry in found] == heads
    assert [entry["n"] for entry in found] == list(range(1, 11))
    assert verify(tmp_path, heads[3]).sound


def test_a_changed_byte_is_noticed(tmp_path: Path) -> None:
    written(tmp_path)
    path = tmp_path / NAME
    data = path.read_bytes()
    for position in range(0, len(data) - 1, 7):
        changed = bytearray(data)
        changed[position] ^= 1
        path.write_bytes(bytes(changed))
        try:
            assert len(list(entries(tmp_path))) < 5
        except EvidenceError:
            continue


def test_a_missing_line_and_a_missing_end(tmp_path: Path) -> None:
    heads = written(tmp_path)
    path = tmp_path / NAME
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2] + lines[3:]))
    with pytest.raises(EvidenceError, match="does not follow"):
        list(entries(tmp_path))
    with pytest.raises(EvidenceError):
        Log(tmp_path, NOW)
    path.write_bytes(b"".join(lines[:3]))
    assert not verify(tmp_path, heads[-1]).sound


@pytest.mark.parametrize("cut", [1, 2, 30, 100])
def test_a_torn_end_is_cut_off_and_said(tmp_path: Path, cut: int) -> None:
    heads = written(tmp_path)
    path = tmp_path / NAME
    path.write_bytes(path.read_bytes()[:-cut])
    log = Log(tmp_path, NOW)
    log.close()
    found = list(entries(tmp_path))
    assert [entry["kind"] for entry in found] == ["trial"] * 4 + ["torn"]
    assert found[-1]["prev"] == heads[3]


def test_jumps_of_the_clock_lift_no_quarantine() -> None:
    wall, steady = [1_000_000.0], [50.0]
    clock = Clock(lambda: wall[0], lambda: steady[0])
    wall[0] += 30 * 86_400
    steady[0] += 60
    assert clock.earlier().timestamp() == 1_000_060.0
    assert clock.later().timestamp() == wall[0]
    wall[0] = 500_000.0
    assert clock.earlier().timestamp() == 500_000.0
    assert clock.later().timestamp() == 1_000_060.0


def test_reserved_names() -> None:
    lists = Lists.of(reserved=["Acme_*", "npm:@acme", "npm:@other/x-*"])
    assert lists.is_reserved("PyPI", "acme-pay")
    assert lists.is_reserved("npm", "@acme/pay")
    assert lists.is_reserved("npm", "@other/x-y")
    assert not lists.is_reserved("npm", "@acmes/pay")
    assert not lists.is_reserved("npm", "@other/y")
    assert not lists.is_reserved("PyPI", "my-acme")


def test_lists_from_a_file() -> None:
    lists = read_lists(
        b"# names\nreserved acme-*\n\ndeny pkg:npm/alpha@1.* # bad\nallow pkg:pypi/beta\n", "lists"
    )
    assert lists.denies("pkg:npm/alpha@1.2")
    assert not lists.denies("pkg:npm/alpha@2.0")
    assert lists.allows("pkg:pypi/beta@9")
    for text in (b"deny", b"forbid pkg:npm/a", b"deny npm/a", b"reserved *", b"deny pkg:npm/*"):
        with pytest.raises(UsageError, match="lists:1"):
            read_lists(text, "lists")


def test_upstreams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.test/simple/")
    found = find([], ["pypi"])
    assert found["PyPI"].url == "https://index.test/simple"
    assert "PIP_INDEX_URL" in found["PyPI"].origin
    assert find(["pypi=http://other.test/x"], ["pypi"])["PyPI"].url == "http://other.test/x"
    for wrong in ("pypi=ftp://a.test", "pypi=", "cobol=http://a.test", "pypi=http://a.test/?q=1"):
        with pytest.raises(UsageError):
            find([wrong], [])


def test_a_gate_is_not_its_own_upstream(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import argparse

    from pratique.gate import cli

    parser = argparse.ArgumentParser()
    cli.serve.configure(parser)
    words = ["--policy", "observe", "--data", str(tmp_path), "--port", "18199"]
    words += ["--upstream", "npm=http://localhost:18199/npm/"]
    with pytest.raises(UsageError, match="names this gate itself"):
        cli.serve.run(parser.parse_args(words))


def test_nothing_names_a_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("npm_config_registry", "NPM_CONFIG_REGISTRY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UsageError, match="no configuration names a registry for npm"):
        find([], ["npm"])
