"""The advisory database: building its index, matching packages against it.

The data folder is the ``advisories`` folder of ``PRATIQUE_DATA``, or of the
user's cache::

    current                        name of the generation in use
    generations/NAME/              one index, never changed once it is there
      manifest.json                formats, sources, dates, sizes and digests
      packages.idx, packages.dat   ecosystem and name → affected versions
      commits.idx,  commits.dat    commit → the advisories that name it
      names.idx,    names.dat      id or alias → records
      records.idx,  records.dat    the records' facts, read only for hits
      dictionary                   of their compression
      documents.*                  the records as published, complete; not in the starter
      findings.zst                 what is wrong with them, by source; not in the starter
    downloads/                     zips as fetched, and what the server said of them

A generation is written beside, then renamed into place, then pointed to: a
reader sees the old one or the new one, whole.  The previous one is kept.
Everything read is checksummed; damage is an error, never an empty answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from pratique.advisories.index import Index

__all__ = ["Index", "open_index"]


def open_index(path: Path | None = None) -> Index:
    """Open the advisories.

    Args:
        path: Folder of a generation or of a data folder; where it is not
            given, the user's own, which begins with the starter that comes
            with the program.

    Raises:
        GenerationError: There are none at the path, or they are damaged.
        FormatError: They were built by another version of the program.
    """
    from pratique.advisories.index import Index
    from pratique.advisories.snapshot import data_root, open_root

    return Index.open(path) if path is not None else open_root(data_root())


def __getattr__(name: str) -> object:
    """Import :class:`Index` when it is asked for; a help text needs none of it."""
    if name == "Index":
        from pratique.advisories.index import Index

        return Index
    raise AttributeError(name)
