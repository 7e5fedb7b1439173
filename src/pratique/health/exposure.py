"""``pratique affected``: the record's products, asked with the advisories that are here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pratique.graph.cli import affected_with
from pratique.graph.models import Vulnerable
from pratique.model.advisory import Query
from pratique.model.ecosystems import advisory_name, advisory_version, ecosystem_of
from pratique.model.errors import InputError
from pratique.model.purl import Package

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable

    from pratique.advisories import Index


def vulnerable(index: Index, name: str) -> Vulnerable | None:
    """A vulnerability by its id or an alias, and how to find what it affects.

    Args:
        index: The advisories.
        name: Id of an advisory, or an alias.
    """
    advisory = index.advisory(name)
    if advisory is None:
        return None
    ids = tuple(dict.fromkeys((name, advisory.id, *advisory.aliases)))

    def matches(purls: Iterable[str]) -> list[str]:
        return _affected(index, frozenset(ids), purls)

    return Vulnerable(ids=ids, matches=matches)


def _affected(index: Index, ids: frozenset[str], purls: Iterable[str]) -> list[str]:
    asked: list[tuple[str, Query]] = []
    for purl in purls:
        try:
            package = Package.parse(purl)
        except InputError:
            continue
        ecosystem = ecosystem_of(package)
        if ecosystem and package.version:
            version = advisory_version(package)
            name = advisory_name(package)
            asked.append((purl, Query(ecosystem=ecosystem, name=name, version=version)))
    answers = index.match([query for _, query in asked])
    return [
        purl
        for (purl, _), answer in zip(asked, answers, strict=True)
        if any(
            not ids.isdisjoint((record.id, *record.aliases))
            for match in answer.matches
            for record in match.advisories
        )
    ]


def _options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--advisories",
        type=Path,
        metavar="FOLDER",
        help="advisory index to use instead of the user's own",
    )


def _find(name: str, options: Namespace) -> Vulnerable | None:
    from pratique.advisories import open_index

    return vulnerable(open_index(options.advisories), name)


affected = affected_with(_find, more=_options)
