"""Deciding, one finding or many: every judgement names the one whose place it takes."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import msgspec

from pratique.model.errors import UsageError
from pratique.store.record import open_record
from pratique.store.writing import write
from pratique.triage.trail import current, entry_of, trail

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pratique.store.engine import Store
    from pratique.store.record import Record
    from pratique.triage.models import Judgement

BATCH = 200
"""Judgements written in one transaction."""


def record_judgements(
    store: Store, tenant: str, judgements: Sequence[Judgement]
) -> list[Judgement]:
    """Put judgements on record: all of them, or none where one is faulty.

    Args:
        store: The record.
        tenant: Whose.
        judgements: Of any number; of those about one finding the last one counts.

    Returns:
        Them with the digests of their documents, and of those they follow.

    Raises:
        JudgementError: One is faulty.
        StoreError: The record cannot be written.
    """
    with open_record(store, tenant) as record:
        products = {one.finding.product for one in judgements}
        last = {
            finding: one.digest
            for finding, one in current(trail(record, products=products)).items()
        }
    done: list[Judgement] = []
    entries = []
    for one in judgements:
        following = msgspec.structs.replace(one, previous=last.get(one.finding, ""))
        entry = entry_of(following)
        last[one.finding] = entry.digest
        entries.append(entry)
        done.append(msgspec.structs.replace(following, digest=entry.digest))
    for start in range(0, len(entries), BATCH):
        write(store, tenant, entries[start : start + BATCH])
    return done


def products_like(record: Record, globs: Iterable[str]) -> list[str]:
    """Products of the record whose names match.

    Args:
        record: What the tenant sees.
        globs: Names, or patterns with ``*`` and ``?``.

    Raises:
        UsageError: One matches nothing; a judgement about a misspelt product
            would never be applied.
    """
    names = sorted({one.product for one in record.shipments()})
    found: dict[str, None] = {}
    for glob in globs:
        matching = [name for name in names if name == glob or fnmatchcase(name, glob)]
        if not matching:
            raise UsageError(
                f"the record has no product like {glob!r}.",
                remedy="See 'pratique products' for their names.",
            )
        found |= dict.fromkeys(matching)
    return list(found)
