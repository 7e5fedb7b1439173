"""The record as a folder of checkouts: the newest bill of every product, as it came in."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from pratique.health.audit import statements_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from pratique.model.vex import Statement
    from pratique.store.record import Record

MAX_NAME = 100
"""Most characters of a product's or document's name that a path keeps."""


def laid_out(record: Record, folder: Path, now: datetime) -> Sequence[Statement]:
    """Write the newest bills of all products, a folder for each.

    Args:
        record: What the tenant sees.
        folder: An empty folder.
        now: By which expiries of statements are held.

    Returns:
        The VEX statements and judgements of the record that hold for every
        version of a product: what they settle needs no fix.

    Raises:
        DamageError: A document is not what came in.
    """
    newest = record.newest()
    for number, one in enumerate(record.shipments()):
        if newest.get((one.product, one.environment)) != one.digest:
            continue
        [document] = record.documents(digest=one.digest)
        title = " ".join(filter(None, (one.product, one.version, one.environment)))
        place = folder / _named(title)
        if place.exists():  # two names that differ in what a path cannot hold
            place = folder / f"{_named(title)}-{number}"
        place.mkdir()
        name = _named(posixpath.basename(document.path.replace("\\", "/")))
        (place / (name or "bill.json")).write_bytes(record.raw(one.digest))
    return [one for one in statements_of(record, now) if not one.place]


def _named(text: str) -> str:
    return re.sub(r"[^\w.@+ -]", "_", text)[-MAX_NAME:].strip(". ") or "_"
