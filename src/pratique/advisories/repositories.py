"""What records say of git repositories, as entries of the ecosystem ``GIT``.

OSV.dev answers questions about a repository and a tag as if the repository
were a package.  A record is found under every repository that its ranges name;
the versions that it lists are taken for tags of the first one, as there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from pratique.advisories.layout import Detail, Entry, Flag, version_hash
from pratique.model.ecosystems import GIT, normalise_name

if TYPE_CHECKING:
    from pratique.formats.osv import Affected

_PART = re.compile(r"\d+|(?<![a-z])(?:alpha|beta|preview|rc)\d*", re.IGNORECASE)
_ALIKE = "\0alike:"
_encode = msgspec.msgpack.Encoder().encode


def repositories(affected: Affected) -> tuple[str, ...]:
    """Repositories that the GIT ranges of an affected package name, each once, in their order.

    The empty text stands for ranges that name none.
    """
    names = (normalise_name(GIT, item.repo) for item in affected.ranges if item.type == "GIT")
    return tuple(dict.fromkeys(names))


def repository_entries(affected: Affected, number: int, rating: int) -> list[tuple[str, Entry]]:
    """Entries of an affected package under its repositories.

    Args:
        affected: Of the record.
        number: Of the record; its group is filled in when the index is written.
        rating: Which of the record's ratings holds for the package.
    """
    made = []
    for place, name in enumerate(repositories(affected)):
        versions = affected.versions if place == 0 else ()
        ranges = [
            [(event.kind, event.value) for event in item.events]
            for item in affected.ranges
            if item.type == "GIT" and normalise_name(GIT, item.repo) == name
        ]
        flags = Flag.UNEVALUATED if affected.unreadable else Flag(0)
        if not versions:
            flags |= Flag.COMMITS_ONLY
        fixed = [value for events in ranges for kind, value in events if kind == "fixed"]
        listed = {
            number
            for version in versions
            for number in (tag_hash(version), alike_hash(version, name))
        }
        entry = Entry(
            advisory=number,
            group=number,
            rating=rating,
            flags=int(flags),
            bounds=[],
            versions=b"".join(each.to_bytes(8, "little") for each in sorted(listed)),
            detail=msgspec.Raw(_encode(Detail([], list(dict.fromkeys(fixed)), ranges))),
        )
        made.append((name, entry))
    return made


def tag_hash(tag: str) -> int:
    """Number of a tag in lists of versions."""
    return version_hash(None, tag)


def alike_hash(tag: str, repository: str = "") -> int:
    """Number of a tag as far as it is a version: the same of ``curl-8_5_0`` and ``8.5.0``."""
    return version_hash(None, _ALIKE + alike(tag, repository))


def alike_text(tag: str) -> str:
    """A text with which to ask for tags that are alike."""
    return _ALIKE + alike(tag)


def alike(tag: str, repository: str = "") -> str:
    """What of a tag is a version, as OSV.dev compares tags of one repository.

    Args:
        tag: As written.
        repository: Whose names are left out where the tag begins with them.
    """
    parts = repository.lower().rsplit("/", 2)
    for prefix in (*(parts[1:] if len(parts) > 2 else parts[-1:]), "-"):
        if prefix and tag.startswith(prefix):
            tag = tag[len(prefix) :]
    found = _PART.findall(f"0{tag}" if tag.startswith(".") else tag)
    return "-".join(found) if found else tag
