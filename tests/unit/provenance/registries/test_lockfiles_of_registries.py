"""``pratique verify`` of lockfiles, against a registry or a folder of evidence."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest

from pratique.model.errors import InputError, UsageError

WHEEL = "alpha-1.2.3-py3-none-any.whl"


PURL = "pkg:pypi/alpha@1.2.3"


# Lockfiles


def test_a_lockfile_has_a_row_for_each_component(market: Any) -> None:
    market.publish()
    market.publish("beta-2.tar.gz", b"beta", evidence=None, project="beta")
    path = market.folder / "requirements.txt"
    path.write_text(
        f"alpha==1.2.3 --hash=sha256:{market.digests[WHEEL]}\n"
        f"beta==2 --hash=sha256:{market.digests['beta-2.tar.gz']}\n"
    )
    found = market.json(path)
    assert found["counts"] == {"verified": 1, "none": 1}
    assert [one["artifact"] for one in found["rows"]] == [PURL, "pkg:pypi/beta@2"]
    assert (found["grade"], found["exit_code"]) == ("none", 3)
    code, out, _ = market.run(path)
    assert code == 3
    assert "2 components: 1 verified, 1 none" in out
    assert "SLSA_DEPENDENCY_LEVEL_1 (draft)" in out
    assert f"/files/{WHEEL}" not in market.registry.asked


def test_the_locked_digest_must_be_the_attested_one(market: Any) -> None:
    market.publish()
    path = market.lock(hashlib.sha256(b"poisoned").hexdigest())
    found = market.json(path)
    assert (found["grade"], found["exit_code"]) == ("failed", 1)
    assert "the registry has no such file" in found["rows"][0]["evidence"][0]["cause"]


def test_one_good_digest_does_not_cover_a_bad_one(market: Any) -> None:
    market.publish()
    bad = hashlib.sha256(b"poisoned").hexdigest()
    assert market.json(market.lock(market.digests[WHEEL], bad))["grade"] == "failed"


def test_provenance_of_another_digest_in_a_lockfile(market: Any) -> None:
    """The registry's digest is the lock's, but what was attested is another file."""
    market.publish(evidence=market.provenance(market.attestation(WHEEL, b"other")))
    found = market.json(market.lock(market.digests[WHEEL]))
    assert found["rows"][0]["evidence"][0]["error"] == "ErrorMismatchHash"
    assert found["exit_code"] == 1


def test_components_without_digest_or_registry(market: Any) -> None:
    path = market.folder / "requirements.txt"
    path.write_text(f"alpha==1.2.3\nbeta==2 --hash=sha256:{'0' * 64}\n")
    market.publish("beta-2.tar.gz", b"beta", evidence=None, project="beta")
    rows = {one["artifact"]: one for one in market.json(path)["rows"]}
    assert rows[PURL]["grade"] == "unknown"
    assert "no strong digest" in rows[PURL]["reason"]


def test_a_registry_that_is_away_makes_a_lockfile_unknown(market: Any) -> None:
    market.publish()
    path = market.lock(market.digests[WHEEL])
    found = market.json(path, "--offline")
    assert (found["counts"], found["exit_code"]) == ({"unknown": 1}, 3)


def test_what_a_lockfile_does_not_take(market: Any) -> None:
    path = market.lock("0" * 64)
    with pytest.raises(UsageError, match="of one artifact"):
        market.run(path, "--source", "github.com/example/alpha")
    with pytest.raises(UsageError, match="jobs"):
        market.run(path, "--jobs", "0")
    with pytest.raises(UsageError, match="names no registry"):
        market.run(path, "--registry", "cpan=http://127.0.0.1/")
    with pytest.raises(UsageError, match="there is no folder"):
        market.run(path, "--evidence", market.folder / "absent")


# Folders of evidence, and summaries


def test_evidence_of_a_folder_instead_of_the_registry(market: Any) -> None:
    folder = market.folder / "evidence"
    folder.mkdir()
    (folder / WHEEL).write_bytes(b"alpha")
    (folder / "prov.json").write_text(
        json.dumps(market.provenance(market.attestation(WHEEL, b"alpha")))
    )
    assert market.json(PURL, "--evidence", folder)["grade"] == "verified"
    path = market.lock(hashlib.sha256(b"alpha").hexdigest())
    assert market.json(path, "--evidence", folder)["counts"] == {"verified": 1}
    beta = market.lock(hashlib.sha256(b"alpha").hexdigest(), requirement="beta==1.2.3")
    assert market.json(beta, "--evidence", folder)["counts"] == {"failed": 1}
    with pytest.raises(InputError, match="has no file of"):
        market.run("pkg:pypi/alpha@9", "--evidence", folder)
    assert market.registry.asked == []


def test_a_folder_with_files_that_are_no_evidence(market: Any) -> None:
    folder = market.folder / "evidence"
    folder.mkdir()
    for name, data in {
        "a.json": b"{", "b.json": b"\xff\xfe", "c.json": b"[" * 100_000, "d.jsonl": b"{}\n{}\n",
        "e.json": b'{"payload": "!!"}', "f.json": b'{"attestations": [1, {"bundle": 3}]}',
        "g.json": b'{"payload": "' + base64.b64encode(b'{"subject": [{"digest": 7}]}') + b'"}',
    }.items():  # fmt: skip
        (folder / name).write_bytes(data)
    path = market.lock("0" * 64)
    found = market.json(path, "--evidence", folder)
    assert found["counts"] == {"none": 1}
    _, _, err = market.run(path, "--evidence", folder)
    assert "a.json" in err
    assert "c.json" in err


def test_no_more_is_asked_at_a_time_than_may_be(market: Any) -> None:
    lines = []
    for number in range(12):
        name = f"p{number}-1.tar.gz"
        market.publish(name, name.encode(), evidence=None, project=f"p{number}")
        lines.append(f"p{number}==1 --hash=sha256:{market.digests[name]}\n")
    path = market.folder / "requirements.txt"
    path.write_text("".join(lines))
    market.registry.together = 3
    assert market.json(path, "--jobs", "3")["counts"] == {"none": 12}
    assert market.registry.most == 3
    rows = market.json(path, "--jobs", "12", "--offline")["rows"]
    assert [one["artifact"] for one in rows] == sorted(one["artifact"] for one in rows)
