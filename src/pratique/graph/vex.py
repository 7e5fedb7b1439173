"""Which VEX statements of the record speak of something that a product contains."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pratique.formats.instants import parse_instant
from pratique.graph.models import VexShown
from pratique.graph.ranges import Wanted
from pratique.model.errors import InputError
from pratique.model.purl import Package
from pratique.model.vex import Status
from pratique.store import nouns

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pratique.store.record import Record, Stated


def in_force(record: Record, vex: Sequence[Stated], moment: datetime | None = None) -> list[Stated]:
    """The statements without an expiry that has passed.

    Args:
        record: What the tenant sees.
        vex: Statements of it.
        moment: By which expiries are held; the record's own, or now, where none is given.
    """
    moment = moment or parse_instant(record.as_of) or datetime.now(UTC)
    return [
        one
        for one in vex
        if (until := parse_instant(one.said.get("expires", ""))) is None or moment < until
    ]


def vex_of(
    vex: Sequence[Stated], shipped: tuple[str, str], subjects: set[str], held: set[str]
) -> list[VexShown]:
    """The statements that speak of a hit: newest first, then the most careful.

    Args:
        vex: Statements about the vulnerability.
        shipped: The product and its version.
        subjects: Package URLs that the product's bills describe.
        held: Package URLs of the hit.
    """
    if not vex:
        return []
    product, version = shipped
    shown = []
    for one in vex:
        part = one.said.get("subcomponent", "")
        if one.said.get("product version", version) not in {"", version}:
            continue
        whole = one.subject == product or _means(one.subject, subjects)
        if not (_means(one.subject, held) or (whole and (not part or _means(part, held)))):
            continue
        said = one.said
        shown.append(
            VexShown(
                status=said.get("status", ""),
                vulnerability=nouns.vulnerability_id(one.object),
                subject=one.subject,
                justification=said.get("justification", "")
                or said.get("justification as written", ""),
                author=said.get("author", ""),
                timestamp=said.get("timestamp", ""),
                signed_by=tuple(sorted({origin.signer for origin in one.origins} - {""})),
                documents=tuple(origin.document for origin in one.origins),
            )
        )
    order = {status.value: status.caution for status in Status}
    shown.sort(key=lambda one: (one.timestamp, order.get(one.status, 9)), reverse=True)
    return shown


def _means(stated: str, found: Iterable[str]) -> bool:
    """Whether a package URL of a statement means one of those found.

    One without version means any; its qualifiers must be among those found.
    """
    if not stated.startswith("pkg:"):
        return False
    try:
        asked = Wanted(Package.parse(stated))
    except InputError:
        return False
    return any(asked.matches(Package.parse(text)) for text in found)
