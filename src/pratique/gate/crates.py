"""The sparse index of a Rust registry: reading a crate's file, and writing what is left of it.

Source: The Cargo Book, *Registries*, *Index Format* and *Running a Registry*
(sparse protocol, ``dl`` templates, ``pubtime``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.instants import parse_instant
from pratique.gate.errors import BrokenError
from pratique.gate.models import File, Project, Release

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pratique.gate.fetch import Page
    from pratique.gate.models import Pin, Ruling

ECOSYSTEM = "crates.io"
ACCEPT = "text/plain, */*;q=0.1"

MAX_VERSIONS = 50_000
"""Versions of one crate; the most published ones have some 1,000."""

_NAME = re.compile(r"[a-z0-9_][a-z0-9_-]{0,63}\Z")
_VERSION = re.compile(r"[0-9A-Za-z.+-]{1,128}\Z")
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
_MARKERS = ("{crate}", "{version}", "{prefix}", "{lowerprefix}", "{sha256-checksum}")
_json = msgspec.json.Decoder(dict[str, Any])


def is_name(text: str) -> bool:
    """Whether a text is the name of a crate, in lower case as the index has it."""
    return bool(_NAME.match(text))


def is_version(text: str) -> bool:
    """Whether a text may be a version."""
    return bool(_VERSION.match(text))


def place(name: str) -> str:
    """Path of a crate's file in the index ("Index files")."""
    return f"{_prefix(name)}/{name}".lower()


def _prefix(name: str) -> str:
    if len(name) < 3:
        return str(len(name))
    return f"3/{name[0]}" if len(name) == 3 else f"{name[:2]}/{name[2:4]}"


def template(page: Page) -> str:
    """Where an index's crates are (``dl`` of its ``config.json``).

    Raises:
        BrokenError: It does not say.
    """
    try:
        dl = _json.decode(page.body).get("dl")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        dl = None
    if not isinstance(dl, str):
        raise BrokenError("the index does not say where its crates are")
    if not any(marker in dl for marker in _MARKERS):
        dl += "/{crate}/{version}/download"
    return dl


def read(page: Page, name: str, dl: str) -> Project:
    """Read a crate's file: a JSON object a line.

    A line that cannot be read is left out, as cargo does.

    Args:
        page: As upstream gave it.
        name: Of the crate, in lower case.
        dl: From :func:`template`.

    Raises:
        BrokenError: There are more versions than there may be.
    """
    lines = page.body.splitlines()
    if len(lines) > MAX_VERSIONS:
        raise BrokenError(f"the index lists too many versions of {name}")
    releases: dict[str, Release] = {}
    document: dict[str, bytes] = {}
    for line in lines:
        try:
            record = _json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        release = _release(record, name, dl)
        if release is not None:
            releases[release.version] = release
            document[release.version] = line
    return Project(
        ecosystem=ECOSYSTEM, name=name, releases=tuple(releases.values()), document=document
    )


def _release(record: dict[str, Any], name: str, dl: str) -> Release | None:
    written, version, digest = record.get("name"), record.get("vers"), record.get("cksum")
    if not isinstance(written, str) or written.lower() != name:
        return None
    if not isinstance(version, str) or not is_version(version):
        return None
    digest = digest.lower() if isinstance(digest, str) else ""
    if not _DIGEST.match(digest):
        return None
    url = dl
    values = (written, version, _prefix(written), _prefix(written).lower(), digest)
    for marker, value in zip(_MARKERS, values, strict=True):
        url = url.replace(marker, value)
    published = record.get("pubtime")
    return Release(
        version=version,
        files=(File(name=f"{name}-{version}.crate", url=url, digests={"sha256": digest}),),
        published=parse_instant(published) if isinstance(published, str) else None,
        yanked=bool(record.get("yanked")),
        # Who links a native library needs a build script; of others the index does not say.
        install_scripts=True if isinstance(record.get("links"), str) else None,
    )


def write(ruling: Ruling, pins: Mapping[str, Pin]) -> bytes:
    """The crate's file with what is admitted.

    Args:
        ruling: On every version.
        pins: Of files that are kept: their digest is what counts.
    """
    lines = []
    for release in ruling.project.releases:
        if release.key not in ruling.admitted:
            continue
        line: bytes = ruling.project.document[release.version]
        file = release.files[0]
        pin = pins.get(file.name)
        if pin is not None and pin.sha256 != file.digests["sha256"]:
            line = msgspec.json.encode(_json.decode(line) | {"cksum": pin.sha256})
        lines.append(line + b"\n")
    return b"".join(lines)
