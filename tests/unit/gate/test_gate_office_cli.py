"""``pratique gate approvals``, ``token`` and ``quarantine``, as they are typed."""

from __future__ import annotations

import json
import tomllib
from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from pratique.gate import cli, cli_office
from pratique.gate.setup import CLIENTS, setup
from pratique.model.errors import InputError, UpstreamError, UsageError
from pratique.policy.service import load

SOON = f"{datetime.now(UTC) + timedelta(days=20):%Y-%m-%d}"
POLICY = b"""
id: cli
rules:
  - {id: runs-code, when: install_scripts, effect: require-approval, on_unknown: ignore, reason: r}
  - {id: young, when: age_days < 3.0, effect: quarantine, on_unknown: ignore, reason: y}
"""


def call(command: Any, *words: str) -> int:
    parser = ArgumentParser()
    command.configure(parser)
    return int(command.run(parser.parse_args(words)))


@pytest.fixture
def data(gate: Any, upstream: Any, days_ago: Any) -> str:
    gate.policy = load(POLICY, "cli.yaml")
    upstream.pypi("alpha", {"filename": "alpha-1.0.tar.gz", "body": b"one"})
    new = {"filename": "beta-1.0-py3-none-any.whl", "body": b"b", "upload-time": days_ago(1)}
    upstream.pypi("beta", new)
    gate.get("/pypi/simple/alpha/")
    gate.get("/pypi/simple/beta/")
    return str(gate.data)


def test_approvals(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    where = ("--data", data)
    assert call(cli_office.approvals, "list", *where) == 0
    assert "waits     pkg:pypi/alpha@1.0  require-approval by runs-code" in capsys.readouterr().out
    common = ("--reason", "read", "--owner", "payments", "--expires", SOON, *where)
    rules = ("--rule", "runs-code", "--rule", "young")
    approve = ("approve", "pkg:pypi/alpha@1.0", *rules, *common, "--approver", "alice")
    assert call(cli_office.approvals, *approve) == 0
    ids = [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()]
    assert len(ids) == 2
    revoke = ("revoke", ids[0], "--reason", "no", *where)
    assert call(cli_office.approvals, *revoke) == 0
    with pytest.raises(UsageError, match="taken back already"):
        call(cli_office.approvals, *revoke)
    capsys.readouterr()
    call(cli_office.approvals, "list", *where, "--format", "json")
    listed = json.loads(capsys.readouterr().out)["approvals"]
    assert [one["holds"] for one in listed] == [False, True]
    deny = ("deny", "pkg:pypi/other", "--rule", "x", "--reason", "no", *where)
    with pytest.raises(UsageError, match="nothing of"):
        call(cli_office.approvals, *deny)


def test_tokens_and_quarantine(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    where = ("--data", data)
    assert call(cli_office.token, "create", "ci", "--role", "team", "--team", "web", *where) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("pratique_")
    assert shown.out.strip() not in shown.err
    call(cli_office.token, "list", *where, "--format", "json")
    (one,) = json.loads(capsys.readouterr().out)["tokens"]
    assert one["roles"] == ["team"]
    assert "sha256" not in one
    assert call(cli_office.token, "revoke", one["id"], *where) == 0
    with pytest.raises(UsageError, match="was taken back"):
        call(cli_office.token, "revoke", one["id"], *where)
    capsys.readouterr()
    call(cli_office.token, "list", *where)
    assert "taken back" in capsys.readouterr().out
    assert call(cli_office.quarantine, "list", *where) == 0
    line = capsys.readouterr().out
    assert "UTC" in line
    assert "pkg:pypi/beta@1.0  quarantine by young: y" in line


def test_wrong_usage(data: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PRATIQUE_GATE_TOKEN", raising=False)
    for words, says in (
        ((), "name one gate"),
        (("--data", data, "--url", "http://127.0.0.1:9"), "name one gate"),
        (("--data", str(tmp_path / "none")), "is not a folder"),
        (("--url", "ftp://a.test"), "not the address"),
        (("--url", "http://127.0.0.1:9"), "no token"),
        (("--url", "http://127.0.0.1:9", "--token-file", str(tmp_path)), "cannot be read"),
    ):
        with pytest.raises(UsageError, match=says):
            call(cli_office.quarantine, "list", *words)
    monkeypatch.setenv("PRATIQUE_GATE_TOKEN", "pratique_0_0")
    with pytest.raises(UpstreamError, match="does not answer"):
        call(cli_office.quarantine, "list", "--url", "http://127.0.0.1:9")
    (Path(data) / "tokens.json").write_text("{}")
    with pytest.raises(InputError):
        call(cli_office.token, "list", "--data", data)
    for text in ("tomorrow", "2027-13-01"):
        with pytest.raises(SystemExit):
            call(cli_office.token, "create", "x", "--expires", text, "--data", data)


def test_log_why_and_verify_are_asked_in_parts(
    data: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ("--data", data)
    call(cli.log, *where, "--package", "beta", "--format", "jsonl")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {one["package"] for one in lines} == {"beta"}
    call(cli.log, *where, "--until", "2020-01-01")
    assert capsys.readouterr().out == ""
    with pytest.raises(UsageError, match="not a time"):
        call(cli.log, *where, "--since", "soon")
    assert call(cli.why, "beta@1.0", *where) == 0
    assert "until" in capsys.readouterr().out
    with pytest.raises(UsageError, match="never asked for"):
        call(cli.why, "beta", *where, "--until", "2020-01-01")
    anchor = tmp_path / "anchor"
    assert call(cli.verify, *where, "--anchor", str(anchor), "--format", "json") == 0
    noted = json.loads(anchor.read_text())
    assert json.loads(capsys.readouterr().out)["head"] == noted["head"]
    log = Path(data) / "decisions.jsonl"
    whole = log.read_bytes()
    log.write_bytes(b"".join(whole.splitlines(keepends=True)[:-1]))
    assert call(cli.verify, *where, "--anchor", str(anchor)) == 1
    assert "1 were taken away" in capsys.readouterr().out
    assert json.loads(anchor.read_text()) == noted
    anchor.write_text("[]")
    with pytest.raises(InputError, match="is no anchor"):
        call(cli.verify, *where, "--anchor", str(anchor))


@pytest.mark.parametrize("client", [one for one in CLIENTS if one != "docker-build"])
def test_configurations_with_a_token_have_none_in_them(client: str) -> None:
    text = setup(client, "https://gate.example.test", token=True)
    assert "pratique_" not in text
    if client == "cargo":
        assert tomllib.loads(text)["registries"]["gate"]["index"].endswith("/crates/")
    if client == "maven":
        root = etree.fromstring(text.encode())
        assert root.findtext("{*}servers/{*}server/{*}id") == root.findtext(
            "{*}mirrors/{*}mirror/{*}id"
        )
    if client == "npm":
        assert "//gate.example.test/npm/:_authToken=${PRATIQUE_GATE_TOKEN}" in text


def test_a_build_gets_its_token_otherwise() -> None:
    with pytest.raises(UsageError, match="depends on the build"):
        setup("docker-build", "https://gate.example.test", token=True)
