"""Version control origins, as lockfiles write them.

``git+https://host/repo@rev#egg=name`` (pip), ``git+https://host/repo?branch=main#commit``
(Cargo) and ``https://host/repo?rev=main#commit`` (uv) are the same thing.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs, unquote

from pratique.formats.lockfiles.gathering import without_credentials
from pratique.model.nouns import Source

SYSTEMS = ("git", "hg", "svn", "bzr")
"""Version control systems that requirement files may name (pip, "VCS Support")."""

_COMMIT = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")
_PREFIX = re.compile(rf"({'|'.join(SYSTEMS)})\+")


def is_commit(text: str) -> bool:
    """Whether a revision is a full commit hash (SHA-1 or SHA-256), in lower case."""
    return bool(_COMMIT.match(text))


def is_vcs(address: str) -> bool:
    """Whether an address names its version control system (``git+…``, ``git://…``)."""
    return bool(_PREFIX.match(address)) or address.startswith("git://")


def source_of(address: str, *, commit: str = "", reference: str = "", vcs: str = "git") -> Source:
    """Version control origin of an address.

    Args:
        address: In any of the forms above; credentials are dropped.
        commit: Full commit hash that is stated beside it.
        reference: Tag, branch or other revision that is stated beside it.
        vcs: The system, where the address does not name one.
    """
    prefix = _PREFIX.match(address)
    if prefix:
        vcs, address = prefix[1], address[prefix.end() :]
    base, _, fragment = address.partition("#")
    base, _, query = base.partition("?")
    base = without_credentials(base)
    scheme, mark, rest = base.rpartition("://")
    # Only an @ behind the host parts off a revision; the one before it is a user's.
    host, slash, path = rest.partition("/")
    if "@" in path:
        path, _, revision = path.rpartition("@")
        commit, reference = _either(revision, commit, reference)
    if query:
        asked = parse_qs(query)
        for key in ("rev", "tag", "branch"):
            for value in asked.get(key, ())[:1]:
                reference = reference or value
    if is_commit(fragment):
        commit = commit or fragment
    if is_commit(reference) and not commit:
        commit, reference = reference, ""
    return Source(f"{scheme}{mark}{host}{slash}{path}", commit, reference, vcs)


def fragment_of(address: str, key: str) -> str:
    """Value of a key in an address's fragment (``#egg=name&subdirectory=x``)."""
    for pair in address.partition("#")[2].split("&"):
        name, _, value = pair.partition("=")
        if name == key:
            return unquote(value)
    return ""


def _either(revision: str, commit: str, reference: str) -> tuple[str, str]:
    if is_commit(revision):
        return commit or revision, reference
    return commit, reference or revision
