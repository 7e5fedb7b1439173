"""What is here: components, where each was found, and who depends on whom."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from pratique.model.nouns import Artifact, Source
from pratique.model.purl import Package


class Location(msgspec.Struct, frozen=True, order=True):
    """A place in a document."""

    path: str
    """Relative to what was checked, with forward slashes; ``-`` is standard input."""

    line: int = 0
    """First line of the entry, counted from 1; 0 where the format has no lines."""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


class Relation(StrEnum):
    """How the project came to need a component."""

    DIRECT = "direct"
    TRANSITIVE = "transitive"
    UNKNOWN = "unknown"


class Scope(StrEnum):
    """What a component is needed for; the widest where it is needed for several."""

    RUNTIME = "runtime"
    OPTIONAL = "optional"
    BUILD = "build"
    TEST = "test"
    DEVELOPMENT = "development"
    UNKNOWN = "unknown"


class LicenseClaim(msgspec.Struct, frozen=True, order=True):
    """A licence as some document states it, not yet judged."""

    text: str
    """SPDX expression, licence name or classifier, as written."""

    origin: str
    """Who says so: ``lockfile``, ``sbom``, ``installed metadata`` …"""


class Component(msgspec.Struct, frozen=True, kw_only=True):
    """One package at one version, as one document speaks of it."""

    ref: str
    """Unique within its reading or inventory; edges name it."""

    package: Package
    """Name, and version where one is pinned (else the version is empty)."""

    ecosystem: str = ""
    """OSV ecosystem, with its suffix if it has one (``Debian:12``); empty if none fits."""

    relation: Relation = Relation.UNKNOWN
    scope: Scope = Scope.UNKNOWN
    groups: tuple[str, ...] = ()
    """The document's own group names (``dev``, an extra's name …), sorted."""

    requirement: str = ""
    """The constraint as written where the document states one (``>=2,<3``)."""

    locations: tuple[Location, ...] = ()
    hashes: tuple[Artifact, ...] = ()
    registry: str = ""
    """Registry or download address as the document states it, without credentials."""

    source: Source | None = None
    """Version control origin for a component that does not come from a registry."""

    licenses: tuple[LicenseClaim, ...] = ()
    alias: str = ""
    """The name the project uses for it, where that differs from the package's."""


class Trouble(StrEnum):
    """How a problem bears on the completeness of an answer."""

    UNREADABLE = "unreadable"
    """Something could not be read: the answer is incomplete (exit code 3)."""

    UNKNOWN = "unknown"
    """Something was read but could not be determined: the answer is incomplete."""

    NOTICE = "notice"
    """Worth saying; the answer is complete without it."""


class Problem(msgspec.Struct, frozen=True, order=True):
    """Something that went wrong or could not be determined, with its place."""

    location: Location
    trouble: Trouble
    message: str
    """One line, without the place."""


class Suspicion(msgspec.Struct, frozen=True, order=True):
    """What the content of a document would do, of which a rule warns."""

    rule: str
    """Id of the rule: ``model-runs-code``."""

    name: str
    """Of what it is: ``os.system``."""

    message: str
    """One line, without the place."""

    subject: str
    """Package URL of the component."""

    location: Location


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What one reader made of one document.  Nothing in it is lost on a bad item."""

    format: str
    """Name and version of the format, as the field writes it: ``package-lock.json v3``."""

    subject: Package | None = None
    """The project or product that the document describes, where it says."""

    components: tuple[Component, ...] = ()
    roots: tuple[str, ...] = ()
    """References of what the subject depends on directly, where known."""

    edges: dict[str, tuple[str, ...]] = {}
    """Component reference to the references of what it depends on.  Every
    reference named is a component of this reading.  A component without a key
    is one whose dependencies the document does not state."""

    problems: tuple[Problem, ...] = ()
    suspicions: tuple[Suspicion, ...] = ()


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A document that an inventory was made from."""

    path: str
    format: str
    sha256: str = ""
    size: int = 0
    """In bytes."""

    components: int = 0
    subject: str = ""
    """Package URL of what it describes, or empty."""


class Inventory(msgspec.Struct, frozen=True, kw_only=True):
    """A resolved set of components and their edges, over any number of documents."""

    subject: str
    """What was looked at, as the user named it."""

    documents: tuple[Document, ...] = ()
    components: tuple[Component, ...] = ()
    """Sorted by reference.  References start with their document's path."""

    roots: tuple[str, ...] = ()
    edges: dict[str, tuple[str, ...]] = {}
    problems: tuple[Problem, ...] = ()
    suspicions: tuple[Suspicion, ...] = ()
