"""What documents of the record say of its packages, beside the index of advisories."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from pratique.model.advisory import Match

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pratique.model.evidence import Origin

ADVISORY = "advisory"
"""An OSV record that was ingested."""

SCAN = "scan"
"""A scan of somebody else that names a vulnerability (CertifyVuln)."""


class Witness(msgspec.Struct, frozen=True, order=True):
    """A document of the record that says that a package is vulnerable."""

    kind: str
    """:data:`ADVISORY` or :data:`SCAN`."""

    document: str
    """Its digest."""

    collector: str = ""
    signer: str = ""
    """Identity whose signature was verified; empty: nobody's."""

    @classmethod
    def of(cls, kind: str, origin: Origin) -> Witness:
        """The witness that an origin of a claim is."""
        return cls(kind, origin.document, origin.collector, origin.signer)


class Told(msgspec.Struct, frozen=True):
    """One vulnerability of one package, by documents of the record."""

    match: Match
    witnesses: tuple[Witness, ...]
    """At least one, all of a kind."""

    @property
    def kind(self) -> str:
        """Of its witnesses."""
        return self.witnesses[0].kind


class Undecided(msgspec.Struct, frozen=True):
    """A vulnerability of which a document does not decide whether a package has it."""

    ids: tuple[str, ...]
    reason: str


class Said(msgspec.Struct):
    """What the record's documents say of some packages, by number."""

    told: dict[int, list[Told]]
    undecided: dict[int, list[Undecided]]

    @classmethod
    def nothing(cls) -> Said:
        """To be added to."""
        return cls(defaultdict(list), defaultdict(list))

    def add(self, other: Said) -> None:
        """Take over what other documents say."""
        for package, told in other.told.items():
            self.told[package] += told
        for package, undecided in other.undecided.items():
            self.undecided[package] += undecided


class Found(msgspec.Struct, frozen=True):
    """One vulnerability of one package, by whoever says so."""

    match: Match
    indexed: bool = True
    """Whether the index of advisories says so."""

    witnesses: tuple[Witness, ...] = ()
    """Documents of the record that say so."""


def names_of(match: Match) -> set[str]:
    """All names of a match's vulnerability, in lower case, as databases differ in case."""
    return lowered(
        name for advisory in match.advisories for name in (advisory.id, *advisory.aliases)
    )


def lowered(names: Iterable[str]) -> set[str]:
    """Names of vulnerabilities as they are compared."""
    return {name.lower() for name in names}
