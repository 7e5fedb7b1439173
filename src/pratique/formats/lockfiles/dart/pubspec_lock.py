"""``pubspec.lock`` of Dart's package manager.

Source: dart.dev, "Package versioning" and "Package dependencies" (sources
``hosted``, ``git``, ``path`` and ``sdk``), and the pub repository's
``LockFile``.  It does not say which package needs which.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pratique.formats.lockfiles.gathering import Gathering, shown, without_credentials
from pratique.formats.text import decode
from pratique.formats.yaml_text import parse_yaml
from pratique.model.errors import InputError
from pratique.model.inventory import Reading, Relation, Scope
from pratique.model.nouns import Source

if TYPE_CHECKING:
    from pratique.formats.base import Tree

_NEEDS = {
    "direct main": (Relation.DIRECT, Scope.RUNTIME, ()),
    "direct dev": (Relation.DIRECT, Scope.DEVELOPMENT, ("dev",)),
    "direct overridden": (Relation.DIRECT, Scope.UNKNOWN, ("overridden",)),
    "transitive": (Relation.TRANSITIVE, Scope.UNKNOWN, ()),
}
"""``dependency`` of an entry; a transitive one may be for development only."""

_KEY = re.compile(r"^[ ]{1,8}['\"]?([A-Za-z_][\w]*)['\"]?:[ ]*$", re.MULTILINE)
_SNIFF = re.compile(rb"^packages:\s*$", re.MULTILINE)
_SOURCE = re.compile(rb"^\s+source: (?:hosted|git|sdk|path)\s*$", re.MULTILINE)


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read a lockfile of pub.

    Raises:
        InputError: It is not YAML, or no mapping.
        LimitError: It is nested too deeply for the parser.
    """
    del tree
    text = decode(data)
    value = parse_yaml(text)
    if not isinstance(value, dict):
        raise InputError("is not a YAML mapping")
    gathering = Gathering(path, type="pub", ecosystem="Pub")
    packages = value.get("packages")
    if not isinstance(packages, dict):
        what = "has no packages" if packages is None else "has packages that are no mapping"
        gathering.notes.unreadable(what, 1)
        packages = {}
    lines = _lines(text, gathering)
    roots = []
    for name, entry in packages.items():
        line = lines.get(str(name), 0)
        if not isinstance(name, str) or not isinstance(entry, dict):
            gathering.notes.unreadable(f"entry {shown(name)} is no mapping with a name", line)
            continue
        ref = _add(name, entry, line, gathering)
        if ref and gathering[ref].relation is Relation.DIRECT:
            roots.append(ref)
    return gathering.reading("pubspec.lock", roots=roots)


def sniff(head: bytes) -> bool:
    """Whether a document is a lockfile of pub, judged by its first 64 KiB."""
    return _SNIFF.search(head) is not None and _SOURCE.search(head) is not None


def _lines(text: str, gathering: Gathering) -> dict[str, int]:
    """Line of each entry: the keys at the first depth below ``packages``."""
    start = text.find("packages:")
    lines: dict[str, int] = {}
    depth = -1
    line, position = 1, 0
    for match in _KEY.finditer(text, max(start, 0)):
        indent = len(match[0]) - len(match[0].lstrip(" "))
        depth = indent if depth < 0 else depth
        if indent != depth:
            continue
        line += text.count("\n", position, match.start())
        position = match.start()
        if match[1] in lines:
            gathering.notes.unreadable(f"{shown(match[1])} is stated twice; the last is read", line)
        lines[match[1]] = line
    return lines


def _add(key: str, entry: dict[str, Any], line: int, gathering: Gathering) -> str:
    notes = gathering.notes
    origin = entry.get("source")
    if origin == "path":
        return ""  # the project's own code
    description = entry.get("description")
    told: dict[str, Any] = description if isinstance(description, dict) else {}
    name = told.get("name") if isinstance(told.get("name"), str) else key
    version = entry.get("version")
    if not isinstance(version, str) or not version:
        notes.unknown(f"{shown(key)} has no version", line)
        version = ""
    need = entry.get("dependency")
    relation, scope, groups = _NEEDS.get(
        need if isinstance(need, str) else "", (Relation.UNKNOWN, Scope.UNKNOWN, ())
    )
    if relation is Relation.UNKNOWN:
        notes.unknown(f"{shown(key)} is a dependency of kind {shown(need)}", line)
    fields: dict[str, Any] = {}
    if origin == "hosted":
        fields = _hosted(told, line, gathering)
    elif origin == "git":
        fields["source"] = _git(told)
        if fields["source"] is None:
            notes.unknown(f"{shown(key)} comes from git, with no address", line)
    elif origin == "sdk":
        notes.notice(f"{shown(key)} is part of an SDK, whose version is not stated", line)
        fields["ecosystem"] = ""
    else:
        notes.unknown(f"{shown(key)} comes from {shown(origin)}, which is not known", line)
    package = gathering.package(str(name), version, line=line)
    if package is None:
        return ""
    return gathering.add(
        package,
        line=line,
        relation=relation,
        scope=scope,
        groups=groups,
        alias=key if key != name else "",
        **fields,
    )


def _hosted(told: dict[str, Any], line: int, gathering: Gathering) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if isinstance(url := told.get("url"), str):
        fields["registry"] = without_credentials(url)
    digest = told.get("sha256")
    if isinstance(digest, str):
        fields["hashes"] = gathering.digest("sha256", digest, line)
    return fields


def _git(told: dict[str, Any]) -> Source | None:
    url = told.get("url")
    if not isinstance(url, str) or not url:
        return None
    commit, reference = told.get("resolved-ref"), told.get("ref")
    return Source(
        without_credentials(url),
        commit=commit if isinstance(commit, str) else "",
        reference=reference if isinstance(reference, str) and reference != commit else "",
    )
