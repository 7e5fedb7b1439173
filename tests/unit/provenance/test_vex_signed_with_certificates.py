"""VEX documents signed with certificates, where keys are given: anybody can get a certificate."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pratique.health.signed_vex import Signers, Verifier
from pratique.model.errors import InputError
from pratique.provenance.keys import load_key

MALLORY = ("mallory@example.test", "https://accounts.example.test")
VEX = b'{"@context": "https://openvex.dev/ns/v0.2.0", "statements": []}'


class Desk:
    """A VEX document that somebody's certificate signed, in a bundle or beside it."""

    def __init__(self, folder: Path, instance: Any, forge: Any) -> None:
        self.path = folder / "alpha.openvex.json"
        self.path.write_bytes(VEX)
        self.root = folder / "root.json"
        self.root.write_text(json.dumps(instance.trusted_root()))
        public = forge.new_key().public_key()
        self.key = load_key(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        subject = {"name": self.path.name, "digest": {"sha256": sha256(VEX).hexdigest()}}
        statement = {**forge.statement(), "subject": [subject]}
        self.bundle = json.dumps(
            instance.bundle(statement, signer=instance.identity(*MALLORY))
        ).encode()

    def beside(self) -> None:
        self.path.with_name(f"{self.path.name}.sigstore.json").write_bytes(self.bundle)

    def verifier(self, **signers: Any) -> Verifier:
        return Verifier(Signers(trusted_root=self.root, **signers))


@pytest.fixture
def desk(tmp_path: Path, instance: Any, forge: Any) -> Desk:
    return Desk(tmp_path, instance, forge)


def test_where_nobody_is_named_any_certificate_counts(desk: Desk) -> None:
    desk.beside()
    assert desk.verifier(required=True)(desk.bundle, desk.path).signer == MALLORY[0]
    assert desk.verifier(required=True)(VEX, desk.path).signer == MALLORY[0]


def test_where_keys_are_given_a_certificate_does_not_count(desk: Desk) -> None:
    keyed = {"keys": (desk.key,), "required": True}
    with pytest.raises(InputError, match="only keys were given"):
        desk.verifier(**keyed)(desk.bundle, desk.path)
    desk.beside()
    with pytest.raises(InputError, match="nobody is shown"):
        desk.verifier(**keyed)(VEX, desk.path)
    checked = desk.verifier(keys=(desk.key,))(VEX, desk.path)
    assert (checked.signer, checked.unverified) == ("", True)


def test_where_keys_and_an_identity_are_given_both_count(desk: Desk) -> None:
    named = {"keys": (desk.key,), "identity": MALLORY[0], "issuer": MALLORY[1], "required": True}
    desk.beside()
    assert desk.verifier(**named)(desk.bundle, desk.path).signer == MALLORY[0]
    assert desk.verifier(**named)(VEX, desk.path).signer == MALLORY[0]
    other = {**named, "identity": "alice@example.test"}
    with pytest.raises(InputError, match="does not hold"):
        desk.verifier(**other)(desk.bundle, desk.path)
