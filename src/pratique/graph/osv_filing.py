"""OSV records that were ingested, filed by what they may be found by.

A record of an organisation holds them as documents.  What is filed of one says
when it is to be read at all, so that a question reads only those that it is about.
Of a record that came in several times the last modified counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pratique.formats.instants import write_instant
from pratique.formats.osv import read_record
from pratique.graph.osv_places import names_package, places_named
from pratique.model.ecosystems import GIT, base, normalise_name, package_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pratique.formats.osv import Affected, OsvRecord


class Filed(msgspec.Struct, frozen=True, array_like=True):
    """What is to be known of an ingested OSV record without reading it again."""

    id: str
    modified: float
    """Seconds since 1970; 0 where it does not say."""

    withdrawn: str = ""
    keys: tuple[str, ...] = ()
    """What it may be found by: packages, repositories and commits that it names."""

    open: tuple[str, ...] = ()
    """What it says of nothing that could be compared, in a line each."""


def filed(document: str, data: bytes) -> tuple[Filed, OsvRecord]:
    """A record as it is filed.

    Args:
        document: Its digest, which names a record without an id.
        data: Of the document.

    Raises:
        InputError: It cannot be read.
    """
    advisory, _ = read_record(data)
    keys = dict.fromkeys(key for one in advisory.affected for key in _keys_of_entry(one))
    return (
        Filed(
            id=advisory.id or document,
            modified=advisory.modified.timestamp() if advisory.modified else 0.0,
            withdrawn=write_instant(advisory.withdrawn) if advisory.withdrawn else "",
            keys=tuple(keys),
            open=() if advisory.withdrawn else tuple(_left_open(advisory)),
        ),
        advisory,
    )


def newest(records: Mapping[str, Filed]) -> dict[str, str]:
    """For each id the digest of the record that was modified last."""
    found: dict[str, str] = {}
    for digest in sorted(records):
        one = records[digest]
        before = found.get(one.id)
        if before is None or records[before].modified < one.modified:
            found[one.id] = digest
    return found


def left_open(records: Mapping[str, Filed]) -> list[str]:
    """What those that count say of no package in particular, in a line each, sorted."""
    lines = {line for digest in newest(records).values() for line in records[digest].open}
    return sorted(lines)


def key_of_name(ecosystem: str, name: str) -> str:
    """Key of a package as advisories name it, whatever its release."""
    return f"{base(ecosystem)}\0{normalise_name(ecosystem, name)}"


def key_of_repository(repository: str) -> str:
    """Key of a repository, by its normalised address."""
    return f"{GIT}\0{repository}"


def key_of_commit(commit: str) -> str:
    """Key of a commit, in whichever repository it is."""
    return f"\0{commit}"


def is_of_place(key: str) -> bool:
    """Whether a key is of a repository or a commit, not of a package."""
    return key.startswith(("\0", f"{GIT}\0"))


def _keys_of_entry(one: Affected) -> Iterable[str]:
    if names_package(one):
        yield key_of_name(one.ecosystem, one.name)
    repositories, commits = places_named(one)
    for repository in repositories:
        yield key_of_repository(repository)
    for commit in commits:
        yield key_of_commit(commit)


def _left_open(advisory: OsvRecord) -> Iterable[str]:
    for one in advisory.affected:
        if names_package(one):
            if package_of(one.ecosystem, one.name) is None:
                yield (
                    f"{advisory.id} (ingested): {one.name} of {one.ecosystem} has no package URL "
                    "to compare with"
                )
        elif repositories := places_named(one)[0]:
            yield (
                f"{advisory.id} (ingested) names commits of {', '.join(repositories)} and no "
                "package: only packages whose source is stated are compared with it"
            )
        else:
            yield f"{advisory.id} (ingested) names no package: not compared"
