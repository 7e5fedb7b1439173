"""Images as a user gives them: what is installed, which layer brought it, what is doubtful."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from pratique.inventory import Options, take
from pratique.inventory.image import open_archive, open_folder
from pratique.inventory.images import layers as layer_limits
from pratique.inventory.images import tar as tar_limits
from pratique.model.errors import InputError
from pratique.model.inventory import Inventory, Problem, Trouble

SAFE = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
"""Debian 12's Python 3.11.2 has no filters yet; the archives are our own."""

Make = Callable[..., bytes]


def names(inventory: Inventory) -> list[str]:
    return sorted(part.package.name for part in inventory.components)


def bad(inventory: Inventory) -> list[Problem]:
    return [p for p in inventory.problems if p.trouble is not Trouble.NOTICE]


def layer_of(inventory: Inventory) -> dict[str, str]:
    return {
        part.package.name: str(part.locations[0]).partition(" (")[0]
        for part in inventory.components
    }


def test_a_layout_folder_and_what_brought_what(
    layout: Any, base: bytes, tar: Make, installed: Make, tmp_path: Path
) -> None:
    second = tar([("var/lib/dpkg/status", installed("alpha", "beta=2", "gamma"))])
    third = tar([("var/lib/dpkg/status", installed("alpha", "beta=2", "gamma", "delta"))])
    layout.image([base, second, third])
    inventory = take(layout.folder(tmp_path))
    assert names(inventory) == ["alpha", "beta", "delta", "gamma"]
    assert {part.ecosystem for part in inventory.components} == {"Debian:12"}
    assert layer_of(inventory) == {
        "alpha": "layer 1",
        "beta": "layer 2",
        "gamma": "layer 2",
        "delta": "layer 3",
    }
    gamma = next(part for part in inventory.components if part.package.name == "gamma")
    assert gamma.locations[0].path.endswith(")/var/lib/dpkg/status")
    assert "layer 2 (sha256:" in gamma.locations[0].path
    assert gamma.locations[0].line == 11
    assert bad(inventory) == []
    notices = [problem.message for problem in inventory.problems]
    assert "brought 2 components, made by: RUN step 2" in notices


def test_a_package_that_came_back_belongs_to_the_layer_that_brought_it_back(
    layout: Any, base: bytes, tar: Make, installed: Make, tmp_path: Path
) -> None:
    second = tar([("var/lib/dpkg/status", installed("alpha"))])
    third = tar([("var/lib/dpkg/status", installed("alpha", "beta"))])
    layout.image([base, second, third])
    assert layer_of(take(layout.folder(tmp_path))) == {"alpha": "layer 1", "beta": "layer 3"}


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress, bytes])
def test_an_archive_of_a_layout_with_layers_of_each_kind(
    layout: Any, base: bytes, tar: Make, tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    layout.image([base], pack=pack)
    path = tmp_path / "image.tar"
    path.write_bytes(tar([(f"./{name}", data) for name, data in layout.files().items()]))
    inventory = take(str(path))
    assert names(inventory) == ["alpha", "beta"]
    assert bad(inventory) == []


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress])
def test_what_docker_saved_packed_or_not(
    docker_save: Make, base: bytes, tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(pack(docker_save([base])))
    inventory = take(str(path))
    assert names(inventory) == ["alpha", "beta"]
    assert bad(inventory) == []


def test_equal_layers_that_docker_linked(tar: Make, base: bytes, tmp_path: Path) -> None:
    images = [{"Config": "c.json", "RepoTags": None, "Layers": ["a/layer.tar", "b/layer.tar"]}]
    path = tmp_path / "image.tar"
    path.write_bytes(
        tar(
            [
                ("a/layer.tar", base),
                ("b/layer.tar", "../a/layer.tar"),
                ("c.json", b"{}"),
                ("manifest.json", json.dumps(images).encode()),
            ]
        )
    )
    inventory = take(str(path))
    assert names(inventory) == ["alpha", "beta"]
    place = "layer 2 (b)/var/lib/dpkg/status"
    assert {part.locations[0].path for part in inventory.components} == {"layer 1 (a)" + place[11:]}
    assert [p.message for p in inventory.problems] == ["brought 2 components"]


def test_whiteouts_take_away_and_opaque_folders_begin_anew(
    layout: Any, base: bytes, tar: Make, installed: Make, tmp_path: Path
) -> None:
    """A whiteout counts against lower layers only, wherever it stands in its own."""
    package = b"Metadata-Version: 2.1\nName: %s\nVersion: 1\n"
    place = "opt/site-packages/%s-1.dist-info/METADATA"
    first = tar([(place % name, package % name.encode()) for name in ("one", "two", "three")])
    second = tar(
        [
            (place % "four", package % b"four"),
            ("opt/site-packages/.wh..wh..opq", b""),
            ("var/lib/dpkg/.wh.status", b""),
        ]
    )
    third = tar(
        [("opt/site-packages/.wh.four-1.dist-info", b""), (place % "five", package % b"five")]
    )
    layout.image([base, first])
    assert names(take(layout.folder(tmp_path / "a"))) == ["alpha", "beta", "one", "three", "two"]
    layout.manifests.clear()
    layout.image([base, first, second])
    assert names(take(layout.folder(tmp_path / "b"))) == ["four"]
    layout.manifests.clear()
    layout.image([base, first, second, third])
    assert names(take(layout.folder(tmp_path / "c"))) == ["five"]


def test_links_stay_inside_of_the_image(
    layout: Any, tar: Make, installed: Make, tmp_path: Path
) -> None:
    """Absolute links lead to the image's own root, as do those that climb too far."""
    (tmp_path / "outside").write_bytes(b"ID=alpine\nVERSION_ID=3.18\n")
    outside = str(tmp_path / "outside")
    layer = tar(
        [
            ("etc/os-release", "../../../../../usr/lib/os-release"),
            ("usr/lib/os-release", "/real/os-release"),
            ("real/os-release", b"ID=debian\nVERSION_ID=12\n"),
            ("var/lib/dpkg/status", "=data/status"),
            ("data/status", installed("late")),
            ("loop/a", "b"),
            ("loop/b", "a"),
            ("escape", outside),
        ]
    )
    layout.image([layer, tar([("lib", "usr/lib"), ("var/lib/dpkg/status", installed("alpha"))])])
    with open_folder(Path(layout.folder(tmp_path / "image"))) as image:
        assert image.tree.read("etc/os-release").startswith(b"ID=debian")
        assert image.tree.read("lib/os-release").startswith(b"ID=debian")
        assert not image.tree.is_file("loop/a")
        assert not image.tree.is_file("escape")
        assert image.tree.names("real") == ["os-release"]
        with pytest.raises(InputError):
            image.tree.read("loop/b")
        # The hard link stood before its target, so that it could not be placed.
        assert any("target is not there" in p.message for p in image.problems)
    inventory = take(str(tmp_path / "image"))
    assert {part.ecosystem for part in inventory.components} == {"Debian:12"}


def test_a_layer_below_a_linked_folder_is_put_where_the_link_leads(
    layout: Any, base: bytes, tar: Make, installed: Make, tmp_path: Path
) -> None:
    merged = tar([("data/lib/dpkg/", b""), ("srv", "/var")])
    layout.image([base, merged, tar([("srv/lib/dpkg/status", installed("gamma"))])])
    inventory = take(layout.folder(tmp_path))
    assert names(inventory) == ["gamma"]
    assert layer_of(inventory) == {"gamma": "layer 3"}


def test_members_that_lead_outside_are_named_and_left_out(
    layout: Any, base: bytes, tar: Make, tmp_path: Path
) -> None:
    layout.image([base, tar([("../../evil/status", b"x"), ("/abs/file", b"y")])])
    with open_folder(Path(layout.folder(tmp_path / "image"))) as image:
        assert [p.message for p in image.problems] == [
            "member '../../evil/status' leads outside of its layer"
        ]
        assert image.tree.read("abs/file") == b"y"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["image"]


def test_digests_that_differ_are_said_and_the_layer_is_read(
    layout: Any, base: bytes, tmp_path: Path
) -> None:
    entry = layout.image([base])
    folder = Path(layout.folder(tmp_path))
    manifest = json.loads(layout.blobs[entry["digest"]])
    blob = folder / "blobs" / manifest["layers"][0]["digest"].replace(":", "/")
    blob.write_bytes(gzip.compress(base.replace(b"alpha", b"delta")))
    inventory = take(str(folder))
    assert names(inventory) == ["beta", "delta"]
    messages = " ".join(p.message for p in bad(inventory))
    assert "another digest than its manifest states" in messages
    assert "another digest than the configuration states" in messages
    assert all(p.trouble is Trouble.UNREADABLE for p in bad(inventory))


def test_a_layer_that_is_missing_or_no_archive_costs_itself(
    layout: Any, base: bytes, tar: Make, installed: Make, tmp_path: Path
) -> None:
    second = tar([("var/lib/dpkg/status", installed("gamma"))])
    entry = layout.image([base, second])
    folder = Path(layout.folder(tmp_path))
    manifest = json.loads(layout.blobs[entry["digest"]])
    blob = folder / "blobs" / manifest["layers"][1]["digest"].replace(":", "/")
    blob.write_bytes(b"no archive at all" * 100)
    inventory = take(str(folder))
    assert names(inventory) == ["alpha", "beta"]
    assert any("damaged header" in p.message for p in bad(inventory))
    blob.unlink()
    inventory = take(str(folder))
    assert names(inventory) == ["alpha", "beta"]
    assert any("what it brings is not known" in p.message for p in bad(inventory))


def test_a_layer_that_is_cut_short_is_read_up_to_there(
    layout: Any, base: bytes, tmp_path: Path
) -> None:
    entry = layout.image([base], pack=lambda data: gzip.compress(data + b"\0" * 100_000))
    folder = Path(layout.folder(tmp_path))
    manifest = json.loads(layout.blobs[entry["digest"]])
    blob = folder / "blobs" / manifest["layers"][0]["digest"].replace(":", "/")
    blob.write_bytes(blob.read_bytes()[:-20])
    inventory = take(str(folder))
    assert names(inventory) == ["alpha", "beta"]
    assert any(p.trouble is Trouble.UNREADABLE for p in bad(inventory))


def test_of_several_platforms_one_is_read_and_the_others_are_named(
    layout: Any, base: bytes, tar: Make, installed: Make, tmp_path: Path
) -> None:
    other = tar([("var/lib/dpkg/status", installed("other"))])
    layout.image([other], "linux/arm64")
    layout.image([base], "linux/amd64")
    attestation = layout.image([other], "unknown/unknown")
    attestation["annotations"] = {"vnd.docker.reference.type": "attestation-manifest"}
    inventory = take(layout.folder(tmp_path))
    assert names(inventory) == ["alpha", "beta"]
    assert bad(inventory) == []
    named = [p.message for p in inventory.problems if "not read" in p.message]
    assert len(named) == 1
    assert "linux/arm64" in named[0]


def test_an_index_inside_of_an_index(layout: Any, base: bytes, tmp_path: Path) -> None:
    entry = layout.image([base])
    inner = json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode()
    layout.manifests = [layout.put(inner, "index.v1+json")]
    assert names(take(layout.folder(tmp_path))) == ["alpha", "beta"]


def test_an_index_that_holds_itself_ends(layout: Any, tmp_path: Path) -> None:
    inner = b'{"schemaVersion": 2, "manifests": []}'
    entry = layout.put(inner, "index.v1+json")
    layout.manifests = [entry]
    folder = Path(layout.folder(tmp_path))
    blob = folder / "blobs" / entry["digest"].replace(":", "/")
    blob.write_bytes(json.dumps({"schemaVersion": 2, "manifests": [entry] * 3}).encode())
    with pytest.raises(InputError):
        take(str(folder))


def test_several_images_in_one_archive_are_not_silently_one(
    docker_save: Make, base: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_save([base], ("example.test/one:1", "example.test/two:1")))
    inventory = take(str(path))
    assert [p.message for p in bad(inventory)] == [
        "holds also example.test/two:1, which is not read"
    ]


@pytest.mark.parametrize(
    "digest", ["sha256:../../../etc/passwd", "sha256:" + "../" * 30, "md5:" + "0" * 32, "x", ""]
)
def test_digests_that_are_paths_open_nothing(layout: Any, tmp_path: Path, digest: str) -> None:
    layout.manifests = [{"digest": digest, "size": 1}]
    with pytest.raises(InputError):
        take(layout.folder(tmp_path))


def test_a_blob_that_is_a_link_out_of_the_folder_is_not_opened(
    layout: Any, base: bytes, tmp_path: Path
) -> None:
    entry = layout.image([base])
    folder = Path(layout.folder(tmp_path / "image"))
    blob = folder / "blobs" / entry["digest"].replace(":", "/")
    blob.rename(tmp_path / "outside")
    blob.symlink_to(tmp_path / "outside")
    with pytest.raises(InputError):
        take(str(folder))


def test_a_bomb_costs_its_layer_and_little_time(
    layout: Any, base: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layer_limits, "FREE", 1024 * 1024)
    bomb = zstandard.compress(b"\0" * (300 * 1024 * 1024))
    layout.image(
        [base, b"\0" * 1024], pack=lambda data: gzip.compress(data) if data is base else bomb
    )
    start = time.process_time()
    inventory = take(layout.folder(tmp_path))
    assert time.process_time() - start < 10
    assert names(inventory) == ["alpha", "beta"]
    assert any("times its size" in p.message for p in bad(inventory))


def test_all_layers_share_one_limit(
    layout: Any, base: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layer_limits, "MAX_UNPACKED", len(base) + 100)
    layout.image([base, base])
    inventory = take(layout.folder(tmp_path))
    assert names(inventory) == ["alpha", "beta"]
    assert any("with other layers" in p.message for p in bad(inventory))


def test_too_many_members_are_refused(
    layout: Any, base: bytes, tar: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tar_limits, "MAX_MEMBERS", 50)
    monkeypatch.setattr(tar_limits.Count.__init__, "__defaults__", (50,))
    layout.image([base, tar([(f"f{n}", b"") for n in range(60)])])
    inventory = take(layout.folder(tmp_path))
    assert names(inventory) == ["alpha", "beta"]
    assert any("more than 50 members" in p.message for p in bad(inventory))


def test_excluded_paths_are_left_out(layout: Any, base: bytes, tar: Make, tmp_path: Path) -> None:
    metadata = b"Metadata-Version: 2.1\nName: one\nVersion: 1\n"
    layout.image([base, tar([("opt/one-1.dist-info/METADATA", metadata)])])
    folder = layout.folder(tmp_path)
    assert names(take(folder)) == ["alpha", "beta", "one"]
    assert names(take(folder, Options(exclude=("opt",)))) == ["alpha", "beta"]


def test_a_tar_that_is_no_image_is_none(tar: Make, tmp_path: Path) -> None:
    path = tmp_path / "some.tar"
    path.write_bytes(tar([("a", b"x")]))
    assert open_archive(path) is None
    path.write_bytes(b"text")
    assert open_archive(path) is None
    path.write_bytes(gzip.compress(b'{"bomFormat": "CycloneDX"}'))
    assert open_archive(path) is None
    path.write_bytes(b"\x1f\x8bdamaged")
    assert open_archive(path) is None


def test_root_file_systems_are_known_by_themselves(base: bytes, tar: Make, tmp_path: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(base)) as archive:
        archive.extractall(tmp_path, **SAFE)
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "requirements.txt").write_text("wanted==1\n")
    (tmp_path / "proc/1.dist-info").mkdir(parents=True)
    (tmp_path / "proc/1.dist-info/METADATA").write_text("Name: made-up\nVersion: 1\n")
    inventory = take(str(tmp_path))
    assert names(inventory) == ["alpha", "beta"]
    assert bad(inventory) == []
    (tmp_path / "usr/lib/os-release").unlink()
    (tmp_path / "etc/os-release").unlink()
    assert names(take(str(tmp_path))) == ["wanted"]


def test_executables_are_found_by_content_in_images_and_folders(
    layout: Any, base: bytes, tar: Make, tmp_path: Path
) -> None:
    """Programs without a list are no documents; shared libraries are looked into, too."""
    import struct
    import zlib

    crates = zlib.compress(b'{"packages": [{"name": "crate", "version": "1", "source": "local"}]}')
    name = b"\0.dep-v0\0"
    table = 64 + len(crates) + len(name)
    head = b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack(
        "<HHIQQQIHHHHHH", 2, 62, 1, 0, 0, table, 0, 64, 56, 0, 64, 3, 2
    )
    rows = b"\0" * 64
    rows += struct.pack("<IIQQQQIIQQ", 1, 1, 0, 0, 64, len(crates), 0, 0, 1, 0)
    rows += struct.pack("<IIQQQQIIQQ", 0, 3, 0, 0, 64 + len(crates), len(name), 0, 0, 1, 0)
    program = head + crates + name + rows
    files = [("usr/bin/app", program), ("usr/bin/plain", head + b"\0" * 300)]
    layout.image([base, tar(files)])
    inventory = take(layout.folder(tmp_path / "image"))
    assert names(inventory) == ["alpha", "beta", "crate"]
    assert layer_of(inventory)["crate"] == "layer 2"
    assert bad(inventory) == []
    root = tmp_path / "root"
    for data in (base, tar(files)):
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            archive.extractall(root, **SAFE)
    assert names(take(str(root))) == ["alpha", "beta", "crate"]
    document = next(one for one in take(str(root)).documents if one.path == "usr/bin/app")
    assert document.size == len(program)
    assert len(document.sha256) == 64
