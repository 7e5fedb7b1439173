"""AI models signed by OpenSSF's library, with a key and with an identity, and by us."""

from __future__ import annotations

import base64
import builtins
import json
import os
import random
import sys
from base64 import b64decode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from pratique.model.errors import InputError, UsageError
from pratique.surfaces.cli.app import dispatch

signing = pytest.importorskip("model_signing.signing", reason="model-signing is not installed")
hashing = pytest.importorskip("model_signing.hashing")
verifying = pytest.importorskip("model_signing.verifying")


class Desk:
    """A model, a key, and the commands."""

    def __init__(self, folder: Path, capsys) -> None:
        self.capsys = capsys
        self.model = folder / "alpha-7b"
        (self.model / "shards").mkdir(parents=True)
        (self.model / "config.json").write_text('{"layers": 2}')
        (self.model / "shards" / "1.safetensors").write_bytes(bytes(range(256)) * 64)
        (self.model / "shards" / "2.safetensors").write_bytes(b"\x07" * 4096)
        self.signature = self.model / "model.sig"
        key = ec.generate_private_key(ec.SECP256R1())
        self.key, self.public = folder / "key.pem", folder / "key.pub"
        self.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        self.public.write_bytes(
            key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        )

    def config(self, **_: object):
        return hashing.Config().set_ignored_paths(paths=[self.signature])

    def sign(self, config=None) -> None:
        signer = signing.Config().use_elliptic_key_signer(private_key=self.key)
        signer.set_hashing_config(config or self.config()).sign(self.model, self.signature)

    def verify(self, *words: str) -> tuple[int, dict]:
        given = words or ("--key", str(self.public))
        code = dispatch(["verify", str(self.model), "-f", "json", *given])
        return int(code), json.loads(self.capsys.readouterr().out)


@pytest.fixture
def desk(tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("PRATIQUE_DATA", str(tmp_path / "data"))
    return Desk(tmp_path, capsys)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"hashing_algorithm": "blake2"},
        {"hashing_algorithm": "blake3"},
    ],
)
def test_a_model_that_the_library_signed(desk: Desk, change) -> None:
    desk.sign(desk.config().use_file_serialization(**change))
    code, found = desk.verify()
    assert (code, found["grade"]) == (0, "verified")
    (evidence,) = found["evidence"]
    assert evidence["predicate_type"] == "https://model_signing/signature/v1.0"
    assert evidence["identity"].startswith("key:")
    assert found["digests"]["sha256"] in evidence["subject"]


@pytest.mark.parametrize("algorithm", ["sha256", "blake2"])
def test_a_model_in_shards(desk: Desk, algorithm: str) -> None:
    desk.sign(desk.config().use_shard_serialization(hashing_algorithm=algorithm, shard_size=1000))
    assert desk.verify()[0] == 0
    data = bytearray((desk.model / "shards/1.safetensors").read_bytes())
    data[1500] ^= 1
    (desk.model / "shards/1.safetensors").write_bytes(data)
    code, found = desk.verify()
    assert code == 1
    assert "changed: shards/1.safetensors:1000:2000" in found["evidence"][0]["cause"]


def test_what_changed_is_named(desk: Desk) -> None:
    desk.sign()
    (desk.model / "config.json").write_text('{"layers": 3}')
    (desk.model / "shards" / "2.safetensors").unlink()
    (desk.model / "evil.pkl").write_bytes(b"cos\nsystem\n")
    code, found = desk.verify()
    assert (code, found["grade"]) == (1, "failed")
    cause = found["evidence"][0]["cause"]
    assert "changed: config.json" in cause
    assert "missing: shards/2.safetensors" in cause
    assert "not signed: evil.pkl" in cause
    assert found["evidence"][0]["error"] == "ErrorMismatchHash"


def test_every_byte_of_the_model_counts(desk: Desk) -> None:
    desk.sign()
    path = desk.model / "shards" / "1.safetensors"
    good = path.read_bytes()
    for place in (0, 1, len(good) // 2, len(good) - 1):
        path.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        assert desk.verify()[0] == 1
    path.write_bytes(good)
    assert desk.verify()[0] == 0


def test_a_changed_signature_never_verifies(desk: Desk) -> None:
    desk.sign()
    good = desk.signature.read_bytes()
    chance = random.Random(3)
    for _ in range(40):
        bad = bytearray(good)
        place = chance.randrange(len(bad))
        bad[place] = (bad[place] + chance.randrange(1, 255)) % 256
        desk.signature.write_bytes(bad)
        code, found = desk.verify()
        if code == 0:  # a member that is not signed, such as the hint
            assert found["evidence"][0]["identity"].startswith("key:")
            # As bytes: the last letter of base64 may have bits that are of none.
            before, after = (
                base64.b64decode(json.loads(one)["dsseEnvelope"]["payload"]) for one in (good, bad)
            )
            assert before == after
    desk.signature.write_bytes(b"[" * 5000)
    assert desk.verify()[0] in {1, 3}


def test_another_key_did_not_sign(desk: Desk, tmp_path: Path) -> None:
    desk.sign()
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    desk.public.write_bytes(other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    assert desk.verify()[0] == 1
    code, found = desk.verify("--identity", "a@example.test", "--issuer", "https://i.test")
    assert code == 3
    assert "is not known here" in found["evidence"][0]["cause"]


def test_what_is_not_covered_is_said(desk: Desk) -> None:
    (desk.model / ".gitattributes").write_text("*.safetensors filter=lfs\n")
    desk.sign()
    code, found = desk.verify()
    assert code == 0
    assert found["evidence"][0]["cause"] == "not covered by the signature: .gitattributes"


def test_git_files_that_the_signature_covers_are_not_passed_over(desk: Desk) -> None:
    (desk.model / ".gitattributes").write_text("*.safetensors filter=lfs\n")
    desk.sign(hashing.Config().set_ignored_paths(paths=[desk.signature], ignore_git_paths=False))
    code, found = desk.verify()
    assert (code, found["evidence"][0]["cause"]) == (0, "")
    (desk.model / ".gitattributes").write_text("* filter=evil\n")
    assert desk.verify()[0] == 1


def test_links_are_not_followed_unless_they_were_signed(desk: Desk) -> None:
    desk.sign()
    (desk.model / "link").symlink_to("/etc/hostname")
    code, found = desk.verify()
    assert code == 1
    assert str(desk.model / "link") in found["evidence"][0]["cause"]


def test_links_that_were_signed(desk: Desk) -> None:
    (desk.model / "link.json").symlink_to("config.json")
    desk.sign(desk.config().set_allow_symlinks(True))
    assert desk.verify()[0] == 0


def test_a_model_in_a_checkout(desk: Desk) -> None:
    (desk.model / ".git").mkdir()
    (desk.model / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    desk.sign()
    code, found = desk.verify("--key", str(desk.public), "--bundle", str(desk.signature))
    assert (code, found["grade"]) == (0, "verified")


def test_what_we_sign_the_library_verifies(desk: Desk) -> None:
    words = ["-K", str(desk.key), "-o", str(desk.signature)]
    assert dispatch(["attest", "model", str(desk.model), *words]) == 0
    verifier = verifying.Config().use_elliptic_key_verifier(public_key=desk.public)
    verifier.verify(desk.model, desk.signature)
    assert desk.verify()[0] == 0
    (desk.model / "config.json").write_text("{}")
    with pytest.raises(ValueError, match="config"):
        verifier.verify(desk.model, desk.signature)
    assert desk.verify()[0] == 1


def test_both_call_a_model_by_the_same_digest(desk: Desk) -> None:
    desk.sign()
    theirs = desk.verify()[1]["digests"]
    desk.signature.unlink()
    words = ["-K", str(desk.key), "-o", str(desk.signature)]
    assert dispatch(["attest", "model", str(desk.model), *words]) == 0
    assert desk.verify()[1]["digests"] == theirs


def test_names_are_in_the_order_of_code_points__oms_5_2_1(desk: Desk) -> None:
    (desk.model / "shards.json").write_text("{}")  # before shards/1… by its name, after by its path
    words = ["-K", str(desk.key), "-o", str(desk.signature)]
    assert dispatch(["attest", "model", str(desk.model), *words]) == 0
    payload = json.loads(desk.signature.read_bytes())["dsseEnvelope"]["payload"]
    names = [one["name"] for one in json.loads(b64decode(payload))["predicate"]["resources"]]
    assert names == sorted(names)
    assert names.index("shards.json") < names.index("shards/1.safetensors")
    verifying.Config().use_elliptic_key_verifier(public_key=desk.public).verify(
        desk.model, desk.signature
    )


def test_git_files_are_left_out_though_the_signature_does_not_say_so__oms_6_2(
    desk: Desk, instance, forge
) -> None:
    statement = statement_of(desk)
    del statement["predicate"]["serialization"]["ignore_paths"]
    desk.signature.write_text(json.dumps(instance.bundle(statement)))
    (desk.model / ".github").mkdir()
    (desk.model / ".github" / "ci.yml").write_text("on: push\n")
    root = desk.model.parent / "trusted_root.json"
    root.write_text(json.dumps(instance.trusted_root()))
    code, found = desk.verify("--trusted-root", str(root))
    assert (code, found["evidence"][0]["cause"]) == (0, "not covered by the signature: .github")


def test_a_model_of_one_file__oms_6_1_2(desk: Desk, capsys) -> None:
    one = desk.model.parent / "alpha.gguf"
    one.write_bytes(b"GGUF" + bytes(1000))
    signature = desk.model.parent / "alpha.gguf.sig"
    signer = signing.Config().use_elliptic_key_signer(private_key=desk.key)
    signer.sign(one, signature)
    desk.model = one
    code, found = desk.verify()
    assert (code, found["grade"]) == (0, "verified")
    one.write_bytes(b"GGUF" + bytes(1001))
    code, found = desk.verify()
    assert (code, found["grade"]) == (1, "failed")
    assert "changed: alpha.gguf" in found["evidence"][0]["cause"]


def test_an_empty_model_is_refused__oms_6_1(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no file to sign"):
        dispatch(["attest", "model", str(tmp_path / "empty"), "-K", str(desk.key), "-o", "x"])


def test_names_that_are_not_text_are_refused__oms_6_1_2(desk: Desk) -> None:
    place = os.path.join(os.fsencode(desk.model), b"\xff.bin")  # noqa: PTH118 - a name in bytes
    with open(place, "wb") as file:  # noqa: PTH123
        file.write(b"1")
    words = ["-K", str(desk.key), "-o", str(desk.signature)]
    with pytest.raises(InputError, match="not in UTF-8"):
        dispatch(["attest", "model", str(desk.model), *words])
    os.unlink(place)  # noqa: PTH108
    desk.sign()
    with open(place, "wb") as file:  # noqa: PTH123
        file.write(b"1")
    code, found = desk.verify()
    assert code == 1
    assert "not signed" in found["evidence"][0]["cause"]


def statement_of(desk: Desk) -> dict:
    from pratique.formats.intoto.write import descriptor_value
    from pratique.provenance.model_folder import model_statement

    subject, (kind, predicate) = model_statement(desk.model, [desk.signature])
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [descriptor_value(one) for one in subject],
        "predicateType": kind,
        "predicate": predicate,
    }


def test_a_model_that_an_identity_signed(desk: Desk, instance, forge) -> None:
    statement = statement_of(desk)
    desk.signature.write_text(json.dumps(instance.bundle(statement)))
    root = desk.model.parent / "trusted_root.json"
    root.write_text(json.dumps(instance.trusted_root()))
    words = ["--trusted-root", str(root), "--issuer", forge.issuer]
    assert desk.verify(*words, "--identity", forge.workflow)[0] == 0
    assert desk.verify(*words, "--identity", "https://somebody.test/else")[0] == 1
    (desk.model / "more.bin").write_bytes(b"1")
    code, found = desk.verify(*words, "--identity", forge.workflow)
    assert code == 1
    assert "not signed: more.bin" in found["evidence"][0]["cause"]


@pytest.mark.parametrize(
    ("change", "grade"),
    [
        ({"predicateType": "https://model_signing/Digests/v0.1"}, "unsupported"),
        ({"predicateType": "https://example.test/other"}, "unsupported"),
        ({"predicate": {"serialization": {"method": "tensors"}, "resources": []}}, "failed"),
        ({"predicate": {"resources": 1}}, "failed"),
    ],
)
def test_statements_that_are_none(desk: Desk, instance, forge, change, grade) -> None:
    statement = statement_of(desk)
    desk.signature.write_text(json.dumps(instance.bundle(statement | change)))
    root = desk.model.parent / "trusted_root.json"
    root.write_text(json.dumps(instance.trusted_root()))
    assert desk.verify("--trusted-root", str(root))[1]["grade"] == grade


def test_certificates_outside_sigstore_are_not_supported__oms_4_1(desk: Desk) -> None:
    desk.sign()
    document = json.loads(desk.signature.read_bytes())
    chain = {"certificates": [{"rawBytes": "AAAA"}]}
    document["verificationMaterial"] = {"x509CertificateChain": chain, "tlogEntries": []}
    desk.signature.write_text(json.dumps(document))
    code, found = desk.verify()
    assert (code, found["grade"]) == (3, "unsupported")
    assert "outside Sigstore" in found["evidence"][0]["cause"]


def test_a_signature_may_not_leave_out_everything(desk: Desk, instance) -> None:
    """A signed list of what is left out cannot reach outside the folder, nor be all of it."""
    from pratique.provenance.model_folder import stays

    assert not any(map(stays, ("", ".", "./", "..", "a/../..", "/etc", "\\..\\x")))
    assert all(map(stays, (".git", "a/b", "model.sig")))


def test_a_folder_that_is_no_model(desk: Desk) -> None:
    with pytest.raises(InputError, match="neither a file nor an image layout"):
        desk.verify()
    with pytest.raises(UsageError, match="no folder"):
        dispatch(["attest", "model", str(desk.key), "-K", str(desk.key), "-o", "x"])


def test_without_the_library_the_extra_is_named(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.sign()
    real = builtins.__import__

    def absent(name, *rest):
        if name.startswith("model_signing"):
            raise ModuleNotFoundError("absent", name="model_signing")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", absent)
    for name in [one for one in sys.modules if one.startswith("model_signing")]:
        monkeypatch.delitem(sys.modules, name)
    code, found = desk.verify()
    assert (code, found["grade"]) == (3, "unsupported")
    assert "pratique[models]" in found["evidence"][0]["next_action"]
    words = ["-K", str(desk.key), "-o", str(desk.signature)]
    with pytest.raises(UsageError, match="need the library"):
        dispatch(["attest", "model", str(desk.model), *words])
