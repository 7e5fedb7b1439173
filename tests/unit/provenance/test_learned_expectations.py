"""Trust on first use: a later version that is made otherwise raises an alarm."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pratique.model.attestation import Grade, VerifiedEvidence
from pratique.model.errors import InputError, UsageError
from pratique.provenance.cli import verify
from pratique.provenance.learned import Fact, Known, alarms, facts_of
from pratique.provenance.learned_file import checked
from pratique.provenance.request import Answer

NOW = datetime(2025, 6, 1, tzinfo=UTC)
NAME = "pkg:generic/alpha"


class Watch:
    def __init__(self, folder: Path, instance, forge, capsys) -> None:
        self.folder, self.instance, self.forge, self.capsys = folder, instance, forge, capsys
        self.root = folder / "trusted_root.json"
        self.root.write_text(json.dumps(instance.trusted_root()))
        self.store = folder / "expectations.json"
        self.artifact = folder / "alpha.bin"
        self.artifact.write_bytes(b"alpha")
        self.bundle = folder / "alpha.bin.sigstore.json"

    def put(self, bundle: dict) -> None:
        self.bundle.write_text(json.dumps(bundle))

    def verify(self, *words: str) -> dict:
        parser = ArgumentParser()
        verify.configure(parser)
        options = parser.parse_args(
            [str(self.artifact), "--trusted-root", str(self.root), "--format", "json",
             "--expectations", str(self.store), "--package", NAME, *words]
        )  # fmt: skip
        code = verify.run(options)
        out, self.err = self.capsys.readouterr()
        document = json.loads(out)
        assert document["exit_code"] == code
        return document


@pytest.fixture
def watch(tmp_path: Path, instance, forge, capsys) -> Watch:
    made = Watch(tmp_path, instance, forge, capsys)
    made.put(instance.bundle(forge.statement()))
    return made


def test_first_use_learns_and_the_same_again_is_fine(watch: Watch) -> None:
    assert watch.verify()["exit_code"] == 0
    assert "learned on first use (1 fact" in watch.err
    known = json.loads(watch.store.read_text())["packages"][NAME]
    assert known["facts"] == [
        {
            "evidence": "provenance",
            "workflow": "https://github.com/example/alpha/.github/workflows/release.yml",
            "issuer": watch.forge.issuer,
            "builder": "https://github.com/example/alpha/.github/workflows/release.yml",
            "source": "git+https://github.com/example/alpha",
        }
    ]
    found = watch.verify()
    assert (found["exit_code"], found["alarms"], watch.err) == (0, [], "")


def test_another_reference_of_the_same_workflow_is_the_same(watch: Watch) -> None:
    watch.verify()
    name = watch.forge.workflow.replace("v1.2.3", "v1.2.4")
    claims = {"14": "refs/tags/v1.2.4", "18": name}
    watch.put(watch.instance.bundle(signer=watch.instance.identity(name, claims=claims)))
    assert "provenance disappeared" in watch.verify()["alarms"][0]
    statement = json.loads(json.dumps(watch.forge.statement()).replace("v1.2.3", "v1.2.4"))
    signer = watch.instance.identity(name, claims=claims)
    watch.put(watch.instance.bundle(statement, signer=signer))
    assert watch.verify()["exit_code"] == 0


def test_another_workflow_source_and_builder(watch: Watch) -> None:
    watch.verify()
    name = watch.forge.workflow.replace("example/alpha", "evil/alpha")
    claims = {"12": "https://github.com/evil/alpha", "18": name}
    statement = json.loads(
        json.dumps(watch.forge.statement()).replace("example/alpha", "evil/alpha")
    )
    signer = watch.instance.identity(name, claims=claims)
    watch.put(watch.instance.bundle(statement, signer=signer))
    found = watch.verify()
    assert (found["exit_code"], found["grade"]) == (1, "failed")
    changed = " ".join(found["alarms"])
    for what in ("the workflow changed", "the builder changed", "the source changed"):
        assert what in changed
    assert "--relearn" in found["next_action"]
    assert watch.verify()["exit_code"] == 1  # what raises an alarm is never learned
    assert watch.verify("--relearn")["exit_code"] == 0
    assert watch.verify()["exit_code"] == 0


def test_provenance_that_disappears(watch: Watch) -> None:
    watch.verify()
    watch.bundle.unlink()
    found = watch.verify()
    assert found["exit_code"] == 1
    assert "provenance disappeared" in found["alarms"][0]


def test_nothing_is_learned_of_what_is_not_verified(watch: Watch) -> None:
    watch.artifact.write_bytes(b"evil")
    assert watch.verify()["exit_code"] == 1
    assert "nothing is learned" in watch.err
    watch.bundle.unlink()
    assert watch.verify()["exit_code"] == 3
    assert not watch.store.exists()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"schema": "x"}', '{"packages": {"a": 1}}'])
def test_a_file_that_cannot_be_read_is_no_first_use(watch: Watch, content: str) -> None:
    watch.store.write_text(content)
    with pytest.raises(InputError, match=r"expectations\.json"):
        watch.verify()
    assert watch.store.read_text() == content


def test_a_package_must_be_named(watch: Watch) -> None:
    parser = ArgumentParser()
    verify.configure(parser)
    with pytest.raises(UsageError, match="of a package"):
        verify.run(parser.parse_args([str(watch.artifact), "--relearn"]))


def evidence(**members: str) -> VerifiedEvidence:
    return VerifiedEvidence(grade=Grade.VERIFIED, kind="sigstore-bundle", **members)


def answer(*found: VerifiedEvidence) -> Answer:
    return Answer(artifact="a", digests={}, evidence=found, grade=Grade.VERIFIED)


def test_versions_of_provenance_are_one_kind() -> None:
    old = evidence(predicate_type="https://slsa.dev/provenance/v0.2", builder="b@1", source="s@x")
    new = evidence(predicate_type="https://slsa.dev/provenance/v1", builder="b@2", source="s@y")
    assert facts_of(answer(old)) == facts_of(answer(new))
    failed = VerifiedEvidence(grade=Grade.FAILED, kind="x")
    assert facts_of(answer(failed)) == ()


def test_new_kinds_of_evidence_are_fine_unless_from_elsewhere() -> None:
    known = Known(learned="x", facts=(Fact(evidence="signature", source="git+https://a.test/x"),))
    same = Fact(evidence="provenance", source="git+https://a.test/x")
    other = Fact(evidence="provenance", source="git+https://b.test/x")
    assert alarms(known, (*known.facts, same)) == ()
    assert "is from git+https://b.test/x" in alarms(known, (*known.facts, other))[0]


def test_an_address_is_no_reference() -> None:
    (fact,) = facts_of(answer(evidence(identity="dev@example.test")))
    assert fact.workflow == "dev@example.test"


def test_two_runs_do_not_undo_each_other(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "expectations.json"

    def learn(number: int) -> None:
        checked(answer(evidence(identity="key:1")), path, f"pkg:generic/p{number}", NOW)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(learn, range(40)))
    assert len(json.loads(path.read_text())["packages"]) == 40
