"""Addresses as bills of materials state them: downloads and version control."""

from __future__ import annotations

import re
from urllib.parse import quote

from pratique.model.nouns import Source

MAX_ADDRESS = 2048
"""Characters of an address that are kept; no longer one can be fetched by most clients."""

_USER = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*://)[^/?#\s]*@")
_VCS = re.compile(r"^(git|hg|svn|bzr)(?:\+|(?=://))")
_COMMIT = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z", re.IGNORECASE)
_AT = re.compile(r"(?<=[^/:])@")
_NOT_IRI = re.compile(r"%(?![0-9A-Fa-f]{2})|[^!-~]|[<>\"{}|\\^`\[\]]")
_IRI = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@:]*@)?[^/?#@:]+(?::\d{1,5})?(?:[/?][^#]*)?(?:#[^#]*)?\Z"
    r"|[^:/?#]+(?:[/?][^#]*)?(?:#[^#]*)?\Z"
)
"""Absolute addresses with a host, and relative references (RFC 3986, section 4.1)."""


def without_credentials(url: str) -> str:
    """An address without user and password; empty where it is too long to be one."""
    url = url.strip()
    return _USER.sub(r"\1", url, count=1) if len(url) <= MAX_ADDRESS else ""


def is_vcs(address: str) -> bool:
    """Whether an address names a version control system (SPDX 2.3, clause 7.7)."""
    return _VCS.match(address) is not None


def source_of(address: str) -> Source | None:
    """Read ``git+https://host/path@revision#subpath``, or a plain repository address.

    Source: SPDX 2.3, clause 7.7 (package download location) and the purl
    qualifier ``vcs_url``, which has the same form.
    """
    address = without_credentials(address)
    if not address:
        return None
    vcs, found = "git", _VCS.match(address)
    if found:
        vcs = found[1]
        address = address[found.end() :] if address[found.end() - 1] == "+" else address
    address, _, fragment = address.partition("#")
    scheme = address.find("://")
    path = address.find("/", scheme + 3 if scheme >= 0 else 0)
    at = _AT.search(address, path) if path >= 0 else None
    revision = address[at.end() :] if at else ""
    if at:
        address = address[: at.start()]
    elif _COMMIT.match(fragment):
        revision = fragment
    if not address:
        return None
    if _COMMIT.match(revision):
        return Source(address, commit=revision.lower(), vcs=vcs)
    return Source(address, reference=revision, vcs=vcs)


def iri(address: str) -> str:
    """An address as RFC 3986 and so RFC 3987 wants it; empty where it cannot be made one.

    Characters that may not stand in an address are percent-encoded.
    """
    written = _NOT_IRI.sub(lambda found: quote(found[0], safe=""), address)
    return written if _IRI.match(written) else ""
