"""What dpkg and opkg have installed: ``var/lib/dpkg/status``, ``status.d`` and opkg's status.

Fields as in deb-control(5) and dpkg-query(1) (dpkg 1.22); ``status.d`` is how
distroless images keep one paragraph a file (and checksums beside it).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from pratique.formats.installed.copyright import license_claims
from pratique.formats.installed.distribution import Distribution, distribution, root_of
from pratique.formats.installed.paragraphs import Paragraph, paragraphs
from pratique.formats.lockfiles.gathering import Gathering, named, shown
from pratique.formats.text import decode
from pratique.model.ecosystems import ecosystem_of
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pratique.formats.base import Tree
    from pratique.model.inventory import Reading

STATUS = "var/lib/dpkg/status"
STATUS_FOLDER = "var/lib/dpkg/status.d/"
OPKG_STATUS = ("usr/lib/opkg/status", "var/lib/opkg/status")

MAX_ALTERNATIVES = 100
"""Alternatives of one dependency, and packages of one name, that are looked at;
the longest list in Debian has some thirty."""

_ABSENT = frozenset({"not-installed", "config-files"})
"""States in which a package has no files but its settings (dpkg(1), "Package states")."""

_WANTED = frozenset(
    {
        *("package", "status", "version", "architecture", "source", "depends", "pre-depends"),
        "provides",
    }
)
_SOURCE = re.compile(r"(\S+)(?:\s+\((\S+)\))?\Z")
_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9+._-]*)(?::([a-z0-9-]+))?")


class Installed(msgspec.Struct, frozen=True):
    """One package that is there, with what names others."""

    ref: str
    """Of its component, or the path of its file in ``status.d``."""

    name: str
    architecture: str
    provides: tuple[str, ...]
    depends: tuple[tuple[str, ...], ...]
    """Each a list of alternatives, as names."""


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read a status file, or one file of ``status.d``.

    Raises:
        InputError: It is not text, or holds no paragraph of a package.
    """
    place = _place(path)
    if place.startswith(STATUS_FOLDER) and path.endswith(".md5sums"):
        return Gathering(path, type="deb").reading("dpkg checksums")
    opkg = place in OPKG_STATUS
    kind = "opkg" if opkg else "deb"
    gathering = Gathering(path, type=kind)
    text = _text(data, gathering)
    root = root_of(path, place)
    system = distribution(root, kind, tree, gathering.notes)
    taken: list[Installed] = []
    met = 0
    for paragraph in paragraphs(text, _WANTED):
        met += bool(paragraph.fields)
        one = _take(paragraph, gathering, system, root, tree)
        if one is not None:
            taken.append(one)
    if text.strip() and not met:
        raise InputError("holds no package's paragraph")
    for one in taken:
        gathering.states_edges(one.ref)
    for ref, target in _resolved(taken):
        gathering.edge(ref, target)
    return gathering.reading("opkg status" if opkg else "dpkg status")


def link(documents: Iterable[tuple[str, bytes]], tree: Tree) -> dict[str, tuple[str, ...]]:  # noqa: ARG001 - no other file
    """Who depends on whom among the files of a ``status.d``, each with one package.

    Args:
        documents: Paths and bytes of the files of an inventory.
        tree: Of the inventory; nothing else of it is looked at.

    Returns:
        Paths to the paths of what they depend on, in the same folder.
    """
    folders: dict[str, list[Installed]] = {}
    for path, data in documents:
        try:
            text = decode(data)
        except InputError:
            continue  # its reading says so
        for paragraph in paragraphs(text, _WANTED):
            if name := paragraph.fields.get("package", ""):
                folder = folders.setdefault(path.rpartition("/")[0], [])
                folder.append(_installed(path, name, paragraph.fields))
                break
    found: dict[str, dict[str, None]] = {}
    for taken in folders.values():
        for one in taken:
            found.setdefault(one.ref, {})
        for ref, target in _resolved(taken):
            found[ref][target] = None
    return {path: tuple(targets) for path, targets in found.items()}


def _resolved(taken: list[Installed]) -> Iterator[tuple[str, str]]:
    """The edges that dependencies state, to packages that were taken.

    The first alternative that is installed is the one meant; a package of the
    same architecture goes before another (deb-control(5), "Multi-Arch").
    """
    by_name: dict[str, list[Installed]] = {}
    for one in taken:
        by_name.setdefault(one.name, []).append(one)
    for one in taken:
        for name in one.provides:
            by_name.setdefault(name, []).append(one)
    for one in taken:
        for alternatives in one.depends:
            for name in alternatives[:MAX_ALTERNATIVES]:
                target = _closest(by_name.get(name, []), one.architecture)
                if target is not None:
                    if target.ref != one.ref:
                        yield one.ref, target.ref
                    break


def _closest(found: list[Installed], architecture: str) -> Installed | None:
    among = found[:MAX_ALTERNATIVES]
    for one in among:
        if one.architecture in {architecture, "all", ""}:
            return one
    return among[0] if among else None


def _place(path: str) -> str:
    """Where below its root a database is that has this path."""
    rooted = f"/{path}"
    if (at := rooted.rfind(f"/{STATUS_FOLDER}")) >= 0:
        return rooted[at + 1 :]
    return next((one for one in (STATUS, *OPKG_STATUS) if rooted.endswith(f"/{one}")), STATUS)


def _text(data: bytes, gathering: Gathering) -> str:
    """Text in UTF-8, or in Latin-1 as maintainers' names once were."""
    try:
        return decode(data)
    except InputError:
        if b"\0" in data:
            raise
        gathering.notes.notice("is not UTF-8; read as Latin-1")
        return data.decode("latin-1").replace("\r\n", "\n").replace("\r", "\n")


def _take(
    paragraph: Paragraph, gathering: Gathering, system: Distribution, root: str, tree: Tree
) -> Installed | None:
    """Take one package that is there; note what is wrong with it."""
    fields, line, notes = paragraph.fields, paragraph.line, gathering.notes
    if paragraph.stray:
        notes.unreadable("is no 'Field: value' line", paragraph.stray)
    name, version = fields.get("package", ""), fields.get("version", "")
    status = fields.get("status", "").split()
    if status and status[-1] in _ABSENT:
        return None
    if not name:
        if fields:
            notes.unreadable("a package without a name is left out", line)
        return None
    if not version:
        notes.unknown(f"{named(name)} has no version", line)
    qualifiers = {
        "arch": fields.get("architecture", ""),
        "distro": system.distro,
        "upstream": _upstream(fields.get("source", ""), name, gathering, line),
    }
    package = gathering.package(
        name, version, line=line, namespace=system.namespace, qualifiers=qualifiers
    )
    if package is None:
        return None
    claims = license_claims(f"{root}usr/share/doc/{name}/copyright", tree)
    ref = gathering.add(package, line=line, ecosystem=ecosystem_of(package), licenses=claims)
    if not ref:
        return None
    return _installed(ref, name, fields)


def _installed(ref: str, name: str, fields: dict[str, str]) -> Installed:
    depends = (*_lists(fields.get("pre-depends", "")), *_lists(fields.get("depends", "")))
    provides = tuple(names[0] for names in _lists(fields.get("provides", "")))
    return Installed(ref, name, fields.get("architecture", ""), provides, depends)


def _upstream(source: str, name: str, gathering: Gathering, line: int) -> str:
    """Source package where that is another one, with its version where that is another."""
    if not source:
        return ""
    match = _SOURCE.match(source)
    if match is None:
        gathering.notes.unknown(f"source {shown(source)} of {named(name)} is no package", line)
        return ""
    if match[2]:
        return f"{match[1]}@{match[2]}"
    return match[1] if match[1] != name else ""


def _lists(text: str) -> Iterator[tuple[str, ...]]:
    """Names in a dependency field, a tuple of alternatives for each relation."""
    for relation in text.split(","):
        found = (_NAME.match(alternative) for alternative in relation.split("|"))
        if names := tuple(match[1] for match in found if match):
            yield names
