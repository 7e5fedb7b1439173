"""``package.json``: what a project asks for, in ranges.

Source: npm CLI documentation, "package.json" (version 11).
"""

from __future__ import annotations

import re
from typing import Any

from pratique.formats.base import Notes, Tree
from pratique.formats.lockfiles.gathering import shown, without_credentials
from pratique.formats.lockfiles.javascript.addresses import hosted_source, is_local
from pratique.formats.lockfiles.javascript.graph import Entry, Root, assemble
from pratique.formats.lockfiles.javascript.manifests import SECTIONS, manifest_of, subject_of
from pratique.formats.lockfiles.javascript.naming import pinned, split_descriptor
from pratique.formats.lockfiles.jsonlines import JsonLines
from pratique.formats.text import decode, parse_json
from pratique.model.inventory import Reading, Scope

_SCOPES = {
    "": Scope.RUNTIME,
    "peer": Scope.RUNTIME,
    "optional": Scope.OPTIONAL,
    "dev": Scope.DEVELOPMENT,
}
_INSTALLED = re.compile(r"(?:^|/)node_modules/(?:@[^/]+/)?[^/]+/package\.json\Z")


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read a manifest; what it asks for has no version unless it names exactly one.

    A manifest that is a package's own, in ``node_modules``, is read as what is
    installed there.

    Raises:
        InputError: It is not JSON, or not an object.
        LimitError: It is nested too deeply for the parser.
    """
    if _INSTALLED.search(path):
        from pratique.formats.installed.node import read as read_installed

        return read_installed(data, path, tree)
    text = decode(data)
    value = parse_json(text)
    manifest = manifest_of(value)
    notes = Notes(path)
    lines = JsonLines(text, 2)
    if "unity" in value:
        # Unity's package manager shares the file's name and form, not the registry.
        notes.notice("is the manifest of a Unity package, whose dependencies are not npm's")
        return Reading(format="package.json", problems=notes.done())
    for where, line in lines.repeated:
        if where[0] in SECTIONS.values():
            notes.unreadable(f"{shown(where[-1])} is stated twice; the last is read", line)
    entries: list[Entry] = []
    roots: list[Root] = []
    for group, section in SECTIONS.items():
        _note_wrong_types(value.get(section), section, lines, notes)
        for name, requirement in manifest.asks.get(group, {}).items():
            if group == "" and name in manifest.asks.get("optional", {}):
                continue
            if is_local(requirement):
                continue
            roots.append(Root(len(entries), group, requirement))
            entries.append(_entry(name, requirement, group, lines[section, name]))
    reading = assemble("package.json", entries, roots, notes, subject=subject_of(manifest))
    return _without_edges(reading)


def _entry(name: str, requirement: str, group: str, line: int) -> Entry:
    entry = Entry(
        name=name,
        version=pinned(requirement),
        line=line,
        scope=_SCOPES[group],
        groups=(group,) if group else (),
    )
    if requirement.startswith("npm:"):
        entry.name, range = split_descriptor(requirement[4:])
        entry.version = pinned(range)
        entry.alias = name if name != entry.name else ""
    elif (source := hosted_source(requirement)) is not None:
        entry.source = source
    elif requirement.startswith(("http:", "https:", "file:")):
        entry.registry = without_credentials(requirement)
    return entry


def _note_wrong_types(needs: Any, section: str, lines: JsonLines, notes: Notes) -> None:
    if needs is None:
        return
    if not isinstance(needs, dict):
        notes.unreadable(f"{section} is {shown(needs)}, not an object", lines[section,])
        return
    for name, requirement in needs.items():
        if not isinstance(requirement, str):
            notes.unreadable(
                f"{section} asks for {shown(name)} in {shown(requirement)}, not a string",
                lines[section, name],
            )


def _without_edges(reading: Reading) -> Reading:
    """A manifest does not say what its dependencies depend on."""
    import msgspec

    return msgspec.structs.replace(reading, edges={})
