"""Files of a repository that somebody damaged: told in one line, never thrown."""

from __future__ import annotations

import random
import shutil

import pytest

from pratique.model.errors import PratiqueError
from pratique.repository import service
from pratique.repository.bins import bin_names, bin_of
from pratique.repository.errors import RepositoryError
from pratique.repository.inspection import status, verify
from pratique.repository.keys import read_key
from pratique.repository.pruning import prune


def mutated(data: bytes, chance: random.Random) -> bytes:
    kind = chance.randrange(4)
    if kind == 0:
        return chance.randbytes(chance.randrange(200))
    if kind == 1:
        return data[: chance.randrange(len(data) + 1)]
    if kind == 2:
        return chance.choice(
            [b"[]", b"{}", b"null", b'{"signed":{}}', b"[" * 5000, b'{"a":' * 5000]
        )
    changed = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


@pytest.mark.parametrize(
    "name",
    [
        "repository.json",
        "staged.jsonl",
        "ceremony/root.json",
        "ceremony/targets.json",
        "ceremony/previous.root.json",
        "public/metadata/1.root.json",
        "public/metadata/1.targets.json",
        "public/metadata/2.snapshot.json",
        "public/metadata/timestamp.json",
        f"public/metadata/2.{bin_names(8)[bin_of('alpha-1.0.whl', 8)]}.json",
        "keys/online.pem",
    ],
)
def test_damaged_files_are_told(scene, name):
    service.rotate(scene.repository, read=read_key)
    scene.add("beta-1.0.whl", b"beta")
    whole = scene.folder / "whole"
    shutil.copytree(scene.repository, whole)
    good = (whole / name).read_bytes()
    chance = random.Random(name)
    told = 0
    for _ in range(6):
        (scene.repository / name).write_bytes(mutated(good, chance))
        for action in (
            lambda: status(scene.repository, scene.now),
            lambda: verify(scene.repository, scene.now),
            lambda: service.sign(scene.repository, scene.keys[:1], now=scene.now),
            lambda: service.publish(scene.repository, now=scene.now),
            lambda: service.remove(scene.repository, ["alpha-1.0.whl"]),
        ):
            try:
                action()
            except PratiqueError as error:
                told += bool(error.message)
        shutil.rmtree(scene.repository)
        shutil.copytree(whole, scene.repository)
    assert told > 0


def test_what_cannot_be_read_is_told(scene):
    (scene.metadata / "2.snapshot.json").unlink()
    for action in (
        lambda: status(scene.repository, scene.now),
        lambda: service.publish(scene.repository),
        lambda: prune(scene.repository, scene.now, scene.now - scene.now),
    ):
        with pytest.raises(RepositoryError, match=r"2\.snapshot\.json"):
            action()
    assert "2.snapshot.json" in verify(scene.repository, scene.now).flaws[0].what
    (scene.metadata / "timestamp.json").unlink()
    assert verify(scene.repository, scene.now).flaws[0].where == "timestamp"
