"""Reads git repositories: references, objects, packs, the commit graph, the index.

Nothing here runs git.  A repository's own configuration can name programs
(``core.fsmonitor``, hooks, filters), so that asking git about a folder from
elsewhere means to run what that folder says.  These readers take bytes and
give facts; who opens the files decides which (:class:`GitFiles`).
"""

from __future__ import annotations

from pratique.formats.git.base import GitError, GitFiles
from pratique.formats.git.history import Ancestry, History
from pratique.formats.git.repository import Repository, Submodule

__all__ = ["Ancestry", "GitError", "GitFiles", "History", "Repository", "Submodule"]
