"""OpenSSF Scorecard's results as a predicate: read, checked before it is signed, verified."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pratique.formats.intoto import Statement
from pratique.formats.intoto.predicates import Scorecard, typed_predicate
from pratique.model.errors import InputError
from pratique.surfaces.cli.app import dispatch

TYPE = "https://scorecard.dev/result/v0.1"
RESULT: dict[str, Any] = {
    "date": "2025-06-01T12:00:00Z",
    "repo": {"name": "github.com/example/alpha", "commit": "01" * 20},
    "scorecard": {"version": "v5.0.0", "commit": "02" * 20},
    "score": 7.4,
    "checks": [
        {
            "name": "Code-Review",
            "score": 10,
            "reason": "all changesets reviewed",
            "details": None,
            "documentation": {"short": "Determines if code is reviewed.", "url": "https://x.test"},
        },
        {"name": "CI-Tests", "score": -1, "reason": "no pull request found", "details": ["Info"]},
    ],
    "metadata": None,
}


def read(value: dict[str, Any]) -> Any:
    return typed_predicate(
        Statement("https://in-toto.io/Statement/v1", predicate_type=TYPE, predicate=value)
    )


def test_a_result_is_read() -> None:
    found = read(RESULT)
    assert isinstance(found, Scorecard)
    assert (found.score, found.repo.name) == (7.4, "github.com/example/alpha")
    assert {one.name: one.score for one in found.checks} == {"Code-Review": 10, "CI-Tests": -1}


@pytest.mark.parametrize(
    "change",
    [{"score": 11}, {"score": "x"}, {"checks": None}, {"repo": {}}, {"checks": [{"name": "a"}]}],
    ids=["over ten", "no number", "no checks", "no commit", "no score"],
)
def test_what_is_no_result(change: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="predicate https://scorecard"):
        read(RESULT | change)


def test_a_result_is_attested_and_verified(tmp_path: Path, capsys) -> None:
    key, claim, output = (tmp_path / name for name in ("key.pem", "claim.json", "a.intoto.jsonl"))
    assert dispatch(["attest", "keygen", str(key), "--no-passphrase"]) == 0
    claim.write_text(json.dumps(RESULT))
    words = ["--type", "scorecard", "--predicate", str(claim), "-K", str(key), "-o", str(output)]
    subject = "gitCommit:" + "01" * 20
    assert dispatch(["attest", "file", subject, *words]) == 0
    claim.write_text(json.dumps(RESULT | {"score": 11}))
    with pytest.raises(InputError, match="score"):
        dispatch(["attest", "file", subject, *words])
    artifact = tmp_path / "a"
    artifact.write_bytes(b"alpha")
    claim.write_text(json.dumps(RESULT))
    assert dispatch(["attest", "file", str(artifact), *words]) == 0
    capsys.readouterr()
    assert dispatch(["verify", str(artifact), "--key", f"{key}.pub"]) == 0
    assert TYPE in capsys.readouterr().out
