"""Reads CycloneDX 1.2 to 1.7: components, what they depend on, and the subject.

Source: CycloneDX specification 1.7 and its JSON schemas; ECMA-424.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from pratique.formats.base import MAX_DEPTH, MAX_ITEMS, Notes
from pratique.formats.sbom.addresses import source_of, without_credentials
from pratique.formats.sbom.cyclonedx.dependencies import Graph
from pratique.formats.sbom.cyclonedx.wire import Document
from pratique.formats.sbom.items import Identities, References, artifacts
from pratique.formats.sbom.places import Places
from pratique.formats.sbom.reach import relations
from pratique.formats.sbom.salvage import read_json as read_struct
from pratique.formats.sbom.tally import Tally, quoted
from pratique.formats.text import decode
from pratique.model.ecosystems import ecosystem_of
from pratique.model.errors import InputError
from pratique.model.inventory import (
    Component,
    LicenseClaim,
    Location,
    Reading,
    Relation,
    Scope,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pratique.formats.base import Tree
    from pratique.formats.sbom.cyclonedx import wire
    from pratique.model.nouns import Package

VERSIONS = ("1.2", "1.3", "1.4", "1.5", "1.6", "1.7")
"""Versions of the specification that have JSON documents."""

MAX_NESTING = MAX_DEPTH
"""Levels of components within components that are followed.  Assemblies in
published documents have five; deeper ones are named and left out."""

_UNMATCHED_TYPES = frozenset(
    {
        "cryptographic-asset",
        "data",
        "device",
        "device-driver",
        "file",
        "machine-learning-model",
        "operating-system",
    }
)
"""Types of component that need no package URL: advisories do not name them by one."""

_REFERENCE = re.compile(r'"bom-ref"\s*+:\s*+("(?:[^"\\]|\\.)*+")')

_SCOPES = {
    None: Scope.RUNTIME,  # "required" is what an absent scope means
    "required": Scope.RUNTIME,
    "optional": Scope.OPTIONAL,
    "excluded": Scope.DEVELOPMENT,  # "test and other non-runtime purposes"
}


def read_json(data: bytes, path: str, tree: Tree) -> Reading:  # noqa: ARG001 - one file says all
    """Read a CycloneDX JSON document.

    Args:
        data: The document.
        path: Where it is, for the problems and locations.
        tree: Not used: a bill of materials is one file.

    Raises:
        InputError: It is not JSON, or not CycloneDX.
        LimitError: It exceeds the limits of size or depth.
    """
    text = decode(data)
    notes = Notes(path)
    document = read_struct(text, Document, notes)
    if document.bomFormat != "CycloneDX":
        if not document.specVersion or (document.bomFormat and not document.components):
            raise InputError("is not a CycloneDX document: bomFormat is not 'CycloneDX'")
        notes.unknown("bomFormat is not 'CycloneDX'; read as if it were")
    if document.specVersion not in VERSIONS:
        stated = quoted(document.specVersion) if document.specVersion else "not stated"
        notes.unknown(f"specVersion {stated} is not known; read as {VERSIONS[-1]}")
    places = Places(text, "bom-ref", "purl")
    format = f"CycloneDX {document.specVersion or '?'}"
    return reading(document, format, notes, places, lambda: _every_reference(text))


def _every_reference(text: str) -> set[str]:
    """References of all that a document names, and not of components alone."""
    found = set()
    for one in _REFERENCE.finditer(text):
        try:
            found.add(msgspec.json.decode(one[1].encode()))
        except (msgspec.DecodeError, UnicodeEncodeError):
            continue
    return found


def reading(
    document: wire.Document,
    format: str,
    notes: Notes,
    places: Places | None = None,
    named: Callable[[], set[str]] = set,
) -> Reading:
    """What a decoded document says.

    Args:
        document: In any serialisation, decoded.
        format: For the reading.
        notes: Holds what was found wrong so far.
        places: Where the line numbers come from, if the serialisation has any.
        named: Gives the references of all that the document names.
    """
    items = list(_flat(document, notes))
    places = places or Places()
    refs = _references(items, notes, places)
    identities = Identities(notes)
    main = document.metadata.component if document.metadata else None
    subject = _subject(main, identities, places) if main else None
    graph = Graph(
        document, main.bom_ref or main.purl if main else None, set(refs), notes, places, named
    )
    reached = relations(graph.roots, graph.edges)
    build = _Builder(identities, notes, places)
    components = tuple(
        build.component(item, ref, reached.get(ref, Relation.UNKNOWN))
        for item, ref in zip(items, refs, strict=True)
    )
    build.close(len(components))
    return Reading(
        format=format,
        subject=subject,
        components=components,
        roots=graph.roots,
        edges=graph.edges,
        problems=notes.done(),
    )


def _flat(document: wire.Document, notes: Notes) -> Iterator[wire.Component]:
    """All components, those within others after their parent; the subject itself is none."""
    main = document.metadata.component if document.metadata else None
    tops = [*(document.components or ()), *((main.components if main else None) or ())]
    waiting = [(component, 1) for component in reversed(tops)]
    count = left_out = 0
    while waiting:
        component, depth = waiting.pop()
        count += 1
        if count > MAX_ITEMS:
            notes.unreadable(f"has more components than the limit of {MAX_ITEMS:,}")
            break
        yield component
        if not component.components:
            continue
        if depth >= MAX_NESTING:
            left_out += 1
            continue
        waiting += [(inner, depth + 1) for inner in reversed(component.components)]
    if left_out:
        notes.unreadable(
            f"components are nested deeper than the limit of {MAX_NESTING}; "
            f"what is below is left out"
        )


def _references(items: list[wire.Component], notes: Notes, places: Places) -> list[str]:
    """A unique reference for each component: its bom-ref, its purl or its number."""
    twice = Tally(notes.notice, "bom-refs that occur more than once")
    references = References(item.bom_ref for item in items if item.bom_ref)
    seen: set[str] = set()
    refs = []
    for number, item in enumerate(items, 1):
        ref = item.bom_ref
        if not ref:
            ref = references.take(item.purl or f"component-{number}")
        elif ref in seen:
            line = places.line(ref)
            twice.add(f"bom-ref {quoted(ref)} is not unique; edges mean its first component", line)
            ref = references.take(ref)
        seen.add(ref)
        refs.append(ref)
    twice.close()
    return refs


def _subject(main: wire.Component, identities: Identities, places: Places) -> Package | None:
    ref = main.bom_ref or main.name or "metadata.component"
    version = main.version or ""
    if main.purl:
        line = places.line(main.bom_ref, main.purl)
        if package := identities.parse(main.purl, version, ref, line):
            return package
    return identities.named(main.group or "", main.name, version, ref) if main.name else None


class _Builder:
    """Makes components of a document's items."""

    def __init__(self, identities: Identities, notes: Notes, places: Places) -> None:
        self._identities = identities
        self._places = places
        self._path = notes.path
        self._hashes = Tally(notes.unreadable, "digests that could not be read")
        self._licenses = Tally(notes.unreadable, "licences without id, name and expression")
        self._scopes = Tally(notes.unknown, "scopes that are not known")

    def component(self, item: wire.Component, ref: str, relation: Relation) -> Component:
        """The model's form of a component."""
        line = self._places.line(item.bom_ref, item.purl)
        version = item.version or ""
        package = self._identities.parse(item.purl, version, ref, line) if item.purl else None
        ecosystem = ecosystem_of(package) if package else ""
        if not item.purl and item.type not in _UNMATCHED_TYPES:
            self._identities.without_purl += 1
        if package is None:
            name = item.name or ""
            package = self._identities.named(item.group or "", name, version, ref, line)
        addresses = _addresses(item, package)
        download = addresses.get("distribution")
        # What comes from a registry has its repository's address for information only.
        vcs = addresses.get("vcs_url") or ("" if ecosystem else addresses.get("vcs"))
        return Component(
            ref=ref,
            package=package,
            ecosystem=ecosystem,
            relation=relation,
            scope=self._scope(item.scope, ref, line),
            requirement=item.versionRange or "",
            locations=(Location(self._path, line),),
            hashes=artifacts(((h.alg, h.content) for h in item.hashes), ref, line, self._hashes)
            if item.hashes
            else (),
            registry=without_credentials(download) if download else "",
            source=source_of(vcs) if vcs else None,
            licenses=self._claims(item.licenses, ref, line) if item.licenses else (),
        )

    def close(self, total: int) -> None:
        """Say what is to be said once for the whole document."""
        for tally in (self._hashes, self._licenses, self._scopes):
            tally.close()
        self._identities.close(total)

    def _scope(self, stated: str | None, ref: str, line: int) -> Scope:
        scope = _SCOPES.get(stated)
        if scope is None:
            self._scopes.add(f"{quoted(ref)}: scope {quoted(stated or '')} is not known", line)
            return Scope.UNKNOWN
        return scope

    def _claims(
        self, choices: list[wire.LicenseChoice], ref: str, line: int
    ) -> tuple[LicenseClaim, ...]:
        """Licences as stated; whether they were declared or concluded is not told apart."""
        found = []
        for choice in choices:
            named = choice.license
            text = choice.expression or (named and (named.id or named.name or named.url))
            if not text:
                self._licenses.add(f"{quoted(ref)}: a licence has no id, name or expression", line)
            elif text.strip() not in {"NOASSERTION", "NONE"}:
                found.append(LicenseClaim(text, "sbom"))
        return tuple(dict.fromkeys(found)) if len(found) > 1 else tuple(found)


def _addresses(item: wire.Component, package: Package) -> dict[str, str]:
    """First address of each type; qualifiers of the package URL fill what is not stated."""
    found: dict[str, str] = {}
    if not item.externalReferences and not package.qualifiers:
        return found
    for reference in item.externalReferences or ():
        if reference.type and reference.url:
            found.setdefault(reference.type, reference.url)
    for key, value in package.qualifiers:
        if key == "vcs_url":
            found[key] = value
        elif key in {"repository_url", "download_url"}:
            found.setdefault("distribution", value)
    return found
