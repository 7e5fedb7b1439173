"""Sections and segments of ELF, PE and Mach-O files, as far as build information needs them.

Sources: System V ABI ("Object Files", ELF-64 draft 2), Microsoft PE/COFF
specification (section headers), Apple's ``mach-o/loader.h`` and ``fat.h``.
Everything is cut to the bytes that are there; nothing is ever followed twice.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import msgspec

from pratique.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_SECTIONS = 65_536
"""Sections, segments or load commands of one file that are looked at; ELF's own
limit without the extension that nobody needs for executables."""

MAX_SLICES = 16
"""Architectures in one Mach-O universal binary; two are usual."""

ELF = b"\x7fELF"
PE = b"MZ"
_MACHO = {
    b"\xcf\xfa\xed\xfe": ("<", 64),
    b"\xce\xfa\xed\xfe": ("<", 32),
    b"\xfe\xed\xfa\xcf": (">", 64),
    b"\xfe\xed\xfa\xce": (">", 32),
}
_FAT = b"\xca\xfe\xba\xbe"


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A section or a segment."""

    name: str
    """Empty for an ELF segment."""

    address: int
    """Where it is in memory."""

    offset: int
    """Where it is in the file."""

    size: int
    """In the file."""

    writable: bool = False


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """One executable."""

    format: str
    """``ELF``, ``PE`` or ``Mach-O``."""

    data: bytes
    parts: tuple[Part, ...]

    def named(self, *names: str) -> Iterator[bytes]:
        """Bytes of the sections that have one of the names."""
        for part in self.parts:
            if part.name in names:
                yield self.data[part.offset : part.offset + part.size]

    def at(self, address: int, length: int) -> bytes:
        """Bytes at an address in memory; fewer than asked, or none, where the file has no more."""
        for part in self.parts:
            if part.address <= address < part.address + part.size:
                start = part.offset + address - part.address
                return self.data[start : min(start + length, part.offset + part.size)]
        return b""


def is_executable(head: bytes) -> bool:
    """Whether a file begins as an executable of one of the formats does."""
    if head[:4] == _FAT:
        # Java's classes begin alike; their next four bytes are a version of at least 45.
        return len(head) >= 8 and 0 < int.from_bytes(head[4:8], "big") <= MAX_SLICES
    return head[:4] == ELF or head[:4] in _MACHO or (head[:2] == PE and len(head) >= 64)


def images(data: bytes) -> list[Image]:
    """The executables in a file: one, or one for each architecture of a universal binary.

    Raises:
        InputError: It is none of the formats, or its head does not hold together.
    """
    try:
        return _images(data)
    except (struct.error, OverflowError, IndexError):
        raise InputError("is an executable whose head leads outside of it") from None


def _images(data: bytes) -> list[Image]:
    if not is_executable(data[:64]):
        raise InputError("is no executable: neither ELF, nor PE, nor Mach-O")
    if data[:4] == ELF:
        return [Image(format="ELF", data=data, parts=tuple(_elf(data)))]
    if data[:4] in _MACHO:
        return [Image(format="Mach-O", data=data, parts=tuple(_macho(data)))]
    if data[:4] == _FAT:
        found, room = [], len(data)
        for index in range(int.from_bytes(data[4:8], "big")):
            offset, size = struct.unpack_from(">II", data, 8 + index * 20 + 8)
            room -= size
            if room < 0:
                raise InputError("has Mach-O slices that overlap or run over its end")
            slice_ = data[offset : offset + size]
            if slice_[:4] in _MACHO:
                found.append(Image(format="Mach-O", data=slice_, parts=tuple(_macho(slice_))))
        return found
    return [Image(format="PE", data=data, parts=tuple(_pe(data)))]


def _elf(data: bytes) -> Iterator[Part]:
    """Loaded segments, then sections."""
    wide, order = data[4] == 2, "<" if data[5] == 1 else ">"
    if wide:
        phoff, shoff = struct.unpack_from(f"{order}QQ", data, 32)
        phsize, phnum, shsize, shnum, strings = struct.unpack_from(f"{order}5H", data, 54)
    else:
        phoff, shoff = struct.unpack_from(f"{order}II", data, 28)
        phsize, phnum, shsize, shnum, strings = struct.unpack_from(f"{order}5H", data, 42)
    sections = list(_elf_sections(data, shoff, shsize, shnum, order, wide))
    names = sections[strings][1] if strings < len(sections) else None
    for word, part in sections:
        if names is None:
            break
        start = names.offset + word
        stop = data.find(b"\0", start, min(names.offset + names.size, start + 256))
        name = data[start:stop].decode("ascii", "replace") if stop >= 0 else ""
        yield msgspec.structs.replace(part, name=name)
    for index in range(phnum):
        at = phoff + index * phsize
        if wide:
            kind, flags, offset, address, _, size = struct.unpack_from(f"{order}IIQQQQ", data, at)
        else:
            kind, offset, address, _, size, _, flags = struct.unpack_from(f"{order}7I", data, at)
        if kind == 1:
            yield Part(name="", address=address, offset=offset, size=size, writable=bool(flags & 2))


def _elf_sections(
    data: bytes, at: int, step: int, count: int, order: str, wide: bool
) -> Iterator[tuple[int, Part]]:
    """Each section with the place of its name; one without bytes in the file is empty."""
    form = f"{order}IIQQQQ" if wide else f"{order}6I"
    if at + count * step > len(data):
        return
    for index in range(min(count, MAX_SECTIONS)):
        name, kind, flags, address, offset, size = struct.unpack_from(form, data, at + index * step)
        size = 0 if kind == 8 else size
        yield (
            name,
            Part(name="", address=address, offset=offset, size=size, writable=bool(flags & 1)),
        )


def _pe(data: bytes) -> Iterator[Part]:
    (head,) = struct.unpack_from("<I", data, 0x3C)
    if data[head : head + 4] != b"PE\0\0":
        raise InputError("is a DOS program, which carries no build information")
    count, optional = struct.unpack_from("<H", data, head + 6)[0], data[head + 24 : head + 64]
    (optional_size,) = struct.unpack_from("<H", data, head + 20)
    wide = optional[:2] == b"\x0b\x02"
    base = struct.unpack_from("<Q" if wide else "<I", optional, 24 if wide else 28)[0]
    table = head + 24 + optional_size
    for index in range(count):
        at = table + index * 40
        name = data[at : at + 8].rstrip(b"\0").decode("ascii", "replace")
        virtual, address, size, offset = struct.unpack_from("<4I", data, at + 8)
        (flags,) = struct.unpack_from("<I", data, at + 36)
        yield Part(
            name=name,
            address=base + address,
            offset=offset,
            size=min(size, virtual) if virtual else size,
            writable=bool(flags & 0x80000000),
        )


def _macho(data: bytes) -> Iterator[Part]:
    order, bits = _MACHO[data[:4]]
    (count,) = struct.unpack_from(f"{order}I", data, 16)
    at = 32 if bits == 64 else 28
    seen = 0
    for _ in range(min(count, MAX_SECTIONS)):
        command, size = struct.unpack_from(f"{order}II", data, at)
        if size < 8:
            raise InputError("has a Mach-O load command without a size")
        if command in {0x19, 0x1}:
            (number,) = struct.unpack_from(f"{order}I", data, at + (64 if command == 0x19 else 48))
            first = at + (72 if command == 0x19 else 56)
            for index in range(number):
                seen += 1
                if seen > MAX_SECTIONS:
                    return
                yield _macho_section(data, first, index, order, wide=command == 0x19)
        at += size


def _macho_section(data: bytes, first: int, index: int, order: str, *, wide: bool) -> Part:
    at = first + index * (80 if wide else 68)
    name = data[at : at + 16].rstrip(b"\0").decode("ascii", "replace")
    segment = data[at + 16 : at + 32].rstrip(b"\0")
    if wide:
        address, size, offset = struct.unpack_from(f"{order}QQI", data, at + 32)
    else:
        address, size, offset = struct.unpack_from(f"{order}III", data, at + 32)
    writable = segment.startswith(b"__DATA")
    return Part(name=name, address=address, offset=offset, size=size, writable=writable)
