"""Learned expectations in the record: one trail for each package, by tenant.

Nothing is overwritten: what was learned and what was forgotten are documents, each
naming the one before it.  Of two that name the same one before, the earlier counts,
so that two runs cannot undo each other's learning.  A document counts only where this
module wrote it: a claim that came in otherwise teaches nothing.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from pratique.formats.instants import parse_instant
from pratique.model.attestation import Grade
from pratique.model.errors import InputError
from pratique.model.evidence import Verb
from pratique.model.purl import Package
from pratique.provenance.errors import LearningError
from pratique.provenance.learned import SCHEMA as FILE_SCHEMA
from pratique.provenance.learned import Fact, Known, Learned, facts_of, judged
from pratique.store import nouns
from pratique.store.documents import Claim, DocumentKind, Entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from pratique.provenance.request import Answer
    from pratique.store.engine import Store
    from pratique.store.record import Record

SCHEMA = "urn:pratique:schema:provenance-expectation:1"
KEY = "provenance expectation"

BATCH = 200
"""Packages that are written in one transaction."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One document of a package's trail."""

    schema: str = SCHEMA
    package: str
    at: str
    """When, in UTC, to the microsecond."""

    by: str
    facts: tuple[Fact, ...] = ()
    """What was learned; empty where it was forgotten."""

    previous: str = ""
    """Digest of the document before; empty for the first."""


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What the record knows of a package."""

    known: Known | None = None
    """None where it was forgotten."""

    last: str = ""
    """Digest of the last document of its trail."""


def name_of(package: Package) -> str:
    """Name that expectations are kept under: the package URL without version and qualifiers."""
    bare = package.without_version()
    return str(msgspec.structs.replace(bare, qualifiers=(), subpath=""))


def _noun(name: str) -> nouns.Noun:
    try:
        return nouns.package_name(Package.parse(name))
    except InputError:
        return nouns.product(name)


def entry_of(event: Event, moment: datetime) -> Entry:
    """The document of an event, with its claim."""
    raw = msgspec.json.encode(event, order="sorted")
    value = ", ".join(dict.fromkeys(one.source or one.workflow for one in event.facts))
    said = {"key": KEY, "value": value or "forgotten", "at": event.at}
    return Entry(
        digest=f"sha256:{sha256(raw).hexdigest()}",
        raw=raw,
        kind=DocumentKind.CERTIFICATION,
        format=SCHEMA,
        path=event.package,
        collector=event.by,
        observed=moment,
        created=moment,
        claims=(Claim(verb=Verb.HAS_METADATA, subject=_noun(event.package), said=said),),
    )


def held(record: Record, names: Iterable[str] | None = None) -> dict[str, Held]:
    """What the record knows, by the package's name.

    Args:
        record: What the tenant sees.
        names: Of these packages alone; of all where it is None.

    Raises:
        LearningError: A document of the trail cannot be read.
    """
    own = {
        one.digest
        for one in record.documents(kind=DocumentKind.CERTIFICATION)
        if one.format == SCHEMA
    }
    wanted = own
    if names is not None:
        numbers = record.find(map(_noun, set(names))).values()
        claims = record.evidence(about=numbers, verbs=[Verb.HAS_METADATA])
        wanted = own & {origin.document for one in claims for origin in one.origins}
    trails: dict[str, list[tuple[str, Event]]] = {}
    for digest in wanted:
        event = _event(record.raw(digest), digest)
        trails.setdefault(event.package, []).append((digest, event))
    return {name: _followed(trail) for name, trail in sorted(trails.items())}


def _event(raw: bytes, digest: str) -> Event:
    try:
        return msgspec.json.decode(raw, type=Event)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise LearningError(
            f"what was learned cannot be read: {digest}.",
            remedy="The record is damaged or of a newer program; nothing is taken for unknown.",
        ) from None


def _followed(trail: list[tuple[str, Event]]) -> Held:
    """The end of a trail: from the first on, the earliest that names the last."""
    after: dict[str, list[tuple[str, str, Event]]] = {}
    for digest, event in trail:
        after.setdefault(event.previous, []).append((event.at, digest, event))
    last, known = "", None
    while (found := after.pop(last, None)) is not None:
        at, last, event = min(found, key=lambda one: one[:2])
        known = Known(learned=at, facts=event.facts) if event.facts else None
    return Held(known=known, last=last)


def checked(
    store: Store,
    tenant: str,
    answers: Sequence[tuple[str, Answer]],
    now: datetime,
    *,
    by: str = "pratique verify",
    relearn: bool = False,
) -> tuple[tuple[Answer, ...], str]:
    """Answers by what the record knows of their packages, which are learned on first use.

    Args:
        store: The record.
        tenant: Whose.
        answers: Name of the package, and the answer about a version of it.
        now: In UTC.
        by: Who verifies.
        relearn: Whether what is known is forgotten first.

    Returns:
        The answers, with alarms where something changed, and what was learned, in a line;
        empty where nothing was.

    Raises:
        StoreError: The record cannot be read or written.
    """
    from pratique.store.record import open_record

    with open_record(store, tenant) as record:
        before = held(record, [name for name, _ in answers])
    found: list[Answer] = []
    events: dict[str, Event] = {}
    unlearned = 0
    for name, one in answers:
        last = before.get(name, Held())
        if last.known is not None and not relearn:
            found.append(judged(one, last.known))
            continue
        found.append(one)
        facts = facts_of(one)
        if one.grade is Grade.VERIFIED and facts:
            events.setdefault(
                name,
                Event(package=name, at=stamp(now), by=by, facts=facts, previous=last.last),
            )
        else:
            unlearned += 1
    write_events(store, tenant, events.values(), now)
    return tuple(found), _told(events, unlearned)


def _told(events: Mapping[str, Event], unlearned: int) -> str:
    parts = []
    if len(events) == 1:
        parts.append(f"{next(iter(events))}: learned on first use")
    elif events:
        parts.append(f"{len(events)} packages were learned on first use")
    if unlearned:
        parts.append(f"nothing is learned of {unlearned} that are not verified")
    return "; ".join(parts)


def write_events(store: Store, tenant: str, events: Iterable[Event], moment: datetime) -> None:
    """Write events; those that are there already are no change."""
    from pratique.store.writing import write

    entries = [entry_of(one, moment) for one in events]
    for start in range(0, len(entries), BATCH):
        write(store, tenant, entries[start : start + BATCH])


def forget(store: Store, tenant: str, names: Sequence[str], now: datetime, by: str) -> None:
    """Forget what was learned of packages; the trail keeps that it was known.

    Raises:
        LearningError: One is not known; then none is forgotten.
    """
    from pratique.store.record import open_record

    with open_record(store, tenant) as record:
        before = held(record, names)
    for name in names:
        if name not in before or before[name].known is None:
            raise LearningError(
                f"nothing was learned of {name[:200]}.",
                remedy="'pratique expectations list' names the packages that are known.",
            )
    events = [
        Event(package=name, at=stamp(now), by=by, previous=before[name].last) for name in names
    ]
    write_events(store, tenant, events, now)


def export(record: Record) -> bytes:
    """All that is known, as the file that ``verify --expectations`` takes."""
    known = {name: one.known for name, one in held(record).items() if one.known is not None}
    data = msgspec.json.encode(Learned(schema=FILE_SCHEMA, packages=known))
    return msgspec.json.format(data, indent=1) + b"\n"


def take(
    store: Store, tenant: str, learned: Learned, now: datetime, by: str, *, replace: bool
) -> tuple[int, int]:
    """Take expectations of a file into the record.

    Args:
        store: The record.
        tenant: Whose.
        learned: From :func:`pratique.provenance.learned_file.read_learned`.
        now: In UTC.
        by: Who says so.
        replace: Whether what is known otherwise is replaced.

    Returns:
        How many were taken, and how many were known so already.

    Raises:
        LearningError: One is known otherwise, and may not be replaced; then none is taken.
    """
    from pratique.store.record import open_record

    with open_record(store, tenant) as record:
        before = held(record, learned.packages)
    events, same = [], 0
    for name, given in sorted(learned.packages.items()):
        last = before.get(name, Held())
        if last.known is not None and last.known.facts == given.facts:
            same += 1
            continue
        if last.known is not None and not replace:
            raise LearningError(
                f"{name[:200]} is known otherwise (learned {last.known.learned}).",
                remedy="Look at both; take the file's with --replace.",
            )
        if not given.facts or parse_instant(given.learned) is None:
            raise LearningError(f"{name[:200]} has no facts, or no time, in the file.")
        events.append(
            Event(package=name, at=stamp(now), by=by, facts=given.facts, previous=last.last)
        )
    write_events(store, tenant, events, now)
    return len(events), same


def stamp(moment: datetime) -> str:
    """A moment that sorts as text."""
    return f"{moment:%Y-%m-%dT%H:%M:%S.%fZ}"
