"""Adds to bills what the record did not keep yet when they came in: the packages' roles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.store import bulk, tables
from pratique.store.nouns import Noun, NounKind
from pratique.store.record import open_record
from pratique.store.roles import pack_roles
from pratique.store.writing import stamp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from pratique.store.documents import Bill
    from pratique.store.engine import Store


def without_roles(store: Store, tenant: str, digests: Sequence[str]) -> set[str]:
    """Those of a tenant's bills that came in before the record kept roles.

    Args:
        store: To ask.
        tenant: By name.
        digests: Of documents.
    """
    from sqlalchemy import func, select

    document, sbom = tables.document, tables.sbom
    query = (
        select(document.c.digest)
        .join(tables.tenant, tables.tenant.c.id == document.c.tenant_id)
        .join(sbom, sbom.c.document_id == document.c.id)
        .where(
            tables.tenant.c.name == tenant,
            func.length(sbom.c.roles) == 0,
            sbom.c.packages > 0,
        )
    )
    with store.reading() as connection:
        return {
            digest
            for chunk in bulk.chunks(digests)
            for digest in connection.execute(query.where(document.c.digest.in_(chunk))).scalars()
        }


def add_roles(store: Store, tenant: str, bills: Mapping[str, Bill]) -> int:
    """Write the roles of bills that are in the record without them.

    A bill that this program would read as other packages than are in the record is
    left as it is.

    Args:
        store: To write to.
        tenant: By name.
        bills: What was read from the documents again, by digest.

    Returns:
        How many were written.

    Raises:
        StoreError: The record cannot be written.
    """
    packed: dict[int, bytes] = {}
    with open_record(store, tenant) as record:
        number_of = {digest: number for number, digest in record.bill_digests().items()}
        texts = {text for bill in bills.values() for text in bill.nodes}
        numbers = record.find(Noun(NounKind.PACKAGE, text) for text in texts)
        known = {noun.text: number for noun, number in numbers.items()}
        wanted = {number_of[digest]: bill for digest, bill in bills.items() if digest in number_of}
        for sbom, rows, _ in record.graphs(wanted):
            bill = wanted[sbom]
            place = {known.get(text, -1): at for at, text in enumerate(bill.nodes)}
            if set(place) != set(rows.nodes):
                continue
            order = [place[number] for number in rows.nodes]
            packed[sbom] = pack_roles(order, bill.scopes, bill.relations, bill.before)

    def change(connection: Connection) -> None:
        table = tables.sbom
        for sbom, blob in sorted(packed.items()):
            connection.execute(table.update().where(table.c.document_id == sbom).values(roles=blob))
        stamp(connection, tenant)

    if packed:
        store.write(change)
    return len(packed)
