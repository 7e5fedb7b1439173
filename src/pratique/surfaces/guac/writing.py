"""Writes what a client says, as documents of the record.

Whatever one mutation says from one origin is one document: its canonical JSON,
content-addressed like any other, with the claims that it makes.  The same said
twice is one document, so that it adds nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from itertools import groupby
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from pratique.model.evidence import Verb
from pratique.store.documents import Bill, Claim, DocumentKind, Entry, Placement
from pratique.store.nodes import open_nodes
from pratique.store.nouns import Noun, NounKind
from pratique.store.writing import write
from pratique.surfaces.guac import shapes
from pratique.surfaces.guac.bills import FORMAT as BILL_FORMAT
from pratique.surfaces.guac.errors import RequestError
from pratique.surfaces.guac.ids import CLAIM, bill_id, write_id
from pratique.surfaces.guac.nouns import bare_vulnerability

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pratique.store.engine import Store
    from pratique.store.nodes import Nodes

SCHEMA = "pratique/guac/1"
FORMAT = "GUAC evidence"
COLLECTOR = "graphql"
"""Collector of what comes without one of its own."""

_encode = msgspec.json.Encoder(order="deterministic").encode


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

    def mention(self, nouns: Sequence[Noun]) -> None:
        """Write nouns of which nothing more is said yet."""
        said = {"key": shapes.MENTION}
        claims = [Claim(verb=Verb.HAS_METADATA, subject=one, said=said) for one in nouns]
        for noun in nouns:
            bare = bare_vulnerability(noun) if noun.kind is NounKind.VULNERABILITY else None
            if bare is not None:
                # So that questions that know but the bare id find what is said of this one.
                more = {shapes.IMPLIED: "1"}
                claims.append(Claim(verb=Verb.VULN_EQUAL, subject=noun, object=bare, said=more))
        if claims:
            rows = sorted({(int(noun.kind), noun.text) for noun in nouns})
            self._write([self._entry({"nouns": rows}, claims, ("", "", ""))])

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
        ordered = sorted(sayings, key=lambda one: one.source)
        entries = []
        for source, group in groupby(ordered, key=lambda one: one.source):
            several = list(group)
            rows: dict[str, Any] = {"claims": _rows(several)}
            if salt:
                rows["again"] = salt
            entries.append(self._entry(rows, [one.claim for one in several], source))
        self._write(entries)
        keys: dict[Any, bytes] = {}
        with open_nodes(self.store, self.tenant) as nodes:
            numbers = nodes.document_numbers(entry.digest for entry in entries)
            for number in numbers.values():
                for claim in nodes.claims_of(number, ()):
                    keys[_same(claim.verb, claim.subject, claim.object, claim.said)] = claim.key
        return [keys.get(_same(*one)) for one in sayings]

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
        said = {"key": shapes.MENTION}
        claims = [saying.claim, *(one.claim for one in includes.dependencies)]
        claims += [one.claim for one in includes.occurrences]
        claims += [
            Claim(verb=Verb.HAS_METADATA, subject=one, said=said) for one in includes.artifacts
        ]
        rows = {
            "bill": _row(saying),
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
        return bool(write(store, tenant, entries).added)


class Included(NamedTuple):
    """What a bill of materials includes."""

    packages: Sequence[Noun]
    artifacts: Sequence[Noun]
    dependencies: Sequence[Saying]
    occurrences: Sequence[Saying]


def included(nodes: Nodes, keys: Iterable[bytes], verb: Verb) -> list[Saying]:
    """Claims that are in the record already, to be said again by a bill.

    Raises:
        RequestError: One is not there, or is of another kind.
    """
    asked = list(keys)
    found = nodes.claims_by_key(asked)
    claims = [found[key] for key in asked if key in found]
    if len(claims) != len(asked) or any(claim.verb is not verb for claim in claims):
        raise RequestError(f"an included {verb.value} is not in the record")
    return [Saying(one.verb, one.subject, one.object, one.said) for one in claims]


def _rows(sayings: Iterable[Saying]) -> list[msgspec.Raw]:
    """Claims as a document has them: each once, in an order of their own.

    Clients send the same in another order each time.
    """
    return [msgspec.Raw(text) for text in sorted({_encode(_row(one)) for one in sayings})]


def _row(one: Saying) -> list[Any]:
    about = [int(one.object.kind), one.object.text] if one.object else None
    return [one.verb.value, [int(one.subject.kind), one.subject.text], about, one.said]


def _same(verb: Verb, subject: Noun, object: Noun | None, said: dict[str, str]) -> Any:
    return verb, subject, object, frozenset(said.items())


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
