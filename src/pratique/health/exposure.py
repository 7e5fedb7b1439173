"""``pratique affected``: the record's products, asked with the advisories that are here."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pratique.advisories.options import add_advisories
from pratique.graph.cli import affected_with
from pratique.graph.models import Vulnerable
from pratique.model.advisory import Query
from pratique.model.ecosystems import advisory_name, advisory_version, ecosystem_of
from pratique.model.errors import InputError
from pratique.model.purl import Package

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Collection, Iterable

    from pratique.advisories import Index
    from pratique.graph.models import Matches


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

    def without(others: Collection[str]) -> Matches:
        return partial(_affected, index, frozenset(ids), frozenset(others))

    return Vulnerable(ids=ids, matches=without(()), indexed=index.advisory, without=without)


def _affected(
    index: Index, ids: frozenset[str], others: frozenset[str], purls: Iterable[str]
) -> list[str]:
    """The packages that an advisory of some ids affects, but for those of other ids."""
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
            record.id not in others and not ids.isdisjoint((record.id, *record.aliases))
            for match in answer.matches
            for record in match.advisories
        )
    ]


def _find(name: str, options: Namespace) -> Vulnerable | None:
    from pratique.advisories import open_index

    return vulnerable(open_index(options.advisories), name)


affected = affected_with(_find, more=add_advisories)
