"""The gate itself: from a name that is asked for to what is admitted of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.gate import npm, pypi
from pratique.gate.errors import NotHereError, RefusedError
from pratique.gate.judging import one_line, refusal
from pratique.gate.models import File, Pin, Project, Release, Ruling
from pratique.model.decision import Decision

if TYPE_CHECKING:
    from collections.abc import Callable

    from pratique.gate.clock import Clock
    from pratique.gate.depot import Depot, Download
    from pratique.gate.fetch import Page
    from pratique.gate.judging import Judge
    from pratique.gate.metadata import Cached, Metadata

DECIDE_SECONDS = 60.0
"""How long a ruling holds before it is decided anew: ages pass, advisories come."""

MAX_RULED_BYTES = 24 * 1024 * 1024
"""Index pages whose rulings are kept; read, a page takes some five times its bytes."""

MAX_WRITTEN_BYTES = 64 * 1024 * 1024
"""Answers kept ready."""

_READERS: dict[str, Callable[[Page, str], Project]] = {
    pypi.ECOSYSTEM: pypi.read,
    npm.ECOSYSTEM: npm.read,
}
_ACCEPT = {pypi.ECOSYSTEM: pypi.ACCEPT, npm.ECOSYSTEM: npm.ACCEPT}


class Standing(msgspec.Struct):
    """A ruling, and how long it holds."""

    ruling: Ruling
    until: float
    stale: bool
    size: int
    files: dict[str, list[tuple[Release, File]]]
    """By the name under which they are asked for."""

    written: dict[tuple[str, ...], bytes] = {}


class Found(msgspec.Struct, frozen=True):
    """A file that may be given out."""

    decision: Decision
    version: str
    file: File
    pin: Pin | None
    stale: bool = False


class Gate:
    """Answers what package managers ask.

    Args:
        upstreams: Address of the registry, by ecosystem.
        metadata: Brings index pages.
        depot: Brings and keeps artifacts.
        judge: Decides.
        clock: Tells the time.
    """

    def __init__(
        self,
        upstreams: dict[str, str],
        metadata: Metadata,
        depot: Depot,
        judge: Judge,
        clock: Clock,
    ) -> None:
        self.upstreams = upstreams
        self.depot = depot
        self.judge = judge
        self._metadata = metadata
        self._clock = clock
        self._standing: dict[tuple[str, str], Standing] = {}
        self._bytes = 0
        self._written_bytes = 0
        self._running: dict[tuple[str, str], asyncio.Task[Standing]] = {}
        self._alarmed: set[tuple[str, str, str]] = set()

    async def standing(self, ecosystem: str, name: str, client: str) -> Standing:
        """What stands on a project: those who ask at once share the work.

        Args:
            ecosystem: OSV ecosystem.
            name: Normalised.
            client: Who asks, for the record.

        Raises:
            RefusedError: The name is reserved; upstream is not asked.
            GateError: See :meth:`Metadata.get`.
        """
        key = ecosystem, name
        known = self._standing.get(key)
        if known is not None and self._clock.steady() < known.until:
            return known
        if self.judge.assessor.lists.is_reserved(ecosystem, name):
            self.judge.reserved(ecosystem, name, client)
            raise RefusedError(
                f"{name} is a name reserved for internal packages; it is never fetched from "
                "outside. Take it from the internal registry."
            )
        task = self._running.get(key)
        if task is None:
            task = asyncio.create_task(self._rule(ecosystem, name))
            self._running[key] = task
            task.add_done_callback(lambda _: self._running.pop(key, None))
        return await asyncio.shield(task)

    async def _rule(self, ecosystem: str, name: str) -> Standing:
        base = self.upstreams.get(ecosystem)
        if base is None:
            raise NotHereError(f"this gate has no upstream for {ecosystem}")
        url = (
            f"{base.rstrip('/')}/{name}/"
            if ecosystem == pypi.ECOSYSTEM
            else npm.address(base, name)
        )
        cached = await self._metadata.get(url, _ACCEPT[ecosystem])
        standing = await asyncio.to_thread(self._decide, ecosystem, name, cached)
        return self._keep((ecosystem, name), standing)

    def _decide(self, ecosystem: str, name: str, cached: Cached) -> Standing:
        project = _READERS[ecosystem](cached.page, name)
        pins = self.depot.pins(ecosystem, name)
        if cached.gone:
            project.releases = _kept_only(project.releases, pins)
        ruling = self.judge.rule(project)
        files: dict[str, list[tuple[Release, File]]] = {}
        for release in project.releases:
            for file in release.files:
                files.setdefault(file.name, []).append((release, file))
                beside = pypi.metadata_file(file) if ecosystem == pypi.ECOSYSTEM else None
                if beside is not None:
                    files.setdefault(beside.name, []).append((release, beside))
        self._compare(project, files, pins)
        return Standing(
            ruling=ruling,
            until=min(cached.until, self._clock.steady() + DECIDE_SECONDS),
            stale=cached.stale or cached.gone,
            size=len(cached.page.body),
            files=files,
            written={},
        )

    def _compare(
        self, project: Project, files: dict[str, list[tuple[Release, File]]], pins: dict[str, Pin]
    ) -> None:
        """Raise an alarm for each kept file that upstream has changed."""
        for name, pin in pins.items():
            for _, file in files.get(name, ()):
                kept = pin.digests | {"sha256": pin.sha256}
                changed = [
                    method
                    for method, digest in file.digests.items()
                    if kept.get(method, digest) != digest
                ]
                key = project.ecosystem, name, str(sorted(file.digests.items()))
                if changed and key not in self._alarmed:
                    self._alarmed.add(key)
                    self.judge.alarm(
                        "upstream changed a file that is kept; the first one stays",
                        ecosystem=project.ecosystem,
                        package=project.name,
                        file=name,
                        kept=kept,
                        upstream=file.digests,
                    )

    def _keep(self, key: tuple[str, str], standing: Standing) -> Standing:
        self._drop(key)
        self._standing[key] = standing
        self._bytes += standing.size
        while self._bytes > MAX_RULED_BYTES and len(self._standing) > 1:
            self._drop(next(iter(self._standing)))
        return standing

    def _drop(self, key: tuple[str, str]) -> None:
        old = self._standing.pop(key, None)
        if old is not None:
            self._bytes -= old.size
            self._written_bytes -= sum(map(len, old.written.values()))
            old.written.clear()

    async def written(
        self, standing: Standing, form: tuple[str, ...], write: Callable[[], bytes]
    ) -> bytes:
        """An answer that is made once for as long as a ruling stands.

        Args:
            standing: What it is made of.
            form: What tells it from other answers of the same.
            write: Makes it.
        """
        project = standing.ruling.project
        pins = len(self.depot.pins(project.ecosystem, project.name))
        key = (*form, str(pins))
        found = standing.written.get(key)
        if found is None:
            found = await asyncio.to_thread(write)
            if self._standing.get((project.ecosystem, project.name)) is standing:
                if self._written_bytes + len(found) > MAX_WRITTEN_BYTES:
                    for other in self._standing.values():
                        other.written.clear()
                    self._written_bytes = 0
                standing.written[key] = found
                self._written_bytes += len(found)
        return found

    async def find(self, ecosystem: str, name: str, file: str, client: str) -> Found:
        """A file, if policy admits it.

        Raises:
            RefusedError: Policy does not.
            NotHereError: There is none of that name.
            GateError: See :meth:`Metadata.get`.
        """
        standing = await self.standing(ecosystem, name, client)
        pins = self.depot.pins(ecosystem, name)
        listed = standing.files.get(file)
        if not listed:
            return await asyncio.to_thread(self._unlisted, ecosystem, name, file, client)
        ruling = standing.ruling
        # Where two versions claim one file, both must be admitted.
        for release, _ in listed:
            decision = ruling.decisions[release.key]
            if release.key not in ruling.admitted:
                self._refuse(decision, file, client)
        release, found = listed[0]
        return Found(
            ruling.decisions[release.key], release.version, found, pins.get(file), standing.stale
        )

    def _unlisted(self, ecosystem: str, name: str, file: str, client: str) -> Found:
        """A file that upstream no longer lists, but that is kept: it is decided on once more."""
        pin = self.depot.pins(ecosystem, name).get(file)
        if pin is None:
            raise NotHereError(f"{one_line(file)} is not a file of {name}")
        kept = File(name=file, url="", digests=pin.digests | {"sha256": pin.sha256})
        release = Release(version=pin.version, files=(kept,), published=pin.stored)
        project = Project(ecosystem=ecosystem, name=name, releases=(release,))
        decision = self.judge.decide(project)[release.key]
        if not self.judge.admits(decision):
            self._refuse(decision, file, client)
        return Found(decision, pin.version, kept, pin, stale=True)

    def _refuse(self, decision: Decision, file: str, client: str) -> None:
        self.judge.refused(decision, file, client)
        raise RefusedError(one_line(refusal(decision, self.judge.policy.policy.id)))

    def bring(self, ecosystem: str, name: str, found: Found, client: str) -> Download:
        """Fetch an admitted file that is not kept yet."""

        def stored(pin: Pin) -> None:
            self.judge.served(found.decision, found.file.name, pin, client, first=True)
            self.judge.log.sync()

        return self.depot.download(ecosystem, name, found.version, found.file, stored)

    def state(self) -> dict[str, Any]:
        """What a health check wants to know."""
        log = self.judge.log
        return {
            "status": "ok",
            "policy": self.judge.policy.policy.id,
            "policy_digest": self.judge.policy.digest,
            "advisories": self.judge.assessor.index.manifest.generation,
            "upstreams": sorted(self.upstreams),
            "log": {"entries": log.number, "head": log.head},
        }


def _kept_only(releases: tuple[Release, ...], pins: dict[str, Pin]) -> tuple[Release, ...]:
    """What is left of a project that upstream has taken away: what is kept here."""
    left = []
    for release in releases:
        files = tuple(file for file in release.files if file.name in pins)
        if files:
            left.append(msgspec.structs.replace(release, files=files))
    return tuple(left)
