"""Everything beside an artifact, verified and graded as one answer."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.ssh import is_ssh_signature
from pratique.model.attestation import Grade, VerifiedEvidence
from pratique.model.errors import InputError, PratiqueError
from pratique.provenance import checksums
from pratique.provenance import model_signatures as models
from pratique.provenance.beside import find_evidence, named_by_digest, read_evidence, shown
from pratique.provenance.documents import judge_documents
from pratique.provenance.errors import UnsupportedEvidenceError
from pratique.provenance.image_signatures import KIND as COSIGN
from pratique.provenance.image_signatures import judge_image_signature
from pratique.provenance.judge import failed, judge_bundle
from pratique.provenance.kinds import SIGNATURES, Kind
from pratique.provenance.layout import is_layout, read_layout
from pratique.provenance.openpgp import KIND as OPENPGP
from pratique.provenance.openpgp import is_openpgp, judge_openpgp
from pratique.provenance.slsa import IMAGE_BUILDERS
from pratique.provenance.ssh import KIND as SSH
from pratique.provenance.ssh import judge_ssh
from pratique.provenance.subject import Subject, subject_of, subject_of_bytes
from pratique.provenance.verdict import answer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pratique.provenance.request import Answer, Request


def verify_file(artifact: Path, evidence: Sequence[Path] | None, request: Request) -> Answer:
    """Verify what there is about a file, or about the image of a layout.

    Args:
        artifact: A file, or a folder that is an OCI image layout or a signed model.
        evidence: Files of evidence; None looks beside the artifact.
        request: What is trusted and expected.

    Raises:
        InputError: The artifact cannot be read.
    """
    if artifact.is_dir() and is_layout(artifact):
        subject, found = _verify_layout(artifact, request)
        found += [one for path in evidence or () for one in _verify_path(path, subject, request)]
        return answer(subject, found, request)
    if artifact.is_dir():
        return _verify_model(artifact, evidence, request)
    if not artifact.is_file():
        raise InputError(f"{artifact} is neither a file nor an image layout.")
    subject = subject_of(artifact)
    beside = (*find_evidence(artifact), *named_by_digest(artifact, subject))
    paths = (*beside, *checksums.find(artifact)) if evidence is None else evidence
    found = [one for path in paths for one in _verify_path(path, subject, request)]
    found += _verify_target(subject, request)
    return _of_package(answer(subject, found, request), request)


def _of_package(found: Answer, request: Request) -> Answer:
    """An answer where the name or version of a package is expected: something must state it."""
    if (
        found.grade is not Grade.VERIFIED
        or not any(request.package)
        or any(one.kind == Kind.NPM and one.grade is Grade.VERIFIED for one in found.evidence)
    ):
        return found
    return msgspec.structs.replace(
        found,
        grade=Grade.UNSUPPORTED,
        reason="a package's name is expected, and nothing that was verified states one",
        next_action="Leave out --package-name and --package-version, or name npm's attestations "
        "with --bundle.",
    )


def _verify_target(subject: Subject, request: Request) -> list[VerifiedEvidence]:
    """Evidence of the metadata of a TUF repository, where a folder of it is given."""
    folder = request.tuf_metadata
    if folder is None:
        return []
    from pratique.provenance import tuf_targets

    try:
        one = tuf_targets.judge_metadata(folder, request.tuf_root, subject, request.tuf_target)
    except PratiqueError as error:
        one = failed(error, tuf_targets.KIND)
    return [msgspec.structs.replace(one, path=shown(folder))]


def _verify_model(folder: Path, evidence: Sequence[Path] | None, request: Request) -> Answer:
    """Verify a folder as a model that was signed."""
    paths = models.find_signature(folder) if evidence is None else evidence
    if not paths:
        raise InputError(
            f"{shown(folder)} is neither a file nor an image layout, and no signature of a model "
            f"({models.NAME}) is in it.",
            remedy="Name the signature with --bundle.",
        )
    subject, found = models.model_subject(folder), []
    for path in paths:
        digest = ""
        try:
            data = read_evidence(path)
            digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
            subject, one = models.judge_model(data, path, folder, request)
        except PratiqueError as error:
            one = failed(error, models.KIND)
        found.append(msgspec.structs.replace(one, path=shown(path), digest=digest))
    return answer(subject, found, request)


def _judge_model(data: bytes, path: Path, subject: Subject, request: Request) -> VerifiedEvidence:
    """Evidence of the signature of a model that is one file."""
    try:
        if subject.path is None:
            raise UnsupportedEvidenceError("a model is compared with its file, which is not here")
        _, one = models.judge_model(data, path, subject.path, request)
    except PratiqueError as error:
        one = failed(error, models.KIND)
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    return msgspec.structs.replace(one, path=shown(path), digest=digest)


def _verify_layout(path: Path, request: Request) -> tuple[Subject, list[VerifiedEvidence]]:
    layout = read_layout(path)

    def attested(given: Any, kind: str) -> VerifiedEvidence:
        return judge_bundle(given, layout.image, request, kind, IMAGE_BUILDERS)

    def signed(given: Any, _kind: str) -> VerifiedEvidence:
        return judge_image_signature(given, layout.image, request)

    found = []
    for rows, kind, judge_it in (
        (layout.attestations, "cosign-attestation", attested),
        (layout.signatures, COSIGN, signed),
        (layout.bundles, Kind.BUNDLE, attested),
    ):
        for digest, given in rows:
            try:
                if isinstance(given, InputError):
                    one = failed(given, kind)
                else:
                    one = judge_it(given, kind)
            except PratiqueError as error:
                one = failed(error, kind)
            place = f"{shown(path)}@{digest}"
            found.append(msgspec.structs.replace(one, path=place, digest=digest))
    return layout.image, found


def _verify_path(path: Path, subject: Subject, request: Request) -> list[VerifiedEvidence]:
    suffix = path.suffix.lower()
    try:
        data = read_evidence(path)
        if checksums.is_named(path):
            return _verify_checksums(path, data, subject, request)
        if is_ssh_signature(data):
            return [_judge_detached(judge_ssh, SSH, path, data, subject, request)]
        if request.keyring and is_openpgp(data):
            return [_judge_detached(judge_openpgp, OPENPGP, path, data, subject, request)]
        if models.is_model_signature(path, data):
            return [_judge_model(data, path, subject, request)]
        if suffix in SIGNATURES:
            return [_present(path, data, SIGNATURES[suffix])]
    except InputError as error:
        return [msgspec.structs.replace(failed(error, "unreadable"), path=shown(path))]
    return judge_documents(data, shown(path), subject, request)


def _verify_checksums(
    path: Path, data: bytes, subject: Subject, request: Request
) -> list[VerifiedEvidence]:
    """What a file of checksums says, and whoever signed that file."""
    own = checksums.is_own(path, subject)
    try:
        one = checksums.judge_checksums(data, shown(path), subject, own=own)
    except PratiqueError as error:
        return [msgspec.structs.replace(failed(error, checksums.KIND), path=shown(path))]
    if one.grade is Grade.NONE:
        return [one] if own else []
    found = [one]
    if not one.error:
        listing = subject_of_bytes(path.name, data)
        signed = [
            each
            for beside in find_evidence(path)
            for each in _verify_path(beside, listing, request)
        ]
        found += [_through(each, subject, path) for each in signed]
    return found


def _through(one: VerifiedEvidence, subject: Subject, path: Path) -> VerifiedEvidence:
    """Evidence about a list of checksums as evidence about what it lists.

    Whoever signed the list vouches for the digests; what built the list says nothing of
    what built the artifact.
    """
    return msgspec.structs.replace(
        one, kind=f"{one.kind} of {shown(path.name)}", subject=str(subject), builder="", levels=()
    )


def _judge_detached(
    judge_it: Callable[[bytes, Subject, Request, datetime], VerifiedEvidence],
    kind: str,
    path: Path,
    data: bytes,
    subject: Subject,
    request: Request,
) -> VerifiedEvidence:
    """Evidence of a signature in a file of its own."""
    try:
        one = judge_it(data, subject, request, datetime.now(UTC))
    except PratiqueError as error:
        one = failed(error, kind)
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    return msgspec.structs.replace(one, path=shown(path), digest=digest)


def _present(path: Path, data: bytes, what: str) -> VerifiedEvidence:
    return VerifiedEvidence(
        grade=Grade.UNSUPPORTED,
        kind=what,
        path=shown(path),
        digest=f"sha256:{hashlib.sha256(data).hexdigest()}",
        cause=f"{what}s are not verified here",
        error="ErrorNotSupported",
        next_action="Give the signer's certificate with --keyring, or the tool that made it."
        if what.startswith("OpenPGP")
        else "Verify it with the tool that made it.",
    )
