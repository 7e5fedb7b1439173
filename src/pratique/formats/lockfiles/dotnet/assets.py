"""NuGet's ``project.assets.json``, which a restore leaves in ``obj``.

Format: NuGet, ``LockFileFormat``, versions 1 to 4.  ``libraries`` says what was
resolved, ``targets`` what needs what, ``projectFileDependencyGroups`` what the
project asks for itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.formats.lockfiles.dotnet.libraries import connect, opened, take
from pratique.formats.lockfiles.gathering import Gathering, shown
from pratique.model.errors import InputError
from pratique.model.inventory import Reading, Relation
from pratique.model.purl import Package

if TYPE_CHECKING:
    from pratique.formats.base import Tree

_VERSIONS = (1, 2, 3, 4)


def read(data: bytes, path: str, tree: Tree) -> Reading:  # noqa: ARG001 - a ReadFunction
    """Read the result of a restore.

    Raises:
        InputError: It is not JSON, or has no libraries.
    """
    document, libraries, lines, gathering = opened(data, path)
    version = document.get("version")
    if isinstance(version, bool) or version not in _VERSIONS:
        gathering.notes.unknown(
            f"version {shown(version)} of project.assets.json is not known", lines[("version",)]
        )
    refs = {
        key.lower(): ref
        for key, entry in libraries.items()
        if (ref := take(key, entry, lines["libraries", key], gathering))
    }
    targets = document.get("targets")
    if not isinstance(targets, dict):
        gathering.notes.unknown("has no object of targets: who depends on whom is not known")
        targets = {}
    for name, target in targets.items():
        if isinstance(target, dict):
            connect(target, refs, gathering)
        else:
            gathering.notes.unreadable(f"target {shown(name)} is not an object")
    roots = _direct(document.get("projectFileDependencyGroups"), refs, gathering)
    return gathering.reading(
        f"project.assets.json v{str(version)[:20]}", roots=roots, subject=_subject(document)
    )


def _direct(groups: Any, refs: dict[str, str], gathering: Gathering) -> list[str]:
    """Mark what the project asks for (``Alpha >= 1.0.0``) and, by that, the rest."""
    if not isinstance(groups, dict):
        gathering.notes.notice("does not say what the project asks for itself")
        return []
    by_name: dict[str, list[str]] = {}
    for key, ref in refs.items():
        by_name.setdefault(key.partition("/")[0], []).append(ref)
    roots: list[str] = []
    for asked in groups.values():
        for text in asked if isinstance(asked, list) else ():
            name, _, requirement = text.partition(" ") if isinstance(text, str) else ("", "", "")
            for ref in by_name.get(name.lower(), []):
                roots.append(ref)
                gathering.change(ref, relation=Relation.DIRECT, requirement=requirement.strip())
    for ref in refs.values():
        if gathering[ref].relation is Relation.UNKNOWN:
            gathering.change(ref, relation=Relation.TRANSITIVE)
    return roots


def _subject(document: dict[str, Any]) -> Package | None:
    project = document.get("project")
    restore = project.get("restore") if isinstance(project, dict) else None
    name = restore.get("projectName") if isinstance(restore, dict) else None
    version = project.get("version") if isinstance(project, dict) else None
    if not isinstance(name, str):
        return None
    try:
        return Package.of("nuget", name, version if isinstance(version, str) else "")
    except InputError:
        return None
