"""What one tenant may see of the record, at one moment.

Every method answers for the tenant alone: nouns are stored once for all, but
what is known of them is found only through that tenant's own documents.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import func, select

from pratique.model.inventory import Problem
from pratique.store import tables as t
from pratique.store.adjacency import Adjacency, unpack, unpack_rows
from pratique.store.answers import Shipment, Stated, StoredDocument, gathered
from pratique.store.blobs import unpacked
from pratique.store.documents import VERBS, instant
from pratique.store.errors import StoreError
from pratique.store.kept import Memory
from pratique.store.nouns import Noun, NounKind
from pratique.store.products import newest_bills, shipments_of
from pratique.store.roles import unpack_roles
from pratique.store.selecting import GRAPHS, NUMBERS, rows_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Select

    from pratique.model.evidence import Verb
    from pratique.store.adjacency import Rows
    from pratique.store.engine import Store
    from pratique.store.roles import Roles

TEXT_BYTES = 300
"""What a text that is kept takes besides its characters."""


@contextmanager
def open_record(store: Store, tenant: str, as_of: datetime | None = None) -> Iterator[Record]:
    """What a tenant sees of the record; one state of it for as long as it is open.

    Args:
        store: To read.
        tenant: By name; one that does not exist sees an empty record.
        as_of: Only what had come in by then; everything where it is ``None``.

    Raises:
        StoreError: The record cannot be read.
    """
    with store.reading() as connection:
        found = connection.execute(select(t.tenant.c.id).where(t.tenant.c.name == tenant)).scalar()
        number = -1 if found is None else int(found)
        yield Record(
            connection, number, instant(as_of), store.memory, address=store.address, name=tenant
        )


class Record:
    """See :func:`open_record`."""

    def __init__(
        self,
        connection: Connection,
        tenant: int,
        as_of: str,
        memory: Memory | None = None,
        *,
        address: str = "",
        name: str = "",
    ) -> None:
        self._connection = connection
        self._tenant = tenant
        # What a transaction that writes has read may be taken back, numbers and all.
        writes = connection.get_execution_options().get("pratique_writes")
        self.memory = Memory() if memory is None or writes else memory
        """What is kept for further questions."""

        self._own: set[int] = set()
        """Bills that were found to be the tenant's, in this state."""

        self.tenant = name
        """Whose record it is."""

        self.address = address
        """Where the whole record is."""

        self.as_of = as_of
        """The moment as the tables have it; empty for now."""

    # Nouns

    def find(self, nouns: Iterable[Noun]) -> dict[Noun, int]:
        """Numbers of those nouns that the store has."""
        keys = {noun.key: noun for noun in nouns}
        query = select(t.noun.c.key, t.noun.c.id)
        rows = self._in(query, t.noun.c.key, keys)
        return {keys[bytes(key)]: number for key, number in rows}

    def texts(self, numbers: Iterable[int]) -> dict[int, str]:
        """Canonical texts of nouns."""
        wanted, kept = set(numbers), self.memory.texts
        found = kept.several(wanted)
        query = select(t.noun.c.id, t.noun.c.text)
        fresh = dict(map(tuple, self._in(query, t.noun.c.id, wanted - found.keys())))
        kept.keep((number, text, TEXT_BYTES + len(text)) for number, text in fresh.items())
        return found | fresh

    def below(self, numbers: Iterable[int]) -> dict[int, str]:
        """Numbers and texts of the level below: of names their versions."""
        query = select(t.noun.c.id, t.noun.c.text)
        return dict(map(tuple, self._in(query, t.noun.c.parent_id, set(numbers))))

    def above(self, numbers: Iterable[int]) -> dict[int, int]:
        """Number of the level above each noun that has one."""
        query = select(t.noun.c.id, t.noun.c.parent_id).where(t.noun.c.parent_id.is_not(None))
        return dict(map(tuple, self._in(query, t.noun.c.id, set(numbers))))

    # Inventories

    def packages(self) -> dict[int, str]:
        """Every package at its version that is in a bill of materials."""
        inside = select(t.inclusion.c.package_id).where(t.inclusion.c.tenant_id == self._tenant)
        if self.as_of:
            inside = inside.join(t.document, t.document.c.id == t.inclusion.c.sbom_id).where(
                t.document.c.observed <= self.as_of
            )
        query = select(t.noun.c.id, t.noun.c.text).where(t.noun.c.id.in_(inside))
        return dict(map(tuple, self._connection.execute(query)))

    def holders(
        self, packages: Iterable[int], sboms: Iterable[int] | None = None
    ) -> list[tuple[int, int]]:
        """Packages, and the bills of materials that each is in.

        Args:
            packages: Numbers of them.
            sboms: Of these bills only.
        """
        query = select(t.inclusion.c.package_id, t.inclusion.c.sbom_id).where(
            t.inclusion.c.tenant_id == self._tenant
        )
        if self.as_of:
            query = query.join(t.document, t.document.c.id == t.inclusion.c.sbom_id).where(
                t.document.c.observed <= self.as_of
            )
        if sboms is not None:
            wanted = set(packages)
            rows = (
                row
                for one in sorted(set(sboms))
                for row in self._in(
                    query.where(t.inclusion.c.sbom_id == one), t.inclusion.c.package_id, wanted
                )
            )
            return [(a, b) for a, b in rows]
        return [(a, b) for a, b in self._in(query, t.inclusion.c.package_id, set(packages))]

    def inside(self, packages: Iterable[int]) -> set[int]:
        """Those of some packages that are in any bill of materials."""
        holds = select(t.inclusion.c.sbom_id).where(
            t.inclusion.c.package_id == t.noun.c.id, t.inclusion.c.tenant_id == self._tenant
        )
        if self.as_of:
            holds = holds.join(t.document, t.document.c.id == t.inclusion.c.sbom_id).where(
                t.document.c.observed <= self.as_of
            )
        query = select(t.noun.c.id).where(holds.exists())
        return {number for (number,) in self._in(query, t.noun.c.id, set(packages))}

    def bill(self, sbom: int) -> Adjacency:
        """The graph of a bill of materials.

        Raises:
            DamageError: It is damaged.
            StoreError: The tenant has no such bill.
        """
        query = select(t.sbom.c.adjacency).where(t.sbom.c.document_id == sbom)
        blob = self._connection.execute(self._visible(query, t.sbom.c.document_id)).scalar()
        if blob is None:
            raise StoreError("there is no such bill of materials.")
        return unpack(bytes(blob))

    def bills(self, sboms: Iterable[int]) -> Iterator[tuple[int, Adjacency]]:
        """The graphs of those bills that the tenant has.

        Raises:
            DamageError: One is damaged.
        """
        query: Select[Any] = select(t.sbom.c.document_id, t.sbom.c.adjacency)
        query = self._visible(query, t.sbom.c.document_id)
        for number, blob in self._in(query, t.sbom.c.document_id, set(sboms), GRAPHS):
            yield number, unpack(bytes(blob))

    def roles(self, sboms: Iterable[int]) -> Iterator[tuple[int, Sequence[int], Roles]]:
        """Those bills that the tenant has: packages, ascending, and what each is to the bill.

        Raises:
            DamageError: One is damaged.
        """
        wanted, kept = set(sboms), self.memory.roles
        known = kept.several(wanted)
        query: Select[Any] = self._visible(select(t.sbom.c.document_id), t.sbom.c.document_id)
        asked = self._in(query, t.sbom.c.document_id, known.keys() - self._own)
        self._own.update(number for (number,) in asked)
        for number in known.keys() & self._own:
            yield number, *known[number]
        query = query.add_columns(t.sbom.c.adjacency, t.sbom.c.roles)
        unknown = wanted - set(known)
        for number, blob, packed in self._in(query, t.sbom.c.document_id, unknown, GRAPHS):
            nodes = unpack_rows(bytes(blob)).nodes
            roles = unpack_roles(bytes(packed or b""), len(nodes))
            if packed:  # a bill without roles may still be given some
                kept.put(number, (nodes, roles), 600 + 14 * len(nodes))
            yield number, nodes, roles

    def graphs(self, sboms: Iterable[int]) -> Iterator[tuple[int, Rows, Roles]]:
        """The graphs of those bills that the tenant has, in arrays, with the packages' roles.

        Raises:
            DamageError: One is damaged.
        """
        query: Select[Any] = self._visible(
            select(t.sbom.c.document_id, t.sbom.c.adjacency, t.sbom.c.roles), t.sbom.c.document_id
        )
        for number, blob, packed in self._in(query, t.sbom.c.document_id, set(sboms), GRAPHS):
            rows = unpack_rows(bytes(blob))
            yield number, rows, unpack_roles(bytes(packed or b""), len(rows.nodes))

    def bill_digests(self) -> dict[int, str]:
        """Every bill of materials by its number, with its document's digest."""
        query = (
            select(t.sbom.c.document_id, t.document.c.digest)
            .join(t.document, t.document.c.id == t.sbom.c.document_id)
            .where(t.document.c.tenant_id == self._tenant, *self._then())
        )
        return dict(map(tuple, self._connection.execute(query)))

    def bare_bills(self) -> set[int]:
        """Numbers of the bills whose packages' roles the record does not have."""
        query: Select[Any] = select(t.sbom.c.document_id).where(func.length(t.sbom.c.roles) == 0)
        rows = self._connection.execute(self._visible(query, t.sbom.c.document_id))
        return set(rows.scalars())

    def subjects(self, sboms: Iterable[int]) -> dict[int, int]:
        """Package that each bill describes, for those that name one."""
        query: Select[Any] = select(t.sbom.c.document_id, t.sbom.c.subject_id)
        query = self._visible(query, t.sbom.c.document_id)
        rows = dict(map(tuple, self._in(query, t.sbom.c.document_id, set(sboms))))
        self._own.update(rows)
        return {number: subject for number, subject in rows.items() if subject is not None}

    def described_by(self, packages: Iterable[int]) -> list[int]:
        """Bills whose subject is one of the packages."""
        query: Select[Any] = select(t.sbom.c.document_id)
        rows = self._in(
            self._visible(query, t.sbom.c.document_id), t.sbom.c.subject_id, set(packages)
        )
        return [row[0] for row in rows]

    def frequencies(self, limit: int) -> list[tuple[str, int]]:
        """The packages that are in most bills of materials, and in how many."""
        count = func.count().label("bills")
        query = (
            select(t.inclusion.c.package_id, count)
            .where(t.inclusion.c.tenant_id == self._tenant)
            .group_by(t.inclusion.c.package_id)
        )
        if self.as_of:
            query = query.join(t.document, t.document.c.id == t.inclusion.c.sbom_id).where(
                t.document.c.observed <= self.as_of
            )
        grouped = query.subquery()
        named = select(t.noun.c.text, grouped.c.bills).join(
            t.noun, t.noun.c.id == grouped.c.package_id
        )
        first = named.order_by(grouped.c.bills.desc()).limit(limit + 1)
        rows = self._connection.execute(first).all()
        if len(rows) > limit and rows[limit].bills == rows[limit - 1].bills:
            # Ties at the limit are decided by the text, so that every store answers the same.
            least = rows[limit].bills
            rows = self._connection.execute(named.where(grouped.c.bills >= least)).all()
        return sorted(((text, n) for text, n in rows), key=lambda row: (-row[1], row[0]))[:limit]

    def neighbours(self, packages: Iterable[int], *, dependents: bool) -> list[tuple[int, int]]:
        """Edges of the union of all bills: packages, and who each needs or is needed by."""
        here, there = t.edge.c.dependent_id, t.edge.c.dependency_id
        if dependents:
            here, there = there, here
        query = select(here, there).where(t.edge.c.tenant_id == self._tenant)
        return [(a, b) for a, b in self._in(query, here, set(packages))]

    def edges(self) -> Iterator[tuple[int, int]]:
        """Every edge of the union graph: dependent, dependency."""
        query = select(t.edge.c.dependent_id, t.edge.c.dependency_id).where(
            t.edge.c.tenant_id == self._tenant
        )
        for row in self._connection.execution_options(yield_per=50_000).execute(query):
            yield row[0], row[1]

    # Products

    def shipments(self, sboms: Iterable[int] | None = None, *, product: str = "") -> list[Shipment]:
        """What bills of materials are of, sorted.

        Args:
            sboms: Of these bills only.
            product: Of this product only.
        """
        return shipments_of(self._connection, self._tenant, self.as_of, sboms, product=product)

    def newest(self) -> dict[tuple[str, str], str]:
        """Digest of the newest bill of each product in each environment.

        The newest is the one made last (:attr:`Shipment.when`); of several the one
        that came in last, then the one whose digest sorts last.
        """
        key = (self._tenant, self.token(), self.as_of)
        if (known := self.memory.newest.get(key)) is not None:
            return known
        found = newest_bills(self._connection, self._tenant, self.as_of)
        self.memory.newest.put(key, found, len(found))
        return found

    # Evidence

    def evidence(
        self,
        *,
        about: Iterable[int] | None = None,
        naming: Iterable[int] | None = None,
        verbs: Sequence[Verb] = (),
    ) -> list[Stated]:
        """Claims with their origins, sorted; IsDependency is in the bills instead.

        Args:
            about: Numbers of subjects.
            naming: Numbers of objects.
            verbs: All kinds where it is empty.
        """
        subject, other = t.noun.alias("subject"), t.noun.alias("object")
        query = (
            select(
                t.evidence.c.id,
                t.evidence.c.verb,
                subject.c.text,
                other.c.text,
                t.evidence.c.claim,
                t.document.c.digest,
                t.document.c.collector,
                t.document.c.signer,
                t.document.c.observed,
            )
            .join(subject, subject.c.id == t.evidence.c.subject_id)
            .outerjoin(other, other.c.id == t.evidence.c.object_id)
            .join(t.support, t.support.c.evidence_id == t.evidence.c.id)
            .join(t.document, t.document.c.id == t.support.c.document_id)
            .where(t.evidence.c.tenant_id == self._tenant, *self._then())
        )
        if verbs:
            query = query.where(t.evidence.c.verb.in_([VERBS[verb] for verb in verbs]))
        if about is not None:
            wanted = set(about)
            rows = list(self._in(query, t.evidence.c.subject_id, wanted))
            if naming is not None:
                query = query.where(t.evidence.c.subject_id.not_in(wanted))
        else:
            rows = []
        if naming is not None:
            rows += self._in(query, t.evidence.c.object_id, set(naming))
        if about is None and naming is None:
            rows = list(self._connection.execute(query))
        return gathered(rows)

    def claimed(self, verb: Verb) -> list[tuple[int, str]]:
        """Numbers of subjects and texts of objects of all claims of a kind, sorted."""
        query = (
            select(t.evidence.c.subject_id, t.noun.c.text)
            .join(t.noun, t.noun.c.id == t.evidence.c.object_id)
            .join(t.support, t.support.c.evidence_id == t.evidence.c.id)
            .join(t.document, t.document.c.id == t.support.c.document_id)
            .where(t.evidence.c.tenant_id == self._tenant, t.evidence.c.verb == VERBS[verb])
            .where(*self._then())
        )
        return sorted({(number, text) for number, text in self._connection.execute(query)})

    # Documents

    def documents(self, *, kind: str = "", digest: str = "") -> list[StoredDocument]:
        """The documents, by digest."""
        names = StoredDocument.__struct_fields__
        query = select(*(t.document.c[name] for name in names)).where(
            t.document.c.tenant_id == self._tenant, *self._then()
        )
        if kind:
            query = query.where(t.document.c.kind == kind)
        if digest:
            query = query.where(t.document.c.digest == digest)
        rows = self._connection.execute(query.order_by(t.document.c.digest))
        return [StoredDocument(**dict(zip(names, row, strict=True))) for row in rows]

    def incomplete(self) -> int:
        """How many bills and statements were not wholly understood."""
        query = select(func.count()).where(
            t.document.c.tenant_id == self._tenant, t.document.c.incomplete > 0, *self._then()
        )
        return int(self._connection.execute(query).scalar_one())

    def problems(self, digest: str) -> tuple[Problem, ...]:
        """What was wrong with a document."""
        query = select(t.document.c.problems).where(
            t.document.c.tenant_id == self._tenant, t.document.c.digest == digest, *self._then()
        )
        text = self._connection.execute(query).scalar()
        return msgspec.json.decode(text, type=tuple[Problem, ...]) if text else ()

    def raw(self, digest: str) -> bytes:
        """The bytes of a document.

        Raises:
            StoreError: The tenant has no such document.
            DamageError: They are not what came in.
        """
        query = (
            select(t.blob.c.packed)
            .join(t.document, t.document.c.digest == t.blob.c.digest)
            .where(t.blob.c.digest == digest, t.document.c.tenant_id == self._tenant, *self._then())
        )
        packed = self._connection.execute(query).scalar()
        if packed is None:
            raise StoreError("there is no such document.")
        return unpacked(bytes(packed), digest)

    def token(self) -> str:
        """A word that no other state of any record has; empty where the tenant has nothing."""
        query = select(t.revision.c.token).where(t.revision.c.tenant_id == self._tenant)
        return str(self._connection.execute(query).scalar() or "")

    def revision(self) -> str:
        """Changes whenever a document comes in."""
        document = t.document
        query = select(func.count(), func.coalesce(func.max(document.c.id), 0)).where(
            document.c.tenant_id == self._tenant, *self._then()
        )
        count, last = self._connection.execute(query).one()
        return f"{count}-{last}"

    # Helpers

    def _then(self) -> list[Any]:
        """Conditions for what had come in by the moment asked for."""
        return [t.document.c.observed <= self.as_of] if self.as_of else []

    def _visible(self, query: Select[Any], number: Any) -> Select[Any]:
        """The query, for the tenant's documents alone."""
        seen = select(t.document.c.id).where(
            t.document.c.id == number, t.document.c.tenant_id == self._tenant, *self._then()
        )
        return query.where(seen.correlate(number.table).exists())

    def _in(
        self, query: Select[Any], column: Any, values: Iterable[Any], size: int = NUMBERS
    ) -> Iterator[Any]:
        return rows_in(self._connection, query, column, values, size)


__all__ = ["NounKind", "Record", "Shipment", "Stated", "StoredDocument", "open_record"]
