"""Documents that are built to take long do not."""

from __future__ import annotations

import json
from time import process_time
from typing import Any

import pytest

from pratique.formats.csaf.mandatory.run import validate
from pratique.formats.csaf.read import read as read_csaf
from pratique.formats.openvex.read import read as read_openvex
from pratique.formats.vex_values import in_themselves
from pratique.vex.filtering import Policy, filter_report

PATIENCE = 30.0
"""Seconds of the processor; each of these takes one to three."""


def _csaf(links: list[tuple[str, str, str]]) -> bytes:
    relationships = [
        {
            "category": "default_component_of",
            "product_reference": inner,
            "relates_to_product_reference": outer,
            "full_product_name": {"name": id, "product_id": id},
        }
        for id, inner, outer in links
    ]
    return json.dumps(
        {
            "document": {"csaf_version": "2.0", "category": "csaf_vex"},
            "product_tree": {
                "full_product_names": [{"name": "X0", "product_id": "X0"}],
                "relationships": relationships,
            },
            "vulnerabilities": [
                {"cve": "CVE-2025-0001", "product_status": {"fixed": [id for id, _, _ in links]}}
            ],
        }
    ).encode()


@pytest.mark.parametrize(
    "links",
    [
        [(f"X{n + 1}", f"X{n}", f"X{n}") for n in range(60)],
        [(f"X{n}", f"X{n + 1}", f"X{n + 1}") for n in range(1, 60)],
        [(f"X{n}", f"X{(n + 1) % 3000}", f"X{(n + 1) % 3000}") for n in range(3000)],
    ],
    ids=["doubling", "doubling, undefined", "one large cycle"],
)
def test_products_made_of_products(links: list[tuple[str, str, str]]):
    start = process_time()
    data = _csaf(links)
    assert read_csaf(data, "a").problems
    assert validate(data).failures
    assert process_time() - start < PATIENCE


def test_a_chain_of_parts():
    rows: list[dict[str, Any]] = [
        {
            "vulnerability": {"name": "CVE-2025-0001"},
            "status": "fixed",
            "products": [{"@id": f"p{n}", "subcomponents": [{"@id": f"p{n + 1}"}]}],
        }
        for n in range(20_000)
    ]
    start = process_time()
    document = read_openvex(json.dumps({"statements": rows}).encode(), "a")
    assert len(document.statements) == 20_000
    assert process_time() - start < PATIENCE


def test_cycles_are_found_and_what_leads_to_them_is_not():
    inside = {
        "a": {"b"},
        "b": {"a", "c"},
        "c": {"d"},
        "d": {"e"},
        "e": {"d"},
        "x": {"a"},
        "s": {"s"},
    }
    assert in_themselves(inside) == {"a", "b", "d", "e", "s"}
    assert in_themselves({"a": {"b"}, "b": {"c"}}) == set()


def test_texts_of_a_report(now):
    texts = [
        "a" * 100_000,
        "Package: a\n" * 10_000,
        "a@sha256:" * 10_000,
        "/" * 50_000 + "@sha256:" + "a" * 64,
    ]
    results = [
        {
            "ruleId": "CVE-2025-0001",
            "message": {"text": text},
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": text}}}],
        }
        for text in texts * 20
    ]  # fmt: skip
    rules = [{"id": "CVE-2025-0001", "help": {"text": texts[1]}}]
    run = {"tool": {"driver": {"name": "s", "rules": rules}}, "results": results}
    start = process_time()
    statement = {
        "vulnerability": {"name": "CVE-2025-0001"},
        "products": [{"@id": "pkg:oci/a"}],
        "status": "fixed",
    }
    statements = read_openvex(json.dumps({"statements": [statement]}).encode(), "a").statements
    filtered = filter_report(json.dumps({"runs": [run]}).encode(), statements, Policy(now=now))
    assert filtered.before == len(results)
    assert process_time() - start < PATIENCE
