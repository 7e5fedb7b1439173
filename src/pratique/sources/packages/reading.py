"""Values of registries' answers, whatever type they turn out to have."""

from __future__ import annotations

import binascii
import re
from typing import Any
from urllib.parse import urlsplit

from pratique.sources.packages.models import Digest, Said

MAX_TEXT = 500
"""Longest name or reason that is taken over; whatever is longer is a text of its own."""

LENGTHS = {"MD5": 32, "SHA-1": 40, "SHA-256": 64, "SHA-384": 96, "SHA-512": 128}
"""CycloneDX's names of the algorithms, and their hexadecimal digits."""

_ALGORITHMS = {name.replace("-", "").lower(): name for name in LENGTHS}
_HEX = re.compile(r"[0-9a-f]+\Z")
_SHORT_HOSTS = {"github": "github.com", "gitlab": "gitlab.com", "bitbucket": "bitbucket.org"}
_SHORT = re.compile(r"(?:(github|gitlab|bitbucket):)?([\w.-]+/[\w.-]+)\Z")


def text(value: Any) -> str:
    """A text in one line; empty for whatever is none or too long."""
    found = " ".join(value.split()) if isinstance(value, str) else ""
    return found if len(found) <= MAX_TEXT and found.isprintable() else ""


def said(value: Any, source: str) -> Said | None:
    """A text with its source; ``None`` where there is none."""
    found = text(value)
    return Said(found, source) if found else None


def address(value: Any, source: str) -> Said | None:
    """An address, with its source; ``None`` where it is none that can be followed."""
    found = text(value)
    try:
        parts = urlsplit(found.removeprefix("git+"))
        good = parts.scheme in {"http", "https", "git", "ssh"} and bool(parts.hostname)
    except ValueError:
        return None
    return Said(found, source) if good and " " not in found else None


def repository(value: Any, source: str) -> Said | None:
    """A repository, also in the short forms of npm (``owner/name``, ``gitlab:owner/name``)."""
    found = text(value.get("url") if isinstance(value, dict) else value)
    if short := _SHORT.match(found):
        return Said(f"https://{_SHORT_HOSTS[short[1] or 'github']}/{short[2]}", source)
    return address(found, source)


def digest(algorithm: Any, value: Any) -> Digest | None:
    """A digest, if it is one of the algorithm's length."""
    name = _ALGORITHMS.get(text(algorithm).replace("-", "").lower())
    found = text(value).lower()
    if name is None or len(found) != LENGTHS[name] or not _HEX.match(found):
        return None
    return Digest(name, found)


def integrity(value: Any) -> tuple[Digest, ...]:
    """Digests of a *Subresource Integrity* text (W3C SRI, ``sha512-BASE64``)."""
    found = []
    for part in text(value).split():
        algorithm, _, encoded = part.partition("-")
        try:
            raw = binascii.a2b_base64(encoded.partition("?")[0], strict_mode=True)
        except (binascii.Error, ValueError):
            continue
        if one := digest(algorithm, raw.hex()):
            found.append(one)
    return tuple(found)
