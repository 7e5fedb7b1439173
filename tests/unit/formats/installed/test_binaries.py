"""Executables that say what they were built from, in three formats and two eras of Go."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable

import pytest

from pratique.formats.installed.binaries.read import carries_list, is_executable
from pratique.formats.installed.binaries.rust import MAX_LIST
from pratique.formats.registry import detect
from pratique.model.errors import InputError, LimitError, UnsupportedError
from pratique.model.inventory import Reading, Relation, Scope, Trouble

Read = Callable[..., Reading]

GO = [
    "pkg:golang/example.test/alpha@v1.2.0",
    "pkg:golang/example.test/app@v0.0.0-20240506070809-012345678901",
    "pkg:golang/example.test/fork@v0.2.0",
    "pkg:golang/example.test/gamma/v2@v2.0.1-0.20240102030405-0123456789ab",
]

CRATES = {
    "packages": [
        {
            "name": "alpha",
            "version": "1.0.0",
            "source": "local",
            "root": True,
            "dependencies": [1, 2],
        },
        {"name": "beta", "version": "0.2.0", "source": "crates.io", "dependencies": [2]},
        {"name": "gamma", "version": "0.3.0", "source": "git", "kind": "build"},
    ]
}


def crates(value: object = CRATES) -> bytes:
    return zlib.compress(json.dumps(value).encode())


def purls(reading: Reading) -> list[str]:
    return sorted(str(part.package) for part in reading.components)


@pytest.mark.parametrize("container", ["elf", "pe", "macho"])
def test_go_since_1_18(
    reading_of: Read,
    go_inline: Callable[..., bytes],
    request: pytest.FixtureRequest,
    container: str,
) -> None:
    section = {"elf": ".go.buildinfo", "pe": ".data", "macho": "__go_buildinfo"}[container]
    data = request.getfixturevalue(container)({section: go_inline()})
    reading = reading_of("executable", data, "bin/app")
    assert purls(reading) == [*GO, "pkg:golang/stdlib@1.22.1"]
    assert str(reading.subject) == GO[1]
    assert reading.format == "Go build info"
    (main,) = (part for part in reading.components if part.relation is Relation.DIRECT)
    assert len(reading.edges[main.ref]) == 4
    assert {part.ecosystem for part in reading.components} == {"Go"}
    assert [p.message for p in reading.problems] == [
        "example.test/app was built with uncommitted changes"
    ]


@pytest.mark.parametrize(
    ("wide", "big"), [(True, False), (True, True), (False, False), (False, True)]
)
def test_go_before_1_18_in_either_byte_order_and_width(
    reading_of: Read,
    go_pointers: Callable[..., bytes],
    elf: Callable[..., bytes],
    wide: bool,
    big: bool,
) -> None:
    address = 0x400000 + (128 if wide else 96)
    data = elf(
        {".go.buildinfo": go_pointers(address, 8 if wide else 4, big=big)}, wide=wide, big=big
    )
    reading = reading_of("executable", data, "bin/app")
    assert purls(reading) == [*GO, "pkg:golang/stdlib@1.16.5"]


def test_go_without_a_section_is_found_in_writable_data_only(
    reading_of: Read, go_inline: Callable[..., bytes], elf: Callable[..., bytes]
) -> None:
    reading = reading_of("executable", elf({".data": b"\0" * 48 + go_inline()}), "app")
    assert len(reading.components) == 5
    with pytest.raises(UnsupportedError):
        reading_of("executable", elf({".data": b"\0" * 8 + go_inline()}), "app")


def test_go_what_is_not_told_is_unknown(
    reading_of: Read, go_inline: Callable[..., bytes], elf: Callable[..., bytes]
) -> None:
    modules = (
        "mod\texample.test/app\t(devel)\ndep\texample.test/a\tv1.0.0\n=>\t./local\t(devel)\t\n"
    )
    data = elf({".go.buildinfo": go_inline(modules, "devel go1.23-abcdef")})
    reading = reading_of("executable", data, "app")
    assert purls(reading) == ["pkg:golang/example.test/a", "pkg:golang/example.test/app"]
    unknown = [p.message for p in reading.problems if p.trouble is Trouble.UNKNOWN]
    assert len(unknown) == 2


def test_go_outside_of_a_module_still_has_its_standard_library(
    reading_of: Read, go_inline: Callable[..., bytes], elf: Callable[..., bytes]
) -> None:
    data = elf({".go.buildinfo": go_inline("", "go1.21.0 X:boringcrypto")})
    reading = reading_of("executable", data, "app")
    assert purls(reading) == ["pkg:golang/stdlib@1.21.0"]
    assert [p.trouble for p in reading.problems] == [Trouble.UNKNOWN]
    own = elf({".go.buildinfo": go_inline("path\tcmd/go\nbuild\tx=y\n")})
    assert reading_of("executable", own, "go").problems == ()
    vendored = elf({".go.buildinfo": go_inline("path\texample.test/app\nbuild\tx=y\n")})
    reading = reading_of("executable", vendored, "app")
    assert purls(reading) == ["pkg:golang/example.test/app", "pkg:golang/stdlib@1.22.1"]
    assert [p.trouble for p in reading.problems] == [Trouble.UNKNOWN]


@pytest.mark.parametrize("container", ["elf", "pe", "macho"])
def test_crates_of_an_auditable_binary(
    reading_of: Read, request: pytest.FixtureRequest, container: str
) -> None:
    data = request.getfixturevalue(container)({".text": b"x" * 20, ".dep-v0": crates()})
    reading = reading_of("executable", data, "bin/app")
    assert purls(reading) == [
        "pkg:cargo/alpha@1.0.0",
        "pkg:cargo/beta@0.2.0",
        "pkg:cargo/gamma@0.3.0",
    ]
    assert reading.edges == {
        "alpha@1.0.0": ("beta@0.2.0", "gamma@0.3.0"),
        "beta@0.2.0": ("gamma@0.3.0",),
        "gamma@0.3.0": (),
    }
    scopes = {part.package.name: part.scope for part in reading.components}
    assert scopes == {"alpha": Scope.RUNTIME, "beta": Scope.RUNTIME, "gamma": Scope.BUILD}
    assert str(reading.subject) == "pkg:cargo/alpha@1.0.0"


def test_bad_crates_cost_themselves(reading_of: Read, elf: Callable[..., bytes]) -> None:
    value = {
        "packages": [
            None,
            {"name": "", "version": "1"},
            {
                "name": "beta",
                "version": "1",
                "source": "crates.io",
                "dependencies": [7, -1, "x", 0],
            },
            {"name": "gamma", "version": 3, "source": "crates.io", "dependencies": "no"},
        ]
    }
    reading = reading_of("executable", elf({".dep-v0": crates(value)}), "app")
    assert purls(reading) == ["pkg:cargo/beta@1", "pkg:cargo/gamma"]
    assert sum(p.trouble is Trouble.UNREADABLE for p in reading.problems) >= 6


def test_a_list_that_unpacks_to_too_much_is_refused(
    reading_of: Read, elf: Callable[..., bytes]
) -> None:
    data = elf({".dep-v0": zlib.compress(b" " * (MAX_LIST + 1), 9)})
    with pytest.raises(LimitError, match="over"):
        reading_of("executable", data, "app")


@pytest.mark.parametrize("packed", [b"no zlib", crates()[:-9], crates([]), crates({"packages": 1})])
def test_a_damaged_list_is_refused(
    reading_of: Read, elf: Callable[..., bytes], packed: bytes
) -> None:
    with pytest.raises(InputError):
        reading_of("executable", elf({".dep-v0": packed}), "app")


def test_both_lists_in_one_program(
    reading_of: Read, go_inline: Callable[..., bytes], elf: Callable[..., bytes]
) -> None:
    data = elf({".go.buildinfo": go_inline(), ".dep-v0": crates()})
    reading = reading_of("executable", data, "app")
    assert len(reading.components) == 8
    assert reading.format == "Go build info and cargo-auditable"
    spoiled = reading_of("executable", elf({".go.buildinfo": go_inline(), ".dep-v0": b"x"}), "app")
    assert len(spoiled.components) == 5
    assert any(p.trouble is Trouble.UNREADABLE for p in spoiled.problems)


def test_each_architecture_of_a_universal_binary(
    reading_of: Read, go_inline: Callable[..., bytes], macho: Callable[..., bytes]
) -> None:
    one = macho({"__go_buildinfo": go_inline(version="go1.22.1")})
    two = macho({"__go_buildinfo": go_inline(version="go1.20.2")})
    head = struct.pack(">II", 0xCAFEBABE, 2)
    start = 64
    for index, slice_ in enumerate((one, two)):
        offset = start + index * len(one)
        head += struct.pack(">IIIII", 0x1000007 + index, 3, offset, len(slice_), 4)
    data = head.ljust(start, b"\0") + one + two
    found = purls(reading_of("executable", data, "app"))
    assert [one for one in found if "stdlib" in one] == [
        "pkg:golang/stdlib@1.20.2",
        "pkg:golang/stdlib@1.22.1",
    ]


def test_what_begins_like_an_executable_is_found_by_content(elf: Callable[..., bytes]) -> None:
    found = detect("bin/app", elf({".text": b"x"}))
    assert found is not None
    assert found.name == "executable"
    assert not is_executable(b"\xca\xfe\xba\xbe\0\0\0\x34")  # a Java class


def test_the_quick_look_agrees_with_the_reading(
    go_inline: Callable[..., bytes], elf: Callable[..., bytes]
) -> None:
    assert carries_list(elf({".go.buildinfo": go_inline()}))
    assert carries_list(elf({".dep-v0": crates()}))
    assert not carries_list(elf({".text": b"\xff Go buildinf: .dep-v0"}))
    assert not carries_list(b"#!/bin/sh\n")
