"""What ``npm audit`` asks a registry: advisories in bulk, and package documents.

Source: ``POST /-/npm/v1/security/advisories/bulk`` as npm 7 to 11 send it
(``@npmcli/arborist``, ``@npmcli/metavuln-calculator``), and npm's registry
documentation, *package metadata*.  npm tests every version it has against
``vulnerable_versions`` as a semver range, so that what is given here is exactly
what the index says of the versions asked.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.advisories.layout import Detail
from pratique.advisories.matching import LISTED, Hit
from pratique.advisories.questions import MAX_TEXT, ApiError, decoded
from pratique.formats.osv.severity import UNRATED
from pratique.model.advisory import Match, Query
from pratique.model.severity import Severity
from pratique.versions import VersionError, semver_ordering

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pratique.advisories.served import ServedIndex
    from pratique.model.advisory import Advisory

ECOSYSTEM = "npm"

MAX_PACKAGES = 50_000
"""Packages in one audit; the largest lockfiles known have about 10,000."""

MAX_VERSIONS = 1000
"""Versions of one package in one audit."""

SEVERITIES = {
    Severity.MALICIOUS: "critical",
    Severity.CRITICAL: "critical",
    Severity.HIGH: "high",
    Severity.MEDIUM: "moderate",
    Severity.LOW: "low",
    Severity.NONE: "info",
}
"""npm's words.  What nobody has rated is ``high``, as npm itself takes it."""

_SEMVER = re.compile(
    r"\d{1,15}\.\d{1,15}\.\d{1,15}(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z.-]+)?\Z"
).match
_bulk = msgspec.json.Decoder(dict[str, list[str]])
_detail = msgspec.msgpack.Decoder(Detail).decode
_cwe = re.compile(r"CWE-\d{1,6}\Z").match


class _Group(msgspec.Struct):
    """What affects the versions of one package under one vulnerability."""

    match: Match
    hits: dict[int, Hit] = {}
    listed: dict[str, None] = {}


def read_bulk(body: bytes) -> dict[str, list[str]]:
    """Versions asked, by package.

    Raises:
        ApiError: The body is not such a question, or asks too much.
    """
    asked = decoded(_bulk, body)
    if len(asked) > MAX_PACKAGES or any(len(each) > MAX_VERSIONS for each in asked.values()):
        raise ApiError("too many packages or versions")
    if any(len(text) > MAX_TEXT for name, listed in asked.items() for text in (name, *listed)):
        raise ApiError("a name or version is too long")
    return asked


def advisories_of(index: ServedIndex, name: str, versions: list[str]) -> list[dict[str, Any]]:
    """Advisories of a package, one for each vulnerability, that affect a version asked.

    Raises:
        GenerationError: The index is damaged.
    """
    packages = index.packages(ECOSYSTEM, name)
    if not packages:
        return []
    groups: dict[int, _Group] = {}
    for version in dict.fromkeys(filter(None, versions)):
        hits = index.hits(packages, ECOSYSTEM, version)
        if not hits:
            continue
        asked = Query(ecosystem=ECOSYSTEM, name=name, version=version)
        matches = index.match([asked])[0].matches
        by_id = {each.id: match for match in matches for each in match.advisories}
        for hit in hits:
            match = by_id[index.identifier(hit.entry.advisory)]
            group = groups.setdefault(hit.entry.group, _Group(match))
            group.match = min(group.match, match, key=lambda each: _order(index, each))
            group.hits[id(hit.entry)] = hit
            if hit.how == LISTED or not _written(hit):
                group.listed[version] = None
    made = [_advisory(index, group, name) for group in groups.values()]
    return sorted(made, key=lambda each: str(each["url"]))


def _order(index: ServedIndex, match: Match) -> tuple[int, str]:
    return index.order(match.advisories[0])


def _advisory(index: ServedIndex, group: _Group, name: str) -> dict[str, Any]:
    first = group.match.advisories[0]
    severity, score, vector = _rating(group.match)
    parts = [text for hit in group.hits.values() for text in _written(hit)]
    parts += [version for version in group.listed if version not in parts]
    title = next((each.summary for each in group.match.advisories if each.summary), "")
    if first.malicious:
        title = title or f"Malicious code in {name}"
    return {
        "id": index.number_of(first.id),
        "url": _url(first),
        "title": title or first.id,
        "severity": SEVERITIES.get(severity, "high"),
        "vulnerable_versions": " || ".join(dict.fromkeys(parts)),
        "cwe": _weaknesses(index, first),
        "cvss": {"score": score or 0, "vectorString": vector or None},
    }


def _rating(match: Match) -> tuple[Severity, float | None, str]:
    """Severity of a match, as the bill of health has it."""
    if match.rated_by:
        return match.severity, match.score, match.vector
    worst = min(match.advisories, key=lambda each: each.severity.rank, default=UNRATED)
    scored = next((each for each in match.advisories if each.score is not None), worst)
    best = worst if worst.score is not None else scored
    malicious = any(each.malicious for each in match.advisories)
    return Severity.MALICIOUS if malicious else worst.severity, best.score, best.vector


def _url(advisory: Advisory) -> str:
    if advisory.id.startswith("GHSA-"):
        return f"https://github.com/advisories/{advisory.id}"
    return f"https://osv.dev/vulnerability/{advisory.id}"


def _weaknesses(index: ServedIndex, advisory: Advisory) -> list[str]:
    number = index.number(advisory.id)
    if number is None:
        return []
    document = msgspec.json.decode(index.document(number))
    listed = document.get("database_specific", {}).get("cwe_ids")
    return [
        each
        for each in (listed if isinstance(listed, list) else [])
        if isinstance(each, str) and _cwe(each)
    ]


def _written(hit: Hit) -> list[str]:
    """Ranges of an entry as npm writes them; empty where a bound is no semver version."""
    found = []
    for introduced, end, until in _detail(hit.entry.detail).texts:
        bounds = [text for text in (introduced, until) if text not in {"", "0"}]
        if not all(map(_SEMVER, bounds)):
            return []
        low = f">={introduced}" if introduced not in {"", "0"} else ""
        high = f"{'<=' if end == 'last_affected' else '<'}{until}" if end else ""
        found.append(f"{low} {high}".strip() or "*")
    return found


def packument(index: ServedIndex, name: str) -> dict[str, Any] | None:
    """The package document of a package with advisories; ``None`` for any other.

    It has the versions that advisories name, and nothing to install: enough for
    npm to see whether there is a fixed one.

    Raises:
        GenerationError: The index is damaged.
    """
    packages = index.packages(ECOSYSTEM, name) if 0 < len(name) <= MAX_TEXT else []
    if not packages:
        return None
    named: set[str] = set()
    for package in packages:
        for entry in package.entries:
            detail = _detail(entry.detail)
            named.update(detail.fixed)
            for introduced, _, until in detail.texts:
                named.update((introduced, until))
    versions = _ascending(filter(_SEMVER, named))
    return {
        "name": name,
        "dist-tags": {"latest": versions[-1]} if versions else {},
        "versions": {each: {"name": name, "version": each, "dist": {}} for each in versions},
    }


def _ascending(versions: Iterable[str]) -> list[str]:
    ordering = semver_ordering()
    keyed = []
    for version in versions:
        try:
            keyed.append((ordering.key(version), version))
        except VersionError:
            continue
    return [version for _, version in sorted(keyed)]
