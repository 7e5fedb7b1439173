"""``pyproject.toml`` as a manifest: what a project asks for, where no lockfile says more."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from pratique.formats.lockfiles.gathering import Gathering
from pratique.formats.lockfiles.python.project import Project
from pratique.formats.lockfiles.python.requirement import normal
from pratique.formats.text import decode
from pratique.model.inventory import Relation

if TYPE_CHECKING:
    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read a ``pyproject.toml``.

    Raises:
        InputError: It is not text, or not TOML.
    """
    project = Project(decode(data), path)
    gathering = Gathering(path, type="pypi", ecosystem="PyPI")
    gathering.notes.extend(tuple(project.notes))
    for field in ("dependencies", "optional-dependencies"):
        if field in project.dynamic:
            _dynamic(project, field, gathering, tree)
    roots: list[str] = []
    for wanted in project.wanted:
        package = gathering.package(wanted.name, wanted.version, line=wanted.line)
        if package is None:
            continue
        ref = gathering.add(
            package,
            line=wanted.line,
            relation=Relation.DIRECT,
            scope=wanted.need.scope,
            groups=(wanted.need.group,) if wanted.need.group else (),
            requirement=wanted.requirement,
            registry=wanted.registry,
            source=wanted.source,
        )
        roots.append(ref)
    subject = None
    if project.name:
        subject = gathering.package(normal(project.name), project.version, line=0)
    return gathering.reading("pyproject.toml", roots=roots, subject=subject)


def _dynamic(project: Project, field: str, gathering: Gathering, tree: Tree) -> None:
    """Say where a field comes from that the project leaves to its build tool."""
    if field in project.poetry or (field == "optional-dependencies" and project.poetry):
        return  # Poetry computes it from its own tables, which are read
    folder = posixpath.dirname(gathering.path)
    files = project.files_of(field)
    if files and all(tree.is_file(posixpath.join(folder, file)) for file in files):
        listed = ", ".join(files)
        gathering.notes.notice(f"{field} are in {listed}, which is a document of its own")
    else:
        gathering.notes.unknown(f"{field} are computed when the project is built")
