"""Where a trusted root is from, and how old what is known of it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

BUILT_IN = "built in"
"""The root in the package."""

UPDATED = "updated"
"""A root that a TUF repository vouches for, verified here."""

GIVEN = "given"
"""A file that the caller named."""


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """One of the three ways by which a root becomes trusted."""

    how: str
    """:data:`BUILT_IN`, :data:`UPDATED` or :data:`GIVEN`."""

    instance: str = ""
    """Name of the Sigstore instance."""

    place: str = ""
    """The repository, or the file."""

    as_of: datetime | None = None
    """When its TUF metadata were last verified, in UTC; of the one in the package, the time up to
    which its publishers vouched for it.  ``None`` where nothing says."""

    root_version: int = 0
    """Version of TUF's root role; 0 where there is none."""

    targets_version: int = 0
    """Version of TUF's targets role, which lists the root."""

    expires: datetime | None = None
    """When TUF's timestamp role runs out: after that a newer root may have been withheld."""

    def age_days(self, now: datetime) -> int | None:
        """Whole days since :attr:`as_of`; ``None`` where it is not known."""
        return max(0, (now - self.as_of).days) if self.as_of else None

    def described(self, now: datetime) -> str:
        """One line for a person."""
        if self.how == GIVEN:
            return f"{self.place}, as given"
        days = self.age_days(now)
        age = "" if days is None else "today" if days == 0 else f"{days:,} days ago"
        tuf = f"TUF root {self.root_version}, targets {self.targets_version}"
        if self.how == BUILT_IN:
            return f"{self.instance}, built in ({tuf}; at least {(days or 0):,} days old)"
        return f"{self.instance}, updated ({tuf}; verified {age})"

    def line(self, now: datetime) -> str:
        """The last line of an answer."""
        return f"  root        {self.described(now)}\n"

    def value(self, now: datetime) -> dict[str, Any]:
        """What JSON has as ``trust_root``."""
        value: dict[str, Any] = msgspec.to_builtins(self)
        return value | {"age_days": self.age_days(now)}
