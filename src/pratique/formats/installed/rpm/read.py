"""What rpm has installed, whichever of its three databases holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.formats.base import MAX_ITEMS
from pratique.formats.installed.distribution import Distribution, distribution, root_of
from pratique.formats.installed.rpm import bdb, ndb, sqlite
from pratique.formats.installed.rpm.blobs import DamageError, Damages
from pratique.formats.installed.rpm.header import Header, parse
from pratique.formats.installed.rpm.wal import MAX_LOG
from pratique.formats.lockfiles.gathering import Gathering, named
from pratique.model.ecosystems import ecosystem_of
from pratique.model.errors import InputError
from pratique.model.inventory import LicenseClaim

if TYPE_CHECKING:
    from pratique.formats.base import Tree
    from pratique.formats.installed.rpm.blobs import Blobs, Damaged
    from pratique.model.inventory import Reading

FOLDERS = ("usr/lib/sysimage/rpm", "var/lib/rpm", "usr/share/rpm")
"""Where the database is: since 4.16 on SUSE and Fedora, before, with ostree."""

FILES = ("rpmdb.sqlite", "Packages.db", "Packages")

MAX_NAMES = 5_000_000
"""Names that all packages provide and require; a full Fedora states some 500,000."""


def read(data: bytes, path: str, tree: Tree) -> Reading:
    """Read a package database.

    Keys that signatures are checked with are kept there as packages
    (``gpg-pubkey``); they are none and are left out.

    Raises:
        InputError: It is none of the three kinds, or no table of packages is in it.
    """
    gathering = Gathering(path, type="rpm")
    damages = Damages()
    format, found = _open(data, path, tree, damages)
    headers: list[Header] = []
    try:
        _parse(found, len(data) + MAX_LOG, headers, damages)
    except DamageError as error:
        gathering.notes.unreadable(f"{error.message}; the rest is left out")
    if damages.count and not headers:
        raise InputError(damages.messages[0])
    system = distribution(_root(path), "rpm", tree, gathering.notes)
    taken: dict[str, Header] = {}
    for header in headers:
        if header.name != "gpg-pubkey" and (ref := _take(header, gathering, system)):
            taken[ref] = header
    for message in damages.messages:
        gathering.notes.unreadable(message)
    if damages.count > len(damages.messages):
        further = damages.count - len(damages.messages)
        gathering.notes.unreadable(f"has {further:,} further damages")
    _edges(gathering, taken)
    return gathering.reading(format)


def _parse(found: Blobs, room: int, headers: list[Header], damages: Damages) -> None:
    """Parse headers; records that share their bytes cannot make more of a file than it is."""
    names = 0
    for blob in found:
        room -= len(blob)
        if room < 0 or len(headers) >= MAX_ITEMS:
            raise DamageError("has records that overlap")
        try:
            header = parse(blob)
        except DamageError as error:
            damages(error.message)
            continue
        names += len(header.provides) + len(header.requires)
        if names > MAX_NAMES:
            raise DamageError(f"states more than {MAX_NAMES:,} dependencies")
        headers.append(header)


def _open(data: bytes, path: str, tree: Tree, damaged: Damaged) -> tuple[str, Blobs]:
    if not data:
        raise InputError("is empty")
    if data.startswith(sqlite.MAGIC):
        return "rpmdb (SQLite)", sqlite.blobs(data, _log(path, tree, damaged), damaged)
    if data.startswith(ndb.MAGIC):
        return "rpmdb (ndb)", ndb.blobs(data, damaged)
    if bdb.is_hash(data[:16]):
        return "rpmdb (Berkeley DB)", bdb.blobs(data, damaged)
    raise InputError("is no package database of rpm: neither SQLite, nor ndb, nor Berkeley DB")


def _log(path: str, tree: Tree, damaged: Damaged) -> bytes:
    beside = f"{path}-wal"
    if not tree.is_file(beside):
        return b""
    try:
        return tree.read(beside)
    except InputError as error:
        damaged(f"the write-ahead log beside it cannot be read: {error.message}")
        return b""


def _root(path: str) -> str:
    for folder in FOLDERS:
        for file in FILES:
            if f"/{path}".endswith(f"/{folder}/{file}"):
                return root_of(path, f"{folder}/{file}")
    return ""


def _take(header: Header, gathering: Gathering, system: Distribution) -> str:
    if not header.version:
        gathering.notes.unknown(f"{named(header.name)} has no version")
    release = f"-{header.release}" if header.release and header.version else ""
    qualifiers = {
        "arch": header.arch,
        "distro": system.distro,
        "epoch": str(header.epoch) if header.epoch else "",
        "rpmmod": header.modularity if header.modularity != "(none)" else "",
        "upstream": header.sourcerpm if header.sourcerpm != "(none)" else "",
    }
    package = gathering.package(
        header.name,
        header.version + release,
        line=0,
        namespace=system.namespace,
        qualifiers=qualifiers,
    )
    if package is None:
        return ""
    claim = header.license.strip()
    return gathering.add(
        package,
        line=0,
        ecosystem=ecosystem_of(package),
        licenses=(LicenseClaim(claim, "package database"),) if claim else (),
    )


def _edges(gathering: Gathering, taken: dict[str, Header]) -> None:
    """Draw the edges that requirements of names state; those of files are left out."""
    provided: dict[str, str] = {}
    for ref, header in taken.items():
        for name in (header.name, *header.provides):
            provided.setdefault(name, ref)
    for ref, header in taken.items():
        gathering.states_edges(ref)
        for name in header.requires:
            target = provided.get(name, "")
            if target and target != ref:
                gathering.edge(ref, target)
