"""Hashes of the files of a package, in the forms the Python lockfiles write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.formats.lockfiles.typed import kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pratique.formats.lockfiles.gathering import Gathering
    from pratique.formats.lockfiles.python.lifting import Lifted
    from pratique.model.nouns import Artifact


def hashes_of(
    table: dict[str, Any], keys: Iterable[str], lifted: Lifted, gathering: Gathering, line: int
) -> tuple[Artifact, ...]:
    """Hashes of the files under some keys of an entry, each once.

    Args:
        table: The entry.
        keys: Of single file tables or arrays of them (``sdist``, ``wheels``, ``files``).
        lifted: Holds the lists that were taken out.
        gathering: Told of what is no hash.
        line: Of the entry.
    """
    found: dict[Artifact, None] = {}
    for key in keys:
        if key not in table:
            continue
        value = table[key]
        there = lifted[value]
        if there is not None:
            found.update(dict.fromkeys(there))
        else:
            found.update(dict.fromkeys(file_hashes(value, key, gathering, line)))
    return tuple(found)


def file_hashes(value: Any, key: str, gathering: Gathering, line: int) -> Iterator[Artifact]:
    """Hashes of a file table, or of an array of them."""
    for file in value if isinstance(value, list) else [value]:
        if not isinstance(file, dict):
            gathering.notes.unreadable(f"an item of {key} is {kind(file)}, not a table", line)
            continue
        # One "hash" of "algorithm:hex", or "hashes" by algorithm (PEP 751).
        stated = file.get("hash")
        if isinstance(stated, str):
            yield from text_hash(stated, gathering, line)
        elif stated is not None:
            gathering.notes.unreadable(f"hash is {kind(stated)}, not a string", line)
        several = file.get("hashes")
        if isinstance(several, dict):
            for algorithm, digest in several.items():
                if isinstance(digest, str):
                    yield from gathering.digest(algorithm, digest, line)
                else:
                    gathering.notes.unreadable(f"hash is {kind(digest)}, not a string", line)


def text_hash(text: str, gathering: Gathering, line: int) -> tuple[Artifact, ...]:
    """Hash written as ``algorithm:hex``, or as bare SHA-256 as the oldest lockfiles do."""
    algorithm, colon, digest = text.rpartition(":")
    return gathering.digest(algorithm if colon else "sha256", digest, line)
