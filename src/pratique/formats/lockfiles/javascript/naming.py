"""Names, digests and licences as the package managers of npm's ecosystem write them."""

from __future__ import annotations

import binascii
import re
from functools import lru_cache
from typing import Any

from pratique.formats.lockfiles.gathering import shown
from pratique.model.errors import InputError
from pratique.model.inventory import LicenseClaim
from pratique.model.nouns import HEX_LENGTHS, Artifact
from pratique.model.purl import Package

CACHE = 16384
"""Packages that are remembered: the lockfiles of one repository repeat each other's."""

_EXACT = re.compile(r"=?v?(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)\Z")
"""One version and no range (Semantic Versioning 2.0.0, section 2, 9 and 10)."""


@lru_cache(maxsize=CACHE)
def npm_package(name: str, version: str) -> Package:
    """Package of a name with its scope, ``@scope/name``.

    Raises:
        InputError: No package can be called so.
    """
    return Package.of("npm", name, version)


def split_descriptor(text: str) -> tuple[str, str]:
    """``@scope/name@range`` in its two parts; the range is empty where there is none.

    The first ``@`` after the scope's parts them, as a range may be an address
    that holds further ones.
    """
    at = text.find("@", 1)
    return (text, "") if at < 0 else (text[:at], text[at + 1 :])


def pinned(requirement: str) -> str:
    """The version that a requirement names, or nothing where it is a range or a tag."""
    match = _EXACT.match(requirement.strip())
    return match[1] if match else ""


def digests(integrity: str) -> tuple[Artifact, ...]:
    """Artifacts of a Subresource Integrity text (W3C, section 3.1: ``sha512-base64?options``).

    Raises:
        InputError: A part of it is not base64, or not of its algorithm's length.
    """
    found = []
    for part in integrity.split():
        algorithm, _, value = part.partition("?")[0].partition("-")
        algorithm = algorithm.lower()
        try:
            digest = binascii.a2b_base64(value, strict_mode=True).hex()
        except (binascii.Error, ValueError):
            raise InputError(f"integrity {shown(part)} is not base64") from None
        if not digest or HEX_LENGTHS.get(algorithm) != len(digest):
            raise InputError(f"integrity {shown(part)} is no digest of {shown(algorithm)}")
        found.append(Artifact(algorithm, digest))
    return tuple(found)


@lru_cache(maxsize=1024)
def _claim(text: str, origin: str) -> tuple[LicenseClaim, ...]:
    return (LicenseClaim(text, origin),)


def licenses(value: Any, origin: str) -> tuple[LicenseClaim, ...]:
    """Claims of a ``license`` or ``licenses`` member.

    It is an SPDX expression, or in older packages an object with a ``type``, or
    an array of either.
    """
    if isinstance(value, str):
        return _claim(value.strip(), origin) if value.strip() else ()
    if isinstance(value, dict):
        kind = value.get("type") or value.get("name")
        return licenses(kind, origin) if isinstance(kind, str) else ()
    if isinstance(value, list):
        parts = [part for part in value if isinstance(part, str | dict)]
        return tuple(dict.fromkeys(claim for part in parts for claim in licenses(part, origin)))
    return ()
