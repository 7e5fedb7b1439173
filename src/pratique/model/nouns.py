"""The nouns evidence is about, each with one canonical text form.

========== ====================== ==========================================
noun       canonical text         example
========== ====================== ==========================================
Package    package URL            ``pkg:npm/%40babel/core@7.1.0``
Artifact   ``algorithm:hex``      ``sha256:9f86d0…``
Source     ``git+url@commit``     ``git+https://example.test/a@0123…``
Builder    its URI                ``https://example.test/builder/v1``
License    SPDX expression        ``MIT OR Apache-2.0``
Vulner…    its id                 ``CVE-2024-0001``
========== ====================== ==========================================

The ontology is GUAC's (Package, Source, Artifact, Builder, Vulnerability,
License); see ``specs/graph.md`` of the design.
"""

from __future__ import annotations

import re
from typing import ClassVar

import msgspec

from pratique.model.errors import InputError
from pratique.model.purl import Package

__all__ = ["Artifact", "Builder", "License", "Package", "Source", "Vulnerability"]

HEX_LENGTHS = {"md5": 32, "sha1": 40, "sha224": 56, "sha256": 64, "sha384": 96, "sha512": 128}
"""Hex digits of the digests whose length is checked."""

_HEX = re.compile(r"[0-9a-f]+")


class Artifact(msgspec.Struct, frozen=True, order=True):
    """Bytes, named by one digest of theirs."""

    algorithm: str
    """Lower case, without a dash: ``sha256``, ``sha512``, ``blake2b256`` …"""

    digest: str
    """Lower-case hexadecimal."""

    _dashed: ClassVar[tuple[str, ...]] = ("sha", "md")

    @classmethod
    def parse(cls, text: str) -> Artifact:
        """Read ``algorithm:hex``; ``SHA-256`` and ``sha256`` are the same algorithm.

        Raises:
            InputError: The text has no algorithm, or its digest is not
                hexadecimal or not of the algorithm's length.
        """
        algorithm, colon, digest = text.partition(":")
        if not colon:
            raise InputError(f"digest {text[:80]!r} names no algorithm")
        return cls.of(algorithm, digest)

    @classmethod
    def of(cls, algorithm: str, digest: str) -> Artifact:
        """Normalise an algorithm name and a hexadecimal digest into an artifact.

        Raises:
            InputError: The digest is not hexadecimal or not of the
                algorithm's length.
        """
        name = algorithm.strip().lower()
        if name.startswith(cls._dashed):
            name = name.replace("-", "", 1)
        value = digest.strip().lower()
        if not name or not _HEX.fullmatch(value):
            raise InputError(f"{algorithm[:20]!r} digest {digest[:80]!r} is not hexadecimal")
        if HEX_LENGTHS.get(name, len(value)) != len(value):
            raise InputError(
                f"{name} digest has {len(value)} hex digits, not {HEX_LENGTHS[name]}",
            )
        return cls(name, value)

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.digest}"


class Source(msgspec.Struct, frozen=True, order=True):
    """A place in a version control system."""

    url: str
    """Where the repository is, without the ``git+`` prefix."""

    commit: str = ""
    """Full commit hash, or empty where only a reference is known."""

    reference: str = ""
    """Tag or branch, or empty."""

    vcs: str = "git"

    def __str__(self) -> str:
        at = self.commit or self.reference
        return f"{self.vcs}+{self.url}@{at}" if at else f"{self.vcs}+{self.url}"


class Vulnerability(msgspec.Struct, frozen=True, order=True):
    """A vulnerability by one of its ids, as the database that gave it writes it."""

    id: str

    def __str__(self) -> str:
        return self.id


class Builder(msgspec.Struct, frozen=True, order=True):
    """What built an artifact, by the URI its provenance names (SLSA ``builder.id``)."""

    uri: str

    def __str__(self) -> str:
        return self.uri


class License(msgspec.Struct, frozen=True, order=True):
    """A licence as an SPDX licence expression (SPDX 2.3, annex D)."""

    expression: str

    def __str__(self) -> str:
        return self.expression
