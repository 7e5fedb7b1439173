"""Scans of others that are in the record (CertifyVuln), as findings of packages.

A scan that names a vulnerability for a package that we hold is evidence of a
finding, whoever made it; one that names none (``novuln``) is evidence of nothing
that the advisories would not say better.  A scan speaks of exactly the package
that it names, at its version.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from pratique.graph.witnesses import SCAN, Said, Told, Witness
from pratique.model.advisory import Advisory, Match
from pratique.model.evidence import Verb
from pratique.store import nouns
from pratique.store.nouns import NO_VULNERABILITY, Noun, NounKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pratique.store.record import Record, Stated


def scanned_packages(record: Record, scans: Iterable[Stated]) -> dict[int, str]:
    """Numbers and texts of the packages that scans are about."""
    texts = {one.subject for one in scans if one.subject.startswith("pkg:")}
    found = record.find(Noun(NounKind.PACKAGE, text) for text in texts)
    return {number: noun.text for noun, number in found.items()}


def scanned(
    record: Record, packages: Mapping[int, str], named: Callable[[str], Advisory | None]
) -> Said:
    """What scans say of packages.

    Args:
        record: What the tenant sees.
        packages: Numbers and package URLs.
        named: What the advisories know of an id: a scan has no more than that.
    """
    scans = [
        one
        for one in record.evidence(about=packages, verbs=[Verb.CERTIFY_VULN])
        if one.object != NO_VULNERABILITY
    ]
    said = Said.nothing()
    if not scans:
        return said
    numbers = {text: number for number, text in packages.items()}
    names = equal_names(record, {one.object for one in scans})
    grouped: dict[tuple[int, str], list[Stated]] = defaultdict(list)
    for one in scans:
        grouped[numbers[one.subject], one.object].append(one)
    for (number, object), rows in sorted(grouped.items()):
        advisory = _advisory(object, names.get(object, ()), named)
        witnesses = {Witness.of(SCAN, origin) for one in rows for origin in one.origins}
        match = Match(advisories=(advisory,), reason=_reason(advisory.id, rows))
        said.told[number].append(Told(match, tuple(sorted(witnesses))))
    return said


def equal_names(record: Record, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Other names of vulnerabilities, as claims of the record have them (VulnEqual).

    Args:
        record: What the tenant sees.
        names: Texts of nouns.

    Returns:
        For each that has any, the texts of all others, sorted.
    """
    beside: dict[str, set[str]] = defaultdict(set)
    asked: set[str] = set()
    fresh = set(names)
    wanted = set(fresh)
    while fresh:
        asked |= fresh
        found = record.find(Noun(NounKind.VULNERABILITY, name) for name in fresh).values()
        stated = record.evidence(about=found, naming=found, verbs=[Verb.VULN_EQUAL])
        for one in stated:
            beside[one.subject].add(one.object)
            beside[one.object].add(one.subject)
        fresh = {text for one in stated for text in (one.subject, one.object)} - asked
    return {name: others for name in wanted if (others := _reached(name, beside))}


def _reached(name: str, beside: Mapping[str, set[str]]) -> tuple[str, ...]:
    seen, left = {name}, [name]
    while left:
        more = beside.get(left.pop(), set()) - seen
        seen |= more
        left += more
    return tuple(sorted(seen - {name}))


def _advisory(
    object: str, others: Iterable[str], named: Callable[[str], Advisory | None]
) -> Advisory:
    """What is known of the vulnerability that a scan names; its own id stays the first."""
    id = nouns.vulnerability_id(object)
    known = named(id)
    aliases = dict.fromkeys(map(nouns.vulnerability_id, others))
    if known is None:
        return Advisory(id=id, aliases=tuple(aliases))
    aliases |= dict.fromkeys((known.id, *known.aliases))
    aliases.pop(id, None)
    return Advisory(
        id=id,
        aliases=tuple(aliases),
        summary=known.summary,
        severity=known.severity,
        score=known.score,
        vector=known.vector,
        malicious=known.malicious,
    )


def _reason(id: str, scans: Iterable[Stated]) -> str:
    tools = {_tool(one.said) for one in scans} - {""}
    return f"{id} is named by a scan" + (f" of {', '.join(sorted(tools))}" if tools else "")


def _tool(said: Mapping[str, str]) -> str:
    return f"{said.get('scanner', '')} {said.get('scanner version', '')}".strip()
