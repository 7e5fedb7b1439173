"""The record as a folder of checkouts: the newest bill of every product, as it came in."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, NamedTuple

from pratique.formats import registry
from pratique.health.audit import audit

if TYPE_CHECKING:
    from pathlib import Path

    from pratique.health.audit import Terms
    from pratique.store.answers import StoredDocument
    from pratique.store.record import Record

MAX_NAME = 100
"""Most characters of a product's or document's name that a path keeps."""


class Layout(NamedTuple):
    """What was written."""

    settled: frozenset[tuple[str, str]]
    """Package URL and id of what VEX statements and judgements of the record
    settle in every product that has it."""

    unknown: tuple[str, ...]
    """Products whose document no folder's check would find, with its format."""


def laid_out(record: Record, folder: Path, terms: Terms) -> Layout:
    """Write the newest bills of all products, a folder for each.

    Args:
        record: What the tenant sees.
        folder: An empty folder.
        terms: By what products are checked, for what is settled in each.

    Raises:
        DamageError: A document is not what came in.
    """
    newest = record.newest()
    unknown = []
    for number, one in enumerate(record.shipments()):
        if newest.get((one.product, one.environment)) != one.digest:
            continue
        [document] = record.documents(digest=one.digest)
        title = " ".join(filter(None, (one.product, one.version, one.environment)))
        place = folder / _named(title)
        if place.exists():  # two names that differ in what a path cannot hold
            place = folder / f"{_named(title)}-{number}"
        place.mkdir()
        raw = record.raw(one.digest)
        name = _findable(document, raw)
        if not registry.by_name(name):
            unknown.append(f"{title}: {document.format}")
        (place / name).write_bytes(raw)
    return Layout(_settled(record, terms), tuple(unknown))


def _settled(record: Record, terms: Terms) -> frozenset[tuple[str, str]]:
    closed: set[tuple[str, str]] = set()
    still: set[tuple[str, str]] = set()
    for one in audit(record, record.shipments(), terms):
        for finding in one.bill.findings if one.bill else ():
            place = still if finding.status == "open" else closed
            place.add((finding.subject, finding.id))
    return frozenset(closed - still)


def _findable(document: StoredDocument, raw: bytes) -> str:
    """A name by which a check of a folder finds a document: its own, or its format's.

    A bill may have come in under any name, as it was named to ``pratique ingest``.
    """
    name = _named(posixpath.basename(document.path.replace("\\", "/")))
    if registry.by_name(name):
        return name
    kind, first = document.format.lower(), raw.lstrip()[:1]
    ending = {b"{": "json", b"<": "xml"}.get(first, "")
    if "cyclonedx" in kind:
        return f"bill.cdx.{ending or 'json'}"
    if "spdx" in kind:
        return {"json": "bill.spdx.json", "xml": "bill.spdx.rdf"}.get(ending, "bill.spdx")
    return name


def _named(text: str) -> str:
    return re.sub(r"[^\w.@+ -]", "_", text)[-MAX_NAME:].strip(". ") or "_"
