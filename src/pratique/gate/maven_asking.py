"""What Maven asks: metadata with what is admitted, files of a version, and their checksums.

A version is decided on when one of its files is asked for: a build asks for
hundreds of artifacts and hardly ever for the metadata of one.  When upstream
got a version, and its licence, come from its POM, which every client asks for
anyway.
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

import msgspec

from pratique.gate import maven
from pratique.gate.errors import BrokenError, GateError, NotHereError, RefusedError
from pratique.gate.service import DECIDE_SECONDS, Found, Written, written_of

if TYPE_CHECKING:
    from pratique.gate.clients import Client
    from pratique.gate.download import Download
    from pratique.gate.maven import Asked, Told
    from pratique.gate.metadata import Cached
    from pratique.gate.models import File, Pin, Project
    from pratique.gate.service import Gate

MAX_REMEMBERED = 20_000
"""Files whose decision, or whose checksums, are remembered; each some 100 bytes."""


class MavenGate:
    """Answers what Maven asks.

    Args:
        gate: That it is a part of.
    """

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._found: dict[tuple[object, ...], tuple[float, Found]] = {}
        self._sums: dict[tuple[str, str], str] = {}

    async def metadata(self, wanted: Asked, client: Client) -> tuple[Written, bool]:
        """Metadata of an artifact, a group or a snapshot; and whether it is stale.

        Raises:
            RefusedError: The name is reserved, or nothing of a snapshot is admitted.
            GateError: See :meth:`~pratique.gate.metadata.Metadata.get`.
        """
        gate = self._gate
        self._not_reserved(wanted, client)
        if not wanted.version:
            standing = await gate.standing(maven.ECOSYSTEM, wanted.name, client)
            body = await gate.written(standing, ("metadata",), lambda: maven.write(standing.ruling))
            return body, standing.stale
        url = f"{self._base()}/{wanted.folder}/{maven.METADATA}"
        key = f"{maven.ECOSYSTEM}/{wanted.name}/{wanted.version}"
        cached = await gate.metadata.get(key, url, maven.ACCEPT)
        project = maven.builds(cached.page, wanted.name, wanted.version)
        ruling = await asyncio.to_thread(gate.judge.rule, project, gate.judge.where(client))
        left = await asyncio.to_thread(maven.write_builds, ruling)
        if left is None and project.releases:
            decision = ruling.decisions[project.releases[-1].key]
            await asyncio.to_thread(gate.refuse, decision, wanted.file, client)
        return written_of(lambda: left or b"<metadata/>\n"), cached.stale or cached.gone

    async def find(self, wanted: Asked, client: Client) -> Found:
        """A file, if policy admits its version.

        Raises:
            RefusedError: It does not.
            GateError: See :meth:`~pratique.gate.metadata.Metadata.get`.
        """
        gate = self._gate
        self._not_reserved(wanted, client)
        where = gate.judge.where(client)
        generation = gate.judge.approvals.generation
        key = wanted.name, wanted.version, wanted.file, where, generation
        until, found = self._found.get(key, (0.0, None))
        pin = gate.depot.pins(maven.ECOSYSTEM, wanted.name).get(wanted.file)
        if found is not None and gate.clock.steady() < until:
            return msgspec.structs.replace(found, pin=pin)
        base = self._base()
        try:
            known, cached, file = await asyncio.gather(
                self._told(base, wanted), self._listed(base, wanted), self._file(base, wanted, pin)
            )
        except GateError:
            if pin is None:
                raise
            return await asyncio.to_thread(
                gate.unlisted, maven.ECOSYSTEM, wanted.name, wanted.file, client
            )
        page = cached.page if cached is not None else None
        release = msgspec.structs.replace(maven.release_of(wanted, known), files=(file,))
        project = await asyncio.to_thread(maven.project, wanted.name, page, {}, ())
        others = [one for one in project.releases if one.version != wanted.version]
        project.releases = (*others, release)
        decision = (await asyncio.to_thread(gate.judge.decide, project, where))[release.key]
        if pin is not None:
            gate.compare(project, {wanted.file: [(release, file)]}, {wanted.file: pin})
        if not gate.judge.admits(decision):
            await asyncio.to_thread(gate.refuse, decision, wanted.file, client)
        stale = cached is not None and cached.stale
        found = Found(decision, release, file, pin, stale)
        if len(self._found) >= MAX_REMEMBERED:
            self._found.clear()
        self._found[key] = gate.clock.steady() + DECIDE_SECONDS, found
        return found

    async def checksum(self, wanted: Asked, client: Client) -> str:
        """A checksum of a file, of what is kept and not of what upstream says of it.

        Raises:
            RefusedError: The file is not admitted.
            GateError: See :meth:`find`; or its content is wrong.
        """
        gate = self._gate
        found = await self.find(wanted, client)
        pin = found.pin
        if pin is None or not gate.depot.has(pin):
            download: Download = gate.bring(maven.ECOSYSTEM, wanted.name, found, client)
            await download.settled()
            pin = download.pin
            assert pin is not None
        if wanted.sum == "sha256":
            return pin.sha256
        key = pin.sha256, wanted.sum
        if key not in self._sums:
            if len(self._sums) >= MAX_REMEMBERED:
                self._sums.clear()
            with gate.depot.using(pin):
                self._sums[key] = await asyncio.to_thread(self._summed, pin, wanted.sum)
        return self._sums[key]

    def _summed(self, pin: Pin, method: str) -> str:
        with self._gate.depot.blob(pin).open("rb") as file:
            return hashlib.file_digest(file, method).hexdigest()

    def _base(self) -> str:
        base = self._gate.upstreams.get(maven.ECOSYSTEM)
        if base is None:
            raise NotHereError("this gate has no upstream for Maven")
        return base.rstrip("/")

    def _not_reserved(self, wanted: Asked, client: Client) -> None:
        """A group is reserved as well where all that is in it is: ``com.acme:*``."""
        self._gate.not_reserved(maven.ECOSYSTEM, wanted.name, client)
        if not wanted.version:
            lists = self._gate.judge.assessor.lists
            inner = f"{wanted.group}.{wanted.artifact}:-"
            if lists.is_reserved(maven.ECOSYSTEM, inner):
                self._gate.judge.reserved(maven.ECOSYSTEM, inner, client)
                raise RefusedError(f"{inner[:-2]} is a group reserved for internal packages")

    async def _told(self, base: str, wanted: Asked) -> Told:
        version = f"{wanted.version.removesuffix(maven.SNAPSHOT)}{wanted.build}"
        file = f"{wanted.artifact}-{version if wanted.build else wanted.version}.pom"
        return await told(self._gate, f"{base}/{wanted.folder}/{file}")

    async def _listed(self, base: str, wanted: Asked) -> Cached | None:
        """The artifact's metadata: its other versions tell which one fixes what."""
        url = maven.address(base, wanted.name)
        try:
            cached = await self._gate.metadata.get(
                f"{maven.ECOSYSTEM}/{wanted.name}", url, maven.ACCEPT
            )
            maven.versions(cached.page)
        except (NotHereError, BrokenError):
            return None
        return cached

    async def _file(self, base: str, wanted: Asked, pin: Pin | None) -> File:
        """The file with the digests that upstream has beside it."""
        plain = maven.file_of(base, wanted, {})
        methods = [one for one in maven.SUMS[:3] if pin is None or one in pin.digests]
        found = await asyncio.gather(*(self._digest(plain.url, one) for one in methods))
        digests = {one: digest for one, digest in zip(methods, found, strict=True) if digest}
        return msgspec.structs.replace(plain, digests=digests)

    async def _digest(self, url: str, method: str) -> str:
        try:
            cached = await self._gate.metadata.get(
                f"{maven.ECOSYSTEM} {url}.{method}", f"{url}.{method}", "*/*"
            )
        except NotHereError:
            return ""
        return maven.digest_of(cached.page, method)


async def told(gate: Gate, url: str) -> Told:
    """What the POM at an address tells; nothing where there is none.

    Raises:
        GateError: Upstream does not answer.
    """
    try:
        cached = await gate.metadata.get(f"{maven.ECOSYSTEM} {url}", url, maven.ACCEPT, fixed=True)
    except (NotHereError, BrokenError):
        return maven.Told()
    return await asyncio.to_thread(maven.told, cached.page)


async def project(gate: Gate, base: str, name: str) -> tuple[Project, Cached]:
    """An artifact as its metadata lists it, the newest versions with when they were published.

    Raises:
        GateError: See :meth:`~pratique.gate.metadata.Metadata.get`.
    """
    url = maven.address(base, name)
    cached = await gate.metadata.get(f"{maven.ECOSYSTEM}/{name}", url, maven.ACCEPT)
    listed = await asyncio.to_thread(maven.versions, cached.page)
    timed = [one for one in listed if not one.endswith(f"-{maven.SNAPSHOT}")][-maven.MAX_TIMED :]
    asked = (_or_nothing(gate, maven.pom(base, name, one)) for one in timed)
    known = dict(zip(timed, await asyncio.gather(*asked), strict=True))
    return await asyncio.to_thread(maven.project, name, cached.page, known, ()), cached


async def _or_nothing(gate: Gate, url: str) -> Told:
    try:
        return await told(gate, url)
    except GateError:
        return maven.Told()
