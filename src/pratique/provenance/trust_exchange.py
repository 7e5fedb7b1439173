"""Trust roots for machines without a network: written to an archive, and taken from one.

An archive is a TUF repository in a tar file.  It needs no signature of its
own: what is in it is signed, and is verified where it is taken in.
"""

from __future__ import annotations

import io
import tarfile
import tempfile
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import quote

from tuf.api import exceptions as tuf
from tuf.ngclient._internal.trusted_metadata_set import TrustedMetadataSet
from tuf.ngclient.config import EnvelopeType

from pratique.model.errors import EvidenceError, InputError, LimitError, UsageError
from pratique.provenance.trust_registry_keys import check_again
from pratique.provenance.trust_store import PUBLIC, Accepted, RegistryKeys, folder_of, stored
from pratique.provenance.trust_update import ROOT_TARGET, SIGNING_TARGETS, Place, update
from pratique.sources.tuf_fetching import FOLDER, FolderFetcher

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

MAX_ARCHIVE_BYTES = 64 * 1024 * 1024
"""Largest archive: the public instance's repository has under 1 MB."""

MAX_MEMBERS = 4096
"""Most files of an archive: 256 roots, as many as python-tuf follows, and some targets."""

ROLES = ("timestamp", "snapshot", "targets")


def bring(
    instance: str, path: Path, *, root: bytes | None = None, now: datetime | None = None
) -> Accepted:
    """Take the trusted root from a TUF repository in a folder or an archive.

    Args:
        instance: Name of the Sigstore instance.
        path: A folder, or a tar file that is not compressed.
        root: Root metadata that trust begins with; of a private instance, the first time.
        now: What expiry is measured by; None is the clock.

    Raises:
        InputError: It cannot be read, or is no such thing.
        EvidenceError: A check failed.
        UsageError: Nothing says where trust begins.
    """
    if path.is_dir():
        return _from_folder(instance, path, path.name or str(path), root, now)
    with tempfile.TemporaryDirectory(prefix="pratique-trust-") as name:
        _unpack(path, Path(name))
        return _from_folder(instance, Path(name), path.name, root, now)


def _from_folder(
    instance: str, folder: Path, shown: str, root: bytes | None, now: datetime | None
) -> Accepted:
    metadata = folder / "metadata" if (folder / "metadata").is_dir() else folder
    if not (metadata / "timestamp.json").is_file():
        raise InputError(
            f"{shown} is no TUF repository: it has no timestamp.json.",
            remedy="Name the folder that holds metadata and targets.",
        )
    fetcher = FolderFetcher(metadata, folder / "targets")
    place = Place(f"{FOLDER}metadata/", f"{FOLDER}targets/", shown)
    return update(instance, place, fetcher, root=root, now=now)


def _unpack(path: Path, target: Path) -> None:
    """Regular files of an archive, below a folder and nowhere else."""
    try:
        if not path.is_file():
            raise InputError(f"{path} is neither a folder nor a file.")  # noqa: TRY301
        if path.stat().st_size > MAX_ARCHIVE_BYTES:
            raise LimitError(f"{path} has over {MAX_ARCHIVE_BYTES:,} bytes.")
        with tarfile.open(path, "r:") as archive:
            _extract(archive, path, target)
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or str(error)[:120]}.") from None
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise InputError(
            f"{path} is no archive of a trust root: {str(error)[:120]}.",
            remedy="Give a folder, or what 'pratique trust export' wrote.",
        ) from None


def _extract(archive: tarfile.TarFile, path: Path, target: Path) -> None:
    for number, member in enumerate(archive):
        name = PurePosixPath(member.name)
        if number >= MAX_MEMBERS:
            raise LimitError(f"{path} has over {MAX_MEMBERS:,} files.")
        if member.isdir():
            continue
        if not member.isfile() or name.is_absolute() or ".." in name.parts:
            raise InputError(f"{path} holds {member.name[:120]!r}, which is not taken.")
        opened = archive.extractfile(member)
        if opened is None or member.issparse():
            raise InputError(f"{path} holds {member.name[:120]!r}, which is not taken.")
        place = target.joinpath(*name.parts)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(opened.read())


def verified_again(instance: str) -> Accepted | None:
    """What is stored of an instance, after all its metadata were verified once more.

    Expiry is measured by the time of the update: whether it has run out since
    is for the reader to see.

    Raises:
        EvidenceError: It does not hold.
    """
    found = stored(instance)
    if found is None:
        return None
    with _explained(instance):
        _check(found, instance)
    return found


def _check(found: Accepted, instance: str) -> None:
    folder = folder_of(instance)
    trusted = TrustedMetadataSet((folder / "anchor.json").read_bytes(), EnvelopeType.METADATA)
    trusted.reference_time = found.verified
    for version in range(trusted.root.version + 1, found.versions.root + 1):
        trusted.update_root(_root(folder, version))
    trusted.update_timestamp((folder / "metadata" / "timestamp.json").read_bytes())
    trusted.update_snapshot((folder / "metadata" / "snapshot.json").read_bytes())
    targets = trusted.update_delegated_targets(
        (folder / "metadata" / "targets.json").read_bytes(), "targets", "root"
    )
    targets.targets[ROOT_TARGET].verify_length_and_hashes(found.trusted_root.encode())
    keys = found.registry_keys
    if keys is not None and keys.verified == found.verified:
        check_again(trusted, keys, _delegated(folder, keys))


def _delegated(folder: Path, keys: RegistryKeys) -> bytes:
    """Metadata of the role that lists registry keys, as python-tuf keeps it."""
    return (folder / "metadata" / f"{quote(keys.role, safe='')}.json").read_bytes()


def _root(folder: Path, version: int) -> bytes:
    return (folder / "metadata" / "root_history" / f"{version}.root.json").read_bytes()


@contextmanager
def _explained(instance: str) -> Iterator[None]:
    which = "" if instance == PUBLIC else f" --instance {instance}"
    try:
        yield
    except (tuf.RepositoryError, OSError, ValueError, KeyError, TypeError) as error:
        raise EvidenceError(
            f"what is stored of the instance {instance!r} does not hold: {str(error)[:200]}.",
            remedy=f"Bring it up to date with 'pratique trust update{which}'.",
        ) from None


def archive_of(instance: str) -> bytes:
    """A TUF repository with what is stored of an instance, as a tar file.

    The same state gives the same bytes.

    Raises:
        EvidenceError: It does not hold.
        UsageError: Nothing is stored.
    """
    found = verified_again(instance)
    if found is None:
        raise UsageError(
            f"nothing is stored of the instance {instance!r}.",
            remedy="Run 'pratique trust update' first; the root in the package is everywhere.",
        )
    folder = folder_of(instance)
    files = {
        f"metadata/root_history/{path.name}": path.read_bytes()
        for path in (folder / "metadata" / "root_history").glob("*.root.json")
    }
    files |= {
        f"metadata/{role}.json": (folder / "metadata" / f"{role}.json").read_bytes()
        for role in ROLES
    }
    files[f"targets/{ROOT_TARGET}"] = found.trusted_root.encode()
    if found.signing_config:
        files[f"targets/{SIGNING_TARGETS[0]}"] = found.signing_config.encode()
    keys = found.registry_keys
    if keys is not None and keys.verified == found.verified:
        files[f"targets/{keys.path}"] = keys.text.encode()
        files[f"metadata/{quote(keys.role, safe='')}.json"] = _delegated(folder, keys)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in sorted(files.items()):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            member.mode = 0o644
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()
