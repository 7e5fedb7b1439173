"""Tests of the profiles: 6.1.26 and 6.1.27.1 to 6.1.27.19."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

from pratique.formats.csaf.mandatory.advisory import NEW, Advisory, mandatory, rows
from pratique.formats.shapes import objects_in, texts_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.formats.csaf.mandatory.advisory import Finding

INCIDENT = "csaf_security_incident_response"
INFORMATIONAL = "csaf_informational_advisory"
SECURITY = "csaf_security_advisory"
VEX = "csaf_vex"
DEPRECATED = "csaf_deprecated_security_advisory"
WITHDRAWN = "csaf_withdrawn"
SUPERSEDED = "csaf_superseded"

PROFILES = {
    "2.0": (INCIDENT, INFORMATIONAL, SECURITY, VEX),
    "2.1": (INCIDENT, INFORMATIONAL, SECURITY, VEX, DEPRECATED, WITHDRAWN, SUPERSEDED),
}
"""Values of ``/document/category`` besides ``csaf_base``."""


def _bare(text: str) -> str:
    """Without dashes, underscores and white space of any script, in lower case."""
    kept = (
        one
        for one in unicodedata.normalize("NFKC", text)
        if unicodedata.category(one) not in {"Pd", "Pc", "Zs", "Cc", "Mn", "Cf"}
        and one not in "-_\u2212\u00ad"
    )
    return "".join(kept).casefold()


@mandatory("6.1.26", "Prohibited document category name")
def prohibited_category(advisory: Advisory) -> Iterator[Finding]:
    """A category of one's own looks like no profile."""
    category, profiles = advisory.category, PROFILES[advisory.version]
    if not category or category == "csaf_base" or category in profiles:
        return
    names = {_bare(one) for one in profiles}
    names |= {name.removeprefix("csaf") for name in names}
    bare = _bare(category)
    if bare in names or category.lower().startswith("csaf_"):
        yield "/document/category", f"{category[:80]!r} looks like the name of a profile"


def _has(advisory: Advisory, *profiles: str) -> bool:
    if advisory.version == "2.1" and SECURITY in profiles and advisory.category == DEPRECATED:
        return True
    return advisory.category in profiles


def _noted(advisory: Advisory, *categories: str) -> bool:
    return any(
        one.get("category") in categories for one in objects_in(advisory.document.get("notes"))
    )


@mandatory("6.1.27.1", "Document notes")
def document_notes(advisory: Advisory) -> Iterator[Finding]:
    """An informational advisory or incident response says something."""
    wanted = ("description", "details", "general", "summary")
    if _has(advisory, INFORMATIONAL, INCIDENT) and not _noted(advisory, *wanted):
        yield "/document/notes", f"has no note of the category {', '.join(wanted)}"


@mandatory("6.1.27.2", "Document references")
def document_references(advisory: Advisory) -> Iterator[Finding]:
    """An informational advisory or incident response refers to something outside."""
    found = objects_in(advisory.document.get("references"))
    # The schema's default category is "external".
    external = any(one.get("category", "external") == "external" for one in found)
    if _has(advisory, INFORMATIONAL, INCIDENT) and not external:
        yield "/document/references", "has no external reference"


@mandatory("6.1.27.3", "Vulnerabilities are absent")
def no_vulnerabilities(advisory: Advisory) -> Iterator[Finding]:
    """An informational advisory has no vulnerabilities."""
    if "vulnerabilities" in advisory.value and _has(advisory, INFORMATIONAL, WITHDRAWN, SUPERSEDED):
        yield "/vulnerabilities", f"is there, but the category is {advisory.category}"


@mandatory("6.1.27.4", "Product tree")
def product_tree(advisory: Advisory) -> Iterator[Finding]:
    """A security advisory or VEX has products."""
    if "product_tree" not in advisory.value and _has(advisory, SECURITY, VEX):
        yield "/product_tree", "is absent"


@mandatory("6.1.27.5", "Vulnerability notes")
def vulnerability_notes(advisory: Advisory) -> Iterator[Finding]:
    """Each vulnerability of a security advisory or VEX has notes."""
    for path, one in advisory.vulnerabilities() if _has(advisory, SECURITY, VEX) else ():
        if "notes" not in one:
            yield f"{path}/notes", "is absent"


@mandatory("6.1.27.6", "Product status")
def product_status(advisory: Advisory) -> Iterator[Finding]:
    """Each vulnerability of a security advisory has a status."""
    for path, one in advisory.vulnerabilities() if _has(advisory, SECURITY) else ():
        if "product_status" not in one:
            yield f"{path}/product_status", "is absent"


@mandatory("6.1.27.7", "VEX product status")
def vex_status(advisory: Advisory) -> Iterator[Finding]:
    """Each vulnerability of a VEX has one of the four statuses."""
    wanted = {"fixed", "known_affected", "known_not_affected", "under_investigation"}
    for path, one in advisory.vulnerabilities() if _has(advisory, VEX) else ():
        status = one.get("product_status")
        if not isinstance(status, dict) or wanted.isdisjoint(status):
            yield f"{path}/product_status", f"has none of {', '.join(sorted(wanted))}"


@mandatory("6.1.27.8", "Vulnerability id")
def vulnerability_id(advisory: Advisory) -> Iterator[Finding]:
    """Each vulnerability of a VEX has an id (2.1: for each of its products)."""
    for path, one in advisory.vulnerabilities() if _has(advisory, VEX) else ():
        if "cve" in one:
            continue
        ids = objects_in(one.get("ids"))
        if not ids:
            yield path, "has neither a CVE nor another id"
            continue
        if advisory.version == "2.0" or any(
            "product_ids" not in row and "group_ids" not in row for row in ids
        ):
            continue
        covered = {id for row in ids for id in advisory.members(row)}
        for id in _mentioned(one):
            if id not in covered:
                yield f"{path}/ids", f"no id is for product {id!r}"


def _mentioned(vulnerability: dict[str, Any], *keys: str) -> list[str]:
    """Products in the given statuses, or in any."""
    status = vulnerability.get("product_status")
    found: dict[str, None] = {}
    for key, ids in status.items() if isinstance(status, dict) else ():
        if not keys or key in keys:
            found.update(dict.fromkeys(texts_in(ids)))
    return list(found)


def _covered(advisory: Advisory, found: list[tuple[str, dict[str, Any]]]) -> set[str]:
    return {id for _, row in found for id in advisory.members(row)}


@mandatory("6.1.27.9", "Impact statement")
def impact_statement(advisory: Advisory) -> Iterator[Finding]:
    """Each product of a VEX that is not affected has a reason."""
    for path, one in advisory.vulnerabilities() if _has(advisory, VEX) else ():
        found = list(rows(one.get("flags"), ""))
        found += [row for row in rows(one.get("threats"), "") if row[1].get("category") == "impact"]
        covered = _covered(advisory, found)
        for id in _mentioned(one, "known_not_affected"):
            if id not in covered:
                yield f"{path}/product_status/known_not_affected", f"no impact is stated for {id!r}"


@mandatory("6.1.27.10", "Action statement")
def action_statement(advisory: Advisory) -> Iterator[Finding]:
    """Each product of a VEX that is affected has a remedy."""
    for path, one in advisory.vulnerabilities() if _has(advisory, VEX) else ():
        covered = _covered(advisory, list(rows(one.get("remediations"), "")))
        for id in _mentioned(one, "known_affected"):
            if id not in covered:
                yield f"{path}/product_status/known_affected", f"no action is stated for {id!r}"


@mandatory("6.1.27.11", "Vulnerabilities")
def vulnerabilities(advisory: Advisory) -> Iterator[Finding]:
    """A security advisory or VEX has vulnerabilities."""
    if "vulnerabilities" not in advisory.value and _has(advisory, SECURITY, VEX):
        yield "/vulnerabilities", "is absent"


@mandatory("6.1.27.12", "Affected products", NEW)
def affected_products(advisory: Advisory) -> Iterator[Finding]:
    """Each vulnerability of a security advisory affects something."""
    for path, one in advisory.vulnerabilities() if advisory.category == SECURITY else ():
        status = one.get("product_status")
        if not isinstance(status, dict) or "known_affected" not in status:
            yield f"{path}/product_status/known_affected", "is absent"


@mandatory("6.1.27.14", "Document notes", NEW)
def withdrawn_notes(advisory: Advisory) -> Iterator[Finding]:
    """A document that counts no more has a description."""
    if _has(advisory, WITHDRAWN, SUPERSEDED) and not _noted(advisory, "description"):
        yield "/document/notes", "has no note of the category description"


@mandatory("6.1.27.15", "Product tree is absent", NEW)
def withdrawn_tree(advisory: Advisory) -> Iterator[Finding]:
    """A document that counts no more has no products."""
    if _has(advisory, WITHDRAWN, SUPERSEDED) and "product_tree" in advisory.value:
        yield "/product_tree", f"is there, but the category is {advisory.category}"


@mandatory("6.1.27.16", "Revision history", NEW)
def withdrawn_history(advisory: Advisory) -> Iterator[Finding]:
    """A document that counts no more counted once."""
    if _has(advisory, WITHDRAWN, SUPERSEDED) and len(advisory.history) < 2:
        yield "/document/tracking/revision_history", "has fewer than two entries"


def _reasoned(advisory: Advisory, profile: str, title: str) -> Iterator[Finding]:
    if advisory.category != profile or not advisory.english:
        return
    found = [one for one in objects_in(advisory.document.get("notes")) if one.get("title") == title]
    if len(found) != 1:
        yield "/document/notes", f"has {len(found)} notes with the title {title!r}, not one"
    elif found[0].get("category") != "description":
        yield "/document/notes", f"the note {title!r} is not of the category description"


@mandatory("6.1.27.17", "Reasoning for withdrawal", NEW)
def withdrawal(advisory: Advisory) -> Iterator[Finding]:
    """A withdrawal says why."""
    return _reasoned(advisory, WITHDRAWN, "Reasoning for Withdrawal")


@mandatory("6.1.27.18", "Reasoning for supersession", NEW)
def supersession(advisory: Advisory) -> Iterator[Finding]:
    """A supersession says why."""
    return _reasoned(advisory, SUPERSEDED, "Reasoning for Supersession")


@mandatory("6.1.27.19", "Reference to superseding document", NEW)
def superseding(advisory: Advisory) -> Iterator[Finding]:
    """A supersession says by what."""
    if advisory.category != SUPERSEDED or not advisory.english:
        return
    for one in objects_in(advisory.document.get("references")):
        summary = one.get("summary")
        named = isinstance(summary, str) and summary.startswith("Superseding Document")
        if named and one.get("category") == "external":
            return
    yield "/document/references", "has no external reference to a 'Superseding Document'"


TESTS = (
    prohibited_category,
    document_notes,
    document_references,
    no_vulnerabilities,
    product_tree,
    vulnerability_notes,
    product_status,
    vex_status,
    vulnerability_id,
    impact_statement,
    action_statement,
    vulnerabilities,
    affected_products,
    withdrawn_notes,
    withdrawn_tree,
    withdrawn_history,
    withdrawal,
    supersession,
    superseding,
)
