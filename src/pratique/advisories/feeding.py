"""Reading records from where they lie into a builder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pratique.advisories.inputs import read_items
from pratique.formats.osv import read_record
from pratique.formats.text import decode, parse_json
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pratique.advisories.builder import Builder
    from pratique.advisories.inputs import Source


class Feed(Protocol):
    """Gives a builder the records of one source, or of several at once."""

    @property
    def sources(self) -> Sequence[Source]:
        """Where the records are said to be from."""

    @property
    def identity(self) -> str:
        """The same text means the same records in the same order."""

    def feed(self, builder: Builder, skip: int, taken: Callable[[], None]) -> None:
        """Add all records.

        Args:
            builder: That the sources were told to, last.
            skip: Things that a build before took already.
            taken: To be called after each thing.
        """


def read_source(
    builder: Builder,
    source: Source,
    skip: int = 0,
    taken: Callable[[], None] = lambda: None,
) -> None:
    """Add all records of a source; those that are not JSON are counted as defects.

    Args:
        builder: That the source was told to, last.
        source: Where they are.
        skip: Things at its beginning that were taken already.
        taken: Called after each thing.

    Raises:
        InputError: The source as a whole cannot be read.
    """
    for item in read_items(Path(source.path), skip):
        try:
            if item.problem:
                raise InputError(item.problem)  # noqa: TRY301 - as what cannot be parsed
            original = parse_json(decode(item.data))
            record, defects = read_record(original)
        except InputError:
            builder.unreadable()
        else:
            builder.add(record, defects, original=original)
        taken()
