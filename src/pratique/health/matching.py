"""Packages of the record, asked of the advisories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.model.advisory import Query
from pratique.model.ecosystems import advisory_name, advisory_version, ecosystem_of
from pratique.model.errors import InputError
from pratique.model.purl import Package
from pratique.model.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pratique.advisories import Index
    from pratique.model.advisory import Answer, Match


def query_of(purl: str) -> Query | str:
    """What to ask the advisories about a package, or why they cannot be asked.

    Args:
        purl: Of the record.
    """
    try:
        package = Package.parse(purl)
    except InputError:
        return "is no package URL"
    ecosystem = ecosystem_of(package)
    if not ecosystem or not package.version:
        return "no version is stated" if ecosystem else "no advisories cover its type"
    name, version = advisory_name(package), advisory_version(package)
    return Query(ecosystem=ecosystem, name=name, version=version)


def answers_of(
    packages: Mapping[int, str], index: Index
) -> tuple[dict[int, Answer], dict[int, str]]:
    """What the advisories say of packages.

    Args:
        packages: Numbers and package URLs.
        index: The advisories.

    Returns:
        Answers of those that are affected; of those that cannot be told, why.
    """
    asked: list[tuple[int, Query]] = []
    undetermined: dict[int, str] = {}
    for number, text in packages.items():
        query = query_of(text)
        if isinstance(query, str):
            undetermined[number] = query
        else:
            asked.append((number, query))
    found = {}
    for (number, _), answer in zip(asked, index.match([one for _, one in asked]), strict=True):
        if answer.matches:
            found[number] = answer
        if answer.unknown is not None:
            undetermined[number] = answer.unknown.reason
    return found, undetermined


def rating(match: Match) -> tuple[Severity, float | None]:
    """The worst severity that any advisory of a match gives, and the highest score."""
    said = [match.severity, *(each.severity for each in match.advisories)]
    # Who has not rated it takes nothing away from who has, even where that is "low".
    rated = [one for one in said if one is not Severity.UNKNOWN]
    scores = (each.score for each in match.advisories if each.score)
    worst = min(rated, key=lambda one: one.rank, default=Severity.UNKNOWN)
    return worst, max(scores, default=match.score)
