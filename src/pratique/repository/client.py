"""Takes artifacts from a TUF repository, trusting nothing that is not signed.

The detailed client workflow of TUF 1.0 §5 is python-tuf's ``ngclient``; here
are its surroundings: where trust begins, which addresses, what a failure means.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

from tuf.api import exceptions as tuf
from tuf.ngclient.config import UpdaterConfig
from tuf.ngclient.updater import Updater

from pratique.model.errors import InputError, PratiqueError, UpstreamError
from pratique.repository.bins import check_path
from pratique.repository.errors import AttackError, RepositoryError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tuf.ngclient.fetcher import FetcherInterface

MAX_ROOT_BYTES = 512_000
"""Largest root that is read to begin with; python-tuf's limit for the ones it fetches."""


class Remote(NamedTuple):
    """A repository and what is trusted of it here."""

    metadata_url: str
    """Where its metadata are."""

    metadata_dir: Path
    """Where trusted metadata are kept between runs: without them no rollback is seen."""

    target_url: str = ""
    """Where its artifacts are."""


class Got(NamedTuple):
    """An artifact that was verified."""

    path: str
    file: Path
    length: int
    cached: bool
    """Whether it was here already."""


class Versions(NamedTuple):
    """The top-level metadata now trusted."""

    root: int
    timestamp: int
    snapshot: int
    targets: int


def refresh(remote: Remote, fetcher: FetcherInterface, *, root: Path | None = None) -> Versions:
    """Bring the top-level metadata up to date (TUF 1.0 §5.3 to §5.6).

    Args:
        remote: The repository.
        fetcher: Gets its files.
        root: The root to begin with; by default the one kept from before.

    Raises:
        AttackError: A check failed.
        UpstreamError: A file cannot be had.
        RepositoryError: There is no root to begin with.
    """
    with _explained(remote):
        updater = _updater(remote, fetcher, root)
        updater.refresh()
        return _versions(updater)


def get(
    remote: Remote,
    fetcher: FetcherInterface,
    paths: Sequence[str],
    output: Path,
    *,
    root: Path | None = None,
) -> list[Got]:
    """Download artifacts (TUF 1.0 §5.7), in order; the first failure ends it.

    A file appears under its name only once its length and hashes are verified.

    Args:
        remote: The repository, with its ``target_url``.
        fetcher: Gets its files.
        paths: Target paths.
        output: Folder for the artifacts; the directories of their paths are kept.
        root: The root to begin with; by default the one kept from before.

    Raises:
        AttackError: A check failed.
        UpstreamError: A file cannot be had.
        RepositoryError: There is no such artifact, or no root to begin with.
    """
    with _explained(remote):
        updater = _updater(remote, fetcher, root)
        updater.refresh()
        return [_get(updater, remote, path, output) for path in paths]


def _get(updater: Updater, remote: Remote, path: str, output: Path) -> Got:
    target = updater.get_targetinfo(path)
    if target is None:
        raise RepositoryError(f"{path} is not listed by this repository.")
    file = _place(output, path)
    if updater.find_cached_target(target, str(file)):
        return Got(path, file, target.length, cached=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, scratch = tempfile.mkstemp(prefix=".new-", dir=file.parent)
    os.close(handle)
    try:
        updater.download_target(target, scratch, remote.target_url)
        os.chmod(scratch, 0o644)  # noqa: PTH101 - an artifact is no secret
        os.replace(scratch, file)  # noqa: PTH105
    finally:
        with suppress(FileNotFoundError):
            os.unlink(scratch)  # noqa: PTH108
    return Got(path, file, target.length, cached=False)


def _place(output: Path, path: str) -> Path:
    """Where an artifact is put; one whose path could lead elsewhere gets a quoted name."""
    if check_path(path):
        from urllib.parse import quote

        name = quote(path, safe="")
        return output / (name if name not in {".", ".."} else f"%{name}")
    return output.joinpath(*path.split("/"))


def _updater(remote: Remote, fetcher: FetcherInterface, root: Path | None) -> Updater:
    remote.metadata_dir.mkdir(parents=True, exist_ok=True)
    if root is None and not (remote.metadata_dir / "root.json").exists():
        raise RepositoryError(
            "There is no root to trust.",
            remedy="Give the root metadata that came by a trusted way with --root.",
        )
    return Updater(
        str(remote.metadata_dir),
        remote.metadata_url,
        fetcher=fetcher,
        config=UpdaterConfig(),
        bootstrap=_read_root(root) if root else None,
    )


def _read_root(root: Path) -> bytes:
    try:
        with root.open("rb") as file:
            data = file.read(MAX_ROOT_BYTES + 1)
    except OSError as error:
        raise RepositoryError(f"{root} cannot be read: {error.strerror}.") from None
    if len(data) > MAX_ROOT_BYTES:
        raise RepositoryError(f"{root} is over {MAX_ROOT_BYTES:,} bytes: no root metadata.")
    return data


def _versions(updater: Updater) -> Versions:
    trusted = updater._trusted_set  # noqa: SLF001 - python-tuf has no public way to it
    return Versions(
        trusted.root.version,
        trusted.timestamp.version,
        trusted.snapshot.version,
        trusted.targets.version,
    )


@contextmanager
def _explained(remote: Remote) -> Iterator[None]:
    """Turn python-tuf's exceptions into this program's, with the attack they stop."""
    try:
        yield
    except PratiqueError:
        raise
    except tuf.ExpiredMetadataError as error:
        raise AttackError(_line(error), attack="freeze") from None
    except tuf.BadVersionNumberError as error:
        raise AttackError(_line(error), attack="rollback, or mix-and-match") from None
    except tuf.UnsignedMetadataError as error:
        raise AttackError(_line(error), attack="forged metadata") from None
    except tuf.LengthOrHashMismatchError as error:
        raise AttackError(_line(error), attack="arbitrary content, or mix-and-match") from None
    except tuf.DownloadLengthMismatchError as error:
        raise AttackError(_line(error), attack="endless data") from None
    except tuf.SlowRetrievalError as error:
        raise AttackError(_line(error), attack="slow retrieval") from None
    except tuf.DownloadError as error:
        raise UpstreamError(_line(error), remedy=f"Check {remote.metadata_url}.") from None
    except (tuf.RepositoryError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise AttackError(_line(error), attack="malformed metadata") from None
    except OSError as error:
        raise InputError(f"{error.filename or remote.metadata_dir}: {error.strerror}.") from None


def _line(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text[:400].rstrip(".") + "."
