""".NET's ``*.deps.json``, which lies beside a built application.

Format: .NET, *Runtime configuration files* (``runtime-configuration-file.md``
of the SDK): ``libraries`` says what there is, ``targets`` what needs what.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.formats.lockfiles.dotnet.libraries import connect, opened, take
from pratique.formats.lockfiles.gathering import Gathering, shown
from pratique.model.inventory import Reading, Relation

if TYPE_CHECKING:
    from pratique.formats.base import Tree
    from pratique.formats.lockfiles.jsonlines import JsonLines
    from pratique.model.purl import Package


def read(data: bytes, path: str, tree: Tree) -> Reading:  # noqa: ARG001 - a ReadFunction
    """Read a dependency manifest.

    Raises:
        InputError: It is not JSON, or has no libraries.
    """
    document, libraries, lines, gathering = opened(data, path)
    refs: dict[str, str] = {}
    projects: list[str] = []
    for key, entry in libraries.items():
        ref = take(key, entry, lines["libraries", key], gathering)
        if ref:
            refs[key.lower()] = ref
            if isinstance(entry, dict) and entry.get("type") == "project":
                projects.append(ref)
    needed = connect(_target(document, lines, gathering), refs, gathering)
    tops = [ref for ref in projects if ref not in needed]
    subject, roots = _project(tops, needed, gathering)
    return gathering.reading("deps.json", roots=roots, subject=subject)


def _target(document: dict[str, Any], lines: JsonLines, gathering: Gathering) -> dict[str, Any]:
    """The target the application runs on: the one named, or the only one."""
    targets = document.get("targets")
    runtime = document.get("runtimeTarget")
    name = runtime.get("name") if isinstance(runtime, dict) else runtime
    if not isinstance(targets, dict):
        gathering.notes.unknown("has no object of targets: who depends on whom is not known")
        return {}
    target = targets.get(name) if isinstance(name, str) else None
    if target is None and len(targets) == 1:
        target = next(iter(targets.values()))
    if not isinstance(target, dict):
        gathering.notes.unknown(
            f"target {shown(name)} cannot be read: who depends on whom is not known",
            lines[("targets",)],
        )
        return {}
    return target


def _project(
    tops: list[str], needed: dict[str, list[str]], gathering: Gathering
) -> tuple[Package | None, list[str]]:
    """The project that was built, where one stands out, and what it needs directly."""
    if len(tops) != 1:
        return None, tops
    top = tops[0]
    for ref, by in needed.items():
        relation = Relation.DIRECT if top in by else Relation.TRANSITIVE
        gathering.change(ref, relation=relation)
    return gathering[top].package, [ref for ref, by in needed.items() if top in by]
