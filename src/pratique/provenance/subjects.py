"""What a word on the command line names, and the one answer about it.

``pkg:…`` is a package of a registry, ``git:…`` or a checkout's folder a revision, a
folder with ``oci-layout`` an image, a lockfile its components, anything else a file.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pratique.formats.slsa import meets, parse_level
from pratique.model.attestation import Grade, worst
from pratique.model.errors import InputError, UsageError
from pratique.model.purl import Package
from pratique.provenance.beside import find_evidence, read_evidence, shown
from pratique.provenance.rows import Rows, combined, counts
from pratique.provenance.service import verify_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pratique.model.inventory import Reading
    from pratique.provenance.evidence_folder import EvidenceFolder
    from pratique.provenance.locked import Ways
    from pratique.provenance.request import Answer, Request


LOCKFILES = "pratique.formats.lockfiles."
"""Where the readers of lockfiles and manifests are; others read what is installed, or models."""


class SubjectKind(StrEnum):
    """What is verified."""

    PACKAGE = "package"
    REVISION = "revision"
    LIST = "list"
    FILE = "file"
    """Or the folder of an image layout."""


def kind_of_subject(
    text: str, *, components_too: bool = False, bundled: bool = False
) -> SubjectKind:
    """What a word names, judged by its form and by what is there.

    Args:
        text: As given.
        components_too: Whether a file's components are wanted, whatever it is named.
        bundled: Whether evidence was named: then it is about the file itself.

    Raises:
        UsageError: It names nothing that is there.
    """
    if text.startswith("pkg:"):
        return SubjectKind.PACKAGE
    if text.startswith("git:"):
        return SubjectKind.REVISION
    path = Path(text)
    if not path.exists():
        raise UsageError(
            f"there is no {shown(text)}.",
            remedy="Name a file, a package URL (pkg:…), an image layout, a lockfile, or git:REF.",
        )
    if path.is_dir():
        from pratique.provenance.git_revision import is_checkout
        from pratique.provenance.layout import is_layout

        # evidence that is named is about the folder, such as the signature of a model
        checkout = not bundled and not is_layout(path) and is_checkout(path)
        return SubjectKind.REVISION if checkout else SubjectKind.FILE
    if components_too or (not bundled and _is_list(path)):
        return SubjectKind.LIST
    return SubjectKind.FILE


def _is_list(path: Path) -> bool:
    """Whether a file is named as a lockfile, or pins what it wants by digests."""
    from pratique.formats import registry
    from pratique.formats.base import Kind

    own = [one for one in registry.by_name(path.name) if one.read.startswith(LOCKFILES)]
    if any(one.kind is Kind.LOCKFILE for one in own):
        return True
    if not any(one.kind is Kind.MANIFEST for one in own):
        return False
    from pratique.provenance.locked import reading_of

    try:
        reading = reading_of(path)
    except InputError:
        return False
    return reading is not None and any(one.hashes for one in reading.components)


def verify_list(
    path: Path,
    request: Request,
    ways: Ways,
    remembered: Callable[[Sequence[Answer]], tuple[Answer, ...]] = tuple,
    progress: Callable[[Answer], None] = lambda _: None,
) -> Rows:
    """Verify a lockfile or a bill of materials: itself, and each of its components.

    Args:
        path: The file.
        request: What is trusted and expected of its components; the level that is
            required must be shown by each.
        ways: Where evidence is looked for.
        remembered: Judges the answers by what is known of the packages.
        progress: Told each answer as it is there.

    Raises:
        InputError: It cannot be read, or is no list of components.
    """
    from pratique.provenance.dependency_track import dependency_track
    from pratique.provenance.locked import components, problems, reading_of, verify_components
    from pratique.provenance.vsa import SummaryExpectations

    reading = reading_of(path)
    if reading is None:
        raise InputError(
            f"{shown(path)} is no lockfile or bill of materials that is known here.",
            remedy="See 'pratique formats' for those that are.",
        )
    listed = components(reading)
    itself = msgspec.structs.replace(request, require="", summary=SummaryExpectations())
    wanted = parse_level(request.require)
    of_list = wanted is not None and wanted.track == "DEPENDENCY"
    own = verify_file(path, None, itself)
    documents: dict[str, bytes] = {}
    for beside in find_evidence(path):
        try:
            documents |= _parts(read_evidence(beside))
        except InputError:
            continue  # it is among the evidence, as unreadable
    troubles = problems(reading)
    levels, why = dependency_track(listed, troubles, own.evidence, documents, request)
    of_each = msgspec.structs.replace(request, require="") if of_list else request
    answers = remembered(verify_components(listed, of_each, ways, progress))
    found = _rows(path, reading, own, answers, request, troubles, (levels, why))
    return _of_track(found) if of_list else found


def _of_track(found: Rows) -> Rows:
    """The answer where a level of the Dependency track is required: one of the list."""
    if meets(found.levels, found.required):
        return found
    worse = worst((found.grade, Grade.UNSUPPORTED))
    if found.grade not in {Grade.VERIFIED, Grade.TIME_UNPROVEN}:
        return msgspec.structs.replace(found, grade=worse)
    return msgspec.structs.replace(
        found,
        grade=worse,
        reason=f"{found.required} is required, and {found.levels_reason}",
        next_action="See 'pratique attest scan' and 'pratique attest vex' for what is missing.",
    )


def _parts(data: bytes) -> dict[str, bytes]:
    from pratique.provenance.kinds import documents

    return {f"sha256:{hashlib.sha256(one).hexdigest()}": one for one in documents(data)}


def _rows(
    path: Path,
    reading: Reading,
    own: Answer,
    answers: tuple[Answer, ...],
    request: Request,
    troubles: tuple[str, ...],
    track: tuple[tuple[str, ...], str],
) -> Rows:
    grade = worst(one.grade for one in answers)
    reason, action = _whole(answers, grade)
    if grade is Grade.VERIFIED and troubles:
        grade, reason = Grade.UNKNOWN, f"not all of the list could be read: {troubles[0]}"
    if any(one.grade is Grade.FAILED for one in own.evidence):
        grade, reason = Grade.FAILED, "evidence about the list itself does not hold"
    return Rows(
        subject=shown(path),
        digests=own.digests,
        format=reading.format,
        evidence=own.evidence,
        rows=answers,
        counts=counts(answers),
        levels=track[0],
        levels_reason=track[1],
        problems=troubles,
        required=request.require,
        grade=grade,
        reason=reason,
        next_action=action,
    )


def _whole(answers: tuple[Answer, ...], grade: Grade) -> tuple[str, str]:
    if not answers:
        return "the list has no components", ""
    same = [one for one in answers if one.grade is grade]
    if grade is Grade.VERIFIED:
        bare = next((one for one in answers if one.reason), None)
        action = "Learn who makes each package, and watch it, with --record."
        return (bare.reason, action) if bare else ("", "")
    names = ", ".join(one.artifact for one in same[:3]) + (" …" if len(same) > 3 else "")
    return f"{len(same)} of {len(answers)} components: {names}", same[0].next_action


def verify_purl(text: str, request: Request, ways: Ways) -> Answer:
    """Verify a package of a registry, or the files of it in a folder.

    Raises:
        InputError: It is no package URL, or the folder has no file of it.
    """
    from pratique.provenance.asking import verify_package

    package = Package.parse(text)
    if ways.folder is None:
        return verify_package(package, request, ways.registries)
    return _from_folder(package, request, ways.folder)


def _from_folder(package: Package, request: Request, folder: EvidenceFolder) -> Answer:
    """The files of a package in a folder, by their names, with the evidence that lies there."""
    from pratique.provenance.documents import judge_documents
    from pratique.provenance.subject import subject_of
    from pratique.provenance.verdict import answer

    expected = msgspec.structs.replace(request, package=(package.full_name, package.version))
    paths = [path for path in sorted(folder.root.iterdir()) if _is_file_of(path, package)]
    if not paths:
        raise InputError(
            f"{shown(folder.root)} has no file of {package}.",
            remedy="Put the artifact there beside its evidence, or leave out --evidence.",
        )
    answers = []
    for path in paths:
        subject = subject_of(path)
        found = [
            graded
            for one in folder.about(*subject.digests.values())
            for graded in judge_documents(one.data, one.path, subject, expected)
        ]
        answers.append(answer(subject, found, expected))
    return combined(str(package), answers, request)


def _is_file_of(path: Path, package: Package) -> bool:
    from pratique.provenance.errors import VerificationError
    from pratique.provenance.pep740 import is_of

    if not path.is_file():
        return False
    if package.type == "pypi":
        wanted = dict(package.qualifiers).get("file_name", path.name)
        try:
            return path.name == wanted and is_of(path.name, package.name, package.version)
        except VerificationError:
            return False
    return (
        path.name == f"{package.full_name.replace('@', '').replace('/', '-')}-{package.version}.tgz"
    )
