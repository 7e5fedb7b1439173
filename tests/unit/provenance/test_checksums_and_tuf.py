"""Files of checksums beside an artifact, and metadata of TUF repositories about it."""

from __future__ import annotations

import hashlib
import json
from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from pratique.model.errors import InputError, UsageError
from pratique.provenance.checksums import read_checksums
from pratique.provenance.cli import verify

DIGEST = hashlib.sha256(b"alpha").hexdigest()
OTHER = hashlib.sha256(b"other").hexdigest()


class Desk:
    def __init__(self, folder: Path, instance, forge, capsys) -> None:
        self.folder, self.instance, self.forge, self.capsys = folder, instance, forge, capsys
        self.artifact = folder / "alpha.bin"
        self.artifact.write_bytes(b"alpha")
        self.root = folder / "trusted_root.json"
        self.root.write_text(json.dumps(instance.trusted_root()))

    def put(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    def verify(self, *words: object) -> dict:
        parser = ArgumentParser()
        verify.configure(parser)
        given_words = [str(self.artifact), "--trusted-root", str(self.root), "--format", "json"]
        code = verify.run(parser.parse_args([*given_words, *map(str, words)]))
        found = json.loads(self.capsys.readouterr().out)
        assert found["exit_code"] == int(code)
        return found


@pytest.fixture
def desk(tmp_path: Path, instance, forge, capsys) -> Desk:
    return Desk(tmp_path, instance, forge, capsys)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("SHA256SUMS", f"{OTHER}  beta.bin\n{DIGEST}  alpha.bin\n"),
        ("SHA256SUMS", f"{DIGEST} *alpha.bin\r\n"),
        ("SHA256SUMS.txt", f"SHA256 (alpha.bin) = {DIGEST.upper()}\n"),
        ("checksums.txt", f"{DIGEST}  ./alpha.bin\n"),
        ("checksums.txt", f"{DIGEST}  dist/alpha.bin\n"),
        ("tool_1.0_checksums.txt", f"{DIGEST}  alpha.bin\n"),
        ("alpha.bin.sha256", f"{DIGEST}\n"),
        ("alpha.bin.sha512", f"{hashlib.sha512(b'alpha').hexdigest()}  alpha.bin\n"),
    ],
)
def test_a_checksum_that_matches_is_present_and_proves_no_origin(
    desk: Desk, name: str, text: str
) -> None:
    desk.put(name, text)
    found = desk.verify()
    assert (found["grade"], found["exit_code"]) == ("unsupported", 3)
    (one,) = found["evidence"]
    assert one["kind"] == "checksums"
    assert "matches" in one["cause"]


@pytest.mark.parametrize("name", ["SHA256SUMS", "alpha.bin.sha256"])
def test_a_checksum_that_differs_fails(desk: Desk, name: str) -> None:
    desk.put(name, f"{OTHER}  alpha.bin\n")
    found = desk.verify()
    assert (found["grade"], found["exit_code"]) == ("failed", 1)
    assert found["evidence"][0]["error"] == "ErrorMismatchHash"


def test_one_wrong_line_of_two_fails(desk: Desk) -> None:
    desk.put("SHA256SUMS", f"{DIGEST}  alpha.bin\n{OTHER}  alpha.bin\n")
    assert desk.verify()["exit_code"] == 1


def test_checksums_of_other_files_say_nothing(desk: Desk) -> None:
    desk.put("SHA256SUMS", f"{OTHER}  beta.bin\n")
    found = desk.verify()
    assert (found["grade"], found["evidence"]) == ("none", [])


def test_weak_checksums_are_not_taken(desk: Desk) -> None:
    desk.put("checksums.txt", f"{hashlib.md5(b'alpha').hexdigest()}  alpha.bin\n")
    assert desk.verify()["grade"] == "unsupported"


def test_signed_checksums_reach_the_artifact(desk: Desk) -> None:
    listing = f"{DIGEST}  alpha.bin\n"
    desk.put("SHA256SUMS", listing)
    bundle = desk.instance.bundle(artifact=listing.encode())
    desk.put("SHA256SUMS.sigstore.json", json.dumps(bundle))
    found = desk.verify("--source", "github.com/example/alpha")
    assert (found["grade"], found["exit_code"]) == ("verified", 0)
    signed = found["evidence"][1]
    assert signed["kind"] == "sigstore-bundle of SHA256SUMS"
    assert signed["subject"] == f"sha256:{DIGEST}"
    assert desk.verify("--source", "github.com/example/beta")["exit_code"] == 1
    desk.put("SHA256SUMS", f"{DIGEST}  alpha.bin\n\n")  # another list than the one signed
    assert desk.verify()["exit_code"] == 1


def test_provenance_of_a_list_gives_the_artifact_no_level(desk: Desk) -> None:
    listing = f"{DIGEST}  alpha.bin\n"
    desk.put("SHA256SUMS", listing)
    statement = desk.forge.statement(artifact=listing.encode())
    desk.put("SHA256SUMS.sigstore.json", json.dumps(desk.instance.bundle(statement)))
    assert desk.verify()["grade"] == "verified"
    found = desk.verify("--require", "L1")
    assert (found["grade"], found["exit_code"]) == ("unsupported", 3)


@given(st.binary(max_size=300))
def test_random_checksums(data: bytes) -> None:
    try:
        for one in read_checksums(data):
            assert len(one.digest) in {64, 96, 128}
    except InputError:
        pass


# TUF


class Repository:
    """A TUF repository in a folder, signed by python-tuf's own writer."""

    def __init__(self, folder: Path) -> None:
        from securesystemslib.signer import CryptoSigner
        from tuf.api.metadata import Metadata, Root, Snapshot, TargetFile, Targets, Timestamp

        self.folder = folder
        folder.mkdir()
        until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
        self.signer = CryptoSigner(Ed25519PrivateKey.generate())
        self.root = Metadata(Root(expires=until))
        for role in ("root", "timestamp", "snapshot", "targets"):
            self.root.signed.add_key(self.signer.public_key, role)
        self.targets = Metadata(Targets(expires=until))
        for path, data in (("alpha.bin", b"alpha"), ("dist/alpha.bin", b"alpha")):
            self.targets.signed.targets[path] = TargetFile.from_data(path, data, ["sha256"])
        self.snapshot = Metadata(Snapshot(expires=until))
        self.timestamp = Metadata(Timestamp(expires=until))
        self.write()

    def write(self) -> None:
        for name in ("targets", "snapshot", "timestamp", "root"):
            made = getattr(self, name)
            made.sign(self.signer)
            made.to_file(str(self.folder / f"{name}.json"))
        self.trusted = self.folder.with_suffix(".trusted.json")
        self.root.to_file(str(self.trusted))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "metadata")


def test_a_target_of_a_repository(desk: Desk, repository: Repository) -> None:
    words = ("--tuf", repository.folder, "--tuf-root", repository.trusted)
    found = desk.verify(*words)
    assert (found["grade"], found["exit_code"]) == ("verified", 0)
    (one,) = found["evidence"]
    assert (one["kind"], one["identity"]) == ("tuf-metadata", "tuf:targets (root version 1)")
    assert desk.verify(*words, "--tuf-target", "dist/alpha.bin")["grade"] == "verified"
    assert desk.verify(*words, "--tuf-target", "absent")["exit_code"] == 1
    desk.artifact.write_bytes(b"changed")
    found = desk.verify(*words)
    assert (found["exit_code"], found["evidence"][0]["error"]) == (1, "ErrorMismatchHash")


def test_without_a_trusted_root_it_is_present(desk: Desk, repository: Repository) -> None:
    found = desk.verify("--tuf", repository.folder)
    assert (found["grade"], found["exit_code"]) == ("unsupported", 3)
    assert "--tuf-root" in found["evidence"][0]["next_action"]
    with pytest.raises(UsageError, match="--tuf"):
        desk.verify("--tuf-root", repository.trusted)


def test_metadata_of_another_root(desk: Desk, repository: Repository, tmp_path: Path) -> None:
    other = Repository(tmp_path / "other")
    found = desk.verify("--tuf", repository.folder, "--tuf-root", other.trusted)
    assert (found["grade"], found["exit_code"]) == ("failed", 1)


def test_expired_metadata_fails(desk: Desk, repository: Repository) -> None:
    repository.timestamp.signed.expires = datetime(2020, 1, 1, tzinfo=UTC)
    repository.write()
    found = desk.verify("--tuf", repository.folder, "--tuf-root", repository.trusted)
    assert found["exit_code"] == 1
    assert "expired" in found["evidence"][0]["cause"]


@pytest.mark.parametrize("name", ["root", "timestamp", "snapshot", "targets"])
def test_damaged_or_absent_metadata(desk: Desk, repository: Repository, name: str) -> None:
    words = ("--tuf", repository.folder, "--tuf-root", repository.trusted)
    path = repository.folder / f"{name}.json"
    good = path.read_bytes()
    for number in range(0, len(good), 97):
        data = bytearray(good)
        data[number] ^= 2
        path.write_bytes(bytes(data))
        found = desk.verify(*words)
        if name != "root" and _signed(bytes(data)) != _signed(good):
            assert found["grade"] != "verified", number
    path.write_bytes(b"[" * 10_000)
    if name != "root":
        assert desk.verify(*words)["exit_code"] == 1
        path.unlink()
        assert desk.verify(*words)["grade"] != "verified"


def _signed(data: bytes) -> object:
    try:
        return json.loads(data)["signed"]
    except (ValueError, KeyError):
        return None


def test_the_public_repository_of_the_vectors_has_expired(desk: Desk, vector_folder) -> None:
    folder = vector_folder("provenance/provenance.tar.xz") / "root-signing/metadata"
    roots = sorted(folder.rglob("*root.json"), key=lambda one: len(one.name))
    trusted = next(one for one in roots if one.name in {"root.json", "15.root.json"})
    found = desk.verify("--tuf", folder, "--tuf-root", trusted)
    assert (found["grade"], found["exit_code"]) == ("failed", 1)
    assert "expired" in found["evidence"][0]["cause"]
