"""dpkg, apk and rpm: what is installed, of which distribution, and who needs whom."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from pratique.formats.base import Notes
from pratique.formats.installed.distribution import distribution
from pratique.formats.installed.dpkg import link
from pratique.model.ecosystems import advisory_name, advisory_version, ecosystem_of
from pratique.model.errors import InputError
from pratique.model.inventory import Reading, Relation, Trouble
from pratique.model.purl import Package

DEBIAN = b'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n'
ALPINE = b'ID=alpine\nVERSION_ID=3.18.4\nPRETTY_NAME="Alpine Linux v3.18"\n'
ALMA = b'ID="almalinux"\nVERSION_ID="9.3"\n'

STATUS = b"""Package: alpha
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Source: alpha-src (1.2-1)
Version: 1:1.2-1+b1
Pre-Depends: zeta (>= 1) | beta (>= 2)
Depends: gamma:any, virtual-thing, absent | also-absent
Description: first
 more text: with a colon

Package: beta
Status: install ok half-configured
Architecture: all
Source: beta
Version: 2.0

Package: gamma
Status: deinstall ok installed
Architecture: arm64
Version: 3

Package: gamma
Status: install ok installed
Architecture: amd64
Version: 3
Provides: virtual-thing (= 1), other

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 9

Package: bare
Status: install ok installed
Architecture: amd64
"""

Read = Callable[..., Reading]


def purls(reading: Reading) -> list[str]:
    return sorted(str(part.package) for part in reading.components)


def edges(reading: Reading) -> set[tuple[str, str]]:
    names = {part.ref: part.package.name for part in reading.components}
    return {(names[ref], names[to]) for ref, all_to in reading.edges.items() for to in all_to}


def test_dpkg_packages_that_are_there(reading_of: Read) -> None:
    reading = reading_of("dpkg-status", STATUS, "var/lib/dpkg/status", {"etc/os-release": DEBIAN})
    assert purls(reading) == [
        "pkg:deb/debian/alpha@1:1.2-1%2Bb1?arch=amd64&distro=debian-12&upstream=alpha-src%401.2-1",
        "pkg:deb/debian/bare?arch=amd64&distro=debian-12",
        "pkg:deb/debian/beta@2.0?arch=all&distro=debian-12",
        "pkg:deb/debian/gamma@3?arch=amd64&distro=debian-12",
        "pkg:deb/debian/gamma@3?arch=arm64&distro=debian-12",
    ]
    assert {part.ecosystem for part in reading.components} == {"Debian:12"}
    assert [part.locations[0].line for part in reading.components] == [1, 12, 18, 23, 34]
    alpha = reading.components[0].package
    assert (advisory_name(alpha), advisory_version(alpha)) == ("alpha-src", "1.2-1")
    assert [(p.trouble, p.location.line) for p in reading.problems] == [(Trouble.UNKNOWN, 34)]


def test_dpkg_dependencies_go_to_what_is_installed(reading_of: Read) -> None:
    """The first alternative that is there, virtual packages, the same architecture first."""
    reading = reading_of("dpkg-status", STATUS, "var/lib/dpkg/status", {"etc/os-release": DEBIAN})
    assert edges(reading) == {("alpha", "beta"), ("alpha", "gamma")}
    (alpha,) = (ref for ref in reading.edges if "alpha" in ref)
    assert any("arch=amd64" in ref for ref in reading.edges[alpha] if "gamma" in ref)
    assert not any("arch=arm64" in ref for ref in reading.edges[alpha])
    assert set(reading.edges) == {part.ref for part in reading.components}


def test_dpkg_below_a_folder_of_the_tree(reading_of: Read) -> None:
    reading = reading_of(
        "dpkg-status",
        STATUS,
        "roots/one/var/lib/dpkg/status",
        {
            "roots/one/usr/lib/os-release": b"ID=ubuntu\nVERSION_ID='22.04'\n",
            "etc/os-release": DEBIAN,
        },
    )
    assert {part.ecosystem for part in reading.components} == {"Ubuntu:22.04"}


def test_distroless_files_and_the_edges_between_them(reading_of: Read) -> None:
    one = b"Package: alpha\nVersion: 1\nArchitecture: amd64\nDepends: beta (>= 1)\n"
    two = b"Package: beta\nVersion: 1\nArchitecture: amd64\n"
    folder = "var/lib/dpkg/status.d"
    beside = {"etc/os-release": DEBIAN}
    reading = reading_of("dpkg-status.d", one, f"{folder}/alpha", beside)
    assert purls(reading) == ["pkg:deb/debian/alpha@1?arch=amd64&distro=debian-12"]
    sums = reading_of("dpkg-status.d", b"0123  usr/bin/x\n", f"{folder}/alpha.md5sums", beside)
    assert sums.components == ()
    assert sums.problems == ()
    documents = [(f"{folder}/alpha", one), (f"{folder}/beta", two), ("x/status.d/beta", two)]
    assert link(documents, None) == {  # type: ignore[arg-type]  # no file is looked at
        f"{folder}/alpha": (f"{folder}/beta",),
        f"{folder}/beta": (),
        "x/status.d/beta": (),
    }


def test_licences_of_a_machine_readable_copyright_file(reading_of: Read) -> None:
    text = (
        b"Format: https://www.example.test/doc/packaging-manuals/copyright-format/1.0/\n\n"
        b"Files: *\nCopyright: x\nLicense: MIT\n\n"
        b"Files: a/*\nLicense: GPL-2+ or Artistic\n Long text\n\n"
        b"License: GPL-2+\n The text of it\n"
    )
    beside = {"etc/os-release": DEBIAN, "usr/share/doc/alpha/copyright": text}
    beside["usr/share/doc/beta/copyright"] = b"This is prose.\nLicense: none of that form\n"
    reading = reading_of("dpkg-status", STATUS, "var/lib/dpkg/status", beside)
    claims = {part.package.name: [c.text for c in part.licenses] for part in reading.components}
    assert claims["alpha"] == ["MIT AND (GPL-2+ or Artistic)"]
    assert claims["beta"] == []


def test_damaged_dpkg_paragraphs_cost_themselves(reading_of: Read) -> None:
    text = b"Version: 1\n\nno field at all\n\nPackage: a b/\xff\nVersion: 1\n\nPackage: ok\nVersion: 1\n"
    reading = reading_of("dpkg-status", text, "var/lib/dpkg/status", {"etc/os-release": DEBIAN})
    assert "pkg:deb/debian/ok@1?distro=debian-12" in purls(reading)
    lines = {p.location.line for p in reading.problems if p.trouble is Trouble.UNREADABLE}
    assert {1, 3} <= lines


def test_a_text_without_any_paragraph_is_refused(reading_of: Read) -> None:
    with pytest.raises(InputError, match="no package"):
        reading_of("dpkg-status", b"not a status\n", "var/lib/dpkg/status")


INSTALLED = b"""C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=
P:alpha
V:1.2-r3
A:x86_64
L:MIT
o:alpha-src
D:so:libbeta.so.1 beta>=0.9 !zeta /bin/sh gamma~2
F:etc
R:alpha.conf
Z:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=

P:beta
V:0.9-r0
A:x86_64
o:beta
p:so:libbeta.so.1=1.0.0 cmd:beta=0.9-r0

P:gamma
V:2-r0
D:cmd:beta
"""


def test_apk_packages_with_what_was_asked_for(reading_of: Read) -> None:
    beside = {"etc/os-release": ALPINE, "etc/apk/world": b"alpha>1\ngamma@edge\n"}
    reading = reading_of("apk-installed", INSTALLED, "lib/apk/db/installed", beside)
    assert purls(reading) == [
        "pkg:apk/alpine/alpha@1.2-r3?arch=x86_64&distro=alpine-3.18.4&upstream=alpha-src",
        "pkg:apk/alpine/beta@0.9-r0?arch=x86_64&distro=alpine-3.18.4",
        "pkg:apk/alpine/gamma@2-r0?distro=alpine-3.18.4",
    ]
    assert {part.ecosystem for part in reading.components} == {"Alpine:v3.18"}
    assert [part.locations[0].line for part in reading.components] == [2, 12, 18]
    assert edges(reading) == {("alpha", "beta"), ("alpha", "gamma"), ("gamma", "beta")}
    relations = [part.relation for part in reading.components]
    assert relations == [Relation.DIRECT, Relation.TRANSITIVE, Relation.DIRECT]
    assert len(reading.roots) == 2
    assert reading.components[0].licenses[0].text == "MIT"


def test_apk_in_the_merged_place_without_an_os_release(reading_of: Read) -> None:
    beside = {"r/etc/alpine-release": b"3.22.1\n"}
    reading = reading_of("apk-installed", INSTALLED, "r/usr/lib/apk/db/installed", beside)
    assert {part.ecosystem for part in reading.components} == {"Alpine:v3.22"}


def test_unknown_distributions_are_unknown(reading_of: Read) -> None:
    reading = reading_of("apk-installed", INSTALLED, "lib/apk/db/installed")
    assert len(reading.components) == 3
    assert {part.ecosystem for part in reading.components} == {""}
    assert any(p.trouble is Trouble.UNKNOWN for p in reading.problems)


@pytest.mark.parametrize(
    ("type", "release", "ecosystem"),
    [
        ("deb", "ID=debian\nVERSION_ID=12", "Debian:12"),
        ("deb", "ID=debian\nVERSION_CODENAME=trixie\nPRETTY_NAME='x/sid'", "Debian:13"),
        ("deb", "ID=debian\nPRETTY_NAME='Debian GNU/Linux sid'", "Debian:sid"),
        ("deb", 'ID=ubuntu\nVERSION_ID="24.04"', "Ubuntu:24.04"),
        (
            "apk",
            "ID=alpine\nVERSION_ID=3.20.0_alpha20231219\nPRETTY_NAME='Alpine Linux edge'",
            "Alpine:edge",
        ),
        ("apk", "ID=wolfi\nVERSION_ID=20230201", "Wolfi"),
        ("rpm", "ID=almalinux\nVERSION_ID=9.3", "AlmaLinux:9"),
        ("rpm", "ID=rocky\nVERSION_ID=8.10", "Rocky Linux:8"),
        ("rpm", "ID=rhel\nVERSION_ID=9.2", "Red Hat"),
        ("rpm", "ID=opensuse-leap\nVERSION_ID=15.5", "openSUSE:Leap 15.5"),
        ("rpm", "ID=opensuse-tumbleweed\nVERSION_ID=20240101", "openSUSE:Tumbleweed"),
        ("rpm", "ID=mageia\nVERSION_ID=9", "Mageia:9"),
        ("rpm", "ID=photon\nVERSION_ID=5.0", "Photon OS:5.0"),
        ("rpm", "ID=azurelinux\nVERSION_ID=3.0", "Azure Linux:3"),
        (
            "rpm",
            "ID=openEuler\nVERSION_ID=24.03\nVERSION='24.03 (LTS-SP1)'",
            "openEuler:24.03-LTS-SP1",
        ),
        ("rpm", "ID=fedora\nVERSION_ID=40", ""),
    ],
)
def test_releases_give_the_schemas_ecosystems(
    memory_tree: Callable[..., object], type: str, release: str, ecosystem: str
) -> None:
    notes = Notes("x")
    tree = memory_tree({"etc/os-release": release.encode()})
    system = distribution("", type, tree, notes)  # type: ignore[arg-type]  # a tree
    package = Package.of(
        type, "a", "1", namespace=system.namespace, qualifiers={"distro": system.distro}
    )
    assert ecosystem_of(package) == ecosystem
    assert bool(list(notes)) is not bool(ecosystem)


@pytest.fixture(params=["sqlite", "ndb", "bdb", "bdb, big-endian"])
def database(request: pytest.FixtureRequest, rpm_headers: list[bytes]) -> tuple[str, bytes]:
    kind, _, big = request.param.partition(", ")
    make = request.getfixturevalue(f"rpm_{kind}")
    data = make(rpm_headers, ">") if big else make(rpm_headers)
    return {"sqlite": "rpmdb.sqlite", "ndb": "Packages.db", "bdb": "Packages"}[kind], data


def test_rpm_databases_of_each_kind(reading_of: Read, database: tuple[str, bytes]) -> None:
    name, data = database
    path = f"usr/lib/sysimage/rpm/{name}"
    reading = reading_of("rpmdb", data, path, {"etc/os-release": ALMA})
    assert purls(reading) == [
        "pkg:rpm/almalinux/alpha@1.2-3.el9?arch=x86_64&distro=almalinux-9.3&epoch=2"
        "&upstream=alpha-src-1.2-3.el9.src.rpm",
        "pkg:rpm/almalinux/beta@0.9-3.el9?arch=x86_64&distro=almalinux-9.3",
        "pkg:rpm/almalinux/gamma@7-3.el9?arch=x86_64&distro=almalinux-9.3",
    ]
    assert {part.ecosystem for part in reading.components} == {"AlmaLinux:9"}
    assert edges(reading) == {("alpha", "beta"), ("gamma", "alpha")}
    alpha = next(part for part in reading.components if part.package.name == "alpha")
    assert advisory_version(alpha.package) == "2:1.2-3.el9"
    assert [claim.text for claim in alpha.licenses] == ["MIT AND GPL-2.0-or-later"]
    assert reading.problems == ()


def test_rpm_sqlite_with_thousands_of_rows_and_interior_pages(
    reading_of: Read, rpm_header: Callable[..., bytes], rpm_sqlite: Callable[..., bytes]
) -> None:
    headers = [
        rpm_header([(1000, f"p{n}"), (1001, "1"), (1002, "1"), (1047, ["x" * (n % 9000)])])
        for n in range(3000)
    ]
    reading = reading_of("rpmdb", rpm_sqlite(headers), "var/lib/rpm/rpmdb.sqlite")
    assert len(reading.components) == 3000
    assert [p.message for p in reading.problems if p.trouble is Trouble.UNREADABLE] == []


def test_rpm_what_is_only_in_the_write_ahead_log_counts(
    reading_of: Read, rpm_headers: list[bytes], tmp_path: Path
) -> None:
    path = tmp_path / "rpmdb.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY, blob BLOB NOT NULL)")
    connection.execute("INSERT INTO Packages (blob) VALUES (?)", (rpm_headers[1],))
    connection.commit()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.execute("INSERT INTO Packages (blob) VALUES (?)", (rpm_headers[3],))
    connection.commit()
    data, log = path.read_bytes(), (tmp_path / "rpmdb.sqlite-wal").read_bytes()
    connection.close()
    name = "var/lib/rpm/rpmdb.sqlite"
    alone = reading_of("rpmdb", data, name)
    both = reading_of("rpmdb", data, name, {f"{name}-wal": log})
    assert [part.package.name for part in alone.components] == ["alpha"]
    assert [part.package.name for part in both.components] == ["alpha", "gamma"]
    torn = reading_of("rpmdb", data, name, {f"{name}-wal": log[:-1] + b"\xff"})
    assert [part.package.name for part in torn.components] == ["alpha"]
    other = reading_of("rpmdb", data, name, {f"{name}-wal": b"x" * 64})
    assert any("log" in p.message for p in other.problems if p.trouble is Trouble.UNREADABLE)


def test_rpm_a_damaged_header_costs_itself(
    reading_of: Read, rpm_headers: list[bytes], rpm_ndb: Callable[[Sequence[bytes]], bytes]
) -> None:
    bad = rpm_headers[1][:8] + b"\xff" * 64 + rpm_headers[1][72:]
    reading = reading_of("rpmdb", rpm_ndb([bad, rpm_headers[3]]), "var/lib/rpm/Packages.db")
    assert [part.package.name for part in reading.components] == ["gamma"]
    assert any(p.trouble is Trouble.UNREADABLE for p in reading.problems)


@pytest.mark.parametrize("data", [b"", b"short", b"\0" * 4096, b"RpmP\x01\0\0\0" + b"\0" * 40])
def test_rpm_other_files_are_refused(reading_of: Read, data: bytes) -> None:
    with pytest.raises(InputError):
        reading_of("rpmdb", data, "var/lib/rpm/Packages")


def test_rpm_another_sqlite_database_is_refused(reading_of: Read, tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE Packages (name TEXT, more TEXT)")
    connection.commit()
    connection.close()
    with pytest.raises(InputError, match="another shape"):
        reading_of("rpmdb", path.read_bytes(), "var/lib/rpm/rpmdb.sqlite")
