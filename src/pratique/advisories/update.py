"""Bringing the advisories up to date: fetch what has changed, build, switch."""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from pratique.advisories import generation
from pratique.advisories.build import build, generation_name
from pratique.advisories.errors import GenerationError
from pratique.advisories.inputs import Source
from pratique.advisories.layout import Manifest
from pratique.model.errors import EvidenceError, InputError, UpstreamError, UsageError
from pratique.sources.osv import OsvBucket, Validators, base_url

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DOWNLOADS = "downloads"
STATE = "state.json"

SHRINKING = 0.9
"""A source with fewer than this part of its records before is not taken: OSV
keeps withdrawn records, so that a database never shrinks by itself."""


class Fetched(msgspec.Struct, frozen=True):
    """One ecosystem's zip, as it was last fetched or found unchanged."""

    url: str
    validators: Validators
    checked: datetime
    """When the server last said that it is the newest."""

    indexed: bool = False
    """Whether the zip, as it is, went into a generation."""


class Update(msgspec.Struct, frozen=True, kw_only=True):
    """What an update did."""

    manifest: Manifest
    fetched: tuple[str, ...]
    """Ecosystems with new records."""

    unchanged: tuple[str, ...]


def update(
    root: Path,
    ecosystems: Sequence[str] = (),
    *,
    url: str = "",
    offline: bool = False,
    accept_shrinking: bool = False,
    now: datetime | None = None,
    progress: Callable[[str], None] | None = None,
) -> Update:
    """Fetch OSV's records and make an index of them the current one.

    Zips that have not changed are not fetched again; ecosystems fetched
    earlier stay in the index, at their age.

    Args:
        root: Folder of the advisories' data.
        ecosystems: Which to bring up to date; all that the server lists, and
            all that were fetched before, where none is named.
        url: Where OSV's files are; see :func:`pratique.sources.osv.base_url`.
        offline: Refuse instead.
        accept_shrinking: Take a source that has lost many records.
        now: The moment from which on changes may be missing.
        progress: Told what is being done, in a few words.

    Raises:
        UsageError: It is offline, or a name is no ecosystem's.
        UpstreamError: The server cannot be reached or answers nonsense.
        EvidenceError: A source has lost more than a tenth of its records.
    """
    if offline:
        raise UsageError(
            "advisories cannot be updated offline.",
            remedy="Leave out --offline, or give files to 'pratique advisories build'.",
        )
    now = now or datetime.now(UTC)
    say = progress or (lambda _: None)
    place = base_url(url)
    downloads = root / DOWNLOADS
    downloads.mkdir(parents=True, exist_ok=True)
    state = _read_state(downloads, place)
    fetched: list[str] = []
    unchanged: list[str] = []
    with OsvBucket(place) as bucket:
        for name in list(dict.fromkeys(ecosystems)) or bucket.ecosystems():
            say(f"fetching {name}")
            before = state.get(name)
            known = before.validators if before and _archive(downloads, name).exists() else None
            answer = bucket.archive(name, _archive(downloads, name), known or Validators())
            (unchanged if answer is None else fetched).append(name)
            validators = answer if answer is not None else known or Validators()
            indexed = answer is None and before is not None and before.indexed
            state[name] = Fetched(place, validators, now, indexed)
            _write_state(downloads, state)
    as_of = min(item.checked for item in state.values())
    say("building the index")
    manifest = _switch(root, state, as_of, now, accept_shrinking=accept_shrinking)
    done = {name: msgspec.structs.replace(item, indexed=True) for name, item in state.items()}
    _write_state(downloads, done)
    return Update(manifest=manifest, fetched=tuple(fetched), unchanged=tuple(unchanged))


def _switch(
    root: Path,
    state: dict[str, Fetched],
    as_of: datetime,
    now: datetime,
    *,
    accept_shrinking: bool,
) -> Manifest:
    before = _before(root)
    names = sorted(state)
    same = before is not None and [item.name for item in before[1].sources] == names
    if before is not None and same and all(item.indexed for item in state.values()):
        folder, manifest = before
        name = generation_name(now)
        renewed = msgspec.structs.replace(manifest, generation=name, created=now, as_of=as_of)
        return generation.renew(root, folder, name, renewed)
    sources = [Source(path=str(_archive(root / DOWNLOADS, name)), name=name) for name in names]

    def check(manifest: Manifest) -> None:
        if before is not None and not accept_shrinking:
            _refuse_shrunk(before[1], manifest)

    try:
        return build(root, sources, as_of=as_of, now=now, check=check)
    except InputError as error:
        raise UpstreamError(
            f"what was fetched cannot be indexed: {error.message}",
            remedy=f"The advisories before it stay in use; {root / DOWNLOADS} may be removed.",
        ) from None


def _before(root: Path) -> tuple[Path, Manifest] | None:
    try:
        folder = generation.current(root)
        return None if folder is None else (folder, generation.read_manifest(folder))
    except GenerationError:
        return None


def _refuse_shrunk(before: Manifest, after: Manifest) -> None:
    counts = {item.name: item.records for item in after.sources}
    for item in before.sources:
        count = counts.get(item.name)
        if count is not None and count < SHRINKING * item.records:
            raise EvidenceError(
                f"{item.name} has {count:,} records, {item.records:,} before: "
                "more than a tenth is gone.",
                remedy="The advisories before it stay in use; --accept-shrinking takes the new.",
            )


def _archive(downloads: Path, ecosystem: str) -> Path:
    return downloads / f"{quote(ecosystem, safe='')}.zip"


def _read_state(downloads: Path, url: str) -> dict[str, Fetched]:
    """What was fetched before from the same place, as far as it is still there."""
    try:
        state = msgspec.json.decode((downloads / STATE).read_bytes(), type=dict[str, Fetched])
    except (OSError, msgspec.DecodeError):
        return {}
    return {
        name: item
        for name, item in state.items()
        if item.url == url and _archive(downloads, name).exists()
    }


def _write_state(downloads: Path, state: dict[str, Fetched]) -> None:
    handle, name = tempfile.mkstemp(prefix=".state-", dir=downloads)
    with os.fdopen(handle, "wb") as file:
        file.write(msgspec.json.encode(state))
    Path(name).replace(downloads / STATE)
