"""Actions and reusable workflows that a workflow uses.

Source: GitHub Docs, *Workflow syntax*, ``jobs.<job_id>.uses`` and
``jobs.<job_id>.steps[*].uses``; *Metadata syntax*, ``runs.steps[*].uses``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pratique.formats.lockfiles.gathering import Gathering, shown
from pratique.formats.text import Lines, decode
from pratique.formats.yaml_text import parse_yaml_texts
from pratique.model.errors import InputError
from pratique.model.inventory import Relation, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading

_USES = re.compile(r"([\w.-]+)/([\w.-]+)((?:/[^@\s]+)?)@(\S+)\Z")
_IMAGE = re.compile(r"docker://([^@\s]+?)(?::([\w.-]+))?(?:@(sha256:[0-9a-f]{64}))?\Z")


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read a workflow or a composite action.

    What stands in the same repository (``./…``) is no package.  A branch or tag
    is taken for the version, as GitHub resolves it; only a commit stays the same.

    Raises:
        InputError: It is not YAML, or not a mapping.
    """
    del tree
    text = decode(data)
    value = parse_yaml_texts(text)
    if value is not None and not isinstance(value, dict):
        raise InputError("is not a mapping")
    lines = Lines(text)
    gathering = Gathering(path, type="github", ecosystem="GitHub Actions")
    roots = []
    for stated in _stated(value or {}):
        if isinstance(stated, str):
            roots.append(_take(stated.strip(), lines.of(stated), gathering))
        elif stated is not None:
            gathering.notes.unreadable(f"uses is {shown(stated)}, not a text")
    return gathering.reading("GitHub Actions", roots=[one for one in roots if one])


def _stated(value: dict[str, Any]) -> Iterator[Any]:
    jobs, runs = value.get("jobs"), value.get("runs")
    holders = [*(jobs.values() if isinstance(jobs, dict) else ()), runs]
    for holder in holders:
        if not isinstance(holder, dict):
            continue
        if holder is not runs:
            yield holder.get("uses")
        steps = holder.get("steps")
        for step in steps if isinstance(steps, list) else ():
            if isinstance(step, dict):
                yield step.get("uses")


def _take(stated: str, line: int, gathering: Gathering) -> str:
    if stated.startswith(("./", "../")):
        return ""
    common: dict[str, Any] = {"relation": Relation.DIRECT, "scope": Scope.BUILD}
    if image := _IMAGE.match(stated):
        name = image[1].rpartition("/")[2]
        package = gathering.package(
            name,
            image[3] or "",
            line=line,
            type="oci",
            qualifiers={"repository_url": image[1], "tag": image[2] or ""},
        )
        if not image[3]:
            gathering.notes.unknown(f"{shown(stated)} is not pinned to a digest", line)
        return gathering.add(package, line=line, ecosystem="", **common) if package else ""
    found = _USES.match(stated)
    if found is None:
        gathering.notes.unknown(f"uses {shown(stated)}, which names no version", line)
        return ""
    package = gathering.package(found[2], found[4], namespace=found[1], line=line)
    return gathering.add(package, line=line, requirement=stated, **common) if package else ""
