"""Databases and binaries as the real tools make them: rpm, Berkeley DB, Go, dpkg of this machine."""

from __future__ import annotations

import shutil
import sqlite3
import struct
import subprocess
from pathlib import Path

import pytest

from pratique.inventory import take
from pratique.model.inventory import Inventory, Trouble

pytestmark = pytest.mark.e2e

TIMEOUT = 240

SPEC = """Name: {name}
Version: {version}
Release: 3
Epoch: 2
Summary: x
License: MIT AND GPL-2.0-or-later
BuildArch: noarch
Requires: {needs}
Provides: {name}(cap) = 1
%description
x
%files
"""

PURLS = [
    "pkg:rpm/almalinux/alpha@1.2-3?arch=noarch&distro=almalinux-9.3&epoch=2&upstream=alpha-1.2-3.src.rpm",
    "pkg:rpm/almalinux/beta@0.9-3?arch=noarch&distro=almalinux-9.3&epoch=2&upstream=beta-0.9-3.src.rpm",
]


def run(
    *words: str, cwd: Path | None = None, stdin: bytes = b"", env: dict[str, str] | None = None
) -> bytes:
    """Run a tool; skip where it is not here."""
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not installed")
    done = subprocess.run(
        words, cwd=cwd, input=stdin, capture_output=True, timeout=TIMEOUT, env=env, check=False
    )
    assert done.returncode == 0, (words, done.stderr[-500:])
    return done.stdout


def purls(inventory: Inventory) -> list[str]:
    return sorted(str(part.package) for part in inventory.components)


@pytest.fixture(scope="module")
def rpm_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with two packages in rpm's own SQLite database."""
    folder = tmp_path_factory.mktemp("rpm")
    for name, version, needs in (("alpha", "1.2", "beta(cap)"), ("beta", "0.9", "/bin/sh")):
        spec = folder / f"{name}.spec"
        spec.write_text(SPEC.format(name=name, version=version, needs=needs))
        run("rpmbuild", "-bb", "--define", f"_topdir {folder}/build", str(spec))
    root = folder / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc/os-release").write_text("ID=almalinux\nVERSION_ID=9.3\n")
    packages = [str(path) for path in folder.rglob("*.rpm")]
    options = ["--root", str(root), "--dbpath", "/var/lib/rpm", "--define", "_db_backend sqlite"]
    run("rpm", *options, "--initdb")
    run("rpm", *options, "-i", "--nodeps", "--justdb", "--ignorearch", *packages)
    if not (root / "var/lib/rpm/rpmdb.sqlite").is_file():
        pytest.skip("this rpm writes no SQLite database")
    return root


def test_rpms_own_database(rpm_root: Path) -> None:
    inventory = take(str(rpm_root))
    assert purls(inventory) == PURLS
    assert {part.ecosystem for part in inventory.components} == {"AlmaLinux:9"}
    targets = [to for all_to in inventory.edges.values() for to in all_to]
    assert len(targets) == 1
    assert "beta" in targets[0]
    assert not [p for p in inventory.problems if p.trouble is not Trouble.NOTICE]


def test_berkeley_dbs_own_file(rpm_root: Path, tmp_path: Path) -> None:
    connection = sqlite3.connect(f"file:{rpm_root}/var/lib/rpm/rpmdb.sqlite?mode=ro", uri=True)
    headers = [row[0] for row in connection.execute("SELECT blob FROM Packages")]
    connection.close()
    # A header over several pages, as most real ones are.
    large = b"\0" * 30_000
    index, store = struct.unpack_from(">II", headers[0])
    headers[0] = struct.pack(">II", index, store + len(large)) + headers[0][8:] + large
    rows = [(b"\0\0\0\0", struct.pack("<I", len(headers)))]
    rows += [(struct.pack("<I", number), header) for number, header in enumerate(headers, 1)]
    dump = "VERSION=3\nformat=bytevalue\ntype=hash\nHEADER=END\n"
    dump += "".join(f" {key.hex()}\n {value.hex()}\n" for key, value in rows) + "DATA=END\n"
    target = tmp_path / "var/lib/rpm/Packages"
    target.parent.mkdir(parents=True)
    shutil.copytree(rpm_root / "etc", tmp_path / "etc")
    loader = "db5.3_load" if shutil.which("db5.3_load") else "db_load"
    run(loader, str(target), stdin=dump.encode())
    assert purls(take(str(tmp_path))) == PURLS


PLATFORMS = (
    "linux/amd64",
    "linux/386",
    "linux/s390x",
    "windows/amd64",
    "windows/386",
    "darwin/arm64",
)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_gos_own_binaries(tmp_path: Path, platform: str) -> None:
    import os

    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/go.mod").write_text("module example.test/lib\n\ngo 1.20\n")
    (tmp_path / "lib/lib.go").write_text("package lib\n\nfunc Say() { println(1) }\n")
    (tmp_path / "go.mod").write_text(
        "module example.test/app\n\ngo 1.20\n\nrequire example.test/lib v1.2.3\n\n"
        "replace example.test/lib => ./lib\n"
    )
    (tmp_path / "main.go").write_text(
        'package main\n\nimport "example.test/lib"\n\nfunc main() { lib.Say() }\n'
    )
    system, architecture = platform.split("/")
    env = os.environ | {"GOOS": system, "GOARCH": architecture, "GOFLAGS": "-mod=mod"}
    env |= {"GOPROXY": "off", "CGO_ENABLED": "0", "GOTOOLCHAIN": "local"}
    run("go", "build", "-buildvcs=false", "-o", "app", ".", cwd=tmp_path, env=env)
    inventory = take(str(tmp_path / "app"))
    version = run("go", "env", "GOVERSION").decode().split()[0].removeprefix("go")
    assert purls(inventory) == [
        "pkg:golang/example.test/app",
        "pkg:golang/example.test/lib",
        f"pkg:golang/stdlib@{version}",
    ]


def test_what_dpkg_itself_lists(tmp_path: Path) -> None:
    """The status file of this machine, against dpkg-query's own reading of it."""
    status = Path("/var/lib/dpkg/status")
    release = Path("/etc/os-release")
    if not status.is_file() or not release.is_file():
        pytest.skip("this machine has no dpkg")
    listed = run(
        "dpkg-query", "-W", "-f", "${db:Status-Status} ${Package} ${Version} ${Architecture}\n"
    )
    expected = {
        tuple(line.split()[1:])
        for line in listed.decode().splitlines()
        if line.split()[0] not in {"not-installed", "config-files"}
    }
    for file in (status, release):
        (tmp_path / file.relative_to("/")).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file.relative_to("/")).write_bytes(file.read_bytes())
    inventory = take(str(tmp_path))
    found = {
        (part.package.name, part.package.version, dict(part.package.qualifiers)["arch"])
        for part in inventory.components
    }
    assert found == expected
