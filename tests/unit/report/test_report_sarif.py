"""SARIF 2.1.0, clause by clause; the published schema is tried in tests/conformance/sarif."""

from __future__ import annotations

import json

import msgspec
import pytest

from pratique.model.finding import Reference
from pratique.model.inventory import Location, Problem, Trouble
from pratique.model.severity import Severity
from pratique.report import render
from pratique.report.sarif_places import artifact_location, message


@pytest.fixture
def run(bill):
    def of(*findings, **more):
        log = json.loads(render(bill(findings, **more), "sarif"))
        assert log["version"] == "2.1.0"
        (only,) = log["runs"]
        return only

    return of


def test_result_points_at_its_rule__3_27_5(run, finding):
    out = run(finding(), finding("beta"), finding("beta", "GHSA-2"))
    rules = out["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["GHSA-aaaa-bbbb-cccc", "GHSA-2"]
    for result in out["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]


def test_one_id_of_two_kinds_of_rule_is_two_rules__3_49_3(run, finding):
    out = run(finding(), finding(rule="disputed-package"))
    ids = [rule["id"] for rule in out["tool"]["driver"]["rules"]]
    assert ids == ["vulnerable-package/GHSA-aaaa-bbbb-cccc", "disputed-package/GHSA-aaaa-bbbb-cccc"]


@pytest.mark.parametrize(
    ("severity", "score", "level", "rated"),
    [
        (Severity.MALICIOUS, None, "error", "10.0"),
        (Severity.CRITICAL, 9.8, "error", "9.8"),
        (Severity.HIGH, None, "error", "8.0"),
        (Severity.MEDIUM, 5.0, "warning", "5.0"),
        (Severity.UNKNOWN, None, "warning", None),
        (Severity.LOW, 0.1, "note", "0.1"),
        (Severity.NONE, 0.0, "note", "0.0"),
    ],
)
def test_level_and_security_severity__3_27_10(run, finding, severity, score, level, rated):
    out = run(finding(severity=severity, score=score))
    assert out["results"][0]["level"] == level
    rule = out["tool"]["driver"]["rules"][0]
    assert rule["properties"].get("security-severity") == rated
    assert rule["help"]["text"]
    assert rule["helpUri"] == "https://example.test/advisory/1"


def test_result_has_the_line_of_the_lockfile__3_28(run, finding):
    place = run(finding())["results"][0]["locations"][0]
    physical = place["physicalLocation"]
    assert physical["artifactLocation"] == {
        "uri": "services/shop/package-lock.json",
        "uriBaseId": "%SRCROOT%",
    }
    assert physical["region"] == {"startLine": 7}
    assert place["logicalLocations"][0]["fullyQualifiedName"] == "pkg:npm/alpha@1.0.0"


def test_no_region_without_a_line__3_30_5(run, finding):
    result = run(finding(locations=(Location("app.bin"),)))["results"][0]
    assert "region" not in result["locations"][0]["physicalLocation"]


def test_no_physical_location_without_a_place__3_28_3(run, finding):
    result = run(finding(locations=()))["results"][0]
    assert "physicalLocation" not in result["locations"][0]
    assert result["locations"][0]["logicalLocations"]


def test_message_says_what_where_and_what_to_do(run, finding):
    text = run(finding())["results"][0]["message"]["text"]
    assert text == (
        "alpha 1.0.0: Slow parsing in alpha lets a request hold a worker. Rated high, 7.5 of 10. "
        "Comes in by shop > alpha (and 1 more path). Fixed in 1.4.0, 2.0.1. Upgrade alpha to 1.4.0."
    )


def test_fingerprint_is_the_findings_own__3_27_17(run, finding):
    found = finding()
    prints = run(found)["results"][0]["partialFingerprints"]
    assert prints["pratiqueFinding/v1"] == found.fingerprint


def test_suppressions_are_on_all_results_or_none__3_27_23(run, finding):
    out = run(finding(), finding("beta", status="accepted until May"))
    first, second = out["results"]
    assert first["suppressions"] == []
    assert second["suppressions"][0]["justification"] == "accepted until May"
    assert second["suppressions"][0]["kind"] == "external"


def test_incomplete_evidence_is_no_success__3_20_14(run, finding):
    problem = Problem(Location("go.sum", 3), Trouble.UNREADABLE, "is cut short")
    out = run(finding(), unknowns=(problem,))
    (invocation,) = out["invocations"]
    assert invocation["executionSuccessful"] is False
    (note,) = invocation["toolExecutionNotifications"]
    assert note["level"] == "error"
    assert note["message"]["text"] == "is cut short"
    assert note["locations"][0]["physicalLocation"]["region"]["startLine"] == 3
    declared = out["tool"]["driver"]["notifications"]
    assert declared[note["descriptor"]["index"]]["id"] == note["descriptor"]["id"] == "unreadable"


def test_complete_evidence_is_success__3_20_14(run, finding):
    notice = Problem(Location("go.sum", 3), Trouble.NOTICE, "an include was skipped")
    (invocation,) = run(finding(), unknowns=(notice,))["invocations"]
    assert invocation["executionSuccessful"] is True
    assert invocation["endTimeUtc"] == "2026-03-04T05:06:00Z"
    assert invocation["toolExecutionNotifications"][0]["level"] == "note"


def test_stale_advisories_are_a_notification(bill, finding):
    built = bill((finding(),))
    old = msgspec.structs.replace(built.advisories, stale=True, age_days=12.4)
    log = json.loads(render(msgspec.structs.replace(built, advisories=old), "sarif"))
    driver = log["runs"][0]["tool"]["driver"]
    (note,) = log["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert "12 days old" in note["message"]["text"]
    assert driver["notifications"][note["descriptor"]["index"]]["id"] == "stale-advisories"


def test_documents_are_artifacts_with_their_digest__3_24(run, finding):
    (artifact,) = run(finding())["artifacts"]
    assert artifact["hashes"] == {"sha-256": "ab" * 32}
    assert artifact["length"] == 1234


def test_tool_has_its_version__3_19(run, finding):
    driver = run(finding())["tool"]["driver"]
    assert (driver["name"], driver["semanticVersion"]) == ("pratique", "0.1.0")


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("{0} is a [link](1)", "{{0}} is a \\[link\\](1)"),
        ("a\\b", "a\\\\b"),
        ("", "(nothing is said)"),
    ],
)
def test_message_has_no_placeholder_and_no_link__3_11_5__3_11_6(text, escaped):
    assert message(text) == escaped


@pytest.mark.parametrize(
    ("path", "uri", "relative"),
    [
        ("a b/ü.lock", "a%20b/%C3%BC.lock", True),
        ("c:d/e#f?g%", "c%3Ad/e%23f%3Fg%25", True),
        ("/etc/os-release", "file:///etc/os-release", False),
        ("//host/share", "file:///host/share", False),
        ("C:\\work\\go.sum", "file:///C%3A/work/go.sum", False),
        ("-", "-", True),
        ("", ".", True),
    ],
)
def test_path_becomes_a_uri__3_4_3(path, uri, relative):
    place = artifact_location(path)
    assert place["uri"] == uri
    assert ("uriBaseId" in place) is relative


def test_link_with_another_scheme_is_no_help_uri(run, finding):
    hostile = finding(references=(Reference("javascript:alert(1)"),))
    assert "helpUri" not in run(hostile)["tool"]["driver"]["rules"][0]
