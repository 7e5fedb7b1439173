"""The components of a lockfile or a bill of materials, each verified by the digests it names.

The digest in the list must be the one that was attested: evidence about another
file of the same version proves nothing of what will be installed.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats import registry
from pratique.formats.base import Kind
from pratique.formats.slsa import VSA_TYPES
from pratique.ingest.files import FolderTree
from pratique.model.attestation import Grade, VerifiedEvidence
from pratique.model.errors import InputError
from pratique.model.inventory import Trouble
from pratique.provenance.asking import check_release, verify_locked
from pratique.provenance.documents import judge_documents
from pratique.provenance.errors import VerificationError
from pratique.provenance.expectations import Expectations
from pratique.provenance.judge import failed
from pratique.provenance.rows import combined, unknown
from pratique.provenance.subject import Subject
from pratique.provenance.verdict import answer
from pratique.provenance.vsa import SummaryExpectations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pratique.model.inventory import Component, Reading
    from pratique.model.purl import Package
    from pratique.provenance.asking import Registries
    from pratique.provenance.evidence_folder import EvidenceFolder
    from pratique.provenance.request import Answer, Request

STRONG = ("sha512", "sha384", "sha256")
"""Digests of a lockfile that evidence is held against."""

MAX_COMPONENTS = 50_000
"""Most components that are verified in one run; lockfiles have some thousand."""


class Locked(msgspec.Struct, frozen=True):
    """One package of the list with the digests that the list has of it."""

    package: Any
    """:class:`~pratique.model.purl.Package`."""

    hashes: dict[str, set[str]]
    elsewhere: str = ""
    """Where it comes from, if that is no registry."""


class Ways(msgspec.Struct, frozen=True, kw_only=True):
    """Where evidence about components is looked for."""

    registries: Any = None
    """:class:`~pratique.provenance.asking.Registries`; None asks nobody."""

    folder: Any = None
    """:class:`~pratique.provenance.evidence_folder.EvidenceFolder` instead of registries."""

    summaries: Any = None
    """:class:`~pratique.provenance.evidence_folder.EvidenceFolder` of earlier summaries."""

    jobs: int = 8


def reading_of(path: Path) -> Reading | None:
    """What a file lists, judged by its name; None where it is no list of components.

    Raises:
        InputError: It is one and cannot be read.
    """
    readers = registry.by_name(path.name)
    if not any(one.kind in {Kind.LOCKFILE, Kind.MANIFEST, Kind.SBOM} for one in readers):
        return None
    tree = FolderTree(path.parent)
    try:
        name, data = registry.opened(path.name, tree.read(path.name))
        reader = registry.detect(name, data)
        if reader is None:
            return None
        return registry.read_function(reader)(data, name, tree)
    except InputError as error:
        raise type(error)(f"{path}: {error.message}.") from None


def components(reading: Reading) -> tuple[Locked, ...]:
    """Packages of a reading, each version once, in order of their names.

    Raises:
        InputError: There are over ``MAX_COMPONENTS``.
    """
    found: dict[str, Locked] = {}
    for one in reading.components:
        key = str(one.package)
        known = found.setdefault(key, Locked(one.package, {}, _elsewhere(one)))
        for each in one.hashes:
            if each.algorithm in STRONG:
                known.hashes.setdefault(each.algorithm, set()).add(each.digest)
    if len(found) > MAX_COMPONENTS:
        raise InputError(f"the list has over {MAX_COMPONENTS:,} components.")
    return tuple(found[key] for key in sorted(found))


def problems(reading: Reading) -> tuple[str, ...]:
    """What of a list could not be understood, a line each."""
    return tuple(
        f"{one.location}: {one.message}"
        for one in reading.problems
        if one.trouble is not Trouble.NOTICE
    )


def _elsewhere(one: Component) -> str:
    return str(one.source) if one.source is not None else ""


def verify_components(
    listed: tuple[Locked, ...],
    request: Request,
    ways: Ways,
    progress: Callable[[Answer], None] = lambda _: None,
) -> tuple[Answer, ...]:
    """A graded answer for each component, in their order.

    Args:
        listed: From :func:`components`.
        request: What is trusted and expected; its signers and what summaries must say
            hold for the summaries of earlier runs alone: components have many signers.
        ways: Where evidence is looked for.
        progress: Told each answer as it is there.
    """
    fresh = msgspec.structs.replace(
        request,
        summary=SummaryExpectations(),
        identity="",
        issuer="",
        key=None,
        allowed_signers=(),
        keyring=(),
    )

    def verified(one: Locked) -> Answer:
        return _summarised(one, request, ways.summaries) or _verified(one, fresh, ways)

    found = []
    with ThreadPoolExecutor(max_workers=max(1, ways.jobs)) as pool:
        for one in pool.map(verified, listed):
            progress(one)
            found.append(one)
    return tuple(found)


def _verified(one: Locked, request: Request, ways: Ways) -> Answer:
    name = str(one.package)
    if one.elsewhere:
        bare = answer(Subject(name, {}), (), request)
        reason = f"it comes from {one.elsewhere}, not from a registry"
        action = "Verify its source with 'pratique verify git:PATH@REF'."
        return msgspec.structs.replace(bare, reason=reason, next_action=action)
    if not one.package.version:
        action = "Lock it to a version."
        return unknown(name, {}, "the list names no version of it", action, request)
    if ways.folder is None and one.package.type not in {"pypi", "npm"}:
        bare = answer(Subject(name, {}), (), request)
        reason = f"no evidence is known to be offered for {one.package.type} packages"
        action = "Give evidence that you have with --evidence."
        return msgspec.structs.replace(bare, reason=reason, next_action=action)
    if not one.hashes:
        reason = "the list has no strong digest of it to hold evidence against"
        action = "Lock it with SHA-256 or SHA-512 digests."
        return unknown(name, {}, reason, action, request)
    if ways.folder is not None:
        return _from_folder(one, request, ways.folder)
    registries: Registries | None = ways.registries
    if registries is None:
        action = "Name a registry, or a folder with --evidence."
        return unknown(name, {}, "nobody was asked", action, request)
    return verify_locked(one.package, one.hashes, request, registries)


def _from_folder(one: Locked, request: Request, folder: EvidenceFolder) -> Answer:
    package: Package = one.package
    expected = msgspec.structs.replace(request, package=(package.full_name, package.version))
    answers = []
    for algorithm, values in sorted(one.hashes.items()):
        for value in sorted(values):
            found = list(_judged(package, algorithm, value, expected, folder))
            answers.append(answer(Subject(str(package), {algorithm: value}), found, request))
    return combined(str(package), answers, request)


def _judged(
    package: Package, algorithm: str, value: str, request: Request, folder: EvidenceFolder
) -> Iterator[VerifiedEvidence]:
    """Evidence of the folder about one digest; a distribution's name is what was attested."""
    from pratique.provenance.kinds import attested_name

    for one in folder.about(value):
        name = attested_name(one.data, value) or str(package)
        subject = Subject(name, {algorithm: value})
        found = judge_documents(one.data, one.path, subject, request)
        if package.type == "pypi" and any(x.kind.startswith("pep740") for x in found):
            try:
                check_release(name, package)
            except VerificationError as error:
                yield msgspec.structs.replace(failed(error, "pep740"), path=one.path)
                continue
        yield from found


def is_summarised(one: Answer) -> bool:
    """Whether an answer about a component rests on the summary of an earlier run."""
    return bool(one.evidence) and all(x.predicate_type in VSA_TYPES for x in one.evidence)


def _summarised(one: Locked, request: Request, folder: EvidenceFolder | None) -> Answer | None:
    """The answer of an earlier run, where its summary holds for all digests of the list."""
    values = {value for each in one.hashes.values() for value in each}
    if folder is None or not values or not request.knows_signer:
        return None
    name = str(one.package)
    expected = msgspec.structs.replace(
        request,
        expected=Expectations(),
        summary=msgspec.structs.replace(request.summary, resource=name),
    )
    for found in folder.about(next(iter(values))):
        graded: list[VerifiedEvidence] = []
        for algorithm, each in one.hashes.items():
            for value in each:
                subject = Subject(name, {algorithm: value})
                graded += judge_documents(found.data, found.path, subject, expected)
        good = [
            x
            for x in graded
            if x.grade is Grade.VERIFIED
            and x.predicate_type in VSA_TYPES
            and request.expects(x.identity, x.issuer)
        ]
        if graded and len(good) == len(graded):
            made = answer(Subject(name, {}), good[:1], expected)
            if made.grade is Grade.VERIFIED:
                return made
    return None
