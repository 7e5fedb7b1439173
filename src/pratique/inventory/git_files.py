"""Where a checkout's repository is; see :mod:`pratique.ingest.git_folders`."""

from __future__ import annotations

from pratique.ingest.git_folders import GIT, Folder, is_bare, module_repository, open_repository

__all__ = ["GIT", "Folder", "is_bare", "module_repository", "open_repository"]
