"""Tests of what is said of products: 6.1.6, 23, 24, 29, 32, 33, 35, 36."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from pratique.formats.csaf.mandatory.advisory import NEW, Advisory, mandatory, moment, rows
from pratique.formats.shapes import texts_in
from pratique.model.vex import Justification

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.formats.csaf.mandatory.advisory import Finding

GROUPS = {
    "first_affected": "affected",
    "known_affected": "affected",
    "last_affected": "affected",
    "known_not_affected": "not affected",
    "first_fixed": "fixed",
    "fixed": "fixed",
    "under_investigation": "under investigation",
    "unknown": "unknown",
}
"""Status to the group that contradicts the others (6.1.6)."""


def _grouped(vulnerability: dict[str, Any]) -> dict[str, set[str]]:
    """Product id to the groups of statuses that it is in."""
    found: dict[str, set[str]] = defaultdict(set)
    status = vulnerability.get("product_status")
    for key, ids in status.items() if isinstance(status, dict) else ():
        if key in GROUPS:
            for id in texts_in(ids):
                found[id].add(GROUPS[key])
    return found


@mandatory("6.1.6", "Contradicting product status")
def contradicting_status(advisory: Advisory) -> Iterator[Finding]:
    """A product is in one group of statuses of a vulnerability."""
    for path, vulnerability in advisory.vulnerabilities():
        for id, groups in _grouped(vulnerability).items():
            if len(groups) > 1:
                yield f"{path}/product_status", f"product {id!r} is {' and '.join(sorted(groups))}"


@mandatory("6.1.23", "Multiple use of same CVE")
def repeated_cve(advisory: Advisory) -> Iterator[Finding]:
    """A CVE is in one vulnerability of the document."""
    seen: set[str] = set()
    for path, vulnerability in advisory.vulnerabilities():
        cve = vulnerability.get("cve")
        if isinstance(cve, str):
            if cve in seen:
                yield f"{path}/cve", f"{cve} is used before"
            seen.add(cve)


@mandatory("6.1.24", "Multiple definition in involvements")
def repeated_involvement(advisory: Advisory) -> Iterator[Finding]:
    """A party is involved once at one time (2.1: for one product)."""
    for path, vulnerability in advisory.vulnerabilities():
        seen: set[tuple[str, float | None, str]] = set()
        for at, row in rows(vulnerability.get("involvements"), f"{path}/involvements"):
            date = moment(row["date"]) if "date" in row else None
            named = "product_ids" in row or "group_ids" in row
            keys = {
                (str(row.get("party")), date, id)
                for id in (advisory.members(row) if named else [""])
            }
            if keys & seen:
                yield at, f"party {row.get('party')!r} is involved before at this time"
            seen |= keys


def _unreferenced(advisory: Advisory, key: str) -> Iterator[Finding]:
    for path, vulnerability in advisory.vulnerabilities():
        for at, row in rows(vulnerability.get(key), f"{path}/{key}"):
            if "product_ids" not in row and "group_ids" not in row:
                yield at, "names neither products nor groups"


@mandatory("6.1.29", "Remediation without product reference")
def bare_remediation(advisory: Advisory) -> Iterator[Finding]:
    """A remediation says for which products it is."""
    return _unreferenced(advisory, "remediations")


@mandatory("6.1.32", "Flag without product reference")
def bare_flag(advisory: Advisory) -> Iterator[Finding]:
    """A flag says for which products it is."""
    return _unreferenced(advisory, "flags")


@mandatory("6.1.33", "Multiple flags with VEX justification codes per product")
def repeated_flag(advisory: Advisory) -> Iterator[Finding]:
    """A product has one justification of a vulnerability."""
    labels = {one.value for one in Justification}
    for path, vulnerability in advisory.vulnerabilities():
        seen: set[str] = set()
        for at, row in rows(vulnerability.get("flags"), f"{path}/flags"):
            if str(row.get("label")) not in labels:
                continue
            members = set(advisory.members(row))
            for id in sorted(members & seen):
                yield at, f"product {id!r} has a justification before"
            seen |= members


_EXCLUSIVE = {
    "workaround": {"none_available", "optional_patch"},
    "mitigation": {"none_available", "optional_patch"},
    "vendor_fix": {"none_available", "optional_patch", "fix_planned", "no_fix_planned"},
    "optional_patch": {
        "workaround",
        "mitigation",
        "vendor_fix",
        "none_available",
        "fix_planned",
        "no_fix_planned",
    },
    "none_available": {
        "workaround",
        "mitigation",
        "vendor_fix",
        "optional_patch",
        "fix_planned",
        "no_fix_planned",
    },
    "fix_planned": {"vendor_fix", "optional_patch", "none_available", "no_fix_planned"},
    "no_fix_planned": {"vendor_fix", "optional_patch", "none_available", "fix_planned"},
}
"""Remediation categories that contradict each other (2.1, section 3.2.4.16.1)."""


@mandatory("6.1.35", "Contradicting remediations", NEW)
def contradicting_remediations(advisory: Advisory) -> Iterator[Finding]:
    """Remediations of a product do not exclude each other."""
    for path, vulnerability in advisory.vulnerabilities():
        found: dict[str, set[str]] = defaultdict(set)
        for at, row in rows(vulnerability.get("remediations"), f"{path}/remediations"):
            category = str(row.get("category"))
            against = _EXCLUSIVE.get(category, set())
            for id in advisory.members(row):
                for other in sorted(found[id] & against):
                    yield at, f"{category} of product {id!r} contradicts its {other}"
                found[id].add(category)


_FORBIDDEN = {
    "workaround": {"not affected", "fixed"},
    "mitigation": {"not affected", "fixed"},
    "vendor_fix": {"not affected", "fixed"},
    "optional_patch": {"affected"},
    "none_available": {"not affected", "fixed"},
    "fix_planned": {"fixed"},
    "no_fix_planned": {"fixed"},
}
"""Groups of statuses that a remediation is prohibited with (the section's second table)."""


@mandatory("6.1.36", "Contradicting product status remediation combination", NEW)
def status_against_remediation(advisory: Advisory) -> Iterator[Finding]:
    """A product's status allows its remediations."""
    for path, vulnerability in advisory.vulnerabilities():
        groups = _grouped(vulnerability)
        for at, row in rows(vulnerability.get("remediations"), f"{path}/remediations"):
            category = str(row.get("category"))
            for id in advisory.members(row):
                for group in sorted(groups.get(id, set()) & _FORBIDDEN.get(category, set())):
                    yield at, f"{category} of product {id!r}, which is {group}"


TESTS = (
    contradicting_status,
    repeated_cve,
    repeated_involvement,
    bare_remediation,
    bare_flag,
    repeated_flag,
    contradicting_remediations,
    status_against_remediation,
)
