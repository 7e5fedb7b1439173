"""``pratique lint-config`` as a user runs it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import jsonschema_rs
import pytest

from pratique.surfaces.cli import main

if TYPE_CHECKING:
    from pathlib import Path

BAD = "[global]\nindex-url = https://in.acme.test/s\nextra-index-url =\n    https://out.example/s\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pip.conf").write_text(BAD)
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(["lint-config", *words])
    out = capsys.readouterr()
    return code, out.out, out.err


def test_text(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, str(project))
    assert code == 1
    assert "pip.conf:4:5: merged-sources (high): https://out.example/s is searched" in out
    assert "    fix  index-url = https://in.acme.test/s" in out
    assert "note: no internal names were given" in out


def test_json(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, str(project), "-f", "json", "-n", "acme-auth")
    value = json.loads(out)
    assert code == 1
    assert value["notes"] == []
    (one,) = value["findings"]
    assert (one["path"], one["line"], one["column"]) == ("pip.conf", 4, 5)
    assert (one["rule"], one["control"]) == ("merged-sources", "S2C2F ENF-1")


def test_sarif_is_valid_and_has_columns(
    project: Path, capsys: pytest.CaptureFixture[str], repository: Path
) -> None:
    _, out, _ = run(capsys, str(project), "-f", "sarif")
    value = json.loads(out)
    (result,) = value["runs"][0]["results"]
    assert result["locations"] == [
        {
            "physicalLocation": {
                "artifactLocation": {"uri": "pip.conf", "uriBaseId": "%SRCROOT%"},
                "region": {"startLine": 4, "startColumn": 5},
            }
        }
    ]
    schemas = list(repository.glob("tests/conformance/sarif/**/*schema*.json"))
    if schemas:
        jsonschema_rs.validator_for(json.loads(schemas[0].read_text())).validate(value)


def test_a_waiver_sets_aside_until_its_day(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "waivers.yaml").write_text(
        "waivers:\n"
        "  - id: w-1\n"
        "    subject: pkg:generic/pip.conf\n"
        "    rule: merged-sources\n"
        "    owner: platform\n"
        "    reason: moved next week\n"
        "    expires: 2030-01-01T00:00:00Z\n"
        "    approver: ciso\n"
    )
    words = (str(project), "--waivers", str(project / "waivers.yaml"))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
    code, out, _ = run(capsys, *words)
    assert code == 0
    assert "waived until 2030-01-01 by ciso: moved next week" in out
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1900000000")
    code, out, _ = run(capsys, *words)
    assert code == 1
    assert "expired-waiver" in out
    assert "merged-sources (high)" in out


def test_unreadable_is_unknown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "uv.toml").write_text("index-url = \n")
    (tmp_path / "nuget.config").write_text("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>")
    (tmp_path / ".yarnrc.yml").write_text("a: &x b\nc: *x\n")
    (tmp_path / ".npmrc").write_bytes(b"\xff\x00")
    code, out, _ = run(capsys, str(tmp_path), "-f", "json")
    assert code == 3
    assert {one["path"] for one in json.loads(out)["unknown"]} == {
        "uv.toml",
        "nuget.config",
        ".yarnrc.yml",
        ".npmrc",
    }


def test_a_bad_file_does_not_hide_the_others(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "uv.toml").write_text("[")
    code, out, _ = run(capsys, str(project))
    assert code == 1
    assert "merged-sources" in out
    assert "uv.toml: unknown: is not valid TOML" in out


def test_nothing_to_read_is_unknown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, str(tmp_path))
    assert code == 3
    assert "holds no configuration of a package manager" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("absent-folder",), "does not exist"),
        ((__file__,), "no configuration that is known"),
        ((".", "--internal-host", "https://x"), "no host name"),
        ((".", "--internal-name", "pkg:weird/x"), "no kind that is known"),
        ((".", "--format", "pdf"), "invalid choice"),
    ],
)
def test_wrong_usage(words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, *words)
    assert (code, out) == (2, "")
    assert said in err


def test_one_file_and_names_from_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "names.txt").write_text("# ours\n@acme/ui\n\nacme-tools # old\n")
    (tmp_path / ".npmrc").write_text("@acme:registry=https://in.acme.test/npm/\n")
    words = (str(tmp_path / ".npmrc"), "--internal-names-from", str(tmp_path / "names.txt"))
    code, out, _ = run(capsys, *words)
    assert code == 1
    assert "mapping-misses-name (high): acme-tools is asked of the built-in" in out


def test_explain_knows_every_rule(capsys: pytest.CaptureFixture[str]) -> None:
    from pratique.controls.configs.rules import RULES

    for name, rule in RULES.items():
        assert main(["explain", name]) == 0
        assert rule.title in capsys.readouterr().out


def test_installed_trees_are_not_read(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "pip.conf").unlink()
    folder = project / "node_modules" / "x"
    folder.mkdir(parents=True)
    (folder / ".npmrc").write_text("strict-ssl=false\n")
    assert run(capsys, str(project))[0] == 3


def test_credentials_are_not_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pip.conf").write_text(
        "[global]\nindex-url=https://in.acme.test/s\nextra-index-url=https://me:s3cret@out.example/s\n"
    )
    code, out, _ = run(capsys, str(tmp_path))
    assert code == 1
    assert "s3cret" not in out
