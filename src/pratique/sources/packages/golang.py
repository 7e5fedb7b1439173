"""Go module proxies: where a version comes from, and whether it is deprecated or retracted.

Source: *Go Modules Reference*, ``GOPROXY protocol``, ``retract`` and ``// Deprecated:``.
A proxy states neither a licence nor the digest of a file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from pratique.formats.shapes import mapping
from pratique.model.errors import UpstreamError
from pratique.sources.packages.client import AbsentError
from pratique.sources.packages.models import Described, Said
from pratique.sources.packages.reading import address, text

if TYPE_CHECKING:
    from pratique.model.purl import Package
    from pratique.sources.packages.client import RegistryClient

_DEPRECATED = re.compile(
    r"^(?://[^\n]*\n)*// Deprecated: ?([^\n]*)(?:\n//[^\n]*)*\nmodule\s", re.MULTILINE
)
_BLOCK = re.compile(r"^retract\s*\((.*?)^\)", re.MULTILINE | re.DOTALL)
_LINE = re.compile(r"^retract\s+([^(\n]+)$", re.MULTILINE)
_RANGE = re.compile(r"\[\s*(v[^\s,\]]+)\s*,\s*(v[^\s\]]+)\s*\]|(v[^\s\[\]/,]+)")


def describe(client: RegistryClient, base: str, package: Package) -> Described:
    """What a proxy says of a version; raises as :meth:`RegistryClient.get`."""
    module = "/".join(filter(None, (package.namespace, package.name)))
    root = f"{base}/{quote(_escaped(module))}"
    version = package.version if package.version.startswith("v") else f"v{package.version}"
    value, source = client.json(f"{root}/@v/{quote(_escaped(version), safe='+')}.info")
    info = mapping(value)
    unknown = [
        ("license", "a Go proxy states no licence"),
        ("hashes", "a Go proxy states no digest of the file"),
        ("supplier", "a Go proxy states no supplier"),
    ]
    deprecated = None
    try:
        deprecated = _deprecation(client, root, version)
    except UpstreamError as error:
        unknown.append(("deprecated", error.message))
    return Described(
        vcs=address(mapping(info.get("Origin")).get("URL"), source),
        deprecated=deprecated,
        unknown=tuple(unknown),
    )


def _deprecation(client: RegistryClient, root: str, version: str) -> Said | None:
    """What the newest version's file says: there stand deprecation and retractions."""
    latest = _latest(client, root)
    answer = client.get(f"{root}/@v/{quote(_escaped(latest), safe='+')}.mod")
    file = answer.body.decode("utf-8", "replace")
    if found := _DEPRECATED.search(file):
        return Said(text(found[1]) or "deprecated", answer.url)
    if retracted(file, version):
        return Said(f"retracted by {latest}", answer.url)
    return None


def _latest(client: RegistryClient, root: str) -> str:
    """The newest version; of the list where the proxy has no ``@latest``."""
    try:
        value, source = client.json(f"{root}/@latest")
        latest = text(mapping(value).get("Version"))
    except AbsentError:
        answer = client.get(f"{root}/@v/list")
        source = answer.url
        known = [one for one in answer.body.decode("utf-8", "replace").split() if _key(one)]
        releases = [one for one in known if "-" not in one] or known
        latest = max(releases, key=_key, default="")
    if not latest:
        raise UpstreamError(f"{source} names no version.")
    return latest


def _key(version: str) -> bytes:
    """Something to order versions by; empty for what is none."""
    from pratique.versions.errors import VersionError
    from pratique.versions.semver import key

    try:
        return key(version.removeprefix("v"))
    except VersionError:
        return b""


def retracted(file: str, version: str) -> bool:
    """Whether a ``go.mod`` retracts a version (*Go Modules Reference*, ``retract``)."""
    blocks = (line for block in _BLOCK.findall(file) for line in block.split("\n"))
    at = _key(version)
    for line in (*_LINE.findall(file), *blocks):
        for low, high, single in _RANGE.findall(line.partition("//")[0]):
            if single == version or (low and at and _key(low) <= at <= _key(high)):
                return True
    return False


def _escaped(path: str) -> str:
    """A path with ``!`` before each capital, which is then small (*GOPROXY protocol*)."""
    return re.sub("[A-Z]", lambda found: "!" + found[0].lower(), path)
