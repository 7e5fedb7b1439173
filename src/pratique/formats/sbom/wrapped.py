"""Bills of materials in attestations: in-toto statements, bare or in a DSSE envelope.

Only what is inside is read.  No signature is verified here, and a notice says
so.  Sources: DSSE 1.0 (envelope), in-toto attestation framework 1.1 (statement),
predicate types of CycloneDX and SPDX; Sigstore bundle (``dsseEnvelope``).
"""

from __future__ import annotations

import binascii
from base64 import b64decode, urlsafe_b64decode
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.sbom.sniff import is_cyclonedx_json, is_spdx3_json, is_spdx_json
from pratique.formats.sbom.tally import quoted
from pratique.formats.text import decode, parse_json
from pratique.model.errors import InputError, LimitError, UnsupportedError
from pratique.model.inventory import Location, Problem, Reading, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable

    from pratique.formats.base import Tree

MAX_SUBJECTS = 5
"""Subjects of a statement that the notice names; provenance of a release has hundreds."""


def read_attestation(data: bytes, path: str, tree: Tree) -> Reading:
    """Read the bill of materials that an attestation carries.

    Args:
        data: A DSSE envelope, a Sigstore bundle with one, or an in-toto statement.
        path: Where it is, for the problems and locations.
        tree: Handed on.

    Raises:
        UnsupportedError: Its predicate is no bill of materials that can be read.
        InputError: It is no attestation, or its payload is damaged.
        LimitError: It exceeds the limits of size or depth.
    """
    content, statement, signatures = _opened(data)
    kind = statement.get("predicateType")
    read = _reader(content)
    if read is None:
        stated = quoted(kind) if isinstance(kind, str) else "not stated"
        raise UnsupportedError(
            f"is an attestation whose predicate (type {stated}) is no bill of materials"
        )
    reading = read(content, path, tree)
    if signatures:
        count = "its signature is" if signatures == 1 else f"its {signatures:,} signatures are"
        signed = f"{count} not verified here"
    else:
        signed = "it is not signed"
    message = f"is read out of an attestation about {_subjects(statement)}; {signed}"
    notice = Problem(Location(path), Trouble.NOTICE, message)
    return msgspec.structs.replace(reading, problems=(notice, *reading.problems))


def content_of(data: bytes) -> bytes:
    """The document within an attestation; no signature is verified.

    Raises:
        InputError: It is no attestation, or its payload is damaged.
        LimitError: It exceeds the limits of size or depth.
    """
    return _opened(data)[0]


def _opened(data: bytes) -> tuple[bytes, dict[str, Any], int]:
    """The document, the statement around it, and the number of signatures."""
    outer = _object(parse_json(decode(data)), "an attestation")
    envelope = outer.get("dsseEnvelope", outer)
    statement, signatures, payload = envelope, 0, b""
    if isinstance(envelope, dict) and "payload" in envelope:
        listed = envelope.get("signatures")
        signatures = len(listed) if isinstance(listed, list) else 0
        payload = _payload(envelope["payload"])
        statement = parse_json(decode(payload))
    statement = _object(statement, "an in-toto statement")
    if "predicate" in statement:
        content = _content(statement["predicate"])
    elif payload:  # an envelope around the document itself
        content = payload
    else:
        raise InputError("is not an in-toto statement: it has no predicate")
    return content, statement, signatures


def _payload(stated: Any) -> bytes:
    """Bytes of a payload in either alphabet of base64 (DSSE 1.0: both are accepted)."""
    if not isinstance(stated, str):
        raise InputError("is an envelope whose payload is no text")
    try:
        text = stated.encode("ascii")
        if b"-" in text or b"_" in text:
            return urlsafe_b64decode(text + b"=" * (-len(text) % 4))
        return b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise InputError("is an envelope whose payload is not base64") from None


def _content(predicate: Any) -> bytes:
    """The document within a predicate; early tools put it as text under ``Data``."""
    if isinstance(predicate, dict) and "Data" in predicate and "SPDXID" not in predicate:
        predicate = predicate["Data"]
    if isinstance(predicate, str):
        return predicate.encode("utf-8", "replace")
    try:
        return msgspec.json.encode(predicate)
    except RecursionError:
        raise LimitError("is nested too deeply") from None


def _reader(content: bytes) -> Callable[[bytes, str, Tree], Reading] | None:
    if is_cyclonedx_json(content):
        from pratique.formats.sbom.cyclonedx.read import read_json

        return read_json
    if is_spdx3_json(content):
        from pratique.formats.sbom.spdx3.read import read_json_ld

        return read_json_ld
    if is_spdx_json(content):
        from pratique.formats.sbom.spdx.read import read_json as read_spdx

        return read_spdx
    return None


def _subjects(statement: dict[str, Any]) -> str:
    """Names and digests of what the statement is about, for a message."""
    stated = statement.get("subject")
    names = []
    for subject in stated if isinstance(stated, list) else ():
        if not isinstance(subject, dict):
            continue
        digests = subject.get("digest")
        pairs = digests.items() if isinstance(digests, dict) else ()
        digest = next((f"{name}:{value}" for name, value in pairs), "")
        names.append(quoted(" ".join(filter(None, (str(subject.get("name") or ""), digest)))))
    more = f" and {len(names) - MAX_SUBJECTS:,} more" if len(names) > MAX_SUBJECTS else ""
    return ", ".join(names[:MAX_SUBJECTS]) + more if names else "nothing that it names"


def _object(value: Any, wanted: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InputError(f"is not {wanted}: it is no object")
    return value
