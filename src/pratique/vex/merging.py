"""Several documents made one (the format's own rules for ids and dates)."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec

from pratique.formats.openvex.canonical import canonical_order
from pratique.model.errors import UsageError
from pratique.model.inventory import Location, Problem, Trouble
from pratique.model.vex import Product, Statement, VexDocument
from pratique.vex.matching import part_matches
from pratique.vex.scene import Target

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

UNKNOWN_AUTHOR = "Unknown Author"
"""What the format's own tools write for a document whose author is not given."""


def merge(
    documents: Sequence[VexDocument],
    now: datetime,
    *,
    id: str = "",
    author: str = "",
    role: str = "",
    products: Sequence[str] = (),
    vulnerabilities: Sequence[str] = (),
) -> VexDocument:
    """Merge documents into one, whose statements carry their own dates.

    The id is ``merged-vex-`` and the SHA-256 of the sorted document ids joined
    by ``:``; a document without an id counts as ``VEX-DOC-`` and its position.

    Args:
        documents: At least one.
        now: The new document's date, UTC.
        id: Of the new document, in place of the one computed.
        author: Of the new document.
        role: Of the author.
        products: Keep statements about one of these (package URL, digest, IRI).
        vulnerabilities: Keep statements about one of these.

    Returns:
        The document; a statement without any date is left out and named.

    Raises:
        UsageError: There is no document.
    """
    if not documents:
        raise UsageError("there is nothing to merge.", remedy="Give one document or more.")
    targets = [Target.parse(text) for text in products]
    names = {name.casefold() for name in vulnerabilities}
    kept: list[Statement] = []
    problems: list[Problem] = []
    for document in documents:
        for one in document.statements:
            if names and names.isdisjoint(name.casefold() for name in one.names):
                continue
            if targets and not any(speaks_of(product, targets) for product in one.products):
                continue
            if one.timestamp is None:
                text = (
                    f"{one.place} has no date that the merged document could keep; it is left out"
                )
                problems.append(Problem(Location(document.path), Trouble.UNKNOWN, text))
                continue
            kept.append(msgspec.structs.replace(one, stated_timestamp=True))
    return VexDocument(
        id=id or merged_id(documents),
        format="OpenVEX 0.2.0",
        path="-",
        author=author or UNKNOWN_AUTHOR,
        role=role,
        timestamp=now,
        version="1",
        statements=tuple(canonical_order(kept)),
        problems=tuple(problems),
    )


def merged_id(documents: Sequence[VexDocument]) -> str:
    """The id of a merged document, made of the ids of its sources."""
    ids = sorted(one.id or f"VEX-DOC-{at}" for at, one in enumerate(documents))
    return f"merged-vex-{sha256(':'.join(ids).encode()).hexdigest()}"


def speaks_of(product: Product, targets: Sequence[Target]) -> bool:
    """Whether a product of a statement is one of these, whatever its subcomponents."""
    return any(part_matches(product.part, target) for target in targets)
