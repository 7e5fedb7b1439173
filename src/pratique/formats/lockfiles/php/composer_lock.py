"""Composer's ``composer.lock``.

Format: as Composer 1 and 2 write it (Composer manual, *The composer.json
schema*, for the fields of a package).  It has no version of its own beyond
``plugin-api-version``.  What the project asks for itself stands in the
``composer.json`` beside it.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from pratique.formats.lockfiles.gathering import Gathering, named, shown, without_credentials
from pratique.formats.lockfiles.jsonlines import JsonLines
from pratique.formats.shapes import mapping
from pratique.formats.text import decode, parse_json
from pratique.model.errors import InputError
from pratique.model.inventory import LicenseClaim, Reading, Relation, Scope
from pratique.model.nouns import Source
from pratique.model.purl import Package

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.formats.base import Tree
    from pratique.model.nouns import Artifact

_COMMIT = re.compile(r"^[0-9a-f]{40}(?:[0-9a-f]{24})?$")
_SECTIONS = (("packages", Scope.RUNTIME, ()), ("packages-dev", Scope.DEVELOPMENT, ("dev",)))


class _Entry(NamedTuple):
    """A package that was taken, with what it asks for."""

    ref: str
    require: dict[str, Any]
    line: int


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read a Composer lockfile.

    Raises:
        InputError: It is not JSON, or not an object with packages.
    """
    text = decode(data)
    document = parse_json(text)
    if not isinstance(document, dict):
        raise InputError("is not a JSON object")
    if not any(section in document for section, _, _ in _SECTIONS):
        raise InputError("has neither packages nor packages-dev")
    lines = JsonLines(text, 3)
    gathering = Gathering(path, type="composer", ecosystem="Packagist")
    gathering.repeated(lines)
    entries: list[_Entry] = []
    providers: dict[str, list[str]] = {}
    for section, scope, groups in _SECTIONS:
        items = document.get(section)
        if items is not None and not isinstance(items, list):
            gathering.notes.unreadable(f"{section} is not an array", lines[(section,)])
            continue
        for index, item in enumerate(items or ()):
            line = lines[section, index, "name"] or lines[section, index]
            entry = _take(item, line, scope, groups, gathering)
            if entry:
                entries.append(entry)
                for name in _provided(item):
                    providers.setdefault(name, []).append(entry.ref)
    manifest = _manifest(path, tree, gathering)
    own = {
        name.lower()
        for field in ("provide", "replace")
        for name in mapping((manifest or {}).get(field))
    }
    _connect(entries, providers, own, gathering)
    roots = _direct(manifest, entries, providers, gathering) if manifest else []
    return gathering.reading("composer.lock", roots=roots, subject=_subject(manifest or {}))


def _take(
    item: Any, line: int, scope: Scope, groups: tuple[str, ...], gathering: Gathering
) -> _Entry | None:
    name = item.get("name") if isinstance(item, dict) else None
    if not isinstance(name, str) or not name.strip():
        gathering.notes.unreadable(f"package {shown(item)} has no name", line)
        return None
    version = item.get("version")
    if not isinstance(version, str) or not version.strip():
        gathering.notes.unknown(f"package {named(name)} has no version", line)
        version = ""
    package = gathering.package(name, version, line=line)
    if package is None:
        return None
    if package in gathering:
        gathering.notes.notice(f"package {named(name)} {named(version)} is locked twice", line)
    dist = mapping(item.get("dist"))
    ref = gathering.add(
        package,
        line=line,
        scope=scope,
        groups=groups,
        hashes=_hashes(dist, line, gathering),
        registry=without_credentials(_text(dist.get("url"))),
        source=_source(mapping(item.get("source")), dist),
        licenses=_licenses(item.get("license")),
    )
    return _Entry(ref, mapping(item.get("require")), line) if ref else None


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _hashes(dist: dict[str, Any], line: int, gathering: Gathering) -> tuple[Artifact, ...]:
    digest = _text(dist.get("shasum"))
    return gathering.digest("sha1", digest, line) if digest else ()


def _source(source: dict[str, Any], dist: dict[str, Any]) -> Source | None:
    """Where the package was taken from; a distribution alone still names its commit."""
    url = without_credentials(_text(source.get("url")))
    reference = _text(source.get("reference")) or _text(dist.get("reference"))
    commit = reference if _COMMIT.match(reference) else ""
    if not url and not commit:
        return None
    return Source(
        url=url,
        commit=commit,
        reference="" if commit else reference,
        vcs=_text(source.get("type")) or "git",
    )


def _licenses(value: Any) -> tuple[LicenseClaim, ...]:
    """Licences; several in an array are a choice (Composer schema, ``license``)."""
    texts = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    names = [text.strip() for text in texts if isinstance(text, str) and text.strip()]
    if len(names) > 1:
        names = [" OR ".join(f"({n})" if " " in n and n[0] != "(" else n for n in names)]
    return tuple(LicenseClaim(name, "lockfile") for name in names)


def _provided(item: dict[str, Any]) -> Iterator[str]:
    yield item["name"].strip().lower()
    for field in ("provide", "replace"):
        for name in mapping(item.get(field)):
            yield name.lower()


def _is_platform(name: str) -> bool:
    """Whether a requirement is on PHP, an extension, a library or Composer itself."""
    return "/" not in name


def _connect(
    entries: list[_Entry], providers: dict[str, list[str]], own: set[str], gathering: Gathering
) -> None:
    """Connect what asks with what provides; the project may provide a name itself."""
    for entry in entries:
        gathering.states_edges(entry.ref)
        for name in entry.require:
            if _is_platform(name):
                continue
            targets = providers.get(name.lower(), [])
            for target in targets:
                if target != entry.ref:
                    gathering.edge(entry.ref, target)
            if not targets and name.lower() not in own:
                gathering.notes.notice(f"{shown(name)} is needed but not locked", entry.line)


def _manifest(path: str, tree: Tree, gathering: Gathering) -> dict[str, Any] | None:
    """The ``composer.json`` beside the lockfile, where it can be read."""
    beside = posixpath.join(posixpath.dirname(path), "composer.json")
    if path == "-" or not tree.is_file(beside):
        return None
    try:
        manifest = parse_json(decode(tree.read(beside)))
    except InputError as error:
        gathering.notes.notice(f"composer.json beside it cannot be read: {error.message}")
        return None
    return manifest if isinstance(manifest, dict) else None


def _direct(
    manifest: dict[str, Any],
    entries: list[_Entry],
    providers: dict[str, list[str]],
    gathering: Gathering,
) -> list[str]:
    """Mark what the project asks for itself and, by that, the rest."""
    roots: list[str] = []
    for field in ("require", "require-dev"):
        for name, requirement in mapping(manifest.get(field)).items():
            for ref in providers.get(name.lower(), []):
                roots.append(ref)
                gathering.change(
                    ref, relation=Relation.DIRECT, requirement=_text(requirement)[:200]
                )
    for entry in entries:
        if gathering[entry.ref].relation is Relation.UNKNOWN:
            gathering.change(entry.ref, relation=Relation.TRANSITIVE)
    return roots


def _subject(manifest: dict[str, Any]) -> Package | None:
    name = _text(manifest.get("name"))
    try:
        return Package.of("composer", name, _text(manifest.get("version"))) if name else None
    except InputError:
        return None
