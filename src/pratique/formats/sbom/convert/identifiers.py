"""Identifiers of CycloneDX as identifiers of SPDX 2, such that they can be read back."""

from __future__ import annotations

import re

PREFIX = "SPDXRef-ref-"
"""Of identifiers that were made of a ``bom-ref``."""

_SPDXID = re.compile(r"SPDXRef-[A-Za-z0-9.-]+\Z")
_ODD = re.compile(r"[^A-Za-z0-9.]")
_ESCAPED = re.compile(r"-(?:(-)|([0-9A-F]{2,6})-)")


def spdx_id(ref: str) -> str:
    """The SPDXID of a ``bom-ref``; one that is an SPDXID stays as it is.

    SPDX 2.3 (clause 7.2) allows letters, digits, ``.`` and ``-``.  A dash is
    written twice, and any other character as ``-XX-``, its hexadecimal number.
    """
    if _SPDXID.match(ref) and not ref.startswith(PREFIX) and ref != "SPDXRef-DOCUMENT":
        return ref
    return PREFIX + _ODD.sub(_escape, ref)


def _escape(found: re.Match[str]) -> str:
    return "--" if found[0] == "-" else f"-{ord(found[0]):02X}-"


def bom_ref(identifier: str) -> str:
    """The ``bom-ref`` that an SPDXID was made of, or the SPDXID itself."""
    if not identifier.startswith(PREFIX):
        return identifier
    return _ESCAPED.sub(_unescape, identifier.removeprefix(PREFIX))


def _unescape(found: re.Match[str]) -> str:
    if found[1]:
        return "-"
    number = int(found[2], 16)
    return chr(number) if number < 0x110000 else found[0]
