"""Julia's ``Manifest.toml``, manifest formats 1 and 2 (Pkg.jl 1.11, *Manifest.toml*)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.formats.lockfiles.gathering import Gathering, named, shown, without_credentials
from pratique.formats.lockfiles.typed import items_of, kind, table_of, text_of
from pratique.formats.text import Lines, decode, parse_toml
from pratique.model.nouns import Source

if TYPE_CHECKING:
    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading

_HEADS = frozenset({"julia_version", "manifest_format", "project_hash", "registries"})


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read a manifest; what comes with Julia itself has no version there, and is left out.

    Raises:
        InputError: It is not text, or not TOML.
    """
    del tree
    text = decode(data)
    document = parse_toml(text)
    gathering = Gathering(path, type="julia", ecosystem="Julia")
    version = text_of(document, "manifest_format", gathering.notes, 0)
    if version and version.partition(".")[0] not in {"1", "2"}:
        gathering.notes.unknown(f"manifest_format {shown(version)} is not known; read as 2")
    new = isinstance(document.get("deps"), dict)
    tables = (
        table_of(document, "deps", gathering.notes, 0)
        if new
        else {key: value for key, value in document.items() if key not in _HEADS}
    )
    lines = Lines(text)
    taken: dict[str, str] = {}
    needs: dict[str, dict[str, Any]] = {}
    for name in tables:
        line = lines.of(f"[[{'deps.' if new else ''}{name}]]")
        for entry in items_of(tables, name, gathering.notes, line):
            if not isinstance(entry, dict):
                gathering.notes.unreadable(f"{named(name)} is {kind(entry)}, not a table", line)
            elif ref := _take(name, entry, line, gathering):
                taken[name], needs[ref] = ref, entry
    for ref, entry in needs.items():
        stated = entry.get("deps", [])
        gathering.states_edges(ref)
        for one in stated if isinstance(stated, (list, dict)) else ():
            if isinstance(one, str) and (target := taken.get(one)) and target != ref:
                gathering.edge(ref, target)
    return gathering.reading(f"Manifest.toml {version}".rstrip())


def _take(name: str, entry: dict[str, Any], line: int, gathering: Gathering) -> str:
    notes = gathering.notes
    version = text_of(entry, "version", notes, line)
    source = _source(entry)
    own = not any(key in entry for key in ("git-tree-sha1", "path", "repo-url"))
    if own and not version:
        return ""  # of the standard library: it has the version of Julia
    if not version and source is None:
        notes.unknown(f"{named(name)} has no version", line)
    uuid = text_of(entry, "uuid", notes, line)
    package = gathering.package(name, version, line=line, qualifiers={"uuid": uuid})
    if package is None:
        return ""
    return gathering.add(package, line=line, source=source)


def _source(entry: dict[str, Any]) -> Source | None:
    url = entry.get("repo-url")
    if not isinstance(url, str) or not url:
        return None
    reference = entry.get("repo-rev")
    return Source(
        url=without_credentials(url),
        reference=reference if isinstance(reference, str) else "",
    )
