"""Small databases, binaries and archives, made here byte by byte."""

from __future__ import annotations

import io
import sqlite3
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence

import pytest

from pratique.formats.base import Tree
from pratique.formats.registry import read_function, readers
from pratique.model.inventory import Reading

DEBIAN = b'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n'
ALPINE = b'ID=alpine\nVERSION_ID=3.18.4\nPRETTY_NAME="Alpine Linux v3.18"\n'
ALMA = b'ID="almalinux"\nVERSION_ID="9.3"\nPRETTY_NAME="AlmaLinux 9.3"\n'


def _header(entries: Sequence[tuple[int, object]]) -> bytes:
    """An rpm header: strings, lists of strings and 32-bit numbers."""
    index, store = b"", b""
    for tag, value in entries:
        if isinstance(value, int):
            store += b"\0" * (-len(store) % 4)
            index += struct.pack(">IIII", tag, 4, len(store), 1)
            store += struct.pack(">I", value)
        elif isinstance(value, str):
            index += struct.pack(">IIII", tag, 6, len(store), 1)
            store += value.encode() + b"\0"
        else:
            texts = list(value)  # type: ignore[call-overload]
            index += struct.pack(">IIII", tag, 8, len(store), len(texts))
            store += b"".join(text.encode() + b"\0" for text in texts)
    return struct.pack(">II", len(index) // 16, len(store)) + index + store


def _package(name: str, version: str, **more: object) -> bytes:
    tags = {"epoch": 1003, "license": 1014, "sourcerpm": 1044, "provides": 1047, "requires": 1049}
    entries = [(1000, name), (1001, version), (1002, "3.el9"), (1022, "x86_64")]
    entries += [(tags[key], value) for key, value in more.items()]
    return _header(entries)


@pytest.fixture
def rpm_headers() -> list[bytes]:
    """Three packages and a key; the second needs several pages."""
    return [
        _package("gpg-pubkey", "8483c65d"),
        _package(
            "alpha",
            "1.2",
            epoch=2,
            license="MIT AND GPL-2.0-or-later",
            sourcerpm="alpha-src-1.2-3.el9.src.rpm",
            provides=["alpha", "libalpha.so.1()(64bit)"],
            requires=["rpmlib(CompressedFileNames)", "/bin/sh", "beta(x86-64)"],
        ),
        _package("beta", "0.9", provides=["beta", "beta(x86-64)"] + ["filler" * 9] * 400),
        _package("gamma", "7", requires=["libalpha.so.1()(64bit)", "gamma"]),
    ]


@pytest.fixture
def rpm_header() -> Callable[[Sequence[tuple[int, object]]], bytes]:
    """A header of any entries."""
    return _header


@pytest.fixture
def rpm_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Iterable[bytes]], bytes]:
    """A database as rpm makes it, by the standard library's SQLite."""

    def make(headers: Iterable[bytes]) -> bytes:
        path = tmp_path_factory.mktemp("rpm") / "rpmdb.sqlite"
        connection = sqlite3.connect(path)
        connection.execute("CREATE TABLE Name (key TEXT NOT NULL, hnum INTEGER NOT NULL)")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS 'Packages' "
            "(hnum INTEGER PRIMARY KEY AUTOINCREMENT,blob BLOB NOT NULL)"
        )
        connection.executemany(
            "INSERT INTO Packages (blob) VALUES (?)", [(header,) for header in headers]
        )
        connection.commit()
        connection.close()
        return path.read_bytes()

    return make


@pytest.fixture
def rpm_ndb() -> Callable[[Sequence[bytes]], bytes]:
    """A database of rpm's own kind."""

    def make(headers: Sequence[bytes]) -> bytes:
        data = bytearray(struct.pack("<4sIIIIIII", b"RpmP", 0, 1, 1, len(headers) + 1, 0, 0, 0))
        data += struct.pack("<4sIII", b"Slot", 0, 0, 0) * 254
        for number, header in enumerate(headers, 1):
            body = struct.pack("<4sIII", b"BlbS", number, 1, len(header)) + header
            body += b"\0" * (-(len(body) + 12) % 16)
            body += struct.pack("<II4s", zlib.adler32(body), len(header), b"BlbE")
            struct.pack_into(
                "<4sIII", data, 16 + 16 * number, b"Slot", number, len(data) // 16, len(body) // 16
            )
            data += body
        return bytes(data)

    return make


@pytest.fixture
def rpm_bdb() -> Callable[..., bytes]:
    """A Berkeley DB hash table: one page of pairs, all larger values on overflow pages."""

    def make(headers: Sequence[bytes], order: str = "<", size: int = 4096) -> bytes:
        pages: list[bytes] = []

        def page(number: int, following: int, count: int, free: int, kind: int) -> bytes:
            return struct.pack(
                f"{order}8xIIIHHBB", number, 0, following, count, free, 1 if kind == 7 else 0, kind
            )

        values = []
        for header in headers:
            room = size - 26
            if len(header) < size // 4:
                values.append(b"\x01" + header)
                continue
            first = 2 + len(pages)
            pieces = [header[at : at + room] for at in range(0, len(header), room)]
            for index, piece in enumerate(pieces):
                following = first + index + 1 if index + 1 < len(pieces) else 0
                head = page(first + index, following, 1, len(piece), 7)
                pages.append((head + piece).ljust(size, b"\0"))
            values.append(struct.pack(f"{order}B3xII", 3, first, len(header)))
        items = [b"\x01\0\0\0\0", b"\x01\x04\0\0\0"]
        for number, value in enumerate(values, 1):
            items += [b"\x01" + struct.pack(f"{order}I", number), value]
        body, offsets = b"", []
        for item in items:
            body = item + body
            offsets.append(size - len(body))
        table = page(1, 0, len(items), offsets[-1], 13)
        table += struct.pack(f"{order}{len(offsets)}H", *offsets)
        table = table.ljust(size - len(body), b"\0") + body
        meta = struct.pack(f"{order}8xIIIIBBBxII", 0, 0x061561, 9, size, 0, 8, 0, 0, 1 + len(pages))
        return meta.ljust(size, b"\0") + table + b"".join(pages)

    return make


def _elf(
    sections: Mapping[str, bytes], *, wide: bool = True, big: bool = False, base: int = 0x400000
) -> bytes:
    """An ELF file with the sections, all in one writable segment at an address."""
    order = ">" if big else "<"
    head, phsize, shsize = (64, 56, 64) if wide else (52, 32, 40)
    names, body, rows = b"\0", b"", []
    start = head + phsize + (-(head + phsize) % 16)
    for name, data in sections.items():
        body += b"\0" * (-len(body) % 16)
        rows.append((len(names), 1, 3, base + start + len(body), start + len(body), len(data)))
        names += name.encode() + b"\0"
        body += data
    rows.append((0, 3, 0, 0, start + len(body), len(names)))
    end = start + len(body) + len(names)
    word = "Q" if wide else "I"
    ident = b"\x7fELF" + bytes([2 if wide else 1, 2 if big else 1, 1]) + b"\0" * 9
    out = ident + struct.pack(
        f"{order}HHI{word}{word}{word}IHHHHHH",
        *(2, 62, 1, base, head, end, 0, head, phsize, 1, shsize, len(rows) + 1, len(rows)),
    )
    span = len(body)
    if wide:
        out += struct.pack(f"{order}IIQQQQQQ", 1, 6, start, base + start, 0, span, span, 16)
    else:
        out += struct.pack(f"{order}8I", 1, start, base + start, 0, span, span, 6, 16)
    out = out.ljust(start, b"\0") + body + names + b"\0" * shsize
    for name, kind, flags, address, offset, size in rows:
        form = f"{order}IIQQQQIIQQ" if wide else f"{order}10I"
        out += struct.pack(form, name, kind, flags, address, offset, size, 0, 0, 1, 0)
    return out


@pytest.fixture
def elf() -> Callable[..., bytes]:
    """``elf({".section": b"…"}, wide=True, big=False)``."""
    return _elf


@pytest.fixture
def pe() -> Callable[[Mapping[str, bytes]], bytes]:
    """A PE32+ file with writable sections."""

    def make(sections: Mapping[str, bytes]) -> bytes:
        head = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x40)
        optional = b"\x0b\x02".ljust(24, b"\0") + struct.pack("<Q", 0x140000000)
        optional = optional.ljust(240, b"\0")
        coff = struct.pack("<HHIIIHH", 0x8664, len(sections), 0, 0, 0, len(optional), 0x22)
        table, body = b"", b""
        start = 0x400
        for index, (name, data) in enumerate(sections.items(), 1):
            block = data.ljust(len(data) + -len(data) % 512, b"\0")
            table += struct.pack(
                "<8sIIIIIIHHI",
                *(name.encode(), len(block), 0x1000 * index, len(block), start + len(body)),
                *(0, 0, 0, 0, 0xC0000040),
            )
            body += block
        return (head + b"PE\0\0" + coff + optional + table).ljust(start, b"\0") + body

    return make


@pytest.fixture
def macho() -> Callable[[Mapping[str, bytes]], bytes]:
    """A 64-bit Mach-O file with sections of one data segment."""

    def make(sections: Mapping[str, bytes]) -> bytes:
        size = 72 + 80 * len(sections)
        start = 32 + size + (-(32 + size) % 16)
        rows, body = b"", b""
        for name, data in sections.items():
            body += b"\0" * (-len(body) % 16)
            rows += struct.pack(
                "<16s16sQQIIIIIIII",
                *(name.encode(), b"__DATA", 0x100000000 + len(body), len(data), start + len(body)),
                *(4, 0, 0, 0, 0, 0, 0),
            )
            body += data
        segment = struct.pack(
            "<II16sQQQQIIII",
            *(0x19, size, b"__DATA", 0x100000000, len(body), start, len(body), 3, 3),
            *(len(sections), 0),
        )
        head = struct.pack("<IIIIIIII", 0xFEEDFACF, 0x100000C, 0, 2, 1, size, 0, 0)
        return (head + segment + rows).ljust(start, b"\0") + body

    return make


MODULES = (
    "path\texample.test/app/cmd\n"
    "mod\texample.test/app\t(devel)\t\n"
    "dep\texample.test/alpha\tv1.2.0\th1:AAAA=\n"
    "dep\texample.test/beta\tv0.1.0\n"
    "=>\texample.test/fork\tv0.2.0\th1:BBBB=\n"
    "dep\texample.test/gamma/v2\tv2.0.1-0.20240102030405-0123456789ab\th1:CCCC=\n"
    "build\tvcs=git\n"
    f"build\tvcs.revision={'0123456789' * 4}\n"
    "build\tvcs.time=2024-05-06T07:08:09Z\n"
    "build\tvcs.modified=true\n"
)


def _varint(number: int) -> bytes:
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


@pytest.fixture
def go_inline() -> Callable[..., bytes]:
    """Build info as Go 1.18 and later write it."""

    def make(modules: str = MODULES, version: str = "go1.22.1") -> bytes:
        text = b"\x30" * 16 + modules.encode() + b"\xf9" * 16 if modules else b""
        head = b"\xff Go buildinf:" + bytes([8, 2]) + b"\0" * 16
        return head + b"".join(_varint(len(one)) + one for one in (version.encode(), text))

    return make


@pytest.fixture
def go_pointers() -> Callable[..., bytes]:
    """Build info as Go 1.13 to 1.17 write it, for a section at an address."""

    def make(address: int, size: int = 8, *, big: bool = False) -> bytes:
        order, word = (">" if big else "<"), ("Q" if size == 8 else "I")
        version = b"go1.16.5"
        text = b"\x30" * 16 + MODULES.encode() + b"\xf9" * 16
        headers = address + 32
        strings = headers + 4 * size
        head = b"\xff Go buildinf:" + bytes([size, int(big)])
        head = (head + struct.pack(f"{order}2{word}", headers, headers + 2 * size)).ljust(32, b"\0")
        rows = struct.pack(
            f"{order}4{word}", strings, len(version), strings + len(version), len(text)
        )
        return head + rows + version + text

    return make


@pytest.fixture
def archive() -> Callable[[Mapping[str, bytes]], bytes]:
    """A ZIP file with the members."""

    def make(members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", method) as file:
            for name, data in members.items():
                file.writestr(name, data)
        return out.getvalue()

    return make


@pytest.fixture
def reading_of(memory_tree: Callable[[Mapping[str, bytes]], Tree]) -> Callable[..., Reading]:
    """Read bytes by a reader's name: ``reading_of("rpmdb", data, path, {"etc/os-release": …})``."""

    def read(
        name: str, data: bytes, path: str, beside: Mapping[str, bytes] | None = None
    ) -> Reading:
        reader = next(one for one in readers() if one.name == name)
        return read_function(reader)(data, path, memory_tree(beside or {}))

    return read
