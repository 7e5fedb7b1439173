"""Verification of verification summaries (SLSA 1.2, VSA, section "How to verify").

Steps: the envelope's signature against a root of trust (1); the subject (2);
the predicate type (3); the verifier, whose identity the key or certificate
must belong to (4); the resource (5); the result (6); the levels (7).  A level
whose name is newer than this program does no harm: it satisfies only itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.dsse import pae
from pratique.formats.slsa import VerificationSummary, meets, summary_of
from pratique.model.errors import InputError
from pratique.provenance.bundle import statement_of
from pratique.provenance.errors import VerificationError
from pratique.provenance.keys import verify

if TYPE_CHECKING:
    from pratique.formats.dsse import Envelope
    from pratique.formats.intoto import Statement
    from pratique.provenance.subject import Subject


class SummaryExpectations(msgspec.Struct, frozen=True, kw_only=True):
    """What a summary must say; empty expects nothing."""

    verifier: str = ""
    """``verifier.id``."""

    resource: str = ""
    """``resourceUri``."""

    levels: tuple[str, ...] = ()
    """Each must be there, or a higher level of its track."""


def check_summary(
    statement: Statement, subject: Subject, expected: SummaryExpectations
) -> VerificationSummary:
    """Check steps 2 to 7 on a statement whose signature holds.

    Raises:
        VerificationError: A step fails.
    """
    if not any(one.digests for one in statement.subject):
        raise VerificationError("the summary has no digests", error="ErrorInvalidDssePayload")
    if not any(subject.is_named_by(one) for one in statement.subject):
        raise VerificationError(
            "the summary is of another artifact", error="ErrorMissingSubjectDigest"
        )
    try:
        summary = summary_of(statement)
    except InputError as error:
        empty = " has no " in error.message
        raise VerificationError(
            error.message, error="ErrorEmptyRequiredField" if empty else "ErrorInvalidDssePayload"
        ) from None
    if expected.verifier and summary.verifier.id != expected.verifier:
        raise VerificationError(
            f"verified by {summary.verifier.id}, not by {expected.verifier}",
            error="ErrorMismatchVerifierID",
        )
    if expected.resource and summary.resource_uri != expected.resource:
        raise VerificationError(
            f"the summary is of {summary.resource_uri}, not of {expected.resource}",
            error="ErrorMismatchResourceURI",
        )
    if summary.verification_result != "PASSED":
        raise VerificationError(
            "the artifact did not pass the verifier's policy",
            error="ErrorInvalidVerificationResult",
            remedy=f"Its policy is {summary.policy.uri}.",
        )
    for level in expected.levels:
        if not meets(summary.verified_levels, level):
            raise VerificationError(
                f"the summary gives {', '.join(summary.verified_levels) or 'no level'}, "
                f"not {level}",
                error="ErrorMismatchVerifiedLevels",
            )
    return summary


def verify_keyed_envelope(envelope: Envelope, key: Any) -> Statement:
    """Statement of an envelope that a managed key signed (step 1).

    One signature of the key is enough; the others may be anybody's.

    Args:
        envelope: Of any in-toto statement.
        key: Of the verifier, from :func:`pratique.provenance.keys.load_key`.

    Raises:
        VerificationError: No signature is the key's.
        InputError: The statement cannot be read.
    """
    data = pae(envelope.payload_type, envelope.payload)
    for one in envelope.signatures:
        try:
            verify(key, one.sig, data)
        except VerificationError:
            continue
        return statement_of(envelope)
    raise VerificationError(
        "no signature of the envelope is the given key's", error="ErrorNoValidSignature"
    )
