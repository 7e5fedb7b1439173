"""Judgements on findings of the record, through the command line as users have it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pratique.surfaces.cli import main

Run = Callable[..., tuple[int, Any]]


def states(answer: Any) -> dict[tuple[str, str], str]:
    return {(row["product"], row["vulnerability"]): row["state"] for row in answer["findings"]}


EXCUSE = (
    "-s",
    "not_affected",
    "-j",
    "code_not_reachable",
    "-m",
    "the parser is off",
    "--by",
    "ann",
)


def test_the_worklist_has_every_finding_of_every_product(run: Run) -> None:
    code, answer = run("triage", "list")
    assert code == 1
    assert states(answer) == {
        ("desk", "EX-2026-1"): "",
        ("shop", "EX-2026-1"): "",
        ("shop", "EX-2026-2"): "",
    }
    assert {row["severity"] for row in answer["findings"]} == {"critical"}
    assert run("triage", "list", "--owner", "desk-team")[1]["findings"][0]["owners"] == [
        "desk-team"
    ]
    assert len(run("triage", "list", "-p", "s*")[1]["findings"]) == 2


def test_a_judgement_by_an_alias_is_applied_everywhere(run: Run) -> None:
    assert run("triage", "set", "CVE-2026-0001", "-p", "shop", *EXCUSE)[0] == 0
    assert states(run("triage", "list")[1])["shop", "EX-2026-1"] == "not_affected"
    assert states(run("triage", "list")[1])["desk", "EX-2026-1"] == ""
    assert states(run("triage", "list", "--judged")[1]) == {("shop", "EX-2026-1"): "not_affected"}
    hits = {hit["product"]: hit for hit in run("affected", "CVE-2026-0001")[1]["hits"]}
    assert hits["shop"]["status"] == "not_affected"
    assert hits["shop"]["vex"][0]["author"] == "ann"
    assert hits["shop"]["vex"][0]["justification"] == "vulnerable_code_not_in_execute_path"
    assert hits["desk"]["status"] == "affected"


def test_the_trail_keeps_what_was_decided_before(run: Run) -> None:
    run("triage", "set", "CVE-2026-0001", "-p", "shop", *EXCUSE, at="2026-11-24")
    run("triage", "set", "CVE-2026-0001", "-p", "shop", "-s", "exploitable", "--by", "bob",
        "-m", "it is on after all", "--response", "update", at="2026-11-25")  # fmt: skip
    code, answer = run("triage", "history", "CVE-2026-0001")
    assert code == 0
    first, second = answer["judgements"]
    assert (first["by"], first["state"], first["previous"]) == ("ann", "not_affected", "")
    assert (second["by"], second["state"]) == ("bob", "exploitable")
    assert second["previous"] == first["document"]
    assert second["responses"] == ["update"]
    assert run("affected", "CVE-2026-0001")[1]["hits"][0]["product"] in {"shop", "desk"}
    assert states(run("triage", "list")[1])["shop", "EX-2026-1"] == "exploitable"


def test_what_was_known_then_can_be_asked(run: Run) -> None:
    run("triage", "set", "CVE-2026-0001", "-p", "shop", *EXCUSE, at="2026-11-25")
    code, answer = run("triage", "history", "--as-of", "2026-11-24")
    assert (code, answer["judgements"]) == (0, [])


def test_an_expired_judgement_counts_for_nothing(run: Run) -> None:
    run(
        "triage", "set", "CVE-2026-0001", "-p", "shop", *EXCUSE, "--expires", "10d", at="2025-11-24"
    )
    code, answer = run("triage", "list", "--expired", at="2026-11-24")
    assert code == 1
    assert [(row["product"], row["expired"]) for row in answer["findings"]] == [("shop", True)]
    hits = {hit["product"]: hit["status"] for hit in run("affected", "CVE-2026-0001")[1]["hits"]}
    assert hits["shop"] == "affected"
    assert run("triage", "history")[1]["judgements"][0]["holds"] is False
    assert '"statements": []' in json.dumps(run("triage", "export")[1])


@pytest.mark.parametrize(
    ("more", "applies"),
    [
        (("--version", "1.4"), True),
        (("--version", "1.5"), False),
        (("--package", "pkg:pypi/alpha"), True),
        (("--package", "pkg:pypi/alpha@1.0"), True),
        (("--package", "pkg:pypi/alpha@0.9"), False),
        (("--package", "pkg:pypi/beta"), False),
    ],
)
def test_a_judgement_is_about_its_version_and_package_alone(
    run: Run, more: tuple[str, ...], applies: bool
) -> None:
    run("triage", "set", "CVE-2026-0001", "-p", "shop", *more, *EXCUSE)
    expected = "not_affected" if applies else ""
    assert states(run("triage", "list")[1])["shop", "EX-2026-1"] == expected
    hits = {hit["product"]: hit["status"] for hit in run("affected", "CVE-2026-0001")[1]["hits"]}
    assert hits["shop"] == ("not_affected" if applies else "affected")


def test_many_at_once(run: Run, tmp_path: Path) -> None:
    code, answer = run("triage", "set", "EX-2026-1", "EX-2026-2", "-p", "*", *EXCUSE)
    assert (code, len(answer["judgements"])) == (0, 4)
    rows = tmp_path / "rows.csv"
    rows.write_text("product,vulnerability,state,comment\nshop,EX-2026-1,exploitable,"
                    '"a, b"\ndesk,EX-2026-1,resolved,upgraded\n')  # fmt: skip
    code, answer = run("triage", "apply", str(rows), "--by", "bob")
    assert code == 0
    assert all(one["previous"] for one in answer["judgements"])
    found = states(run("triage", "list")[1])
    assert found["shop", "EX-2026-1"] == "exploitable"
    assert found["desk", "EX-2026-1"] == "resolved"
    lines = tmp_path / "rows.jsonl"
    lines.write_text('{"product": "desk", "vulnerability": "EX-2026-1", "state": "in_triage"}\n')
    assert run("triage", "apply", str(lines))[0] == 0
    assert states(run("triage", "list")[1])["desk", "EX-2026-1"] == "in_triage"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "cannot be read"),
        ("[1]", "row 1: is no object"),
        ('[{"product": "shop", "vulnerability": "V-1", "state": "fine"}]', "'fine' is no state"),
        ('[{"product": "shop", "vulnerability": "V-1", "state": "not_affected"}]', "a reason"),
        ('[{"product": "shop", "vulnerability": "V-1", "state": 7}]', "state is no text"),
        ('[{"prodct": "shop"}]', "unknown field 'prodct'"),
        ('[{"product": "shop", "state": "resolved"}]', "names a product and a vulnerability"),
        (
            '[{"product": "shop", "vulnerability": "V-1", "state": "resolved", "expires": "x"}]',
            "no date",
        ),
        ('product,state\n"', "cannot be read"),
        ("\xff\xfe", "has no rows"),
        ('[{"product": "other", "vulnerability": "V-1", "state": "resolved"}]', "no product like"),
    ],
)
def test_a_faulty_row_takes_nothing(run: Run, tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "rows"
    good = '{"product": "shop", "vulnerability": "EX-2026-1", "state": "resolved"}'
    path.write_text(text.replace("[", f"[{good}, ", 1) if text.startswith("[{") else text)
    code, answer = run("triage", "apply", str(path))
    assert code in {2, 3}
    assert said in str(answer) or "cannot be read" in str(answer) or "unknown field" in str(answer)
    assert run("triage", "history")[1]["judgements"] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-p", "shop", "-s", "fine"), "no state"),
        (("-p", "shpo", "-s", "resolved"), "no product like 'shpo'"),
        (("-p", "shop", "-s", "not_affected"), "needs a reason"),
        (("-p", "shop", "-s", "not_affected", "-j", "because"), "no justification"),
        (("-p", "shop", "-s", "resolved", "-j", "code_not_present"), "goes with not_affected"),
        (("-p", "shop", "-s", "resolved", "--response", "pray"), "no response"),
        (("-p", "shop", "-s", "resolved", "--expires", "soon"), "no date"),
        (("-p", "shop", "-s", "resolved", "--expires", "2020-01-01"), "expire before"),
        (("-p", "shop", "-s", "resolved", "--package", "pkg:"), "pkg:"),
    ],
)
def test_wrong_options_are_explained(run: Run, words: tuple[str, ...], said: str) -> None:
    code, answer = run("triage", "set", "CVE-2026-0001", *words)
    assert code == 2
    assert said in answer


def test_judgements_are_exported_as_vex_that_a_check_applies(
    run: Run, tmp_path: Path, advisories: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("triage", "set", "CVE-2026-0001", "-p", "shop", "--package", "pkg:pypi/alpha", *EXCUSE)
    for form, key in (("openvex", "statements"), ("csaf", "vulnerabilities"),
                      ("cyclonedx", "vulnerabilities")):  # fmt: skip
        document = run("triage", "export", "--to", form, "--author", "shop-team")[1]
        assert len(document[key]) == 1
    path = tmp_path / "shop.openvex.json"
    assert run("triage", "export", "-o", str(path))[0] == 0
    arguments = ["check", str(tmp_path / "shop.json"), "--vex", str(path), "--product", "shop@1.4",
                 "--product", "shop", "--advisories", str(advisories), "-f", "json"]  # fmt: skip
    main(arguments)
    found = {one["id"]: one["status"] for one in json.loads(capsys.readouterr().out)["findings"]}
    assert found["EX-2026-1"].startswith("not_affected")
    assert found["EX-2026-2"] == "open"


def test_the_disclosure_report_has_every_finding(run: Run) -> None:
    run("triage", "set", "CVE-2026-0001", "-p", "shop", *EXCUSE)
    document = run("triage", "export", "--to", "vdr", "-p", "shop")[1]
    found = {one["id"]: one["analysis"]["state"] for one in document["vulnerabilities"]}
    assert found == {"EX-2026-1": "not_affected", "EX-2026-2": "in_triage"}


def test_no_tenant_sees_what_another_decided(run: Run) -> None:
    run("triage", "set", "CVE-2026-0001", "-p", "shop", *EXCUSE)
    code, answer = run("triage", "history", "--tenant", "other")
    assert (code, answer["judgements"]) == (0, [])
    code, text = run("triage", "set", "CVE-2026-0001", "-p", "shop", *EXCUSE, "--tenant", "other")
    assert code == 2
    assert "no product like 'shop'" in text
