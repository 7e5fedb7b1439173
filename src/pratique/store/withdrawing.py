"""Takes back what a document said: the record keeps the nouns and the bytes.

Only the tie between a document and its claims is cut.  The row of a claim stays,
so that other processes that remember its number go on writing correctly; a claim
that no document makes is not seen any more.  Whoever takes something back writes a
document that says so first: the numbers of documents are then never used twice, and
the record's revision is another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from pratique.store import tables as t
from pratique.store.nodes import forget

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from pratique.store.engine import Store


def withdraw_claim(store: Store, tenant: str, key: bytes) -> bool:
    """Take a claim back from all documents of a tenant.

    Args:
        store: To write to.
        tenant: By name.
        key: Of the claim.

    Returns:
        Whether a document made it.
    """

    def change(connection: Connection) -> bool:
        numbers = (
            select(t.evidence.c.id)
            .join(t.tenant, t.tenant.c.id == t.evidence.c.tenant_id)
            .where(t.tenant.c.name == tenant, t.evidence.c.key == key)
        )
        found = connection.execute(delete(t.support).where(t.support.c.evidence_id.in_(numbers)))
        return bool(found.rowcount)

    return store.write(change)


def withdraw_bill(store: Store, tenant: str, digest: str) -> bool:
    """Take a bill of materials back: its claims, contents and products, and the document.

    The union of all bills' edges keeps its own: it is drawn on by questions of
    reach, which overstate by their nature.

    Args:
        store: To write to.
        tenant: By name.
        digest: Of its document.

    Returns:
        Whether there was one.
    """

    def change(connection: Connection) -> bool:
        query = (
            select(t.document.c.id)
            .join(t.sbom, t.sbom.c.document_id == t.document.c.id)
            .join(t.tenant, t.tenant.c.id == t.document.c.tenant_id)
            .where(t.tenant.c.name == tenant, t.document.c.digest == digest)
        )
        number = connection.execute(query).scalar()
        if number is None:
            return False
        shipments = select(t.shipment.c.id).where(t.shipment.c.sbom_id == number)
        for statement in (
            delete(t.tag).where(t.tag.c.shipment_id.in_(shipments)),
            delete(t.shipment).where(t.shipment.c.sbom_id == number),
            delete(t.inclusion).where(t.inclusion.c.sbom_id == number),
            delete(t.support).where(t.support.c.document_id == number),
            delete(t.sbom).where(t.sbom.c.document_id == number),
            delete(t.document).where(t.document.c.id == number),
        ):
            connection.execute(statement)
        return True

    forget(store)
    return store.write(change)
