"""Makes and changes a signed repository."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from pratique.repository import ceremony, intake
from pratique.repository.bins import check_path
from pratique.repository.ceremony import Draft, Trust
from pratique.repository.errors import RepositoryError
from pratique.repository.keys import KeyFile, create_key
from pratique.repository.known import Known
from pratique.repository.layout import Layout
from pratique.repository.published import (
    Published,
    newest_root,
    read_published,
    read_root,
)
from pratique.repository.publishing import Report, online_paths
from pratique.repository.publishing import publish as publish_locked
from pratique.repository.settings import (
    DEFAULT_BINS,
    DEFAULT_DAYS,
    Settings,
    check_bins,
    check_days,
    read_settings,
    write_settings,
)
from pratique.repository.staging import Change, stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

LAST_THIRD = timedelta(seconds=-1)
"""For :func:`bump`: what is in the last third of its life."""


class Added(NamedTuple):
    """What ``add`` and ``remove`` did."""

    staged: int
    unchanged: int
    refused: tuple[intake.Refused, ...]


def now_utc() -> datetime:
    """The time, in whole seconds, as TUF writes it."""
    return datetime.now(UTC).replace(microsecond=0)


def init(
    folder: Path,
    root_keys: Sequence[KeyFile],
    *,
    threshold: int,
    online_key: Path | None = None,
    read: Callable[[Path], KeyFile],
    bins: int = DEFAULT_BINS,
    days: Mapping[str, int] | None = None,
    now: datetime | None = None,
) -> Draft:
    """Set up a repository and begin its key ceremony; with enough private keys, end it too.

    Args:
        folder: New or empty.
        root_keys: Public keys of the people who sign, private ones to sign at once.
        threshold: How many must sign.
        online_key: File of the online private key; one is made in ``keys/`` otherwise.
        read: Reads the online key.
        bins: Number of hash bins.
        days: Lifetimes that differ from the defaults.
        now: The time.

    Returns:
        The ceremony as it stands.

    Raises:
        RepositoryError: There is something already, or keys and numbers do not fit.
    """
    settings = Settings(
        days={**DEFAULT_DAYS, **(days or {})},
        online_keys=(str(online_key.absolute()) if online_key else "keys/online.pem",),
        bins=bins,
    )
    check_days(settings.days)
    check_bins(bins)
    layout = Layout(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RepositoryError(f"{folder} is not empty.", remedy="Name a new folder.")
    online = read(online_key) if online_key else None
    offline = [key.public for key in root_keys]
    if online is not None:
        _need_private(online, online_key)
        ceremony.check_trust(Trust(offline, threshold, [online.public]))
    elif not 1 <= threshold <= len({key.keyid for key in offline}):
        raise RepositoryError(f"A threshold of {threshold} cannot be met by {len(offline)} keys.")
    try:
        layout.create()
    except OSError as error:
        raise RepositoryError(f"{folder} cannot be made: {error.strerror}.") from None
    with layout.locked():
        online = online or create_key(layout.keys / "online.pem")
        trust = Trust(offline, threshold, [online.public])
        time = now or now_utc()
        ceremony.draft(layout.ceremony, trust, bins=bins, expires=_expiry(settings, time))
        write_settings(layout, settings)
        return _sign(layout, root_keys, time)


def sign(folder: Path, keys: Sequence[KeyFile], *, now: datetime | None = None) -> Draft:
    """Sign a pending ceremony; in a repository, publish it once it is complete.

    Args:
        folder: A repository, or a ceremony folder that was carried away from one.
        keys: Private keys.
        now: The time.

    Raises:
        RepositoryError: Nothing is pending, or a key has no part in it.
    """
    signers = [key.signer for key in keys if key.signer]
    if len(signers) < len(keys):
        raise RepositoryError("Signing needs private keys.")
    layout = Layout(folder)
    if not layout.settings.exists():
        return ceremony.sign(folder, signers)[0]
    with layout.locked():
        return _sign(layout, keys, now or now_utc())


def add(
    folder: Path, subjects: Iterable[Path], *, prefix: str = "", replace: bool = False
) -> Added:
    """Take artifacts in and stage them; readers see them after :func:`publish`.

    Args:
        folder: The repository.
        subjects: Files and folders.
        prefix: Put before their paths.
        replace: Lets content change under a path that is known.

    Returns:
        What was staged, and what was refused and why.

    Raises:
        RepositoryError: The repository cannot be read or written.
        BusyError: Another process writes.
    """
    layout = Layout(folder)
    read_settings(layout)
    with layout.locked():
        taken, refused = intake.store(layout, intake.find(subjects, prefix))
        known = Known(layout)
        changes, unchanged = [], 0
        for item in taken:
            before = known.get(item.path)
            if before == (item.length, item.sha256):
                unchanged += 1
            elif before is None or replace:
                changes.append(Change(item.path, item.length, item.sha256))
                known.note(changes[-1])
            else:
                reason = "it is known with other content (--replace takes it all the same)"
                refused.append(intake.Refused(item.path, reason))
        stage(layout, changes)
    return Added(len(changes), unchanged, tuple(refused))


def remove(folder: Path, paths: Iterable[str]) -> Added:
    """Stage the removal of artifacts; their content stays until it is pruned.

    Raises:
        RepositoryError: The repository cannot be read or written.
        BusyError: Another process writes.
    """
    layout = Layout(folder)
    read_settings(layout)
    with layout.locked():
        known = Known(layout)
        changes, refused = [], []
        for path in paths:
            if check_path(path) or known.get(path) is None:
                refused.append(intake.Refused(path, "no artifact has this path"))
            else:
                changes.append(Change(path))
                known.note(changes[-1])
        stage(layout, changes)
    return Added(len(changes), 0, tuple(refused))


def publish(folder: Path, *, now: datetime | None = None) -> Report:
    """Publish what is staged, in one step for readers.

    Raises:
        RepositoryError: See :func:`pratique.repository.publishing.publish`.
        BusyError: Another process writes.
    """
    layout = Layout(folder)
    read_settings(layout)
    with layout.locked():
        return publish_locked(layout, now or now_utc())


def bump(folder: Path, *, within: timedelta = LAST_THIRD, now: datetime | None = None) -> Report:
    """Sign anew what expires soon: the timestamp always, snapshot and bins when due.

    Args:
        folder: The repository.
        within: Bins that expire within this time are due.
        now: The time.

    Raises:
        RepositoryError, BusyError: As for :func:`publish`.
    """
    layout = Layout(folder)
    read_settings(layout)
    with layout.locked():
        return publish_locked(layout, now or now_utc(), renew=within)


def rotate(
    folder: Path,
    *,
    add_keys: Sequence[KeyFile] = (),
    remove_keys: Iterable[str] = (),
    threshold: int = 0,
    online_key: Path | None = None,
    read: Callable[[Path], KeyFile],
    signers: Sequence[KeyFile] = (),
    now: datetime | None = None,
) -> Draft:
    """Begin a ceremony for the next root: other keys, another threshold, or a later expiry.

    Args:
        folder: The repository.
        add_keys: Root keys that come.
        remove_keys: Ids (or their beginnings) of root keys that go.
        threshold: Another threshold; 0 keeps it.
        online_key: Replaces the online keys.
        read: Reads a key file.
        signers: Private keys that sign at once.
        now: The time.

    Raises:
        RepositoryError: A ceremony is pending, or keys and numbers do not fit.
        BusyError: Another process writes.
    """
    layout = Layout(folder)
    settings = read_settings(layout)
    if not settings.content:
        raise RepositoryError(
            "This repository was set up through RSTUF's API.",
            remedy="Change its root there ('rstuf admin metadata update').",
        )
    with layout.locked():
        state = read_published(layout)
        if state is None:
            raise RepositoryError("Nothing is published yet.", remedy="End the first ceremony.")
        if ceremony.read_draft(layout.ceremony, state.root) is not None:
            raise RepositoryError(
                "A ceremony is pending.",
                remedy="End it with 'pratique repository sign' (or 'publish' if it is signed), "
                "or 'rotate --abandon' it.",
            )
        trust = _next_trust(state, add_keys, list(remove_keys), threshold)
        if online_key:
            fresh = read(online_key)
            _need_private(fresh, online_key)
            trust = trust._replace(online=[fresh.public])
        time = now or now_utc()
        ceremony.draft(
            layout.ceremony,
            trust,
            bins=settings.bins,
            expires=_expiry(settings, time),
            previous=(state.root, state.targets),
        )
        if online_key and str(online_key.absolute()) not in settings.online_keys:
            names = (*settings.online_keys, str(online_key.absolute()))
            write_settings(layout, msgspec.structs.replace(settings, online_keys=names))
        return _sign(layout, [*signers, *add_keys], time)


def abandon(folder: Path) -> None:
    """Forget a pending ceremony.

    Raises:
        RepositoryError: It is the first one, without which there is no repository.
        BusyError: Another process writes.
    """
    layout = Layout(folder)
    read_settings(layout)
    with layout.locked():
        if not newest_root(layout):
            raise RepositoryError("The first ceremony cannot be abandoned.")
        ceremony.clear(layout.ceremony)


def pending(layout: Layout) -> Draft | None:
    """The ceremony that waits for signatures, if one does."""
    newest = newest_root(layout)
    return ceremony.read_draft(layout.ceremony, read_root(layout, newest) if newest else None)


def _sign(layout: Layout, keys: Iterable[KeyFile], now: datetime) -> Draft:
    """Sign with the private keys given; publish when that completes the ceremony."""
    draft, _ = ceremony.sign(layout.ceremony, [key.signer for key in keys if key.signer])
    if draft.complete:
        publish_locked(layout, now)
    return draft


def _next_trust(
    state: Published, add_keys: Sequence[KeyFile], gone: list[str], threshold: int
) -> Trust:
    root = state.root.signed
    offline = {name: root.keys[name] for name in root.roles["root"].keyids}
    for start in gone:
        names = [name for name in offline if start and name.startswith(start)]
        if len(names) != 1:
            raise RepositoryError(f"{start!r} begins the id of {len(names)} root keys, not of one.")
        del offline[names[0]]
    for key in add_keys:
        offline[key.public.keyid] = key.public
    online = [root.keys[name] for name in root.roles["timestamp"].keyids]
    return Trust(list(offline.values()), threshold or root.roles["root"].threshold, online)


def _expiry(settings: Settings, now: datetime) -> tuple[datetime, datetime]:
    return (
        now + timedelta(days=settings.days["root"]),
        now + timedelta(days=settings.days["targets"]),
    )


def _need_private(key: KeyFile, path: Path | None) -> None:
    if key.signer is None:
        raise RepositoryError(f"{path} is a public key; the online key must be private.")


__all__ = [
    "Added",
    "abandon",
    "add",
    "bump",
    "init",
    "online_paths",
    "pending",
    "publish",
    "remove",
    "rotate",
    "sign",
]
