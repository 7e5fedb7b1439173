"""How well a piece of evidence about an artifact holds, and what it says.

The grades are ordered from best to worst by what a consumer may rely on; only
the first is ever a yes.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from pratique.model.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterable


class Grade(StrEnum):
    """What came of verifying one piece of evidence."""

    VERIFIED = "verified"
    """Signature, signer, time and subject were all proven, and every expectation is met."""

    TIME_UNPROVEN = "valid-time-unproven"
    """The signature and its certificate are right, but nothing proves that it was made
    while the certificate was valid: whoever finds an expired key could have made it."""

    UNSUPPORTED = "unsupported"
    """It is there and of a kind that is not verified here."""

    FAILED = "failed"
    """It was checked and does not hold, or is not what was expected."""

    NONE = "none"
    """There is no evidence."""

    UNKNOWN = "unknown"
    """Whether there is evidence could not be found out: nobody answered, or what would
    have to be compared is not stated."""

    @property
    def exit_code(self) -> ExitCode:
        """0 for what is verified, 1 for what failed, 3 for what is not proven."""
        if self is Grade.VERIFIED:
            return ExitCode.CLEAN
        return ExitCode.FINDINGS if self is Grade.FAILED else ExitCode.INCOMPLETE


WORST_FIRST = (
    Grade.FAILED,
    Grade.UNKNOWN,
    Grade.NONE,
    Grade.UNSUPPORTED,
    Grade.TIME_UNPROVEN,
    Grade.VERIFIED,
)
"""Grades from what is worst of several pieces to what is best."""


def worst(grades: Iterable[Grade]) -> Grade:
    """The worst of some grades; *none* where there are none."""
    return min(grades, key=WORST_FIRST.index, default=Grade.NONE)


class VerifiedEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of evidence, graded.

    Fields that the evidence does not speak of are empty; what an unverified
    piece claims about signer, builder or source is never put here.
    """

    grade: Grade
    kind: str
    """What it is, as the field calls it: ``sigstore-bundle``, ``dsse``, ``pep740`` …"""

    path: str = ""
    """Where it was found; with ``#n`` for the n-th document of a file of several."""

    digest: str = ""
    """Canonical text of the document itself, as it was read: ``sha256:…``."""

    subject: str = ""
    """Canonical text of the artifact it is about: ``sha256:…``, ``gitCommit:…``."""

    predicate_type: str = ""
    """URI of what is stated (in-toto Statement, ``predicateType``), empty for a bare signature."""

    identity: str = ""
    """Who signed: the subject alternative name of the certificate, or ``key:`` and its id."""

    issuer: str = ""
    """Who vouches for that identity: the OpenID Connect issuer, empty for a bare key."""

    builder: str = ""
    """What built it (SLSA ``builder.id``)."""

    source: str = ""
    """From which source: ``git+https://…@ref`` or with its commit."""

    levels: tuple[str, ...] = ()
    """SLSA levels that this evidence supports, as a VSA would write them:
    ``SLSA_BUILD_LEVEL_3``."""

    signed_at: datetime | None = None
    """Proven time of the signature, in UTC; the earliest where there are several."""

    cause: str = ""
    """Why it is graded so; empty only for ``verified``."""

    error: str = ""
    """slsa-verifier's name for the cause (``ErrorMismatchSource``), where there is one."""

    next_action: str = ""
    """What the reader can do about it."""
