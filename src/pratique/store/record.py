"""What one tenant may see of the record, at one moment: all reading SQL is here.

Every method answers for the tenant alone: nouns are stored once for all, but
what is known of them is found only through that tenant's own documents.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import and_, func, select

from pratique.model.evidence import Origin, Verb
from pratique.model.inventory import Problem
from pratique.store import tables as t
from pratique.store.adjacency import Adjacency, unpack
from pratique.store.bulk import chunks
from pratique.store.documents import VERB_OF, VERBS, instant
from pratique.store.errors import DamageError, StoreError
from pratique.store.nouns import Noun, NounKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import Connection, Select

    from pratique.store.engine import Store

MAX_RAW_BYTES = 1 << 30
"""Most that a stored document unpacks to; none larger is ever taken in."""


class Shipment(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """A product's version, as one bill of materials describes it."""

    product: str
    version: str
    environment: str
    owner: str
    tags: tuple[str, ...]
    sbom: int
    """Number of its bill; means nothing outside of this store."""

    digest: str
    """Of the bill's document."""

    observed: str
    created: str

    @property
    def when(self) -> str:
        """When the bill was made, or came in where it does not say."""
        return self.created or self.observed


class Stated(msgspec.Struct, frozen=True, kw_only=True):
    """A claim with everyone who makes it."""

    verb: Verb
    subject: str
    object: str = ""
    said: dict[str, str] = {}
    origins: tuple[Origin, ...] = ()


class StoredDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document of the record, without its bytes."""

    digest: str
    kind: str
    format: str
    path: str
    collector: str
    signer: str
    observed: str
    created: str
    incomplete: int
    """Number of problems that make it incomplete."""


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
        yield Record(connection, -1 if found is None else int(found), instant(as_of))


class Record:
    """See :func:`open_record`."""

    def __init__(self, connection: Connection, tenant: int, as_of: str) -> None:
        self._connection = connection
        self._tenant = tenant
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
        rows = self._in(select(t.noun.c.id, t.noun.c.text), t.noun.c.id, set(numbers))
        return dict(map(tuple, rows))

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

    def holders(self, packages: Iterable[int]) -> list[tuple[int, int]]:
        """Packages, and the bills of materials that each is in."""
        query = select(t.inclusion.c.package_id, t.inclusion.c.sbom_id).where(
            t.inclusion.c.tenant_id == self._tenant
        )
        if self.as_of:
            query = query.join(t.document, t.document.c.id == t.inclusion.c.sbom_id).where(
                t.document.c.observed <= self.as_of
            )
        return [(a, b) for a, b in self._in(query, t.inclusion.c.package_id, set(packages))]

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
        for number, blob in self._in(query, t.sbom.c.document_id, set(sboms)):
            yield number, unpack(bytes(blob))

    def subjects(self, sboms: Iterable[int]) -> dict[int, int]:
        """Package that each bill describes, for those that name one."""
        query: Select[Any] = select(t.sbom.c.document_id, t.sbom.c.subject_id).where(
            t.sbom.c.subject_id.is_not(None)
        )
        query = self._visible(query, t.sbom.c.document_id)
        return dict(map(tuple, self._in(query, t.sbom.c.document_id, set(sboms))))

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
        # Ties at the limit are decided by the text, so that every store answers the same.
        counts = select(grouped.c.bills).order_by(grouped.c.bills.desc()).limit(limit)
        least = min(self._connection.execute(counts).scalars(), default=0)
        rows = self._connection.execute(
            select(t.noun.c.text, grouped.c.bills)
            .join(t.noun, t.noun.c.id == grouped.c.package_id)
            .where(grouped.c.bills >= least)
        )
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
            .where(t.document.c.tenant_id == self._tenant, *self._then())
        )
        if self.as_of:
            query = query.where(t.shipment.c.observed <= self.as_of)
        if product:
            query = query.where(t.product.c.name == product)
        if sboms is None:
            rows: list[Any] = list(self._connection.execute(query))
        else:
            rows = list(self._in(query, t.shipment.c.sbom_id, set(sboms)))
        tags = defaultdict(list)
        tagged = select(t.tag.c.shipment_id, t.tag.c.name)
        for number, name in self._in(tagged, t.tag.c.shipment_id, {row[0] for row in rows}):
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
        return _stated(rows)

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
        import hashlib

        import zstandard

        query = (
            select(t.blob.c.packed)
            .join(t.document, t.document.c.digest == t.blob.c.digest)
            .where(t.blob.c.digest == digest, t.document.c.tenant_id == self._tenant, *self._then())
        )
        packed = self._connection.execute(query).scalar()
        if packed is None:
            raise StoreError("there is no such document.")
        try:
            data = zstandard.ZstdDecompressor().decompress(
                bytes(packed), max_output_size=MAX_RAW_BYTES
            )
        except zstandard.ZstdError as error:
            raise DamageError(f"document {digest} is damaged: {error}.") from None
        if f"sha256:{hashlib.sha256(data).hexdigest()}" != digest:
            raise DamageError(f"document {digest} is damaged: its digest is another.")
        return data

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
        return query.join(
            t.document, and_(t.document.c.id == number, t.document.c.tenant_id == self._tenant)
        ).where(*self._then())

    def _in(self, query: Select[Any], column: Any, values: Iterable[Any]) -> Iterator[Any]:
        """Rows whose column is one of the values, however many these are."""
        for chunk in chunks(values):
            yield from self._connection.execute(query.where(column.in_(chunk)))


def _stated(rows: Iterable[Any]) -> list[Stated]:
    """Rows of claim and document, gathered by claim."""
    claims: dict[int, Any] = {}
    origins: dict[int, set[tuple[str, str, str, str]]] = defaultdict(set)
    for row in rows:
        claims[row[0]] = row
        origins[row[0]].add((row[5], row[6], row[7], row[8]))
    found = [
        Stated(
            verb=VERB_OF[row[1]],
            subject=row[2],
            object=row[3] or "",
            said=msgspec.json.decode(row[4], type=dict[str, str]) if row[4] else {},
            origins=tuple(_origin(*one) for one in sorted(origins[number])),
        )
        for number, row in claims.items()
    ]
    found.sort(key=lambda one: (one.verb, one.subject, one.object, sorted(one.said.items())))
    return found


def _origin(digest: str, collector: str, signer: str, observed: str) -> Origin:
    moment = datetime.fromisoformat(observed)
    return Origin(document=digest, collector=collector, signer=signer, observed=moment)


__all__ = ["NounKind", "Record", "Shipment", "Stated", "StoredDocument", "open_record"]
