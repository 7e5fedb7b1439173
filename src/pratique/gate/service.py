"""The gate itself: from a name that is asked for to what is admitted of it."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.gate import crates, golang, gomod, maven, npm, pypi
from pratique.gate.attesting import Attesting
from pratique.gate.errors import BrokenError, GateError, NotHereError, RefusedError
from pratique.gate.judging import holding, waiting_of
from pratique.gate.models import File, Pin, Project, Release, Ruling
from pratique.gate.text import one_line
from pratique.model.decision import Circumstances, Decision

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from pratique.gate.clients import Client
    from pratique.gate.clock import Clock
    from pratique.gate.depot import Depot
    from pratique.gate.download import Download
    from pratique.gate.fetch import Page
    from pratique.gate.judging import Judge
    from pratique.gate.metadata import Cached, Metadata

DECIDE_SECONDS = 60.0
"""How long a ruling holds before it is decided anew: ages pass, advisories come."""

MAX_RULED_BYTES = 24 * 1024 * 1024
"""Index pages whose rulings are kept; read, a page takes some five times its bytes."""

MAX_WRITTEN_BYTES = 64 * 1024 * 1024
"""Answers kept ready."""

_READERS: dict[str, Callable[[Page, str, str], Project]] = {
    pypi.ECOSYSTEM: lambda page, name, _: pypi.read(page, name),
    npm.ECOSYSTEM: lambda page, name, _: npm.read(page, name),
    crates.ECOSYSTEM: crates.read,
}
"""From a page, a name, and where the index says that its files are."""

_ACCEPT = {
    pypi.ECOSYSTEM: pypi.ACCEPT,
    npm.ECOSYSTEM: npm.ACCEPT,
    crates.ECOSYSTEM: crates.ACCEPT,
    golang.ECOSYSTEM: golang.ACCEPT,
}
_PAGES: dict[str, Callable[[str, str], str]] = {
    pypi.ECOSYSTEM: lambda base, name: f"{base}/{name}/",
    npm.ECOSYSTEM: npm.address,
    crates.ECOSYSTEM: lambda base, name: f"{base}/{crates.place(name)}",
    golang.ECOSYSTEM: lambda base, name: f"{golang.module(base, name)}/list",
}
"""Address of a project's page, from that of the registry and the name."""


_Key = tuple[str, str, Circumstances]


class Written(msgspec.Struct, frozen=True):
    """An answer, and its entity tag."""

    body: bytes
    tag: str


class Standing(msgspec.Struct, kw_only=True):
    """A ruling, and how long it holds."""

    ruling: Ruling
    until: float
    stale: bool
    size: int
    files: dict[str, list[tuple[Release, File]]]
    """By the name under which they are asked for."""

    written: dict[tuple[str, ...], Written] = {}
    key: tuple[str, str, Circumstances]
    """Ecosystem, name, and for whom it was decided."""

    generation: int
    """Of the approvals that it was decided with."""

    waits: bool
    """Whether something of it waits for an approval."""


class Found(msgspec.Struct, frozen=True):
    """A file that may be given out."""

    decision: Decision
    release: Release
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
        attesting: Verifies attestations; by the pinned root where it is not given.
    """

    def __init__(
        self,
        upstreams: dict[str, str],
        metadata: Metadata,
        depot: Depot,
        judge: Judge,
        clock: Clock,
        attesting: Attesting | None = None,
    ) -> None:
        self.attesting = attesting or Attesting()
        self.upstreams = upstreams
        self.depot = depot
        self.judge = judge
        self.metadata = metadata
        self.clock = clock
        self._standing: dict[_Key, Standing] = {}
        self._bytes = 0
        self._written_bytes = 0
        self._running: dict[_Key, asyncio.Task[Standing]] = {}
        self._alarmed: set[tuple[str, str, str]] = set()

    async def standing(self, ecosystem: str, name: str, client: Client) -> Standing:
        """What stands on a project: those who ask at once share the work.

        Args:
            ecosystem: OSV ecosystem.
            name: Normalised.
            client: Who asks, for the record.

        Raises:
            RefusedError: The name is reserved; upstream is not asked.
            GateError: See :meth:`Metadata.get`.
        """
        key = ecosystem, name, self.judge.where(client)
        known = self._standing.get(key)
        here = (
            known is not None
            and self.clock.steady() < known.until
            and known.generation == self.judge.approvals.generation
        )
        self.judge.metrics.looked("index", hit=here)
        if not here or known is None:
            self.not_reserved(ecosystem, name, client)
            task = self._running.get(key)
            if task is None:
                task = asyncio.create_task(self._rule(key))
                self._running[key] = task
                task.add_done_callback(lambda _: self._running.pop(key, None))
            known = await asyncio.shield(task)
        if known.waits and client.user:
            self.judge.requested(known.ruling, client)
        return known

    def not_reserved(self, ecosystem: str, name: str, client: Client) -> None:
        """Let a name pass that may be asked for outside.

        Raises:
            RefusedError: It is reserved for internal packages; that goes on record.
        """
        if self.judge.assessor.lists.is_reserved(ecosystem, name):
            self.judge.reserved(ecosystem, name, client)
            raise RefusedError(
                f"{name} is a name reserved for internal packages; it is never fetched from "
                "outside. Take it from the internal registry."
            )

    async def _rule(self, key: _Key) -> Standing:
        ecosystem, name, where = key
        base = self.upstreams.get(ecosystem)
        if base is None:
            raise NotHereError(f"this gate has no upstream for {ecosystem}")
        project, cached = await self._project(ecosystem, base.rstrip("/"), name)
        return self._keep(await asyncio.to_thread(self._decide, project, cached, where))

    async def _project(self, ecosystem: str, base: str, name: str) -> tuple[Project, Cached]:
        """What upstream says of a project."""
        from pratique.gate import enriching, maven_asking  # they ask through this module's gate

        if ecosystem == maven.ECOSYSTEM:
            return await maven_asking.project(self, base, name)
        key = f"{ecosystem}/{name}"
        cached = await self.metadata.get(key, _PAGES[ecosystem](base, name), _ACCEPT[ecosystem])
        if ecosystem == golang.ECOSYSTEM:
            versions = golang.listed(cached.page)
            timed = versions[-golang.MAX_TIMED :]
            found = await asyncio.gather(*(self._made(base, name, one) for one in timed))
            times = dict.fromkeys(versions) | dict(zip(timed, found, strict=True))
            project = golang.project(base, name, times)
            await self._retractions(base, project)
            return project, cached
        files = ""
        if ecosystem == crates.ECOSYSTEM:
            config = await self.metadata.get(f"{ecosystem}/", f"{base}/config.json", "*/*")
            files = crates.template(config.page)
        read = _READERS[ecosystem]
        project = await asyncio.to_thread(read, cached.page, name, files)
        await enriching.enrich(self, project)
        await self.attesting.verify(self, project)
        return project, cached

    async def _made(self, base: str, name: str, version: str) -> datetime | None:
        """When a Go version was made, as the proxy says; ``None`` where it does not."""
        url = f"{golang.module(base, name)}/{golang.escaped(version)}.info"
        try:
            cached = await self.metadata.get(
                f"{golang.ECOSYSTEM}/{name}@{version}", url, golang.ACCEPT, fixed=True
            )
        except GateError:
            return None
        told, time = golang.told(cached.page)
        return time if told == version else None

    async def _retractions(self, base: str, project: Project) -> None:
        """Mark what the newest version retracts; where it cannot be read, that is unknown."""
        listed = [one.version for one in project.releases]
        final = [one for one in listed if "-" not in one] or listed
        if not final or not self.judge.uses("yanked", "deprecated"):
            return
        url = f"{golang.module(base, project.name)}/{golang.escaped(final[-1])}.mod"
        key = f"{golang.ECOSYSTEM}/{project.name}@{final[-1]}.mod"
        try:
            page = (await self.metadata.get(key, url, golang.ACCEPT, fixed=True)).page
        except GateError:
            return
        gomod.apply(project, gomod.said(page.body.decode("utf-8", "replace")))

    async def unlisted_go(self, name: str, version: str, file: str, client: Client) -> Found:
        """A file of a Go version that is in no list: a pseudo-version.

        Raises:
            RefusedError: Policy does not admit it.
            GateError: Upstream does not have it, or does not answer.
        """
        pin = self.depot.pins(golang.ECOSYSTEM, name).get(file)
        if pin is not None:
            return await asyncio.to_thread(self.unlisted, golang.ECOSYSTEM, name, file, client)
        base = self.upstreams[golang.ECOSYSTEM].rstrip("/")
        times = {version: await self._made(base, name, version)}
        project = golang.project(base, name, times)
        decisions = await asyncio.to_thread(self.judge.decide, project, self.judge.where(client))
        decision = decisions[version]
        if not self.judge.admits(decision):
            await asyncio.to_thread(self.refuse, decision, file, client)
        release = project.releases[0]
        return Found(decision, release, next(one for one in release.files if one.name == file), pin)

    async def latest_go(self, standing: Standing, client: Client) -> tuple[str, datetime | None]:
        """The version that ``@latest`` means among what is admitted, and its time.

        Raises:
            RefusedError: Nothing is admitted.
            GateError: Upstream does not have it, or does not answer.
        """
        ruling = standing.ruling
        name = ruling.project.name
        left = [one for one in ruling.project.releases if one.version in ruling.admitted]
        final = [one for one in left if "-" not in one.version]
        if final or left:
            return (final or left)[-1].version, (final or left)[-1].published
        for release in reversed(ruling.project.releases):
            file = release.files[0].name
            await asyncio.to_thread(self.refuse, ruling.decisions[release.key], file, client)
        base = self.upstreams[golang.ECOSYSTEM].rstrip("/")
        url = f"{golang.module(base, name).removesuffix('@v')}@latest"
        cached = await self.metadata.get(f"{golang.ECOSYSTEM}/{name}@", url, golang.ACCEPT)
        version, time = golang.told(cached.page)
        if not version:
            raise BrokenError(f"upstream does not say what the latest version of {name} is")
        await self.unlisted_go(name, version, f"{version}.info", client)
        return version, time

    async def checksums(self, path: str) -> bytes:
        """What the checksum database says at a path, as the upstream proxy passes it on.

        Raises:
            GateError: See :meth:`Metadata.get`.
        """
        base = self.upstreams.get(golang.ECOSYSTEM)
        if base is None:
            raise NotHereError("this gate has no upstream for Go")
        url = f"{base.rstrip('/')}/sumdb/{golang.escaped(path)}"
        return (await self.metadata.get(f"sumdb/{path}", url, "*/*")).page.body

    def _decide(self, project: Project, cached: Cached, where: Circumstances) -> Standing:
        ecosystem, name = project.ecosystem, project.name
        pins = self.depot.pins(ecosystem, name)
        if cached.gone:
            project.releases = _kept_only(project.releases, pins)
        generation = self.judge.approvals.generation
        ruling = self.judge.rule(project, where)
        files: dict[str, list[tuple[Release, File]]] = {}
        for release in project.releases:
            for file in release.files:
                files.setdefault(file.name, []).append((release, file))
                for beside in _beside(ecosystem, file):
                    files.setdefault(beside.name, []).append((release, beside))
        self.compare(project, files, pins)
        return Standing(
            ruling=ruling,
            until=min(cached.until, self.clock.steady() + DECIDE_SECONDS),
            stale=cached.stale or cached.gone,
            size=len(cached.page.body),
            files=files,
            written={},
            key=(ecosystem, name, where),
            generation=generation,
            waits=bool(waiting_of(ruling)),
        )

    def compare(
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

    def _keep(self, standing: Standing) -> Standing:
        self._drop(standing.key)
        self._standing[standing.key] = standing
        self._bytes += standing.size
        while self._bytes > MAX_RULED_BYTES and len(self._standing) > 1:
            self._drop(next(iter(self._standing)))
        return standing

    def _drop(self, key: _Key) -> None:
        old = self._standing.pop(key, None)
        if old is not None:
            self._bytes -= old.size
            self._written_bytes -= sum(len(one.body) for one in old.written.values())
            old.written.clear()

    async def written(
        self, standing: Standing, form: tuple[str, ...], write: Callable[[], bytes]
    ) -> Written:
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
            found = await asyncio.to_thread(written_of, write)
            if self._standing.get(standing.key) is standing:
                if self._written_bytes + len(found.body) > MAX_WRITTEN_BYTES:
                    for other in self._standing.values():
                        other.written.clear()
                    self._written_bytes = 0
                standing.written[key] = found
                self._written_bytes += len(found.body)
        return found

    async def find(self, ecosystem: str, name: str, file: str, client: Client) -> Found:
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
            return await asyncio.to_thread(self.unlisted, ecosystem, name, file, client)
        ruling = standing.ruling
        # Where two versions claim one file, both must be admitted.
        for release, _ in listed:
            decision = ruling.decisions[release.key]
            if release.key not in ruling.admitted:
                await asyncio.to_thread(self.refuse, decision, file, client)
        release, found = listed[0]
        return Found(ruling.decisions[release.key], release, found, pins.get(file), standing.stale)

    def unlisted(self, ecosystem: str, name: str, file: str, client: Client) -> Found:
        """A file that upstream no longer lists, but that is kept: it is decided on once more."""
        pin = self.depot.pins(ecosystem, name).get(file)
        if pin is None:
            raise NotHereError(f"{one_line(file)} is not a file of {name}")
        kept = File(name=file, url="", digests=pin.digests | {"sha256": pin.sha256})
        release = msgspec.structs.replace(pin.release, files=(kept,))
        project = Project(ecosystem=ecosystem, name=name, releases=(release,))
        decision = self.judge.decide(project, self.judge.where(client))[release.key]
        if not self.judge.admits(decision):
            self.refuse(decision, file, client)
        return Found(decision, release, kept, pin, stale=True)

    def refuse(self, decision: Decision, file: str, client: Client) -> None:
        """Put a refusal on record.

        Raises:
            RefusedError: Always.
        """
        raise RefusedError(
            one_line(self.judge.refused(decision, file, client)),
            package=decision.subject,
            rules=holding(decision),
        )

    def bring(self, ecosystem: str, name: str, found: Found, client: Client) -> Download:
        """Fetch an admitted file that is not kept yet."""

        def stored(pin: Pin) -> None:
            self.judge.served(found.decision, found.file.name, pin, client, first=True)
            self.judge.log.sync()

        file, pin = found.file, found.pin
        if pin is not None:  # it went to make room, and comes back as what it was
            digests = {"sha256": pin.sha256}
            file = File(name=file.name, url=file.url or pin.url, digests=digests)
        return self.depot.download(ecosystem, name, found.release, file, stored)

    def state(self) -> dict[str, Any]:
        """What a health check wants to know."""
        log = self.judge.log
        return {
            "status": "ok",
            "policy": self.judge.policy.policy.id,
            "policy_digest": self.judge.policy.digest,
            "advisories": self.judge.assessor.index.manifest.generation,
            "trouble": self.judge.assessor.trouble,
            "upstreams": sorted(self.upstreams),
            "away": self.metadata.fetcher.away(),
            "store": {"bytes": self.depot.space.used, "quota": self.depot.space.limit},
            "log": {"entries": log.number, "head": log.head},
        }


def written_of(write: Callable[[], bytes]) -> Written:
    """An answer with its tag."""
    body = write()
    return Written(body, f'"{sha256(body).hexdigest()[:32]}"')


def _beside(ecosystem: str, file: File) -> tuple[File, ...]:
    """What an index has beside a file."""
    if ecosystem != pypi.ECOSYSTEM:
        return ()
    return tuple(filter(None, (pypi.metadata_file(file), pypi.provenance_file(file))))


def _kept_only(releases: tuple[Release, ...], pins: dict[str, Pin]) -> tuple[Release, ...]:
    """What is left of a project that upstream has taken away: what is kept here."""
    left = []
    for release in releases:
        files = tuple(file for file in release.files if file.name in pins)
        here = not release.files and any(
            pin.release.version == release.version for pin in pins.values()
        )
        if files or here:
            left.append(msgspec.structs.replace(release, files=files))
    return tuple(left)
