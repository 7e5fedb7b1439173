"""The package registry's signing keys, as the TUF repository of a Sigstore instance has them.

The public instance's repository hands a folder of its targets to npm, which keeps a
``keys.json`` there.  Where that folder is, the signed metadata say; nothing here does.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from tuf.api._payload import Targets

from pratique.formats.sigstore.npm import RegistryKey, read_registry_keys
from pratique.model.errors import EvidenceError
from pratique.provenance.keys import load_key
from pratique.provenance.trust_store import PUBLIC, SHIPPED_REGISTRY_KEYS, RegistryKeys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from tuf.api._payload import TargetFile
    from tuf.ngclient._internal.trusted_metadata_set import TrustedMetadataSet
    from tuf.ngclient.updater import Updater

NAME = "keys.json"
"""Last part of the target's path."""

USAGE = "npm:"
"""How the usages of the keys that are taken begin."""

TOP = "targets"
"""TUF's top-level role of targets."""

MAX_CANDIDATES = 16
"""Most folders of targets that are looked into; the public repository hands one on."""


def found_keys(
    instance: str,
    updater: Updater,
    fetch: Callable[[TargetFile], bytes],
    moment: datetime,
    before: RegistryKeys | None,
) -> RegistryKeys | None:
    """The keys that a repository lists; None where it lists none.

    Args:
        instance: Name of the Sigstore instance.
        updater: After its refresh.
        fetch: Gets a target, and holds it against what is signed.
        moment: Of the update, in UTC.
        before: What was accepted last.

    Raises:
        EvidenceError: There are several, or they are older than those that were accepted.
        InputError: They cannot be read.
        RepositoryError: The metadata of whom they were handed to does not hold (python-tuf's).
        DownloadError: A file cannot be had (python-tuf's).
    """
    trusted = updater._trusted_set  # noqa: SLF001 - python-tuf has no public way to it
    found = []
    for path in sorted(set(_candidates(trusted.targets)))[:MAX_CANDIDATES]:
        target = updater.get_targetinfo(path)
        if target is None:
            continue
        data = fetch(target)
        keys = read_registry_keys(data)
        if any(one.key_usage.startswith(USAGE) for one in keys):
            _check(keys)
            role, version = _role_of(trusted, path)
            found.append(
                RegistryKeys(
                    path=path,
                    role=role,
                    version=version,
                    verified=moment,
                    text=data.decode(),
                    sha256=hashlib.sha256(data).hexdigest(),
                )
            )
    if len(found) > 1:
        names = ", ".join(one.path[:80] for one in found)
        raise EvidenceError(f"there are several files of registry keys: {names}.")
    if not found:
        return None
    least = max(
        before.version if before is not None and before.role == found[0].role else 0,
        SHIPPED_REGISTRY_KEYS if instance == PUBLIC else 0,
    )
    if found[0].version < least:
        raise EvidenceError(
            f"version {found[0].version} of {found[0].role} is older than version {least}, "
            "which is trusted here (rollback)."
        )
    return found[0]


def _candidates(targets: Targets) -> Iterator[str]:
    """Paths that the top-level targets list, or may be in what they hand on."""
    for path in targets.targets:
        if path.rpartition("/")[2] == NAME:
            yield path
    roles = targets.delegations.roles if targets.delegations else None
    for role in (roles or {}).values():
        for pattern in role.paths or ():
            folder, slash, last = pattern.rpartition("/")
            if last in {"*", NAME} and not set("*?[") & set(folder):
                yield f"{folder}{slash}{NAME}"


def _role_of(trusted: TrustedMetadataSet, path: str) -> tuple[str, int]:
    """The role that lists a path, and its version; one that was handed on twice is not taken."""
    roles = trusted.targets.delegations.roles if trusted.targets.delegations else None
    for name in (TOP, *(roles or {})):
        if name not in trusted:
            continue
        role = trusted[name]
        if isinstance(role, Targets) and path in role.targets:
            return name, int(role.version)
    raise EvidenceError(f"{path[:120]} is listed by none whom the targets hand it to.")


def _check(keys: tuple[RegistryKey, ...]) -> None:
    """Read every key, so that one that cannot be used is not found at the first signature.

    Raises:
        InputError: One cannot be read.
    """
    for one in keys:
        load_key(one.public_key.raw_bytes)


def check_again(trusted: TrustedMetadataSet, kept: RegistryKeys, delegated: bytes) -> None:
    """Verify keys that are kept once more.

    Args:
        trusted: With the targets of the same update.
        kept: As accepted.
        delegated: Metadata of their role; not used where that is the top-level one.

    Raises:
        RepositoryError: They do not hold (python-tuf's).
        KeyError: The role no longer lists them.
    """
    targets = trusted.targets
    if kept.role != TOP:
        targets = trusted.update_delegated_targets(delegated, kept.role, TOP)
    targets.targets[kept.path].verify_length_and_hashes(kept.text.encode())


def described(kept: RegistryKeys) -> list[dict[str, object]]:
    """Each key that is kept with its usage and validity.

    Raises:
        InputError: They cannot be read.
    """
    return rows_of(read_registry_keys(kept.text.encode()))


def rows_of(keys: Iterable[RegistryKey]) -> list[dict[str, object]]:
    """Each key with its usage and validity, for people and programs."""
    return [
        {
            "key_id": one.key_id,
            "usage": one.key_usage,
            "start": one.public_key.valid_for.start,
            "end": one.public_key.valid_for.end,
        }
        for one in keys
    ]
