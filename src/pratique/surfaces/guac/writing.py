"""Writes what a client says, as documents of the record.

Whatever one mutation says from one origin is one document: its canonical JSON,
content-addressed like any other, with the claims that it makes.  The same said
twice is one document, so that it adds nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from pratique.model.evidence import Verb
from pratique.store.documents import Bill, Claim, DocumentKind, Entry, Placement
from pratique.store.nodes import remember
from pratique.store.nouns import Noun, NounKind
from pratique.store.writing import write, write_claims
from pratique.surfaces.guac import shapes
from pratique.surfaces.guac.bills import FORMAT as BILL_FORMAT
from pratique.surfaces.guac.errors import RequestError
from pratique.surfaces.guac.ids import CLAIM, bill_id, write_id
from pratique.surfaces.guac.nouns import bare_vulnerability
from pratique.surfaces.guac.recent import recent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pratique.store.engine import Store
    from pratique.store.nodes import Nodes

SCHEMA = "pratique/guac/1"
FORMAT = "GUAC evidence"
COLLECTOR = "graphql"
"""Collector of what comes without one of its own."""

_encode = msgspec.json.Encoder(order="deterministic").encode


_MENTIONED = {"key": shapes.MENTION}


class Saying(NamedTuple):
    """One claim that a client makes."""

    verb: Verb
    subject: Noun
    object: Noun | None
    said: dict[str, str]

    @property
    def claim(self) -> Claim:
        """As the record takes it."""
        return Claim(verb=self.verb, subject=self.subject, object=self.object, said=self.said)

    @property
    def source(self) -> tuple[str, str, str]:
        """Origin, collector and document reference."""
        get = self.said.get
        return get(shapes.ORIGIN, ""), get(shapes.COLLECTOR, ""), get(shapes.DOCUMENT, "")


class Writer:
    """Writes for one tenant.

    Args:
        store: The record.
        tenant: By name.
        clock: Tells the time.
    """

    def __init__(
        self, store: Store, tenant: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.store = store
        self.tenant = tenant
        self._clock = clock

    def unmentioned(self, nodes: Nodes, nouns: Iterable[Noun]) -> list[Noun]:
        """Those of some nouns that were not mentioned yet, each once.

        Args:
            nodes: What the tenant sees.
            nouns: Of inputs.
        """
        every = dict.fromkeys(nouns)
        told = recent(self.store).told(self.tenant, every)
        unsure = [noun for noun in every if noun not in told]
        there = nodes.said_of(unsure, Verb.HAS_METADATA, _MENTIONED)
        recent(self.store).tell(self.tenant, (one for one in unsure if one.key in there))
        return [noun for noun in unsure if noun.key not in there]

    def mention(self, nouns: Sequence[Noun]) -> None:
        """Write nouns of which nothing more is said yet."""
        claims = [Claim(verb=Verb.HAS_METADATA, subject=one, said=_MENTIONED) for one in nouns]
        for noun in nouns:
            bare = bare_vulnerability(noun) if noun.kind is NounKind.VULNERABILITY else None
            if bare is not None:
                # So that questions that know but the bare id find what is said of this one.
                more = {shapes.IMPLIED: "1"}
                claims.append(Claim(verb=Verb.VULN_EQUAL, subject=noun, object=bare, said=more))
        if claims:
            rows = sorted({(int(noun.kind), noun.text) for noun in nouns})
            self._write([self._entry({"nouns": rows}, claims, ("", "", ""))])
        remember(self.store, self.tenant, nouns)
        recent(self.store).tell(self.tenant, nouns)

    def say(self, sayings: Sequence[Saying]) -> list[str]:
        """Write claims.

        Returns:
            Their ids, in order.
        """
        if not sayings:
            return []
        found = self._said(sayings, "")
        if any(one is None for one in found):
            # They were said before and taken back since: this is a new saying.
            found = self._said(sayings, self._clock().isoformat())
        if any(one is None for one in found):
            raise RequestError("the record did not keep what was said")
        return [write_id(CLAIM, key) for key in found if key is not None]

    def _said(self, sayings: Sequence[Saying], salt: str) -> list[bytes | None]:
        """Write claims; the key of each, ``None`` for one that was taken back since."""
        groups: dict[tuple[str, str, str], list[int]] = {}
        for number, one in enumerate(sayings):
            groups.setdefault(one.source, []).append(number)
        numbers: dict[str, list[int]] = {}
        entries = []
        for source, several in sorted(groups.items()):
            rows: dict[str, Any] = {"claims": _rows(sayings[number] for number in several)}
            if salt:
                rows["again"] = salt
            entry = self._entry(rows, [sayings[number].claim for number in several], source)
            numbers[entry.digest] = several
            entries.append(entry)
        found: list[bytes | None] = [None] * len(sayings)
        with _one_writer:
            written, keys = write_claims(self.store, self.tenant, entries)
            for digest, several in numbers.items():
                for number, key in zip(several, keys[digest], strict=True):
                    found[number] = key
            pairs = zip(found, sayings, strict=True)
            said = {key: one for key, one in pairs if key is not None}
            recent(self.store).wrote(self.tenant, written, said)
        return found

    def included(self, nodes: Nodes, keys: Iterable[bytes], verb: Verb) -> list[Saying]:
        """Claims that are in the record already, each once, to be said again by a bill.

        Args:
            nodes: What the tenant sees.
            keys: Of the claims.
            verb: What all of them are.

        Raises:
            RequestError: One is not there, or is of another kind.
        """
        asked = list(dict.fromkeys(keys))
        found = recent(self.store).said(self.tenant, nodes.record.token(), asked)
        unknown = [key for key in asked if key not in found]
        for key, one in nodes.claims_by_key(unknown).items():
            found[key] = Saying(one.verb, one.subject, one.object, one.said)
        if any(key not in found or found[key].verb is not verb for key in asked):
            raise RequestError(f"an included {verb.value} is not in the record")
        return [found[key] for key in asked]

    def bill(
        self,
        saying: Saying,
        includes: Included,
    ) -> str:
        """Write a bill of materials.

        Args:
            saying: HasSBOM, with what is said of the bill.
            includes: What is in it.

        Returns:
            Its id.
        """
        subject = saying.subject
        described = subject.text if subject.kind is NounKind.PACKAGE else ""
        nodes = sorted({noun.text for noun in includes.packages} | _ends(includes.dependencies))
        place = {text: number for number, text in enumerate(nodes)}
        pairs = [
            (one.subject.text, one.object.text)
            for one in includes.dependencies
            if one.object is not None and _both_packages(one)
        ]
        name, version = _called(subject)
        graph = Bill(
            subject=described,
            name=name,
            version=version,
            nodes=tuple(nodes),
            roots=tuple(sorted({place[b] for a, b in pairs if a == described})),
            edges=tuple(sorted({(place[a], place[b]) for a, b in pairs if a != b})),
        )
        claims = [saying.claim, *(one.claim for one in includes.dependencies)]
        claims += [one.claim for one in includes.occurrences]
        claims += [
            Claim(verb=Verb.HAS_METADATA, subject=one, said=_MENTIONED)
            for one in includes.artifacts
        ]
        rows = {
            "bill": _row(saying, saying.said),
            "packages": sorted({noun.text for noun in includes.packages}),
            "artifacts": sorted({noun.text for noun in includes.artifacts}),
            "dependencies": _rows(includes.dependencies),
            "occurrences": _rows(includes.occurrences),
        }
        entry = self._entry(rows, claims, saying.source)
        made = msgspec.structs.replace(
            entry,
            kind=DocumentKind.SBOM,
            format=BILL_FORMAT,
            bill=graph,
            placements=(Placement(product=name, version=version),),
        )
        self._write([made])
        return bill_id(entry.digest)

    def withdrawal(self, id: str) -> None:
        """Write that a node is taken back, as a document without claims."""
        rows = {"withdrawn": id, "at": self._clock().isoformat()}
        self._write([self._entry(rows, (), ("", "", ""))])

    def _entry(
        self, rows: dict[str, Any], claims: Iterable[Claim], source: tuple[str, str, str]
    ) -> Entry:
        origin, collector, document = source
        value = {"schema": SCHEMA, "origin": origin, "collector": collector, "document": document}
        raw = _encode(value | rows)
        return Entry(
            digest=f"sha256:{sha256(raw).hexdigest()}",
            raw=raw,
            kind=DocumentKind.ATTESTATION,
            format=FORMAT,
            path=origin or document or COLLECTOR,
            collector=collector or COLLECTOR,
            observed=self._clock(),
            claims=tuple(claims),
        )

    def _write(self, entries: Sequence[Entry]) -> None:
        write_entries(self.store, self.tenant, entries)


_one_writer = Lock()


def write_entries(store: Store, tenant: str, entries: Sequence[Entry]) -> bool:
    """Write documents, one writer of this process at a time.

    What a store remembers of its rows is not for several.

    Returns:
        Whether one was new.
    """
    with _one_writer:
        written = write(store, tenant, entries)
        recent(store).wrote(tenant, written, {})
        return bool(written.added)


class Included(NamedTuple):
    """What a bill of materials includes."""

    packages: Sequence[Noun]
    artifacts: Sequence[Noun]
    dependencies: Sequence[Saying]
    occurrences: Sequence[Saying]


def _rows(sayings: Iterable[Saying]) -> list[msgspec.Raw]:
    """Claims as a document has them: each once, in an order of their own.

    Clients send the same in another order each time.
    """
    texts: dict[int, msgspec.Raw] = {}
    found = set()
    for one in sayings:
        # Most say the same of different nouns, in one mapping.
        said = texts.get(id(one.said))
        if said is None:
            said = texts[id(one.said)] = msgspec.Raw(_encode(one.said))
        found.add(_encode(_row(one, said)))
    return [msgspec.Raw(text) for text in sorted(found)]


_WORDS = {verb: verb.value for verb in Verb}


def _row(one: Saying, said: Any) -> list[Any]:
    about = [int(one.object.kind), one.object.text] if one.object else None
    return [_WORDS[one.verb], [int(one.subject.kind), one.subject.text], about, said]


def _ends(dependencies: Iterable[Saying]) -> set[str]:
    """Packages at both ends of dependencies."""
    found = set()
    for one in dependencies:
        if one.object is not None and _both_packages(one):
            found |= {one.subject.text, one.object.text}
    return found


def _both_packages(one: Saying) -> bool:
    return (
        one.subject.kind is NounKind.PACKAGE
        and one.object is not None
        and one.object.kind is NounKind.PACKAGE
    )


def _called(subject: Noun) -> tuple[str, str]:
    """Name and version of the product that a bill counts as where none is given."""
    if subject.kind is not NounKind.PACKAGE:
        return subject.text, ""
    from pratique.model.purl import Package

    package = Package.parse(subject.text)
    return package.full_name, package.version
