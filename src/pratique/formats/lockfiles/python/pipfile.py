"""``Pipfile``: what a project asks Pipenv for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.formats.lockfiles.gathering import Gathering, shown, without_credentials
from pratique.formats.lockfiles.needs import scope_of_group
from pratique.formats.lockfiles.origins import SYSTEMS, source_of
from pratique.formats.lockfiles.python.requirement import normal, pinned
from pratique.formats.lockfiles.tomllines import KeyLines
from pratique.formats.lockfiles.typed import kind, table_of, tables_of, text_of
from pratique.formats.text import decode, parse_toml
from pratique.model.errors import InputError
from pratique.model.inventory import Relation, Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.formats.base import Notes, Tree
    from pratique.model.inventory import Reading

_OTHER = frozenset({"source", "requires", "scripts", "pipenv", "pipfile"})
"""Sections that name no packages; any other is a category of packages."""

_CATEGORIES = {"packages": "default", "dev-packages": "develop"}
"""What ``Pipfile.lock`` calls the two sections that always exist."""


def read(data: bytes, path: str, tree: Tree) -> Reading:  # noqa: ARG001 - one file
    """Read a ``Pipfile``.

    Raises:
        InputError: It is not text, or not TOML.
    """
    text = decode(data)
    document = parse_toml(text)
    gathering = Gathering(path, type="pypi", ecosystem="PyPI")
    notes, lines = gathering.notes, KeyLines(text)
    indexes = {}
    for one in tables_of(document, "source", notes, lines.of("source", "")):
        name = text_of(one, "name", notes, 0)
        indexes[name] = without_credentials(text_of(one, "url", notes, 0))
    roots = []
    for section, name, entry in _packages(document, notes, lines):
        line = lines.of(section, name)
        specifier = text_of(entry, "version", notes, line)
        package = gathering.package(normal(name), pinned(specifier), line=line)
        if package is None:
            continue
        fields: dict[str, Any] = {}
        vcs = next((one for one in SYSTEMS if isinstance(entry.get(one), str)), "")
        if vcs:
            reference = text_of(entry, "ref", notes, line)
            fields["source"] = source_of(entry[vcs], reference=reference, vcs=vcs)
        else:
            address = text_of(entry, "file", notes, line) or text_of(entry, "path", notes, line)
            index = indexes.get(text_of(entry, "index", notes, line), "")
            fields["registry"] = without_credentials(address) or index
        ref = gathering.add(
            package,
            line=line,
            relation=Relation.DIRECT,
            scope=Scope.RUNTIME if section == "packages" else scope_of_group(_group(section)),
            groups=(_group(section),),
            requirement=specifier,
            **fields,
        )
        roots.append(ref)
    return gathering.reading("Pipfile", roots=roots)


def beside(tree: Tree, path: str, notes: Notes) -> dict[str, str] | None:
    """Constraints by name in the ``Pipfile`` in the folder of a lockfile, if there is one.

    Args:
        tree: Where to look.
        path: Of the lockfile.
        notes: Told where a Pipfile is there and cannot be read.
    """
    manifest = path.removesuffix(".lock") if path.endswith("Pipfile.lock") else ""
    if not manifest or not tree.is_file(manifest):
        return None
    try:
        reading = read(tree.read(manifest), manifest, tree)
    except InputError as error:
        notes.notice(f"{manifest} beside it cannot be read: {error.message}")
        return None
    return {part.package.name: part.requirement for part in reading.components}


def _group(section: str) -> str:
    return _CATEGORIES.get(section, section)


def _packages(
    document: dict[str, Any], notes: Notes, lines: KeyLines
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for section in document:
        if section in _OTHER:
            continue
        for name, value in table_of(document, section, notes, lines.of(section, "")).items():
            if isinstance(value, str):
                yield section, name, {"version": value}
            elif isinstance(value, dict):
                yield section, name, value
            else:
                line = lines.of(section, name)
                notes.unreadable(f"{shown(name)} is {kind(value)}, not a version", line)
