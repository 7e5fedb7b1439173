"""Which bill of materials a document is, by its first bytes.

The name decides nothing for standard input, for ``sbom.json`` and for documents
that a server hands out; the content always does.
"""

from __future__ import annotations

import re
from base64 import b64decode

SNIFFED = 64 * 1024
"""Bytes looked at: what the registry of formats hands over at most."""

_MARKS = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"\xef\xbb\xbf", "utf-8"))

_CYCLONEDX = re.compile(
    r'"bomFormat"\s*:\s*"CycloneDX"|"\$schema"\s*:\s*"[^"]{0,200}cyclonedx[^"]{0,200}/bom-'
)
_SPDX = re.compile(r'"spdxVersion"\s*:\s*"SPDX-2|"SPDXID"\s*:\s*"SPDXRef-')
"""Documents with sorted keys state their version after all packages, so that the
identifier of any element must do."""

_ENVELOPE = re.compile(
    r'"(?:predicateType|payloadType|dsseEnvelope)"\s*:|"_type"\s*:\s*"https://in-toto\.io/'
)
"""An attestation that carries a bill of materials is another format."""

_PAYLOAD = re.compile(r'"payload"\s*:\s*"([A-Za-z0-9+/_\\-]*)')
_PREDICATE = re.compile(
    r'"predicateType"\s*:\s*"https?:(?:\\?/){2}(?:www\.)?(?:cyclonedx\.org|spdx\.dev|spdx\.org)'
)
_SPDX_3 = re.compile(r'"@context"\s*:\s*(?:\[\s*)?"https?://spdx\.org/rdf/3\.')
_SPDX_3_TERM = re.compile(r'"(?:https?://spdx\.org/rdf/3\.|SpdxDocument")')

_CYCLONEDX_XML = re.compile(r"<(?:\w+:)?bom\s[^>]{0,2000}https?://cyclonedx\.org/schema/bom/")
_CYCLONEDX_TEXT = re.compile(
    r'^[ \t]*spec_version[ \t]*:[ \t]*["\']1\.\d|^# proto-message: Bom\b', re.MULTILINE
)
_CYCLONEDX_BINARY = re.compile(rb"\x0a\x031\.\d")
"""Field 1, which is written first, with three characters: ``spec_version``."""

_SPDX_XML = re.compile(r"<(?:spdxVersion|SPDXID)>\s*SPDX")
_SPDX_RDF = "http://spdx.org/rdf/terms"
_SPDX_TAGS = re.compile(r"^[ \t]*SPDXVersion[ \t]*:[ \t]*SPDX-", re.MULTILINE)
_SPDX_YAML = re.compile(
    r"""^(?:  )?["']?(?:spdxVersion["']?[ \t]*:[ \t]*["']?SPDX-2|"""
    r"""SPDXID["']?[ \t]*:[ \t]*["']?SPDXRef-)""",
    re.MULTILINE,
)


def head(data: bytes) -> str:
    """Start of a document as text, without its byte-order mark; never fails."""
    data = data[:SNIFFED]
    encoding = "utf-8"
    for mark, name in _MARKS:
        if data.startswith(mark):
            data, encoding = data[len(mark) :], name
            break
    return data.decode(encoding, "ignore").lstrip()


def is_cyclonedx_json(data: bytes) -> bool:
    """Whether a document is CycloneDX JSON: ``bomFormat`` or the schema's address says so."""
    return _is(_CYCLONEDX, data)


def is_spdx_json(data: bytes) -> bool:
    """Whether a document is SPDX 2 JSON, bare or in the wrapper of a GitHub export."""
    return _is(_SPDX, data)


def is_spdx3_json(data: bytes) -> bool:
    """Whether a document is SPDX 3 JSON-LD: its context says so, or a graph's document."""
    return _is(_SPDX_3, data) or ('"@graph"' in head(data) and _is(_SPDX_3_TERM, data))


def is_attestation(data: bytes) -> bool:
    """Whether a document is an in-toto statement about a bill of materials, or holds one."""
    text = head(data)
    payload = _PAYLOAD.search(text)
    if not text.startswith("{") or not (payload or _ENVELOPE.search(text)):
        return False
    if payload:
        stated = payload[1].replace("\\", "").replace("-", "+").replace("_", "/")
        text = b64decode(stated[: len(stated) // 4 * 4]).decode("utf-8", "ignore")
    return any(pattern.search(text) for pattern in (_PREDICATE, _CYCLONEDX, _SPDX, _SPDX_3))


def is_cyclonedx_xml(data: bytes) -> bool:
    """Whether a document is CycloneDX XML: ``bom`` in the namespace of a version."""
    text = head(data)
    return text.startswith("<") and _CYCLONEDX_XML.search(text) is not None


def is_cyclonedx_protobuf(data: bytes) -> bool:
    """Whether a document is a ``Bom`` message that starts with its version."""
    return _CYCLONEDX_BINARY.match(data) is not None


def is_cyclonedx_text(data: bytes) -> bool:
    """Whether a document is a ``Bom`` message in text form."""
    text = head(data)
    return not text.startswith(("{", "<", "[")) and _CYCLONEDX_TEXT.search(text) is not None


def is_spdx_rdf(data: bytes) -> bool:
    """Whether a document is SPDX 2 RDF/XML: it uses the standard's terms."""
    text = head(data)
    return text.startswith("<") and _SPDX_RDF in text


def is_spdx_xml(data: bytes) -> bool:
    """Whether a document is SPDX 2 XML: its elements state a version or an identifier."""
    text = head(data)
    return text.startswith("<") and _SPDX_RDF not in text and _SPDX_XML.search(text) is not None


def is_spdx_tag_value(data: bytes) -> bool:
    """Whether a document has a line with the tag ``SPDXVersion``."""
    text = head(data)
    return not text.startswith(("{", "<")) and _SPDX_TAGS.search(text) is not None


def is_spdx_yaml(data: bytes) -> bool:
    """Whether a document is SPDX 2 YAML: a key of the document itself says so."""
    text = head(data)
    if text.startswith(("{", "<")) or _SPDX_TAGS.search(text):
        return False
    return _SPDX_YAML.search(text) is not None


def _is(pattern: re.Pattern[str], data: bytes) -> bool:
    text = head(data)
    if not text.startswith("{"):
        return False
    found = pattern.search(text)
    return found is not None and not _ENVELOPE.search(text, 0, found.start())
