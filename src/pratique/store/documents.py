"""What is written for one document."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum

import msgspec

from pratique.model.evidence import Verb
from pratique.model.inventory import Problem, Relation, Scope
from pratique.store.nouns import Noun

VERBS: dict[Verb, int] = {verb: number for number, verb in enumerate(Verb, 1)}
"""Number of each verb in the tables; new ones are added at the end."""

VERB_OF = {number: verb for verb, number in VERBS.items()}


class DocumentKind(StrEnum):
    """What sort of document something is, as ``pratique ingest`` took it."""

    SBOM = "sbom"
    """A bill of materials, a lockfile, or anything else that lists components."""

    VEX = "vex"
    ADVISORY = "advisory"
    ATTESTATION = "attestation"
    SCORECARD = "scorecard"
    CERTIFICATION = "certification"
    """What a person said with ``pratique certify`` or ``pratique contact``."""

    OPAQUE = "opaque"
    """Of no type that is known: kept as it is, nothing is read from it."""


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """One claim of a document: a verb, its nouns and what it says."""

    verb: Verb
    subject: Noun
    object: Noun | None = None
    said: dict[str, str] = {}
    """The verb's further fields; empty ones are left out."""


class Bill(msgspec.Struct, frozen=True, kw_only=True):
    """The graph of one bill of materials, by package URL.

    Components that are one package URL are one node.
    """

    subject: str
    """Package URL of what is described, or empty."""

    name: str
    """What the subject is called where no product is given; never empty."""

    version: str = ""
    nodes: tuple[str, ...]
    """Package URLs, sorted, each once."""

    roots: tuple[int, ...] = ()
    """Positions in ``nodes`` of what the subject depends on directly."""

    edges: tuple[tuple[int, int], ...] = ()
    """Positions of dependent and dependency, sorted, each once."""

    scopes: tuple[Scope, ...] = ()
    """What each package is needed for; empty where the bill is asked for none."""

    relations: tuple[Relation, ...] = ()
    """Whether the subject needs each package by itself; empty where that is not known."""

    before: tuple[int, ...] = ()
    """For each package the position of the one before it on the shortest path, or
    ``BEGINS`` or ``UNREACHED`` of :mod:`~pratique.store.roles`; empty: not worked out."""


class Placement(msgspec.Struct, frozen=True, kw_only=True):
    """Which product a bill of materials is of, and where that runs."""

    product: str
    version: str = ""
    environment: str = ""
    owner: str = ""
    """The team; empty where nobody is named."""

    tags: tuple[str, ...] = ()


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One document with everything that is read from it."""

    digest: str
    """``sha256:hex`` of the bytes."""

    raw: bytes
    kind: DocumentKind
    format: str
    """Name and version, as the field writes it: ``CycloneDX 1.5``."""

    path: str
    """Where it was found, as given."""

    collector: str
    signer: str = ""
    """Identity whose signature was verified; empty: nobody's."""

    observed: datetime
    """When it came in."""

    created: datetime | None = None
    """When it was made, as it says itself."""

    claims: tuple[Claim, ...] = ()
    bill: Bill | None = None
    placements: tuple[Placement, ...] = ()
    problems: tuple[Problem, ...] = ()


def instant(moment: datetime | None) -> str:
    """A moment as the tables hold it: UTC, sortable as text; empty for none."""
    if moment is None:
        return ""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
