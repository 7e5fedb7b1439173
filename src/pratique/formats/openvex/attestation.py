"""OpenVEX inside an in-toto attestation, bare or in a DSSE envelope (OpenVEX, ATTESTING)."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.openvex.labels import PREDICATE_TYPES
from pratique.formats.openvex.read import read_value
from pratique.formats.text import decode, parse_json
from pratique.model.errors import InputError, UnsupportedError
from pratique.model.inventory import Location, Problem, Trouble
from pratique.model.nouns import Artifact
from pratique.model.vex import Part, Product, Signature, Statement, VexDocument

if TYPE_CHECKING:
    from collections.abc import Sequence

PAYLOAD_TYPE = "application/vnd.in-toto+json"


def read(data: bytes, path: str, *, signer: str = "") -> VexDocument:
    """Read an in-toto statement with an OpenVEX predicate, bare or in a DSSE envelope.

    Statements without products get the attestation's subjects; those whose
    products are none of the subjects are ignored, as ATTESTING demands.  A
    signature in the envelope that the caller has not verified is said to be so,
    and counts for nothing.

    Args:
        data: The envelope or the statement.
        path: For the places of problems.
        signer: Identity whose signature over these bytes the caller has verified.

    Raises:
        InputError: It is no attestation, or its predicate is not OpenVEX.
    """
    value = parse_json(decode(data))
    signature = Signature.VERIFIED if signer else Signature.NONE
    if isinstance(value, dict) and "payload" in value:
        if value.get("signatures") and not signer:
            signature = Signature.UNVERIFIED
        value = _payload(value)
    if not isinstance(value, dict) or "predicateType" not in value:
        raise InputError("is no in-toto attestation")
    kind = value["predicateType"]
    if not isinstance(kind, str) or kind not in PREDICATE_TYPES:
        raise UnsupportedError(f"is an attestation of {str(kind)[:80]!r}, not of OpenVEX")
    predicate = value.get("predicate")
    if not isinstance(predicate, dict):
        raise InputError("is an attestation without a predicate")
    subjects = _subjects(value.get("subject"))
    document = read_value(predicate, path, signature=signature, signer=signer, inherited=subjects)
    return _attested(document, subjects, signature)


def _payload(envelope: dict[str, Any]) -> Any:
    kind, text = envelope.get("payloadType"), envelope.get("payload")
    if kind is not None and kind != PAYLOAD_TYPE:
        raise UnsupportedError(f"is an envelope of {str(kind)[:80]!r}, not of an attestation")
    if not isinstance(text, str):
        raise InputError("is an envelope without a payload")
    try:
        return parse_json(decode(base64.b64decode(text, validate=True)))
    except (binascii.Error, ValueError) as error:
        raise InputError("is an envelope whose payload is not base64") from error


def _subjects(value: Any) -> list[Part]:
    found = []
    for row in value if isinstance(value, list) else ():
        if not isinstance(row, dict):
            continue
        name = row.get("name") or row.get("uri") or ""
        digests = row.get("digest")
        hashes = []
        for algorithm, digest in digests.items() if isinstance(digests, dict) else ():
            try:
                hashes.append(Artifact.of(str(algorithm), str(digest)))
            except InputError:
                continue
        if isinstance(name, str) and (name or hashes):
            found.append(Part.of(name, hashes=tuple(hashes)))
    return found


def _attested(document: VexDocument, subjects: Sequence[Part], signature: Signature) -> VexDocument:
    """Only what is said of the subjects; a signature that nobody has verified is named."""
    names = {part.id for part in subjects if part.id}
    digests = {one for part in subjects for one in part.hashes}
    problems = list(document.problems)
    where = Location(document.path)
    kept: list[Statement] = []
    for one in document.statements:
        products = tuple(p for p in one.products if _is_subject(p, names, digests))
        if products or not subjects:
            kept.append(msgspec.structs.replace(one, products=products or one.products))
        else:
            text = f"{one.place} is about none of the attestation's subjects; it is kept apart"
            problems.append(Problem(where, Trouble.NOTICE, text))
    if signature is Signature.UNVERIFIED:
        text = "has a signature that was not verified: its statements count as unsigned"
        problems.append(Problem(where, Trouble.NOTICE, text))
    return msgspec.structs.replace(document, statements=tuple(kept), problems=tuple(problems))


def _is_subject(product: Product, names: set[str], digests: set[Artifact]) -> bool:
    part = product.part
    identifiers = {value for _, value in part.identifiers}
    return part.id in names or bool(identifiers & names) or bool(set(part.hashes) & digests)
