"""npm registries: the manifest of one version, or the packument where there is none.

Source: npm, *Package metadata* (full metadata, version objects).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pratique.formats.shapes import array, mapping
from pratique.model.errors import UpstreamError
from pratique.sources.packages.client import AbsentError
from pratique.sources.packages.models import Described, Distribution, Said
from pratique.sources.packages.reading import address, digest, integrity, repository, said, text

if TYPE_CHECKING:
    from pratique.model.purl import Package
    from pratique.sources.packages.client import RegistryClient


def describe(client: RegistryClient, base: str, package: Package) -> Described:
    """What a registry says of a version; raises as :meth:`RegistryClient.get`."""
    return described(*manifest_of(client, base, package))


def manifest_of(client: RegistryClient, base: str, package: Package) -> tuple[dict[str, Any], str]:
    """The version object of a package, and its address; raises as :meth:`RegistryClient.get`."""
    name = quote(package.full_name, safe="@")
    try:
        manifest, source = client.json(f"{base}/{name}/{quote(package.version)}")
    except AbsentError:
        whole, source = client.json(f"{base}/{name}")
        manifest = mapping(mapping(whole).get("versions")).get(package.version)
        if not isinstance(manifest, dict):
            raise AbsentError(f"{source} has no version {package.version[:80]}.") from None
    if not isinstance(manifest, dict) or manifest.get("version") != package.version:
        raise UpstreamError(f"{source} is not the manifest of {package.version[:80]}.")
    return manifest, source


def described(manifest: dict[str, Any], source: str) -> Described:
    """What a version object says."""
    dist = mapping(manifest.get("dist"))
    digests = integrity(dist.get("integrity"))
    if not digests and (weak := digest("SHA-1", dist.get("shasum"))):
        digests = (weak,)
    url = text(dist.get("tarball"))
    file = Distribution(name=url.rpartition("/")[2], url=url, digests=digests)
    author = said(_person(manifest.get("author")), source)
    first = next(iter(array(manifest.get("maintainers"))), None)
    deprecated = manifest.get("deprecated")
    why = text(deprecated) or "deprecated" if deprecated else ""
    return Described(
        licenses=tuple(Said(one, source) for one in _licenses(manifest)),
        distributions=(file,) if digests else (),
        distributions_source=source,
        supplier=author or said(_person(first), source),
        author=author,
        vcs=repository(manifest.get("repository"), source),
        homepage=address(manifest.get("homepage"), source),
        deprecated=said(why, source),
    )


def _licenses(manifest: dict[str, Any]) -> list[str]:
    stated = [manifest.get("license"), *array(manifest.get("licenses"))]
    found = [text(one.get("type") if isinstance(one, dict) else one) for one in stated]
    return [one for one in found if one]


def _person(value: Any) -> str:
    """The name of ``Name <address> (url)`` or of an object."""
    if isinstance(value, dict):
        return text(value.get("name"))
    return text(value).partition("<")[0].partition("(")[0].strip()
