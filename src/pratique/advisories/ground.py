"""What a layer is laid over: the tables and records of a generation, as they were written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pratique.advisories.errors import GenerationError
from pratique.advisories.layers import Numbered, open_table
from pratique.advisories.layout import (
    COMMITS,
    NAMES,
    PACKAGES,
    CommitRow,
    PackageBlob,
    package_hash,
    text_hash,
)
from pratique.formats.osv import read_record
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pratique.advisories.layout import Manifest, StoredRecord
    from pratique.formats.osv import Defect, OsvRecord

_package: Any = msgspec.msgpack.Decoder(PackageBlob).decode
_commits: Any = msgspec.msgpack.Decoder(list[CommitRow]).decode
_names: Any = msgspec.msgpack.Decoder(tuple[str, list[int]]).decode


class Ground:
    """An open generation, for what is built from it.

    Args:
        folder: Of the generation.
        manifest: Of the generation.

    Raises:
        GenerationError: It is damaged, or has no whole records.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest
        self._packages = open_table(folder, PACKAGES, manifest.layers)
        self._commits = open_table(folder, COMMITS, manifest.layers)
        self._names = open_table(folder, NAMES, manifest.layers)
        self._records = Numbered(folder, manifest)
        self.count = self._records.count
        """Numbers there are, also of records that were replaced."""

        if not self._records.whole:
            raise GenerationError(f"{folder} was built without the whole records.")

    def package_blobs(self, key: int) -> list[PackageBlob]:
        """What is known under the key of a package."""
        return self._read(_package, self._packages.find(key))

    def commit_rows(self, key: int) -> list[CommitRow]:
        """What is known under the key of a commit."""
        return [row for rows in self._read(_commits, self._commits.find(key)) for row in rows]

    def names(self, key: int) -> list[tuple[str, list[int]]]:
        """Ids and aliases under a key, with their records."""
        return self._read(_names, self._names.find(key))

    def package(self, ecosystem: str, name: str) -> list[PackageBlob]:
        """What is known of a package."""
        found = self.package_blobs(package_hash(ecosystem, name))
        return [each for each in found if (each.ecosystem, each.name) == (ecosystem, name)]

    def named(self, name: str) -> list[int]:
        """Numbers of the records that have a text as their id or as an alias."""
        return next((found for each, found in self.names(text_hash(name)) if each == name), [])

    def number(self, identifier: str) -> int | None:
        """Number of the record of an id."""
        return next((n for n in self.named(identifier) if self[n].id == identifier), None)

    def __getitem__(self, number: int) -> StoredRecord:
        """The record of a number."""
        return self._records[number]

    def originals(self, number: int) -> list[dict[str, Any]]:
        """The originals of a number."""
        return self._records.originals(number)

    def read(self, number: int) -> list[tuple[OsvRecord, tuple[Defect, ...]]]:
        """The originals of a number, as they are read."""
        try:
            return [read_record(original) for original in self.originals(number)]
        except InputError as error:
            raise GenerationError(f"the advisories are damaged: {error}.") from None

    def living(self) -> Iterator[int]:
        """Numbers of the records that were not replaced, in the order of their numbers."""
        checked = bool(self.manifest.layers)
        for number in range(self.count):
            if not checked or self.number(self[number].id) == number:
                yield number

    def _read(self, decode: Any, blobs: list[bytes]) -> list[Any]:
        try:
            return [decode(blob) for blob in blobs]
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise GenerationError(f"the advisories are damaged: {error}.") from None

    def close(self) -> None:
        """Give the files back."""
        for part in (self._packages, self._commits, self._names, self._records):
            part.close()
