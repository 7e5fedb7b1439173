"""OpenPGP signatures: what is signed with a key of the keyring is verified, tampered never."""

from __future__ import annotations

import json
import random
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pratique.model.errors import InputError
from pratique.provenance.cli import verify
from pratique.provenance.openpgp import certificates, is_openpgp

pysequoia = pytest.importorskip("pysequoia")


class Post:
    def __init__(self, folder: Path, capsys) -> None:
        self.folder, self.capsys = folder, capsys
        self.artifact = folder / "alpha.bin"
        self.artifact.write_bytes(b"alpha")
        self.signature = folder / "alpha.bin.asc"
        self.keyring = folder / "ring.pgp"

    def make(self, **more):
        key = pysequoia.Tsk.generate("Dev <dev@example.test>", **more)
        self.keyring.write_bytes(bytes(key.extract_certificate()))
        return key

    def sign(self, key, data: bytes = b"alpha") -> bytes:
        made = pysequoia.sign(key.signer(), data, mode=pysequoia.SignatureMode.DETACHED)
        self.signature.write_bytes(made)
        return made

    def verify(self, *words: str, keyring: bool = True) -> dict:
        parser = ArgumentParser()
        verify.configure(parser)
        trust = ["--keyring", str(self.keyring)] if keyring else []
        verify.run(parser.parse_args([str(self.artifact), *trust, "--format", "json", *words]))
        return json.loads(self.capsys.readouterr().out)


@pytest.fixture
def post(tmp_path: Path, capsys) -> Post:
    return Post(tmp_path, capsys)


def test_a_signature_of_the_keyring(post: Post) -> None:
    key = post.make()
    cert = key.extract_certificate()
    post.sign(key)
    found = post.verify()
    assert (found["grade"], found["exit_code"], found["reason"]) == ("verified", 0, "")
    one = found["evidence"][0]
    assert one["kind"] == "openpgp-signature"
    assert one["identity"] == f"Dev <dev@example.test> (key:{cert.fingerprint.lower()})"
    found = post.verify(keyring=False)
    assert (found["grade"], found["exit_code"]) == ("unsupported", 3)
    assert "--keyring" in found["evidence"][0]["next_action"]


def test_binary_signatures(post: Post) -> None:
    made = post.sign(post.make())
    raw = bytes(pysequoia.Sig.from_bytes(made))
    assert is_openpgp(made)
    path = post.folder / "alpha.bin.sig"
    post.signature.unlink()
    path.write_bytes(raw)
    if not is_openpgp(raw):  # the library wrote it armored
        pytest.fail("the signature is not recognised")
    assert post.verify()["grade"] == "verified"


def test_another_artifact_another_key_another_signature(post: Post) -> None:
    key = post.make()
    post.sign(key)
    post.artifact.write_bytes(b"evil")
    assert post.verify()["grade"] == "failed"
    post.artifact.write_bytes(b"alpha")
    post.sign(key, b"beta")
    assert post.verify()["grade"] == "failed"
    other = pysequoia.Tsk.generate("Dev <dev@example.test>")  # the same name
    post.sign(other)
    found = post.verify()
    assert found["grade"] == "failed"
    assert found["evidence"][0]["identity"] == ""


def test_a_revoked_key_is_never_verified(post: Post) -> None:
    key = post.make()
    cert = key.extract_certificate()
    post.sign(key)
    revocation = cert.revoke(certifier=key.certifier())
    post.keyring.write_bytes(bytes(pysequoia.Cert.from_bytes(bytes(cert) + bytes(revocation))))
    assert post.verify()["grade"] in {"failed", "valid-time-unproven"}


def test_an_expired_key_leaves_the_time_unproven(post: Post, monkeypatch) -> None:
    from pratique.provenance import service

    post.sign(post.make(validity_seconds=3600))
    assert post.verify()["grade"] == "verified"

    class Later(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2999, 1, 1, tzinfo=UTC)

    monkeypatch.setattr(service, "datetime", Later)
    found = post.verify()
    assert (found["grade"], found["exit_code"]) == ("valid-time-unproven", 3)


def test_flips_in_the_signature(post: Post) -> None:
    raw = bytes(pysequoia.Sig.from_bytes(post.sign(post.make())))
    post.signature.unlink()
    path = post.folder / "alpha.bin.sig"
    path.write_bytes(raw)
    expected = post.verify()["evidence"][0]["identity"]
    dice, survived = random.Random(9), 0
    for _ in range(200):
        changed = bytearray(raw)
        changed[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)
        path.write_bytes(bytes(changed))
        found = post.verify()
        if found["grade"] == "verified":  # the unhashed hint of the issuer
            survived += 1
            assert found["evidence"][0]["identity"] == expected
    assert survived < 80


@pytest.mark.parametrize("data", [b"", b"x", b"-----BEGIN PGP PUBLIC KEY BLOCK-----", b"\x88" * 99])
def test_what_is_no_keyring(data: bytes) -> None:
    with pytest.raises(InputError):
        certificates(data)


def test_what_is_no_signature(post: Post) -> None:
    post.make()
    for data in (b"-----BEGIN PGP SIGNATURE-----", b"\xc2", b"\x88\x01", b"\x88" + bytes(70_000)):
        post.signature.write_bytes(data)
        found = post.verify()
        assert found["grade"] == "failed"
        assert "\n" not in found["evidence"][0]["cause"]
