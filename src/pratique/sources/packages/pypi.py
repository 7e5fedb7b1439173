"""Python indexes: the simple API for files, and a file's own metadata for the rest.

Sources: *Simple repository API* (PEP 503, 691, 700, 714: ``core-metadata``,
``yanked``), *Core metadata specifications* 2.4.  Where an index serves no
metadata of its own, the smallest wheel is fetched, held against its digest, and
read; nothing in it is run.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from pratique.formats.shapes import array, mapping
from pratique.model.errors import LimitError, UpstreamError
from pratique.sources.packages.client import AbsentError, may_follow
from pratique.sources.packages.models import Described, Digest, Distribution, Said
from pratique.sources.packages.reading import address, digest, said, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pratique.model.purl import Package
    from pratique.sources.packages.client import RegistryClient

ACCEPT = "application/vnd.pypi.simple.v1+json"

MAX_FILES = 100_000
"""Files of a project that are looked at; the largest have some ten thousand."""

MAX_WHEEL_BYTES = 16 * 1024 * 1024
"""Largest wheel that is fetched for its metadata alone."""

MAX_METADATA_BYTES = 4 * 1024 * 1024
"""Largest metadata file; those with long descriptions have some 100 kB."""

_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    NotImplementedError,
    RuntimeError,
    EOFError,
    ValueError,
)
"""What ``zipfile`` raises of damaged archives."""

_VCS_LABELS = frozenset({"source", "repository", "sourcecode", "github", "code", "gitlab"})
_HOME_LABELS = frozenset({"homepage", "home"})
_TROVE = "License :: "


def describe(client: RegistryClient, base: str, package: Package) -> Described:
    """What an index says of a version; raises as :meth:`RegistryClient.get`."""
    url = f"{base}/{package.name}/"
    value, source = client.json(url, accept=ACCEPT)
    files = files_of(mapping(value), package)
    if not files:
        raise AbsentError(f"{source} has no file of version {package.version[:80]}.")
    wanted = dict(package.qualifiers).get("file_name", "")
    named = [one for one in files if one.get("filename") == wanted] if wanted else files
    distributions = tuple(filter(None, (_distribution(one, url) for one in named)))
    metadata, origin, unknown = _metadata(client, files, url)
    yanked = [one for one in files if one.get("yanked")]
    why = ""
    if len(yanked) == len(files):
        why = f"yanked: {text(yanked[0]['yanked'])}" if text(yanked[0]["yanked"]) else "yanked"
    supplier = _party(metadata, "maintainer") or _party(metadata, "author")
    places = _places(metadata)
    return Described(
        licenses=tuple(Said(one, origin) for one in licenses(metadata)),
        distributions=distributions,
        distributions_source=source,
        supplier=said(supplier, origin),
        author=said(_party(metadata, "author"), origin),
        vcs=next(filter(None, (address(one, origin) for one in places[0])), None),
        homepage=next(filter(None, (address(one, origin) for one in places[1])), None),
        deprecated=said(why, source) or _inactive(metadata, origin),
        unknown=unknown,
    )


def files_of(value: dict[str, Any], package: Package) -> list[dict[str, Any]]:
    """The files of a version (*Binary distribution format*, *Source distribution format*)."""
    from packaging.version import InvalidVersion, Version

    try:
        version = Version(package.version)
    except InvalidVersion:
        return []
    return [
        one
        for one in array(value.get("files"))[:MAX_FILES]
        if isinstance(one, dict) and _version_of(text(one.get("filename"))) == version
    ]


def _version_of(name: str) -> Any:
    from packaging.utils import (
        InvalidSdistFilename,
        InvalidWheelFilename,
        parse_sdist_filename,
        parse_wheel_filename,
    )
    from packaging.version import InvalidVersion

    try:
        if name.endswith(".whl"):
            return parse_wheel_filename(name)[1]
        return parse_sdist_filename(name)[1]
    except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
        return None


def _distribution(file: dict[str, Any], base: str) -> Distribution | None:
    hashes = mapping(file.get("hashes"))
    digests = tuple(filter(None, (digest(name, one) for name, one in hashes.items())))
    url = urljoin(base, text(file.get("url"))).partition("#")[0]
    return Distribution(name=text(file.get("filename")), url=url, digests=digests)


def _metadata(
    client: RegistryClient, files: list[dict[str, Any]], base: str
) -> tuple[Mapping[str, Any], str, tuple[tuple[str, str], ...]]:
    """Core metadata of a version, where it is from, and what is unknown without it."""
    reasons = []
    for file in files:
        stated = file.get("core-metadata", file.get("dist-info-metadata"))
        if not stated:
            continue
        try:
            url = _followed(base, file) + ".metadata"
            answer = client.get(url, limit=MAX_METADATA_BYTES)
            _check(answer.body, mapping(stated), answer.url)
            return _parsed(answer.body), answer.url, ()
        except UpstreamError as error:
            reasons.append(error.message)
            break
    small = _smallest_wheel(files)
    if small is None:
        reasons.append("the index serves no metadata, and there is no wheel to read it from")
    else:
        try:
            answer = client.get(_followed(base, small), limit=MAX_WHEEL_BYTES)
            _check(answer.body, mapping(small.get("hashes")), answer.url)
            return _parsed(_of_wheel(answer.body, answer.url)), answer.url, ()
        except (UpstreamError, LimitError) as error:
            reasons.append(error.message)
    why = "; ".join(reasons)
    return {}, "", tuple((field, why) for field in ("license", "supplier", "author", "vcs"))


def _smallest_wheel(files: list[dict[str, Any]]) -> dict[str, Any] | None:
    wheels = [one for one in files if text(one.get("filename")).endswith(".whl")]
    sized = [one for one in wheels if isinstance(one.get("size"), int)]
    return min(sized or wheels[:1], key=lambda one: one.get("size", 0), default=None)


def _followed(base: str, file: dict[str, Any]) -> str:
    url = urljoin(base, text(file.get("url"))).partition("#")[0]
    if not may_follow(base, url):
        raise UpstreamError("the index names a file at an address that is not followed")
    return url


def _check(body: bytes, hashes: dict[str, Any], url: str) -> None:
    """Hold a file against the strongest digest that the index states."""
    known = {
        one.algorithm: one
        for one in (digest(name, value) for name, value in hashes.items())
        if isinstance(one, Digest)
    }
    for name in ("SHA-512", "SHA-384", "SHA-256"):
        if one := known.get(name):
            if hashlib.new(name.replace("-", "").lower(), body).hexdigest() != one.value:
                raise UpstreamError(f"{url} is not what the index says: its {name} differs.")
            return


def _of_wheel(data: bytes, url: str) -> bytes:
    """The metadata in a wheel.

    Raises:
        UpstreamError: It is none, or is damaged.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [one for one in archive.namelist() if one.endswith(".dist-info/METADATA")]
            (name,) = [one for one in names if one.count("/") == 1]
            with archive.open(name) as member:
                found = member.read(MAX_METADATA_BYTES + 1)
    except _DAMAGED:
        raise UpstreamError(f"{url} is not a wheel that can be read.") from None
    if len(found) > MAX_METADATA_BYTES:
        raise LimitError(f"{url} has metadata over {MAX_METADATA_BYTES:,} bytes.")
    return found


def _parsed(data: bytes) -> Mapping[str, Any]:
    from packaging.metadata import parse_email

    found, _ = parse_email(data)
    return found


def licenses(metadata: Mapping[str, Any]) -> list[str]:
    """Licences as metadata states them: the expression, else the field, else the classifiers."""
    if expression := text(metadata.get("license_expression")):
        return [expression]
    stated = text(metadata.get("license"))
    named = [one for one in array(metadata.get("classifiers")) if text(one).startswith(_TROVE)]
    named = [one for one in named if one != "License :: OSI Approved"]
    if stated and len(stated) <= 60:
        return [stated]
    return named[:10]


def _party(metadata: Mapping[str, Any], kind: str) -> str:
    """A person's name; metadata of ``pyproject.toml`` has it in the address alone."""
    if name := text(metadata.get(kind)):
        return name
    mail = text(metadata.get(f"{kind}_email"))
    return mail.partition("<")[0].strip().strip('"') if "<" in mail else ""


def _places(metadata: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Addresses of the repository and of the homepage (*Well-known project URLs*)."""
    vcs, home = [], []
    for label, url in mapping(metadata.get("project_urls")).items():
        plain = "".join(one for one in label.lower() if one.isalnum())
        if plain in _VCS_LABELS:
            vcs.append(url)
        elif plain in _HOME_LABELS:
            home.append(url)
    if page := metadata.get("home_page"):
        home.append(page)
    return vcs, home


def _inactive(metadata: Mapping[str, Any], origin: str) -> Said | None:
    inactive = "Development Status :: 7 - Inactive"
    if inactive in array(metadata.get("classifiers")):
        return Said(inactive, origin)
    return None
