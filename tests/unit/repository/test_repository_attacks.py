"""An adversary who holds the server and the network (TUF 1.0 §1.5.2), role by role."""

from __future__ import annotations

import json
import os
import random
from datetime import timedelta

import pytest
from tuf.api.metadata import Metadata

from pratique.model.errors import PratiqueError, UpstreamError
from pratique.repository import service
from pratique.repository.bins import bin_names, bin_of
from pratique.repository.errors import AttackError, RepositoryError
from pratique.repository.keys import create_key

BIN = bin_names(8)[bin_of("alpha-1.0.whl", 8)]


def attack_on(scene, *paths):
    with pytest.raises(AttackError) as caught:
        scene.get(*paths) if paths else scene.refresh()
    return caught.value.attack


def resigned(scene, name, change):
    """Metadata changed by a thief of the online key, who signs it well."""
    data = scene.adversary.files[f"metadata/{name}"]
    metadata = Metadata.from_bytes(data)
    change(metadata.signed)
    signer = scene.online().signer
    metadata.sign(signer)
    scene.adversary.files[f"metadata/{name}"] = metadata.to_bytes()


@pytest.fixture
def scene(scene):
    from pratique.repository.keys import read_key

    scene.online = lambda: read_key(scene.repository / "keys" / "online.pem")
    return scene


def test_rollback_of_the_timestamp(scene):
    before = dict(scene.adversary.files)
    scene.add("beta-1.0.whl", b"beta")
    scene.publish()
    assert scene.refresh().timestamp == 3
    scene.adversary.files = before
    assert "rollback" in attack_on(scene)
    assert scene.refresh("newcomer").timestamp == 2


def test_rollback_of_the_snapshot_under_a_new_timestamp(scene):
    scene.refresh()

    def back(signed):
        signed.version += 1
        signed.snapshot_meta.version = 1

    resigned(scene, "timestamp.json", back)
    assert "rollback" in attack_on(scene)


@pytest.mark.parametrize("role", ["targets", BIN])
def test_rollback_of_a_role_within_the_snapshot(scene, role):
    service.rotate(scene.repository, read=lambda path: None, signers=scene.keys)
    scene.add("alpha-1.0.whl", b"newer", replace=True)
    scene.publish()
    now = scene.refresh()
    assert (now.targets, now.snapshot) == (2, 4)

    def down(signed):
        signed.version += 1
        signed.meta[f"{role}.json"].version -= 1

    resigned(scene, "4.snapshot.json", down)
    scene.adversary.files["metadata/5.snapshot.json"] = scene.adversary.files[
        "metadata/4.snapshot.json"
    ]

    def on(signed):
        signed.version += 1
        signed.snapshot_meta.version = 5
        signed.snapshot_meta.hashes = None
        signed.snapshot_meta.length = None

    resigned(scene, "timestamp.json", on)
    assert "rollback" in attack_on(scene)


def test_rollback_of_the_root(scene):
    service.rotate(scene.repository, read=lambda path: None, signers=scene.keys)
    scene.publish()
    assert scene.refresh().root == 2
    scene.adversary.files["metadata/3.root.json"] = scene.adversary.files["metadata/1.root.json"]
    assert "rollback" in attack_on(scene)


def test_freeze_is_seen_when_the_timestamp_expires(scene):
    for role, day in (("timestamp.json", 1), ("2.snapshot.json", 7)):
        past = scene.later(days=-day - 1)
        files = dict(scene.adversary.files)

        def expire(signed, past=past):
            signed.expires = past

        resigned(scene, role, expire)
        if role != "timestamp.json":
            resigned(scene, "timestamp.json", lambda s: setattr(s.snapshot_meta, "hashes", None))
            resigned(scene, "timestamp.json", lambda s: setattr(s.snapshot_meta, "length", None))
        assert attack_on(scene) == "freeze"
        scene.adversary.files = files


def test_expired_bins_are_not_used(scene):
    service.publish(scene.repository, now=scene.later(days=-200))
    scene.add("beta-1.0.whl", b"beta")
    service.bump(scene.repository, within=timedelta(days=365), now=scene.later(days=-200))
    scene.publish()
    assert attack_on(scene, "alpha-1.0.whl") == "freeze"


def test_mix_and_match_of_bins_from_two_times(scene):
    old = scene.adversary.files[f"metadata/2.{BIN}.json"]
    scene.add("alpha-1.0.whl", b"newer", replace=True)
    scene.publish()
    scene.adversary.files[f"metadata/3.{BIN}.json"] = old
    assert "mix-and-match" in attack_on(scene, "alpha-1.0.whl")


def test_mix_and_match_of_a_snapshot_that_the_timestamp_does_not_name(scene):
    scene.add("beta-1.0.whl", b"beta")
    files = dict(scene.adversary.files)
    scene.publish()
    scene.adversary.files["metadata/3.snapshot.json"] = files["metadata/2.snapshot.json"]
    assert "mix-and-match" in attack_on(scene)


@pytest.mark.parametrize("name", ["timestamp.json", "2.snapshot.json", "1.targets.json"])
def test_metadata_signed_by_another_key(scene, name):
    stranger = create_key(scene.folder / "stranger.pem").signer
    metadata = Metadata.from_bytes(scene.adversary.files[f"metadata/{name}"])
    metadata.sign(stranger)
    scene.adversary.files[f"metadata/{name}"] = metadata.to_bytes()
    attack = attack_on(scene)
    assert attack in {"forged metadata", "arbitrary content, or mix-and-match"}


def test_a_bin_signed_by_another_key(scene):
    stranger = create_key(scene.folder / "stranger.pem").signer
    metadata = Metadata.from_bytes(scene.adversary.files[f"metadata/2.{BIN}.json"])
    metadata.sign(stranger)
    scene.adversary.files[f"metadata/2.{BIN}.json"] = metadata.to_bytes()
    assert attack_on(scene, "alpha-1.0.whl") == "forged metadata"


def test_a_root_below_its_threshold(scene):
    data = scene.adversary.files["metadata/1.root.json"]
    root = Metadata.from_bytes(data)
    root.signed.version = 2
    root.sign(scene.keys[0].signer)
    scene.adversary.files["metadata/2.root.json"] = root.to_bytes()
    assert attack_on(scene) == "forged metadata"


def test_a_threshold_is_not_met_by_one_key_that_signs_twice(scene):
    root = Metadata.from_bytes(scene.adversary.files["metadata/1.root.json"])
    root.signed.version = 2
    root.sign(scene.keys[0].signer)
    value = json.loads(root.to_bytes())
    value["signatures"] *= 2
    scene.adversary.files["metadata/2.root.json"] = json.dumps(value).encode()
    attack_on(scene)


def test_a_new_root_that_the_old_one_did_not_sign(scene):
    thieves = [create_key(scene.folder / f"thief{n}.pem") for n in range(2)]
    root = Metadata.from_bytes(scene.adversary.files["metadata/1.root.json"])
    root.signed.version = 2
    for key in scene.keys:
        root.signed.revoke_key(key.public.keyid, "root")
    for thief in thieves:
        root.signed.add_key(thief.public, "root")
        root.sign(thief.signer, append=True)
    scene.adversary.files["metadata/2.root.json"] = root.to_bytes()
    assert attack_on(scene) == "forged metadata"


def test_a_stolen_online_key_is_worth_nothing_after_rotation(scene):
    from pratique.repository.keys import read_key

    stolen = scene.online().signer
    fresh = scene.folder / "fresh.pem"
    create_key(fresh)
    service.rotate(scene.repository, online_key=fresh, read=read_key, signers=scene.keys)
    scene.publish()
    assert scene.refresh().root == 2
    metadata = Metadata.from_bytes(scene.adversary.files["metadata/timestamp.json"])
    metadata.signed.version += 5
    metadata.sign(stolen)
    scene.adversary.files["metadata/timestamp.json"] = metadata.to_bytes()
    assert attack_on(scene) == "forged metadata"


def test_arbitrary_content_is_not_written(scene):
    name = next(name for name in scene.adversary.files if name.endswith(".alpha-1.0.whl"))
    scene.adversary.files[name] = b"alpha 6.6"
    assert "arbitrary content" in attack_on(scene, "alpha-1.0.whl")
    output = scene.folder / "reader" / "output"
    assert not [file for file in output.rglob("*") if file.is_file()]


def test_endless_data_is_cut_at_the_signed_length(scene):
    name = next(name for name in scene.adversary.files if name.endswith(".alpha-1.0.whl"))
    scene.adversary.files[name] = b"alpha 1.0" + b"!" * 10_000_000
    assert attack_on(scene, "alpha-1.0.whl") == "endless data"
    scene.adversary.files["metadata/timestamp.json"] += b" " * 10_000_000
    assert attack_on(scene) == "endless data"


def test_slow_retrieval_is_given_up(scene):
    scene.add("big.bin", os.urandom(200_000))
    scene.publish()
    scene.adversary.block, scene.adversary.pause = 512, 5.0
    scene.refresh()
    assert attack_on(scene, "big.bin") == "slow retrieval"


def test_withheld_metadata_is_said_to_be_absent(scene):
    del scene.adversary.files["metadata/2.snapshot.json"]
    with pytest.raises(UpstreamError):
        scene.refresh()


def test_trust_does_not_begin_by_itself(scene):
    from pratique.repository.client import refresh

    with pytest.raises(RepositoryError, match="no root to trust"):
        refresh(scene.remote("naive"), scene.adversary)
    assert scene.adversary.asked == []


def test_random_and_mutated_metadata_are_survived(scene):
    chance = random.Random(8)
    tops = ["timestamp.json", "2.snapshot.json", "1.targets.json", f"2.{BIN}.json"]
    names = [f"metadata/{name}" for name in tops]
    good = dict(scene.adversary.files)
    refused = 0
    for number in range(60):
        name = chance.choice(names)
        data = bytearray(good[name])
        for _ in range(chance.randint(1, 8)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        scene.adversary.files = {**good, name: bytes(data)}
        if number % 10 == 0:
            scene.adversary.files[name] = chance.randbytes(200)
        try:
            found = scene.get("alpha-1.0.whl", reader=f"r{number}")
        except PratiqueError:
            refused += 1
        else:
            assert found[0].file.read_bytes() == b"alpha 1.0"
    assert refused > 20
