"""What the record answers with."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.model.evidence import Origin, Verb
from pratique.store.documents import VERB_OF

if TYPE_CHECKING:
    from collections.abc import Iterable


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


def gathered(rows: Iterable[Any]) -> list[Stated]:
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
