"""Advisories that were ingested: OSV records in the record itself, and what they affect.

Source: OSV schema 1.7.5, *Evaluation*.  They count beside the advisories of the
index, whether it knows the vulnerability or not: an organisation's own record
may be nowhere else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pratique.formats.osv import read_record
from pratique.model.ecosystem_tables import LANGUAGES
from pratique.model.ecosystems import (
    advisory_name,
    advisory_version,
    base,
    ecosystem_of,
    normalise_name,
    package_of,
    suffix,
)
from pratique.model.errors import InputError, PratiqueError
from pratique.model.evidence import Verb
from pratique.model.purl import Package
from pratique.store.documents import DocumentKind
from pratique.versions import VersionError, ordering, semver_ordering

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pratique.formats.osv import Affected, Event, OsvRecord, Range
    from pratique.store.record import Record
    from pratique.versions import Ordering

    Named = Callable[[Record, Iterable[str]], dict[int, str]]
    """Numbers and texts of the packages under some names, at any version."""

MAX_RECORDS = 1_000
"""Most ingested advisories read for one question; a vulnerability has some ten."""

_RANK = {"introduced": 0, "last_affected": 1, "fixed": 2}


class Advised(msgspec.Struct):
    """What the ingested advisories about a vulnerability come to."""

    known: bool = False
    """Whether there is any."""

    packages: dict[int, str] = {}
    """Numbers and texts of the packages that they affect."""

    undetermined: list[str] = []
    """What they leave open, in a line each."""


def advised(record: Record, numbers: Iterable[int], named: Named) -> Advised:
    """Which packages of the record its own OSV records affect.

    Of an OSV record that came in several times the last modified counts; one
    that was withdrawn affects nothing.

    Args:
        record: What the tenant sees.
        numbers: Of the vulnerability, under all its names.
        named: Finds packages by name.
    """
    answer = Advised()
    for advisory in _newest(record, numbers, answer.undetermined).values():
        answer.known = True
        if advisory.withdrawn is None:
            for one in advisory.affected:
                _add(answer, record, advisory.id, one, named)
    answer.undetermined = sorted(set(answer.undetermined))
    return answer


def _newest(record: Record, numbers: Iterable[int], unclear: list[str]) -> dict[str, OsvRecord]:
    """The OSV records about a vulnerability, by id."""
    stated = record.evidence(about=numbers, verbs=[Verb.VULNERABILITY_METADATA])
    digests = sorted({origin.document for one in stated for origin in one.origins})
    if len(digests) > MAX_RECORDS:
        unclear.append(f"over {MAX_RECORDS:,} ingested advisories are about it; the rest is unread")
    found: dict[str, OsvRecord] = {}
    for digest in digests[:MAX_RECORDS]:
        if not any(one.kind == DocumentKind.ADVISORY for one in record.documents(digest=digest)):
            continue
        try:
            advisory, _ = read_record(record.raw(digest))
        except PratiqueError as error:
            unclear.append(f"the ingested advisory {digest} cannot be read: {error.message}")
            continue
        before = found.get(advisory.id)
        if before is None or _when(before) < _when(advisory):
            found[advisory.id] = advisory
    return found


def _when(advisory: OsvRecord) -> float:
    return advisory.modified.timestamp() if advisory.modified else 0.0


def _add(answer: Advised, record: Record, id: str, one: Affected, named: Named) -> None:
    """Add what one entry of ``affected`` says of the record's packages."""
    where = base(one.ecosystem)
    if not where or not one.name:
        answer.undetermined.append(f"{id} (ingested) names commits or no package: not compared")
        return
    package = package_of(one.ecosystem, one.name)
    if package is None:
        answer.undetermined.append(
            f"{id} (ingested): {one.name} of {one.ecosystem} has no package URL to compare with"
        )
        return
    # Other ecosystems name the source package, or a release in a qualifier.
    every = where not in LANGUAGES
    texts = record.packages() if every else named(record, [str(package.without_version())])
    for number, text in texts.items():
        try:
            verdict = affects(one, Package.parse(text))
        except InputError:
            continue
        if verdict:
            answer.packages[number] = text
        elif verdict is None:
            answer.undetermined.append(f"{text}: {id} (ingested) does not decide its version")


def affects(one: Affected, package: Package) -> bool | None:
    """Whether an entry of ``affected`` holds for a package; ``None`` where it does not decide.

    Args:
        one: Of an OSV record.
        package: With its version.
    """
    ecosystem = ecosystem_of(package)
    name = advisory_name(package)
    if base(ecosystem) != base(one.ecosystem) or (
        normalise_name(ecosystem, name) != normalise_name(one.ecosystem, one.name)
    ):
        return False
    releases = suffix(ecosystem), suffix(one.ecosystem)
    if all(releases) and releases[0] != releases[1]:
        return False
    version = advisory_version(package)
    verdict = _versions(one, version) if version else None
    # A package that does not tell its release may be that of another.
    return None if verdict and releases[1] and not releases[0] else verdict


def _versions(one: Affected, version: str) -> bool | None:
    if version in one.versions:
        return True
    if not one.ranges and not one.versions and not one.unreadable:
        return True  # the whole package, as the index has it
    unsure = one.unreadable
    for range in one.ranges:
        verdict = _inside(range, one.ecosystem, version)
        if verdict:
            return True
        # Commits decide nothing where versions are stated beside them.
        unsure = unsure or (verdict is None and not (range.type == "GIT" and _stated(one)))
    return None if unsure else False


def _stated(one: Affected) -> bool:
    return bool(one.versions) or any(range.type != "GIT" for range in one.ranges)


def _inside(range: Range, ecosystem: str, version: str) -> bool | None:
    order = semver_ordering() if range.type == "SEMVER" else ordering(ecosystem)
    if range.type == "GIT" or order is None:
        return None
    try:
        return _evaluated(range.events, order, version)
    except VersionError:
        return None


def _evaluated(events: Iterable[Event], order: Ordering, version: str) -> bool:
    """The schema's loop over the sorted events.

    Raises:
        VersionError: A version cannot be ordered.
    """
    at = order.key(version)
    points, limits = [], []
    for event in events:
        first = event.kind == "introduced" and event.value == "0"
        key = b"" if first else order.key(event.value)
        if event.kind == "limit":
            limits.append(key)
        else:
            points.append((key, _RANK[event.kind]))
    if limits and not any(at < limit for limit in limits):
        return False
    vulnerable = False
    for key, rank in sorted(points):
        if rank == _RANK["introduced"]:
            vulnerable = vulnerable or at >= key
        elif (rank == _RANK["fixed"] and at >= key) or at > key:
            vulnerable = False
    return vulnerable
