"""Signatures in commits and tags, and what they are over; notes about commits.

Sources: git, *gitformat-signature*; git-notes(1) (the tree of notes, and its fan-out).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pratique.formats.git.base import GitError
from pratique.formats.git.pack import BLOB, COMMIT, TAG

if TYPE_CHECKING:
    from pratique.formats.git.repository import Repository

NOTES = "refs/notes/commits"
"""Where git keeps notes about commits, unless it is told another place."""

MAX_FANOUT = 32
"""Most folders on the way to a note; git makes one for some hundred notes each."""

_HEADERS = {20: b"gpgsig", 32: b"gpgsig-sha256"}
"""Header of a signature over the object in the repository's own hash."""

_ALL = (b"gpgsig ", b"gpgsig-sha256 ")
_BEGINS = (
    b"-----BEGIN PGP SIGNATURE-----",
    b"-----BEGIN SSH SIGNATURE-----",
    b"-----BEGIN SIGNED MESSAGE-----",
    b"-----BEGIN PGP MESSAGE-----",
)


class Signed(msgspec.Struct, frozen=True):
    """An object of a repository with the signature in it."""

    kind: str
    """``commit`` or ``tag``."""

    name: str
    payload: bytes
    """What the signature is over: the object without it."""

    signature: bytes
    """Armored; empty where the object is not signed."""

    title: str = ""
    """What a tag calls itself; it is part of what is signed."""

    target: str = ""
    """The object that a tag is on."""


def signed_object(repository: Repository, name: str) -> Signed:
    """A commit or a tag, parted into signature and what is signed.

    Args:
        repository: To read.
        name: Full name of the object.

    Raises:
        GitError: It is absent, damaged, or neither.
    """
    found = repository.objects.get(bytes.fromhex(name))
    if found is None:
        raise GitError(f"object {name} is not here")
    kind, data = found
    if kind == COMMIT:
        payload, signature = _parted_commit(data, _HEADERS[repository.width])
        return Signed("commit", name, payload, signature)
    if kind == TAG:
        payload, signature = _parted_tag(data)
        return Signed(
            "tag", name, payload, signature, _header(data, b"tag "), _header(data, b"object ")
        )
    raise GitError(f"object {name} is neither a commit nor a tag")


def _header(data: bytes, key: bytes) -> str:
    for line in data.partition(b"\n\n")[0].split(b"\n"):
        if line.startswith(key):
            return line[len(key) :].decode("utf-8", "replace")
    return ""


def _parted_commit(data: bytes, header: bytes) -> tuple[bytes, bytes]:
    """A commit without any signature header, and the signature of the header asked for."""
    head, gap, body = data.partition(b"\n\n")
    kept: list[bytes] = []
    signature: list[bytes] = []
    into: list[bytes] | None = kept
    for line in head.split(b"\n"):
        if line.startswith(_ALL):
            own = line.startswith(header + b" ") and not signature
            into = signature if own else None
            line = line.partition(b" ")[2]  # noqa: PLW2901 - the value alone is signed for
        elif line.startswith(b" ") and into is not kept:
            line = line[1:]  # noqa: PLW2901 - a continued line begins with a space
        else:
            into = kept
        if into is not None:
            into.append(line)
    armored = b"\n".join(signature)
    return b"\n".join(kept) + gap + body, armored + b"\n" if armored else b""


def _parted_tag(data: bytes) -> tuple[bytes, bytes]:
    """A tag without its signature, which is the last block of lines of its message."""
    places = [data.rfind(b"\n" + one) + 1 for one in _BEGINS]
    at = max(places)
    return (data[:at], data[at:]) if at > 0 else (data, b"")


def note(repository: Repository, commit: str, reference: str = NOTES) -> bytes | None:
    """The note about a commit; ``None`` where there is none.

    Args:
        repository: To read.
        commit: Full name.
        reference: Where the notes are.

    Raises:
        GitError: The notes are damaged.
    """
    target = repository.refs.target(reference)
    if not target:
        return None
    tree = repository.objects.tree_of(bytes.fromhex(target))
    rest = commit
    for _ in range(MAX_FANOUT):
        if tree is None:
            return None
        entries = {
            name: (mode, name_of) for mode, name, name_of in repository.objects.entries(tree)
        }
        if rest in entries:
            found = repository.objects.get(entries[rest][1])
            if found is None or found[0] != BLOB:
                raise GitError(f"the note about {commit} is not here")
            return found[1]
        mode, tree = entries.get(rest[:2], (0, None))
        if mode != 0o040000:
            return None
        rest = rest[2:]
    return None
