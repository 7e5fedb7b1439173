"""Trust on first use, kept in the record: by tenant, with a trail, never overwritten."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from pratique.ingest.models import Options
from pratique.ingest.service import ingest
from pratique.model.errors import InputError, UsageError
from pratique.provenance import expectations_cli
from pratique.provenance.cli import verify
from pratique.provenance.errors import LearningError
from pratique.provenance.learned import Fact
from pratique.provenance.learned_record import Event, held, stamp, write_events
from pratique.store.engine import open_store
from pratique.store.record import open_record

NAME = "pkg:generic/alpha"
NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)


class Archive:
    def __init__(self, folder: Path, instance, forge, capsys) -> None:
        self.folder, self.instance, self.forge, self.capsys = folder, instance, forge, capsys
        self.root = folder / "trusted_root.json"
        self.root.write_text(json.dumps(instance.trusted_root()))
        self.url = f"sqlite:///{folder / 'record.sqlite'}"
        self.artifact = folder / "alpha.bin"
        self.artifact.write_bytes(b"alpha")
        self.bundle = folder / "alpha.bin.sigstore.json"
        self.put(instance.bundle(forge.statement()))

    def put(self, bundle: dict) -> None:
        self.bundle.write_text(json.dumps(bundle))

    def run(self, command, *words: object) -> tuple[int, str, str]:
        parser = ArgumentParser()
        command.configure(parser)
        code = command.run(parser.parse_args([*map(str, words), "--store", self.url]))
        out, err = self.capsys.readouterr()
        return int(code), out, err

    def verify(self, *words: object) -> tuple[dict, str]:
        _, out, err = self.run(
            verify, self.artifact, "--trusted-root", self.root, "--record", "--package", NAME,
            "--format", "json", *words,
        )  # fmt: skip
        return json.loads(out), err

    def known(self, tenant: str = "default") -> dict:
        with open_store(self.url) as store, open_record(store, tenant) as record:
            return {name: one.known for name, one in held(record).items()}

    def from_elsewhere(self) -> dict:
        """A version that somebody else's workflow signed."""
        signer = self.instance.identity(
            "https://github.com/example/beta/.github/workflows/release.yml@refs/tags/v1.2.3",
            claims={
                "12": "https://github.com/example/beta",
                "18": "https://github.com/example/beta/.github/workflows/release.yml@refs/tags/v1",
            },
        )
        return self.instance.bundle(signer=signer)


@pytest.fixture
def archive(tmp_path: Path, instance, forge, capsys) -> Archive:
    return Archive(tmp_path, instance, forge, capsys)


def test_learned_on_first_use_and_the_same_later(archive: Archive) -> None:
    found, err = archive.verify()
    assert found["grade"] == "verified"
    assert f"{NAME}: learned on first use" in err
    (fact,) = archive.known()[NAME].facts
    assert (fact.evidence, fact.source) == ("provenance", "git+https://github.com/example/alpha")
    found, err = archive.verify()
    assert (found["grade"], found["alarms"], err) == ("verified", [], "")
    assert found["reason"] == ""  # somebody in particular is expected now


def test_alarms_when_the_source_changes_or_provenance_disappears(archive: Archive) -> None:
    archive.verify()
    archive.put(archive.from_elsewhere())
    found, _ = archive.verify()
    assert found["exit_code"] == 1
    text = " ".join(found["alarms"])
    assert "provenance disappeared" in text
    assert "example/beta, not from git+https://github.com/example/alpha" in text
    archive.bundle.unlink()
    found, _ = archive.verify()
    assert "disappeared" in found["alarms"][0]
    assert found["exit_code"] == 1


def test_nothing_is_learned_of_what_is_not_verified(archive: Archive) -> None:
    archive.bundle.unlink()
    _, err = archive.verify()
    assert "nothing is learned" in err
    assert archive.known() == {}


def test_each_tenant_learns_for_itself(archive: Archive) -> None:
    archive.verify()
    archive.put(archive.from_elsewhere())
    found, err = archive.verify("--tenant", "other")
    assert (found["grade"], "learned" in err) == ("verified", True)
    assert archive.known("other")[NAME] != archive.known()[NAME]


def test_forgotten_and_learned_anew_with_a_trail(archive: Archive) -> None:
    archive.verify()
    code, _, err = archive.run(expectations_cli.forget_, NAME, "--by", "alice")
    assert (code, "Forgotten" in err) == (0, True)
    assert archive.known()[NAME] is None
    archive.put(archive.from_elsewhere())
    found, err = archive.verify()
    assert (found["grade"], "learned" in err) == ("verified", True)
    with open_store(archive.url) as store, open_record(store, "default") as record:
        documents = record.documents(kind="certification")
        raws = [json.loads(record.raw(one.digest)) for one in documents]
    assert len(raws) == 3
    assert {one["by"] for one in raws} == {"alice", "pratique verify"}
    with pytest.raises(LearningError, match="nothing was learned of pkg:pypi/zeta"):
        archive.run(expectations_cli.forget_, "pkg:pypi/zeta")


def test_relearning_replaces_what_is_known(archive: Archive) -> None:
    archive.verify()
    before = archive.known()[NAME]
    archive.put(archive.from_elsewhere())
    found, _ = archive.verify("--relearn")
    assert found["grade"] == "verified"
    assert archive.known()[NAME].facts != before.facts


def test_listed_exported_and_imported(archive: Archive) -> None:
    archive.verify()
    code, out, _ = archive.run(expectations_cli.list_)
    assert code == 0
    assert "git+https://github.com/example/alpha" in out
    code, out, err = archive.run(expectations_cli.list_, "pkg:pypi/zeta")
    assert (code, "nothing was learned of pkg:pypi/zeta" in err) == (3, True)
    file = archive.folder / "expectations.json"
    archive.run(expectations_cli.export_, "-o", file)
    _, _, err = archive.run(expectations_cli.import_, file, "--tenant", "other")
    assert "1 taken" in err
    assert archive.known("other")[NAME].facts == archive.known()[NAME].facts
    _, _, err = archive.run(expectations_cli.import_, file, "--tenant", "other")
    assert "0 taken, 1 known already" in err
    changed = json.loads(file.read_text())
    changed["packages"][NAME]["facts"][0]["source"] = "git+https://github.com/example/beta"
    file.write_text(json.dumps(changed))
    with pytest.raises(LearningError, match="known otherwise"):
        archive.run(expectations_cli.import_, file, "--tenant", "other")
    archive.run(expectations_cli.import_, file, "--tenant", "other", "--replace")
    assert archive.known("other")[NAME].facts[0].source.endswith("beta")
    # the same file serves without a record
    found = archive.run(
        verify, archive.artifact, "--trusted-root", archive.root, "--package", NAME,
        "--expectations", file,
    )  # fmt: skip
    assert "alarm" in found[1]


@pytest.mark.parametrize("data", ["", "{", "[]", '{"schema": "other"}', "\0"])
def test_files_that_are_no_expectations(archive: Archive, data: str) -> None:
    file = archive.folder / "expectations.json"
    file.write_text(data)
    with pytest.raises(InputError):
        archive.run(expectations_cli.import_, file)
    with pytest.raises(UsageError, match="there is no file"):
        archive.run(expectations_cli.import_, archive.folder / "absent")


def test_of_two_that_learn_at_once_the_first_counts(archive: Archive) -> None:
    def event(source: str, seconds: int) -> Event:
        fact = Fact(evidence="provenance", source=source)
        return Event(
            package=NAME, at=stamp(NOW + timedelta(seconds=seconds)), by="x", facts=(fact,)
        )

    with open_store(archive.url) as store:
        write_events(store, "default", [event("git+second", 2)], NOW)
        write_events(store, "default", [event("git+first", 1)], NOW)
    assert archive.known()[NAME].facts[0].source == "git+first"


def test_a_document_that_somebody_brings_in_teaches_nothing(archive: Archive) -> None:
    """An attestation may claim anything of a package; only what this program wrote is known."""
    archive.verify()
    fact = Fact(evidence="provenance", source="git+https://github.com/example/beta")
    with open_store(archive.url) as store, open_record(store, "default") as record:
        last = held(record)[NAME].last
    forged = Event(package=NAME, at=stamp(NOW), by="mallory", facts=(fact,), previous=last)
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"uri": NAME, "digest": {"sha256": sha256(b"alpha").hexdigest()}}],
        "predicateType": "https://in-toto.io/attestation/eol/v0.1",
        "predicate": {"key": "provenance expectation", "schema": forged.schema, "at": forged.at},
    }
    files = {
        "event.json": msgspec.json.encode(forged),
        "statement.json": json.dumps(statement).encode(),
    }
    for name, data in files.items():
        (archive.folder / name).write_bytes(data)
    with open_store(archive.url) as store:
        ingest(store, [str(archive.folder / name) for name in files], Options(tenant="default"))
    assert archive.known()[NAME].facts[0].source == "git+https://github.com/example/alpha"


def test_unknown_external_parameters_refuse(archive: Archive) -> None:
    statement = archive.forge.statement()
    statement["predicate"]["buildDefinition"]["externalParameters"]["backdoor"] = "yes"
    archive.put(archive.instance.bundle(statement))
    found, _ = archive.verify()
    assert found["exit_code"] == 1
    assert "backdoor" in found["evidence"][0]["cause"]
    assert archive.known() == {}


def test_wrong_calls(archive: Archive) -> None:
    with pytest.raises(UsageError, match="in the record, or in a file"):
        archive.verify("--expectations", archive.folder / "e.json")
    parser = ArgumentParser()
    verify.configure(parser)
    options = parser.parse_args([str(archive.artifact), "--record", "--store", archive.url])
    with pytest.raises(UsageError, match="of a package"):
        verify.run(options)
