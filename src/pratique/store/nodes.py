"""Nouns and claims of one tenant as nodes that have a name of their own.

A node is named by its key (:attr:`pratique.store.nouns.Noun.key`, ``evidence.key``)
and a bill of materials by its document's digest: names that say nothing of how
many there are, or whose.  Everything here is seen through one tenant's documents;
what only another tenant has named is not there.  Lists are in the order of the
keys, and go on after any of them.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

import msgspec
from sqlalchemy import exists, func, or_, select

from pratique.model.evidence import Verb
from pratique.store import statements
from pratique.store import tables as t
from pratique.store.adjacency import Adjacency, unpack
from pratique.store.bulk import chunks
from pratique.store.documents import VERB_OF, VERBS
from pratique.store.nouns import Noun, NounKind
from pratique.store.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Select

    from pratique.store.engine import Store
    from pratique.store.kept import Memory

PAGE = 1_000
"""Rows that are read in one statement of a list; a page of a client is seldom larger."""

MAX_SEEN = 500_000
"""Nouns that are remembered to be there, of all tenants together; some 100 MB."""

_SEEN: WeakKeyDictionary[Store, dict[str, dict[bytes, Noun]]] = WeakKeyDictionary()
"""Nouns that were found by their keys, by tenant: clients name the same again and again."""

_said = msgspec.json.Decoder(dict[str, str]).decode


class ClaimNode(NamedTuple):
    """A claim that at least one document of the tenant makes."""

    key: bytes
    verb: Verb
    subject: Noun
    object: Noun | None
    said: dict[str, str]
    document: int
    """Number of the earliest document that makes it."""


class DocumentNode(NamedTuple):
    """What is shown of the document behind a claim or a bill."""

    number: int
    digest: str
    format: str
    path: str
    collector: str
    observed: str
    created: str


class BillNode(NamedTuple):
    """A bill of materials."""

    document: DocumentNode
    subject: Noun | None
    name: str
    version: str


@contextmanager
def open_nodes(store: Store, tenant: str) -> Iterator[Nodes]:
    """The nodes that a tenant sees; one state of the record for as long as it is open.

    Args:
        store: To read.
        tenant: By name; one that does not exist sees nothing.

    Raises:
        StoreError: The record cannot be read.
    """
    with store.reading() as connection:
        found = connection.execute(select(t.tenant.c.id).where(t.tenant.c.name == tenant)).scalar()
        known = _SEEN.setdefault(store, {}).setdefault(tenant, {})
        nodes = Nodes(connection, -1 if found is None else int(found), known, store.memory)
        yield nodes
        # After the answer, so that nothing is forgotten between two looks at it.
        _make_room(store, 0)


def remember(store: Store, tenant: str, nouns: Iterable[Noun]) -> None:
    """Remember that nouns are there: a document of the tenant that names them was written."""
    several = {noun.key: noun for noun in nouns}
    _make_room(store, len(several))
    _SEEN.setdefault(store, {}).setdefault(tenant, {}).update(several)


def _make_room(store: Store, more: int) -> None:
    """Forget all where there would be too many."""
    every = tuple(_SEEN.get(store, {}).values())
    if sum(map(len, every)) + more > MAX_SEEN:
        for known in every:
            known.clear()


def forget(store: Store) -> None:
    """Forget which nouns are there, as after something was taken back."""
    _SEEN.pop(store, None)


class Nodes:
    """See :func:`open_nodes`."""

    def __init__(
        self,
        connection: Connection,
        tenant: int,
        known: dict[bytes, Noun],
        memory: Memory,
    ) -> None:
        self._connection = connection
        self._tenant = tenant
        self._known = known
        self.check: Callable[[], None] = _no_check
        """Called before each statement; raises where the question has taken too long."""

        self.record = Record(connection, tenant, "", memory)
        self._documents: dict[int, DocumentNode] = {}

    # Nouns

    def nouns(self, keys: Iterable[bytes]) -> dict[bytes, Noun]:
        """Nouns by their keys; those that the tenant does not see are left out."""
        wanted, known = set(keys), self._known
        # Another thread may forget them at any moment.
        found = {key: noun for key in wanted if (noun := known.get(key)) is not None}
        missing = wanted - found.keys()
        if missing:
            for key, kind, text in self._in(statements.nouns(), t.noun.c.key, missing):
                found[bytes(key)] = known[bytes(key)] = Noun(NounKind(kind), text)
        return found

    def numbers(self, nouns: Iterable[Noun]) -> dict[Noun, int]:
        """Numbers of those nouns that the store has."""
        return self.record.find(nouns)

    def listed(
        self,
        kinds: Sequence[NounKind],
        *,
        like: Sequence[str] = (),
        after: bytes = b"",
    ) -> Iterator[Noun]:
        """Nouns of some kinds, in the order of their keys.

        Args:
            kinds: Of nouns.
            like: Patterns of ``LIKE`` with ``!`` as escape, one of which the text has.
            after: Key after which to begin.
        """
        query = self._of_kinds(select(t.noun.c.key, t.noun.c.kind, t.noun.c.text), kinds, like)
        for row in self._keyed(query, t.noun.c.key, after):
            yield Noun(NounKind(row[1]), row[2])

    def count(self, kinds: Sequence[NounKind]) -> int:
        """How many nouns of some kinds the tenant sees."""
        query = self._of_kinds(select(func.count()).select_from(t.noun), kinds, ())
        return int(self._connection.execute(query, {"tenant": self._tenant}).scalar_one())

    def below(self, noun: Noun) -> list[Noun]:
        """The level below a noun, in the order of the keys."""
        number = self.numbers([noun]).get(noun)
        if number is None:
            return []
        rows = self._connection.execute(
            statements.below(), {"tenant": self._tenant, "number": number}
        )
        return [Noun(NounKind(kind), text) for _, kind, text in rows]

    def _of_kinds(
        self, query: Select[Any], kinds: Sequence[NounKind], like: Sequence[str]
    ) -> Select[Any]:
        query = query.where(t.noun.c.kind.in_([int(kind) for kind in kinds]), statements.seen())
        if like:
            text = t.noun.c.text
            # SQLite's LIKE does not tell case apart; what is too much, the caller leaves out.
            same = text.ilike if self._connection.dialect.name == "postgresql" else text.like
            query = query.where(or_(*(same(one, escape="!") for one in like)))
        return query

    # Claims

    def claims(
        self,
        verbs: Sequence[Verb],
        *,
        about: Iterable[int] | None = None,
        naming: Iterable[int] | None = None,
        containing: str = "",
        after: bytes = b"",
    ) -> Iterator[ClaimNode]:
        """Claims, in the order of their keys.

        Args:
            verbs: All kinds where it is empty.
            about: Numbers of subjects; any where it is ``None``.
            naming: Numbers of objects; any where it is ``None``.
            containing: Text that is in what the claim says.
            after: Key after which to begin.
        """
        query = statements.claims(tuple(verbs))
        if containing:
            query = query.where(t.evidence.c.claim.contains(containing, autoescape=True))
        if about is None and naming is None:
            for row in self._keyed(query, t.evidence.c.key, after):
                yield _claim(row)
            return
        column = t.evidence.c.subject_id if about is not None else t.evidence.c.object_id
        if about is not None and naming is not None:
            query = query.where(t.evidence.c.object_id.in_(list(naming)))
        chosen = about if about is not None else naming
        rows = self._in(query, column, set(chosen or ()))
        yield from sorted(
            (_claim(row) for row in rows if bytes(row[0]) > after), key=lambda one: one.key
        )

    def claims_by_key(self, keys: Iterable[bytes]) -> dict[bytes, ClaimNode]:
        """Claims by their keys; those that the tenant does not see are left out."""
        rows = self._in(statements.claims(()), t.evidence.c.key, set(keys))
        return {one.key: one for one in map(_claim, rows)}

    def said_of(self, nouns: Iterable[Noun], verb: Verb, said: Mapping[str, str]) -> set[bytes]:
        """Keys of those nouns of which a document of the tenant claims exactly this."""
        claim = msgspec.json.encode(said, order="sorted").decode()
        more = {"verb": VERBS[verb], "claim": claim}
        keys = {noun.key for noun in nouns}
        return {bytes(k) for (k,) in self._in(statements.said_of(), t.noun.c.key, keys, **more)}

    def claims_of(self, document: int, verbs: Sequence[Verb]) -> list[ClaimNode]:
        """Claims that a document makes, in the order of their keys."""
        rows = self._connection.execute(
            statements.claims_of(tuple(verbs)), {"tenant": self._tenant, "number": document}
        )
        return [_claim(row) for row in rows]

    def makers(self, keys: Iterable[bytes]) -> dict[bytes, list[int]]:
        """Numbers of the documents that make each claim, ascending."""
        found: dict[bytes, list[int]] = {}
        for key, number in self._in(statements.makers(), t.evidence.c.key, set(keys)):
            found.setdefault(bytes(key), []).append(number)
        return found

    def count_claims(self, verb: Verb) -> int:
        """How many claims of a kind the tenant's documents make."""
        inner = statements.claims((verb,)).subquery()
        query = select(func.count()).select_from(inner)
        return int(self._connection.execute(query, {"tenant": self._tenant}).scalar_one())

    def dependents(self, *, sort: str = "", names: Iterable[int] = ()) -> list[tuple[str, int]]:
        """Packages by name, and how many packages at a version need any version of each.

        Args:
            sort: ``most`` for the most needed first; by name where it is empty.
            names: Numbers of the names; all where there are none.
        """
        mine = t.edge.c.tenant_id == self._tenant
        edges = select(t.edge.c.dependency_id.label("a"), t.edge.c.dependent_id.label("b"))
        said = select(t.evidence.c.object_id, t.evidence.c.subject_id).where(
            t.evidence.c.tenant_id == self._tenant,
            t.evidence.c.verb == VERBS[Verb.IS_DEPENDENCY],
            exists(select(1).where(t.support.c.evidence_id == t.evidence.c.id)),
        )
        pairs = edges.where(mine).union(said).subquery()
        below, name = t.noun.alias("below"), t.noun.alias("name")
        count = func.count(pairs.c.b.distinct()).label("dependents")
        query = (
            select(name.c.text, count)
            .select_from(pairs)
            .join(below, below.c.id == pairs.c.a)
            .join(name, name.c.id == below.c.parent_id)
            .group_by(name.c.id, name.c.text)
        )
        if chosen := list(names):
            query = query.where(name.c.id.in_(chosen))
        order = [count.desc(), name.c.text] if sort == "most" else [name.c.text]
        return [(text, number) for text, number in self._connection.execute(query.order_by(*order))]

    # Documents and bills

    def documents(self, numbers: Iterable[int]) -> dict[int, DocumentNode]:
        """Documents by their numbers."""
        wanted = set(numbers)
        missing = wanted - set(self._documents)
        if missing:
            for row in self._in(statements.documents(), t.document.c.id, missing):
                self._documents[row[0]] = DocumentNode(*row)
        return {one: self._documents[one] for one in wanted if one in self._documents}

    def bills(
        self, *, sboms: Iterable[int] | None = None, after: str = "", prefix: str = ""
    ) -> Iterator[BillNode]:
        """Bills of materials, in the order of their digests.

        Args:
            sboms: Of these numbers only.
            after: Digest after which to begin.
            prefix: How the digest begins.
        """
        query = statements.bills()
        if after:
            query = query.where(t.document.c.digest > after)
        if prefix:
            query = query.where(t.document.c.digest.startswith(prefix, autoescape=True))
        if sboms is not None:
            rows = sorted(self._in(query, t.document.c.id, set(sboms)), key=lambda row: row[1])
        else:
            ordered = query.order_by(t.document.c.digest)
            rows = list(self._connection.execute(ordered, {"tenant": self._tenant}))
        for row in rows:
            about = Noun(NounKind(row[7]), row[8]) if row[7] is not None else None
            yield BillNode(DocumentNode(*row[:7]), about, row[9], row[10])

    def graphs(self, sboms: Iterable[int]) -> Iterator[tuple[int, Adjacency]]:
        """The graphs of bills.

        Raises:
            DamageError: One is damaged.
        """
        for number, blob in self._in(statements.graphs(), t.sbom.c.document_id, set(sboms)):
            yield number, unpack(bytes(blob))

    # Helpers

    def _keyed(self, query: Select[Any], key: Any, after: bytes) -> Iterator[Any]:
        """Rows in the order of their keys, a page a statement; the first column is the key."""
        last = after
        while True:
            self.check()
            page = query.where(key > last).order_by(key).limit(PAGE)
            rows = list(self._connection.execute(page, {"tenant": self._tenant}))
            yield from rows
            if len(rows) < PAGE:
                return
            last = bytes(rows[-1][0])

    def _in(
        self, query: Select[Any], column: Any, values: Iterable[Any], **more: Any
    ) -> Iterator[Any]:
        for chunk in chunks(values):
            self.check()
            given = {"tenant": self._tenant, "chunk": chunk, **more}
            yield from self._connection.execute(statements.within(query, column), given)


def _no_check() -> None:
    """Nobody minds how long it takes."""


def _claim(row: Any) -> ClaimNode:
    about = Noun(NounKind(row[4]), row[5]) if row[4] is not None else None
    said = _said(row[6]) if row[6] else {}
    subject = Noun(NounKind(row[2]), row[3])
    return ClaimNode(bytes(row[0]), VERB_OF[row[1]], subject, about, said, int(row[7]))
