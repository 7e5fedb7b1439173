"""The trusted roots that were verified by TUF and are kept on this machine.

An instance of Sigstore has a folder: ``metadata`` is python-tuf's memory,
without which no rollback would be seen; ``anchor.json`` is the root metadata
that trust began with; ``accepted.json`` is the outcome of the last update that
held as a whole, and the only file that verification reads.  It is replaced as
a whole or not at all.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.sigstore.npm import RegistryKey, read_registry_keys
from pratique.model.errors import EvidenceError, InputError, UsageError
from pratique.provenance.trust import TrustRoot, data_file, trust_root
from pratique.provenance.trust_origin import BUILT_IN, UPDATED, Origin

if TYPE_CHECKING:
    from pathlib import Path

PUBLIC = "public"
"""Name of the public Sigstore instance."""

PREFIX = "instance:"
"""How ``--trusted-root`` names a stored instance instead of a file."""

SCHEMA = "pratique/trust/1"

MAX_ACCEPTED_BYTES = 16 * 1024 * 1024
"""Largest ``accepted.json``: a root and a signing configuration of some kilobytes each."""

SHIPPED_TARGETS = 14
"""Version of the TUF targets that list the root in the package."""

SHIPPED_UNTIL = datetime(2026, 8, 28, 19, 25, 56, tzinfo=UTC)
"""When the TUF timestamp that vouched for the root in the package ran out."""

SHIPPED_REGISTRY_KEYS = 8
"""Version of the TUF role that lists npm's keys in the package."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}\Z")


class Versions(msgspec.Struct, frozen=True):
    """Versions of the four top-level roles."""

    root: int
    timestamp: int
    snapshot: int
    targets: int


class RegistryKeys(msgspec.Struct, frozen=True, kw_only=True):
    """The keys of a package registry that an update brought."""

    path: str
    """Of the target."""

    role: str
    """TUF role that lists it: ``targets``, or one it is handed on to."""

    version: int
    """Of that role."""

    verified: datetime
    """When they were verified, in UTC; earlier than the rest where a later update could not
    take newer ones."""

    text: str
    """The document."""

    sha256: str
    """Of that text; the role's metadata has the same."""


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """What an update brought that held as a whole."""

    schema: str
    instance: str
    url: str
    """Where it was fetched from, or the name of the folder or archive it was imported from."""

    targets_url: str = ""
    """Where its targets are fetched from; empty where it was imported."""

    verified: datetime
    """When its metadata were verified, in UTC."""

    expires: datetime
    """When the timestamp role runs out."""

    versions: Versions
    trusted_root: str
    """The text of ``trusted_root.json``."""

    sha256: str
    """Of that text; TUF's targets role has the same."""

    signing_config: str = ""
    """The text of the instance's signing configuration; empty where it has none."""

    registry_keys: RegistryKeys | None = None
    """None where the repository lists none."""

    registry_problem: str = ""
    """Why newer registry keys were not taken; empty where nothing spoke against them."""

    @property
    def origin(self) -> Origin:
        """Where the root is from."""
        return Origin(
            how=UPDATED,
            instance=self.instance,
            place=self.url,
            as_of=self.verified,
            root_version=self.versions.root,
            targets_version=self.versions.targets,
            expires=self.expires,
        )


def folder_of(instance: str) -> Path:
    """Folder of an instance, below the data folder.

    Raises:
        UsageError: It is no name of an instance.
    """
    from pratique.store.location import data_folder

    if not _NAME.match(instance):
        raise UsageError(
            f"{instance[:80]!r} is no name of an instance.",
            remedy="Use small letters, digits, dots, dashes and underscores.",
        )
    return data_folder() / "trust" / instance


def stored(instance: str) -> Accepted | None:
    """What was accepted last; None where nothing was.

    Raises:
        EvidenceError: It is there and cannot be read, or is not what was written.
    """
    path = folder_of(instance) / "accepted.json"
    try:
        with path.open("rb") as file:
            data = file.read(MAX_ACCEPTED_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _damaged(path, instance, error.strerror or "cannot be read") from None
    try:
        found = msgspec.json.decode(data, type=Accepted)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise _damaged(path, instance, str(error)[:120]) from None
    if found.schema != SCHEMA or found.instance != instance:
        raise _damaged(path, instance, "is of another program or instance")
    if found.sha256 != hashlib.sha256(found.trusted_root.encode()).hexdigest():
        raise _damaged(path, instance, "the root is not the one that was verified")
    keys = found.registry_keys
    if keys is not None and keys.sha256 != hashlib.sha256(keys.text.encode()).hexdigest():
        raise _damaged(path, instance, "the registry keys are not those that were verified")
    return found


def _damaged(path: Path, instance: str, cause: str) -> EvidenceError:
    which = "" if instance == PUBLIC else f" --instance {instance}"
    return EvidenceError(
        f"the stored trust root {path} cannot be used: {cause}.",
        remedy=f"Run 'pratique trust forget{which}', then 'pratique trust update{which}'.",
    )


def instances() -> list[str]:
    """Names of the instances that are kept here, in order; the public one is not among them."""
    from pratique.store.location import data_folder

    try:
        names = [path.name for path in (data_folder() / "trust").iterdir() if path.is_dir()]
    except OSError:
        return []
    return sorted(name for name in names if name != PUBLIC and _NAME.match(name))


@lru_cache(maxsize=1)
def shipped_origin() -> Origin:
    """Of the root in the package."""
    root: dict[str, Any] = msgspec.json.decode(data_file("sigstore_root.json"))
    return Origin(
        how=BUILT_IN,
        instance=PUBLIC,
        as_of=SHIPPED_UNTIL,
        root_version=int(root["signed"]["version"]),
        targets_version=SHIPPED_TARGETS,
        expires=SHIPPED_UNTIL,
    )


def current_root(instance: str = PUBLIC) -> TrustRoot:
    """The newest root of an instance whose TUF metadata were verified.

    Of the public instance that is the stored one, or the one in the package
    where nothing is stored or a newer package came since.  Nothing is fetched.

    Raises:
        EvidenceError: The stored one is damaged; an older one is not taken in its place.
        UsageError: A private instance is not known here.
    """
    found = stored(instance)
    if instance == PUBLIC:
        shipped = shipped_origin()
        if found is None or found.versions.targets < shipped.targets_version:
            return trust_root(data_file("trusted_root.json"), shipped)
    if found is None:
        raise UsageError(
            f"no instance {instance!r} is known here.",
            remedy=f"Bring it with 'pratique trust update --instance {instance} --url … --root …'.",
        )
    try:
        return trust_root(found.trusted_root.encode(), found.origin)
    except InputError as error:
        path = folder_of(instance) / "accepted.json"
        raise _damaged(path, instance, error.message) from None


def current_registry_keys(instance: str = PUBLIC) -> tuple[RegistryKey, ...]:
    """The newest registry keys of an instance; empty where those in the package are the newest.

    Raises:
        EvidenceError: The stored ones are damaged; older ones are not taken in their place.
    """
    found = stored(instance)
    kept = found.registry_keys if found is not None else None
    if kept is None or (instance == PUBLIC and kept.version < SHIPPED_REGISTRY_KEYS):
        return ()
    try:
        return read_registry_keys(kept.text.encode())
    except InputError as error:
        raise _damaged(folder_of(instance) / "accepted.json", instance, error.message) from None
