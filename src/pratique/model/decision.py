"""What policy said, in a form that can be replayed."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec


class Verdict(StrEnum):
    """The answers of a policy, from the mildest to the worst.

    Only ``admit`` lets a component in.  ``unknown`` says that a rule could not
    be decided and leaves it open what then is to be done.
    """

    ADMIT = "admit"
    UNKNOWN = "unknown"
    REQUIRE_APPROVAL = "require-approval"
    QUARANTINE = "quarantine"
    DENY = "deny"

    @property
    def rank(self) -> int:
        """0 for the mildest; the verdict of a policy is the highest of its reasons'."""
        return _VERDICTS[self]


class Effect(StrEnum):
    """What one reason does to the verdict, from the least to the most."""

    NOTE = "note"
    """Nothing: the rule could not be decided and its policy says to ignore that."""

    WARN = "warn"
    UNKNOWN = "unknown"
    REQUIRE_APPROVAL = "require-approval"
    QUARANTINE = "quarantine"
    DENY = "deny"

    @property
    def rank(self) -> int:
        """0 for the least."""
        return _EFFECTS[self]

    @property
    def verdict(self) -> Verdict:
        """The verdict that one reason of this effect leads to."""
        return _LEADS_TO[self]


class Outcome(StrEnum):
    """How a rule came to give a reason."""

    MATCHED = "matched"
    UNKNOWN = "unknown"
    """It depends on a fact that is not known."""

    ERROR = "error"
    """Its expression could not be evaluated on these facts."""


_VERDICTS = {verdict: rank for rank, verdict in enumerate(Verdict)}
_EFFECTS = {effect: rank for rank, effect in enumerate(Effect)}
_LEADS_TO = {Effect.NOTE: Verdict.ADMIT, Effect.WARN: Verdict.ADMIT} | {
    Effect(verdict.value): verdict for verdict in Verdict if verdict is not Verdict.ADMIT
}


class Circumstances(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """For whom and where a component is wanted; empty where that is not known."""

    team: str = ""
    environment: str = ""


class Reason(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """What one rule had to say."""

    rule: str
    effect: Effect
    """What it does to the verdict, unless a waiver sets it aside."""

    outcome: Outcome
    text: str
    remedy: str = ""
    """What to do, in one line."""

    controls: tuple[str, ...] = ()
    """What it serves: ``S2C2F:SCA-1``, ``CWE-506`` …"""

    unknown: tuple[str, ...] = ()
    """Names of the facts it lacks."""

    waivers: tuple[str, ...] = ()
    """Ids of the waivers that set it aside; it then does not bear on the verdict."""


class Decision(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A verdict with everything needed to reach it again."""

    subject: str
    verdict: Verdict
    reasons: tuple[Reason, ...]
    """Every reason, not only the first; the gravest first, then by rule."""

    policy: str
    """Id of the policy."""

    policy_digest: str
    """``sha256:hex`` of the policy that decided."""

    facts_digest: str
    """``sha256:hex`` of the facts it looked at."""

    waivers: tuple[str, ...] = ()
    """``sha256:hex`` of every waiver that set a reason aside, sorted."""

    circumstances: Circumstances = Circumstances()
    decided_by: str
    decided_at: datetime
    """UTC."""
