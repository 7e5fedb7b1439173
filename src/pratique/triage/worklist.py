"""Findings in the record: what the advisories say of the products, and what was decided."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from pratique.graph.ingested import Ingested
from pratique.graph.witnesses import Witness
from pratique.health.matching import rating
from pratique.health.record_findings import findings_of
from pratique.model.evidence import Verb
from pratique.model.purl import Package
from pratique.model.severity import Severity
from pratique.store import nouns
from pratique.store.nouns import NO_VULNERABILITY
from pratique.triage.models import Finding, Judgement

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from pratique.advisories import Index
    from pratique.graph.witnesses import Found
    from pratique.store.record import Record


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One vulnerability of one package in one version of a product."""

    finding: Finding
    aliases: tuple[str, ...] = ()
    severity: Severity = Severity.UNKNOWN
    score: float | None = None
    title: str = ""
    owners: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    indexed: bool = True
    """Whether the index of advisories says so; else documents of the record alone do."""

    witnesses: tuple[Witness, ...] = ()
    """Documents of the record that say so: ingested advisories, scans of others."""

    judgement: Judgement | None = None
    """What was decided, if that still holds."""

    expired: Judgement | None = None
    """What was decided and no longer holds, where nothing took its place."""


class Worklist(msgspec.Struct, frozen=True, kw_only=True):
    """All findings, worst first."""

    rows: tuple[Row, ...] = ()
    undetermined: tuple[str, ...] = ()
    """Packages of which the advisories cannot tell, with the reason."""

    problems: tuple[str, ...] = ()
    """What ingested advisories leave open about no package in particular."""


def worklist(
    record: Record, index: Index, judgements: Sequence[Judgement], now: datetime
) -> Worklist:
    """Match all that current bills of products contain, and what documents say of it.

    Args:
        record: What the tenant sees.
        index: The advisories.
        judgements: Of the trail, oldest first.
        now: By which expiries are held.
    """
    newest = set(record.newest().values())
    shipments = [one for one in record.shipments() if one.digest in newest]
    packages = record.packages()
    ingested = Ingested(record)
    scans = {
        number for number, name in record.claimed(Verb.CERTIFY_VULN) if name != NO_VULNERABILITY
    }
    held = findings_of(record, packages, index, ingested, scans)
    undetermined = [f"{packages[number]}: {why}" for number, why in held.unclear().items()]
    holders: dict[int, list[int]] = defaultdict(list)
    for package, sbom in record.holders(held.found):
        holders[sbom].append(package)
    decided = _Decided(judgements, now)
    rows: dict[Finding, Row] = {}
    for one in shipments:
        for number in holders.get(one.sbom, ()):
            for row in _rows(one.product, one.version, packages[number], held.found[number]):
                known = rows.get(row.finding)
                rows[row.finding] = msgspec.structs.replace(
                    row if known is None else known,
                    owners=_with(known.owners if known else (), one.owner),
                    environments=_with(known.environments if known else (), one.environment),
                )
    listed = [decided.applied(row) for row in rows.values()]
    listed.sort(key=lambda row: (row.severity.rank, -(row.score or 0.0), row.finding))
    return Worklist(
        rows=tuple(listed),
        undetermined=tuple(sorted(undetermined)),
        problems=tuple(ingested.unclear),
    )


def _with(known: tuple[str, ...], more: str) -> tuple[str, ...]:
    return tuple(sorted({*known, more} - {""}))


def _rows(product: str, version: str, package: str, found: Iterable[Found]) -> Iterable[Row]:
    for one in found:
        match = one.match
        first = match.advisories[0]
        aliases = dict.fromkeys(
            name for each in match.advisories for name in (each.id, *each.aliases)
        )
        aliases.pop(first.id, None)
        severity, score = rating(match)
        yield Row(
            finding=Finding(product, version, package, first.id),
            aliases=tuple(aliases),
            severity=severity,
            score=score,
            title=first.summary,
            indexed=one.indexed,
            witnesses=one.witnesses,
        )


class _Decided:
    """Judgements, found by the findings that they are about."""

    def __init__(self, judgements: Sequence[Judgement], now: datetime) -> None:
        self._now = now
        self._by_product: dict[str, list[Judgement]] = defaultdict(list)
        for one in judgements:
            self._by_product[one.finding.product].append(one)

    def applied(self, row: Row) -> Row:
        """The row with the newest judgement about it."""
        names = {
            nouns.vulnerability(name).text for name in (row.finding.vulnerability, *row.aliases)
        }
        about = [
            one
            for one in self._by_product.get(row.finding.product, ())
            if nouns.vulnerability(one.finding.vulnerability).text in names
            and one.finding.version in {"", row.finding.version}
            and _means(one.finding.package, row.finding.package)
        ]
        if not about:
            return row
        holding = [one for one in about if one.holds(self._now)]
        if holding:
            return msgspec.structs.replace(row, judgement=holding[-1])
        return msgspec.structs.replace(row, expired=about[-1])


def _means(stated: str, found: str) -> bool:
    if stated in {"", found}:
        return True
    package, other = Package.parse(stated), Package.parse(found)
    if package.version and package.version != other.version:
        return False
    return package.without_version() == other.without_version()
