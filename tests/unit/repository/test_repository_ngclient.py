"""python-tuf's own client, unchanged, as a reader of our repository and under attack."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tuf.api.exceptions import BadVersionNumberError, ExpiredMetadataError, RepositoryError
from tuf.ngclient import Updater

from pratique.repository import service
from pratique.repository.bins import bin_names, bin_of


@pytest.fixture
def client(scene, tmp_path):
    """Makes an updater of python-tuf with a memory of its own, at a time."""
    folder = tmp_path / "ngclient"
    folder.mkdir()

    def make(at=None):
        root = scene.adversary.files["metadata/1.root.json"]
        updater = Updater(
            str(folder),
            "https://repository.example.test/metadata/",
            str(folder),
            "https://repository.example.test/targets/",
            fetcher=scene.adversary,
            bootstrap=root,
        )
        if at is not None:
            updater._trusted_set.reference_time = at
        return updater

    return make


def download(updater, path):
    updater.refresh()
    info = updater.get_targetinfo(path)
    assert info is not None
    with open(updater.download_target(info), "rb") as file:  # noqa: PTH123 - a path of python-tuf's
        return file.read()


def test_it_downloads(client, scene):
    assert download(client(), "alpha-1.0.whl") == b"alpha 1.0"


def test_it_sees_a_rollback(client, scene):
    before = dict(scene.adversary.files)
    scene.add("beta-1.0.whl", b"beta")
    scene.publish()
    assert download(client(), "beta-1.0.whl") == b"beta"
    scene.adversary.files = before
    with pytest.raises(BadVersionNumberError):
        client().refresh()


def test_it_sees_a_freeze(client):
    client().refresh()
    later = datetime.now(UTC) + timedelta(days=2)
    with pytest.raises(ExpiredMetadataError):
        client(later).refresh()


def test_it_sees_mix_and_match(client, scene):
    """A bin of before under the snapshot of now."""
    name = bin_names(8)[bin_of("alpha-1.0.whl", 8)]
    before = {k: v for k, v in scene.adversary.files.items() if k.endswith(f"{name}.json")}
    service.remove(scene.repository, ["alpha-1.0.whl"])
    scene.publish()
    newest = max(k for k in scene.adversary.files if k.endswith(f"{name}.json"))
    assert newest not in before
    scene.adversary.files[newest] = next(iter(before.values()))
    updater = client()
    updater.refresh()
    with pytest.raises(RepositoryError):
        updater.get_targetinfo("alpha-1.0.whl")
