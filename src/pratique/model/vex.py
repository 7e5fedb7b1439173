"""Who says that a vulnerability does not matter in a product, and why.

One model for OpenVEX 0.2.0, CSAF 2.0 and 2.1 (VEX profile), CycloneDX 1.4 to
1.7 and SPDX 3: all have the data points of CISA's *Minimum Requirements for
VEX* (April 2023).  What a format says more exactly than the common words is
kept beside them as written.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from pratique.model.errors import InputError
from pratique.model.inventory import Location, Problem
from pratique.model.nouns import Artifact
from pratique.model.purl import Package


class Status(StrEnum):
    """The four statuses of the VEX minimum requirements, section 3."""

    NOT_AFFECTED = "not_affected"
    AFFECTED = "affected"
    FIXED = "fixed"
    UNDER_INVESTIGATION = "under_investigation"

    @property
    def caution(self) -> int:
        """How much the status asks of its reader; where two tie, the greater counts."""
        return _CAUTION[self]

    @property
    def closes(self) -> bool:
        """Whether nothing is left to do about the vulnerability."""
        return self in {Status.NOT_AFFECTED, Status.FIXED}


_CAUTION = {
    Status.AFFECTED: 3,
    Status.UNDER_INVESTIGATION: 2,
    Status.FIXED: 1,
    Status.NOT_AFFECTED: 0,
}


class Justification(StrEnum):
    """Why a product is not affected; OpenVEX, CSAF and SPDX share the words.

    Source: *Vulnerability Exploitability eXchange - Status Justifications*, June 2022.
    """

    COMPONENT_NOT_PRESENT = "component_not_present"
    CODE_NOT_PRESENT = "vulnerable_code_not_present"
    CODE_NOT_IN_EXECUTE_PATH = "vulnerable_code_not_in_execute_path"
    CODE_NOT_CONTROLLABLE = "vulnerable_code_cannot_be_controlled_by_adversary"
    MITIGATIONS_EXIST = "inline_mitigations_already_exist"


class Signature(StrEnum):
    """What is known of the signature of a statement's document."""

    NONE = "none"
    """There is none."""

    UNVERIFIED = "unverified"
    """It has one, or says so, but nobody has verified it: it counts for nothing."""

    VERIFIED = "verified"
    """``Statement.signer`` is the identity that was verified."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Software as a document names it: a product, or a component inside one.

    Build one with :meth:`of`, which reads the package URLs.
    """

    id: str = ""
    """The document's own name for it: an IRI, often a package URL; as written."""

    identifiers: tuple[tuple[str, str], ...] = ()
    """Kind (``purl``, ``cpe22``, ``cpe23`` …) and identifier as written, sorted."""

    hashes: tuple[Artifact, ...] = ()
    """Sorted."""

    name: str = ""
    supplier: str = ""
    bom: str = ""
    """Serial number of the bill of materials whose component it is (BOM-Link)."""

    packages: tuple[Package, ...] = ()
    """What the package URLs among id and identifiers name."""

    ranges: tuple[str, ...] = ()
    """Version ranges (``vers:…``) within which alone it is meant; the package then has
    no version."""

    @classmethod
    def of(
        cls,
        id: str = "",
        *,
        identifiers: tuple[tuple[str, str], ...] = (),
        hashes: tuple[Artifact, ...] = (),
        name: str = "",
        supplier: str = "",
        bom: str = "",
    ) -> Part:
        """Build a part; package URLs that cannot be read identify nothing (see :func:`bad_purls`).

        Args:
            id: As written.
            identifiers: Kind and identifier, in any order.
            hashes: In any order.
            name: For people.
            supplier: Of the part.
            bom: Serial number, for a component of another document.
        """
        pairs = tuple(sorted(set(identifiers)))
        packages: dict[Package, None] = {}
        for text in _purls(id, pairs):
            try:
                packages[Package.parse(text)] = None
            except InputError:
                continue
        return cls(
            id=id,
            identifiers=pairs,
            hashes=tuple(sorted(set(hashes))),
            name=name,
            supplier=supplier,
            bom=bom,
            packages=tuple(packages),
        )

    @property
    def cpes(self) -> tuple[str, ...]:
        """The CPE names among the identifiers, in either binding."""
        found = [value for kind, value in self.identifiers if kind.startswith("cpe")]
        if self.id.startswith("cpe:"):
            found.insert(0, self.id)
        return tuple(dict.fromkeys(found))

    @property
    def label(self) -> str:
        """The best name for people, of one line."""
        if self.id:
            return self.id
        if self.packages:
            return str(self.packages[0])
        for _, value in self.identifiers:
            return value
        return self.name or (str(self.hashes[0]) if self.hashes else "")


def bad_purls(part: Part) -> tuple[str, ...]:
    """Package URLs of a part that cannot be read, with the reason each."""
    found = []
    for text in _purls(part.id, part.identifiers):
        try:
            Package.parse(text)
        except InputError as error:
            found.append(error.message)
    return tuple(found)


def _purls(id: str, identifiers: tuple[tuple[str, str], ...]) -> list[str]:
    texts = [id] if id.startswith("pkg:") else []
    return texts + [value for kind, value in identifiers if kind == "purl"]


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """A product, and those of its components that a statement is about."""

    part: Part
    subcomponents: tuple[Part, ...] = ()
    """Where the vulnerability comes from; without any the whole product is meant."""

    within: tuple[Part, ...] = ()
    """Further products that the product must itself be in, innermost first (CSAF)."""


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """One assertion: a vulnerability, products, and a status, at a time, by somebody."""

    id: str = ""
    """Its own IRI, where it has one."""

    vulnerability: str
    """Main name: ``CVE-2024-0001``."""

    vulnerability_iri: str = ""
    aliases: tuple[str, ...] = ()
    """Further names, in the document's order."""

    description: str = ""
    """Of the vulnerability."""

    products: tuple[Product, ...] = ()
    status: Status
    status_as_written: str = ""
    """The format's own word (``resolved_with_pedigree``, ``known_not_affected``)."""

    status_notes: str = ""
    justification: Justification | None = None
    justification_as_written: str = ""
    """The format's own word (``protected_by_compiler``)."""

    impact: str = ""
    """Impact statement: why the product is not affected."""

    action: str = ""
    """Action statement: what to do where it is."""

    action_timestamp: datetime | None = None
    responses: tuple[str, ...] = ()
    """CycloneDX: what the supplier will do (``update``, ``will_not_fix`` …)."""

    timestamp: datetime | None = None
    """UTC, inherited where the statement has none of its own; ``None`` is undated."""

    stated_timestamp: bool = False
    """Whether the statement itself has the timestamp, rather than its document."""

    last_updated: datetime | None = None
    supplier: str = ""

    author: str = ""
    """Of its document."""

    document: str = ""
    """Id of its document."""

    format: str = ""
    """Of its document: ``OpenVEX 0.2.0``."""

    location: Location
    """Its document's path, and its line where that is known."""

    place: str = ""
    """Path inside the document: ``statements[3]``."""

    signature: Signature = Signature.NONE
    signer: str = ""
    """Identity whose signature over the document was verified; empty: nobody's."""

    @property
    def names(self) -> tuple[str, ...]:
        """Every name of the vulnerability, each once."""
        every = (self.vulnerability, *self.aliases, self.vulnerability_iri)
        return tuple(dict.fromkeys(name for name in every if name))


class VexDocument(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader made of one document: the good statements, and what is wrong with others."""

    id: str = ""
    format: str
    """Name and version, as the field writes it: ``CSAF 2.0``."""

    path: str
    author: str = ""
    role: str = ""
    title: str = ""
    timestamp: datetime | None = None
    """When it was issued, in UTC."""

    last_updated: datetime | None = None
    version: str = ""
    tooling: str = ""
    supplier: str = ""
    statements: tuple[Statement, ...] = ()
    """In the document's order."""

    problems: tuple[Problem, ...] = ()
    """Every statement that could not be read or used is named here."""
