"""Every publication is cut short after each file that appears, and then goes on."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress

import pytest

from pratique.repository import service
from pratique.repository.inspection import status, verify
from pratique.repository.keys import KeyFile, create_key, read_key


class Cut(BaseException):
    """The process dies here."""


def cut_after(monkeypatch, count, action):
    """Run an action that dies before its file number ``count`` appears; how many appeared."""
    replace = os.replace
    seen = []

    def dying(source, target):
        if len(seen) == count:
            raise Cut
        seen.append(target)
        replace(source, target)

    with monkeypatch.context() as patch, suppress(Cut):
        patch.setattr(os, "replace", dying)
        action()
    return len(seen)


def every_cut(scene, monkeypatch, action, check):
    """Die at each file in turn (of the bins, at some), publish again, and check."""
    whole = scene.folder / "whole"
    shutil.copytree(scene.repository, whole)
    total = cut_after(monkeypatch, 1000, action)
    assert total > 4
    for count in sorted({0, 1, total // 2, *range(max(0, total - 5), total)}):
        shutil.rmtree(scene.repository)
        shutil.copytree(whole, scene.repository)
        assert cut_after(monkeypatch, count, action) == count
        scene.adversary.take(scene.public)
        check(count, after=False)
        service.publish(scene.repository, now=scene.now)
        scene.adversary.take(scene.public)
        assert verify(scene.repository, scene.now).flaws == ()
        assert status(scene.repository, scene.now).waiting == -1
        check(count, after=True)


def test_a_first_publication_goes_on(empty_scene, monkeypatch):
    scene = empty_scene
    service.init(
        scene.repository,
        [KeyFile(key.public, None) for key in scene.keys],
        threshold=2,
        read=read_key,
        bins=4,
    )
    service.sign(scene.repository, scene.keys[:1])
    service.ceremony.sign(scene.repository / "ceremony", [scene.keys[1].signer])

    def check(count, *, after):
        if after:
            assert scene.refresh(f"reader{count}").root == 1

    every_cut(scene, monkeypatch, lambda: service.publish(scene.repository, now=scene.now), check)


def test_a_publication_goes_on(scene, monkeypatch):
    for number in range(6):
        scene.add(f"beta-{number}.whl", b"%d" % number)

    def check(count, *, after):
        assert scene.get("alpha-1.0.whl", reader=f"r{count}")
        if after:
            assert scene.get("beta-3.whl", reader=f"r{count}")

    every_cut(scene, monkeypatch, lambda: service.publish(scene.repository, now=scene.now), check)


@pytest.mark.parametrize("lost", [False, True])
def test_a_rotation_of_all_keys_goes_on(scene, monkeypatch, lost):
    fresh = [create_key(scene.folder / f"fresh{number}.pem") for number in range(2)]
    create_key(scene.folder / "online2.pem")
    service.rotate(
        scene.repository,
        add_keys=[KeyFile(key.public, None) for key in fresh],
        remove_keys=[key.public.keyid for key in scene.keys],
        online_key=scene.folder / "online2.pem",
        read=read_key,
        now=scene.now,
    )
    signers = [key.signer for key in (*scene.keys, *fresh)]
    service.ceremony.sign(scene.repository / "ceremony", signers)
    if lost:
        (scene.repository / "keys" / "online.pem").unlink()

    def check(count, *, after):
        if after:
            assert scene.refresh(f"r{count}").root == 2
        if after or not lost:
            assert scene.get("alpha-1.0.whl", reader=f"r{count}")

    every_cut(scene, monkeypatch, lambda: service.publish(scene.repository, now=scene.now), check)
