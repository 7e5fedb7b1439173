"""Reads SPDX 2.2 and 2.3: packages, their relationships, and the subject.

Source: SPDX 2.3 (clauses 6, 7 and 11) and its JSON schema.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.formats.base import MAX_ITEMS, Notes
from pratique.formats.sbom.addresses import is_vcs, source_of, without_credentials
from pratique.formats.sbom.items import Identities, References, artifacts
from pratique.formats.sbom.places import Places
from pratique.formats.sbom.salvage import read_json as read_struct
from pratique.formats.sbom.spdx import older
from pratique.formats.sbom.spdx.relationships import Graph
from pratique.formats.sbom.spdx.wire import Document
from pratique.formats.sbom.tally import Tally, quoted
from pratique.formats.text import decode
from pratique.model.ecosystems import ecosystem_of
from pratique.model.errors import InputError, UnsupportedError
from pratique.model.inventory import Component, LicenseClaim, Location, Reading, Relation, Scope

if TYPE_CHECKING:
    from collections.abc import Container

    from pratique.formats.base import Tree
    from pratique.formats.sbom.spdx import wire
    from pratique.model.nouns import Package

VERSIONS = ("SPDX-2.2", "SPDX-2.3")
"""Versions of the specification that have JSON documents; 2.2.2 and 2.3.1 write these."""

_ABSENT = frozenset({"", "NONE", "NOASSERTION"})
_UNMATCHED_PURPOSES = frozenset({"DATA", "DEVICE", "FILE", "MODEL", "OPERATING_SYSTEM"})
"""Purposes of packages that need no package URL: advisories do not name them by one."""


def read_json(data: bytes, path: str, tree: Tree) -> Reading:  # noqa: ARG001 - one file says all
    """Read an SPDX 2 JSON document, bare or in the wrapper of a GitHub export.

    Args:
        data: The document.
        path: Where it is, for the problems and locations.
        tree: Not used: other documents that it refers to are not followed.

    Raises:
        UnsupportedError: It is SPDX 3.
        InputError: It is not JSON, or not SPDX.
        LimitError: It exceeds the limits of size or depth.
    """
    text = decode(data)
    notes = Notes(path)
    if older.is_older_json(text):
        document = older.current(read_struct(text, older.Document, notes))
    else:
        document = read_struct(text, Document, notes)
    if '"@graph"' in text and not document.spdxVersion:
        raise UnsupportedError("is SPDX 3, not SPDX 2")
    document, format = recognised(document, notes)
    return reading(document, format, notes, Places(text, "SPDXID"))


def recognised(document: wire.Document, notes: Notes) -> tuple[wire.Document, str]:
    """The document itself, out of what may be around it, and the name of its format.

    Args:
        document: As decoded.
        notes: Receives one *unknown* where its version is not known.

    Raises:
        UnsupportedError: It is SPDX 3.
        InputError: It is not SPDX.
    """
    if not document.spdxVersion:
        document = document.sbom or document.wrapped or document
    version = document.spdxVersion or ""
    if version.startswith("SPDX-3"):
        raise UnsupportedError("is SPDX 3, not SPDX 2")
    if not version.startswith("SPDX-") and not (document.SPDXID and document.packages):
        raise InputError("is not an SPDX document: it states no spdxVersion")
    return document, format_of(version, VERSIONS, notes)


def format_of(version: str, known: Container[str], notes: Notes) -> str:
    """Name of the format for a reading; a version that is not known is noted.

    Args:
        version: As the document states it, or empty.
        known: Versions of the serialisation.
        notes: Receives one *unknown*.
    """
    if version not in known:
        stated = quoted(version) if version else "not stated"
        notes.unknown(f"spdxVersion {stated} is not known; read as {VERSIONS[-1]}")
    return version.replace("-", " ", 1) or "SPDX ?"


def reading(
    document: wire.Document,
    format: str,
    notes: Notes,
    places: Places | None = None,
    elsewhere: Container[str] = (),
) -> Reading:
    """What a decoded document says.

    Args:
        document: In any serialisation, decoded.
        format: For the reading.
        notes: Holds what was found wrong so far.
        places: Where the line numbers come from, if the serialisation has any.
        elsewhere: Identifiers that the document says belong to other documents.
    """
    build = _Builder(notes, places or Places())
    packages = document.packages or []
    if len(packages) > MAX_ITEMS:
        notes.unreadable(f"has more packages than the limit of {MAX_ITEMS:,}")
        packages = packages[:MAX_ITEMS]
    references = References(item.SPDXID for item in packages if item.SPDXID)
    identified = [
        (item, ref, build.packages(item, ref))
        for item, ref in zip(packages, _references(packages, references, notes), strict=True)
    ]
    refs = {ref: (ref, *(references.take(ref) for _ in found[1:])) for _, ref, found in identified}
    graph = Graph(document, refs, notes, elsewhere)
    scopes = graph.scopes()
    sole = graph.described[0] if len(graph.described) == 1 else ""
    components, subject = [], None
    for item, ref, found in identified:
        if ref == sole:
            subject = found[0]
        if ref != sole or len(packages) == 1:  # a product needs no purl where its parts have one
            build.judge(item)
        components += [
            build.component(
                item, one, package, graph.relations.get(one, Relation.UNKNOWN), scopes.get(one)
            )
            for one, package in zip(refs[ref], found, strict=True)
        ]
    build.close(len(packages))
    return Reading(
        format=format,
        subject=subject,
        components=tuple(components),
        roots=graph.roots,
        edges=graph.edges,
        problems=notes.done(),
    )


def _references(packages: list[wire.Package], references: References, notes: Notes) -> list[str]:
    """A unique reference for each package: its SPDXID where it has one of its own."""
    twice = Tally(notes.notice, "SPDXIDs that occur more than once")
    seen: set[str] = set()
    refs = []
    for number, item in enumerate(packages, 1):
        ref = item.SPDXID or references.take(f"package-{number}")
        if ref in seen:
            twice.add(f"SPDXID {quoted(ref)} is not unique; edges mean its first package")
            ref = references.take(ref)
        seen.add(ref)
        refs.append(ref)
    twice.close()
    return refs


class _Builder:
    """Makes components of a document's packages."""

    def __init__(self, notes: Notes, places: Places) -> None:
        self._identities = Identities(notes)
        self._places = places
        self._path = notes.path
        self._hashes = Tally(notes.unreadable, "digests that could not be read")

    def packages(self, item: wire.Package, ref: str) -> list[Package]:
        """The packages that an SPDX package is: one for each name and version it states.

        Package URLs that differ in their qualifiers alone (architectures,
        repositories) mean the same package; the first stands for all.
        """
        line = self._places.line(item.SPDXID)
        version = item.versionInfo or ""
        version = "" if version in _ABSENT else version
        found: dict[tuple[str, str, str, str], Package] = {}
        for purl in dict.fromkeys(_purls(item)):
            package = self._identities.parse(purl, version, ref, line)
            if package is not None:
                key = (package.type, package.namespace, package.name, package.version)
                found.setdefault(key, package)
        if found:
            return list(found.values())
        return [self._identities.named("", item.name or "", version, ref, line)]

    def judge(self, item: wire.Package) -> None:
        """Count a package that needs a package URL and states none."""
        purpose = (item.primaryPackagePurpose or "").upper().replace("-", "_")
        if purpose not in _UNMATCHED_PURPOSES and not any(_purls(item)):
            self._identities.without_purl += 1

    def component(
        self,
        item: wire.Package,
        ref: str,
        package: Package,
        relation: Relation,
        scope: Scope | None,
    ) -> Component:
        """The model's form of a package."""
        line = self._places.line(item.SPDXID)
        address = (item.downloadLocation or "").strip()
        address = "" if address in _ABSENT else address
        from_vcs = is_vcs(address)
        sums = ((sum.algorithm, sum.checksumValue) for sum in item.checksums or ())
        return Component(
            ref=ref,
            package=package,
            ecosystem=ecosystem_of(package),
            relation=relation,
            scope=scope or Scope.UNKNOWN,
            locations=(Location(self._path, line),),
            hashes=artifacts(sums, ref, line, self._hashes),
            registry="" if from_vcs else without_credentials(address),
            source=source_of(address) if from_vcs else None,
            licenses=_claims(item),
        )

    def close(self, total: int) -> None:
        """Say what is to be said once for the whole document."""
        self._hashes.close()
        self._identities.close(total)


def _purls(item: wire.Package) -> list[str]:
    """Package URLs in the order stated.

    The reference's type decides: the category has two spellings
    (``PACKAGE-MANAGER``, ``PACKAGE_MANAGER``), and some documents state another.
    """
    return [
        reference.referenceLocator
        for reference in item.externalRefs or ()
        if reference.referenceLocator
        and (reference.referenceType or "").rpartition("/")[2].lower() == "purl"
    ]


def _claims(item: wire.Package) -> tuple[LicenseClaim, ...]:
    """The concluded licence, then the declared one, each where it is an expression."""
    stated = (text.strip() for text in (item.licenseConcluded, item.licenseDeclared) if text)
    return tuple(
        dict.fromkeys(LicenseClaim(text, "sbom") for text in stated if text not in _ABSENT)
    )
