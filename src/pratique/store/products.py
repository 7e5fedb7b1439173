"""Which products the bills of materials are of, at which versions, and which is the newest."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from pratique.store import tables as t
from pratique.store.answers import Shipment
from pratique.store.selecting import rows_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection


def shipments_of(
    connection: Connection,
    tenant: int,
    as_of: str,
    sboms: Iterable[int] | None = None,
    *,
    product: str = "",
) -> list[Shipment]:
    """What bills of materials are of, sorted.

    Args:
        connection: To ask.
        tenant: By number.
        as_of: Only what had come in by then; empty for everything.
        sboms: Of these bills only.
        product: Of this product only.
    """
    query = (
        select(
            t.shipment.c.id,
            t.product.c.name,
            t.shipment.c.version,
            t.shipment.c.environment,
            t.team.c.name,
            t.shipment.c.sbom_id,
            t.document.c.digest,
            t.document.c.observed,
            t.document.c.created,
        )
        .join(t.product, t.product.c.id == t.shipment.c.product_id)
        .join(t.team, t.team.c.id == t.shipment.c.team_id)
        .join(t.document, t.document.c.id == t.shipment.c.sbom_id)
        .where(t.document.c.tenant_id == tenant)
    )
    if as_of:
        query = query.where(t.document.c.observed <= as_of, t.shipment.c.observed <= as_of)
    if product:
        query = query.where(t.product.c.name == product)
    if sboms is None:
        rows: list[Any] = list(connection.execute(query))
    else:
        rows = list(rows_in(connection, query, t.shipment.c.sbom_id, set(sboms)))
    tags = defaultdict(list)
    tagged = select(t.tag.c.shipment_id, t.tag.c.name)
    numbers = {row[0] for row in rows}
    for number, name in rows_in(connection, tagged, t.tag.c.shipment_id, numbers):
        tags[number].append(name)
    return sorted(
        Shipment(
            product=row[1],
            version=row[2],
            environment=row[3],
            owner=row[4],
            tags=tuple(sorted(tags[row[0]])),
            sbom=row[5],
            digest=row[6],
            observed=row[7],
            created=row[8],
        )
        for row in rows
    )


def newest_bills(connection: Connection, tenant: int, as_of: str) -> dict[tuple[str, str], str]:
    """Digest of the newest bill of each product in each environment.

    Args:
        connection: To ask.
        tenant: By number.
        as_of: Only what had come in by then; empty for everything.
    """
    query = (
        select(
            t.product.c.name,
            t.shipment.c.environment,
            t.document.c.created,
            t.document.c.observed,
            t.document.c.digest,
        )
        .join(t.product, t.product.c.id == t.shipment.c.product_id)
        .join(t.document, t.document.c.id == t.shipment.c.sbom_id)
        .where(t.document.c.tenant_id == tenant)
    )
    if as_of:
        query = query.where(t.document.c.observed <= as_of, t.shipment.c.observed <= as_of)
    newest: dict[tuple[str, str], tuple[str, str, str]] = {}
    for product, environment, created, observed, digest in connection.execute(query).all():
        order = (created or observed, observed, digest)
        if newest.get((product, environment), ("", "", "")) < order:
            newest[product, environment] = order
    return {place: order[2] for place, order in newest.items()}
