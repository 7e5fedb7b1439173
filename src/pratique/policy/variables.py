"""The facts as policies name them: every variable of an expression or a reason.

A variable is a field of :class:`~pratique.model.facts.Facts`, a part of the
package URL, or something that follows from the vulnerabilities.  One table
drives expressions, reasons, the reading of facts and the documentation.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from pratique.model.errors import InputError
from pratique.model.facts import Known, Unknown
from pratique.model.inventory import Relation, Scope
from pratique.model.purl import Package
from pratique.model.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from enum import StrEnum

    from pratique.model.facts import Facts, VulnerabilityFact

PROVENANCE = ("verified", "time-unproven", "unsupported", "failed", "none")
"""Grades of provenance, best first."""


class Between(NamedTuple):
    """A value that is known only to lie between two, and why."""

    low: object
    high: object
    reason: str


class Variable(NamedTuple):
    """One name that policies may use."""

    name: str
    kind: str
    """``truth``, ``number``, ``text`` or ``texts``."""

    meaning: str
    get: Callable[[Facts], object]
    """The bare value, :class:`Unknown` or :class:`Between`."""

    values: tuple[str, ...] = ()
    """All values that a text can have, where they are few."""

    field: bool = True
    """Whether it is a field of the facts, and not derived."""

    @property
    def bare(self) -> bool:
        """Whether its value is that of the field as it stands."""
        return self.field and (self.kind == "truth" or (self.kind == "text" and not self.values))


def _field(name: str) -> Callable[[Facts], object]:
    read = attrgetter(name)

    def get(facts: Facts) -> object:
        found = read(facts)
        return found.value if type(found) is Known else found

    return get


def _stated(name: str) -> Callable[[Facts], object]:
    """A field that has a value for *the document does not say*."""
    get = _field(name)

    def stated(facts: Facts) -> object:
        value = get(facts)
        return Unknown("no document says") if value == "unknown" else value

    return stated


def _number(name: str) -> Callable[[Facts], object]:
    read = attrgetter(name)

    def get(facts: Facts) -> object:
        found = read(facts)
        if type(found) is not Known:
            return found
        value = found.value
        # Not a number is less than nothing and more than nothing: no rule would match.
        return value if value == value else Unknown("it is not a number")  # noqa: PLR0124

    return get


def _texts(name: str) -> Callable[[Facts], object]:
    read = attrgetter(name)

    def get(facts: Facts) -> object:
        found = read(facts)
        return list(found.value) if type(found) is Known else found

    return get


def _part(part: str) -> Callable[[Facts], object]:
    read = attrgetter(part)

    def get(facts: Facts) -> object:
        try:
            return read(Package.parse(facts.subject))
        except InputError as error:
            return Unknown(error.message)

    return get


def _over(
    make: Callable[[tuple[VulnerabilityFact, ...]], object],
) -> Callable[[Facts], object]:
    def get(facts: Facts) -> object:
        found = facts.vulnerabilities
        return make(found.value) if type(found) is Known else found

    return get


def _ids(found: Iterable[VulnerabilityFact]) -> object:
    return [one.id for one in found]


def _names(found: Iterable[VulnerabilityFact]) -> object:
    return [name for one in found for name in (one.id, *one.aliases)]


def _worst_severity(found: Iterable[VulnerabilityFact]) -> object:
    worst, unrated = Severity.NONE, ""
    for one in found:
        rating = one.severity.value if isinstance(one.severity, Known) else Severity.UNKNOWN
        if rating is Severity.UNKNOWN:
            unrated = unrated or one.id
        elif rating.rank < worst.rank:
            worst = rating
    if unrated and not worst.at_least(Severity.CRITICAL):
        return Between(worst.value, Severity.CRITICAL.value, f"nobody has rated {unrated}")
    return worst.value


def _highest(field: str, limit: float) -> Callable[[Iterable[VulnerabilityFact]], object]:
    read = attrgetter(field)

    def make(found: Iterable[VulnerabilityFact]) -> object:
        highest, unscored = 0.0, ""
        for one in found:
            score = read(one)
            value = score.value if isinstance(score, Known) else None
            if value is None or value != value:  # noqa: PLR0124 - not a number
                unscored = unscored or one.id
            elif value > highest:
                highest = value
        if unscored and highest < limit:
            return Between(highest, limit, f"{unscored} has no score")
        return highest

    return make


def _any(field: str) -> Callable[[Iterable[VulnerabilityFact]], object]:
    read = attrgetter(field)

    def make(found: Iterable[VulnerabilityFact]) -> object:
        unknown: object = False
        for one in found:
            state = read(one)
            if isinstance(state, Unknown):
                unknown = Unknown(f"of {one.id}: {state.reason}")
            elif state.value:
                return True
        return unknown

    return make


def _license_ids(facts: Facts) -> object:
    found = facts.licenses
    if not isinstance(found, Known):
        return found
    from pratique.licenses.expression import NotAnExpressionError, read_expression

    ids: set[str] = set()
    for text in found.value:
        try:
            ids |= read_expression(text)[1]
        except NotAnExpressionError as error:
            return Unknown(f"licence {text[:80]!r}: {error}")
    return sorted(ids)


def _truth(name: str, meaning: str) -> Variable:
    return Variable(name, "truth", meaning, _field(name))


def _values(words: type[StrEnum]) -> tuple[str, ...]:
    return tuple(word.value for word in words if word.value != "unknown")


_SEVERITIES = _values(Severity)

_TABLE = (
    Variable("purl", "text", "package URL", attrgetter("subject"), field=False),
    Variable("package_type", "text", "its type: `npm`, `pypi` …", _part("type"), field=False),
    Variable("package_namespace", "text", "its namespace, decoded", _part("namespace"), (), False),
    Variable("package_name", "text", "its name, without the namespace", _part("name"), (), False),
    Variable("package_version", "text", "its version", _part("version"), (), False),
    Variable("ecosystem", "text", "OSV ecosystem", _field("ecosystem")),
    Variable(
        "relation",
        "text",
        "how the project came to need it",
        _stated("relation"),
        _values(Relation),
    ),
    Variable("scope", "text", "what it is needed for", _stated("scope"), _values(Scope)),
    Variable("registry", "text", "address it comes from", _field("registry")),
    _truth("approved_registry", "the organisation approved of where it comes from"),
    _truth("through_gate", "it comes from the organisation's own binary repository"),
    Variable("licenses", "texts", "SPDX licence expressions; all apply", _texts("licenses")),
    Variable("license_ids", "texts", "ids in the licence expressions", _license_ids, (), False),
    _truth("license_changed", "the licence differs from the version before"),
    Variable("vulnerabilities", "texts", "id of each vulnerability", _over(_ids)),
    Variable("vulnerability_names", "texts", "their ids and aliases", _over(_names), (), False),
    Variable(
        "worst_severity",
        "text",
        "severity of the worst vulnerability",
        _over(_worst_severity),
        _SEVERITIES,
        False,
    ),
    Variable(
        "max_cvss",
        "number",
        "highest CVSS base score, 0.0 to 10.0",
        _over(_highest("cvss", 10.0)),
        (),
        False,
    ),
    Variable(
        "max_epss",
        "number",
        "highest probability of exploitation, 0.0 to 1.0",
        _over(_highest("epss", 1.0)),
        (),
        False,
    ),
    Variable("kev", "truth", "one is known to be exploited", _over(_any("kev")), (), False),
    Variable("fix_available", "truth", "one has a fixed version", _over(_any("fixed")), (), False),
    Variable(
        "advisories_age_days",
        "number",
        "age of the advisories consulted",
        _number("advisories_age_days"),
    ),
    _truth("malicious", "it was published to do harm"),
    Variable("age_days", "number", "days since this version was published", _number("age_days")),
    _truth("security_fix", "this version fixes a vulnerability of an earlier one"),
    _truth("yanked", "this version was withdrawn"),
    _truth("deprecated", "its maintainers advise against it"),
    _truth("end_of_life", "its line of releases gets no more security fixes"),
    _truth("archived", "its project was archived upstream"),
    Variable("provenance", "text", "grade of its provenance", _field("provenance"), PROVENANCE),
    Variable(
        "provenance_source",
        "text",
        "repository that its provenance names",
        _field("provenance_source"),
    ),
    _truth("provenance_lost", "an earlier version had provenance that this one lacks"),
    _truth("source_expected", "its provenance names the repository that was expected"),
    _truth("publisher_changed", "another account published it than the versions before"),
    _truth("install_scripts", "installing it runs code of its own"),
    _truth("reserved_name", "an outside package bears a name reserved for internal ones"),
    _truth("lookalike", "its name imitates a popular or an internal one"),
    Variable(
        "behaviours",
        "texts",
        "ids of what an analysis of its behaviour found",
        _texts("behaviours"),
    ),
    _truth("deny_listed", "it is on the organisation's deny list"),
    _truth("allow_listed", "it is on the organisation's allow list"),
    _truth("hashes_present", "a digest is pinned for it"),
    _truth("hashes_match", "the artifact has the digest that is pinned"),
    Variable("scorecard", "number", "OpenSSF Scorecard, 0.0 to 10.0", _number("scorecard")),
    _truth("critical", "it is on the list of critical components"),
    _truth("reviewed", "a security review of it is on record"),
    _truth("source_mirrored", "its source is mirrored inside"),
    _truth("sbom_validated", "its SBOM was validated"),
    _truth("rebuilt", "it was rebuilt from source on trusted infrastructure"),
    _truth("rebuild_signed", "the rebuild is signed"),
    _truth("rebuild_sbom", "the rebuild has an SBOM"),
    _truth("sbom_signed", "its SBOM is signed"),
)

VARIABLES = {one.name: one for one in _TABLE}
"""Every variable by its name, in the order of the documentation."""

KNOWN = "known."
"""What stands before a name to ask whether it is known: ``known.age_days``."""
