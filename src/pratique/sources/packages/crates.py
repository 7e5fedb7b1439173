"""Cargo's registries: the sparse index for digest and yanks, the API or the crate for the rest.

Sources: *The Cargo Book*, ``Registry Index`` (index files, ``config.json``) and
``The Manifest Format``.  Where the registry's API does not describe a version,
the crate is fetched, held against the index's digest, and its manifest read.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
import tomllib
import zlib
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from pratique.formats.shapes import array, mapping
from pratique.model.errors import LimitError, UpstreamError
from pratique.sources.packages.client import AbsentError, may_follow
from pratique.sources.packages.models import Described, Distribution, Said
from pratique.sources.packages.reading import address, digest, said, text

if TYPE_CHECKING:
    from pratique.model.purl import Package
    from pratique.sources.packages.client import Answer, RegistryClient

MAX_CRATE_BYTES = 12 * 1024 * 1024
"""Largest crate that is fetched; registries take crates up to 10 MB."""

MAX_MANIFEST_BYTES = 1024 * 1024
MAX_UNPACKED = 128 * 1024 * 1024
"""Bytes of a crate that are unpacked while its manifest is looked for."""


def describe(client: RegistryClient, base: str, package: Package) -> Described:
    """What a registry says of a version; raises as :meth:`RegistryClient.get`."""
    answer = client.get(f"{base}/{place(package.name)}")
    entry = _entry(answer.body, package.version)
    if entry is None:
        raise AbsentError(f"{answer.url} has no version {package.version[:80]}.")
    config = mapping(client.json(f"{base}/config.json")[0])
    url = _download(text(config.get("dl")), package, text(entry.get("cksum")))
    sum = digest("SHA-256", entry.get("cksum"))
    manifest, source, unknown = _manifest(client, base, url, text(entry.get("cksum")), package)
    authors = [text(one).partition("<")[0].strip() for one in array(manifest.get("authors"))]
    author = said(", ".join(filter(None, authors)), source)
    return Described(
        licenses=(Said(text(manifest["license"]), source),)
        if text(manifest.get("license"))
        else (),
        distributions=(
            Distribution(name=f"{package.name}-{package.version}.crate", url=url, digests=(sum,)),
        )
        if sum
        else (),
        distributions_source=answer.url,
        supplier=author,
        author=author,
        vcs=address(manifest.get("repository"), source),
        homepage=address(manifest.get("homepage"), source),
        deprecated=Said("yanked", answer.url) if entry.get("yanked") else None,
        unknown=unknown,
    )


def place(name: str) -> str:
    """Path of a crate's file in an index (*Registry Index*, ``Index files``)."""
    plain = quote(name.lower())
    if len(name) <= 2:
        return f"{len(name)}/{plain}"
    if len(name) == 3:
        return f"3/{plain[0]}/{plain}"
    return f"{plain[:2]}/{plain[2:4]}/{plain}"


def _entry(body: bytes, version: str) -> dict[str, Any] | None:
    for line in body.splitlines():
        try:
            one = msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        if isinstance(one, dict) and one.get("vers") == version:
            return one
    return None


def _download(pattern: str, package: Package, checksum: str) -> str:
    """Address of a crate (*Registry Index*, ``dl`` and its markers)."""
    if not pattern:
        return ""
    if "{" not in pattern:
        return f"{pattern}/{quote(package.name)}/{quote(package.version)}/download"
    marks = {
        "{crate}": quote(package.name),
        "{version}": quote(package.version),
        "{prefix}": place(package.name).rpartition("/")[0],
        "{lowerprefix}": place(package.name).rpartition("/")[0].lower(),
        "{sha256-checksum}": quote(checksum),
    }
    for mark, value in marks.items():
        pattern = pattern.replace(mark, value)
    return pattern


def _manifest(
    client: RegistryClient, base: str, url: str, checksum: str, package: Package
) -> tuple[dict[str, Any], str, tuple[tuple[str, str], ...]]:
    """The package table of a crate's manifest, where it is from, and what is unknown without."""
    try:
        answer = _crate(client, base, url, checksum)
        return _read(answer.body, f"{package.name}-{package.version}/Cargo.toml"), answer.url, ()
    except (UpstreamError, LimitError) as error:
        fields = ("license", "supplier", "author", "vcs", "homepage")
        return {}, "", tuple((field, error.message) for field in fields)


def _crate(client: RegistryClient, base: str, url: str, checksum: str) -> Answer:
    """A crate that is what the index says."""
    if not url or not may_follow(base, url):
        raise UpstreamError("the index names no address of crates that is followed")
    answer = client.get(url, limit=MAX_CRATE_BYTES)
    if hashlib.sha256(answer.body).hexdigest() != checksum.lower():
        raise UpstreamError(f"{answer.url} is not what the index says: its SHA-256 differs.")
    return answer


def _read(data: bytes, name: str) -> dict[str, Any]:
    plain = zlib.decompressobj(wbits=31)
    try:
        unpacked = plain.decompress(data, MAX_UNPACKED)
        with tarfile.open(fileobj=io.BytesIO(unpacked), mode="r:") as archive:
            for member in archive:
                if member.name == name and member.isfile():
                    if member.size > MAX_MANIFEST_BYTES:
                        raise LimitError(f"{name} is over {MAX_MANIFEST_BYTES:,} bytes.")
                    file = archive.extractfile(member)
                    table = tomllib.loads(file.read().decode() if file else "")
                    return mapping(table.get("package"))
    except (zlib.error, tarfile.TarError, ValueError, RecursionError, EOFError):
        pass
    raise UpstreamError(f"the crate has no {name} that can be read.")
