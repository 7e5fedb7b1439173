"""The commands: what they print, write and return."""

from __future__ import annotations

import json
from argparse import ArgumentParser

import pytest

from pratique.inventory import sbom_cli
from pratique.model.errors import InputError, PratiqueError, UsageError

BOM = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "version": 1,
    "metadata": {"component": {"type": "application", "bom-ref": "app", "name": "harbour"}},
    "components": [
        {
            "type": "library",
            "bom-ref": "a",
            "name": "alpha",
            "purl": "pkg:npm/alpha@1.0",
            "scope": "optional",
        }
    ],
    "dependencies": [{"ref": "app", "dependsOn": ["a"]}],
}


@pytest.fixture
def run(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1735689600")
    (tmp_path / "app.cdx.json").write_text(json.dumps(BOM))

    def run(name, *words):
        command = getattr(sbom_cli, name)
        parser = ArgumentParser()
        command.configure(parser)
        return int(command.run(parser.parse_args(words)))

    return run


def test_convert_writes_the_document_and_the_loss(run, tmp_path, capsys):
    words = ("app.cdx.json", "--to", "spdx-json", "-o", "a.spdx.json", "--loss", "loss.json")
    assert run("convert", *words) == 0
    document = json.loads((tmp_path / "a.spdx.json").read_bytes())
    assert document["creationInfo"]["created"] == "2025-01-01T00:00:00Z"
    loss = json.loads((tmp_path / "loss.json").read_bytes())
    assert loss["lost"] == []
    assert [leaf["path"] for leaf in loss["carried"]] == ["components[0].scope"]
    assert "0 lost" in capsys.readouterr().err
    again = (tmp_path / "a.spdx.json").read_bytes()
    run("convert", *words)
    assert (tmp_path / "a.spdx.json").read_bytes() == again


def test_validate_returns_1_for_faults(run, tmp_path, capsys):
    assert run("validate", "app.cdx.json") == 0
    (tmp_path / "bad.cdx.json").write_text(json.dumps(BOM | {"version": "x"}, indent=1))
    assert run("validate", "app.cdx.json", "bad.cdx.json") == 1
    out = capsys.readouterr().out
    assert "app.cdx.json: is valid (CycloneDX 1.6, JSON schema)" in out
    assert "bad.cdx.json:4: version: " in out
    assert run("validate", "bad.cdx.json", "-f", "json") == 1
    rows = json.loads(capsys.readouterr().out)
    assert rows[0]["faults"][0]["path"] == "version"


def test_score_returns_1_where_a_profile_is_asked_for_and_not_met(run, capsys):
    assert run("score", "app.cdx.json") == 0
    assert run("score", "app.cdx.json", "--profile", "ntia") == 1
    out = capsys.readouterr().out
    assert "NTIA minimum elements, 2021: does not comply" in out
    assert "alpha: lacks its supplier name" in out
    assert run("score", "app.cdx.json", "--at-least", "9.5", "-f", "json") == 1
    assert json.loads(capsys.readouterr().out)["components"] == 2


def test_diff_tree_query_and_merge(run, tmp_path, capsys):
    changed = json.loads(json.dumps(BOM))
    changed["components"][0]["purl"] = "pkg:npm/alpha@2.0"
    (tmp_path / "new.cdx.json").write_text(json.dumps(changed))
    assert run("diff", "app.cdx.json", "new.cdx.json") == 1
    assert "~ pkg:npm/alpha: 1.0 -> 2.0" in capsys.readouterr().out
    assert run("diff", "app.cdx.json", "app.cdx.json") == 0
    assert run("tree", "new.cdx.json") == 0
    assert "└── pkg:npm/alpha@2.0" in capsys.readouterr().out
    assert run("query", "new.cdx.json", "alpha", "--why") == 0
    assert run("query", "new.cdx.json", "nothing") == 1
    words = ("app.cdx.json", "new.cdx.json", "--name", "fleet", "-o", "all.cdx.json")
    assert run("merge", *words) == 0
    capsys.readouterr()
    assert run("tree", "all.cdx.json") == 0
    assert "pkg:npm/alpha@2.0" in capsys.readouterr().out


def test_errors_name_the_document(run, tmp_path):
    (tmp_path / "text.json").write_text("hello")
    for name in ("validate", "score", "tree", "query"):
        with pytest.raises(InputError, match=r"text\.json"):
            run(name, "text.json")
        with pytest.raises(PratiqueError, match="nowhere"):
            run(name, "nowhere.json")


def test_a_wrong_epoch_is_refused(run, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "soon")
    with pytest.raises(UsageError, match="SOURCE_DATE_EPOCH"):
        run("convert", "app.cdx.json", "--to", "spdx-json")
