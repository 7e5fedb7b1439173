"""The findings as a SARIF log (OASIS SARIF 2.1.0, errata 01).

Each advisory is a rule of its own, as code scanning services take the severity
of an alert from its rule.  What could not be determined is a notification of
the invocation (section 3.20.21), and the invocation is then unsuccessful.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.json_writing import indented_json
from pratique.model.inventory import Document, Trouble
from pratique.model.severity import Severity
from pratique.report.sarif_places import artifact_location, location, message
from pratique.report.sarif_rules import Rules
from pratique.report.text import age, listed
from pratique.report.views import Subject, Subjects, problems

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pratique.model.bill import AdvisoryStatus, BillOfHealth
    from pratique.model.finding import Finding

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
"""The ``$schema`` of SARIF 2.1.0, section 3.13.3."""

LEVELS = {
    Severity.MALICIOUS: "error",
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.UNKNOWN: "warning",
    Severity.LOW: "note",
    Severity.NONE: "note",
}
"""Section 3.27.10: the level of a result.  ``none`` is for results that are no failures."""

_NOTIFICATIONS = {
    Trouble.UNREADABLE: ("error", "Something could not be read: the answer is incomplete."),
    Trouble.UNKNOWN: ("warning", "Something could not be determined: the answer is incomplete."),
    Trouble.NOTICE: ("note", "Worth knowing; the answer is complete without it."),
}
_STALE = "stale-advisories"
_SEMVER = re.compile(r"\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?")


def render(bill: BillOfHealth, *, color: bool = False, width: int = 100) -> str:
    """A SARIF log with one run.

    Raises:
        UnicodeEncodeError: A text holds a lone surrogate.
    """
    del color, width
    return indented_json(log(bill)).decode()


def log(bill: BillOfHealth) -> dict[str, Any]:
    """The log as plain values."""
    subjects = Subjects(bill.inventory.components)
    rules = Rules(bill.findings)
    run = {
        "tool": {"driver": _driver(bill, rules)},
        "invocations": [_invocation(bill)],
        "originalUriBaseIds": {
            "%SRCROOT%": {"description": {"text": "The folder that was checked."}},
        },
        "artifacts": [_artifact(document) for document in _once(bill.inventory.documents)],
        "columnKind": "unicodeCodePoints",
        "results": [
            _result(finding, rules, subjects.of(finding.subject)) for finding in bill.findings
        ],
        "properties": _properties(bill),
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _driver(bill: BillOfHealth, rules: Rules) -> dict[str, Any]:
    name, _, version = bill.tool.rpartition(" ")
    driver: dict[str, Any] = {"name": name or bill.tool or "pratique"}
    if name and version:
        driver["version"] = version
        if _SEMVER.fullmatch(version):
            driver["semanticVersion"] = version
    driver["rules"] = rules.descriptors()
    notifications = [
        {
            "id": trouble.value,
            "shortDescription": {"text": text},
            "defaultConfiguration": {"level": level},
        }
        for trouble, (level, text) in _NOTIFICATIONS.items()
    ]
    stale = {
        "id": _STALE,
        "shortDescription": {"text": "The advisories are too old to rely on."},
        "defaultConfiguration": {"level": "warning"},
    }
    driver["notifications"] = [*notifications, stale]
    return driver


def _invocation(bill: BillOfHealth) -> dict[str, Any]:
    """Section 3.20.  Its success is that of the evidence: incomplete is not successful."""
    ids = [trouble.value for trouble in _NOTIFICATIONS]
    notes = [
        {
            "descriptor": {"id": problem.trouble.value, "index": ids.index(problem.trouble.value)},
            "level": _NOTIFICATIONS[problem.trouble][0],
            "message": {"text": message(problem.message)},
            "locations": [location(problem.location)],
        }
        for problem in problems(bill)
    ]
    if bill.advisories is not None and bill.advisories.stale:
        notes.append(_stale(bill.advisories, len(ids)))
    return {
        "executionSuccessful": bill.complete,
        "endTimeUtc": _utc(bill),
        "toolExecutionNotifications": notes,
    }


def _stale(status: AdvisoryStatus, index: int) -> dict[str, Any]:
    text = (
        f"The advisories ({status.generation}) are {age(status.age_days)}: "
        "vulnerabilities published since then are not in this report."
    )
    return {
        "descriptor": {"id": _STALE, "index": index},
        "level": "warning",
        "message": {"text": message(text)},
    }


def _utc(bill: BillOfHealth) -> str:
    """Section 3.9: a date-time in UTC, with a Z."""
    return bill.created.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _properties(bill: BillOfHealth) -> dict[str, Any]:
    status = bill.advisories
    return {
        "schema": bill.schema,
        "subject": bill.subject,
        "health": bill.health.value,
        "headline": bill.headline,
        "complete": bill.complete,
        "counts": msgspec.to_builtins(bill.counts),
        "advisories": status.generation if status else "",
    }


def _once(documents: Iterable[Document]) -> Iterable[Document]:
    """Section 3.14.15 wants the artifacts unique."""
    return {document.path: document for document in documents}.values()


def _artifact(document: Document) -> dict[str, Any]:
    artifact: dict[str, Any] = {
        "location": artifact_location(document.path),
        "length": document.size,
        "roles": ["analysisTarget"],
        "description": {"text": message(document.format or "document")},
    }
    digest = document.sha256.removeprefix("sha256:")
    if digest:
        artifact["hashes"] = {"sha-256": digest}
    return artifact


def _result(finding: Finding, rules: Rules, subject: Subject) -> dict[str, Any]:
    """Section 3.27.  Suppressions are on every result or on none (section 3.27.23)."""
    named = _logical(subject)
    places = dict.fromkeys(finding.locations)
    return {
        "ruleId": rules.id_of(finding),
        "ruleIndex": rules.index_of(finding),
        "level": LEVELS[finding.severity],
        "message": {"text": message(_sentence(finding, subject))},
        "locations": [location(place) | {"logicalLocations": [named]} for place in places]
        or [{"logicalLocations": [named]}],
        "partialFingerprints": {
            "pratiqueFinding/v1": finding.fingerprint,
            "primaryLocationLineHash": finding.fingerprint,
        },
        "suppressions": []
        if finding.status == "open"
        else [{"kind": "external", "status": "accepted", "justification": finding.status}],
        "properties": _result_properties(finding, subject),
    }


def _logical(subject: Subject) -> dict[str, str]:
    named = {"fullyQualifiedName": subject.text, "kind": "package"}
    return named | {"name": subject.name} if subject.name else named


def _result_properties(finding: Finding, subject: Subject) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "severity": finding.severity.value,
        "package": subject.name,
        "version": subject.version,
        "ecosystem": subject.ecosystem,
        "relation": subject.relation.value,
        "aliases": list(finding.aliases),
        "fixed": list(finding.fixed),
        "paths": [list(path) for path in finding.paths],
    }
    if finding.score is not None:
        properties["score"] = finding.score
    if finding.vector:
        properties["vector"] = finding.vector
    if finding.exploited:
        properties["exploitedSince"] = finding.exploited
    if finding.epss is not None:
        properties["epss"] = finding.epss
    return properties


def _sentence(finding: Finding, subject: Subject) -> str:
    """What a reader sees of a result: what, where it came from, and what to do."""
    name = f"{subject.name} {subject.version}".strip()
    parts = [finding.title if finding.title.startswith(name) else f"{name}: {finding.title}"]
    parts += [f"Rated {finding.severity.value}" + _scored(finding)]
    if finding.exploited:
        parts.append(f"Known to be exploited since {finding.exploited}")
    if finding.paths:
        more = len(finding.paths) - 1
        also = f" (and {more} more {'path' if more == 1 else 'paths'})" if more else ""
        parts.append(f"Comes in by {' > '.join(finding.paths[0])}{also}")
    if finding.fixed:
        parts.append(f"Fixed in {listed(finding.fixed, 5)}")
    parts.append(finding.remedy)
    return " ".join(part if part.endswith((".", "!")) else part + "." for part in parts if part)


def _scored(finding: Finding) -> str:
    return f", {finding.score:.1f} of 10" if finding.score is not None else ""
