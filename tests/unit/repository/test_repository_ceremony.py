from __future__ import annotations

import json
import shutil

import pytest
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa

from pratique.repository import service
from pratique.repository.errors import RepositoryError
from pratique.repository.inspection import status, verify
from pratique.repository.keys import KeyFile, create_key, public_path, read_key
from pratique.repository.layout import Layout
from pratique.repository.published import read_published


def publics(keys):
    return [KeyFile(key.public, None) for key in keys]


def test_public_keys_wait_for_their_people(empty_scene):
    scene = empty_scene
    draft = service.init(scene.repository, publics(scene.keys), threshold=2, read=read_key, bins=8)
    assert draft.missing == 2
    assert set(draft.waiting) == {key.public.keyid for key in scene.keys}
    with pytest.raises(RepositoryError, match="lacks 2"):
        service.publish(scene.repository)
    assert service.sign(scene.repository, scene.keys[:1]).missing == 1
    assert not list(scene.metadata.iterdir())
    assert service.sign(scene.repository, scene.keys[1:2]).complete
    assert verify(scene.repository, scene.now).flaws == ()


def test_the_ceremony_folder_can_be_carried_away_and_back(empty_scene):
    scene = empty_scene
    service.init(scene.repository, publics(scene.keys), threshold=2, read=read_key, bins=8)
    for number in (2, 0):
        stick = scene.folder / f"stick{number}"
        shutil.copytree(scene.repository / "ceremony", stick)
        service.sign(stick, [scene.keys[number]])
        shutil.copytree(stick, scene.repository / "ceremony", dirs_exist_ok=True)
    service.publish(scene.repository)
    scene.adversary.take(scene.public)
    assert scene.refresh().root == 1


def test_signing_twice_counts_once(empty_scene):
    scene = empty_scene
    service.init(scene.repository, publics(scene.keys), threshold=2, read=read_key, bins=8)
    for _ in range(3):
        draft = service.sign(scene.repository, scene.keys[:1])
    assert draft.missing == 1


def test_a_stranger_has_no_part(empty_scene):
    scene = empty_scene
    service.init(scene.repository, publics(scene.keys), threshold=2, read=read_key, bins=8)
    with pytest.raises(RepositoryError, match="no part"):
        service.sign(scene.repository, [create_key(scene.folder / "stranger.pem")])
    with pytest.raises(RepositoryError, match="private"):
        service.sign(scene.repository, publics(scene.keys[:1]))


def test_a_draft_changed_on_its_way_loses_its_signatures(empty_scene):
    scene = empty_scene
    service.init(scene.repository, publics(scene.keys), threshold=2, read=read_key, bins=8)
    service.sign(scene.repository, scene.keys[:1])
    file = scene.repository / "ceremony" / "root.json"
    value = json.loads(file.read_text())
    value["signed"]["roles"]["root"]["threshold"] = 1
    file.write_text(json.dumps(value))
    # one is enough now, and nobody has signed that
    assert status(scene.repository, scene.now).waiting == 1
    with pytest.raises(RepositoryError, match="lacks 1"):
        service.publish(scene.repository)


def test_root_keys_come_and_go(scene):
    scene.refresh()
    fresh = create_key(scene.folder / "fresh.pem")
    gone = scene.keys[0].public.keyid
    draft = service.rotate(
        scene.repository, add_keys=publics([fresh]), remove_keys=[gone[:16]], read=read_key
    )
    assert draft.missing == 2
    # the new one and one old are two of the new root, but only one of the old root
    assert service.sign(scene.repository, [fresh, scene.keys[1]]).missing == 1
    service.publish(scene.repository)
    assert status(scene.repository, scene.now).waiting == 1
    assert service.sign(scene.repository, scene.keys[:1]).complete
    scene.publish()
    assert scene.refresh().root == 2
    root = status(scene.repository, scene.now).roles[0]
    assert gone not in root.keys
    assert fresh.public.keyid in root.keys
    assert verify(scene.repository, scene.now).flaws == ()


def test_publishing_goes_on_while_a_ceremony_waits(scene):
    service.rotate(scene.repository, read=read_key)
    scene.add("beta-1.0.whl", b"beta")
    scene.publish()
    assert scene.get("beta-1.0.whl")
    assert service.sign(scene.repository, scene.keys).complete
    scene.adversary.take(scene.public)
    assert scene.refresh().root == 2


def test_the_online_key_is_replaced_everywhere(scene):
    scene.refresh()
    fresh = create_key(scene.folder / "fresh.pem")
    service.rotate(
        scene.repository,
        online_key=scene.folder / "fresh.pem",
        read=read_key,
        signers=scene.keys,
    )
    scene.adversary.take(scene.public)
    assert scene.get("alpha-1.0.whl")
    state = read_published(Layout(scene.repository))
    assert set(state.bins.keys) == {fresh.public.keyid}
    (scene.repository / "keys" / "online.pem").unlink()
    scene.publish()
    assert scene.refresh().root == 2
    assert list(status(scene.repository, scene.now).online_keys.values()) == [True]


def test_a_lost_online_key_is_replaced_too(scene):
    scene.refresh()
    (scene.repository / "keys" / "online.pem").unlink()
    scene.add("beta-1.0.whl", b"beta")
    with pytest.raises(RepositoryError, match="No online key is here"):
        service.publish(scene.repository)
    create_key(scene.folder / "fresh.pem")
    service.rotate(
        scene.repository,
        online_key=scene.folder / "fresh.pem",
        read=read_key,
        signers=scene.keys,
    )
    scene.adversary.take(scene.public)
    assert scene.get("beta-1.0.whl")
    assert scene.get("alpha-1.0.whl", reader="newcomer")


def test_one_ceremony_at_a_time_and_it_can_be_abandoned(scene):
    service.rotate(scene.repository, read=read_key)
    with pytest.raises(RepositoryError, match="pending"):
        service.rotate(scene.repository, read=read_key)
    service.abandon(scene.repository)
    assert status(scene.repository, scene.now).waiting == -1


@pytest.mark.parametrize("threshold", [0, 4])
def test_thresholds_that_cannot_be_met_are_refused(empty_scene, threshold):
    with pytest.raises(RepositoryError, match="threshold"):
        service.init(empty_scene.repository, empty_scene.keys, threshold=threshold, read=read_key)
    assert not empty_scene.repository.exists()


def test_a_key_is_offline_or_online(empty_scene):
    with pytest.raises(RepositoryError, match="not both"):
        service.init(
            empty_scene.repository,
            empty_scene.keys,
            threshold=1,
            online_key=empty_scene.folder / "root0.pem",
            read=read_key,
        )


@pytest.mark.parametrize("kind", ["rsa", "ecdsa"])
def test_root_keys_of_other_kinds_sign(empty_scene, kind):
    scene = empty_scene
    made = (
        rsa.generate_private_key(65537, 2048)
        if kind == "rsa"
        else ec.generate_private_key(ec.SECP256R1())
    )
    file = scene.folder / "other.pem"
    file.write_bytes(
        made.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    )
    scene.keys = [read_key(file), *scene.keys[:1]]
    scene.init()
    scene.add("alpha-1.0.whl", b"alpha")
    scene.publish()
    assert scene.get("alpha-1.0.whl")


def test_encrypted_keys_need_their_passphrase(tmp_path):
    made = create_key(tmp_path / "key.pem", b"correct")
    assert b"ENCRYPTED" in (tmp_path / "key.pem").read_bytes()
    assert read_key(tmp_path / "key.pem", lambda path: b"correct").public == made.public
    assert read_key(public_path(tmp_path / "key.pem")).signer is None
    for wrong in (lambda path: b"wrong", None):
        with pytest.raises(RepositoryError, match="no PEM key"):
            read_key(tmp_path / "key.pem", wrong)
    with pytest.raises(RepositoryError, match="exists"):
        create_key(tmp_path / "key.pem")


def test_files_that_are_no_usable_keys_are_told(tmp_path):
    odd = dsa.generate_private_key(1024).private_bytes(
        form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()
    )
    for content in (b"", b"nonsense", b"\xff" * 100, b"x" * 100_000, odd):
        (tmp_path / "file.pem").write_bytes(content)
        with pytest.raises(RepositoryError):
            read_key(tmp_path / "file.pem")
    with pytest.raises(RepositoryError, match="cannot be read"):
        read_key(tmp_path / "absent.pem")
