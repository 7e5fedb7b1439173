"""Where a tenant's record was last held against the advisories: reading it and moving it on.

All that one run changes, its events and what is to be told of them are written in
one transaction: a run that is killed has happened wholly or not at all.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import delete, insert, select, update

from pratique.model.evidence import Verb
from pratique.store import tables as t
from pratique.store.documents import VERBS, instant
from pratique.store.errors import DamageError, StoreError
from pratique.store.nouns import NO_VULNERABILITY
from pratique.store.record import Record
from pratique.store.selecting import rows_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Table

    from pratique.store.engine import Store

MAX_STATE_BYTES = 512 * 1024 * 1024
"""Most that a state unpacks to; 16 bytes for each of 10 million packages, and the rest."""


class PlaceRow(msgspec.Struct, frozen=True, kw_only=True):
    """What ran in one environment of a product."""

    id: int = 0
    """0: not written yet."""

    product: str
    environment: str
    version: str
    owners: tuple[str, ...]
    sbom: int
    digest: str


class MatchRow(msgspec.Struct, frozen=True, kw_only=True):
    """What the advisories said of one package."""

    id: int
    package: int
    facts: str


class FindingRow(msgspec.Struct, frozen=True, kw_only=True):
    """A match at a place, by their numbers, and its status."""

    place: int
    match: int
    status: str
    document: str = ""
    until: str = ""


class EventRow(msgspec.Struct, frozen=True, kw_only=True):
    """An event, and to which channels it goes when."""

    key: str
    at: str
    kind: str
    product: str
    body: str
    channels: tuple[tuple[str, str], ...] = ()
    """Names of channels, and when each is due."""


class Moves(msgspec.Struct, kw_only=True):
    """What a run changes.  New places and matches have negative numbers until they are written."""

    run: int
    """Number of the run before."""

    body: bytes
    places: list[PlaceRow] = []
    places_gone: list[int] = []
    matches: list[MatchRow] = []
    matches_gone: list[int] = []
    findings: list[FindingRow] = []
    findings_gone: list[tuple[int, int]] = []
    events: list[EventRow] = []


class Watched:
    """The state of one tenant, with the record as it is at the same moment.

    Args:
        connection: That reads one state of the record.
        tenant: By number; -1 for one that does not exist.
        record: What the tenant sees.
    """

    def __init__(self, connection: Connection, tenant: int, record: Record) -> None:
        self._connection = connection
        self._tenant = tenant
        self.record = record

    def state(self) -> tuple[int, bytes] | None:
        """Number of the last run and what it left; ``None`` before the first.

        Raises:
            DamageError: It is not what was written.
        """
        import zstandard

        query = select(t.watch_state.c.run, t.watch_state.c.body)
        row = self._connection.execute(
            query.where(t.watch_state.c.tenant_id == self._tenant)
        ).first()
        if row is None:
            return None
        try:
            packed = bytes(row.body)
            body = zstandard.ZstdDecompressor().decompress(packed, max_output_size=MAX_STATE_BYTES)
        except zstandard.ZstdError as error:
            raise DamageError(f"the state of 'rematch' is damaged: {error}.") from None
        return row.run, body

    def places(self) -> list[PlaceRow]:
        """What ran where."""
        p = t.watch_place.c
        query = select(
            p.id, p.product, p.environment, p.version, p.owners, p.sbom_id, p.digest
        ).where(p.tenant_id == self._tenant)
        return [
            PlaceRow(
                id=row[0],
                product=row[1],
                environment=row[2],
                version=row[3],
                owners=msgspec.json.decode(row[4], type=tuple[str, ...]),
                sbom=row[5],
                digest=row[6],
            )
            for row in self._connection.execute(query)
        ]

    def matches(self) -> list[MatchRow]:
        """What the advisories said of the packages that they affect."""
        m = t.watch_match.c
        query = select(m.id, m.package_id, m.facts).where(m.tenant_id == self._tenant)
        rows = self._connection.execute(query)
        return [MatchRow(id=row[0], package=row[1], facts=row[2]) for row in rows]

    def findings(
        self, *, places: Iterable[int] = (), matches: Iterable[int] = ()
    ) -> dict[tuple[int, int], FindingRow]:
        """Findings at some places, and those of some matches."""
        f = t.watch_finding.c
        query = select(f.place_id, f.match_id, f.status, f.document, f.until)
        own = query.join(t.watch_place, t.watch_place.c.id == f.place_id).where(
            t.watch_place.c.tenant_id == self._tenant
        )
        rows = [
            *rows_in(self._connection, own, f.place_id, set(places)),
            *rows_in(self._connection, own, f.match_id, set(matches)),
        ]
        return {
            (row[0], row[1]): FindingRow(
                place=row[0], match=row[1], status=row[2], document=row[3], until=row[4]
            )
            for row in rows
        }

    def scans(self) -> list[tuple[int, str, int, int]]:
        """Vulnerabilities that scans of the record name (CertifyVuln).

        Returns:
            For each the package, the vulnerability's text, and the numbers of the claim
            and of a document that makes it.
        """
        e, named = t.evidence.c, t.noun.alias("named")
        query = (
            select(e.subject_id, named.c.text, e.id, t.support.c.document_id)
            .join(named, named.c.id == e.object_id)
            .join(t.support, t.support.c.evidence_id == e.id)
            .where(e.tenant_id == self._tenant, e.verb == VERBS[Verb.CERTIFY_VULN])
            .where(named.c.text != NO_VULNERABILITY)
        )
        return [(a, b, c, d) for a, b, c, d in self._connection.execute(query)]


@contextmanager
def open_watched(store: Store, tenant: str) -> Iterator[Watched]:
    """A tenant's state, with the record of the same moment.

    Raises:
        StoreError: The record cannot be read.
    """
    with store.reading() as connection:
        number = tenant_number(connection, tenant)
        record = Record(connection, number, "", store.memory, address=store.address, name=tenant)
        yield Watched(connection, number, record)


def tenant_number(connection: Connection, tenant: str) -> int:
    """Number of a tenant; -1 for one that does not exist."""
    found = connection.execute(select(t.tenant.c.id).where(t.tenant.c.name == tenant)).scalar()
    return -1 if found is None else int(found)


def move_on(store: Store, tenant: str, moves: Moves) -> None:
    """Write what a run changed.

    Raises:
        StoreError: It cannot be written, the tenant has no record, or another run came
            between.
    """
    import zstandard

    packed = zstandard.compress(moves.body, 3)

    def change(connection: Connection) -> None:
        number = tenant_number(connection, tenant)
        if number < 0:
            raise StoreError(f"there is no record of {tenant!r} yet.")
        state = t.watch_state
        found = connection.execute(
            select(state.c.run).where(state.c.tenant_id == number).with_for_update()
        ).scalar()
        if (found or 0) != moves.run:
            raise StoreError("another 'rematch' came between; nothing was written.")
        values = {"run": moves.run + 1, "body": packed}
        if found is None:
            connection.execute(insert(state).values(tenant_id=number, **values))
        else:
            connection.execute(update(state).where(state.c.tenant_id == number).values(**values))
        _Writer(connection, number).write(moves)

    store.write(change)


class _Writer:
    """Writes the rows of one run."""

    def __init__(self, connection: Connection, tenant: int) -> None:
        self._connection = connection
        self._tenant = tenant

    def write(self, moves: Moves) -> None:
        self._remove(moves)
        places = self._places(moves.places)
        matches = self._matches(moves.matches)
        rows = [
            {
                "place_id": places.get(one.place, one.place),
                "match_id": matches.get(one.match, one.match),
                "status": one.status,
                "document": one.document,
                "until": one.until,
            }
            for one in moves.findings
        ]
        if rows:
            self._connection.execute(insert(t.watch_finding), rows)
        self._events(moves.events)

    def _remove(self, moves: Moves) -> None:
        finding = t.watch_finding.c
        # Findings that are written anew are removed first: their rows have all they need.
        pairs = {*moves.findings_gone, *((one.place, one.match) for one in moves.findings)}
        rows = [{"p": place, "m": match} for place, match in pairs if place > 0 and match > 0]
        if rows:
            from sqlalchemy import bindparam

            statement = delete(t.watch_finding).where(
                finding.place_id == bindparam("p"), finding.match_id == bindparam("m")
            )
            self._connection.execute(statement, rows)
        for column, table, gone in (
            (finding.place_id, t.watch_place, moves.places_gone),
            (finding.match_id, t.watch_match, moves.matches_gone),
        ):
            for number in gone:
                self._connection.execute(delete(t.watch_finding).where(column == number))
                self._connection.execute(delete(table).where(table.c.id == number))

    def _places(self, places: Sequence[PlaceRow]) -> dict[int, int]:
        rows = [
            {
                "id": one.id,
                "product": one.product,
                "environment": one.environment,
                "version": one.version,
                "owners": msgspec.json.encode(one.owners).decode(),
                "sbom_id": one.sbom,
                "digest": one.digest,
            }
            for one in places
        ]
        return self._put(t.watch_place, rows)

    def _matches(self, matches: Sequence[MatchRow]) -> dict[int, int]:
        rows = [{"id": one.id, "package_id": one.package, "facts": one.facts} for one in matches]
        return self._put(t.watch_match, rows)

    def _put(self, table: Table, rows: Sequence[dict[str, Any]]) -> dict[int, int]:
        """Write rows over those of their numbers, and new ones: the numbers that these got."""
        from sqlalchemy import bindparam

        old = [{"number": row["id"], **_without_id(row)} for row in rows if row["id"] > 0]
        new = [{"tenant_id": self._tenant, **_without_id(row)} for row in rows if row["id"] <= 0]
        if old:
            columns: dict[str, Any] = {name: bindparam(name) for name in old[0]}
            del columns["number"]
            changed = update(table).where(table.c.id == bindparam("number")).values(**columns)
            self._connection.execute(changed, old)
        if not new:
            return {}
        made = insert(table).returning(table.c.id, sort_by_parameter_order=True)
        numbers = self._connection.execute(made, new).scalars()
        fresh = (row["id"] for row in rows if row["id"] <= 0)
        return dict(zip(fresh, map(int, numbers), strict=True))

    def _events(self, events: Sequence[EventRow]) -> None:
        if not events:
            return
        self._connection.execute(
            insert(t.watch_event),
            [
                {
                    "tenant_id": self._tenant,
                    "key": one.key,
                    "at": one.at,
                    "kind": one.kind,
                    "product": one.product,
                    "body": one.body,
                }
                for one in events
            ],
        )
        told = [one for one in events if one.channels]
        if not told:
            return
        first = min(one.at for one in told)
        e = t.watch_event.c
        numbers = dict(
            map(
                tuple,
                self._connection.execute(
                    select(e.key, e.id).where(e.tenant_id == self._tenant, e.at >= first)
                ),
            )
        )
        self._connection.execute(
            insert(t.watch_delivery),
            [
                {
                    "tenant_id": self._tenant,
                    "event_id": numbers[one.key],
                    "channel": channel,
                    "state": "waiting",
                    "due": due,
                    "batch": "",
                    "attempts": 0,
                    "error": "",
                }
                for one in told
                for channel, due in one.channels
            ],
        )


def _without_id(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "id"}


def events(
    store: Store, tenant: str, *, since: datetime | None = None, kinds: Sequence[str] = ()
) -> Iterator[str]:
    """Bodies of a tenant's events, oldest first.

    Args:
        store: The record.
        tenant: Whose.
        since: Not those before.
        kinds: Of these alone; all where none is named.
    """
    e = t.watch_event.c
    with store.reading() as connection:
        query = select(e.body).where(e.tenant_id == tenant_number(connection, tenant))
        if since is not None:
            query = query.where(e.at >= instant(since))
        if kinds:
            query = query.where(e.kind.in_(list(kinds)))
        found = connection.execution_options(yield_per=1_000).execute(query.order_by(e.id))
        for (body,) in found:
            yield body
