"""Delegated roles whose keys people hold: metadata that wait for their signatures.

A draft stands in ``ceremony/role.NAME.json`` until its threshold is met; the next publication
takes it.  A delegation to a role that has no metadata yet is not published before that: readers
would find a role that nothing describes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from securesystemslib.exceptions import UnverifiedSignatureError, VerificationError

from pratique.repository.bins import canonical, write_bin
from pratique.repository.errors import RepositoryError
from pratique.repository.layout import write_files
from pratique.repository.models import TOP_LEVEL_ROLE_NAMES, Metadata, Signature, Targets
from pratique.repository.published import read_metadata

if TYPE_CHECKING:
    from collections.abc import Container, Mapping
    from datetime import datetime

    import msgspec

    from pratique.repository.division import Division, Online
    from pratique.repository.layout import Layout

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""Names of delegated roles: they are names of files, here and at readers."""


class RoleDraft(NamedTuple):
    """Metadata of a delegated role that wait."""

    metadata: Metadata[Targets]
    missing: int
    """How many signatures are still needed."""

    @property
    def version(self) -> int:
        """Version of the metadata."""
        return int(self.metadata.signed.version)

    def data(self) -> bytes:
        """The file to publish, its signed part in canonical JSON."""
        marks = [mark.to_dict() for mark in self.metadata.signatures.values()]
        signed: bytes = self.metadata.signed_bytes
        return b'{"signatures":' + canonical(marks) + b',"signed":' + signed + b"}"


def check_name(name: str) -> None:
    """Refuse the name of a role that could not be a file, or is taken.

    Raises:
        RepositoryError: It is not a name.
    """
    if not NAME.fullmatch(name) or name in TOP_LEVEL_ROLE_NAMES or name.endswith(".json"):
        raise RepositoryError(
            f"{name[:80]!r} is no name for a role.",
            remedy="Letters, digits, '.', '_' and '-', at most 64; not one of the top-level roles.",
        )


def read(layout: Layout, name: str, keys: Online) -> RoleDraft | None:
    """The draft of a role, weighed by the keys that must sign it; ``None`` if there is none.

    Raises:
        RepositoryError: It cannot be read.
    """
    file = layout.ceremony / f"role.{name}.json"
    if not file.exists():
        return None
    metadata = read_metadata(file.read_bytes(), Targets, file.name)
    valid = 0
    for keyid, mark in metadata.signatures.items():
        key = keys.keys.get(keyid)
        if key is None:
            continue
        try:
            key.verify_signature(mark, metadata.signed_bytes)
        except (UnverifiedSignatureError, VerificationError, ValueError):
            continue
        valid += 1
    return RoleDraft(metadata, max(0, keys.threshold - valid))


def propose(
    layout: Layout, name: str, targets: Mapping[str, msgspec.Raw], version: int, expires: datetime
) -> None:
    """Write metadata of a role without signatures, in place of a draft before it."""
    signed = write_bin(targets, version, expires)
    data = b'{"signatures":[],"signed":' + signed + b"}"
    write_files(layout.ceremony, {f"role.{name}.json": data})


def sign(layout: Layout, name: str, keys: Online, mark: Signature) -> RoleDraft:
    """Add a signature to the draft of a role.

    Raises:
        RepositoryError: None waits, or the signature is not valid or of another key.
    """
    draft = read(layout, name, keys)
    if draft is None:
        raise RepositoryError(f"{name} does not wait for signatures.")
    key = keys.keys.get(mark.keyid)
    if key is None:
        raise RepositoryError(f"Key {mark.keyid[:80]} has no part in {name}.")
    try:
        key.verify_signature(mark, draft.metadata.signed_bytes)
    except (UnverifiedSignatureError, VerificationError, ValueError):
        raise RepositoryError(f"The signature of key {mark.keyid[:80]} is not valid.") from None
    draft.metadata.signatures[mark.keyid] = mark
    write_files(layout.ceremony, {f"role.{name}.json": draft.data()})
    found = read(layout, name, keys)
    assert found is not None
    return found


def forget(layout: Layout, name: str) -> bool:
    """Remove a draft; whether there was one."""
    file = layout.ceremony / f"role.{name}.json"
    there = file.exists()
    file.unlink(missing_ok=True)
    return there


def waiting(
    layout: Layout, division: Division, before: Division | None, online: Container[str]
) -> list[str]:
    """Roles that must be signed by people before a division can be published.

    Args:
        layout: The repository.
        division: The next one.
        before: The one that is published.
        online: Ids of the keys that are here.
    """
    found = []
    for name in () if division.hashed else division.names:
        keys = division.keys(name)
        if able(keys, online) or (before is not None and before.trusts(name, keys)):
            continue
        draft = read(layout, name, keys)
        if draft is None or draft.missing:
            found.append(name)
    return found


def able(keys: Online, online: Container[str]) -> bool:
    """Whether the keys that are here meet the threshold of a role."""
    return sum(key in online for key in keys.keys) >= keys.threshold
