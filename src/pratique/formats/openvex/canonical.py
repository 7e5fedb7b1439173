"""The canonical hash and id of an OpenVEX document, the same on every run.

The recipe is that of the format's own library: date, version and author of the
document, then for each statement in canonical order its vulnerability, status,
justification, time and products, joined by colons, in SHA-256.  That library
takes hashes and identifiers in the order of a hash table, so that a product
with two of them has another hash on every run; here they are sorted by label.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from pratique.formats.openvex.labels import PUBLIC_NAMESPACE, hash_label
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from pratique.model.vex import Part, Statement, VexDocument


def canonical_order(statements: Iterable[Statement]) -> list[Statement]:
    """Statements by vulnerability name, then time; undated ones come first, ties keep order."""
    return sorted(
        statements,
        key=lambda one: (one.vulnerability, one.timestamp.timestamp() if one.timestamp else 0.0),
    )


def canonical_hash(document: VexDocument) -> str:
    """SHA-256 of what a document states, as 64 hexadecimal digits.

    Raises:
        InputError: The document has no timestamp, which is a part of the hash.
    """
    if document.timestamp is None:
        raise InputError("has no timestamp, without which it has no canonical hash")
    text = f"{_seconds(document.timestamp)}:{document.version or 0}:{document.author}"
    for one in canonical_order(document.statements):
        aliases = ":".join(sorted(one.aliases))
        text += f":{one.vulnerability_iri}:{one.vulnerability}:{aliases}"
        text += f":{one.status}:{one.justification_as_written}"
        text += f":{_seconds(one.timestamp or document.timestamp)}"
        products = (
            _part(product.part) + "".join(_part(sub) for sub in product.subcomponents)
            for product in one.products
        )
        text += ":".join(sorted(products))
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def canonical_id(document: VexDocument) -> str:
    """An IRI in the shared public namespace, made of the canonical hash.

    Raises:
        InputError: The document has no timestamp.
    """
    return f"{PUBLIC_NAMESPACE}/vex-{canonical_hash(document)}"


def _part(part: Part) -> str:
    text = f":{part.id}"
    labelled = sorted((hash_label(one.algorithm), one.digest) for one in part.hashes)
    for label, value in (*labelled, *part.identifiers):
        text += f":{label}@{value}"
    return text


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp() // 1)
