"""Takes back what a document said: the record keeps the nouns and the bytes.

Only the tie between a document and its claims is cut.  The row of a claim stays,
so that other processes that remember its number go on writing correctly; a claim
that no document makes is not seen any more.  Whoever takes something back writes a
document that says so first: the numbers of documents are then never used twice.
The record's token is another afterwards, so that nobody goes on with what was kept
of the state before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, select, text

from pratique.store import tables as t
from pratique.store.adjacency import unpack
from pratique.store.nodes import forget
from pratique.store.writing import stamp

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
        if found.rowcount:
            stamp(connection, tenant)
        return bool(found.rowcount)

    return store.write(change)


def withdraw_bill(store: Store, tenant: str, digest: str) -> bool:
    """Take a bill of materials back: its claims, contents and products, and the document.

    The edges that no other bill of the tenant has go from the union of all bills' too.

    Args:
        store: To write to.
        tenant: By name.
        digest: Of its document.

    Returns:
        Whether there was one.
    """

    def change(connection: Connection) -> bool:
        if store.dialect == "postgresql":
            # A bill that comes in meanwhile relies on an edge that is there already.
            connection.execute(text("LOCK TABLE edge IN SHARE ROW EXCLUSIVE MODE"))
        query = (
            select(t.document.c.id, t.document.c.tenant_id, t.sbom.c.adjacency)
            .join(t.sbom, t.sbom.c.document_id == t.document.c.id)
            .join(t.tenant, t.tenant.c.id == t.document.c.tenant_id)
            .where(t.tenant.c.name == tenant, t.document.c.digest == digest)
        )
        found = connection.execute(query).first()
        if found is None:
            return False
        number, owner, blob = found
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
        _drop_edges(connection, owner, _edges(blob))
        stamp(connection, tenant)
        return True

    done = store.write(change)
    forget(store)
    return done


def _edges(blob: bytes) -> set[tuple[int, int]]:
    """The edges of a bill's graph: numbers of dependent and dependency."""
    bill = unpack(bytes(blob))
    return {
        (bill.nodes[place], bill.nodes[target])
        for place, targets in enumerate(bill.targets)
        for target in targets
    }


def _drop_edges(connection: Connection, tenant: int, edges: set[tuple[int, int]]) -> None:
    """Take those edges from a tenant's union that none of its bills has (any more)."""
    dependents, dependencies = t.inclusion.alias("dependents"), t.inclusion.alias("dependencies")
    both = (
        select(dependents.c.sbom_id)
        .join(dependencies, dependencies.c.sbom_id == dependents.c.sbom_id)
        .where(
            dependents.c.tenant_id == tenant,
            dependencies.c.tenant_id == tenant,
            dependents.c.package_id == bindparam("dependent"),
            dependencies.c.package_id == bindparam("dependency"),
        )
    )
    graph = select(t.sbom.c.adjacency).where(t.sbom.c.document_id == bindparam("sbom"))
    left, gone, looked = set(edges), [], set()
    while left:
        edge = left.pop()
        ends = {"dependent": edge[0], "dependency": edge[1]}
        for sbom in connection.execute(both, ends).scalars().all():
            if sbom in looked:  # its edges are not among those that are left
                continue
            looked.add(sbom)
            stated = _edges(connection.execute(graph, {"sbom": sbom}).scalar_one())
            left -= stated
            if edge in stated:
                break
        else:
            gone.append(ends)
    if gone:
        ours = t.edge.c.tenant_id == tenant
        same = (
            t.edge.c.dependent_id == bindparam("dependent"),
            t.edge.c.dependency_id == bindparam("dependency"),
        )
        connection.execute(delete(t.edge).where(ours, *same), gone)
