"""What a run leaves for the next one, beside the rows of findings."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.advisories.changes import Mark
from pratique.graph.osv_filing import Filed
from pratique.store.errors import DamageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


READS = 1
"""What a run looks at; a state with another number is of a program that looked at less."""


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

    reads: int = 0
    """What of the record had been looked at; see :data:`READS`."""

    filed: dict[str, Filed] = {}
    """Advisories that were ingested, by the digests of their documents."""

    scans: bytes = b""
    """Packages that scans are about, each with a number for what the scan says."""

    equal: dict[str, str] = {}
    """By vulnerability that scans name, a digest of its other names."""

    sources: dict[str, str] = {}
    """By package, a digest of where it is said to come from; as far as advisories ask."""

    packages: bytes = b""
    """Numbers of the packages that were asked about."""

    keys: bytes = b""
    """Keys of their advisories, in the same order."""

    undetermined: bytes = b""
    """Numbers of those of which the advisories cannot tell."""

    def known(self) -> dict[int, int]:
        """Packages and their keys."""
        return dict(zip(array("q", self.packages), array("Q", self.keys), strict=True))

    def scanned(self) -> set[tuple[int, int]]:
        """Packages that scans are about, each with a number for what the scan says."""
        numbers = array("Q", self.scans)
        return set(zip(numbers[::2], numbers[1::2], strict=True))

    def unclear(self) -> set[int]:
        """Packages of which the advisories cannot tell."""
        return set(array("q", self.undetermined))


def packed(known: Mapping[int, int], unclear: Iterable[int]) -> dict[str, Any]:
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
        found.scanned()
    except (msgspec.MsgspecError, ValueError) as error:
        raise DamageError(f"the state of 'rematch' is damaged: {error}.") from None
    return found
