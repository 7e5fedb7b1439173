"""By what names the package of an entry of the log is found."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from pratique.model.ecosystems import ecosystem_of, normalise_name
from pratique.model.errors import InputError
from pratique.model.purl import Package


def subject_of(entry: Any) -> str:
    """The package URL that an entry is about: its own, or its approval's."""
    if isinstance(entry.approval, dict):
        return str(entry.approval.get("subject", ""))
    return str(entry.subject)


def parted(subject: str) -> tuple[str, str]:
    """A package URL without its version, and ``@version`` (plain) with what follows it."""
    main, _, more = subject.partition("?")
    base, at, version = main.rpartition("@")
    if not at or "/" in version:
        return main, f"?{more}" if more else ""
    plain = unquote(version) if "%" in version else version
    return base, f"@{plain}?{more}"


def called(ecosystem: str, package: str, base: str) -> tuple[set[str], set[str]]:
    """Ecosystems of an entry, and by what its package is found: as asked for, and normalised.

    Args:
        ecosystem: That the entry names; may be empty.
        package: Likewise.
        base: Package URL without a version; may be empty, or none.
    """
    where = {ecosystem} - {""}
    names = {package, base}
    if ecosystem and package:
        names.add(normal(ecosystem, package))
    try:
        found = Package.parse(base) if base else None
    except InputError:
        found = None
    if found is not None:
        kind = ecosystem_of(found) or found.type
        full = found.full_name.replace("/", ":") if found.type == "maven" else found.full_name
        where.add(kind)
        names |= {found.full_name, full, normal(kind, full)}
    return where, names - {""}


def spellings(subject: str) -> set[str]:
    """What the package of a package URL may be called."""
    try:
        package = Package.parse(subject)
    except InputError:
        return set()
    found = {subject, subject.rpartition("@")[0] or subject, package.full_name}
    if package.version:
        found.add(f"{package.full_name}@{package.version}")
    if package.type == "maven":
        found.add(package.full_name.replace("/", ":"))
    return found


def normal(ecosystem: str, name: str) -> str:
    """The key of a package; no name has a line's end in it."""
    return f"{ecosystem}\n{normalise_name(ecosystem, name)}"
