"""The Go module proxy protocol: reading what a proxy says of a module, and writing what is left.

Source: Go Modules Reference, *GOPROXY protocol*, *Pseudo-versions* and *Module
paths and versions* (the escape of capital letters).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.instants import parse_instant
from pratique.gate.models import File, Project, Release
from pratique.versions.ecosystems import ordering_named
from pratique.versions.errors import VersionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pratique.gate.fetch import Page

ECOSYSTEM = "Go"
ACCEPT = "text/plain, application/json;q=0.9, */*;q=0.1"

MAX_TIMED = 200
"""Newest versions of a module whose time is asked for, each by a request of its
own; of older ones it is unknown."""

MAX_VERSIONS = 20_000
"""Versions of one module; the most tagged ones have some 2,000."""

_PATH = re.compile(r"[a-z0-9.-]+(?:/[a-zA-Z0-9._~!-]+)*\Z")
_VERSION = re.compile(r"v\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+incompatible)?\Z")
_SUMDB = re.compile(r"[a-z0-9.-]+/(?:supported|latest|lookup/[^?#]+|tile/[0-9a-z/.]+)\Z")
_json = msgspec.json.Decoder(dict[str, Any])


def unescaped(text: str) -> str:
    """A module path or version as users write it: ``!x`` is ``X``; empty where it is none."""
    if text != text.lower() or re.search(r"!(?![a-z])", text) or ".." in text.split("/"):
        return ""
    return re.sub("!([a-z])", lambda found: found.group(1).upper(), text)


def escaped(text: str) -> str:
    """What a proxy's addresses have for a module path or version."""
    return re.sub("[A-Z]", lambda found: f"!{found.group(0).lower()}", text)


def is_name(text: str) -> bool:
    """Whether a text is a module path."""
    return len(text) <= 500 and bool(_PATH.match(text)) and "." in text.partition("/")[0]


def is_version(text: str) -> bool:
    """Whether a text is a version as the protocol has it, pseudo-versions included."""
    return len(text) <= 200 and bool(_VERSION.match(text))


def is_checksum_path(text: str) -> bool:
    """Whether a text is a path of a checksum database's."""
    return len(text) <= 1000 and bool(_SUMDB.match(text)) and ".." not in text


def module(base: str, name: str) -> str:
    """Address below which a proxy has a module."""
    return f"{base}/{escaped(name)}/@v"


def listed(page: Page) -> list[str]:
    """Versions of a list, oldest first, those that are none left out."""
    words = (line.split(b" ")[0].decode("utf-8", "replace") for line in page.body.splitlines())
    return ordered([word for word in words if is_version(word)][:MAX_VERSIONS])


def ordered(versions: Iterable[str]) -> list[str]:
    """Versions, oldest first."""
    keyed = []
    for version in dict.fromkeys(versions):
        try:
            keyed.append((ordering_named("semver").key(version[1:]), version))
        except VersionError:
            continue
    return [version for _, version in sorted(keyed)]


def told(page: Page) -> tuple[str, Any]:
    """Version and time that an ``.info`` or ``@latest`` tells; the version empty where none."""
    try:
        record = _json.decode(page.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "", None
    version, time = record.get("Version"), record.get("Time")
    if not isinstance(version, str) or not is_version(version):
        return "", None
    return version, parse_instant(time) if isinstance(time, str) else None


def project(base: str, name: str, times: Mapping[str, Any]) -> Project:
    """A module with the versions whose times are given, known or not.

    Args:
        base: Of the proxy.
        name: The module's path.
        times: When each version was made, or ``None``.
    """
    at = module(base, name)
    return Project(
        ecosystem=ECOSYSTEM,
        name=name,
        releases=tuple(
            Release(
                version=version,
                published=time,
                install_scripts=False,  # go runs no code of a module when it is fetched
                files=tuple(
                    File(name=f"{version}.{ending}", url=f"{at}/{escaped(version)}.{ending}")
                    for ending in ("info", "mod", "zip")
                ),
            )
            for version, time in times.items()
        ),
    )
