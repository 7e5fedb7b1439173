"""``pratique audit``: the check of every product, with what was decided."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Run = Callable[..., tuple[int, Any]]
EXCUSE = ("-s", "not_affected", "-j", "code_not_reachable", "--by", "ann")


def statuses(answer: Any) -> dict[str, dict[str, str]]:
    return {
        one["product"]: {finding["id"]: finding["status"] for finding in one["findings"]}
        for one in answer["products"]
    }


def test_every_product_has_the_findings_of_a_check(run: Run) -> None:
    code, answer = run("audit")
    assert code == 1
    assert statuses(answer) == {
        "desk": {"EX-2026-1": "open"},
        "shop": {"EX-2026-1": "open", "EX-2026-2": "open"},
    }
    assert [one["owner"] for one in answer["products"]] == ["desk-team", "shop-team"]
    assert set(statuses(run("audit", "-p", "d*")[1])) == {"desk"}


def test_judgements_settle_findings_of_their_product_and_version(run: Run) -> None:
    run("triage", "set", "CVE-2026-0001", "-p", "shop", "--version", "1.4", *EXCUSE)
    found = statuses(run("audit")[1])
    assert found["shop"]["EX-2026-1"].startswith("not_affected")
    assert found["shop"]["EX-2026-2"] == "open"
    assert found["desk"]["EX-2026-1"] == "open"
    run("triage", "set", "CVE-2026-0001", "-p", "desk", "--version", "1.9", *EXCUSE)
    assert statuses(run("audit")[1])["desk"]["EX-2026-1"] == "open"


def test_policy_is_the_same_engine(run: Run, tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("""\
id: no-beta
description: beta is not wanted here.
rules:
  - id: no-beta
    when: package_name == 'beta'
    effect: deny
    reason: "{purl} is not wanted here"
    controls: [S2C2F:ENF-2]
    tests:
      - {facts: {subject: "pkg:pypi/beta@1"}, expect: match}
      - {facts: {subject: "pkg:pypi/alpha@1"}, expect: no match}
""")
    code, answer = run("audit", "--policy", str(policy))
    assert code == 1, answer
    rules = {
        one["product"]: {finding["rule"] for finding in one["findings"]}
        for one in answer["products"]
    }
    assert "policy-violation" in rules["shop"]
    assert "policy-violation" not in rules["desk"]


def test_whole_bills_are_written(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "bills"
    run("audit", "--bills", str(folder))
    bills = [json.loads(path.read_text()) for path in sorted(folder.iterdir())]
    assert [bill["subject"] for bill in bills] == ["desk 2.0", "shop 1.4"]
    code, text = run("audit", "--bills", str(folder))
    assert code == 2
    assert "cannot be made" in text


def test_a_tenant_audits_its_own_products_alone(run: Run) -> None:
    code, answer = run("audit", "--tenant", "other")
    assert (code, answer["products"]) == (0, [])
    assert run("audit", "-p", "shpo")[0] == 2
