"""The nouns as the record keys them: a kind, and one canonical text of that kind.

A package is four nouns, each the parent of the next, so that every level can be
spoken of (GUAC's ontology): ``pkg:npm``, ``pkg:npm/%40babel``,
``pkg:npm/%40babel/core``, ``pkg:npm/%40babel/core@7.1.0``.
"""

from __future__ import annotations

from enum import IntEnum
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from pratique.model.purl import Package

if TYPE_CHECKING:
    from pratique.model.nouns import Artifact, Builder, License, Source


CACHE = 65_536
"""Keys and parents of nouns that are remembered, some 30 MB: each is asked for several times."""


NO_VULNERABILITY = "novuln"
"""What a scan that found nothing names in a vulnerability's place (GUAC's ontology)."""


class NounKind(IntEnum):
    """Kinds of nouns; the numbers are stored."""

    PACKAGE_TYPE = 1
    PACKAGE_NAMESPACE = 2
    PACKAGE_NAME = 3
    PACKAGE = 4
    """At its version, with qualifiers and subpath; the version may be empty."""

    SOURCE = 5
    ARTIFACT = 6
    BUILDER = 7
    VULNERABILITY = 8
    """Lower case, as its databases differ in case."""

    LICENSE = 9
    PRODUCT = 10
    """Something named in a document by neither package URL nor digest: a name, a CPE."""


class Noun(NamedTuple):
    """One noun."""

    kind: NounKind
    text: str

    @property
    def key(self) -> bytes:
        """Sixteen bytes that stand for it in unique indexes, whatever its length."""
        return _noun_key(self.kind, self.text)


@lru_cache(maxsize=CACHE)
def _noun_key(kind: int, text: str) -> bytes:
    return key_of(f"{int(kind)}\0{text}")


def key_of(text: str) -> bytes:
    """Digest of a text for a unique index (a B-tree of PostgreSQL takes 2,704 bytes)."""
    return blake2b(text.encode(), digest_size=16).digest()


def storable(text: str) -> str:
    """The text without what no database takes: NUL and halves of surrogate pairs."""
    if "\0" in text:
        text = text.replace("\0", "\N{REPLACEMENT CHARACTER}")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def package(value: Package) -> Noun:
    """A package at its version."""
    return Noun(NounKind.PACKAGE, str(value))


def package_name(value: Package) -> Noun:
    """A package at any version."""
    return Noun(NounKind.PACKAGE_NAME, str(value.without_version()))


def artifact(value: Artifact) -> Noun:
    """Bytes by their digest."""
    return Noun(NounKind.ARTIFACT, str(value))


def source(value: Source) -> Noun:
    """A place in version control."""
    return Noun(NounKind.SOURCE, storable(str(value)))


def builder(value: Builder) -> Noun:
    """What built something."""
    return Noun(NounKind.BUILDER, storable(value.uri))


def license(value: License) -> Noun:
    """A licence by its expression or name."""
    return Noun(NounKind.LICENSE, storable(value.expression))


def vulnerability(id: str) -> Noun:
    """A vulnerability by any of its ids."""
    return Noun(NounKind.VULNERABILITY, storable(id.strip().lower()))


def product(name: str) -> Noun:
    """Something that has but a name."""
    return Noun(NounKind.PRODUCT, storable(name))


@lru_cache(maxsize=CACHE)
def parent(noun: Noun) -> Noun | None:
    """The level above, for the levels of a package; ``None`` for all other nouns."""
    if noun.kind is NounKind.PACKAGE:
        return package_name(Package.parse(noun.text))
    if noun.kind is NounKind.PACKAGE_NAME:
        value = Package.parse(noun.text)
        space = quote(value.namespace, safe="/:")
        return Noun(NounKind.PACKAGE_NAMESPACE, f"pkg:{value.type}/{space}")
    if noun.kind is NounKind.PACKAGE_NAMESPACE:
        return Noun(NounKind.PACKAGE_TYPE, noun.text.partition("/")[0])
    return None


def vulnerability_id(text: str) -> str:
    """A vulnerability's noun as people write it: ``CVE-2024-1``, ``GHSA-xxxx-…``."""
    head, dash, rest = text.partition("-")
    return f"{head.upper()}{dash}{rest}" if head == "ghsa" else text.upper()
