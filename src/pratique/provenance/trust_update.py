"""Brings the trusted root of an instance up to date, by TUF.

The client's workflow (TUF 1.0 §5) is python-tuf's; here are its surroundings:
where trust begins, what is taken, what a failure means, and that what was
accepted before stays as it is until all of the new holds.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
from tuf.api import exceptions as tuf
from tuf.ngclient.config import UpdaterConfig
from tuf.ngclient.updater import Updater

from pratique.formats.sigstore import read_trusted_root
from pratique.model.errors import (
    EvidenceError,
    InputError,
    PratiqueError,
    UpstreamError,
    UsageError,
)
from pratique.provenance.trust import MAX_ROOT_BYTES, data_file
from pratique.provenance.trust_store import (
    PUBLIC,
    SCHEMA,
    Accepted,
    Versions,
    folder_of,
    shipped_origin,
    stored,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tuf.api._payload import TargetFile
    from tuf.ngclient.fetcher import FetcherInterface

    from pratique.provenance.trust_store import RegistryKeys

ROOT_TARGET = "trusted_root.json"
"""Target that every instance's repository has."""

SIGNING_TARGETS = ("signing_config.v0.2.json",)
"""Targets with the addresses of an instance's services, of the versions that are taken."""

MAX_ANCHOR_BYTES = 512_000
"""Largest root metadata to begin with: python-tuf's own limit for those it fetches."""


class Place(msgspec.Struct, frozen=True):
    """Where a repository is."""

    metadata_url: str
    targets_url: str
    shown: str
    """How it is named to people and kept."""

    kept_targets_url: str = ""
    """What is kept of ``targets_url``; empty for an import."""


def update(
    instance: str,
    place: Place,
    fetcher: FetcherInterface,
    *,
    root: bytes | None = None,
    now: datetime | None = None,
) -> Accepted:
    """Verify a repository from the anchor on, and accept its trusted root.

    Args:
        instance: Name of the Sigstore instance.
        place: Where its repository is.
        fetcher: Gets its files.
        root: Root metadata that trust begins with; of a private instance, the first time.
        now: What expiry is measured by; None is the clock.

    Raises:
        EvidenceError: A check failed: what was accepted before stays.
        UpstreamError: A file cannot be had.
        UsageError: Nothing says where trust begins, or the roots contradict.
        InputError: The folder cannot be written.
    """
    folder = folder_of(instance)
    moment = now or datetime.now(UTC)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror}.") from None
    with _alone(folder):
        anchor = _anchor(instance, folder, root)
        before = stored(instance)
        with _explained(place):
            accepted = _fetched(instance, place, fetcher, anchor, moment, before)
        least = before.versions.targets if before else 0
        if instance == PUBLIC:
            least = max(least, shipped_origin().targets_version)
        if accepted.versions.targets < least:
            raise EvidenceError(
                f"{place.shown} has version {accepted.versions.targets} of its targets, older "
                f"than version {least} that is trusted here (rollback).",
                remedy="Use another mirror; what was trusted before stays.",
            )
        _write(folder / "anchor.json", anchor)
        _write(folder / "accepted.json", msgspec.json.encode(accepted))
    return accepted


def _fetched(
    instance: str,
    place: Place,
    fetcher: FetcherInterface,
    anchor: bytes,
    moment: datetime,
    before: Accepted | None,
) -> Accepted:
    folder = folder_of(instance) / "metadata"
    folder.mkdir(exist_ok=True)
    updater = Updater(
        str(folder),
        place.metadata_url,
        target_base_url=place.targets_url,
        fetcher=fetcher,
        config=UpdaterConfig(),
        bootstrap=anchor,
    )
    trusted = updater._trusted_set  # noqa: SLF001 - python-tuf has no public way to these
    trusted.reference_time = moment
    updater.refresh()
    target = updater.get_targetinfo(ROOT_TARGET)
    if target is None:
        raise EvidenceError(
            f"{place.shown} lists no {ROOT_TARGET}: it is no repository of a Sigstore instance.",
            remedy="Check the address.",
        )
    data = _target(updater, target, fetcher, place)
    read_trusted_root(data)
    signing_config = _signing_config(updater, fetcher, place)
    keys, problem = _registry_keys(instance, updater, fetcher, place, moment, before)
    return Accepted(
        schema=SCHEMA,
        instance=instance,
        url=place.shown,
        targets_url=place.kept_targets_url,
        verified=moment,
        expires=trusted.timestamp.expires,
        versions=Versions(
            trusted.root.version,
            trusted.timestamp.version,
            trusted.snapshot.version,
            trusted.targets.version,
        ),
        trusted_root=data.decode(),
        sha256=hashlib.sha256(data).hexdigest(),
        signing_config=signing_config,
        registry_keys=keys,
        registry_problem=problem,
    )


def _registry_keys(
    instance: str,
    updater: Updater,
    fetcher: FetcherInterface,
    place: Place,
    moment: datetime,
    before: Accepted | None,
) -> tuple[RegistryKeys | None, str]:
    """The registry's keys, and why newer ones were not taken.

    They are others' than the instance's: what is wrong with them does not keep its root
    back, and those that were trusted before stay.
    """
    from pratique.provenance.trust_registry_keys import found_keys

    kept = before.registry_keys if before is not None else None
    try:
        found = found_keys(
            instance, updater, lambda one: _target(updater, one, fetcher, place), moment, kept
        )
    except PratiqueError as error:
        return kept, _line(error.message)
    except (tuf.RepositoryError, tuf.DownloadError, ValueError, KeyError, TypeError) as error:
        return kept, _line(error)
    except RecursionError as error:
        return kept, _line(error)
    return found, ""


def _signing_config(updater: Updater, fetcher: FetcherInterface, place: Place) -> str:
    for name in SIGNING_TARGETS:
        target = updater.get_targetinfo(name)
        if target is not None:
            return _target(updater, target, fetcher, place).decode()
    return ""


def _target(updater: Updater, target: TargetFile, fetcher: FetcherInterface, place: Place) -> bytes:
    """A target, in memory; its length and hashes are those that are signed (TUF 1.0 §5.7)."""
    if target.length > MAX_ROOT_BYTES:
        raise EvidenceError(
            f"{target.path} is over the limit of {MAX_ROOT_BYTES:,} bytes.",
            remedy="Check the repository.",
        )
    name = target.path
    root = updater._trusted_set.root  # noqa: SLF001 - as above
    if root.consistent_snapshot:
        head, slash, tail = name.rpartition("/")
        name = f"{head}{slash}{next(iter(target.hashes.values()))}.{tail}"
    data = fetcher.download_bytes(place.targets_url + name, target.length)
    target.verify_length_and_hashes(data)
    return data


def _anchor(instance: str, folder: Path, given: bytes | None) -> bytes:
    """Root metadata that trust begins with."""
    if instance == PUBLIC:
        if given is not None:
            raise UsageError(
                "the public instance begins with the root in the package.",
                remedy="Name a private instance with --instance, or leave out --root.",
            )
        return data_file("sigstore_root.json")
    try:
        kept: bytes | None = (folder / "anchor.json").read_bytes()
    except FileNotFoundError:
        kept = None
    except OSError as error:
        raise InputError(f"{folder / 'anchor.json'} cannot be read: {error.strerror}.") from None
    if kept is not None and given is not None and kept != given:
        raise UsageError(
            f"the instance {instance!r} began with another root than the one that is given.",
            remedy=f"Leave out --root, or begin anew with 'pratique trust forget --instance "
            f"{instance}'.",
        )
    found = kept or given
    if found is None:
        raise UsageError(
            f"nothing says where trust in {instance!r} begins.",
            remedy="Give root metadata that came by a trusted way with --root.",
        )
    return found


def _write(path: Path, data: bytes) -> None:
    """Replace a file as a whole."""
    from pratique.provenance.attest_options import write_output

    write_output(str(path), data)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the instance: python-tuf's memory is for one process at a time."""
    try:
        with (folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise EvidenceError(
                    f"another update of {folder.name!r} is running.", remedy="Wait for its end."
                ) from None
            yield
    except OSError as error:
        raise InputError(f"{error.filename or folder}: {error.strerror}.") from None


@contextmanager
def _explained(place: Place) -> Iterator[None]:
    """Turn python-tuf's exceptions into this program's, with the attack they stop."""
    attacks: tuple[tuple[type[Exception], str], ...] = (
        (tuf.ExpiredMetadataError, "freeze: the metadata have expired"),
        (tuf.BadVersionNumberError, "rollback: older than what was seen before"),
        (tuf.UnsignedMetadataError, "forged: not signed by those who may"),
        (tuf.LengthOrHashMismatchError, "exchanged: not what is signed"),
        (tuf.DownloadLengthMismatchError, "endless data"),
        (tuf.SlowRetrievalError, "slow retrieval"),
    )
    try:
        yield
    except tuf.DownloadHTTPError as error:
        raise UpstreamError(f"{_line(error)}", remedy=f"Check {place.shown}.") from None
    except InputError as error:
        raise EvidenceError(f"{place.shown}: {error.message}.") from None
    except (tuf.RepositoryError, tuf.DownloadError, ValueError, KeyError, TypeError) as error:
        for kind, attack in attacks:
            if isinstance(error, kind):
                raise _refused(place, attack, error) from None
        if isinstance(error, tuf.DownloadError):
            raise UpstreamError(_line(error), remedy=f"Check {place.shown}.") from None
        raise _refused(place, "malformed metadata", error) from None
    except RecursionError as error:
        raise _refused(place, "malformed metadata", error) from None


def _refused(place: Place, attack: str, error: Exception) -> EvidenceError:
    return EvidenceError(
        f"{place.shown} is refused ({attack}): {_line(error)}",
        remedy="What was trusted before stays. Use another mirror, or a newer copy.",
    )


def _line(error: Any) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text[:300].rstrip(".") + "."


def forget(instance: str) -> bool:
    """Remove what is stored of an instance; False where nothing was.

    Raises:
        InputError: It cannot be removed.
    """
    folder = folder_of(instance)
    if not folder.is_dir():
        return False
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise InputError(f"{folder} cannot be removed: {error.strerror}.") from None
    return True
