"""Shared table-driven cases of package databases, binaries and archives (osv-scalibr's tables).

Compared as sets of (name, version), with the source package and the release
where the table gives them; names of files as in the tables.  Everything that
differs is in ``EXPLAINED`` and ``ELSEWHERE``.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from pratique.formats.base import Kind, Tree, TreeError
from pratique.formats.registry import by_name, read_function, readers
from pratique.model.errors import InputError
from pratique.model.inventory import Component, Reading, Trouble

ARCHIVE = "sbom/lockfiles.tar.xz"

TABLES = {
    "os/dpkg": "dpkg-status",
    "os/apk": "apk-installed",
    "os/rpm": "rpmdb",
    "language/golang/gobinary": "executable",
    "language/rust/cargoauditable": "executable",
    "language/java/archive": "java-archive",
}

Row = tuple[str, str]

NO_VERSION = "a package without a version is kept, its version unknown; it is there"
STATES = "what may have files on the disk counts: unpacked, half-installed, without a status"

EXPLAINED: dict[tuple[str, str], tuple[set[Row], set[Row], str]] = {
    ("os/dpkg", "testdata/dpkg/noversion"): (set(), {("acl", "")}, NO_VERSION),
    ("os/dpkg", "testdata/opkg/noversion"): (set(), {("libuci20130104", "")}, NO_VERSION),
    ("os/dpkg", "testdata/dpkg/statusfield"): (
        set(),
        {
            ("wantinstall_unpacked", "1.0"),
            ("wantinstall_halfinstalled", "1.0"),
            ("wantnostatus", "1.0"),
        },
        STATES,
    ),
    ("os/dpkg", "testdata/opkg/statusfield"): (
        set(),
        {("wantinstall_unpacked", "1.0"), ("wantnostatus", "1.0")},
        STATES,
    ),
}
"""What the table has and we have not, and the other way round, by table and input."""

ELSEWHERE = {
    "language/golang/gobinary": "a file that is no executable is refused; the reference logs it",
    "language/rust/cargoauditable": "a file that is no executable is refused",
}


class _Beside:
    """What a case has beside its input."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files

    def read(self, path: str) -> bytes:
        if path not in self._files:
            raise TreeError("no such file")
        return self._files[path]

    def is_file(self, path: str) -> bool:
        return path in self._files

    def names(self, path: str) -> tuple[str, ...]:
        return () if path else tuple(self._files)


@pytest.fixture(scope="session")
def tables(vector_folder: Callable[[str], Path]) -> Path:
    folder = vector_folder(ARCHIVE)
    return next(path for path in folder.rglob("scalibr") if path.is_dir())


def _cases(tables: Path, table: str) -> Iterator[tuple[dict[str, Any], bytes, str, Tree]]:
    """Each case with its input's bytes, the path that it is read at, and what is beside it."""
    for case in json.loads((tables / table / "cases.json").read_text()):
        options = case.get("options", {})
        files = {}
        if "osrelease" in options:
            files["etc/os-release"] = options["osrelease"].encode()
        source = tables / table / case["input"]
        path = case["input"]
        if table == "os/dpkg":
            path = "usr/lib/opkg/status" if "opkg" in path else "var/lib/dpkg/status"
            if "status.d" in case["input"]:
                path = f"var/lib/dpkg/status.d/{source.name}"
        if source.is_dir():
            out = io.BytesIO()
            with zipfile.ZipFile(out, "w") as archive:
                manifest = (tables / table / options["content_path"]).read_bytes()
                archive.writestr("META-INF/MANIFEST.MF", manifest)
            named = options.get("extract_filename")
            yield (
                case,
                out.getvalue(),
                f"{source.name}.jar" if named else "no name.jar",
                _Beside(files),
            )
        elif source.exists():
            yield case, source.read_bytes(), path, _Beside(files)


def _row(part: Component) -> Row:
    # The type opkg is no registered one, so that its namespace counts as a part of the name.
    bare = part.package.type == "opkg"
    return part.package.name if bare else part.package.full_name, part.package.version


def _read(table: str, data: bytes, path: str, tree: Tree) -> Reading:
    reader = next(one for one in readers() if one.name == TABLES[table])
    return read_function(reader)(data, path, tree)


@pytest.mark.parametrize("table", TABLES)
def test_shared_cases(tables: Path, table: str) -> None:
    count = 0
    for case, data, path, tree in _cases(tables, table):
        if "cfg" in case.get("options", {}):
            continue  # an option of the reference that counts what is not installed
        count += 1
        where = (table, case["input"])
        try:
            reading = _read(table, data, path, tree)
        except InputError:
            assert case.get("error") or table in ELSEWHERE, where
            continue
        assert not case.get("error"), where
        expected = {(row["name"], row["version"]) for row in case["packages"]}
        missing, more, _ = EXPLAINED.get(where, (set(), set(), ""))
        found = {_row(part) for part in reading.components}
        assert (expected - found, found - expected) == (missing, more), where
        if not data.strip():
            continue
        for row in case["packages"]:
            part = next(
                one for one in reading.components if _row(one) == (row["name"], row["version"])
            )
            assert part.package.type == row["purl_type"], where
            _check_metadata(part, row.get("metadata", {}), where)
    assert count


def _check_metadata(part: Component, metadata: Mapping[str, Any], where: Row) -> None:
    qualifiers = dict(part.package.qualifiers)
    if metadata.get("kind", "").startswith(("dpkgmeta", "apkmeta")):
        name = metadata.get("source_name", "")
        version = metadata.get("source_version", "")
        upstream = f"{name}@{version}" if version else name
        assert qualifiers.get("upstream", "") == ("" if upstream == part.package.name else upstream)
        release = metadata.get("os_version_id") or metadata.get("os_version_codename") or ""
        osid = metadata.get("osid", "")
        assert part.package.namespace == osid, where
        expected = f"{osid}-{release}" if release else osid
        assert qualifiers.get("distro", "") == (expected if osid else ""), where


NAMES_ELSEWHERE = {
    "usr/lib/opkg/status/foo": "",
    "foo/lib/apk/db/installed": "a root file system may be a folder of what is checked",
    "foo/var/lib/rpm/rpmdb.sqlite": "a root file system may be a folder of what is checked",
    "foo/var/lib/rpm/Packages": "a root file system may be a folder of what is checked",
    "/foo/var/lib/rpm/rpmdb.sqlite": "a root file system may be a folder of what is checked",
    "/foo/var/lib/rpm/Packages": "a root file system may be a folder of what is checked",
    "rpm/rpmdb.sqlite": "the file's own name is telling wherever it is",
    "rpm/Packages.db": "the file's own name is telling wherever it is",
    "/rpm/rpmdb.sqlite": "the file's own name is telling wherever it is",
    "/rpm/Packages.db": "the file's own name is telling wherever it is",
    "var/lib/dpkg/status.d/foo.md5sums": "met, and read as nothing",
}
"""Paths that are taken here and not by the reference, with the reason."""


@pytest.mark.parametrize("table", ["os/dpkg", "os/apk", "os/rpm", "language/java/archive"])
def test_shared_file_names(tables: Path, table: str) -> None:
    for case in json.loads((tables / table / "file-names.json").read_text()):
        if "max_size" in case or case["path"] == "var/lib/dpkg/status.d":
            continue
        # Two rows repeat a path for a mode of the reference (no regular file).
        wanted = case["required"]
        named = [one for one in by_name(case["path"]) if one.kind is Kind.INSTALLED]
        if wanted:
            assert named, case["path"]
        elif named and case["path"] not in NAMES_ELSEWHERE:
            required = [
                one["required"]
                for one in json.loads((tables / table / "file-names.json").read_text())
                if one["path"] == case["path"]
            ]
            assert any(required), case["path"]


def test_the_real_apk_database(tables: Path) -> None:
    data = (tables / "os/apk/testdata/installed").read_bytes()
    beside = _Beside({"etc/os-release": b"ID=alpine\nVERSION_ID=3.18.4\n"})
    reading = _read("os/apk", data, "lib/apk/db/installed", beside)
    assert len(reading.components) == data.count(b"\nP:") + data.startswith(b"P:")
    assert all(part.ecosystem == "Alpine:v3.18" for part in reading.components)
    assert all(part.licenses for part in reading.components)
    assert sum(map(len, reading.edges.values())) >= 20
    assert [p for p in reading.problems if p.trouble is not Trouble.NOTICE] == []
