"""What policy said, in a form that can be replayed."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec


class Verdict(StrEnum):
    """The four answers of a policy."""

    ADMIT = "admit"
    QUARANTINE = "quarantine"
    DENY = "deny"
    UNKNOWN = "unknown"


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict with everything needed to reach it again."""

    subject: str
    verdict: Verdict
    reasons: tuple[str, ...]
    """Every reason, not only the first."""

    policy_digest: str
    """``sha256:hex`` of the policy that decided."""

    facts_digest: str
    """``sha256:hex`` of the facts it looked at."""

    decided_by: str
    decided_at: datetime
    """UTC."""
