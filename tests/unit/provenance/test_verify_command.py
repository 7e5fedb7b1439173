"""``pratique verify`` as its user sees it: a table or JSON, and an exit code."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path

import pytest

from pratique.model.errors import InputError, UsageError
from pratique.provenance.cli import verify


class Desk:
    """A folder with an artifact, a private instance's trusted root, and the command."""

    def __init__(self, folder: Path, instance, forge, capsys) -> None:
        self.folder, self.instance, self.forge, self.capsys = folder, instance, forge, capsys
        self.artifact = folder / "alpha-1.2.3.tar.gz"
        self.artifact.write_bytes(b"alpha")
        self.root = folder / "trusted_root.json"
        self.root.write_text(json.dumps(instance.trusted_root()))

    def put(self, suffix: str, *documents: object) -> Path:
        path = self.folder / f"{self.artifact.name}{suffix}"
        path.write_text("\n".join(json.dumps(one) for one in documents))
        return path

    def run(self, *words: str, artifact: Path | None = None) -> tuple[int, str]:
        parser = ArgumentParser()
        verify.configure(parser)
        subject = str(artifact or self.artifact)
        options = parser.parse_args([subject, "--trusted-root", str(self.root), *words])
        code = verify.run(options)
        return int(code), self.capsys.readouterr().out

    def json(self, *words: str) -> dict:
        code, out = self.run("--format", "json", *words)
        document = json.loads(out)
        assert document["exit_code"] == code
        return document


@pytest.fixture
def desk(tmp_path: Path, instance, forge, capsys) -> Desk:
    return Desk(tmp_path, instance, forge, capsys)


def test_a_bundle_beside_the_artifact(desk: Desk) -> None:
    desk.put(".sigstore.json", desk.instance.bundle(desk.forge.statement()))
    code, out = desk.run("--source", "github.com/example/alpha", "--source-tag", "v1.2.3")
    assert code == 0
    assert "✓ verified" in out
    assert f"signed by   {desk.forge.workflow}" in out
    assert "2025-06-01 12:01:00 UTC" in out
    assert "git+https://github.com/example/alpha@refs/tags/v1.2.3" in out
    assert "nobody in particular" not in out


def test_without_an_expectation_it_says_so(desk: Desk) -> None:
    desk.put(".sigstore.json", desk.instance.bundle())
    code, out = desk.run()
    assert code == 0
    assert "anybody can sign" in out


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--source", "github.com/example/beta"), "ErrorMismatchSource"),
        (("--source-tag", "v1.2.4"), "ErrorMismatchTag"),
        (("--source-branch", "main"), "ErrorMismatchBranch"),
        (("--source-versioned-tag", "v2"), "ErrorMismatchVersionedTag"),
        (("--builder", "https://github.com/example/beta/x.yml"), "ErrorUntrustedReusableWorkflow"),
        (("--build-workflow-input", "a=b"), "ErrorMismatchWorkflowInputs"),
        (("--identity", "x", "--issuer", "https://i.test"), "ErrorMismatchCertificate"),
        (("--issuer", "https://i.test"), "ErrorInvalidOIDCIssuer"),
    ],
)
def test_what_is_not_as_expected(desk: Desk, words: tuple[str, ...], error: str) -> None:
    desk.put(".sigstore.json", desk.instance.bundle(desk.forge.statement()))
    code, out = desk.run(*words)
    assert code == 1
    assert f"[{error}]" in out
    assert "next" in out


def test_levels(desk: Desk) -> None:
    desk.put(".sigstore.json", desk.instance.bundle(desk.forge.statement()))
    assert desk.run("--require", "L2")[0] == 0
    assert desk.run("--require", "SLSA_BUILD_LEVEL_1")[0] == 0
    code, out = desk.run("--require", "L3")
    assert code == 3
    assert "SLSA_BUILD_LEVEL_3 is required and SLSA_BUILD_LEVEL_2 is shown" in out
    assert desk.run("--require", "SLSA_SOURCE_LEVEL_1")[0] == 3


def test_a_changed_artifact(desk: Desk) -> None:
    desk.put(".sigstore.json", desk.instance.bundle(desk.forge.statement()))
    desk.artifact.write_bytes(b"evil")
    document = desk.json()
    assert document["exit_code"] == 1
    assert document["evidence"][0]["error"] == "ErrorMismatchHash"
    assert document["evidence"][0]["identity"] == ""  # nothing unverified is repeated


def test_no_evidence(desk: Desk) -> None:
    document = desk.json()
    assert (document["exit_code"], document["grade"]) == (3, "none")
    assert document["next_action"]


def test_a_signature_that_is_not_verified_here(desk: Desk) -> None:
    desk.put(".asc", "-----BEGIN PGP SIGNATURE-----")
    code, out = desk.run()
    assert code == 3
    assert "OpenPGP signatures are not verified here" in out
    desk.put(".sigstore.json", desk.instance.bundle())
    assert desk.run()[0] == 0  # another piece of evidence that holds


def test_one_failure_fails_all(desk: Desk) -> None:
    desk.put(".sigstore.json", desk.instance.bundle())
    desk.put(".bundle", desk.forge.other_instance().bundle())
    assert desk.run()[0] == 1


def test_an_envelope_without_log_entry_is_never_verified(desk: Desk) -> None:
    signer = desk.instance.identity()
    envelope = desk.instance.bundle(desk.forge.statement(), signer=signer)["dsseEnvelope"]
    envelope["signatures"][0]["cert"] = signer.pem.decode()
    desk.put(".intoto.jsonl", envelope)
    document = desk.json("--source", "github.com/example/alpha")
    assert (document["exit_code"], document["grade"]) == (3, "valid-time-unproven")
    assert document["evidence"][0]["next_action"]
    desk.artifact.write_bytes(b"evil")
    assert desk.json()["exit_code"] == 1


def test_a_file_of_many_documents(desk: Desk) -> None:
    """Evidence about other artifacts in one file does not count, unless all of it is."""
    other = desk.forge.statement(artifact=b"beta")
    mine = desk.forge.statement()
    desk.put(".intoto.jsonl", desk.instance.bundle(other), desk.instance.bundle(mine))
    document = desk.json()
    assert document["exit_code"] == 0
    assert [one["path"].rpartition("#")[2] for one in document["evidence"]] == ["2"]
    desk.put(".intoto.jsonl", desk.instance.bundle(other), desk.instance.bundle(other))
    assert desk.json()["exit_code"] == 1


def test_a_managed_key(desk: Desk) -> None:
    key = desk.forge.new_key()
    path = desk.put(".sigstore.json", desk.instance.bundle(key=key))
    pem = desk.folder / "key.pub"
    pem.write_bytes(desk.forge.spki(key))
    assert desk.run()[0] == 3
    assert desk.run("--key", str(pem))[0] == 0
    pem.write_bytes(desk.forge.spki(desk.forge.new_key()))
    assert desk.run("--key", str(pem), "--bundle", str(path))[0] == 1
    pem.write_bytes(b"no key")
    with pytest.raises(InputError, match=r"key\.pub"):
        desk.run("--key", str(pem))


def test_levels_of_a_summary_count_for_a_known_signer_alone(desk: Desk) -> None:
    statement = desk.forge.statement(
        predicateType="https://slsa.dev/verification_summary/v1",
        predicate={
            "verifier": {"id": "https://verifier.example.test"},
            "resourceUri": "pkg:generic/alpha",
            "policy": {"uri": "https://policy.example.test"},
            "verificationResult": "PASSED",
            "verifiedLevels": ["SLSA_BUILD_LEVEL_3"],
        },
    )
    desk.put(".vsa.json", desk.instance.bundle(statement))
    assert desk.run("--require", "L3")[0] == 3
    known = ("--identity", desk.forge.workflow, "--issuer", desk.forge.issuer)
    assert desk.run("--require", "L3", *known)[0] == 0


@pytest.mark.parametrize("content", ["", "{", "[]", '{"a": 1}', '"x"', "\0", '{"attestations":[]}'])
def test_files_that_are_no_evidence(desk: Desk, content: str) -> None:
    path = desk.folder / f"{desk.artifact.name}.sigstore.json"
    path.write_text(content)
    document = desk.json()
    assert document["exit_code"] in {1, 3}
    assert document["grade"] in {"failed", "unsupported"}
    assert document["evidence"][0]["cause"]


def test_hostile_text_cannot_drive_the_terminal(desk: Desk) -> None:
    statement = desk.forge.statement(predicateType="https://example.test/\x1b[31m\u202eevil")
    desk.put(".sigstore.json", desk.instance.bundle(statement))
    _, out = desk.run("--color", "never")
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "\\x1b" in out


def test_an_issuer_vouches_for_its_own_host_alone(desk: Desk) -> None:
    """Somebody else's issuer may certify any repository; only a name the user gave counts then."""
    signer = desk.instance.identity("dev@example.test", "https://issuer.example.test")
    desk.put(".sigstore.json", desk.instance.bundle(signer=signer))
    words = ("--source", "github.com/example/alpha")
    code, out = desk.run(*words)
    assert code == 1
    assert "ErrorInvalidOIDCIssuer" in out
    assert desk.run(*words, "--issuer", "https://issuer.example.test")[0] == 0
    own = {"12": "https://issuer.example.test/alpha", "14": "refs/heads/main"}
    signer = desk.instance.identity("dev@example.test", "https://issuer.example.test", claims=own)
    desk.put(".sigstore.json", desk.instance.bundle(signer=signer))
    assert desk.run("--source", "https://issuer.example.test/alpha")[0] == 0


def test_names_that_are_no_text(desk: Desk) -> None:
    import os

    odd = desk.folder / os.fsdecode(b"alpha-\xff.bin")
    odd.write_bytes(b"alpha")
    (desk.folder / f"{odd.name}.sigstore.json").write_text(json.dumps(desk.instance.bundle()))
    code, out = desk.run(artifact=odd)
    assert code == 0
    assert "alpha-\\xff.bin" in out
    code, out = desk.run("--format", "json", artifact=odd)
    assert json.loads(out)["grade"] == "verified"


def test_inputs_of_a_run(desk: Desk) -> None:
    statement = desk.forge.statement()
    external = statement["predicate"]["buildDefinition"]["externalParameters"]
    external["inputs"] = {"level": "high"}
    desk.put(".sigstore.json", desk.instance.bundle(statement))
    words = ("--builder", desk.forge.workflow, "--build-workflow-input")
    assert desk.run(*words, "level=high")[0] == 0
    assert desk.run(*words, "level=low")[0] == 1


def test_wrong_calls(desk: Desk) -> None:
    for words in (("--identity", "x"), ("--require", "high!"), ("--build-workflow-input", "x")):
        with pytest.raises(UsageError):
            desk.run(*words)
    with pytest.raises(UsageError, match="there is no"):
        desk.run(artifact=desk.folder / "absent")
    desk.root.write_text("{}")
    with pytest.raises(InputError, match=r"trusted_root\.json"):
        desk.run()


def test_a_folder_that_is_no_image_layout(desk: Desk) -> None:
    with pytest.raises(InputError):
        desk.run(artifact=desk.folder)


def test_the_provenance_that_was_verified_is_printed(desk: Desk) -> None:
    statement = desk.forge.statement()
    desk.put(".sigstore.json", desk.instance.bundle(statement))
    code, out = desk.run("--print-provenance", "--source-uri", "github.com/example/alpha")
    assert code == 0
    assert json.loads(out) == statement
    code, out = desk.run("--print-provenance", "--source-uri", "github.com/example/beta")
    assert (code, out) == (1, "")
