"""Writes a batch of documents into the record, in one transaction.

Everything that is new in a batch is written table by table, in the same order
by every writer: tenants, documents by digest, nouns level by level, evidence,
graphs, products.  A document that is there already adds nothing but placements
it did not have.
"""

from __future__ import annotations

from collections import defaultdict
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.store import bulk, nouns, tables
from pratique.store.adjacency import pack
from pratique.store.documents import VERBS, Bill, Claim, Entry, Placement, instant
from pratique.store.nouns import Noun, NounKind, key_of, storable
from pratique.store.roles import pack_roles

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Table

    from pratique.model.inventory import Problem
    from pratique.store.engine import Store

MAX_PROBLEMS = 1_000
"""Problems kept with a document; a broken generator repeats itself for every component."""

_LEVELS = (
    NounKind.PACKAGE_TYPE,
    NounKind.PACKAGE_NAMESPACE,
    NounKind.PACKAGE_NAME,
    NounKind.PACKAGE,
)

_encode = msgspec.json.Encoder(order="sorted").encode


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a batch."""

    added: tuple[str, ...] = ()
    """Digests of the documents that were new."""

    known: tuple[str, ...] = ()
    """Digests of those that were there already."""

    before: str = ""
    """The state that the tenant's record was in, see :func:`stamp`."""

    after: str = ""
    """The state that it is in since; the same where nothing was new."""


def write(store: Store, tenant: str, entries: Sequence[Entry]) -> Written:
    """Write documents for a tenant; all of them or none.

    Args:
        store: To write to.
        tenant: By name; made where there is none.
        entries: Of any number; about twenty make a good transaction.

    Raises:
        StoreError: The record cannot be written.
    """
    return _write(store, tenant, entries, keyed=False)[0]


def write_claims(
    store: Store, tenant: str, entries: Sequence[Entry]
) -> tuple[Written, dict[str, tuple[bytes | None, ...]]]:
    """Write documents, and say by which keys the record has what they claim.

    Args:
        store: To write to.
        tenant: By name; made where there is none.
        entries: Of any number.

    Returns:
        What came of it, and for each digest the keys of the document's claims in their
        order; ``None`` for a claim that was taken back since the document came in.

    Raises:
        StoreError: The record cannot be written.
    """
    return _write(store, tenant, entries, keyed=True)


def _write(
    store: Store, tenant: str, entries: Sequence[Entry], *, keyed: bool
) -> tuple[Written, dict[str, tuple[bytes | None, ...]]]:
    first = {entry.digest: entry for entry in reversed(entries)}
    ordered = [first[digest] for digest in sorted(first)]
    placed: dict[str, list[Placement]] = defaultdict(list)
    for entry in entries:
        placed[entry.digest].extend(entry.placements)
    observed = {entry.digest: instant(entry.observed) for entry in ordered}

    def change(
        connection: Connection,
    ) -> tuple[Written, dict[str, tuple[bytes | None, ...]]]:
        batch = _Batch(store, connection, _tenant(connection, tenant))
        added = batch.documents(ordered)
        new = [entry for entry in ordered if entry.digest in added]
        batch.nouns(ordered if keyed else new)
        keys: dict[str, tuple[bytes | None, ...]] = {}
        keys.update(batch.evidence(new, added))
        if keyed:
            keys.update(batch.made_before([e for e in ordered if e.digest not in added]))
        batch.bills(new, added)
        placements = batch.placements(placed, observed)
        if added or placements:
            before, after = stamp(connection, tenant)
        else:
            before = after = state(connection, tenant)
        known = tuple(entry.digest for entry in ordered if entry.digest not in added)
        written = Written(added=tuple(added), known=known, before=before, after=after)
        return written, keys

    return store.write(change)


def place(
    store: Store, tenant: str, placed: Mapping[str, Sequence[Placement]], observed: datetime
) -> None:
    """Attach products to bills of materials that are there already.

    Args:
        store: To write to.
        tenant: By name.
        placed: Digest of a bill to what it is of.
        observed: When that became known.
    """

    def change(connection: Connection) -> None:
        moments = dict.fromkeys(placed, instant(observed))
        batch = _Batch(store, connection, _tenant(connection, tenant))
        if batch.placements(placed, moments):
            stamp(connection, tenant)

    store.write(change)


def known(store: Store, tenant: str, digests: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Which documents a tenant has; for a bill what its subject is called, and its version.

    Args:
        store: To ask.
        tenant: By name.
        digests: Of documents.
    """
    from sqlalchemy import select

    document, sbom = tables.document, tables.sbom
    query = (
        select(document.c.digest, sbom.c.name, sbom.c.version)
        .join(tables.tenant, tables.tenant.c.id == document.c.tenant_id)
        .outerjoin(sbom, sbom.c.document_id == document.c.id)
        .where(tables.tenant.c.name == tenant)
    )
    found: dict[str, tuple[str, str]] = {}
    with store.reading() as connection:
        for chunk in bulk.chunks(digests):
            for digest, name, version in connection.execute(
                query.where(document.c.digest.in_(chunk))
            ):
                found[digest] = (name or "", version or "")
    return found


def _tenant(connection: Connection, name: str) -> int:
    """Number of a tenant; it is made where there is none, with the team of all that have none."""
    from sqlalchemy import select

    query = select(tables.tenant.c.id).where(tables.tenant.c.name == storable(name))
    number = connection.execute(query).scalar()
    if number is None:
        bulk.add(connection, tables.tenant, ("name",), [(storable(name),)])
        number = connection.execute(query).scalar_one()
        bulk.add(connection, tables.team, ("tenant_id", "name"), [(number, "")])
    return int(number)


def stamp(connection: Connection, tenant: str) -> tuple[str, str]:
    """Give a tenant's record a token that no other state of it has.

    It comes last in a transaction: on PostgreSQL the next writer for the same
    tenant waits here until this one has committed.

    Returns:
        The token of the state before, and the new one.
    """
    from sqlalchemy import text

    token = token_hex(16)
    before = state(connection, tenant, locked=True)
    connection.execute(
        text(
            "INSERT INTO revision (tenant_id, token) "
            "SELECT id, :token FROM tenant WHERE name = :name "
            "ON CONFLICT (tenant_id) DO UPDATE SET token = excluded.token"
        ),
        {"name": storable(tenant), "token": token},
    )
    return before, token


def state(connection: Connection, tenant: str, *, locked: bool = False) -> str:
    """The token of the state that a tenant's record is in; empty where it has nothing.

    Args:
        connection: To ask.
        tenant: By name.
        locked: Whether nobody may change it until the transaction ends.
    """
    from sqlalchemy import select

    revision, table = tables.revision, tables.tenant
    query = select(revision.c.token).where(
        revision.c.tenant_id
        == select(table.c.id).where(table.c.name == storable(tenant)).scalar_subquery()
    )
    # SQLite has one writer at a time, and no such words.
    return str(connection.execute(query.with_for_update() if locked else query).scalar() or "")


class _Batch:
    """One transaction's work for one tenant."""

    def __init__(self, store: Store, connection: Connection, tenant: int) -> None:
        self._store = store
        self._connection = connection
        self._tenant = tenant
        self._numbers: dict[Noun, int] = {}

    def documents(self, entries: Sequence[Entry]) -> dict[str, int]:
        """Write the documents that are new; their digests and numbers."""
        import zstandard

        present = self._present([entry.digest for entry in entries])
        new = [entry for entry in entries if entry.digest not in present]
        packer = zstandard.ZstdCompressor(level=3)
        bulk.add(
            self._connection,
            tables.blob,
            ("digest", "size", "packed"),
            [(e.digest, len(e.raw), packer.compress(e.raw)) for e in new],
        )
        bulk.add(self._connection, tables.document, _COLUMNS, [self._row(e) for e in new])
        numbers = self._present([entry.digest for entry in new])
        return {entry.digest: numbers[entry.digest] for entry in new}

    def _row(self, entry: Entry) -> tuple[str | int, ...]:
        kept = [_storable_problem(problem) for problem in entry.problems[:MAX_PROBLEMS]]
        return (
            self._tenant,
            entry.digest,
            entry.kind,
            storable(entry.format),
            storable(entry.path),
            storable(entry.collector),
            storable(entry.signer),
            instant(entry.observed),
            instant(entry.created),
            sum(problem.trouble != "notice" for problem in entry.problems),
            _encode(kept).decode() if kept else "",
        )

    def _present(self, digests: Sequence[str]) -> dict[str, int]:
        from sqlalchemy import select

        document = tables.document
        found: dict[str, int] = {}
        for chunk in bulk.chunks(digests):
            query = select(document.c.digest, document.c.id).where(
                document.c.tenant_id == self._tenant, document.c.digest.in_(chunk)
            )
            found.update(map(tuple, self._connection.execute(query)))
        return found

    def nouns(self, entries: Iterable[Entry]) -> None:
        """Write the nouns that are new, level by level, and remember all their numbers."""
        wanted: dict[NounKind, set[Noun]] = defaultdict(set)
        for entry in entries:
            for claim in entry.claims:
                wanted[claim.subject.kind].add(claim.subject)
                if claim.object is not None:
                    wanted[claim.object.kind].add(claim.object)
            if entry.bill is not None:
                wanted[NounKind.PACKAGE].update(_purls(entry.bill))
        known = self._store.numbers.setdefault("noun", {})
        parents: dict[Noun, Noun | None] = {}
        for kind in reversed(_LEVELS):
            for noun in wanted[kind]:
                above = None if noun.key in known else nouns.parent(noun)
                parents[noun] = above
                if above is not None:
                    wanted[above.kind].add(above)
        for kind in sorted(wanted, key=_rank):
            self._intern(wanted[kind], parents, known)

    def _intern(
        self, wanted: set[Noun], parents: dict[Noun, Noun | None], known: dict[bytes, int]
    ) -> None:
        keys = {noun: noun.key for noun in wanted}
        rows = {}
        for noun, key in keys.items():
            above = parents.get(noun)
            rows[key] = (int(noun.kind), noun.text, self._numbers[above] if above else None)
        columns = ("kind", "text", "parent_id")
        numbers = bulk.intern(self._connection, tables.noun, columns, rows, known)
        self._numbers.update((noun, numbers[key]) for noun, key in keys.items())

    def evidence(
        self, entries: Iterable[Entry], documents: dict[str, int]
    ) -> dict[str, tuple[bytes, ...]]:
        """Write the claims that are new, and which documents make each; their keys."""
        rows: dict[bytes, tuple[int | str | None, ...]] = {}
        keys: dict[str, tuple[bytes, ...]] = {}
        for entry in entries:
            keyed = self._keyed(entry.claims)
            rows.update(keyed)
            keys[entry.digest] = tuple(key for key, _ in keyed)
        columns = ("tenant_id", "verb", "subject_id", "object_id", "claim")
        known = self._store.numbers.setdefault("evidence", {})
        numbers = bulk.intern(self._connection, tables.evidence, columns, rows, known)
        pairs = {(numbers[key], documents[digest]) for digest in keys for key in keys[digest]}
        bulk.add(self._connection, tables.support, ("evidence_id", "document_id"), sorted(pairs))
        return keys

    def _keyed(self, claims: Iterable[Claim]) -> list[tuple[bytes, tuple[int | str | None, ...]]]:
        """Key and row of each claim."""
        tenant, numbers = self._tenant, self._numbers
        found: list[tuple[bytes, tuple[int | str | None, ...]]] = []
        # Most claims of a document say the same of different nouns, in one mapping.
        texts: dict[int, str] = {}
        for claim in claims:
            text = texts.get(id(claim.said))
            if text is None:
                said = {name: storable(text) for name, text in claim.said.items() if text}
                text = texts[id(claim.said)] = _encode(said).decode() if said else ""
            verb, subject = VERBS[claim.verb], numbers[claim.subject]
            about = numbers[claim.object] if claim.object is not None else None
            key = key_of(f"{tenant}\0{verb}\0{subject}\0{about}\0{text}")
            found.append((key, (tenant, verb, subject, about, text)))
        return found

    def made_before(self, entries: Sequence[Entry]) -> dict[str, tuple[bytes | None, ...]]:
        """Keys of the claims of documents that are there, of those that are still made."""
        from sqlalchemy import select

        found: dict[str, tuple[bytes | None, ...]] = {}
        query = select(tables.evidence.c.key).join(
            tables.support, tables.support.c.evidence_id == tables.evidence.c.id
        )
        numbers = self._present([entry.digest for entry in entries])
        for entry in entries:
            made = self._connection.execute(
                query.where(tables.support.c.document_id == numbers[entry.digest])
            )
            there = set(map(bytes, made.scalars()))
            keys = (key for key, _ in self._keyed(entry.claims))
            found[entry.digest] = tuple(key if key in there else None for key in keys)
        return found

    def bills(self, entries: Iterable[Entry], documents: dict[str, int]) -> None:
        """Write the graphs: each as a blob, their edges and inclusions as rows."""
        sboms, inclusions = [], []
        edges: set[tuple[int, int, int]] = set()
        for entry in entries:
            bill = entry.bill
            if bill is None:
                continue
            number = documents[entry.digest]
            nodes = [self._numbers[Noun(NounKind.PACKAGE, purl)] for purl in bill.nodes]
            inclusions += [(node, self._tenant, number) for node in nodes]
            edges.update((nodes[b], nodes[a], self._tenant) for a, b in bill.edges)
            subject = Noun(NounKind.PACKAGE, bill.subject) if bill.subject else None
            about = self._numbers[subject] if subject else None
            packed = pack(nodes, list(bill.roots), list(bill.edges))
            order = sorted(range(len(nodes)), key=nodes.__getitem__)
            roles = pack_roles(order, bill.scopes, bill.relations, bill.before)
            name, version = storable(bill.name), storable(bill.version)
            sboms.append(
                (number, about, name, version, len(nodes), len(bill.edges), packed, roles),
            )
        bulk.add(self._connection, tables.sbom, _SBOM_COLUMNS, sboms)
        columns = ("package_id", "tenant_id", "sbom_id")
        bulk.add(self._connection, tables.inclusion, columns, sorted(inclusions))
        columns = ("dependency_id", "dependent_id", "tenant_id")
        bulk.add(self._connection, tables.edge, columns, sorted(edges))

    def placements(
        self, placed: Mapping[str, Sequence[Placement]], observed: Mapping[str, str]
    ) -> int:
        """Write what the bills are of; documents that are no bills have none.

        Returns:
            How many rows are new.
        """
        from sqlalchemy import select

        numbers = self._present([digest for digest, rows in placed.items() if rows])
        query = select(tables.sbom.c.document_id)
        bills: set[int] = set()
        for chunk in bulk.chunks(numbers.values()):
            found = self._connection.execute(query.where(tables.sbom.c.document_id.in_(chunk)))
            bills.update(found.scalars())
        wanted = {
            (storable(one.product), storable(one.owner), numbers[digest], one)
            for digest, rows in placed.items()
            for one in rows
            if numbers.get(digest) in bills
        }
        products = self._named(tables.product, {name for name, *_ in wanted})
        teams = self._named(tables.team, {owner for _, owner, *_ in wanted})
        tags: dict[tuple[Any, ...], set[str]] = defaultdict(set)
        for name, owner, sbom, one in wanted:
            version, environment = storable(one.version), storable(one.environment)
            key = (products[name], version, sbom, environment, teams[owner])
            tags[key].update(map(storable, one.tags))
        when = {numbers[digest]: observed[digest] for digest in placed if digest in numbers}
        rows = [(*key, when[key[2]]) for key in sorted(tags)]
        count = bulk.add(self._connection, tables.shipment, (*_SHIPMENT, "observed"), rows)
        query = select(tables.shipment.c.id, *(tables.shipment.c[name] for name in _SHIPMENT))
        tagged = [key for key, names in tags.items() if names]
        for chunk in bulk.chunks({key[2] for key in tagged}):
            found = self._connection.execute(query.where(tables.shipment.c.sbom_id.in_(chunk)))
            pairs = [(row[0], name) for row in found for name in tags.get(tuple(row[1:]), ())]
            count += bulk.add(self._connection, tables.tag, ("shipment_id", "name"), sorted(pairs))
        return count

    def _named(self, table: Table, names: set[str]) -> dict[str, int]:
        """Numbers of the tenant's products or teams; those that are absent are made."""
        from sqlalchemy import select

        bulk.add(
            self._connection,
            table,
            ("tenant_id", "name"),
            [(self._tenant, name) for name in sorted(names)],
        )
        query = select(table.c.name, table.c.id).where(table.c.tenant_id == self._tenant)
        found: dict[str, int] = {}
        for chunk in bulk.chunks(names):
            found.update(map(tuple, self._connection.execute(query.where(table.c.name.in_(chunk)))))
        return found


_COLUMNS = (
    "tenant_id",
    "digest",
    "kind",
    "format",
    "path",
    "collector",
    "signer",
    "observed",
    "created",
    "incomplete",
    "problems",
)
_SHIPMENT = ("product_id", "version", "sbom_id", "environment", "team_id")
_SBOM_COLUMNS = (
    "document_id",
    "subject_id",
    "name",
    "version",
    "packages",
    "edges",
    "adjacency",
    "roles",
)


def _storable_problem(problem: Problem) -> Problem:
    where = msgspec.structs.replace(problem.location, path=storable(problem.location.path))
    return msgspec.structs.replace(problem, location=where, message=storable(problem.message))


def _purls(bill: Bill) -> list[Noun]:
    texts = (*bill.nodes, bill.subject) if bill.subject else bill.nodes
    return [Noun(NounKind.PACKAGE, text) for text in texts]


def _rank(kind: NounKind) -> int:
    """The order in which kinds are written; its numbers have parents before their children."""
    return int(kind)
