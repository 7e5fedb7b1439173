"""``pratique attest vsa``: what we verified, said so that others and we ourselves can rely on it."""

from __future__ import annotations

import base64
import hashlib
import json
from argparse import ArgumentParser
from pathlib import Path

import pytest

from pratique.formats.dsse import read_envelope
from pratique.formats.intoto import read_statement
from pratique.formats.slsa import summary_of
from pratique.model.errors import EvidenceError, UsageError
from pratique.provenance import attest_cli
from pratique.provenance.cli import verify

VERIFIER, RESOURCE = "https://verifier.example.test", "pkg:generic/alpha@1.2.3"
OWN = (
    "--verifier-id", VERIFIER, "--resource-uri", RESOURCE,
    "--policy-uri", "https://policy.example.test",
)  # fmt: skip


class Office:
    def __init__(self, folder: Path, instance, forge, capsys) -> None:
        self.folder, self.instance, self.forge, self.capsys = folder, instance, forge, capsys
        self.root = folder / "trusted_root.json"
        self.root.write_text(json.dumps(instance.trusted_root()))
        self.artifact = self.made("alpha.bin", b"alpha")
        self.key = folder / "key.pem"
        self.run(attest_cli.keygen, self.key, "--no-passphrase")
        self.output = folder / "alpha.bin.vsa.json"

    def made(self, name: str, data: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(data)
        bundle = self.instance.bundle(self.forge.statement(artifact=data), artifact=data)
        (self.folder / f"{name}.sigstore.json").write_text(json.dumps(bundle))
        return path

    def run(self, command, *words: object) -> int:
        parser = ArgumentParser(allow_abbrev=False)
        command.configure(parser)
        return int(command.run(parser.parse_args([str(word) for word in words])))

    def sum_up(self, *words: object) -> tuple[int, dict]:
        code = self.run(
            attest_cli.vsa, self.artifact, "--trusted-root", self.root, "-K", self.key,
            "-o", self.output, *OWN, *words,
        )  # fmt: skip
        return code, self.stated()

    def stated(self) -> dict:
        return json.loads(base64.b64decode(json.loads(self.output.read_bytes())["payload"]))

    def verify(self, *words: object) -> dict:
        self.capsys.readouterr()
        self.run(verify, self.artifact, "--format", "json", "-b", self.output, *words)
        return json.loads(self.capsys.readouterr().out)


@pytest.fixture
def office(tmp_path: Path, instance, forge, capsys) -> Office:
    return Office(tmp_path, instance, forge, capsys)


def test_a_summary_of_what_was_verified(office: Office) -> None:
    code, stated = office.sum_up("--source", "github.com/example/alpha", "--require", "L2")
    assert code == 0
    predicate = stated["predicate"]
    bundle = office.folder / "alpha.bin.sigstore.json"
    assert predicate["inputAttestations"] == [
        {
            "uri": "alpha.bin.sigstore.json",
            "digest": {"sha256": hashlib.sha256(bundle.read_bytes()).hexdigest()},
        }
    ]
    assert predicate["verifiedLevels"] == ["SLSA_BUILD_LEVEL_2"]
    assert predicate["verificationResult"] == "PASSED"
    assert predicate["verifier"]["id"] == VERIFIER
    assert predicate["resourceUri"] == RESOURCE
    assert "dependencyLevels" not in predicate  # no claim
    assert stated["subject"][0]["digest"]["sha256"] == hashlib.sha256(b"alpha").hexdigest()
    found = summary_of(read_statement(read_envelope(office.output.read_bytes()).payload))
    assert found.slsa_version == "1.2"


def test_our_own_verifier_takes_it_by_every_must(office: Office) -> None:
    office.sum_up()
    key = ("--key", f"{office.key}.pub")
    right = ("--verifier", VERIFIER, "--resource", RESOURCE, "--require", "L2")
    found = office.verify(*key, *right)
    assert (found["exit_code"], found["evidence"][0]["levels"]) == (0, ["SLSA_BUILD_LEVEL_2"])
    for words, error in (
        (("--verifier", "https://other.test"), "ErrorMismatchVerifierID"),
        (("--verifier", VERIFIER + "/"), "ErrorMismatchVerifierID"),
        (("--resource", RESOURCE + "0"), "ErrorMismatchResourceURI"),
    ):
        found = office.verify(*key, *words)
        assert (found["exit_code"], found["evidence"][0]["error"]) == (1, error)
    assert office.verify(*key, "--require", "L3")["exit_code"] == 3
    office.artifact.write_bytes(b"evil")
    found = office.verify(*key, *right)
    assert (found["exit_code"], found["evidence"][0]["error"]) == (1, "ErrorMismatchHash")


def test_a_verifier_is_known_by_its_signature(office: Office) -> None:
    """Anybody can write somebody else's name into a summary (step 1 of "How to verify")."""
    office.sum_up()
    statement = office.stated()
    office.output.write_text(json.dumps(office.instance.bundle(statement)))
    root = ("--trusted-root", office.root)
    found = office.verify(*root, "--verifier", VERIFIER, "--source", "github.com/example/alpha")
    assert (found["exit_code"], found["evidence"][0]["grade"]) == (3, "unsupported")
    assert "anybody may sign" in found["evidence"][0]["cause"]
    who = ("--identity", office.forge.workflow, "--issuer", office.forge.issuer)
    assert office.verify(*root, "--verifier", VERIFIER, *who)["exit_code"] == 0


def test_evidence_of_other_kinds_is_listed_too(office: Office) -> None:
    (office.folder / "alpha.bin.minisig").write_bytes(b"untrusted comment: x")
    _, stated = office.sum_up()
    names = [one["uri"] for one in stated["predicate"]["inputAttestations"]]
    assert names == ["alpha.bin.sigstore.json", "alpha.bin.minisig"]


def test_a_summary_that_is_expected_must_be_there(office: Office) -> None:
    """Provenance alone does not satisfy who expects somebody's summary."""
    bundle = office.folder / "alpha.bin.sigstore.json"
    office.output = bundle
    found = office.verify("--trusted-root", office.root, "--verifier", VERIFIER)
    assert found["exit_code"] == 3
    assert "summary is expected" in found["reason"]


def test_a_summary_of_failure(office: Office) -> None:
    code, stated = office.sum_up("--source", "github.com/example/beta")
    assert code == 1
    assert stated["predicate"]["verificationResult"] == "FAILED"
    assert stated["predicate"]["verifiedLevels"] == ["FAILED"]
    assert stated["predicate"]["inputAttestations"]
    found = office.verify("--key", f"{office.key}.pub")
    assert found["evidence"][0]["error"] == "ErrorInvalidVerificationResult"


def test_neither_yes_nor_no_is_not_summed_up(office: Office) -> None:
    with pytest.raises(EvidenceError, match="SLSA_BUILD_LEVEL_3 is required"):
        office.sum_up("--require", "L3")
    (office.folder / "alpha.bin.sigstore.json").unlink()
    with pytest.raises(EvidenceError, match="no evidence"):
        office.sum_up()
    assert not office.output.exists()


def test_levels_of_dependencies(office: Office) -> None:
    beta, bare = office.made("beta.bin", b"beta"), office.folder / "bare.bin"
    bare.write_bytes(b"bare")
    tampered = office.made("gamma.bin", b"gamma")
    tampered.write_bytes(b"evil")
    words = [word for path in (beta, bare, tampered) for word in ("--dependency", path)]
    _, stated = office.sum_up(*words)
    assert stated["predicate"]["dependencyLevels"] == {
        "SLSA_BUILD_LEVEL_0": 2,
        "SLSA_BUILD_LEVEL_2": 1,
    }
    office.output.unlink()
    assert office.sum_up("--no-dependencies")[1]["predicate"]["dependencyLevels"] == {}


def test_a_bare_signature_says_nothing_of_the_build_track(office: Office) -> None:
    bundle = office.folder / "alpha.bin.sigstore.json"
    bundle.write_text(json.dumps(office.instance.bundle()))
    _, stated = office.sum_up()
    assert stated["predicate"]["verifiedLevels"] == ["SLSA_BUILD_LEVEL_UNEVALUATED"]


def test_summaries_of_dependencies_are_used_again(office: Office) -> None:
    """A dependency with nothing but a summary counts at the level that its verifier gives."""
    office.sum_up()
    (office.folder / "alpha.bin.sigstore.json").unlink()
    alpha, summary = office.artifact, office.output
    beta = office.made("beta.bin", b"beta")
    (office.folder / "beta.bin.sigstore.json").unlink()
    predicate = office.folder / "p.json"
    predicate.write_text('{"purl": "pkg:generic/beta@1"}')
    office.run(
        attest_cli.file, beta, "-K", office.key, "-o", f"{beta}.intoto.jsonl",
        "--predicate", predicate, "--type", "release",
    )  # fmt: skip
    office.artifact, office.output = beta, office.folder / "beta.bin.vsa.json"
    _, stated = office.sum_up("--key", f"{office.key}.pub", "--dependency", alpha)
    assert summary.exists()
    assert stated["predicate"]["dependencyLevels"] == {"SLSA_BUILD_LEVEL_2": 1}


@pytest.mark.parametrize("option", ["--verifier-id", "--resource-uri", "--policy-uri"])
def test_what_is_no_uri(office: Office, option: str) -> None:
    with pytest.raises(UsageError, match="no URI"):
        office.sum_up(option, "alpha")
