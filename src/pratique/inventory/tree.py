"""Files of a folder: the trees of :mod:`pratique.ingest.files`."""

from __future__ import annotations

from pratique.ingest.files import (
    INSTALLED_FOLDERS,
    MAX_FILES,
    SKIPPED_FOLDERS,
    FolderTree,
    LoneTree,
)

__all__ = ["INSTALLED_FOLDERS", "MAX_FILES", "SKIPPED_FOLDERS", "FolderTree", "LoneTree"]
