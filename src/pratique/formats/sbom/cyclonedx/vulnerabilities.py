"""Findings as the ``vulnerabilities`` of a CycloneDX 1.6 document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pratique.model.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pratique.model.finding import Finding

_METHODS = {
    "CVSS:3.0": "CVSSv3",
    "CVSS:3.1": "CVSSv31",
    "CVSS:4.0": "CVSSv4",
    "AV:": "CVSSv2",
    "(AV:": "CVSSv2",
}


def vulnerability_objects(
    findings: Sequence[Finding], affected: Mapping[str, Sequence[tuple[str, str]]]
) -> list[dict[str, Any]]:
    """One object for each vulnerability, sorted by id, whatever the order of the findings.

    Args:
        findings: Several may be about one vulnerability, in different packages.
        affected: Package URL to the references and versions of its components.
    """
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.id, []).append(finding)
    return [
        _object(id, sorted(group, key=lambda f: (f.subject, f.fingerprint)), affected)
        for id, group in sorted(groups.items())
    ]


def _object(
    id: str, group: Sequence[Finding], affected: Mapping[str, Sequence[tuple[str, str]]]
) -> dict[str, Any]:
    written: dict[str, Any] = {"bom-ref": f"vulnerability:{id}", "id": id}
    aliases = sorted({alias for finding in group for alias in finding.aliases} - {id})
    if aliases:
        written["references"] = [{"id": alias, "source": {}} for alias in aliases]
    written["ratings"] = _each(_rating(finding) for finding in group)
    written["description"] = group[0].title
    reasons = dict.fromkeys(reason for finding in group for reason in finding.reasons)
    if reasons:
        written["detail"] = "\n".join(reasons)
    remedies = dict.fromkeys(finding.remedy for finding in group if finding.remedy)
    if remedies:
        written["recommendation"] = "\n".join(remedies)
    pages = sorted({page for finding in group for page in finding.references})
    if pages:
        written["advisories"] = [
            {**({"title": page.title} if page.title else {}), "url": page.url} for page in pages
        ]
    written["affects"] = _each(
        {
            "ref": ref,
            **({"versions": [{"version": version, "status": "affected"}]} if version else {}),
        }
        for finding in group
        for ref, version in affected.get(finding.subject, ())
    )
    written["properties"] = _properties(group, affected)
    return {key: value for key, value in written.items() if value != []}


def _rating(finding: Finding) -> dict[str, Any]:
    """Malicious packages are rated critical: the schema has nothing worse."""
    malicious = finding.severity is Severity.MALICIOUS
    rating: dict[str, Any] = {} if finding.score is None else {"score": finding.score}
    rating["severity"] = str(Severity.CRITICAL if malicious else finding.severity)
    if finding.vector:
        known = (name for start, name in _METHODS.items() if finding.vector.startswith(start))
        rating["method"] = next(known, "other")
        rating["vector"] = finding.vector
    return rating


def _properties(
    group: Sequence[Finding], affected: Mapping[str, Sequence[tuple[str, str]]]
) -> list[dict[str, str]]:
    """What the schema has no place for."""
    found = []
    if any(finding.severity is Severity.MALICIOUS for finding in group):
        found.append({"name": "pratique:malicious", "value": "true"})
    for finding in group:
        if finding.status != "open":
            value = f"{finding.subject} {finding.status}"
            found.append({"name": "pratique:status", "value": value})
        if finding.subject not in affected:
            found.append({"name": "pratique:subject", "value": finding.subject})
    return _each(found)


def _each(objects: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Objects in order, each once."""
    return list({msgspec.json.encode(one): one for one in objects}.values())
