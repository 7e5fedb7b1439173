"""A file of evidence to graded evidence, whatever and however many documents it holds."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from pratique.model.errors import InputError
from pratique.provenance.judge import failed, judge
from pratique.provenance.kinds import documents, kind_of

if TYPE_CHECKING:
    from pratique.model.attestation import VerifiedEvidence
    from pratique.provenance.request import Request
    from pratique.provenance.subject import Subject


def judge_documents(
    data: bytes, path: str, subject: Subject, request: Request
) -> list[VerifiedEvidence]:
    """Grade all that a file says about an artifact.

    What is about other artifacts is left out of a file of several documents,
    unless all of it is.

    Args:
        data: One JSON document, or one a line.
        path: Where it is from, for the answer.
        subject: The artifact.
        request: What is trusted and expected.
    """
    try:
        parts = documents(data)
    except InputError as error:
        return [msgspec.structs.replace(failed(error, "unreadable"), path=path)]
    found = []
    for number, part in enumerate(parts, 1):
        place = f"{path}#{number}" if len(parts) > 1 else path
        try:
            kind = kind_of(part)
        except InputError as error:
            found.append(msgspec.structs.replace(failed(error, "unknown"), path=place))
            continue
        digest = f"sha256:{hashlib.sha256(part).hexdigest()}"
        found += [
            msgspec.structs.replace(one, digest=digest)
            for one in judge(part, kind, place, subject, request)
        ]
    return _of_subject(found) if len(parts) > 1 else found


def _of_subject(found: list[VerifiedEvidence]) -> list[VerifiedEvidence]:
    others = [one for one in found if one.error == "ErrorMismatchHash"]
    return found if len(others) == len(found) else [one for one in found if one not in others]
