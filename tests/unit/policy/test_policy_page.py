"""The examples of docs/policy.md are what the program takes, and its tables what it has."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pratique.policy import cases, cel, documents, facts_reading, reading, templates
from pratique.policy.errors import PolicyError
from pratique.policy.facts_reading import facts_from
from pratique.policy.library import PACKS
from pratique.policy.models import OnUnknown
from pratique.policy.reading import EFFECTS
from pratique.policy.service import load
from pratique.policy.waiver_documents import read_waivers


@pytest.fixture(scope="module")
def page(repository: Path) -> str:
    return (repository / "docs/policy.md").read_text()


def blocks(page: str, kind: str) -> list[str]:
    return re.findall(rf'^```\w+ title="{kind}"\n(.*?)^```', page, re.MULTILINE | re.DOTALL)


def test_every_policy_of_the_page_loads_and_its_tests_pass(page) -> None:
    policies = blocks(page, "policy")
    assert len(policies) >= 3
    for text in policies:
        loaded = load(text.encode(), "page.yaml")
        assert loaded.document.rule_cases


def test_every_waiver_of_the_page_is_read(page) -> None:
    for text in blocks(page, "waivers"):
        assert read_waivers(text.encode(), "page.yaml").waivers


def test_the_facts_of_the_page_are_read(page) -> None:
    (text,) = blocks(page, "facts")
    facts, troubles = facts_from(json.loads(text))
    assert facts is not None
    assert not troubles


def test_the_error_of_the_page_is_the_programs(page) -> None:
    (message,) = re.findall(r"^our-policy\.yaml:7:20: (.*)$", page, re.MULTILINE)
    text = (
        "id: our-policy\n\n\nrules:\n  - id: one\n    effect: deny\n    when: age_days < 3\n"
        "    reason: so\n"
    )
    with pytest.raises(PolicyError) as caught:
        load(text.encode(), "our-policy.yaml")
    assert str(caught.value) == f"our-policy.yaml:7:20: {message}"


def test_the_page_names_every_word(page) -> None:
    for word in (*PACKS[:3], *EFFECTS, *OnUnknown, *cases.EXPECTED):
        assert f"`{word}`" in page


def test_the_page_names_the_limits(page) -> None:
    limits = page.split("## Limits")[1]
    for number in (
        f"{documents.MAX_BYTES // 1024} KiB",
        f"{documents.MAX_DEPTH} deep",
        f"{documents.MAX_NODES:,} values",
        f"| {reading.MAX_RULES}, over at most {reading.MAX_EXTENDS} ",
        f"{cel.MAX_EXPRESSION:,} characters",
        f"{templates.MAX_TEMPLATE} characters, {templates.MAX_VALUE} ",
        f"| {facts_reading.MAX_VULNERABILITIES:,} |",
    ):
        assert number in limits
