"""A vulnerability asked of the advisories that were ingested: which packages they affect.

They count beside the advisories of the index, whether it knows the vulnerability
or not: an organisation's own record may be nowhere else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pratique.graph.findings import revisions
from pratique.graph.ingested import Ingested
from pratique.model.evidence import Verb

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pratique.model.advisory import Advisory
    from pratique.store.record import Record

MAX_RECORDS = 1_000
"""Most ingested advisories read for one question; a vulnerability has some ten."""


class Advised(msgspec.Struct):
    """What the ingested advisories about a vulnerability come to."""

    known: bool = False
    """Whether there is any."""

    packages: dict[int, str] = {}
    """Numbers and texts of the packages that they affect."""

    undetermined: list[str] = []
    """What they leave open, in a line each."""

    newer: frozenset[str] = frozenset()
    """Ids of those that were modified after what the index has of them."""

    undecided: set[int] = set()
    """Packages of which they leave open whether they affect them."""


def advised(
    record: Record, numbers: Iterable[int], indexed: Callable[[str], Advisory | None] | None = None
) -> Advised:
    """Which packages of the record its own OSV records affect.

    Args:
        record: What the tenant sees.
        numbers: Of the vulnerability, under all its names.
        indexed: What the index has of an id; nothing where it is ``None``.
    """
    stated = record.evidence(about=numbers, verbs=[Verb.VULNERABILITY_METADATA])
    digests = sorted({origin.document for one in stated for origin in one.origins})
    ingested = Ingested(record, digests=digests[:MAX_RECORDS])
    unclear = set(ingested.unclear)
    if len(digests) > MAX_RECORDS:
        unclear.add(f"over {MAX_RECORDS:,} ingested advisories are about it; the rest is unread")
    packages = ingested.found_by(ingested.keys(ingested.current))
    by_date = revisions(ingested, indexed or _nothing)
    said = ingested.of(packages, without=by_date.older)
    unclear.update(
        f"{packages[number]}: {one.reason}" for number, row in said.undecided.items() for one in row
    )
    return Advised(
        known=bool(ingested.documents),
        packages={number: packages[number] for number in said.told},
        undetermined=sorted(unclear),
        newer=by_date.newer,
        undecided=set(said.undecided),
    )


def _nothing(_id: str) -> None:
    return None
