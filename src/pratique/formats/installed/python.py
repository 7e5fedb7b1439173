"""Installed Python distributions, one reading for each.

A distribution's metadata name what it requires, and only the files beside it
say which of that is installed, at which version.  A reading may not point at
components of another document, so that :func:`link` gives the edges: it takes
all metadata files of an inventory at once and looks each name up once.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from pratique.formats.installed.python_metadata import Field, fields, licenses
from pratique.formats.lockfiles.gathering import Gathering, shown, without_credentials
from pratique.formats.lockfiles.origins import source_of
from pratique.formats.lockfiles.python.files import text_hash
from pratique.formats.lockfiles.python.requirement import normal, parse
from pratique.formats.lockfiles.typed import kind, table_of, text_of
from pratique.formats.text import decode, parse_json
from pratique.model.errors import InputError, LimitError
from pratique.model.inventory import LicenseClaim, Relation, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pratique.formats.base import Notes, Tree
    from pratique.model.inventory import Reading
    from pratique.model.nouns import Artifact

MAX_METADATA_VERSION = (2, 5)
"""Newest ``Metadata-Version`` that is known."""

_VERSION = re.compile(r"(\d{1,4})\.(\d{1,4})\Z")
_EXTRA = re.compile(r"\bextra\s*(?:==|!=|in\b)|['\"]\s*(?:==|in)\s*extra\b")
_HEAD = re.compile(rb"\s*Metadata-Version:", re.IGNORECASE)
_RECORDING = ("pip", "uv")
"""Installers that write ``REQUESTED`` for what the user asked for (PEP 376)."""


def is_metadata(head: bytes) -> bool:
    """Whether it begins as core metadata do."""
    return bool(_HEAD.match(head.removeprefix(b"\xef\xbb\xbf")))


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read ``METADATA`` or ``PKG-INFO``, with what the installer left beside it.

    Raises:
        InputError: It is not text, or does not say its name.
    """
    gathering = Gathering(path, type="pypi", ecosystem="PyPI")
    found = fields(_text(data, gathering.notes))
    first: dict[str, Field] = {}
    for field in found:
        first.setdefault(field.name, field)
    name = first.get("name")
    if name is None or not name.value:
        raise InputError("does not say the name of its distribution")
    stated = first["metadata-version"].value if "metadata-version" in first else ""
    match = _VERSION.match(stated)
    if stated and (match is None or (int(match[1]), int(match[2])) > MAX_METADATA_VERSION):
        gathering.notes.unknown(f"Metadata-Version {stated[:20]!r} is not known; read as 2.5")
    version = first["version"].value if "version" in first else ""
    if not version:
        gathering.notes.unknown(f"{shown(name.value)} has no version", name.line)
    package = gathering.package(normal(name.value), version, line=name.line)
    if package is not None:
        gathering.add(
            package,
            line=name.line,
            relation=_relation(path, tree),
            scope=Scope.UNKNOWN,
            licenses=tuple(LicenseClaim(text, "installed metadata") for text in licenses(found)),
            **_origin(path, tree, gathering),
        )
    return gathering.reading(f"Python metadata {stated}".rstrip())


def link(documents: Iterable[tuple[str, bytes]], tree: Tree) -> dict[str, tuple[str, ...]]:
    """Who depends on whom among installed distributions.

    Looks at every document twice and at no folder at all, so that its cost
    grows with the number of requirements alone.

    Args:
        documents: Paths and bytes of the metadata files of an inventory.
        tree: Where ``requires.txt`` of old distributions is looked for.

    Returns:
        Paths of metadata files to the paths of those they depend on, in the
        same environment.  Requirements that hold for an extra only are left
        out, others count whatever their marker; what is not installed is too.
    """
    known: dict[tuple[str, str], str] = {}
    wanted: dict[str, list[str]] = {}
    for path, data in documents:
        try:
            found = fields(_text(data, None))
        except InputError:
            continue  # its reading says so
        name = next((field.value for field in found if field.name == "name"), "")
        if name:
            known.setdefault((_environment(path), normal(name)), path)
        texts = [field.value for field in found if field.name == "requires-dist"]
        wanted[path] = list(_names(texts or _requires(path, tree)))
    edges = {}
    for path, names in wanted.items():
        places = (known.get((_environment(path), name)) for name in names)
        edges[path] = tuple(dict.fromkeys(one for one in places if one and one != path))
    return edges


def _text(data: bytes, notes: Notes | None) -> str:
    """Text in UTF-8, or in Latin-1 as distributions of old wrote their authors."""
    try:
        text = decode(data)
    except LimitError:
        raise
    except InputError:
        if b"\0" in data:
            raise
        text = data.decode("latin-1").replace("\r\n", "\n").replace("\r", "\n")
        if notes is not None:
            notes.notice("is not UTF-8; read as Latin-1")
    if not text.strip():
        raise InputError("is empty")
    return text


def _environment(path: str) -> str:
    """Folder that distributions are installed in: two above the metadata, or three of an egg."""
    folder = posixpath.dirname(path)
    if posixpath.basename(folder) == "EGG-INFO":
        folder = posixpath.dirname(folder)
    return posixpath.dirname(folder) if not path.endswith(".egg-info") else folder


def _names(texts: Iterable[str]) -> Iterator[str]:
    """Normalised names of the requirements that hold without an extra."""
    for text in texts:
        try:
            wanted = parse(text)
        except InputError:
            continue
        if not _EXTRA.search(wanted.marker):
            yield normal(wanted.name)


def _requires(path: str, tree: Tree) -> list[str]:
    """Requirements in the ``requires.txt`` of an egg, without those of its extras."""
    beside = posixpath.join(posixpath.dirname(path), "requires.txt")
    if not path.endswith("PKG-INFO") or not tree.is_file(beside):
        return []
    try:
        text = decode(tree.read(beside))
    except InputError:
        return []
    found, extra = [], False
    for line in text.split("\n"):
        content = line.strip()
        if content.startswith("["):
            # "[name]" is an extra, "[:marker]" a condition on the environment.
            extra = not content.startswith("[:")
        elif content and not content.startswith("#") and not extra:
            found.append(content)
    return found


def _relation(path: str, tree: Tree) -> Relation:
    """Whether the user asked for it, where the installer recorded that (PEP 376)."""
    folder = posixpath.dirname(path)
    if not folder.endswith(".dist-info"):
        return Relation.UNKNOWN
    if tree.is_file(f"{folder}/REQUESTED"):
        return Relation.DIRECT
    try:
        installer = tree.read(f"{folder}/INSTALLER")[:40].decode("ascii", "replace").strip()
    except InputError:
        return Relation.UNKNOWN
    return Relation.TRANSITIVE if installer in _RECORDING else Relation.UNKNOWN


def _origin(path: str, tree: Tree, gathering: Gathering) -> dict[str, Any]:
    """Where it was installed from, if not from an index (PEP 610)."""
    beside = posixpath.join(posixpath.dirname(path), "direct_url.json")
    if not tree.is_file(beside):
        return {}
    notes = gathering.notes
    try:
        table = parse_json(decode(tree.read(beside)))
    except InputError as error:
        notes.unreadable(f"direct_url.json beside it cannot be read: {error.message}")
        return {}
    if not isinstance(table, dict):
        notes.unreadable(f"direct_url.json beside it is {kind(table)}, not an object")
        return {}
    address = text_of(table, "url", notes, 0)
    vcs = table_of(table, "vcs_info", notes, 0)
    if vcs:
        source = source_of(
            address,
            commit=text_of(vcs, "commit_id", notes, 0),
            reference=text_of(vcs, "requested_revision", notes, 0),
            vcs=text_of(vcs, "vcs", notes, 0) or "git",
        )
        return {"source": source}
    archive = table_of(table, "archive_info", notes, 0)
    hashes: list[Artifact] = []
    several = table_of(archive, "hashes", notes, 0)
    for algorithm in several:
        digest = text_of(several, algorithm, notes, 0)
        hashes += gathering.digest(algorithm, digest, 0)
    if not hashes and (single := text_of(archive, "hash", notes, 0)):
        hashes += text_hash(single.replace("=", ":", 1), gathering, 0)
    return {"registry": without_credentials(address), "hashes": tuple(hashes)}
