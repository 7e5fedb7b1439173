"""Trusted roots brought by TUF: real repositories, made here and served on loopback."""

from __future__ import annotations

import functools
import io
import json
import random
import socket
import tarfile
import threading
from datetime import UTC, datetime, timedelta
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    Key,
    Metadata,
    MetaFile,
    Role,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from pratique.model.errors import EvidenceError, InputError, PratiqueError, UsageError
from pratique.provenance import trust_store
from pratique.provenance.trust import data_file, trust_root_of
from pratique.provenance.trust_exchange import archive_of, bring, verified_again
from pratique.surfaces.cli.app import dispatch

ROLES = ("root", "timestamp", "snapshot", "targets")


class Maker:
    """Whoever publishes a trusted root by TUF; every part can be made wrong."""

    def __init__(self, folder: Path, trusted_root: bytes) -> None:
        self.folder = folder
        self.signers = {role: CryptoSigner.generate_ed25519() for role in ROLES}
        self.versions = dict.fromkeys(ROLES, 1)
        self.expires = dict.fromkeys(ROLES, datetime.now(UTC) + timedelta(days=7))
        self.targets = {"trusted_root.json": trusted_root}
        self.consistent = True
        (folder / "targets").mkdir(parents=True)

    def _keys(self) -> tuple[dict[str, Key], dict[str, Role]]:
        keys = {one.public_key.keyid: one.public_key for one in self.signers.values()}
        roles = {role: Role([one.public_key.keyid], 1) for role, one in self.signers.items()}
        return keys, roles

    def root(self, *extra: CryptoSigner) -> bytes:
        """Publish root metadata, signed by its own key and those of former ones."""
        keys, roles = self._keys()
        signed = Root(
            self.versions["root"], None, self.expires["root"], keys, roles, self.consistent
        )
        document = Metadata(signed)
        for signer in (self.signers["root"], *extra):
            document.sign(signer, append=True)
        data = document.to_bytes()
        (self.folder / f"{signed.version}.root.json").write_bytes(data)
        return data

    def publish(self) -> None:
        """Publish targets, snapshot and timestamp."""
        files = {}
        for name, data in self.targets.items():
            files[name] = TargetFile.from_data(name, data, ["sha256"])
            digest = files[name].hashes["sha256"]
            (self.folder / "targets" / f"{digest}.{name}").write_bytes(data)
        version = self.versions
        self._put(
            "targets", Targets(version["targets"], None, self.expires["targets"], files), True
        )
        meta = {"targets.json": MetaFile(version["targets"])}
        self._put(
            "snapshot", Snapshot(version["snapshot"], None, self.expires["snapshot"], meta), True
        )
        stamp = Timestamp(
            version["timestamp"], None, self.expires["timestamp"], MetaFile(version["snapshot"])
        )
        self._put("timestamp", stamp, False)

    def _put(self, role: str, signed: object, versioned: bool) -> None:
        document = Metadata(signed)
        document.sign(self.signers[role])
        name = f"{self.versions[role]}.{role}.json" if versioned else f"{role}.json"
        (self.folder / name).write_bytes(document.to_bytes())

    def bump(self) -> None:
        for role in ("timestamp", "snapshot", "targets"):
            self.versions[role] += 1
        self.publish()


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data"
    monkeypatch.setenv("PRATIQUE_DATA", str(folder))
    return folder


@pytest.fixture
def maker(tmp_path: Path, instance) -> Maker:
    made = Maker(tmp_path / "tuf", json.dumps(instance.trusted_root()).encode())
    (tmp_path / "anchor.json").write_bytes(made.root())
    made.publish()
    return made


@pytest.fixture
def address(maker: Maker):
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(maker.folder))
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def update(address: str, tmp_path: Path, capsys):
    """``pratique trust update`` of a private instance; the document that it prints."""

    def run() -> dict:
        words = ["--instance", "corp", "--url", address, "--root", str(tmp_path / "anchor.json")]
        assert dispatch(["trust", "update", *words, "--format", "json"]) == 0
        return json.loads(capsys.readouterr().out)

    return run


def test_an_update_is_kept_and_used_in_verification(
    update, maker, instance, forge, tmp_path, capsys
):
    found = update()
    assert found["versions"] == {"root": 1, "timestamp": 1, "snapshot": 1, "targets": 1}
    artifact = tmp_path / "alpha.tar.gz"
    artifact.write_bytes(b"alpha")
    bundle = tmp_path / "alpha.tar.gz.sigstore.json"
    bundle.write_text(json.dumps(instance.bundle()))
    who = ["--identity", forge.workflow, "--issuer", forge.issuer]
    assert dispatch(["verify", str(artifact), *who]) == 1  # the public instance did not sign
    capsys.readouterr()
    words = ["verify", str(artifact), *who, "--trusted-root", "instance:corp"]
    assert dispatch(words) == 0
    assert "corp, updated (TUF root 1, targets 1; verified today)" in capsys.readouterr().out
    assert dispatch([*words, "-f", "json"]) == 0
    root = json.loads(capsys.readouterr().out)["trust_root"]
    assert (root["how"], root["targets_version"], root["age_days"]) == ("updated", 1, 0)


def test_verification_never_calls_out(update, instance, forge, tmp_path, monkeypatch):
    update()
    (tmp_path / "alpha.tar.gz").write_bytes(b"alpha")
    (tmp_path / "alpha.tar.gz.sigstore.json").write_text(json.dumps(instance.bundle()))

    def refuse(*_args: object) -> None:
        pytest.fail("verification opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    who = ["--identity", forge.workflow, "--issuer", forge.issuer]
    words = ["verify", str(tmp_path / "alpha.tar.gz"), *who]
    assert dispatch([*words, "--trusted-root", "instance:corp"]) == 0
    assert dispatch(["trust", "status"]) == 0


def test_the_second_update_needs_neither_address_nor_root(update, maker, instance, capsys):
    update()
    maker.targets["trusted_root.json"] = json.dumps(instance.trusted_root(tlogs=[])).encode()
    maker.bump()
    assert dispatch(["trust", "update", "--instance", "corp"]) == 0
    assert "targets 2" in capsys.readouterr().out
    assert not trust_store.current_root("corp").logs


def test_signing_configurations_come_along(update, maker):
    config = '{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json"}'
    maker.targets["signing_config.v0.2.json"] = config.encode()
    maker.publish()
    update()
    found = trust_store.stored("corp")
    assert found is not None
    assert found.signing_config == config


def freeze(maker: Maker) -> None:
    maker.versions["timestamp"] += 1
    maker.expires["timestamp"] = datetime.now(UTC) - timedelta(hours=1)
    maker.publish()


def rollback(maker: Maker) -> None:
    maker.versions["timestamp"] = 1
    maker.publish()


def old_targets(maker: Maker) -> None:
    maker.versions |= {"timestamp": 9, "snapshot": 9, "targets": 1}
    maker.publish()


def forged(maker: Maker) -> None:
    maker.signers["targets"] = CryptoSigner.generate_ed25519()
    maker.bump()


def exchanged(maker: Maker) -> None:
    maker.targets["trusted_root.json"] += b" "
    maker.bump()
    for path in (maker.folder / "targets").iterdir():
        path.write_bytes(path.read_bytes()[:-1] + b"\n")


def endless(maker: Maker) -> None:
    (maker.folder / "timestamp.json").write_bytes(b"{" * 100_000)


def malformed(maker: Maker) -> None:
    (maker.folder / "timestamp.json").write_bytes(b"[" * 5_000)


def empty(maker: Maker) -> None:
    maker.targets = {"other.json": b"{}"}
    maker.bump()


def no_root(maker: Maker) -> None:
    maker.targets["trusted_root.json"] = b'{"mediaType": "application/json"}'
    maker.bump()


@pytest.mark.parametrize(
    ("attack", "said"),
    [
        (freeze, "freeze"),
        (rollback, "rollback"),
        (old_targets, "rollback"),
        (forged, "forged"),
        (exchanged, "exchanged"),
        (endless, "endless data"),
        (malformed, "malformed"),
        (empty, "no repository of a Sigstore instance"),
        (no_root, "unknown type"),
    ],
)
def test_attacks_are_refused_and_what_was_trusted_stays(update, maker, attack, said):
    maker.bump()
    update()
    before = trust_store.stored("corp")
    attack(maker)
    with pytest.raises(EvidenceError, match=said):
        update()
    assert trust_store.stored("corp") == before
    assert trust_store.current_root("corp").logs


def test_roots_are_followed_one_by_one(update, maker):
    update()
    former = maker.signers["root"]
    maker.signers = {role: CryptoSigner.generate_ed25519() for role in ROLES}
    maker.versions["root"] = 2
    maker.root(former)
    maker.bump()
    assert update()["versions"]["root"] == 2
    assert verified_again("corp") == trust_store.stored("corp")


def test_a_root_that_its_predecessor_did_not_sign_is_refused(update, maker):
    update()
    maker.signers = {role: CryptoSigner.generate_ed25519() for role in ROLES}
    maker.versions["root"] = 2
    maker.root()
    maker.bump()
    with pytest.raises(EvidenceError, match="forged"):
        update()


def test_keys_that_were_replaced_stay_replaced_though_the_update_failed(update, maker):
    update()
    lost = dict(maker.signers)
    maker.signers |= {role: CryptoSigner.generate_ed25519() for role in ("timestamp", "snapshot")}
    maker.versions["root"] = 2
    maker.root()
    freeze(maker)
    with pytest.raises(EvidenceError, match="freeze"):
        update()
    (maker.folder / "2.root.json").unlink()  # a thief of the old keys hides the new root
    maker.signers = lost
    maker.expires["timestamp"] = datetime.now(UTC) + timedelta(days=7)
    maker.bump()
    with pytest.raises(EvidenceError, match="forged"):
        update()


def test_a_repository_that_is_away_is_no_answer(maker, tmp_path, capsys):
    words = ["--instance", "corp", "--root", str(tmp_path / "anchor.json")]
    with pytest.raises(PratiqueError) as caught:
        dispatch(["trust", "update", "--url", "http://127.0.0.1:9/", *words])
    assert caught.value.exit_code == 4
    assert trust_store.stored("corp") is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["update", "--instance", "corp"], "where the repository"),
        (["update", "--instance", "corp", "--url", "ftp://x"], "no http or https address"),
        (["update", "--instance", "../x", "--url", "http://x.test"], "no name"),
        (
            ["update", "--instance", "corp", "--url", "http://x.test"],
            "where trust in 'corp' begins",
        ),
        (["update", "--root", "{anchor}"], "begins with the root in the package"),
        (["import", "{tmp}/absent"], "there is no"),
        (["export", "-"], "nothing is stored"),
        (["forget"], "nothing is stored"),
    ],
)
def test_wrong_usage_says_what_to_do(words, said, tmp_path, maker):
    given = [word.format(anchor=tmp_path / "anchor.json", tmp=tmp_path) for word in words]
    with pytest.raises(UsageError, match=said):
        dispatch(["trust", *given])


def test_another_anchor_is_refused_until_the_first_is_forgotten(update, maker, tmp_path):
    update()
    other = Maker(tmp_path / "other", b"{}")
    (tmp_path / "anchor.json").write_bytes(other.root())
    with pytest.raises(UsageError, match="another root"):
        update()
    assert dispatch(["trust", "forget", "--instance", "corp"]) == 0
    assert trust_store.stored("corp") is None


def test_an_archive_carries_the_root_to_a_machine_without_network(
    update, maker, data, tmp_path, monkeypatch, capsys
):
    update()
    archive = tmp_path / "corp.tar"
    assert dispatch(["trust", "export", str(archive), "--instance", "corp"]) == 0
    assert archive.read_bytes() == archive_of("corp")
    monkeypatch.setenv("PRATIQUE_DATA", str(tmp_path / "elsewhere"))
    root = ["--root", str(tmp_path / "anchor.json")]
    assert dispatch(["trust", "import", str(archive), "--instance", "corp", *root]) == 0
    assert trust_store.current_root("corp").logs.keys()
    assert archive_of("corp") == archive.read_bytes()


def test_damaged_archives_never_bring_another_root(update, maker, tmp_path, monkeypatch):
    update()
    good = archive_of("corp")
    wanted = trust_store.stored("corp").sha256
    anchor = (tmp_path / "anchor.json").read_bytes()
    chance = random.Random(7)
    codes = set()
    for number in range(60):
        changed = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        path = tmp_path / "changed.tar"
        path.write_bytes(changed[: chance.randrange(len(changed))] if number % 5 == 0 else changed)
        monkeypatch.setenv("PRATIQUE_DATA", str(tmp_path / f"data{number}"))
        try:
            assert bring("corp", path, root=anchor).sha256 == wanted
        except PratiqueError as error:
            codes.add(error.exit_code)
    assert codes
    assert codes <= {3, 4}


@pytest.mark.parametrize("name", ["../outside", "/outside", "a/../../outside"])
def test_archives_stay_in_their_folder(name, tmp_path):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.size = 3
        archive.addfile(member, io.BytesIO(b"abc"))
    path = tmp_path / "hostile.tar"
    path.write_bytes(buffer.getvalue())
    with pytest.raises(InputError, match="not taken"):
        bring("corp", path, root=b"{}")
    assert not list(tmp_path.rglob("outside"))


def test_a_damaged_store_is_said_and_no_older_root_is_taken(update, maker, data, capsys):
    update()
    path = data / "trust" / "corp" / "accepted.json"
    document = json.loads(path.read_text())
    document["trusted_root"] = document["trusted_root"].replace("ca.test", "evil.test")
    path.write_text(json.dumps(document))
    with pytest.raises(EvidenceError, match="not the one that was verified"):
        trust_root_of(Path("instance:corp"))
    assert dispatch(["trust", "status"]) == 3
    assert "✗ corp" in capsys.readouterr().out


def test_status_verifies_what_is_stored_again(update, maker, data, capsys):
    update()
    assert dispatch(["trust", "status", "-f", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)["instances"]
    assert [row["instance"] for row in rows] == ["public", "corp"]
    assert rows[1]["stale"] is False
    path = data / "trust" / "corp" / "metadata" / "targets.json"
    document = Metadata[Targets].from_bytes(path.read_bytes())
    document.signed.version = 2
    path.write_bytes(document.to_bytes())
    assert dispatch(["trust", "status"]) == 3


def test_two_updates_do_not_mix(update, maker, data):
    import fcntl

    update()
    with (data / "trust" / "corp" / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(EvidenceError, match="another update"):
            update()


@pytest.fixture
def published(vector_folder) -> Path:
    return vector_folder("provenance/provenance.tar.xz") / "root-signing"


def test_the_package_ships_what_its_tuf_metadata_list(published):
    root = Metadata[Root].from_bytes(data_file("sigstore_root.json"))
    targets = Metadata[Targets].from_file(str(published / "metadata" / "targets.json"))
    root.verify_delegate("root", root)
    root.verify_delegate("targets", targets)
    for name in ("trusted_root.json", "signing_config.v0.2.json"):
        targets.signed.targets[name].verify_length_and_hashes(data_file(name))
    shipped = trust_store.shipped_origin()
    assert shipped.root_version == root.signed.version
    assert shipped.targets_version == targets.signed.version
    stamp = Metadata[Timestamp].from_file(str(published / "metadata" / "timestamp.json"))
    assert shipped.as_of == stamp.signed.expires


IN_TIME = trust_store.SHIPPED_UNTIL - timedelta(days=1)


def test_the_real_repository_is_taken_while_it_is_fresh(published, capsys):
    found = bring("public", published, now=IN_TIME)
    assert (found.versions.root, found.versions.timestamp, found.versions.targets) == (15, 762, 14)
    assert found.trusted_root.encode() == data_file("trusted_root.json")
    assert json.loads(found.signing_config)["caUrls"]
    assert trust_store.current_root().origin.how == "updated"
    assert dispatch(["trust", "status"]) == 0
    assert "ran out" in capsys.readouterr().out


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of keys as they were encoded then
def test_the_real_repository_is_followed_from_an_old_root(published):
    first = (published / "metadata/root_history/5.root.json").read_bytes()
    found = bring("followed", published, root=first, now=IN_TIME)
    assert found.versions.root == 15
    assert verified_again("followed") == found


def test_the_real_repository_is_refused_once_it_has_run_out(published):
    with pytest.raises(EvidenceError, match="freeze"):
        bring("public", published, now=trust_store.SHIPPED_UNTIL + timedelta(seconds=1))
    with pytest.raises(EvidenceError, match="freeze"):
        bring("public", published)  # in any year to come
    assert trust_store.current_root().origin.how == "built in"


def test_a_newer_package_wins_over_an_older_store(published, monkeypatch):
    bring("public", published, now=IN_TIME)
    newer = trust_store.shipped_origin().__class__(
        how="built in", instance="public", targets_version=15, root_version=16
    )
    monkeypatch.setattr(trust_store, "shipped_origin", lambda: newer)
    assert trust_store.current_root().origin is newer
