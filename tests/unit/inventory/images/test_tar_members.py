"""The members of tar archives of each dialect, and of damaged ones."""

from __future__ import annotations

import io
import random
import tarfile
from collections.abc import Callable

import pytest

from pratique.inventory.images.tar import MAX_EXTENSION, Count, Kind, is_tar, members
from pratique.model.errors import InputError, LimitError

Make = Callable[..., bytes]
LONG = "very/" * 40 + "long-name-" * 12


@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_names_links_and_content_of_each_dialect(tar: Make, format: int) -> None:
    entries = [("a/", b""), ("a/f", b"x" * 700), ("a/s", "../a/f"), ("a/h", "=a/f")]
    if format != tarfile.USTAR_FORMAT:
        entries += [(LONG, b"long"), ("l", LONG), ("naïve-ü", b"u")]
    else:
        entries += [("p/" * 60 + "name", b"long")]
    data = tar(entries, format)
    found = list(members(io.BytesIO(data), len(data), Count()))
    kinds = [Kind.FOLDER, Kind.FILE, Kind.SYMLINK, Kind.HARDLINK]
    assert [one.kind for one in found][:4] == kinds
    assert [one.path.rstrip("/") for one in found] == [name.rstrip("/") for name, _ in entries]
    for one, (_, content) in zip(found, entries, strict=True):
        if one.kind is Kind.FILE:
            assert data[one.offset : one.offset + one.size] == content
        elif isinstance(content, str):
            assert one.target == content.removeprefix("=")
    assert is_tar(data)


def test_sizes_in_base_256_and_in_extended_headers(tar: Make) -> None:
    data = bytearray(tar([("a", b"x" * 100)], tarfile.GNU_FORMAT))
    data[124:136] = b"\x80" + (100).to_bytes(11, "big")
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data[:512])
    (found,) = members(io.BytesIO(data), len(data), Count())
    assert (found.size, found.offset) == (100, 512)


def test_members_that_state_more_than_there_is(tar: Make) -> None:
    data = tar([("a", b"x"), ("b", b"y" * 5000)])[:4000]
    found = members(io.BytesIO(data), len(data), Count())
    assert next(found).path == "a"
    with pytest.raises(InputError, match="ends inside"):
        next(found)


def test_extended_headers_have_a_limit() -> None:
    member = tarfile.TarInfo("x")
    member.type, member.size = tarfile.XHDTYPE, MAX_EXTENSION + 1
    data = member.tobuf(tarfile.USTAR_FORMAT) + b"\0" * (MAX_EXTENSION + 2048)
    with pytest.raises(LimitError, match="extended header"):
        list(members(io.BytesIO(data), len(data), Count()))


def test_damaged_archives_are_refused_or_read_in_part(tar: Make) -> None:
    data = tar([("a/", b""), (LONG, b"x" * 600), ("l", LONG), ("h", "=a/f")])
    generator = random.Random(7)
    for _ in range(3000):
        changed = bytearray(data)
        for _ in range(generator.randint(1, 4)):
            changed[generator.randrange(len(changed))] = generator.randrange(256)
        if generator.random() < 0.3:
            del changed[generator.randrange(len(changed)) :]
        refusal = ""
        try:
            found = list(members(io.BytesIO(changed), len(changed), Count(100)))
        except InputError as error:
            found, refusal = [], error.message
        assert all(one.offset + one.size <= len(changed) for one in found)
        assert "\n" not in refusal
