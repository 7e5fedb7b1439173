"""Which Linux distribution a root file system is of (os-release(5), systemd 255)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from pratique.formats.text import decode
from pratique.model.ecosystem_tables import NAMESPACES
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from pratique.formats.base import Notes, Tree

OS_RELEASE = ("etc/os-release", "usr/lib/os-release")
"""Where the file may be, in the order in which programs look."""

MAX_OS_RELEASE = 64 * 1024
"""Bytes of an os-release file that are read; the longest in use has about one kilobyte."""

_NAMES = {
    "rhel": "redhat",
    "opensuse-leap": "opensuse",
    "opensuse-tumbleweed": "opensuse",
    "opensuse-slowroll": "opensuse",
}
"""Namespaces of package URLs that differ from the distribution's own ID."""

_WORD = re.compile(r"[^a-z0-9._+-]+")
_SERVICE_PACK = re.compile(r"(\d\d\.\d\d) \((LTS(?:-SP\d+)?)\)")


class Distribution(msgspec.Struct, frozen=True, kw_only=True):
    """What the os-release file says, in the words of package URLs."""

    namespace: str = ""
    """Of its packages: ``debian``, ``redhat`` …; empty where nothing tells."""

    distro: str = ""
    """Value of the ``distro`` qualifier: ``debian-12``, ``alpine-3.18.4`` …"""

    line: str = ""
    """What a person calls it: ``Debian GNU/Linux 12 (bookworm)``."""


def root_of(path: str, place: str) -> str:
    """Folder of the root file system that a database is in, with a slash at its end.

    Args:
        path: Of the database.
        place: Of the database below the root.

    Returns:
        Empty where the tree itself is the root, and where the path ends otherwise.
    """
    return path.removesuffix(place) if f"/{path}".endswith(f"/{place}") else ""


def distribution(root: str, type: str, tree: Tree, notes: Notes) -> Distribution:
    """The distribution of a root file system.

    Args:
        root: Its folder within the tree, empty or with a slash at the end.
        type: Package URL type of its packages.
        tree: The files.
        notes: Told where the distribution or its release is not known.
    """
    values = _values(root, tree, notes)
    if not values and type == "apk":
        values = _alpine(root, tree)
    identity = _WORD.sub("-", values.get("ID", "").lower())
    if not identity:
        notes.unknown("which distribution this is cannot be told: there is no os-release file")
        return Distribution()
    namespace = _NAMES.get(identity, identity)
    release = _release(identity, values)
    known = NAMESPACES.get((type, namespace))
    if known is None:
        notes.unknown(f"packages of {identity[:60]} are of no ecosystem with advisories")
    elif not release:
        notes.unknown(f"which release of {known} this is cannot be told")
    return Distribution(
        namespace=namespace,
        distro=f"{identity}-{release}" if release else identity,
        line=values.get("PRETTY_NAME", identity)[:200],
    )


def _release(identity: str, values: dict[str, str]) -> str:
    """Release as a ``distro`` qualifier has it: a number, or the name where it has none yet."""
    version = values.get("VERSION_ID", "")
    pretty = values.get("PRETTY_NAME", "")
    if identity == "openeuler" and (match := _SERVICE_PACK.search(values.get("VERSION", ""))):
        return f"{match[1]}-{match[2]}"
    if identity == "alpine" and ("_alpha" in version or " edge" in pretty):
        return "edge"
    if identity == "debian" and not version and not values.get("VERSION_CODENAME"):
        return "sid" if "sid" in pretty else ""
    return version or values.get("VERSION_CODENAME", "")


def _values(root: str, tree: Tree, notes: Notes) -> dict[str, str]:
    for place in OS_RELEASE:
        if not tree.is_file(root + place):
            continue
        try:
            data = tree.read(root + place)
            text = decode(data[:MAX_OS_RELEASE])
        except InputError as error:
            notes.unreadable(f"{root + place} cannot be read: {error.message}")
            continue
        return _assignments(text)
    return {}


def _alpine(root: str, tree: Tree) -> dict[str, str]:
    """Alpine before 3.0, and images cut down to it, have their version alone."""
    if not tree.is_file(f"{root}etc/alpine-release"):
        return {}
    try:
        text = decode(tree.read(f"{root}etc/alpine-release")[:MAX_OS_RELEASE])
    except InputError:
        return {}
    return {"ID": "alpine", "VERSION_ID": text.strip().split("\n")[0]}


def _assignments(text: str) -> dict[str, str]:
    """Shell assignments without expansion: quotes and backslashes only."""
    found: dict[str, str] = {}
    for line in text.split("\n"):
        name, equals, value = line.strip().partition("=")
        if not equals or name.startswith("#"):
            continue
        value = value.strip()
        if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        value = re.sub(r"\\(.)", r"\1", value)
        if value.isprintable():
            found[name] = value
    return found
