"""Whether a document keeps to OpenVEX 0.2.0 (its text, and its JSON schema)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.formats.instants import has_offset, parse_instant
from pratique.formats.openvex.labels import CONTEXT, hash_label
from pratique.formats.text import decode, parse_json
from pratique.model.errors import InputError
from pratique.model.nouns import Artifact
from pratique.model.vex import Justification, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_FAULTS = 200
"""Faults of one document that are named."""

HASHES = frozenset(
    [
        "md5",
        "sha1",
        "sha-256",
        "sha-384",
        "sha-512",
        "sha3-224",
        "sha3-256",
        "sha3-384",
        "sha3-512",
        "blake2s-256",
        "blake2b-256",
        "blake2b-512",
        "blake3",
    ]
)
"""Appendix A, and what its own library adds."""

IDENTIFIERS = frozenset({"purl", "cpe22", "cpe23"})
Fault = tuple[str, str]


def check(data: bytes) -> tuple[str, list[Fault]]:
    """Check a document.

    Returns:
        The version that its context names, and JSON pointer and fault of what is
        wrong.  Only version 0.2.0 has a schema; an older document is told so.

    Raises:
        InputError: It is not a JSON object.
    """
    value = parse_json(decode(data))
    if not isinstance(value, dict):
        raise InputError("is not an OpenVEX document: its top is no object")
    context = value.get("@context")
    text = context if isinstance(context, str) else ""
    version = text.removeprefix(CONTEXT).strip("/").removeprefix("v") or "0.0.1"
    found: list[Fault] = []
    for fault in _document(value, version):
        found.append(fault)
        if len(found) >= MAX_FAULTS:
            break
    return version[:20], found


def _document(value: dict[str, Any], version: str) -> Iterator[Fault]:
    context = value.get("@context")
    if not isinstance(context, str) or not context.startswith(CONTEXT):
        yield "/@context", f"is not {CONTEXT}/v0.2.0"
    elif version != "0.2.0":
        yield "/@context", f"is that of OpenVEX {version[:20]}; 0.2.0 is checked"
    for key in ("@id", "author", "timestamp", "version", "statements"):
        if key not in value:
            yield f"/{key}", "is absent"
    for key in ("@id", "author", "role", "tooling", "supplier"):
        if key in value and (not isinstance(value[key], str) or not value[key]):
            yield f"/{key}", "is no text"
    for key in ("timestamp", "last_updated"):
        yield from _date(value, key, "")
    number = value.get("version", 1)
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        yield "/version", "is no whole number from 1 on"
    rows = value.get("statements", [None])
    if not isinstance(rows, list) or not rows:
        yield "/statements", "is no list of statements"
        return
    for at, row in enumerate(rows):
        if row is None and "statements" not in value:
            continue
        if isinstance(row, dict):
            yield from _statement(row, f"/statements/{at}")
        else:
            yield f"/statements/{at}", "is no object"


def _statement(row: dict[str, Any], path: str) -> Iterator[Fault]:
    vulnerability = row.get("vulnerability")
    if not isinstance(vulnerability, dict) or not vulnerability.get("name"):
        yield f"{path}/vulnerability", "has no name"
    for key in ("timestamp", "last_updated", "action_statement_timestamp"):
        yield from _date(row, key, path)
    products = row.get("products")
    if products is not None and (not isinstance(products, list) or not products):
        yield f"{path}/products", "is no list of products"
    for at, product in enumerate(products if isinstance(products, list) else ()):
        yield from _part(product, f"{path}/products/{at}")
    status = row.get("status")
    if not isinstance(status, str) or status not in set(Status):
        yield f"{path}/status", f"{str(status)[:60]!r} is none of {', '.join(Status)}"
        return
    justification, impact = row.get("justification"), row.get("impact_statement")
    if justification is not None and justification not in list(Justification):
        yield f"{path}/justification", f"{str(justification)[:60]!r} is no justification"
    if status == Status.NOT_AFFECTED:
        if not justification and not impact:
            yield path, "is not_affected without a justification or impact statement"
    elif justification:
        yield f"{path}/justification", f"goes with not_affected, not with {status}"
    if status == Status.AFFECTED and not row.get("action_statement"):
        yield path, "is affected without an action statement"


def _part(value: Any, path: str) -> Iterator[Fault]:
    if not isinstance(value, dict):
        yield path, "is no object"
        return
    identifiers, hashes = value.get("identifiers"), value.get("hashes")
    if not value.get("@id") and not identifiers and not hashes:
        yield path, "identifies nothing"
    for key in identifiers if isinstance(identifiers, dict) else ():
        if key not in IDENTIFIERS:
            yield f"{path}/identifiers/{str(key)[:40]}", "is no kind of identifier"
    for key, digest in hashes.items() if isinstance(hashes, dict) else ():
        if key not in HASHES:
            yield f"{path}/hashes/{str(key)[:40]}", "is no hash label"
            continue
        try:
            Artifact.of(hash_label(key), digest if isinstance(digest, str) else "")
        except InputError as error:
            yield f"{path}/hashes/{key}", error.message
    subs = value.get("subcomponents")
    if subs is not None and not isinstance(subs, list):
        yield f"{path}/subcomponents", "is no list"
    for at, sub in enumerate(subs if isinstance(subs, list) else ()):
        yield from _part(sub, f"{path}/subcomponents/{at}")


def _date(value: dict[str, Any], key: str, path: str) -> Iterator[Fault]:
    text = value.get(key)
    if text is None:
        return
    if not isinstance(text, str) or parse_instant(text) is None or not has_offset(text):
        yield f"{path}/{key}", f"{str(text)[:40]!r} is no date and time with an offset"
