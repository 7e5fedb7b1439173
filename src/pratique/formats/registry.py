"""Every format that can be read, and which one a document is of.

The tables of the sub-rooms hold no code: a reader's module is imported when a
document of its format is met.
"""

from __future__ import annotations

import re
from fnmatch import translate
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from pratique.formats import compressed
from pratique.formats.base import Kind, LinkFunction, Reader, ReadFunction, SniffFunction

if TYPE_CHECKING:
    from collections.abc import Callable

TABLES = (
    "pratique.formats.sbom",
    "pratique.formats.lockfiles.python",
    "pratique.formats.lockfiles.javascript",
    "pratique.formats.lockfiles.rust",
    "pratique.formats.lockfiles.golang",
    "pratique.formats.lockfiles.jvm",
    "pratique.formats.lockfiles.ruby",
    "pratique.formats.lockfiles.php",
    "pratique.formats.lockfiles.dotnet",
    "pratique.formats.lockfiles.dart",
    "pratique.formats.lockfiles.elixir",
    "pratique.formats.lockfiles.swift",
    "pratique.formats.lockfiles.haskell",
    "pratique.formats.lockfiles.r",
    "pratique.formats.lockfiles.cpp",
    "pratique.formats.lockfiles.julia",
    "pratique.formats.lockfiles.infrastructure",
    "pratique.formats.installed",
    "pratique.formats.installed.managers",
    "pratique.formats.models",
)
"""Modules with a ``READERS`` table, in the order in which they are asked."""

SNIFFED_BYTES = 64 * 1024
"""How much of a document a sniff function is shown."""


def resolve(import_string: str) -> Callable[..., Any]:
    """Import ``package.module:name``, as the tables write it."""
    module, _, name = import_string.partition(":")
    return cast("Callable[..., Any]", getattr(import_module(module), name))


@cache
def readers() -> tuple[Reader, ...]:
    """All readers, in the order in which they are asked."""
    return tuple(reader for table in TABLES for reader in import_module(table).READERS)


def by_name(path: str) -> tuple[Reader, ...]:
    """Readers whose patterns take this path, best first; judges by the name alone.

    A bill of materials may be compressed: ``x.cdx.json.gz`` is named as one.

    Args:
        path: With forward slashes; only its end is looked at.
    """
    found = _named(path)
    if not found and (stem := compressed.stem(path)) != path:
        found = tuple(reader for reader in _named(stem) if reader.kind is Kind.SBOM)
    return found


def opened(path: str, data: bytes) -> tuple[str, bytes]:
    """The name and the bytes that a format is detected by and a reader is given.

    A compressed document is unpacked, unless its name is that of another sort
    than a bill of materials (an archive, a database).  The path that it is
    found under and its digest stay those of the file.

    Args:
        path: Its name, or ``-`` for standard input.
        data: Its bytes.

    Raises:
        InputError: It is compressed and damaged.
        LimitError: It unpacks to more than the limits of :mod:`.compressed`.
    """
    if not compressed.method(data):
        return path, data
    if any(reader.kind is not Kind.SBOM for reader in _named(path)):
        return path, data
    return compressed.stem(path), compressed.decompress(data, path)


def _named(path: str) -> tuple[Reader, ...]:
    exact, patterns = _matchers()
    base, rooted = path.rpartition("/")[2], "/" + path
    heads, tails, folders = _ends()
    lower = base.lower()
    if not (
        lower.endswith(tails)
        or lower.startswith(heads)
        or any(folder in rooted for folder in folders)
    ):
        return exact.get(base, ())
    matched = [
        (whole, reader)
        for expression, whole, reader in patterns
        if expression.match(rooted if whole else base)
    ]
    # A pattern that names folders says more than a name, and a name more than a glob.
    found = [reader for whole, reader in matched if whole]
    found.extend(exact.get(base, ()))
    found.extend(reader for whole, reader in matched if not whole)
    return tuple(dict.fromkeys(found))


def detect(path: str, data: bytes) -> Reader | None:
    """The reader for a document, by its name and, where that decides nothing, its content.

    Args:
        path: Its name, or ``-`` for standard input.
        data: Its bytes; only the first 64 KiB are looked at.
    """
    named = by_name(path)
    head = data[:SNIFFED_BYTES]
    if len(named) == 1 and not named[0].sniff:
        return named[0]
    for reader in named:
        if not reader.sniff or sniff_function(reader)(head):
            return reader
    for reader in readers():
        if reader.sniff and reader not in named and sniff_function(reader)(head):
            return reader
    return named[0] if named else None


def read_function(reader: Reader) -> ReadFunction:
    """The code that reads a format."""
    return cast("ReadFunction", resolve(reader.read))


def sniff_function(reader: Reader) -> SniffFunction:
    """The code that recognises a format that has one."""
    return cast("SniffFunction", resolve(reader.sniff))


def link_function(reader: Reader) -> LinkFunction:
    """The code that connects the documents of a format that has it."""
    return cast("LinkFunction", resolve(reader.link))


def is_installed(reader: Reader) -> bool:
    """Whether its documents describe what is installed rather than what is wanted."""
    return reader.kind is Kind.INSTALLED


@cache
def _matchers() -> tuple[
    dict[str, tuple[Reader, ...]], tuple[tuple[re.Pattern[str], bool, Reader], ...]
]:
    exact: dict[str, tuple[Reader, ...]] = {}
    patterns: list[tuple[re.Pattern[str], bool, Reader]] = []
    for reader in readers():
        for pattern in reader.files:
            whole = "/" in pattern
            if whole or any(mark in pattern for mark in "*?["):
                text = translate("*/" + pattern if whole else pattern)
                patterns.append((re.compile(text), whole, reader))
            else:
                exact[pattern] = (*exact.get(pattern, ()), reader)
    return exact, tuple(patterns)


@cache
def _ends() -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Beginnings and ends of base names, in lower case, and folders: a match has one of them.

    Almost no file of a tree has any, and asking is a hundred times cheaper
    than asking every pattern.
    """
    heads: set[str] = set()
    tails: set[str] = set()
    folders: set[str] = set()
    for reader in readers():
        for pattern in reader.files:
            folder, _, base = pattern.rpartition("/")
            plain = re.sub(r"\[(\w)\w\]", r"\1", base).lower()  # [jJ] is either case of j
            literal = re.split(r"[*?]|\[[^\]]*\]", plain)
            if literal[-1]:
                tails.add(literal[-1])
            elif literal[0]:
                heads.add(literal[0])
            else:
                folders.add(f"/{re.split(r'[*?]|/', folder)[-1]}/")
    return tuple(sorted(heads)), tuple(sorted(tails)), tuple(sorted(folders))
