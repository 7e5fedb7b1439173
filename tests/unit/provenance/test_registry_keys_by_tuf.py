"""npm's keys from the TUF repository of a Sigstore instance: taken, shown, used, refused."""

from __future__ import annotations

import base64
import hashlib
import json
import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Role,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from pratique.model.errors import EvidenceError
from pratique.provenance import trust_store
from pratique.provenance.trust_exchange import archive_of, verified_again
from pratique.surfaces.cli.app import dispatch

ROLES = ("root", "timestamp", "snapshot", "targets")
FOLDER = "packages.example.test"


def keys_document(forge: Any, key: Any, *, end: str = "", usage: str = "npm") -> bytes:
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    valid = {"start": "2024-01-01T00:00:00Z"} | ({"end": end} if end else {})
    listed = [
        {
            "keyId": "SHA256:own",
            "keyUsage": f"{usage}:{name}",
            "publicKey": {
                "rawBytes": forge.b64(der),
                "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                "validFor": valid,
            },
        }
        for name in ("signatures", "attestations")
    ]
    return json.dumps({"keys": listed}).encode()


class Maker:
    """Whoever publishes a trusted root, and hands folders of targets to registries."""

    def __init__(self, folder: Path, trusted_root: bytes) -> None:
        self.folder = folder
        self.signers = {role: CryptoSigner.generate_ed25519() for role in ROLES}
        self.version = 1
        self.soon = datetime.now(UTC) + timedelta(days=7)
        self.top: dict[str, bytes] = {"trusted_root.json": trusted_root}
        self.handed: dict[str, dict[str, bytes]] = {}
        self.owners: dict[str, CryptoSigner] = {}
        self.signed_by: dict[str, CryptoSigner] = {}
        self.expires: dict[str, datetime] = {}
        self.versions: dict[str, int] = {}
        (folder / "metadata").mkdir(parents=True)
        self.root = self._root()

    def hand(self, role: str, **files: bytes) -> None:
        self.owners.setdefault(role, CryptoSigner.generate_ed25519())
        self.handed[role] = {
            f"{role}/{name.replace('_', '.')}": data for name, data in files.items()
        }

    def _root(self) -> bytes:
        keys = {one.public_key.keyid: one.public_key for one in self.signers.values()}
        roles = {role: Role([one.public_key.keyid], 1) for role, one in self.signers.items()}
        return self._put("root", Root(1, None, self.soon, keys, roles, True), "1.root.json")

    def _put(self, role: str, signed: Any, name: str) -> bytes:
        document = Metadata(signed)
        document.sign(self.signed_by.get(role) or self.signers.get(role) or self.owners[role])
        data = document.to_bytes()
        (self.folder / "metadata" / name).write_bytes(data)
        return data

    def _files(self, given: dict[str, bytes]) -> dict[str, TargetFile]:
        files = {}
        for path, data in given.items():
            files[path] = TargetFile.from_data(path, data, ["sha256"])
            head, slash, tail = path.rpartition("/")
            place = (
                self.folder / "targets" / f"{head}{slash}{hashlib.sha256(data).hexdigest()}.{tail}"
            )
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        return files

    def publish(self) -> Path:
        number = self.version
        delegations = None
        if self.handed:
            keys = {
                self.owners[one].public_key.keyid: self.owners[one].public_key
                for one in self.handed
            }
            roles = {
                one: DelegatedRole(one, [self.owners[one].public_key.keyid], 1, True, [f"{one}/*"])
                for one in self.handed
            }
            delegations = Delegations(keys, roles)
        top = Targets(number, None, self.soon, self._files(self.top), delegations)
        self._put("targets", top, f"{number}.targets.json")
        meta = {"targets.json": MetaFile(number)}
        for role, files in self.handed.items():
            own = self.versions.get(role, number)
            meta[f"{role}.json"] = MetaFile(own)
            expires = self.expires.get(role, self.soon)
            self._put(role, Targets(own, None, expires, self._files(files)), f"{own}.{role}.json")
        self._put("snapshot", Snapshot(number, None, self.soon, meta), f"{number}.snapshot.json")
        stamp = Timestamp(number, None, self.soon, MetaFile(number))
        self._put("timestamp", stamp, "timestamp.json")
        self.version += 1
        return self.folder


class Shelf:
    """The repository, and ``pratique trust`` over it."""

    def __init__(self, maker: Maker, anchor: Path, capsys: Any) -> None:
        self.maker, self.anchor, self.capsys = maker, anchor, capsys

    def bring(self) -> tuple[int, dict]:
        words = ["--instance", "corp", "--root", str(self.anchor), "--format", "json"]
        code = dispatch(["trust", "import", str(self.maker.publish()), *words])
        out, err = self.capsys.readouterr()
        return code, json.loads(out) if out else {"error": err}

    def status(self) -> tuple[int, str]:
        code = dispatch(["trust", "status"])
        return code, self.capsys.readouterr().out


@pytest.fixture
def shelf(tmp_path: Path, instance, capsys, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    monkeypatch.setenv("PRATIQUE_DATA", str(tmp_path / "data"))
    maker = Maker(tmp_path / "tuf", json.dumps(instance.trusted_root()).encode())
    anchor = tmp_path / "anchor.json"
    anchor.write_bytes(maker.root)
    return Shelf(maker, anchor, capsys)


def test_keys_of_a_role_that_targets_are_handed_to(shelf: Shelf, forge) -> None:
    data = keys_document(forge, forge.new_key(), end="2030-01-01T00:00:00Z")
    shelf.maker.hand(FOLDER, keys_json=data)
    code, found = shelf.bring()
    assert code == 0
    keys = found["registry_keys"]
    assert (keys["path"], keys["role"], keys["version"]) == (f"{FOLDER}/keys.json", FOLDER, 1)
    assert keys["sha256"] == hashlib.sha256(data).hexdigest()
    assert [one["usage"] for one in keys["keys"]] == ["npm:signatures", "npm:attestations"]
    code, out = shelf.status()
    assert code == 0
    assert f"npm keys    version 1 of {FOLDER}/keys.json" in out
    assert "npm:attestations SHA256:own from 2024-01-01 until 2030-01-01" in out
    assert [one.key_id for one in trust_store.current_registry_keys("corp")] == ["SHA256:own"] * 2


def test_keys_that_the_targets_list_themselves(shelf: Shelf, forge) -> None:
    shelf.maker.top["npm/keys.json"] = keys_document(forge, forge.new_key())
    _, found = shelf.bring()
    assert (found["registry_keys"]["role"], found["registry_keys"]["path"]) == (
        "targets",
        "npm/keys.json",
    )
    assert verified_again("corp") is not None


def test_a_repository_without_keys_leaves_those_in_the_package(shelf: Shelf) -> None:
    code, found = shelf.bring()
    assert code == 0
    assert "registry_keys" not in found
    assert trust_store.current_registry_keys("corp") == ()


def test_keys_of_another_registry_are_none_of_npm(shelf: Shelf, forge) -> None:
    shelf.maker.hand("a.example.test", keys_json=keys_document(forge, forge.new_key(), usage="x"))
    code, found = shelf.bring()
    assert (code, "registry_keys" in found) == (0, False)


def test_keys_count_in_verification(shelf: Shelf, instance, forge, tmp_path, capsys) -> None:
    key = forge.new_key()
    digest = hashlib.sha512(b"alpha").hexdigest()
    builder = "https://github.com/actions/runner/github-hosted"
    subject = [{"name": "pkg:npm/alpha@1.2.3", "digest": {"sha512": digest}}]
    made = forge.statement(subject=subject)
    definition = made["predicate"]["buildDefinition"]
    definition["buildType"] = (
        "https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1"
    )
    made["predicate"]["runDetails"]["builder"]["id"] = builder
    published = {
        "_type": "https://in-toto.io/Statement/v0.1",
        "subject": subject,
        "predicateType": "https://github.com/npm/attestation/tree/main/specs/publish/v0.1",
        "predicate": {"name": "alpha", "version": "1.2.3", "registry": "https://r.example.test"},
    }
    signed = instance.bundle(published, key=key)
    signed["verificationMaterial"]["publicKey"]["hint"] = "SHA256:own"
    rows = [
        {"predicateType": made["predicateType"], "bundle": instance.bundle(made)},
        {"predicateType": published["predicateType"], "bundle": signed},
    ]
    artifact = tmp_path / "alpha-1.2.3.tgz"
    artifact.write_bytes(b"alpha")
    (tmp_path / "alpha-1.2.3.tgz.attestations.json").write_text(json.dumps({"attestations": rows}))
    words = ["verify", str(artifact), "--trusted-root", "instance:corp", "--package-name", "alpha"]
    words += ["--source", "github.com/example/alpha"]
    assert shelf.bring()[0] == 0
    assert dispatch(words) == 1  # the package does not know that registry's key
    assert "pratique trust update" in " ".join(capsys.readouterr().out.split())
    shelf.maker.hand(FOLDER, keys_json=keys_document(forge, key))
    assert shelf.bring()[0] == 0
    assert dispatch(words) == 0
    assert "\u2713 verified" in capsys.readouterr().out
    shelf.maker.hand(FOLDER, keys_json=keys_document(forge, key, end="2025-01-01T00:00:00Z"))
    assert shelf.bring()[0] == 0
    assert dispatch(words) == 1  # it ended before the signature was made
    assert "was not valid at that time" in " ".join(capsys.readouterr().out.split())


def forged(maker: Maker, forge: Any) -> str:
    maker.signed_by[FOLDER] = CryptoSigner.generate_ed25519()
    return "signed by"


def expired(maker: Maker, forge: Any) -> str:
    maker.expires[FOLDER] = datetime.now(UTC) - timedelta(days=1)
    return "expired"


def unreadable(maker: Maker, forge: Any) -> str:
    maker.hand(FOLDER, keys_json=b"{")
    return "registry keys"


def no_key(maker: Maker, forge: Any) -> str:
    text = keys_document(forge, forge.new_key()).decode()
    raw = json.loads(text)["keys"][0]["publicKey"]["rawBytes"]
    bad = text.replace(raw, base64.b64encode(b"no key").decode())
    maker.hand(FOLDER, keys_json=bad.encode())
    return "public key"


def several(maker: Maker, forge: Any) -> str:
    maker.hand("b.example.test", keys_json=keys_document(forge, forge.new_key()))
    return "several"


@pytest.mark.parametrize(
    "wrong",
    [forged, expired, unreadable, no_key, several],
    ids=lambda one: one.__name__,
)
def test_keys_that_do_not_hold_are_not_taken_and_the_root_is(
    shelf: Shelf, instance, forge, wrong
) -> None:
    """They are another's than the root: it is renewed, and the keys stay as they were."""
    shelf.maker.hand(FOLDER, keys_json=keys_document(forge, forge.new_key()))
    shelf.bring()
    assert shelf.bring()[0] == 0
    before = trust_store.stored("corp")
    assert before is not None
    said = wrong(shelf.maker, forge)
    shelf.maker.top["trusted_root.json"] = json.dumps(instance.trusted_root(tlogs=[])).encode()
    code, found = shelf.bring()
    assert code == 3
    assert said in found["registry_keys"]["problem"]
    after = trust_store.stored("corp")
    assert after is not None
    assert after.registry_keys == before.registry_keys
    assert not trust_store.current_root("corp").logs
    code, out = shelf.status()
    assert code == 3
    assert "npm keys    not renewed:" in out


def test_keys_of_an_older_version_are_a_rollback(shelf: Shelf, forge) -> None:
    shelf.maker.hand(FOLDER, keys_json=keys_document(forge, forge.new_key()))
    shelf.bring()
    shelf.bring()
    before = trust_store.stored("corp")
    shelf.maker.versions[FOLDER] = 1
    with pytest.raises(EvidenceError, match="rollback"):
        shelf.bring()
    assert trust_store.stored("corp") == before


def test_stored_keys_that_were_changed_are_not_used(shelf: Shelf, forge, tmp_path) -> None:
    shelf.maker.hand(FOLDER, keys_json=keys_document(forge, forge.new_key()))
    shelf.bring()
    path = tmp_path / "data" / "trust" / "corp" / "accepted.json"
    document = json.loads(path.read_text())
    other = keys_document(forge, forge.new_key()).decode()
    document["registry_keys"]["text"] = other
    path.write_text(json.dumps(document))
    with pytest.raises(EvidenceError, match="registry keys are not those"):
        trust_store.current_registry_keys("corp")
    document["registry_keys"]["sha256"] = hashlib.sha256(other.encode()).hexdigest()
    path.write_text(json.dumps(document))
    with pytest.raises(EvidenceError, match="does not hold"):  # what was signed is another
        verified_again("corp")


def test_an_archive_has_the_keys(shelf: Shelf, forge, tmp_path, capsys, monkeypatch) -> None:
    shelf.maker.hand(FOLDER, keys_json=keys_document(forge, forge.new_key()))
    shelf.bring()
    archive = tmp_path / "trust.tar"
    archive.write_bytes(archive_of("corp"))
    with tarfile.open(archive) as opened:
        names = opened.getnames()
    assert f"targets/{FOLDER}/keys.json" in names
    assert f"metadata/{FOLDER}.json" in names
    monkeypatch.setenv("PRATIQUE_DATA", str(tmp_path / "elsewhere"))
    words = ["--instance", "corp", "--root", str(shelf.anchor)]
    assert dispatch(["trust", "import", str(archive), *words]) == 0
    assert f"registry keys {FOLDER}/keys.json (version 1)" in capsys.readouterr().out
    assert archive_of("corp") == archive.read_bytes()


def test_the_public_repository_lists_the_keys_of_the_package(
    vector_folder, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pratique.provenance.npm import pinned_keys
    from pratique.provenance.trust_exchange import bring

    monkeypatch.setenv("PRATIQUE_DATA", str(tmp_path))
    folder = vector_folder("provenance/provenance.tar.xz") / "root-signing"
    found = bring("public", folder, now=datetime(2026, 8, 25, tzinfo=UTC))
    assert found.registry_problem == ""
    assert found.registry_keys is not None
    assert found.registry_keys.version == trust_store.SHIPPED_REGISTRY_KEYS
    assert trust_store.current_registry_keys() == pinned_keys()
