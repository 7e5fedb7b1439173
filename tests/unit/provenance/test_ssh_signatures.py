"""SSH signatures: what ssh-keygen signs is verified, and nothing tampered is."""

from __future__ import annotations

import base64
import json
import random
import shutil
import subprocess
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pratique.formats.ssh import (
    AllowedSigner,
    public_key_of,
    read_allowed_signers,
    read_ssh_signature,
)
from pratique.formats.ssh.allowed_signers import matches
from pratique.model.errors import InputError, PratiqueError
from pratique.provenance.cli import verify

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is absent")

KINDS = (("ed25519", 0), ("ecdsa", 256), ("ecdsa", 384), ("ecdsa", 521), ("rsa", 2048))


class Signer:
    def __init__(self, folder: Path, capsys) -> None:
        self.folder, self.capsys = folder, capsys
        self.artifact = folder / "alpha.bin"
        self.artifact.write_bytes(b"alpha")
        self.allowed = folder / "allowed"

    def make(self, kind: str = "ed25519", bits: int = 0, name: str = "id") -> str:
        words = ["-b", str(bits)] if bits else []
        self.keygen("-t", kind, *words, "-N", "", "-C", "x", "-q", "-f", name)
        return (self.folder / f"{name}.pub").read_text()

    def keygen(self, *words: str) -> None:
        subprocess.run(
            ["ssh-keygen", *words], cwd=self.folder, check=True, capture_output=True, timeout=60
        )

    def sign(self, name: str = "id", namespace: str = "file", *words: str) -> Path:
        path = self.folder / "alpha.bin.sig"
        path.unlink(missing_ok=True)
        self.keygen("-Y", "sign", "-f", name, "-n", namespace, *words, "alpha.bin")
        return path

    def verify(self, *words: str, allow: bool = True) -> dict:
        parser = ArgumentParser()
        verify.configure(parser)
        trust = ["--allowed-signers", str(self.allowed)] if allow else []
        options = parser.parse_args([str(self.artifact), *trust, "--format", "json", *words])
        verify.run(options)
        return json.loads(self.capsys.readouterr().out)

    def openssh(self) -> bool:
        """Whether ssh-keygen itself accepts."""
        done = subprocess.run(
            ["ssh-keygen", "-Y", "verify", "-f", "allowed", "-I", "dev@example.test", "-n", "file",
             "-s", "alpha.bin.sig"],
            cwd=self.folder, input=self.artifact.read_bytes(), capture_output=True, timeout=60,
            check=False,
        )  # fmt: skip
        return done.returncode == 0


@pytest.fixture
def signer(tmp_path: Path, capsys) -> Signer:
    return Signer(tmp_path, capsys)


@pytest.mark.parametrize(("kind", "bits"), KINDS)
@pytest.mark.parametrize("digest", ["sha256", "sha512"])
def test_every_kind_of_key(signer: Signer, kind: str, bits: int, digest: str) -> None:
    signer.allowed.write_text(f"dev@example.test {signer.make(kind, bits)}")
    path = signer.sign("id", "file", "-O", f"hashalg={digest}")
    assert read_ssh_signature(path.read_bytes()).hash == digest
    assert signer.openssh()
    found = signer.verify()
    assert (found["grade"], found["exit_code"], found["reason"]) == ("verified", 0, "")
    one = found["evidence"][0]
    assert one["kind"] == "ssh-signature"
    assert one["identity"].startswith("dev@example.test (key:")
    assert one["levels"] == []
    signer.artifact.write_bytes(b"evil")
    assert not signer.openssh()
    assert signer.verify()["grade"] == "failed"


def test_who_is_not_allowed(signer: Signer) -> None:
    signer.make()
    signer.sign()
    signer.allowed.write_text(f"dev@example.test {signer.make(name='other')}")
    found = signer.verify()
    assert found["grade"] == "failed"
    assert "none that is allowed" in found["evidence"][0]["cause"]
    found = signer.verify(allow=False)
    assert (found["grade"], found["exit_code"]) == ("unsupported", 3)


@pytest.mark.parametrize(
    ("options", "fine"),
    [
        ('namespaces="file"', True),
        ('namespaces="git,f*"', True),
        ('namespaces="git"', False),
        ('namespaces="*,!file"', False),
        ('valid-before="20200101"', False),
        ('valid-after="20990101Z"', False),
        ('valid-after="20200101",valid-before="20990101"', True),
        ("cert-authority", False),
    ],
)
def test_options_as_openssh_takes_them(signer: Signer, options: str, fine: bool) -> None:
    signer.allowed.write_text(f"dev@example.test {options} {signer.make()}")
    signer.sign()
    assert signer.openssh() == fine
    assert signer.verify()["grade"] == ("verified" if fine else "failed")


def test_a_signature_for_something_else(signer: Signer) -> None:
    signer.allowed.write_text(f"dev@example.test {signer.make()}")
    signer.sign(namespace="git")
    assert "for 'git', not for 'file'" in signer.verify()["evidence"][0]["cause"]
    assert signer.verify("--ssh-namespace", "git")["grade"] == "verified"


def test_no_flip_verifies(signer: Signer) -> None:
    signer.allowed.write_text(f"dev@example.test {signer.make()}")
    path = signer.sign()
    text = path.read_bytes()
    blob = base64.b64decode(b"".join(text.split(b"\n")[1:-2]))
    for at in range(len(blob)):
        for bit in (0, 5):
            changed = bytearray(blob)
            changed[at] ^= 1 << bit
            body = base64.encodebytes(bytes(changed))
            path.write_bytes(
                b"-----BEGIN SSH SIGNATURE-----\n" + body + b"-----END SSH SIGNATURE-----\n"
            )
            assert signer.verify()["grade"] in {"failed", "unsupported"}, (at, bit)


def test_random_and_cut_documents(signer: Signer) -> None:
    line = f"dev@example.test {signer.make('ecdsa', 256)}".encode()
    data = signer.sign().read_bytes()
    dice = random.Random(4)
    for read, text in ((read_ssh_signature, data), (read_allowed_signers, line)):
        for _ in range(400):
            changed = bytearray(text)
            for _ in range(dice.randrange(1, 4)):
                changed[dice.randrange(len(text))] = dice.randrange(256)
            try:
                read(bytes(changed[: dice.randrange(len(text) + 9)]))
            except InputError:
                continue
    blob = read_ssh_signature(data).key_blob
    for at in range(len(blob)):
        for changed in (blob[:at], blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :]):
            try:
                public_key_of(changed)
            except PratiqueError:
                continue


def test_lines_of_allowed_signers() -> None:
    key = "ssh-ed25519 " + base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + bytes(32)).decode()
    read = read_allowed_signers(
        f'# remark\n\na@x.test,*@y.test {key} remark\n"b c" namespaces="x",cert-authority {key}\n'
        f'd valid-after="202001021530",valid-before="20210102153059Z" {key}\n'.encode()
    )
    assert [one.principals for one in read] == ["a@x.test,*@y.test", "b c", "d"]
    assert read[1].authority
    assert read[2].valid_after == datetime(2020, 1, 2, 15, 30, tzinfo=UTC)
    assert read[2].valid_before == datetime(2021, 1, 2, 15, 30, 59, tzinfo=UTC)
    for bad in (
        "a", "a ssh-ed25519", f"a unknown-option {key}", f'a valid-after="x" {key}',
        f'a valid-after="20209999" {key}', f"a namespaces {key}", "a ssh-ed25519 !!!",
        f"a {key.replace('ssh-ed25519', 'ssh-rsa', 1)}", f'a cert-authority="x" {key}',
    ):  # fmt: skip
        with pytest.raises(InputError, match="line 2"):
            read_allowed_signers(f"# remark\n{bad}\n".encode())


def test_patterns() -> None:
    assert matches("a,b*", "bc")
    assert not matches("*,!b*", "bc")
    assert not matches("[ab]", "a")
    assert matches("[ab]", "[ab]")
    assert AllowedSigner(principals="a", key_blob=b"").takes_namespace("anything")


def test_an_identity_with_issuer_is_none_of_a_bare_key(signer: Signer) -> None:
    signer.allowed.write_text(f"dev@example.test {signer.make()}")
    signer.sign()
    found = signer.verify("--identity", "dev@example.test", "--issuer", "https://issuer.test")
    assert found["grade"] == "failed"
