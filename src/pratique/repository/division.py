"""How the artifacts are divided among roles: by hash bins, or by paths that are delegated.

A repository has one or the other (TUF 1.0 §4.5; TAP 15 for bins).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pratique.repository.bins import bin_names, bin_of
from pratique.repository.errors import RepositoryError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pratique.repository.models import DelegatedRole, Key, Metadata, Targets
    from pratique.repository.staging import Change

EXPIRY = "x-rstuf-expire-policy"
"""RSTUF's field of a delegated role: days that its metadata lives."""


class Online(NamedTuple):
    """The keys of one role."""

    keys: dict[str, Key]
    threshold: int


class Division:
    """The roles to which targets metadata delegate artifacts.

    Args:
        targets: The metadata.

    Raises:
        RepositoryError: They delegate nothing.
    """

    def __init__(self, targets: Metadata[Targets]) -> None:
        delegations = targets.signed.delegations
        if delegations is None:
            raise RepositoryError("targets metadata delegates nothing.")
        self._keys = delegations.keys
        self._hashed = delegations.succinct_roles
        self._roles: dict[str, DelegatedRole] = dict(delegations.roles or {})
        if self._hashed is not None:
            self.names = bin_names(2**self._hashed.bit_length)
        else:
            self.names = list(self._roles)

    @property
    def hashed(self) -> bool:
        """Whether it is by hash bins."""
        return self._hashed is not None

    def of(self, path: str) -> str:
        """Name of the role of an artifact; empty where no delegation covers its path."""
        if self._hashed is not None:
            return self.names[bin_of(path, len(self.names))]
        return next((name for name, one in self._roles.items() if one.is_delegated_path(path)), "")

    def keys(self, name: str) -> Online:
        """Keys and threshold of a role.

        Raises:
            RepositoryError: There is no such role, or a key of it is not named.
        """
        role = self._hashed if self._hashed is not None else self._roles.get(name)
        if role is None:
            raise RepositoryError(f"{name} is no delegated role.")
        try:
            return Online({key: self._keys[key] for key in role.keyids}, role.threshold)
        except KeyError as error:
            raise RepositoryError(f"The key {error} of {name} is not named.") from None

    def trusts(self, name: str, keys: Online) -> bool:
        """Whether a role has these keys here too, and needs at least as many signatures."""
        if name not in self.names:
            return False
        ours = self.keys(name)
        return ours.keys.keys() == keys.keys.keys() and ours.threshold >= keys.threshold

    def days(self, name: str, default: int) -> int:
        """Lifetime of a role's metadata in days: its own, else the default."""
        role = self._roles.get(name)
        given = role.unrecognized_fields.get(EXPIRY) if role is not None else None
        return given if isinstance(given, int) and 0 < given <= 3650 else default

    def grouped(self, changes: Iterable[Change]) -> dict[str, dict[str, Change]]:
        """The last change of each path, by role; what no role covers is left out."""
        found: dict[str, dict[str, Change]] = {}
        for change in changes:
            name = self.of(change.path)
            if name:
                found.setdefault(name, {})[change.path] = change
        return found
