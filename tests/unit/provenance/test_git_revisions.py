"""``pratique verify git:REF``: source attestations in notes, signatures of commits and tags."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from argparse import ArgumentParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.formats.git import signed
from pratique.model.attestation import Grade
from pratique.model.errors import InputError, UsageError
from pratique.provenance.cli import verify
from pratique.provenance.git_revision import _notes
from pratique.provenance.request import Request
from pratique.provenance.subject import Subject
from pratique.provenance.trust import pinned_root

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
needs_ssh = pytest.mark.skipif(
    shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed"
)
pytestmark = needs_git

REPOSITORY = "https://github.com/example/alpha"
VERIFIER = "https://github.com/example/source-actions"
SIGNER = f"{VERIFIER}/.github/workflows/source.yml@refs/heads/main"
ISSUER = "https://token.actions.githubusercontent.com"


class Clone:
    """A repository with commits, tags and notes, made by git itself."""

    def __init__(self, folder: Path, instance, capsys) -> None:
        self.folder, self.instance, self.capsys = folder / "alpha", instance, capsys
        self.root = folder / "trusted_root.json"
        self.root.write_text(json.dumps(instance.trusted_root()))
        self.folder.mkdir()
        self.git("init", "-q", "-b", "main")
        (self.folder / "a.txt").write_text("alpha")
        self.git("add", "a.txt")
        self.git("commit", "-q", "-m", "first")

    def git(self, *words: str, given: bytes = b"") -> str:
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.folder.parent),
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.test",
            "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.test",
        }  # fmt: skip
        done = subprocess.run(
            ["git", "-C", str(self.folder), *words], input=given, capture_output=True,
            env=environment, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode().strip()

    @property
    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    def summary(self, commit: str, **changes: object) -> dict:
        predicate = {
            "verifier": {"id": VERIFIER},
            "timeVerified": "2025-06-01T12:00:00Z",
            "resourceUri": f"git+{REPOSITORY}",
            "policy": {"uri": "https://policy.example.test"},
            "verificationResult": "PASSED",
            "verifiedLevels": ["SLSA_SOURCE_LEVEL_3", "ORG_SOURCE_TESTED"],
        } | changes
        return {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [
                {
                    "digest": {"gitCommit": commit},
                    "annotations": {"sourceRefs": ["refs/heads/main"]},
                }
            ],
            "predicateType": "https://slsa.dev/verification_summary/v1",
            "predicate": predicate,
        }

    def note(self, *statements: dict, commit: str = "") -> None:
        signer = self.instance.identity(SIGNER)
        lines = [json.dumps(self.instance.bundle(one, signer=signer)) for one in statements]
        self.write_note("\n".join(lines), commit)

    def write_note(self, text: str, commit: str = "") -> None:
        path = self.folder.parent / "note"
        path.write_text(text)
        self.git("notes", "add", "-f", "-F", str(path), commit or "HEAD")

    def run(self, subject: str, *words: object) -> dict:
        parser = ArgumentParser()
        verify.configure(parser)
        given = [subject, "--trusted-root", str(self.root), "--format", "json", *map(str, words)]
        code = verify.run(parser.parse_args(given))
        found = json.loads(self.capsys.readouterr().out)
        assert found["exit_code"] == int(code)
        return found

    def verify(self, reference: str = "HEAD", *words: object) -> dict:
        return self.run(f"git:{self.folder}@{reference}", *words)


@pytest.fixture
def clone(tmp_path: Path, instance, capsys) -> Clone:
    return Clone(tmp_path, instance, capsys)


KNOWN = ("--identity", SIGNER, "--issuer", ISSUER)


def test_a_source_summary_in_the_notes(clone: Clone) -> None:
    clone.note(clone.summary(clone.head))
    found = clone.verify("HEAD", *KNOWN, "--source", "github.com/example/alpha", "--require", "L3")
    assert found["grade"] == "verified"
    assert found["required"] == "SLSA_SOURCE_LEVEL_3"
    (one,) = found["evidence"]
    assert one["kind"] == "source-summary"
    assert one["source"] == f"git+{REPOSITORY}@refs/heads/main"
    assert "SLSA_SOURCE_LEVEL_3" in one["levels"]
    # anybody can sign a summary: without its signer it shows no level
    assert clone.verify("HEAD", "--require", "L3")["exit_code"] == 3
    assert clone.verify("HEAD", *KNOWN, "--require", "L4")["exit_code"] == 3


def test_a_repository_that_a_stranger_names_is_not_shown(clone: Clone) -> None:
    """A summary's resource is its signer's word: a run in the repository, or a known signer."""
    wanted = ("--source", "github.com/example/alpha")
    strange = {"12": "https://github.com/mallory/fork"}
    for signer, issuer, claims in (
        ("mallory@example.test", "https://accounts.example.test", {}),
        (
            "https://github.com/mallory/fork/.github/workflows/x.yml@refs/heads/main",
            ISSUER,
            strange,
        ),
    ):
        made = clone.instance.identity(signer, issuer, claims=claims)
        bundle = clone.instance.bundle(clone.summary(clone.head), signer=made)
        clone.write_note(json.dumps(bundle))
        found = clone.verify("HEAD", *wanted)
        assert (found["grade"], found["exit_code"]) == ("unsupported", 3)
        assert "anybody may sign" in found["evidence"][0]["cause"]
        known = clone.verify("HEAD", *wanted, "--identity", signer, "--issuer", issuer)
        assert known["exit_code"] == 0
    clone.note(clone.summary(clone.head))  # the run was in the repository itself
    assert clone.verify("HEAD", *wanted)["exit_code"] == 0


def test_a_folder_a_branch_a_tag_and_a_commit(clone: Clone, monkeypatch) -> None:
    clone.note(clone.summary(clone.head))
    clone.git("tag", "v1")
    clone.git("pack-refs", "--all")
    for subject in (str(clone.folder), f"git:{clone.folder}"):
        assert clone.run(subject)["grade"] == "verified"
    for reference in ("main", "v1", "refs/tags/v1", clone.head):
        assert clone.verify(reference)["grade"] == "verified"
    monkeypatch.chdir(clone.folder)
    assert clone.run("git:main")["grade"] == "verified"
    with pytest.raises(UsageError, match="no reference"):
        clone.verify("absent")
    monkeypatch.chdir(clone.folder.parent)
    with pytest.raises(UsageError, match="no Git repository"):
        clone.run("git:main")
    for hostile in ("../../etc/passwd", "refs/../../x", "a\tb"):
        with pytest.raises((UsageError, InputError)):
            clone.verify(hostile)


def test_without_notes_there_is_none_and_how_to_get_them(clone: Clone) -> None:
    found = clone.verify()
    assert (found["grade"], found["exit_code"]) == ("none", 3)
    assert "refs/notes/commits" in found["next_action"]


def test_a_summary_replayed_on_another_commit(clone: Clone) -> None:
    first = clone.head
    clone.git("commit", "-q", "--allow-empty", "-m", "second")
    clone.note(clone.summary(first))
    found = clone.verify("HEAD", *KNOWN)
    assert (found["grade"], found["exit_code"]) == ("failed", 1)


def test_a_summary_replayed_from_another_repository(clone: Clone) -> None:
    clone.note(clone.summary(clone.head, resourceUri="git+https://github.com/example/fork"))
    found = clone.verify("HEAD", *KNOWN, "--source", "github.com/example/alpha")
    assert (found["grade"], found["exit_code"]) == ("failed", 1)
    assert found["evidence"][0]["error"] == "ErrorMismatchResourceURI"


def test_a_summary_of_another_branch(clone: Clone) -> None:
    clone.note(clone.summary(clone.head))
    assert clone.verify("HEAD", "--source-branch", "main")["grade"] == "verified"
    found = clone.verify("HEAD", "--source-branch", "release")
    assert found["evidence"][0]["error"] == "ErrorMismatchBranch"
    assert found["exit_code"] == 1


def test_a_summary_that_did_not_pass_or_is_of_another_verifier(clone: Clone) -> None:
    clone.note(clone.summary(clone.head, verificationResult="FAILED", verifiedLevels=["FAILED"]))
    assert clone.verify()["exit_code"] == 1
    clone.note(clone.summary(clone.head))
    found = clone.verify("HEAD", *KNOWN, "--verifier", "https://other.example.test")
    assert found["evidence"][0]["error"] == "ErrorMismatchVerifierID"


@pytest.mark.parametrize(
    ("text", "grade"),
    [
        ("a note that people wrote", "failed"),
        ('{"media_type": "x", "payload": "y"}', "unsupported"),
        ("[" * 50_000, "failed"),
        ("{}", "failed"),
    ],
)
def test_notes_that_are_no_attestations(clone: Clone, text: str, grade: str) -> None:
    clone.write_note(text)
    assert clone.verify()["grade"] == grade


def test_many_notes_are_found_through_their_folders(clone: Clone) -> None:
    blob = clone.git("hash-object", "-w", "--stdin", given=b"other")
    target = clone.head
    note = clone.git(
        "hash-object", "-w", "--stdin",
        given=json.dumps(clone.instance.bundle(clone.summary(target))).encode(),
    )  # fmt: skip
    inner = clone.git("mktree", given=f"100644 blob {note}\t{target[4:]}\n".encode())
    middle = clone.git(
        "mktree",
        given=f"040000 tree {inner}\t{target[2:4]}\n100644 blob {blob}\tfile\n".encode(),
    )
    tree = clone.git("mktree", given=f"040000 tree {middle}\t{target[:2]}\n".encode())
    commit = clone.git("commit-tree", tree, "-m", "notes")
    clone.git("update-ref", "refs/notes/commits", commit)
    assert clone.verify()["grade"] == "verified"


def test_a_damaged_object_is_one_line(clone: Clone) -> None:
    path = clone.folder / ".git/objects" / clone.head[:2] / clone.head[2:]
    path.chmod(0o644)
    path.write_bytes(b"damaged")
    with pytest.raises(InputError, match="damaged"):
        clone.verify()


# Signatures


class Signer:
    def __init__(self, clone: Clone) -> None:
        folder = clone.folder.parent
        self.key = folder / "id"
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.key)], check=True
        )
        public = " ".join(self.key.with_suffix(".pub").read_text().split()[:2])
        self.allowed = folder / "allowed"
        self.allowed.write_text(f'a@example.test namespaces="git" {public}\n')
        clone.git("config", "gpg.format", "ssh")
        clone.git("config", "user.signingkey", str(self.key))


@needs_ssh
def test_a_commit_signed_with_ssh(clone: Clone) -> None:
    signer = Signer(clone)
    clone.git("commit", "-q", "-S", "--allow-empty", "-m", "signed")
    found = clone.verify("HEAD", "--allowed-signers", signer.allowed)
    assert found["grade"] == "verified"
    (one,) = found["evidence"]
    assert (one["kind"], one["subject"]) == ("ssh-signature", f"gitCommit:{clone.head}")
    assert "a@example.test" in one["identity"]
    found = clone.verify()
    assert (found["grade"], found["exit_code"]) == ("unsupported", 3)
    assert "--allowed-signers" in found["evidence"][0]["next_action"]


@needs_ssh
def test_a_commit_whose_signature_is_of_another(clone: Clone) -> None:
    signer = Signer(clone)
    clone.git("commit", "-q", "-S", "--allow-empty", "-m", "signed")
    signed = clone.git("cat-file", "commit", "HEAD") + "\n"
    forged = clone.git(
        "hash-object", "-w", "-t", "commit", "--stdin",
        given=signed.replace("\n\nsigned", "\n\nforged").encode(),
    )  # fmt: skip
    found = clone.verify(forged, "--allowed-signers", signer.allowed)
    assert (found["grade"], found["exit_code"]) == ("failed", 1)
    # a key that may sign files alone signs no commits
    signer.allowed.write_text(signer.allowed.read_text().replace('"git"', '"file"'))
    assert clone.verify("HEAD", "--allowed-signers", signer.allowed)["exit_code"] == 1


@needs_ssh
def test_a_signed_tag_and_one_that_was_moved(clone: Clone) -> None:
    signer = Signer(clone)
    clone.git("tag", "-s", "-m", "release", "v1.0")
    found = clone.verify("v1.0", "--allowed-signers", signer.allowed)
    assert found["grade"] == "verified"
    assert found["evidence"][0]["path"].startswith("tag v1.0")
    clone.git("update-ref", "refs/tags/v2.0", clone.git("rev-parse", "refs/tags/v1.0"))
    found = clone.verify("v2.0", "--allowed-signers", signer.allowed)
    assert found["evidence"][0]["error"] == "ErrorMismatchTag"
    assert found["exit_code"] == 1


@needs_ssh
def test_signature_and_summary_are_both_evidence(clone: Clone) -> None:
    signer = Signer(clone)
    clone.git("commit", "-q", "-S", "--allow-empty", "-m", "signed")
    clone.note(clone.summary(clone.head))
    found = clone.verify("HEAD", *KNOWN, "--allowed-signers", signer.allowed)
    assert [one["grade"] for one in found["evidence"]] == ["verified", "verified"]


def test_an_openpgp_signature_is_present(clone: Clone) -> None:
    body = clone.git("cat-file", "commit", "HEAD")
    head, _, rest = body.partition("\n\n")
    armored = "-----BEGIN PGP SIGNATURE-----\n \n aaaa\n -----END PGP SIGNATURE-----"
    made = clone.git(
        "hash-object", "-w", "-t", "commit", "--stdin",
        given=f"{head}\ngpgsig {armored}\n\n{rest}\n".encode(),
    )  # fmt: skip
    found = clone.verify(made)
    assert (found["evidence"][0]["kind"], found["grade"]) == ("openpgp-signature", "unsupported")
    assert "--keyring" in found["evidence"][0]["next_action"]


@pytest.mark.skipif(shutil.which("gpg") is None, reason="gpg is not installed")
def test_a_commit_signed_with_openpgp(clone: Clone) -> None:
    pytest.importorskip("pysequoia", reason="pysequoia is not installed")
    home = clone.folder.parent / "g"
    home.mkdir(mode=0o700)
    gpg = ("gpg", "--homedir", str(home), "--batch", "--quiet")
    new = ("--passphrase", "", "--quick-gen-key", "A <a@example.test>", "ed25519", "sign", "never")
    keyring = clone.folder.parent / "keyring"
    try:
        subprocess.run([*gpg, *new], check=True, capture_output=True)
        subprocess.run([*gpg, "--output", str(keyring), "--export"], check=True)
        program = clone.folder.parent / "sign"
        program.write_text(f'#!/bin/sh\nexec gpg --homedir "{home}" "$@"\n')
        program.chmod(0o755)
        clone.git("config", "gpg.program", str(program))
        clone.git("config", "user.signingkey", "a@example.test")
        clone.git("commit", "-q", "-S", "--allow-empty", "-m", "signed")
    finally:
        subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "gpg-agent"], check=False)
    found = clone.verify("HEAD", "--keyring", keyring)
    assert found["grade"] == "verified"
    assert "a@example.test" in found["evidence"][0]["identity"]
    changed = clone.git("cat-file", "commit", "HEAD").replace("\n\nsigned", "\n\nforged") + "\n"
    forged = clone.git("hash-object", "-w", "-t", "commit", "--stdin", given=changed.encode())
    assert clone.verify(forged, "--keyring", keyring)["exit_code"] == 1


@given(st.binary(max_size=400), st.sampled_from([b"", b"tree x\ngpgsig ", b"object x\n\n"]))
def test_random_objects_lose_no_byte_outside_of_signatures(data: bytes, start: bytes) -> None:
    whole = start + data
    payload, signature = signed._parted_tag(whole)
    assert payload + signature == whole
    payload, signature = signed._parted_commit(whole, b"gpgsig")
    assert len(payload) <= len(whole)
    if b"gpgsig" not in whole:
        assert (payload, signature) == (whole, b"")


@given(st.binary(max_size=200))
def test_random_notes_are_never_verified(data: bytes) -> None:
    subject = Subject("0" * 40, {"gitCommit": "0" * 40})
    for one in _notes(data, subject, Request(root=pinned_root())):
        assert one.grade in {Grade.FAILED, Grade.UNSUPPORTED}
