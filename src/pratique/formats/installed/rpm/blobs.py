"""What the three kinds of database have in common: bytes of headers, and damage on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pratique.model.errors import InputError

MAX_HEADER = 256 * 1024 * 1024
"""Largest header, as rpm itself has it since 4.15 (``headerVerifyInfo``, ``HEADER_DATA_MAX``)."""

MAX_NAMED = 50
"""Damages that are named one by one."""

MAX_DAMAGES = 10_000
"""Damages after which the rest of a database is left out: a hostile one may have
a hundred million, each of which takes its time."""

Damaged = Callable[[str], None]
"""Told in one line what of a database cannot be read."""

Blobs = Iterator[bytes]
"""The header of each package, in the order of the file."""


class DamageError(InputError):
    """A page or a record of a database is not what it should be; others may be."""


class Damages:
    """Collects what cannot be read of a database, and gives up where it is all of it."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.count = 0

    def __call__(self, message: str) -> None:
        """Take one damage.

        Raises:
            DamageError: There were too many before.
        """
        self.count += 1
        if self.count <= MAX_NAMED:
            self.messages.append(message)
        if self.count > MAX_DAMAGES:
            raise DamageError("is damaged in too many places")
