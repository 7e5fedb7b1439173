"""Attestations that an index offers, verified before policy looks: offline, by a pinned root.

PyPI: *Index hosted attestations* (PEP 740).  npm: *Attestations* of the registry.
What comes out is graded by :mod:`pratique.provenance`; a version is as good as
the worst of its files.
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

import msgspec

from pratique.gate import npm, pypi
from pratique.gate.errors import GateError
from pratique.model.attestation import Grade
from pratique.model.errors import PratiqueError

if TYPE_CHECKING:
    from pratique.formats.sigstore.npm import RegistryKey
    from pratique.gate.models import File, Project, Release
    from pratique.gate.service import Gate
    from pratique.provenance.trust import TrustRoot

MAX_VERSIONS = 10
"""Newest versions of a project whose attestations are verified: one takes some milliseconds."""

MAX_FILES = 40
"""Files of one version that are verified; with more, its provenance stays unknown."""

MAX_REMEMBERED = 10_000
"""Documents whose grade is remembered, so that each is verified once."""

FACTS = ("provenance", "provenance_source", "source_expected")
_FACT = {
    Grade.VERIFIED: "verified",
    Grade.TIME_UNPROVEN: "time-unproven",
    Grade.UNSUPPORTED: "unsupported",
    Grade.FAILED: "failed",
    Grade.NONE: "none",
}
_ORDER = ("verified", "time-unproven", "unsupported", "none", "failed")


class Graded(msgspec.Struct, frozen=True):
    """What came of verifying."""

    grade: str
    """As the fact has it; empty where it could not be had."""

    source: str = ""
    """Repository that is proven, not the one that the index names."""


NOTHING = Graded("")


class Attesting:
    """Verifies.

    Args:
        root: Whom to trust; by default what ``pratique trust update`` brought, else the pinned one.
    """

    def __init__(self, root: TrustRoot | None = None) -> None:
        self._root = root
        self._registry_keys: tuple[RegistryKey, ...] = ()
        self._known: dict[str, Graded] = {}

    async def verify(self, gate: Gate, project: Project) -> None:
        """Put into the newest versions what came of it; all else stays as it is."""
        if not gate.judge.uses(*FACTS):
            return
        attested = [one for one in project.releases if one.attested]
        attested.sort(key=lambda one: (one.published is not None, one.published), reverse=True)
        newest = attested[:MAX_VERSIONS]
        graded = await asyncio.gather(*(self._release(gate, project, one) for one in newest))
        found = {one.key: one for one in project.releases}
        for one, told in zip(newest, graded, strict=True):
            if told.grade:
                found[one.key] = msgspec.structs.replace(
                    found[one.key], provenance=told.grade, source=told.source
                )
        project.releases = tuple(found[one.key] for one in project.releases)

    async def _release(self, gate: Gate, project: Project, release: Release) -> Graded:
        if not 0 < len(release.files) <= MAX_FILES:
            return NOTHING
        asked = (self._file(gate, project, release, one) for one in release.files)
        return worst(await asyncio.gather(*asked))

    async def _file(self, gate: Gate, project: Project, release: Release, file: File) -> Graded:
        where = _where(project, release, file)
        if where is None:
            return NOTHING
        key, url = where
        try:
            body = (await gate.metadata.get(key, url, "application/json", fixed=True)).page.body
        except GateError:
            return NOTHING
        return await asyncio.to_thread(self._graded, body, project, release, file)

    def _graded(self, body: bytes, project: Project, release: Release, file: File) -> Graded:
        digests = repr(sorted(file.digests.items())).encode()
        name = f"{project.ecosystem}/{project.name}@{release.version}/{file.name}".encode()
        key = hashlib.sha256(b"\n".join((digests, name, body))).hexdigest()
        found = self._known.get(key)
        if found is None:
            found = self._judged(body, project, release, file)
            if len(self._known) >= MAX_REMEMBERED:
                self._known.clear()
            self._known[key] = found
        return found

    def _judged(self, body: bytes, project: Project, release: Release, file: File) -> Graded:
        from pratique.provenance.judge import judge
        from pratique.provenance.kinds import Kind
        from pratique.provenance.request import Request
        from pratique.provenance.subject import Subject
        from pratique.provenance.trust_store import current_registry_keys, current_root

        if self._root is None:
            try:
                root, self._registry_keys = current_root(), current_registry_keys()
            except PratiqueError:  # damaged, as 'pratique trust status' says: nothing is known
                return NOTHING
            self._root = root
        kind = Kind.NPM if project.ecosystem == npm.ECOSYSTEM else Kind.INDEX_PROVENANCE
        subject = Subject(file.name, file.digests)
        request = Request(
            root=self._root,
            registry_keys=self._registry_keys,
            package=(project.name, release.version),
        )
        try:
            made = judge(body, kind, file.name, subject, request)
        except PratiqueError:
            return Graded("failed")
        graded = [Graded(_FACT[one.grade], repository_of(one.source)) for one in made]
        return worst(graded) if graded else Graded("none")


def worst(graded: list[Graded]) -> Graded:
    """Several as one: the worst grade, and the source where all that name one agree."""
    if not all(one.grade for one in graded):
        return NOTHING
    grade = max((one.grade for one in graded), key=_ORDER.index)
    sources = {one.source for one in graded if one.source}
    proven = grade == "verified" and len(sources) == 1
    return Graded(grade, sources.pop() if proven else "")


def repository_of(source: str) -> str:
    """The repository of a source, without scheme of git, ref and commit."""
    text = source.removeprefix("git+")
    scheme, _, rest = text.partition("://")
    return f"{scheme}://{rest.partition('@')[0]}" if rest else text.partition("@")[0]


def _where(project: Project, release: Release, file: File) -> tuple[str, str] | None:
    """By what an attestation is kept, and where upstream has it."""
    if project.ecosystem == pypi.ECOSYSTEM:
        beside = pypi.provenance_file(file)
        return (f"{project.ecosystem}/{project.name}/{beside.name}", beside.url) if beside else None
    if project.ecosystem == npm.ECOSYSTEM and isinstance(project.document, dict):
        manifest = project.document.get("versions", {}).get(release.version) or {}
        evidence = manifest.get("dist", {}).get("attestations")
        url = evidence.get("url") if isinstance(evidence, dict) else None
        if isinstance(url, str):
            return f"{project.ecosystem}/{project.name}@{release.version}/attestations", url
    return None
