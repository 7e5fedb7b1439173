"""What policy may look at.  Absence is a type, with its reason.

The collector of cycles need not look at these structs (``gc=False``): they are
frozen, and hold nothing but text, numbers and each other.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from pratique.model.inventory import Relation, Scope
from pratique.model.severity import Severity

T = TypeVar("T")


class Unknown(msgspec.Struct, frozen=True, gc=False, tag="unknown", tag_field="is"):
    """A value that is not known, and why."""

    reason: str

    def __bool__(self) -> bool:
        return False


class Known(msgspec.Struct, Generic[T], frozen=True, gc=False, tag="known", tag_field="is"):
    """A value that is known."""

    value: T


NOT_LOOKED_UP = Unknown("nobody has looked it up")
"""The reason of every fact that was not given."""


class VulnerabilityFact(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """One vulnerability that affects the component."""

    id: str
    aliases: tuple[str, ...] = ()
    """Further ids of the same vulnerability."""

    severity: Known[Severity] | Unknown = NOT_LOOKED_UP
    cvss: Known[float] | Unknown = NOT_LOOKED_UP
    """CVSS base score between 0.0 and 10.0."""

    kev: Known[bool] | Unknown = NOT_LOOKED_UP
    """Whether it is known to be exploited (CISA's catalogue, or one like it)."""

    epss: Known[float] | Unknown = NOT_LOOKED_UP
    """Probability between 0.0 and 1.0 that it is exploited within 30 days."""

    fixed: Known[bool] | Unknown = NOT_LOOKED_UP
    """Whether a version exists that is not affected."""

    def __post_init__(self) -> None:
        _settle(self, _SCORES, ("cvss", "epss"))


class Facts(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """What is known of one component.  Every field is a value or unknown.

    A field whose value was not given is unknown with the reason
    :data:`NOT_LOOKED_UP`, and is left out where the facts are written: a later
    version with more fields writes the same facts in the same way.
    """

    subject: str
    """Package URL."""

    ecosystem: Known[str] | Unknown = NOT_LOOKED_UP
    """OSV ecosystem."""

    relation: Known[Relation] | Unknown = NOT_LOOKED_UP
    scope: Known[Scope] | Unknown = NOT_LOOKED_UP
    registry: Known[str] | Unknown = NOT_LOOKED_UP
    """Address it came or would come from."""

    approved_registry: Known[bool] | Unknown = NOT_LOOKED_UP
    """Whether the organisation approved of where it comes from."""

    through_gate: Known[bool] | Unknown = NOT_LOOKED_UP
    """Whether it is, or comes from, the organisation's own binary repository."""

    licenses: Known[tuple[str, ...]] | Unknown = NOT_LOOKED_UP
    """SPDX licence expressions; all of them apply."""

    license_changed: Known[bool] | Unknown = NOT_LOOKED_UP
    """Whether the licence differs from the version before."""

    vulnerabilities: Known[tuple[VulnerabilityFact, ...]] | Unknown = NOT_LOOKED_UP
    """What affects it; an empty tuple means looked up and none."""

    advisories_age_days: Known[float] | Unknown = NOT_LOOKED_UP
    """Age of the advisories that were consulted."""

    malicious: Known[bool] | Unknown = NOT_LOOKED_UP
    """Whether it was published to do harm."""

    age_days: Known[float] | Unknown = NOT_LOOKED_UP
    """Days since this version was published."""

    security_fix: Known[bool] | Unknown = NOT_LOOKED_UP
    """Whether this version fixes a vulnerability of an earlier one."""

    yanked: Known[bool] | Unknown = NOT_LOOKED_UP
    deprecated: Known[bool] | Unknown = NOT_LOOKED_UP
    end_of_life: Known[bool] | Unknown = NOT_LOOKED_UP
    """Whether its line of releases gets no more security fixes."""

    archived: Known[bool] | Unknown = NOT_LOOKED_UP
    """Whether its project was archived upstream."""

    provenance: Known[str] | Unknown = NOT_LOOKED_UP
    """``verified``, ``time-unproven``, ``unsupported``, ``failed`` or ``none``."""

    provenance_source: Known[str] | Unknown = NOT_LOOKED_UP
    """Repository that the provenance names."""

    provenance_lost: Known[bool] | Unknown = NOT_LOOKED_UP
    """Whether an earlier version had provenance and this one has none, or other."""

    source_expected: Known[bool] | Unknown = NOT_LOOKED_UP
    """Whether the provenance names the repository that was expected."""

    publisher_changed: Known[bool] | Unknown = NOT_LOOKED_UP
    install_scripts: Known[bool] | Unknown = NOT_LOOKED_UP
    """Whether installing it runs code of its own."""

    reserved_name: Known[bool] | Unknown = NOT_LOOKED_UP
    """Whether an outside package bears a name reserved for internal ones."""

    lookalike: Known[bool] | Unknown = NOT_LOOKED_UP
    """Whether its name imitates a popular or an internal one."""

    behaviours: Known[tuple[str, ...]] | Unknown = NOT_LOOKED_UP
    """Ids of what an analysis of its behaviour found."""

    deny_listed: Known[bool] | Unknown = NOT_LOOKED_UP
    allow_listed: Known[bool] | Unknown = NOT_LOOKED_UP
    hashes_present: Known[bool] | Unknown = NOT_LOOKED_UP
    """Whether a digest is pinned for it."""

    hashes_match: Known[bool] | Unknown = NOT_LOOKED_UP
    """Whether the artifact has the digest that is pinned."""

    scorecard: Known[float] | Unknown = NOT_LOOKED_UP
    """OpenSSF Scorecard's aggregate between 0.0 and 10.0."""

    critical: Known[bool] | Unknown = NOT_LOOKED_UP
    """Whether it is on the organisation's list of critical components."""

    reviewed: Known[bool] | Unknown = NOT_LOOKED_UP
    """Whether a security review of it is on record."""

    source_mirrored: Known[bool] | Unknown = NOT_LOOKED_UP
    sbom_validated: Known[bool] | Unknown = NOT_LOOKED_UP
    """Whether its SBOM was validated: schema, minimum elements, digest."""

    rebuilt: Known[bool] | Unknown = NOT_LOOKED_UP
    """Whether it was rebuilt from source on trusted infrastructure."""

    rebuild_signed: Known[bool] | Unknown = NOT_LOOKED_UP
    rebuild_sbom: Known[bool] | Unknown = NOT_LOOKED_UP
    """Whether the rebuild has an SBOM."""

    sbom_signed: Known[bool] | Unknown = NOT_LOOKED_UP

    def __post_init__(self) -> None:
        _settle(self, _FACTS, _NUMBERS)


_SCORES = ("severity", "cvss", "kev", "epss", "fixed")
_FACTS = Facts.__struct_fields__[1:]
_NUMBERS = ("advisories_age_days", "age_days", "scorecard")


def _settle(self: msgspec.Struct, fields: tuple[str, ...], numbers: tuple[str, ...]) -> None:
    """Make equal structs identical when written.

    A default is left out only where it is the very same object, and ``3`` is
    written in another way than the equal ``3.0``.
    """
    for name in fields:
        value = getattr(self, name)
        if value is not NOT_LOOKED_UP and value == NOT_LOOKED_UP:
            msgspec.structs.force_setattr(self, name, NOT_LOOKED_UP)
    for name in numbers:
        value = getattr(self, name)
        if type(value) is Known and type(value.value) is int:
            msgspec.structs.force_setattr(self, name, Known(float(value.value)))
