"""Maven repositories: the POM with its parents, and the digests beside the artifact.

Sources: *Maven Repository Layout*; *POM Reference* (licenses, organization,
developers, scm, ``distributionManagement/relocation``; what is inherited).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pratique.formats.text import parse_xml
from pratique.model.errors import InputError, UpstreamError
from pratique.sources.packages.client import AbsentError
from pratique.sources.packages.models import Described, Distribution, Said
from pratique.sources.packages.reading import address, digest, said, text

if TYPE_CHECKING:
    from pratique.model.purl import Package
    from pratique.sources.packages.client import RegistryClient

MAX_POM_BYTES = 4 * 1024 * 1024
"""Largest POM; a hundred kilobytes are many."""

MAX_PARENTS = 12
"""Parents that are followed; real chains have up to six."""

MAX_DIGEST_BYTES = 1024
_SUMS = (("SHA-512", "sha512"), ("SHA-256", "sha256"), ("SHA-1", "sha1"))


def describe(client: RegistryClient, base: str, package: Package) -> Described:
    """What a repository says of a version; raises as :meth:`RegistryClient.get`."""
    chain = _chain(client, base, (package.namespace, package.name, package.version))
    first, source = chain[0]
    files, unknown = _digests(client, base, package, first)
    organization = _inherited(chain, _organization)
    author = _inherited(chain, _developer)
    moved = first.find("{*}distributionManagement/{*}relocation")
    return Described(
        licenses=_licenses(chain),
        distributions=files,
        distributions_source=f"{source.rpartition('/')[0]}/",
        supplier=organization or author,
        organization=organization is not None,
        author=author,
        vcs=_inherited(chain, lambda pom, at: address(_scm(pom), at)),
        homepage=_inherited(chain, lambda pom, at: address(pom.findtext("{*}url"), at)),
        deprecated=Said(f"moved to {_moved(moved, package)}", source)
        if moved is not None
        else None,
        unknown=unknown,
    )


def _folder(base: str, at: tuple[str, str, str]) -> str:
    group, artifact, version = at
    return "/".join((base, *map(quote, group.split(".")), quote(artifact), quote(version)))


def _chain(client: RegistryClient, base: str, at: tuple[str, str, str]) -> list[tuple[Any, str]]:
    """The POM of a version and those of its parents, each with its address."""
    found: list[tuple[Any, str]] = []
    seen = set()
    while at not in seen and len(found) <= MAX_PARENTS:
        seen.add(at)
        url = f"{_folder(base, at)}/{quote(at[1])}-{quote(at[2])}.pom"
        try:
            answer = client.get(url, limit=MAX_POM_BYTES)
            root = parse_xml(answer.body)
        except (UpstreamError, InputError) as error:
            if found:  # what the POM itself says holds without its parent
                break
            if isinstance(error, UpstreamError):
                raise
            raise UpstreamError(f"{url} {error.message}") from None
        found.append((root, answer.url))
        parent = root.find("{*}parent")
        if parent is None:
            break
        names = [
            text(parent.findtext(f"{{*}}{one}")) for one in ("groupId", "artifactId", "version")
        ]
        if not all(names) or any("$" in one or "/" in one for one in names):
            break
        at = (names[0], names[1], names[2])
    return found


def _inherited(chain: list[tuple[Any, str]], value: Any) -> Said | None:
    """The first of a POM and its parents that has a value."""
    for pom, source in chain:
        found: Said | None = value(pom, source)
        if found is not None and "${" not in found.value:
            return found
    return None


def _licenses(chain: list[tuple[Any, str]]) -> tuple[Said, ...]:
    for pom, source in chain:
        names = [text(one.findtext("{*}name")) for one in pom.findall("{*}licenses/{*}license")]
        if found := tuple(Said(one, source) for one in names if one):
            return found
    return ()


def _organization(pom: Any, source: str) -> Said | None:
    return said(pom.findtext("{*}organization/{*}name"), source)


def _developer(pom: Any, source: str) -> Said | None:
    names = [text(one.findtext("{*}name")) for one in pom.findall("{*}developers/{*}developer")]
    return said(", ".join([one for one in names if one][:5]), source)


def _scm(pom: Any) -> str:
    stated = text(pom.findtext("{*}scm/{*}url")) or text(pom.findtext("{*}scm/{*}connection"))
    return stated.removeprefix("scm:git:").removeprefix("scm:svn:")


def _moved(element: Any, package: Package) -> str:
    group = text(element.findtext("{*}groupId")) or package.namespace
    artifact = text(element.findtext("{*}artifactId")) or package.name
    return f"{group}:{artifact}"


def _digests(
    client: RegistryClient, base: str, package: Package, pom: Any
) -> tuple[tuple[Distribution, ...], tuple[tuple[str, str], ...]]:
    """The strongest digest that lies beside the artifact (*Repository Layout*, checksums)."""
    qualifiers = dict(package.qualifiers)
    kind = qualifiers.get("type") or text(pom.findtext("{*}packaging")) or "jar"
    kind = {"bundle": "jar", "maven-plugin": "jar", "eclipse-plugin": "jar"}.get(kind, kind)
    classifier = f"-{qualifiers['classifier']}" if "classifier" in qualifiers else ""
    name = f"{package.name}-{package.version}{classifier}.{kind}"
    folder = _folder(base, (package.namespace, package.name, package.version))
    url = f"{folder}/{quote(name)}"
    reason = ""
    for algorithm, suffix in _SUMS:
        try:
            answer = client.get(f"{url}.{suffix}", limit=MAX_DIGEST_BYTES)
        except AbsentError as error:
            reason = error.message
            continue
        except UpstreamError as error:
            reason = error.message
            break
        stated = answer.body.decode("utf-8", "replace").split()
        if stated and (one := digest(algorithm, stated[0])):
            return (Distribution(name=name, url=url, digests=(one,)),), ()
        reason = f"{answer.url} is no {algorithm}."
    return (), (("hashes", reason),)
