"""What a run leaves for the next one, beside the rows of findings."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

import msgspec

from pratique.advisories.changes import Mark
from pratique.store.errors import DamageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class State(msgspec.Struct, kw_only=True):
    """Up to where a tenant's record has been held against the advisories."""

    token: str = ""
    """State of the record."""

    mark: Mark = Mark()
    """The generation of the advisories."""

    stamps: tuple[str, str] = ("", "")
    """Versions of the catalogue of exploited vulnerabilities and of the EPSS scores."""

    at: str = ""
    """When."""

    expiry: str = ""
    """When the next statement expires; empty: none does."""

    said: dict[str, str] = {}
    """By vulnerability, a digest of the statements about it."""

    packages: bytes = b""
    """Numbers of the packages that were asked about."""

    keys: bytes = b""
    """Keys of their advisories, in the same order."""

    undetermined: bytes = b""
    """Numbers of those of which the advisories cannot tell."""

    def known(self) -> dict[int, int]:
        """Packages and their keys."""
        return dict(zip(array("q", self.packages), array("Q", self.keys), strict=True))

    def unclear(self) -> set[int]:
        """Packages of which the advisories cannot tell."""
        return set(array("q", self.undetermined))


def packed(known: Mapping[int, int], unclear: Iterable[int]) -> dict[str, bytes]:
    """The fields of a state that hold packages."""
    order = sorted(known)
    return {
        "packages": array("q", order).tobytes(),
        "keys": array("Q", (known[number] for number in order)).tobytes(),
        "undetermined": array("q", sorted(unclear)).tobytes(),
    }


def read_state(body: bytes) -> State:
    """A state as it was written.

    Raises:
        DamageError: It is something else.
    """
    try:
        found = msgspec.msgpack.decode(body, type=State)
        found.known()
        found.unclear()
    except (msgspec.MsgspecError, ValueError) as error:
        raise DamageError(f"the state of 'rematch' is damaged: {error}.") from None
    return found
