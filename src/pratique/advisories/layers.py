"""A generation as one: its base, and the layers of changes that lie over it.

A layer has blobs for the keys that it changes, each whole, so that a question
is answered by the topmost table that has its key.  Records have numbers that
go on through the layers; those that a layer replaces stay where they are, and
nothing points to them any more.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any, Protocol

from pratique.advisories.documents import Documents
from pratique.advisories.errors import GenerationError
from pratique.advisories.layout import DOCUMENTS, RECORDS
from pratique.advisories.records import Records
from pratique.advisories.table import BUCKETS, Table, bucket_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pratique.advisories.layout import Layer, Manifest, StoredRecord

GONE = b""
"""Blob of a key of which a layer leaves nothing."""


def layered(name: str, layer: Layer | None = None) -> str:
    """Name of a file of the base, or of a layer."""
    return f"{layer.name}.{name}" if layer is not None else name


class Blobbed(Protocol):
    """What gives blobs by key: one table, or several as one."""

    def find(self, key: int) -> list[bytes]:
        """Blobs of a key."""

    def close(self) -> None:
        """Give the files back."""


def open_table(folder: Path, name: str, layers: Sequence[Layer]) -> Blobbed:
    """A table of a generation.

    Raises:
        GenerationError: A file is absent, truncated or damaged.
    """
    base = Table(folder, name)
    if not layers:
        return base
    return Stacked(base, [Table(folder, layered(name, layer)) for layer in layers])


class Stacked:
    """A table with tables of changes over it.

    Args:
        base: The lowest.
        above: Lowest first.
    """

    def __init__(self, base: Table, above: Sequence[Table]) -> None:
        self._base = base
        self._above = list(reversed(above))
        # Most keys are in no layer: one look is cheaper than one in each of them.
        self._changed: list[frozenset[int] | None] = [None] * BUCKETS

    def find(self, key: int) -> list[bytes]:
        """Blobs of a key, from the topmost table that has it."""
        bucket = bucket_of(key)
        changed = self._changed[bucket]
        if changed is None:
            changed = frozenset(each for table in self._above for each in table.keys(bucket))
            self._changed[bucket] = changed
        if key in changed:
            for table in self._above:
                if found := table.find(key):
                    return [blob for blob in found if blob != GONE]
        return self._base.find(key)

    def close(self) -> None:
        """Give the files back."""
        for table in (self._base, *self._above):
            table.close()


class Numbered:
    """Records, and where they were kept their originals, by number through all layers.

    Args:
        folder: Of the generation.
        manifest: Of the generation.

    Raises:
        GenerationError: A file is absent, truncated or damaged.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        layers = manifest.layers
        whole = f"{DOCUMENTS}.idx" in manifest.files
        self._records = [Records(folder)]
        self._documents = [Documents(folder)] if whole else []
        self._starts = [0]
        for layer in layers:
            records = Records(folder, layered(RECORDS, layer))
            if layer.start != self._starts[-1] + self._records[-1].count:
                raise GenerationError("the advisories are damaged: a layer starts elsewhere.")
            self._records.append(records)
            self._starts.append(layer.start)
            if whole:
                self._documents.append(Documents(folder, layered(DOCUMENTS, layer)))
        self.count: int = self._starts[-1] + self._records[-1].count
        """Numbers there are, also of records that were replaced."""

        self.whole = whole
        """Whether originals were kept."""

    def _place(self, number: int) -> tuple[int, int]:
        at = bisect_right(self._starts, number) - 1
        return at, number - self._starts[at]

    def __getitem__(self, number: int) -> StoredRecord:
        """The record of a number.

        Raises:
            GenerationError: There is none, or it is not what was written.
        """
        at, place = self._place(number)
        return self._records[at][place]

    def originals(self, number: int) -> list[dict[str, Any]]:
        """The original of a number; more than one where all of one id and time were taken.

        Raises:
            GenerationError: It is not what was written.
        """
        at, place = self._place(number)
        return self._documents[at].originals(place)

    def load(self) -> None:
        """Read what is read once, so that no later question waits for it."""
        for records in self._records:
            if records.count:
                records.raw(0)
        for documents in self._documents:
            if documents.count:
                documents.raw(0)

    def close(self) -> None:
        """Give the files back."""
        for records in self._records:
            records.close()
        for documents in self._documents:
            documents.close()
