"""npm's ``package.json``: dependencies and overrides.

Format: npm documentation, *package.json*.
"""

from __future__ import annotations

from typing import Any

from pratique.formats.edit.base import Change, EditError, Entry, wanted
from pratique.formats.edit.jsontext import Path, Scan, replaced

SECTIONS = {
    "dependencies": "",
    "devDependencies": "dev",
    "optionalDependencies": "optional",
    "peerDependencies": "peer",
}
"""Sections that name requirements, and the group each makes."""


def entries(text: str) -> list[Entry]:
    """The requirements, section by section.

    Raises:
        InputError: The document is no JSON.
    """
    return [entry for entry, _ in _entries(Scan(text))]


def _entries(scan: Scan) -> list[tuple[Entry, Path]]:
    found: list[tuple[Entry, Path]] = []
    for section, group in SECTIONS.items():
        items = scan.value.get(section) if isinstance(scan.value, dict) else None
        for name, requirement in (items if isinstance(items, dict) else {}).items():
            if isinstance(requirement, str):
                member = scan.members[section, name]
                entry = Entry(
                    name=name,
                    requirement=requirement,
                    start=member.start,
                    end=member.end,
                    group=group,
                )
                found.append((entry, (section, name)))
    return found


def edit(text: str, changes: list[Change]) -> str:
    """Write other requirements, by the name under which each is installed.

    Raises:
        EditError: One is not there, or cannot be changed by itself.
        InputError: The document is no JSON.
    """
    found = _entries(Scan(text))
    paths = dict(found)
    new: dict[Path, Any] = {}
    for change in changes:
        for entry in wanted([entry for entry, _ in found], change):
            new[paths[entry]] = change.after
    return replaced(text, new)


def override(text: str, versions: dict[str, str]) -> str:
    """Force versions of packages, whoever needs them.

    Args:
        text: The document.
        versions: Package name to range; ``name@range`` narrows which versions are forced.

    Raises:
        EditError: ``overrides`` has conditions of its own for one of them.
        InputError: The document is no JSON.
    """
    scan = Scan(text)
    present = scan.value.get("overrides") if isinstance(scan.value, dict) else None
    if present is None:
        return replaced(text, {("overrides",): dict(versions)})
    if not isinstance(present, dict):
        raise EditError("overrides is no object")
    for name in versions:
        if not isinstance(present.get(name, ""), str):
            raise EditError(f"overrides has conditions of its own for {name}")
    return replaced(text, {("overrides", name): value for name, value in versions.items()})
