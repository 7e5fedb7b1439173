"""What these readers survive: mutated, cut and hostile bytes, circles and lying sizes."""

from __future__ import annotations

import random
import struct
import time
import zlib
from collections.abc import Callable

import pytest

from pratique.model.errors import InputError
from pratique.model.inventory import Reading, Trouble

Read = Callable[..., Reading]

ROUNDS = 600
SLOW = 10.0
"""Seconds of the processor that no single document of these may take."""

BESIDE = {"etc/os-release": b"ID=debian\nVERSION_ID=12\n", "etc/apk/world": b"alpha\n"}

CRATES = zlib.compress(
    b'{"packages":[{"name":"a","version":"1","source":"local","root":true,"dependencies":[1]},'
    b'{"name":"b","version":"2","source":"crates.io"}]}'
)


@pytest.fixture(
    params=[
        *("dpkg", "apk", "rpm-sqlite", "rpm-wal", "rpm-ndb", "rpm-bdb", "go-elf", "go-pointers"),
        *("go-pe", "go-macho", "rust-elf", "jar", "wheel"),
    ]
)
def sample(request: pytest.FixtureRequest) -> tuple[str, bytes, str, dict[str, bytes]]:
    """Name of a reader, bytes, path and what is beside it."""

    def make(fixture: str, *args: object, **options: object) -> bytes:
        data = request.getfixturevalue(fixture)(*args, **options)
        assert isinstance(data, bytes)
        return data

    kind = request.param
    headers = request.getfixturevalue("rpm_headers")
    match kind:
        case "dpkg":
            text = (
                "Package: alpha\nStatus: install ok installed\nVersion: 1:2-3\nSource: x (4)\n"
                "Depends: beta (>= 1) | gamma, delta:any\nArchitecture: amd64\n\n"
                "Package: beta\nStatus: install ok installed\nVersion: 2\nProvides: gamma\n"
            )
            return "dpkg-status", text.encode(), "var/lib/dpkg/status", BESIDE
        case "apk":
            text = "P:alpha\nV:1\nA:x86_64\no:x\nD:so:b.so.1 beta\nF:etc\n\nP:beta\nV:2\np:so:b.so.1=1\n"
            return "apk-installed", text.encode(), "lib/apk/db/installed", BESIDE
        case "rpm-sqlite":
            return "rpmdb", make("rpm_sqlite", headers), "var/lib/rpm/rpmdb.sqlite", BESIDE
        case "rpm-wal":
            log = struct.pack(">IIII", 0x377F0682, 3007000, 4096, 0) + b"\1" * 16 + b"\0" * 5000
            beside = {**BESIDE, "var/lib/rpm/rpmdb.sqlite-wal": log}
            return "rpmdb", make("rpm_sqlite", headers), "var/lib/rpm/rpmdb.sqlite", beside
        case "rpm-ndb":
            return "rpmdb", make("rpm_ndb", headers), "var/lib/rpm/Packages.db", BESIDE
        case "rpm-bdb":
            return "rpmdb", make("rpm_bdb", headers, "<", 512 * 8), "var/lib/rpm/Packages", BESIDE
        case "go-elf":
            return "executable", make("elf", {".go.buildinfo": make("go_inline")}), "app", {}
        case "go-pointers":
            section = make("go_pointers", 0x400000 + 128)
            return "executable", make("elf", {".go.buildinfo": section}), "app", {}
        case "go-pe":
            return "executable", make("pe", {".data": make("go_inline")}), "app.exe", {}
        case "go-macho":
            return "executable", make("macho", {"__go_buildinfo": make("go_inline")}), "app", {}
        case "rust-elf":
            return "executable", make("elf", {".text": b"x" * 9, ".dep-v0": CRATES}), "app", {}
        case "jar":
            inner = make("archive", {"META-INF/MANIFEST.MF": b"Implementation-Title: b\n"})
            files = {
                "META-INF/MANIFEST.MF": b"Bundle-SymbolicName: org.example.alpha\n more\n",
                "META-INF/maven/org.example/alpha/pom.properties": b"version=1\ngroupId=\\u0041\n",
                "META-INF/maven/org.example/beta/pom.xml": b"<project><version>2</version></project>",
                "lib/b-1.jar": inner,
            }
            return "java-archive", make("archive", files), "alpha-1.jar", {}
        case _:
            text = "Metadata-Version: 2.1\nName: alpha\nVersion: 1\nRequires-Dist: beta\n"
            return (
                "python-archive",
                make("archive", {"alpha-1.dist-info/METADATA": text.encode()}),
                "alpha-1-py3-none-any.whl",
                {},
            )


def check(reading: Reading) -> None:
    refs = {component.ref for component in reading.components}
    assert len(refs) == len(reading.components)
    assert set(reading.roots) <= refs
    assert set(reading.edges) <= refs
    assert all(set(targets) <= refs for targets in reading.edges.values())
    assert all("\n" not in problem.message for problem in reading.problems)


@pytest.fixture
def attempt(
    reading_of: Read, sample: tuple[str, bytes, str, dict[str, bytes]]
) -> Callable[[bytes], Reading | None]:
    """Read bytes as the sample's: a whole reading, or nothing after a refusal in one line."""
    name, _, path, beside = sample

    def read(data: bytes) -> Reading | None:
        start = time.process_time()
        try:
            reading = reading_of(name, data, path, beside)
        except InputError as error:
            reading, refusal = None, error.message
        else:
            refusal = "none"
            check(reading)
        assert refusal
        assert "\n" not in refusal
        assert time.process_time() - start < SLOW
        return reading

    return read


Attempt = Callable[[bytes], Reading | None]
Sample = tuple[str, bytes, str, dict[str, bytes]]


def test_the_sample_itself_is_read(sample: Sample, attempt: Attempt) -> None:
    reading = attempt(sample[1])
    assert reading is not None
    assert reading.components


def test_mutated_bytes(sample: Sample, attempt: Attempt) -> None:
    data = sample[1]
    generator = random.Random(sample[0])
    rounds = ROUNDS if len(data) < 20_000 else ROUNDS // 4
    for _ in range(rounds):
        changed = bytearray(data)
        for _ in range(generator.choice((1, 1, 2, 4, 16))):
            at = generator.randrange(len(changed))
            match generator.randrange(5):
                case 0:
                    changed[at] = generator.randrange(256)
                case 1:
                    changed[at : at + 4] = struct.pack(
                        "<I", generator.choice((0, 1, 2**31, 2**32 - 1))
                    )
                case 2:
                    changed[at : at + 2] = generator.choice((b"\xff\xff", b"\0\0", b"\n\n"))
                case 3:
                    del changed[at : at + generator.randrange(1, 40)]
                case _:
                    there = generator.randrange(len(changed))
                    changed[at:at] = changed[there : there + generator.randrange(1, 60)]
            if not changed:
                changed = bytearray(b"\0")
        attempt(bytes(changed))


def test_the_head_and_its_every_byte(sample: Sample, attempt: Attempt) -> None:
    """Sizes, counts and offsets are at the start: each byte takes its extremes."""
    data = sample[1]
    for at in range(min(len(data), 160)):
        for value in (0, 1, 0x7F, 0x80, 0xFF):
            attempt(data[:at] + bytes([value]) + data[at + 1 :])


def test_every_length(sample: Sample, attempt: Attempt) -> None:
    data = sample[1]
    for end in range(0, len(data), max(1, len(data) // 150)):
        attempt(data[:end])


def test_foreign_bytes(sample: Sample, attempt: Attempt) -> None:
    generator = random.Random(1)
    for head in (b"", sample[1][:16], b"PK\x03\x04", b"\x7fELF\2\1\1", b"SQLite format 3\0"):
        for _ in range(10):
            reading = attempt(head + generator.randbytes(2000))
            assert reading is None or all(p.trouble is not Trouble.NOTICE for p in reading.problems)


def _page_one(root: int, size: int = 512) -> bytes:
    """First page of a SQLite database with table Packages at a page."""
    sql = b"CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY,blob BLOB NOT NULL)"
    columns = [b"table", b"Packages", b"Packages", root.to_bytes(1, "big"), sql]
    kinds = [13 + 2 * len(one) for one in columns]
    kinds[3] = 1
    kind_bytes = b"".join(
        bytes([0x80 | kind >> 7, kind & 0x7F]) if kind > 127 else bytes([kind]) for kind in kinds
    )
    record = bytes([len(kind_bytes) + 1]) + kind_bytes + b"".join(columns)
    cell = bytes([0x80 | len(record) >> 7, len(record) & 0x7F, 1]) + record
    head = b"SQLite format 3\0" + struct.pack(">HBBBBBB", size, 1, 1, 0, 64, 32, 32)
    head = head.ljust(56, b"\0") + struct.pack(">I", 1)
    start = size - len(cell)
    page = head.ljust(100, b"\0") + struct.pack(">BHHHB", 13, 0, 1, start, 0)
    page += struct.pack(">H", start)
    return page.ljust(start, b"\0") + cell


def _interior(children: list[int], size: int = 512) -> bytes:
    *cells, last = children
    page = struct.pack(">BHHHBI", 5, 0, len(cells), 0, 0, last)
    body, pointers = b"", b""
    for child in cells:
        body = struct.pack(">IB", child, 1) + body
        pointers += struct.pack(">H", size - len(body))
    return (page + pointers).ljust(size - len(body), b"\0") + body


@pytest.mark.parametrize("children", [[2, 2], [1, 2], [3, 2, 3], [0, 99], [2] * 80])
def test_circles_in_a_btree_end(reading_of: Read, children: list[int]) -> None:
    data = _page_one(2) + _interior(children) + _interior([2, 3, 2])
    with pytest.raises(InputError):
        reading_of("rpmdb", data, "var/lib/rpm/rpmdb.sqlite")


def test_a_deep_btree_ends(reading_of: Read) -> None:
    pages = [_interior([number + 1]) for number in range(2, 100)]
    with pytest.raises(InputError, match="levels"):
        reading_of("rpmdb", _page_one(2) + b"".join(pages), "var/lib/rpm/rpmdb.sqlite")


def test_overflow_pages_in_a_circle_end(reading_of: Read) -> None:
    """A record of a million bytes whose two overflow pages lead to one another."""
    cell = b"\xbd\x84\x40\x01" + b"\x03\x00\x9e" + b"x" * 600
    leaf = struct.pack(">BHHHB", 13, 0, 1, 100, 0) + struct.pack(">H", 100)
    leaf = (leaf.ljust(100, b"\0") + cell)[:508] + b"\0\0\0\3"
    pages = leaf + struct.pack(">I", 4).ljust(512, b"x") + struct.pack(">I", 3).ljust(512, b"x")
    data = _page_one(2) + pages + b"\0" * 1_100_000
    with pytest.raises(InputError):
        reading_of("rpmdb", data, "var/lib/rpm/rpmdb.sqlite")


def test_slots_that_share_a_blob_make_no_more_of_a_file_than_it_is(
    reading_of: Read, rpm_header: Callable[..., bytes]
) -> None:
    header = rpm_header([(1000, "alpha"), (1001, "1"), (1047, ["p" * 9000] * 100)])
    pages = 40
    blob = struct.pack("<4sIII", b"BlbS", 7, 1, len(header)) + header
    blob += b"\0" * (-len(blob) % 16)
    slot = struct.pack("<4sIII", b"Slot", 7, pages * 256, len(blob) // 16)
    data = struct.pack("<4sIIIIIII", b"RpmP", 0, 1, pages, 8, 0, 0, 0)
    data += slot * (pages * 256 - 2) + blob
    start = time.process_time()
    reading = reading_of("rpmdb", data, "var/lib/rpm/Packages.db", BESIDE)
    assert time.process_time() - start < SLOW
    assert len(reading.components) == 1
    assert any("overlap" in p.message for p in reading.problems)


def test_a_database_of_damage_alone_ends(reading_of: Read) -> None:
    leaf = struct.pack(">BHHHB", 13, 0, 250, 0, 0) + b"\xff\xff" * 250
    data = _page_one(2) + _interior(list(range(3, 90))) + leaf.ljust(512, b"\0") * 100
    with pytest.raises(InputError):
        reading_of("rpmdb", data, "var/lib/rpm/rpmdb.sqlite")


def test_pages_that_state_a_thousand_million_of_them(reading_of: Read) -> None:
    head = struct.pack("<8xIIIIBBBxII", 0, 0x061561, 9, 4096, 0, 8, 0, 0, 2**32 - 1)
    with pytest.raises(InputError):
        reading_of("rpmdb", head.ljust(4096 * 4, b"\0"), "var/lib/rpm/Packages")


def test_sections_that_overlap_take_no_time(reading_of: Read, elf: Callable[..., bytes]) -> None:
    """Twenty thousand segments, each of the whole file."""
    body = b"\0" * 1_000_000
    count = 20_000
    head = b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack(
        "<HHIQQQIHHHHHH", 2, 62, 1, 0, 64, 0, 0, 64, 56, count, 64, 0, 0
    )
    size = 64 + 56 * count + len(body)
    rows = struct.pack("<IIQQQQQQ", 1, 6, 0, 0, 0, size, size, 16) * count
    start = time.process_time()
    with pytest.raises(InputError):
        reading_of("executable", head + rows + body, "app")
    assert time.process_time() - start < SLOW


def test_values_of_many_lines_take_time_in_proportion(
    reading_of: Read, archive: Callable[..., bytes]
) -> None:
    lines = "\n".join([" " + "x" * 100] * 100_000)
    status = f"Package: alpha\nVersion: 1\nDepends: a\n{lines}\n"
    manifest = f"Bundle-Name: alpha\n{lines}\n"
    name = "-1" * 30_000 + "!.jar"
    start = time.process_time()
    assert reading_of("dpkg-status", status.encode(), "var/lib/dpkg/status", BESIDE).components
    data = archive({"META-INF/MANIFEST.MF": manifest.encode()}, 0)
    reading_of("java-archive", data, "alpha-1.jar")
    reading_of("java-archive", archive({name: data}), "alpha-1.jar")
    assert time.process_time() - start < 2 * SLOW
