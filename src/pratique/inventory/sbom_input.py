"""Bills of materials that a command was given: bytes, readings, times and outputs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pratique import __version__
from pratique.formats import registry
from pratique.formats.base import MAX_DOCUMENT_BYTES, Kind
from pratique.inventory.errors import NothingThereError
from pratique.inventory.tree import LoneTree
from pratique.model.errors import InputError, LimitError, UnsupportedError
from pratique.sources import clock

if TYPE_CHECKING:
    from datetime import datetime

    from pratique.model.inventory import Reading

CREATOR = f"pratique-{__version__}"
"""This program, as documents name it."""


def load(name: str) -> bytes:
    """The bytes of a document, unpacked.

    Args:
        name: A path, or ``-`` for standard input.

    Raises:
        NothingThereError: There is no such file.
        InputError: It cannot be read or unpacked.
        LimitError: It is too large.
    """
    if name == "-":
        data = sys.stdin.buffer.read(MAX_DOCUMENT_BYTES + 1)
    else:
        path = Path(name)
        if not path.is_file():
            raise NothingThereError(f"there is no file {name!r} here.")
        try:
            with path.open("rb") as file:
                data = file.read(MAX_DOCUMENT_BYTES + 1)
        except OSError as error:
            raise InputError(f"{name}: cannot be read: {error.strerror}") from None
    if len(data) > MAX_DOCUMENT_BYTES:
        raise LimitError(f"{name} is over the limit of {MAX_DOCUMENT_BYTES:,} bytes")
    return registry.opened(name, data)[1]


def named(name: str, error: InputError) -> InputError:
    """An error of a reader with the document's name before it."""
    return type(error)(f"{name} {error.message}", remedy=error.remedy)


def reading_of(name: str) -> Reading:
    """What a document says, in any form that can be read.

    Raises:
        UnsupportedError: It is no bill of materials.
        InputError: It cannot be read.
    """
    return reading_in(name, load(name))


def reading_in(name: str, data: bytes) -> Reading:
    """What the bytes of a document say; see :func:`reading_of`."""
    reader = registry.detect("-" if name == "-" else Path(name).name, data)
    if reader is None or reader.kind is not Kind.SBOM:
        raise UnsupportedError(
            f"{name} is no bill of materials that is known here.",
            remedy="See 'pratique formats' for what can be read.",
        )
    try:
        return registry.read_function(reader)(data, name, LoneTree())
    except InputError as error:
        raise named(name, error) from None


def now() -> datetime:
    """The time that a bill is dated by, to the second.

    Raises:
        UsageError: ``SOURCE_DATE_EPOCH`` is neither seconds nor a date.
    """
    return clock.now().replace(microsecond=0)
