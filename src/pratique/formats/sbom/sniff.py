"""Which bill of materials a document is, by its first bytes.

The name decides nothing for standard input, for ``sbom.json`` and for documents
that a server hands out; the content always does.
"""

from __future__ import annotations

import re

SNIFFED = 64 * 1024
"""Bytes looked at: what the registry of formats hands over at most."""

_MARKS = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"\xef\xbb\xbf", "utf-8"))

_CYCLONEDX = re.compile(
    r'"bomFormat"\s*:\s*"CycloneDX"|"\$schema"\s*:\s*"[^"]{0,200}cyclonedx[^"]{0,200}/bom-'
)
_SPDX = re.compile(r'"spdxVersion"\s*:\s*"SPDX-2|"SPDXID"\s*:\s*"SPDXRef-')
"""Documents with sorted keys state their version after all packages, so that the
identifier of any element must do."""

_ENVELOPE = re.compile(r'"(?:predicateType|payloadType)"\s*:')
"""An attestation that carries a bill of materials is another format."""


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


def _is(pattern: re.Pattern[str], data: bytes) -> bool:
    text = head(data)
    if not text.startswith("{"):
        return False
    found = pattern.search(text)
    return found is not None and not _ENVELOPE.search(text, 0, found.start())
