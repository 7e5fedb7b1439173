"""What registries offer as evidence about the files of a version, as they offer it.

Sources: *Index hosted attestations* (PEP 740: the key ``provenance`` of the simple
API, and the Integrity API); npm, *Registry signatures* (``dist.signatures``) and
*Attestations* (``/-/npm/v1/attestations``).  Nothing here is believed: what is
fetched is verified by the caller.  Many mirrors leave evidence out; then there is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin

import msgspec

from pratique.formats.shapes import array, mapping
from pratique.model.errors import LimitError, UnsupportedError, UpstreamError
from pratique.sources.packages import npm, pypi
from pratique.sources.packages.client import AbsentError, may_follow
from pratique.sources.packages.models import Digest
from pratique.sources.packages.reading import digest, integrity, text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from pratique.model.purl import Package
    from pratique.sources.packages.client import RegistryClient

MAX_EVIDENCE_BYTES = 16 * 1024 * 1024
"""Largest evidence about one file; real ones have some ten kilobytes."""

MAX_ARTIFACT_BYTES = 256 * 1024 * 1024
"""Largest file that is fetched; it is held in memory while its digests are taken."""

MAX_FILES = 1_000
"""Files of one version that are looked at; the most that projects publish is some two hundred."""

MAX_SIGNATURES = 16
"""Signatures of one version that are looked at; npm has one or two."""


class Offered(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a version, and the evidence that its registry offers about it."""

    name: str
    url: str
    digests: tuple[Digest, ...]
    evidence: bytes = b""
    """The document of attestations; empty where none is offered."""

    origin: str = ""
    """Address of that document, or of the answer that says that there is none."""

    unknown: str = ""
    """Why the registry could not be asked for it; empty where it was."""

    signatures: tuple[tuple[str, str], ...] = ()
    """Key id and signature of each of npm's ``dist.signatures``."""

    signed_at: str = ""
    """Address of the answer that has the signatures."""


def offered(
    client: RegistryClient, base: str, package: Package, digests: Collection[str] | None = None
) -> tuple[Offered, ...]:
    """The files of a version with the evidence that its registry offers.

    Args:
        client: Fetches and remembers.
        base: Address of the registry.
        package: With a version; of the type ``pypi`` or ``npm``.
        digests: Hexadecimal digests of the files that evidence is wanted about; all
            files where it is ``None``.

    Raises:
        UnsupportedError: No evidence is asked for packages of its type.
        AbsentError: The registry has no such version.
        UpstreamError: The registry does not answer.
        LimitError: It answers too much.
    """
    ask = _ASK.get(package.type)
    if ask is None:
        raise UnsupportedError(f"no registry is asked for evidence about {package.type} packages")
    return ask(client, base, package, digests)


def fetched(client: RegistryClient, base: str, file: Offered) -> bytes:
    """The bytes of a file.

    Raises:
        LimitError: It is over ``MAX_ARTIFACT_BYTES``.
        UpstreamError: It cannot be fetched, or its address is not followed.
    """
    if not file.url or not may_follow(base, file.url):
        raise UpstreamError(f"the registry names {file.name[:120]} at an address not followed.")
    return client.get(file.url, limit=MAX_ARTIFACT_BYTES).body


def _pypi(
    client: RegistryClient, base: str, package: Package, wanted: Collection[str] | None
) -> tuple[Offered, ...]:
    page = f"{base}/{package.name}/"
    value, source = client.json(page, accept=pypi.ACCEPT)
    files = pypi.files_of(mapping(value), package)
    if not files:
        raise AbsentError(f"{source} has no file of version {package.version[:80]}.")
    if len(files) > MAX_FILES:
        raise LimitError(f"{source} has over {MAX_FILES:,} files of version {package.version[:80]}")
    name = dict(package.qualifiers).get("file_name", "")
    found = []
    listed_alone = _lists_provenance(mapping(mapping(value).get("meta")))
    for one in files:
        file = _distribution(one, page)
        if name and file.name != name:
            continue
        if wanted is None or any(each.value in wanted for each in file.digests):
            if listed_alone and "provenance" not in one:
                file = msgspec.structs.replace(file, origin=source)
            else:
                file = _with_provenance(client, base, package, one, file, source)
                # an index that has the Integrity API for none has it for no other file
                listed_alone = listed_alone or not (file.evidence or file.unknown)
        found.append(file)
    if not found:
        raise AbsentError(f"{source} has no file {name[:120]}.")
    return tuple(found)


def _lists_provenance(meta: dict[str, Any]) -> bool:
    """Whether an index says in its simple API which files have provenance (version 1.3 on)."""
    major, _, minor = text(meta.get("api-version")).partition(".")
    return (int(major), int(minor)) >= (1, 3) if major.isdigit() and minor.isdigit() else False


def _distribution(file: dict[str, Any], page: str) -> Offered:
    hashes = mapping(file.get("hashes"))
    return Offered(
        name=text(file.get("filename")),
        url=urljoin(page, text(file.get("url"))).partition("#")[0],
        digests=tuple(filter(None, (digest(name, one) for name, one in hashes.items()))),
    )


def _with_provenance(
    client: RegistryClient,
    base: str,
    package: Package,
    stated: dict[str, Any],
    file: Offered,
    source: str,
) -> Offered:
    """A file with its provenance object, by the simple API or by the Integrity API."""
    if "provenance" in stated:
        url = text(stated["provenance"])
        if not url:
            return msgspec.structs.replace(file, origin=source)
        url = urljoin(f"{base}/{package.name}/", url)
        if not may_follow(base, url):
            why = "the index names the provenance at an address that is not followed"
            return msgspec.structs.replace(file, unknown=why)
        return _with_evidence(client, file, url, promised=True)
    root, simple, _ = f"{base}/".rpartition("/simple/")
    if not simple:
        return msgspec.structs.replace(file, origin=source)
    place = "/".join(map(quote, (package.name, package.version, file.name)))
    return _with_evidence(client, file, f"{root}/integrity/{place}/provenance")


def _with_evidence(
    client: RegistryClient, file: Offered, url: str, *, promised: bool = False
) -> Offered:
    """A file with the document at an address; not there is none, unless it was promised."""
    try:
        answer = client.get(url, accept="application/json", limit=MAX_EVIDENCE_BYTES)
    except AbsentError as error:
        if promised:
            return msgspec.structs.replace(file, unknown=error.message)
        return msgspec.structs.replace(file, origin=url)
    except (UpstreamError, LimitError) as error:
        return msgspec.structs.replace(file, unknown=error.message)
    return msgspec.structs.replace(file, evidence=answer.body, origin=answer.url)


def _npm(
    client: RegistryClient, base: str, package: Package, _wanted: Collection[str] | None
) -> tuple[Offered, ...]:
    manifest, source = npm.manifest_of(client, base, package)
    dist = mapping(manifest.get("dist"))
    url = text(dist.get("tarball"))
    rows = [mapping(one) for one in array(dist.get("signatures"))[:MAX_SIGNATURES]]
    signatures = tuple((text(one.get("keyid")), text(one.get("sig"))) for one in rows)
    file = Offered(
        name=url.rpartition("/")[2],
        url=url,
        digests=integrity(dist.get("integrity")),
        signatures=signatures,
        signed_at=source,
    )
    # as npm does it: the path is npm's own, whatever host the manifest names
    name = quote(package.full_name, safe="@")
    place = f"{base}/-/npm/v1/attestations/{name}@{quote(package.version)}"
    return (_with_evidence(client, file, place, promised="attestations" in dist),)


_ASK: dict[
    str,
    Callable[[RegistryClient, str, Package, Collection[str] | None], tuple[Offered, ...]],
] = {"pypi": _pypi, "npm": _npm}
TYPES = frozenset(_ASK)
"""Types of package URLs whose registries offer evidence that is verified here."""
