"""What the questions answer."""

from __future__ import annotations

from collections.abc import Callable, Collection

import msgspec

from pratique.model.advisory import Advisory
from pratique.model.inventory import Relation, Scope
from pratique.store.record import Shipment, Stated

Matches = Callable[[Collection[str]], Collection[str]]
"""Takes package URLs of the record and gives those that a vulnerability affects."""


class Vulnerable(msgspec.Struct, frozen=True, kw_only=True):
    """A vulnerability, and what is needed to find what it affects."""

    ids: tuple[str, ...]
    """All its names: what was asked first, then its aliases."""

    names: tuple[str, ...] | None = None
    """Package URLs without version that it may affect: only their versions are asked
    about.  ``None``: every package of the record is."""

    matches: Matches
    indexed: Callable[[str], Advisory | None] | None = None
    """What the index has of an id: of a record that was ingested too, the revision that was
    modified last counts."""

    without: Callable[[Collection[str]], Matches] | None = None
    """As ``matches``, but for what the advisories of some ids say."""

    undetermined: tuple[str, ...] = ()
    """What could not be matched, in a line each: never to be read as not affected."""


class VexShown(msgspec.Struct, frozen=True, kw_only=True):
    """A VEX statement that speaks of a hit."""

    status: str
    vulnerability: str
    subject: str
    justification: str = ""
    author: str = ""
    timestamp: str = ""
    signed_by: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """One product, at one version, that contains what was asked about."""

    product: str
    version: str
    environments: tuple[str, ...]
    owners: tuple[str, ...]
    tags: tuple[str, ...]
    current: bool
    """Whether its bill is the newest of the product in at least one environment."""

    status: str = "affected"
    """What the newest VEX statement says; ``affected`` where there is none."""

    scope: str = Scope.UNKNOWN.value
    """The widest that the bills need any of the packages for; ``unknown`` where none says."""

    packages: tuple[str, ...]
    path: tuple[str, ...]
    """The shortest, from the product; its end is one of ``packages``.  Where the bill
    does not state how that came in, the path has these two alone."""

    explained: bool
    """Whether the bill states how it came in."""

    vex: tuple[VexShown, ...] = ()
    documents: tuple[str, ...]
    """Digests of the bills."""

    since: str
    """When the earliest of them was made, or came in."""


class Exposure(msgspec.Struct, frozen=True, kw_only=True):
    """Which inventories contain it."""

    question: str
    ids: tuple[str, ...] = ()
    as_of: str = ""
    packages: tuple[str, ...] = ()
    """Packages of the record that are meant."""

    hits: tuple[Hit, ...] = ()
    undetermined: tuple[str, ...] = ()
    incomplete_documents: int = 0
    """Documents that were not wholly understood: they may contain more."""


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """How one package came into one product's bill."""

    product: str
    version: str
    environments: tuple[str, ...]
    document: str
    package: str
    scope: str = Scope.UNKNOWN.value
    """What the bill needs it for."""

    relation: str = Relation.UNKNOWN.value
    """Whether the subject needs it by itself, as the bill says."""

    count: int
    """Number of paths; 0 where the bill does not state how it came in."""

    shortest: tuple[str, ...]
    paths: tuple[tuple[str, ...], ...]


class Reached(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """A package in reach of another in the union of all bills."""

    distance: int
    package: str
    scopes: tuple[str, ...] = ()
    """Everything that bills need it for, the widest first; ``unknown`` where one does not say."""


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """How many packages one has in reach in the union of all bills."""

    package: str
    reached: int


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How many packages each of some has in reach."""

    counts: tuple[Counted, ...]
    """Those with most in reach first."""

    absent: tuple[str, ...]
    """Package URLs that were asked about and are in no bill."""

    undetermined: tuple[str, ...]


class Wave(msgspec.Struct, frozen=True, kw_only=True):
    """Packages that can be released anew at the same time."""

    step: int
    """0: what is fixed itself; packages in a circle share a step."""

    packages: tuple[str, ...]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Who must upgrade in which order; the products come last."""

    waves: tuple[Wave, ...]
    products: tuple[tuple[str, str], ...]
    """Names and versions."""

    owners: tuple[str, ...]
    undetermined: tuple[str, ...] = ()


class Change(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """What became of one package between two versions of a product."""

    name: str
    kind: str
    """``added``, ``removed``, ``upgraded``, ``downgraded``, ``changed``."""

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Two versions of a product."""

    product: str
    before: str
    after: str
    changes: tuple[Change, ...]


class Shipped(msgspec.Struct, frozen=True, kw_only=True):
    """Since when, and until when, a product's bills contain a package."""

    product: str
    environment: str
    package: str
    first: str
    """When the first bill with it was made."""

    first_version: str
    last: str
    last_version: str
    gone: str = ""
    """When the next bill without it was made; empty: it is in the newest."""


class Knowledge(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is known of one noun."""

    noun: str
    kind: str
    evidence: tuple[Stated, ...] = ()
    versions: tuple[str, ...] = ()
    """Of a package's name: the versions in the record."""

    shipments: tuple[Shipment, ...] = ()
    """Products whose bills contain it."""
