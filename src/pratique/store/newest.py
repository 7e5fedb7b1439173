"""Which bill of a product is the newest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from pratique.store import tables as t

if TYPE_CHECKING:
    from sqlalchemy import Connection


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
