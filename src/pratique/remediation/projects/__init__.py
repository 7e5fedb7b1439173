"""Kinds of projects: which files a change touches, and the resolver that owns them."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pratique.remediation.projects.base import Project
    from pratique.remediation.workspace import Workspace


def project_of(document: str, work: Workspace) -> Project | None:
    """The project that a document belongs to; ``None`` where none can be changed here.

    Args:
        document: Path in the workspace.
        work: Where it is.
    """
    name = posixpath.basename(document)
    standard = name != "pyproject.toml" or "\n[project]" in f"\n{work.read(document)}"
    if name in {"uv.lock", "pyproject.toml"} and standard:
        from pratique.remediation.projects.uv import Uv

        return Uv(document, work)
    if name in {"poetry.lock", "pdm.lock", "pyproject.toml", "Pipfile", "Pipfile.lock"}:
        from pratique.remediation.projects.written import PythonManifest

        return PythonManifest(document, work)
    if name in {"package-lock.json", "npm-shrinkwrap.json", "package.json"}:
        from pratique.remediation.projects.npm import Npm

        return Npm(document, work)
    if name in {"Cargo.lock", "Cargo.toml"}:
        from pratique.remediation.projects.cargo import Cargo

        return Cargo(document, work)
    if re.fullmatch(r"pylock(\.[^.]+)?\.toml", name):
        from pratique.remediation.projects.pylock import Pylock

        return Pylock(document, work)
    if name == "go.mod":
        from pratique.remediation.projects.golang import Golang

        return Golang(document, work)
    if name == "pom.xml":
        from pratique.remediation.projects.maven import Maven

        return Maven(document, work)
    if name.endswith((".txt", ".in")):
        from pratique.remediation.projects.requirements import Requirements

        return Requirements(document, work)
    return None
