"""What the three kinds of database have in common: bytes of headers, and damage on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pratique.model.errors import InputError

MAX_HEADER = 256 * 1024 * 1024
"""Largest header, as rpm itself has it since 4.15 (``headerVerifyInfo``, ``HEADER_DATA_MAX``)."""

Damaged = Callable[[str], None]
"""Told in one line what of a database cannot be read."""

Blobs = Iterator[bytes]
"""The header of each package, in the order of the file."""


class DamageError(InputError):
    """A page or a record of a database is not what it should be; others may be."""
