"""Bringing the advisories up to date: fetch what has changed, build, switch.

Each ecosystem is taken by its changes or as a whole, whichever is cheaper:

- as a whole where nothing of it is here, where the place publishes no list of
  changes, and where it was last taken so more than ``FULL_DAYS`` ago (records
  that were removed are in no list of changes);
- as a whole where fetching the changed records one by one would cost more than
  the zip: their number times ``RECORD_COST`` against its size;
- else by its changes.

Changes alone are laid over the generation in use; where anything is taken as a
whole, a generation is built of it, of what the generation in use has of the
other ecosystems, and of the changes.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pratique.advisories import generation
from pratique.advisories.build import build
from pratique.advisories.delta import apply_delta
from pratique.advisories.downloads import Downloads
from pratique.advisories.errors import GenerationError
from pratique.advisories.index import STARTER
from pratique.advisories.inputs import Source
from pratique.advisories.layout import Manifest, Watermark
from pratique.advisories.merging import merge_layers, too_many
from pratique.advisories.orders import fingerprint
from pratique.advisories.planning import ByChanges, Plan, Planner, Whole
from pratique.advisories.regrouping import TooManyError
from pratique.advisories.retained import Retained
from pratique.model.errors import EvidenceError, InputError, UpstreamError, UsageError
from pratique.sources.osv import OsvBucket
from pratique.sources.osv_folder import OsvFolder
from pratique.sources.osv_places import VARIABLE, base_url, proxy_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

DOWNLOADS = "downloads"

SHRINKING = 0.9
"""A source with fewer than this part of its records before is not taken: OSV
keeps withdrawn records, so that a database never shrinks by itself."""


class Update(msgspec.Struct, frozen=True, kw_only=True):
    """What an update did."""

    manifest: Manifest
    fetched: tuple[str, ...]
    """Ecosystems with new records."""

    unchanged: tuple[str, ...]
    changed: dict[str, int] = {}
    """How many records were fetched of those that were taken by their changes."""

    left: str = ""
    """Why nothing was kept of the generation before, where there was one."""


def update(
    root: Path,
    ecosystems: Sequence[str] = (),
    *,
    url: str = "",
    proxy: str = "",
    offline: bool = False,
    accept_shrinking: bool = False,
    whole: bool = False,
    now: datetime | None = None,
    progress: Callable[[str], None] | None = None,
) -> Update:
    """Fetch OSV's records and make an index of them the current one.

    What has not changed is not fetched again; ecosystems fetched earlier stay
    in the index, at their age.  An update that was interrupted goes on where it was.

    Args:
        root: Folder of the advisories' data.
        ecosystems: Which to bring up to date; all that the place lists, where none is named.
        url: Where OSV's files are, or a folder with a copy of them; see
            :func:`pratique.sources.osv_places.base_url`.
        proxy: See :func:`pratique.sources.osv_places.proxy_of`.
        offline: Refuse what is not a folder.
        accept_shrinking: Take a source that has lost many records.
        whole: Take everything as a whole, whatever is cheaper.
        now: The moment from which on changes may be missing.
        progress: Told what is being done, in a few words.

    Raises:
        UsageError: It is offline, or a name is no ecosystem's.
        UpstreamError: The server cannot be reached or answers nonsense.
        EvidenceError: A source has lost more than a tenth of its records.
    """
    place = _place(url, proxy, offline=offline)
    now = now or datetime.now(UTC)
    say = progress or (lambda _: None)
    downloads = Downloads(root / DOWNLOADS)
    before, left = _before(root)
    try:
        with place as bucket:
            planner = Planner(bucket, downloads, before.ground if before else None, now)
            names = list(dict.fromkeys(ecosystems)) or bucket.ecosystems()
            plans: dict[str, Plan] = {}
            for name in names:
                say(f"fetching {name}")
                plans[name] = planner.plan(name, whole=whole)
        say("building the index")
        manifest = _switch(root, before, plans, now, accept_shrinking=accept_shrinking)
    finally:
        if before is not None:
            before.close()
    downloads.clear(plans)
    return Update(
        manifest=manifest,
        fetched=tuple(name for name, plan in plans.items() if plan.news),
        unchanged=tuple(name for name, plan in plans.items() if not plan.news),
        changed={name: len(p.changes) for name, p in plans.items() if isinstance(p, ByChanges)},
        left=left,
    )


def _place(url: str, proxy: str, *, offline: bool) -> OsvBucket | OsvFolder:
    named = url or os.environ.get(VARIABLE, "")
    if named and "://" not in named:
        return OsvFolder(Path(named))
    if offline:
        raise UsageError(
            "advisories cannot be updated offline.",
            remedy="Leave out --offline, name a folder with --from, or give files to "
            "'pratique advisories build'.",
        )
    return OsvBucket(base_url(url), proxy=proxy_of(proxy))


def _before(root: Path) -> tuple[Retained | None, str]:
    """The generation in use, where its records can be kept; else why they cannot."""
    folder = None
    try:
        folder = generation.current(root)
        if folder is None:
            return None, ""
        return Retained(folder, generation.read_manifest(folder, any_ordering=True)), ""
    except GenerationError as error:
        if folder is not None and folder.name.startswith(STARTER):
            return None, ""  # it has no whole records, and is no loss
        return None, error.message


def _switch(
    root: Path,
    before: Retained | None,
    plans: Mapping[str, Plan],
    now: datetime,
    *,
    accept_shrinking: bool,
) -> Manifest:
    marks = dict(before.manifest.watermarks) if before else {}
    marks |= {name: plan.watermark for name, plan in plans.items()}
    known = before is not None and before.manifest.fingerprint == fingerprint()
    if before is not None and known and not any(isinstance(p, Whole) for p in plans.values()):
        try:
            return _laid(root, before, plans, marks, now, accept_shrinking=accept_shrinking)
        except TooManyError:
            pass
    return _built(root, before, plans, marks, now, accept_shrinking=accept_shrinking)


def _laid(
    root: Path,
    before: Retained,
    plans: Mapping[str, Plan],
    marks: dict[str, Watermark],
    now: datetime,
    *,
    accept_shrinking: bool,
) -> Manifest:
    def revise(manifest: Manifest) -> Manifest:
        dates = {name: mark.checked for name, mark in marks.items()}
        return msgspec.structs.replace(
            manifest,
            watermarks=marks,
            as_of=min(dates.values()),
            ecosystem_as_of=manifest.ecosystem_as_of | dates,
        )

    changes = [each for plan in plans.values() for each in plan.changes]
    if not changes:
        name = generation.next_name(root, now)
        renewed = msgspec.structs.replace(revise(before.manifest), generation=name, created=now)
        return generation.renew(root, before.folder, name, renewed)
    manifest = apply_delta(root, changes, now=now, revise=revise, accept_shrinking=accept_shrinking)
    if too_many(manifest):
        return compact(root, now=now)
    return merge_layers(root, now=now)


def compact(root: Path, *, now: datetime) -> Manifest:
    """Build the current generation anew, without layers.

    Raises:
        GenerationError: It is damaged.
    """
    before, _ = _before(root)
    if before is None:
        raise GenerationError(f"{root} holds no advisories that can be built anew.")
    manifest = before.manifest
    try:
        before.keep([source.name for source in manifest.sources])
        return build(
            root,
            [],
            as_of=manifest.as_of,
            now=now,
            feeds=[before],
            watermarks=manifest.watermarks,
            dates=manifest.ecosystem_as_of,
            partial=manifest.partial,
        )
    finally:
        before.close()


def _built(
    root: Path,
    before: Retained | None,
    plans: Mapping[str, Plan],
    marks: Mapping[str, Watermark],
    now: datetime,
    *,
    accept_shrinking: bool,
) -> Manifest:
    sources = [
        Source(path=str(plan.archive), name=name, as_of=plan.watermark.checked)
        for name, plan in sorted(plans.items())
        if isinstance(plan, Whole)
    ]
    taken = {source.name for source in sources}
    feeds = []
    if before is not None:
        local = before.manifest.local
        before.keep(
            [
                source.name
                for source in before.manifest.sources
                if source.name not in taken and (source.name in marks or source.name in local)
            ]
        )
        before.change([each for plan in plans.values() for each in plan.changes])
        feeds = [before] if before.sources else []

    def check(manifest: Manifest) -> None:
        if before is not None and not accept_shrinking:
            _refuse_shrunk(before.manifest, manifest)

    try:
        return build(
            root,
            sources,
            as_of=min(mark.checked for mark in marks.values()),
            now=now,
            check=check,
            feeds=feeds,
            watermarks=marks,
            dates={name: mark.checked for name, mark in marks.items()},
        )
    except InputError as error:
        raise UpstreamError(
            f"what was fetched cannot be indexed: {error.message}",
            remedy=f"The advisories before it stay in use; {root / DOWNLOADS} may be removed.",
        ) from None


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
