"""The shapes of CSAF 2.0 and 2.1 documents, as the standard's JSON schema has them.

A kind is ``text``, ``date``, ``uri``, ``flag``, a word of :data:`PATTERNS`, the
name of a shape of :data:`SHAPES`, a set of words, or any of these in a list of
one (``[kind]`` is an array that is not empty, ``{kind}`` one whose items are
also unique).
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

PATTERNS = {
    "category": re.compile(r"[^\s\-_.](.*[^\s\-_.])?\Z", re.DOTALL),
    "trimmed": re.compile(r"\S(.*\S)?\Z", re.DOTALL),
    "version": re.compile(
        r"(?:(?:0|[1-9]\d*)|(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)"
        r"(?:-(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?"
        r"(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?)\Z"
    ),
    "cve": re.compile(r"CVE-[0-9]{4}-[0-9]{4,}\Z"),
    "cwe": re.compile(r"CWE-[1-9]\d{0,5}\Z"),
    "cwe version": re.compile(r"[1-9]\d*\.(\d|[1-9]\d+)(\.\d+)?\Z"),
    "hex": re.compile(r"[0-9a-fA-F]{32,}\Z"),
    "cpe": re.compile(r"(cpe:2\.3:[aho*\-](:\S+){10}|[cC][pP][eE]:/[AHOaho]?(:\S*){0,6})\Z"),
    "purl": re.compile(r"pkg:[A-Za-z.\-+][A-Za-z0-9.\-+]*/.+\Z", re.DOTALL),
    "uuid": re.compile(
        r"([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"
        r"|0{8}-(0{4}-){3}0{12}|f{8}-(f{4}-){3}f{12})\Z"
    ),
    "fraction": re.compile(r"(0\.[0-9]+|1\.0+)\Z"),
    "date": re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)\Z"),
    "uri": re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S*\Z"),
}


class Shape(NamedTuple):
    """An object of the schema."""

    required: str
    """Names, in one text."""

    fields: dict[str, Any]
    least: int = 0
    """Properties that there must be."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PRODUCTS = {"product_ids": {"text"}, "group_ids": {"text"}}
_PARTIES = _words("coordinator discoverer other user vendor")
_RELATIONS = _words(
    "default_component_of external_component_of installed_on installed_with optional_component_of"
)
_STATUSES = _words(
    "first_affected first_fixed fixed known_affected known_not_affected last_affected recommended "
    "under_investigation"
)
_BRANCHES = _words(
    "architecture host_name language patch_level product_family product_name product_version "
    "product_version_range service_pack specification vendor"
)
_REMEDIES = _words("mitigation no_fix_planned none_available vendor_fix workaround")
_LABELS = _words(
    "component_not_present inline_mitigations_already_exist "
    "vulnerable_code_cannot_be_controlled_by_adversary vulnerable_code_not_in_execute_path "
    "vulnerable_code_not_present"
)

COMMON: dict[str, Shape] = {
    "aggregate_severity": Shape("text", {"namespace": "uri", "text": "text"}),
    "tracking": Shape(
        "current_release_date id initial_release_date revision_history status version",
        {
            "aliases": {"text"},
            "current_release_date": "date",
            "generator": "generator",
            "id": "trimmed",
            "initial_release_date": "date",
            "revision_history": ["revision"],
            "status": _words("draft final interim"),
            "version": "version",
        },
    ),
    "generator": Shape("engine", {"date": "date", "engine": "engine"}),
    "engine": Shape("name", {"name": "text", "version": "text"}),
    "revision": Shape(
        "date number summary",
        {"date": "date", "legacy_version": "text", "number": "version", "summary": "text"},
    ),
    "acknowledgment": Shape(
        "", {"names": ["text"], "organization": "text", "summary": "text", "urls": ["uri"]}, 1
    ),
    "reference": Shape(
        "summary url",
        {"category": _words("external self"), "summary": "text", "url": "uri"},
    ),
    "full_product_name": Shape(
        "name product_id",
        {"name": "text", "product_id": "text", "product_identification_helper": "helper"},
    ),
    "file": Shape("file_hashes filename", {"file_hashes": ["hash"], "filename": "text"}),
    "hash": Shape("algorithm value", {"algorithm": "text", "value": "hex"}),
    "generic_uri": Shape("namespace uri", {"namespace": "uri", "uri": "uri"}),
    "group": Shape(
        "group_id product_ids", {"group_id": "text", "product_ids": {"text"}, "summary": "text"}
    ),
    "flag": Shape("label", {"date": "date", "label": _LABELS, **_PRODUCTS}),
    "restart": Shape(
        "category",
        {
            "category": _words(
                "connected dependencies machine none parent service system "
                "vulnerable_component zone"
            ),
            "details": "text",
        },
    ),
    "threat": Shape(
        "category details",
        {
            "category": _words("exploit_status impact target_set"),
            "date": "date",
            "details": "text",
            **_PRODUCTS,
        },
    ),
}
"""Shapes that both versions have."""

_HELPER: dict[str, Any] = {
    "cpe": "cpe",
    "hashes": ["file"],
    "model_numbers": {"text"},
    "sbom_urls": ["uri"],
    "serial_numbers": {"text"},
    "skus": ["text"],
    "x_generic_uris": ["generic_uri"],
}
_NOTE: dict[str, Any] = {
    "audience": "text",
    "category": _words("description details faq general legal_disclaimer other summary"),
    "text": "text",
    "title": "text",
}
_VULNERABILITY: dict[str, Any] = {
    "acknowledgments": ["acknowledgment"],
    "cve": "cve",
    "discovery_date": "date",
    "flags": {"flag"},
    "ids": {"id"},
    "involvements": {"involvement"},
    "notes": ["note"],
    "product_status": "product_status",
    "references": ["reference"],
    "remediations": ["remediation"],
    "threats": ["threat"],
    "title": "text",
}
_DOCUMENT: dict[str, Any] = {
    "acknowledgments": ["acknowledgment"],
    "aggregate_severity": "aggregate_severity",
    "category": "category",
    "distribution": "distribution",
    "lang": "text",
    "notes": ["note"],
    "publisher": "publisher",
    "references": ["reference"],
    "source_lang": "text",
    "title": "text",
    "tracking": "tracking",
}
_TREE: dict[str, Any] = {
    "branches": ["branch"],
    "full_product_names": ["full_product_name"],
    "product_groups": ["group"],
}


def _publisher(categories: str) -> Shape:
    return Shape(
        "category name namespace",
        {
            "category": _words(categories),
            "contact_details": "text",
            "issuing_authority": "text",
            "name": "text",
            "namespace": "uri",
        },
    )


def _branch(more: str) -> Shape:
    fields = {
        "branches": ["branch"],
        "category": _BRANCHES | {more},
        "name": "text",
        "product": "full_product_name",
    }
    return Shape("category name", fields, 3)


def _remediation(categories: frozenset[str]) -> Shape:
    return Shape(
        "category details",
        {
            "category": categories,
            "date": "date",
            "details": "text",
            "entitlements": ["text"],
            "restart_required": "restart",
            "url": "uri",
            **_PRODUCTS,
        },
    )


def _involvement(more: dict[str, Any]) -> Shape:
    fields = {
        "date": "date",
        "party": _PARTIES,
        "status": _words("completed contact_attempted disputed in_progress not_contacted open"),
        "summary": "text",
    }
    return Shape("party status", {**fields, **more})


def _tlp(labels: str) -> Shape:
    return Shape("label", {"label": _words(labels), "url": "uri"})


SHAPES: dict[str, dict[str, Shape]] = {
    "2.0": {
        **COMMON,
        "csaf": Shape(
            "document",
            {
                "document": "document",
                "product_tree": "product_tree",
                "vulnerabilities": ["vulnerability"],
            },
        ),
        "document": Shape(
            "category csaf_version publisher title tracking",
            {**_DOCUMENT, "csaf_version": _words("2.0")},
        ),
        "distribution": Shape("", {"text": "text", "tlp": "tlp"}, 1),
        "tlp": _tlp("AMBER GREEN RED WHITE"),
        "publisher": _publisher("coordinator discoverer other translator user vendor"),
        "note": Shape("category text", _NOTE),
        "product_tree": Shape("", {**_TREE, "relationships": ["relationship"]}, 1),
        "branch": _branch("legacy"),
        "helper": Shape("", {**_HELPER, "purl": "purl"}, 1),
        "relationship": Shape(
            "category full_product_name product_reference relates_to_product_reference",
            {
                "category": _RELATIONS,
                "full_product_name": "full_product_name",
                "product_reference": "text",
                "relates_to_product_reference": "text",
            },
        ),
        "vulnerability": Shape(
            "",
            {**_VULNERABILITY, "cwe": "weakness", "release_date": "date", "scores": ["score"]},
            1,
        ),
        "weakness": Shape("id name", {"id": "cwe", "name": "text"}),
        "id": Shape("system_name text", {"system_name": "text", "text": "text"}),
        "involvement": _involvement({}),
        "product_status": Shape("", {key: {"text"} for key in sorted(_STATUSES)}, 1),
        "remediation": _remediation(_REMEDIES),
        "score": Shape("products", {"cvss_v2": "any", "cvss_v3": "any", "products": {"text"}}, 2),
    },
    "2.1": {
        **COMMON,
        "csaf": Shape(
            "$schema document",
            {
                "$schema": _words("https://docs.oasis-open.org/csaf/csaf/v2.1/schema/csaf.json"),
                "document": "document",
                "product_tree": "product_tree",
                "vulnerabilities": ["vulnerability"],
                "x_extensions": ["any"],
            },
        ),
        "document": Shape(
            "category csaf_version distribution publisher title tracking",
            {
                **_DOCUMENT,
                "csaf_version": _words("2.1"),
                "license_expression": "text",
                "x_extensions": ["any"],
            },
        ),
        "distribution": Shape(
            "tlp", {"sharing_group": "sharing_group", "text": "text", "tlp": "tlp"}
        ),
        "sharing_group": Shape("id", {"id": "uuid", "name": "text"}),
        "tlp": _tlp("AMBER AMBER+STRICT CLEAR GREEN RED"),
        "publisher": _publisher("coordinator discoverer multiplier other translator user vendor"),
        "note": Shape("category text", {**_NOTE, **_PRODUCTS}),
        "product_tree": Shape("", {**_TREE, "product_paths": ["product_path"]}, 1),
        "branch": _branch("platform"),
        "helper": Shape("", {**_HELPER, "purls": {"purl"}}, 1),
        "full_product_name": Shape(
            "name product_id",
            {**COMMON["full_product_name"].fields, "x_extensions": ["any"]},
        ),
        "product_path": Shape(
            "beginning_product_reference full_product_name subpaths",
            {
                "beginning_product_reference": "text",
                "full_product_name": "full_product_name",
                "subpaths": ["subpath"],
            },
        ),
        "subpath": Shape(
            "category next_product_reference",
            {"category": _RELATIONS, "next_product_reference": "text"},
        ),
        "vulnerability": Shape(
            "",
            {
                **_VULNERABILITY,
                "cwes": {"weakness"},
                "disclosure_date": "date",
                "first_known_exploitation_dates": {"exploitation"},
                "metrics": {"metric"},
                "x_extensions": ["any"],
            },
            1,
        ),
        "weakness": Shape(
            "id name version", {"id": "cwe", "name": "category", "version": "cwe version"}
        ),
        "exploitation": Shape(
            "date exploitation_date",
            {"date": "date", "exploitation_date": "date", **_PRODUCTS},
            3,
        ),
        "id": Shape("system_name text", {"system_name": "text", "text": "text", **_PRODUCTS}),
        "involvement": _involvement({"contact": "text", **_PRODUCTS}),
        "product_status": Shape("", {key: {"text"} for key in sorted(_STATUSES | {"unknown"})}, 1),
        "remediation": _remediation(_REMEDIES | {"fix_planned", "optional_patch"}),
        "metric": Shape(
            "content products", {"content": "content", "products": {"text"}, "source": "uri"}
        ),
        "content": Shape(
            "",
            {
                "cvss_v2": "any",
                "cvss_v3": "any",
                "cvss_v4": "any",
                "epss": "epss",
                "qualitative_severity_rating": _words("critical high low medium none"),
                "ssvc_v2": "any",
                "x_extensions": ["any"],
            },
            1,
        ),
        "epss": Shape(
            "percentile probability timestamp",
            {"percentile": "fraction", "probability": "fraction", "timestamp": "date"},
        ),
    },
}
"""Shapes of each version, by the name of their object."""
