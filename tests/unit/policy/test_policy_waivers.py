"""Waivers: what they cover, what they set aside, and when they no longer do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.model.decision import Verdict
from pratique.model.facts import Facts, Known, VulnerabilityFact
from pratique.model.inventory import Location
from pratique.model.severity import Severity
from pratique.policy.digests import digest
from pratique.policy.errors import PolicyError
from pratique.policy.findings import decision_findings, waiver_findings
from pratique.policy.osv_scanner import Adoption, read_osv_scanner
from pratique.policy.service import NO_WAIVERS, decide, load_pack
from pratique.policy.waiver_documents import read_waivers
from pratique.policy.waivers import Waiver, Waivers, check_pattern, covers

SUBJECT = "pkg:npm/%40alpha/beta@1.2.3"
FIELDS = {
    "subject": "pkg:npm/%40alpha/beta",
    "rule": "malicious",
    "owner": "team-a",
    "reason": "it is not reached",
    "expires": "2027-06-30",
    "approver": "ciso",
}


def document(*entries: dict[str, str]) -> bytes:
    lines = ["waivers:"]
    for entry in entries:
        first = "- "
        for name, value in entry.items():
            lines.append(f"  {first}{name}: {value!r}")
            first = "  "
    return "\n".join(lines).encode()


def waiver(**fields) -> Waiver:
    return read_waivers(document({**FIELDS, **fields}), "waivers.yaml").waivers[0]


def flaw(id: str, *aliases: str, **fields) -> VulnerabilityFact:
    return VulnerabilityFact(
        id=id, aliases=aliases, **{name: Known(value) for name, value in fields.items()}
    )


@pytest.mark.parametrize(
    ("pattern", "subject", "answer"),
    [
        ("pkg:npm/%40alpha/beta", SUBJECT, True),
        ("pkg:npm/%40alpha/beta@1.2.3", SUBJECT, True),
        ("pkg:npm/%40alpha/beta@1.2.4", SUBJECT, False),
        ("pkg:npm/%40alpha/beta@1.*", SUBJECT, True),
        ("pkg:npm/%40alpha/beta@1.2", SUBJECT, False),
        ("pkg:npm/%40alpha/*", SUBJECT, True),
        ("pkg:npm/%40alpha/b*a@*3", SUBJECT, True),
        ("pkg:npm/%40alph*/beta", SUBJECT, True),
        ("pkg:npm/beta", SUBJECT, False),
        ("pkg:pypi/beta", SUBJECT, False),
        ("pkg:npm/beta*", "pkg:npm/beta@1", True),
        ("pkg:npm/beta*", "pkg:npm/%40beta/x@1", False),
        ("pkg:pypi/Alpha_Beta", "pkg:pypi/alpha-beta@1", True),
        ("pkg:golang/example.test/*", "pkg:golang/example.test/a@1", True),
        ("pkg:golang/example.test/*", "pkg:golang/example.test/a/b@1", False),
        ("pkg:npm/a.c", "pkg:npm/abc@1", False),
        ("pkg:npm/beta", "pkg:npm/beta@1?arch=x86#sub", True),
        ("pkg:npm/beta", "not a purl", False),
    ],
)
def test_what_a_subject_covers(pattern, subject, answer) -> None:
    assert check_pattern(pattern) == ""
    assert covers(pattern, subject) is answer


@given(
    st.lists(st.sampled_from(["a", "b", "*", "ab"]), min_size=1, max_size=7),
    st.text("ab", min_size=1, max_size=9),
)
@settings(max_examples=300, deadline=None)
def test_stars_mean_what_a_slow_search_says(parts, name) -> None:
    pattern = "".join(parts)
    if not pattern.strip("*"):
        return

    def slow(p: str, n: str) -> bool:
        if not p:
            return not n
        if p[0] == "*":
            return any(slow(p[1:], n[i:]) for i in range(len(n) + 1))
        return bool(n) and p[0] == n[0] and slow(p[1:], n[1:])

    if not check_pattern(f"pkg:npm/{pattern}"):
        assert covers(f"pkg:npm/{pattern}", f"pkg:npm/{name}@1") is slow(pattern, name)


def test_a_hostile_pattern_takes_no_time() -> None:
    start = process_time()
    assert not covers("pkg:npm/" + "a*" * 8 + "b", "pkg:npm/" + "a" * 5000)
    assert process_time() - start < 5


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"subject": "beta"}, "not a package URL"),
        ({"subject": "pkg:npm/*"}, "every package of a type"),
        ({"subject": "pkg:npm/*/*"}, "every package of a type"),
        ({"subject": "pkg:npm/a?x=y"}, "qualifiers"),
        ({"subject": "pkg:npm/" + "*a" * 9}, "over 8 stars"),
        ({"rule": "*"}, "not an id"),
        ({"rule": "two rules"}, "not an id"),
        ({"expires": "soon"}, "not a date"),
        ({"expires": "2027-02-30"}, "not a date"),
        ({"owner": "ciso"}, "owner and approver are the same"),
        ({"reason": "  "}, "reason is empty"),
        ({"extra": "x"}, "no field 'extra'"),
    ],
)
def test_a_waiver_that_cannot_be_relied_on_is_refused(change, says) -> None:
    with pytest.raises(PolicyError) as caught:
        read_waivers(document({**FIELDS, **change}), "waivers.yaml")
    assert any(says in one.message for one in caught.value.defects), caught.value.defects
    assert all(one.line >= 2 for one in caught.value.defects)


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_is_mandatory(name) -> None:
    entry = {key: value for key, value in FIELDS.items() if key != name}
    with pytest.raises(PolicyError, match=f"lacks the field '{name}'"):
        read_waivers(document(entry), "waivers.yaml")


def test_two_waivers_with_one_id_are_refused() -> None:
    with pytest.raises(PolicyError, match="another waiver"):
        read_waivers(document(FIELDS, FIELDS), "waivers.yaml")


def test_a_date_holds_through_its_day() -> None:
    one = waiver(expires="2027-06-30")
    assert not one.expired(datetime(2027, 6, 30, 23, 59, tzinfo=UTC))
    assert one.expired(datetime(2027, 7, 1, tzinfo=UTC))
    exact = waiver(expires="2027-06-30T12:00:00+02:00")
    assert exact.expires == datetime(2027, 6, 30, 10, tzinfo=UTC)


def test_a_waiver_for_a_rule_sets_its_reason_aside_openly(policy, now) -> None:
    loaded = policy(
        "  - {id: malicious, when: malicious, effect: deny, reason: so}\n"
        "  - {id: yanked, when: yanked, effect: quarantine, reason: so}\n"
    )
    facts = Facts(subject=SUBJECT, malicious=Known(True), yanked=Known(True))
    one = waiver()
    assert decide(loaded, facts, NO_WAIVERS, now).verdict is Verdict.DENY
    decision = decide(loaded, facts, Waivers(waivers=(one,)), now)
    assert decision.verdict is Verdict.QUARANTINE
    assert [(reason.rule, reason.waivers) for reason in decision.reasons] == [
        ("malicious", (one.id,)),
        ("yanked", ()),
    ]
    assert decision.waivers == (digest(one),)
    other = Facts(subject="pkg:npm/other@1", malicious=Known(True), yanked=Known(True))
    assert decide(loaded, other, Waivers(waivers=(one,)), now).verdict is Verdict.DENY


def test_a_waiver_for_a_rule_covers_that_it_is_unknown(policy, now) -> None:
    loaded = policy(
        "  - {id: malicious, when: malicious, effect: deny, on_unknown: deny, reason: so}\n"
    )
    decision = decide(loaded, Facts(subject=SUBJECT), Waivers(waivers=(waiver(),)), now)
    assert decision.verdict is Verdict.ADMIT
    assert decision.reasons[0].waivers


def test_an_expired_waiver_sets_nothing_aside_and_is_a_finding(policy, now) -> None:
    loaded = policy("  - {id: malicious, when: malicious, effect: deny, reason: so}\n")
    read = read_waivers(document({**FIELDS, "id": "old", "expires": "2026-12-01"}), "waivers.yaml")
    facts = Facts(subject=SUBJECT, malicious=Known(True))
    assert decide(loaded, facts, read, now).verdict is Verdict.DENY
    assert decide(loaded, facts, read, now - timedelta(days=60)).verdict is Verdict.ADMIT
    (finding,) = waiver_findings(read, now)
    assert finding.rule == "expired-waiver"
    assert (finding.id, finding.subject) == ("old", FIELDS["subject"])
    assert "30 days ago" in finding.title
    assert finding.locations == (Location("waivers.yaml", 2),)
    assert len(finding.fingerprint) == 32
    assert not waiver_findings(read, now - timedelta(days=60))


def test_a_waiver_for_an_advisory_judges_without_it(now) -> None:
    baseline = load_pack("baseline")
    fields = {"malicious": Known(False), "age_days": Known(90.0), "licenses": Known(("MIT",))}
    worst = flaw("ALPHA-1", "CVE-1", severity=Severity.CRITICAL, kev=False)
    mild = flaw("ALPHA-2", severity=Severity.LOW, kev=False)
    both = Facts(subject=SUBJECT, vulnerabilities=Known((worst, mild)), **fields)
    waivers = Waivers(waivers=(waiver(rule="CVE-1"),))
    assert decide(baseline, both, NO_WAIVERS, now).verdict is Verdict.DENY
    decision = decide(baseline, both, waivers, now)
    assert decision.verdict is Verdict.ADMIT
    state = [(r.rule, r.text, bool(r.waivers)) for r in decision.reasons if r.effect != "note"]
    assert state == [
        ("critical-vulnerability", "critical vulnerability: ALPHA-1, ALPHA-2", True),
        ("vulnerable", "known vulnerabilities (low): ALPHA-2", False),
        ("vulnerable", "known vulnerabilities (critical): ALPHA-1, ALPHA-2", True),
    ]
    # The facts on record are those that were given, not those after the waiver.
    assert decision.facts_digest == digest(both)
    # Another critical one is not covered.
    third = flaw("ALPHA-3", severity=Severity.CRITICAL, kev=False)
    more = Facts(subject=SUBJECT, vulnerabilities=Known((worst, third)), **fields)
    assert decide(baseline, more, waivers, now).verdict is Verdict.DENY


def test_a_waiver_that_is_not_needed_changes_nothing(policy, now) -> None:
    loaded = policy("  - {id: malicious, when: malicious, effect: deny, reason: so}\n")
    facts = Facts(subject=SUBJECT, malicious=Known(False))
    decision = decide(loaded, facts, Waivers(waivers=(waiver(), waiver(rule="CVE-1"))), now)
    assert decision == decide(loaded, facts, NO_WAIVERS, now)


@given(st.sampled_from([None, True, False]), st.booleans(), st.booleans())
@settings(max_examples=30, deadline=None)
def test_waivers_never_make_a_verdict_graver(now, malicious, flawed, for_rule) -> None:
    baseline = load_pack("baseline")
    found = (flaw("ALPHA-1", severity=Severity.HIGH),) if flawed else ()
    fields = {} if malicious is None else {"malicious": Known(malicious)}
    facts = Facts(subject=SUBJECT, vulnerabilities=Known(found), **fields)
    waivers = Waivers(waivers=(waiver(rule="malicious" if for_rule else "ALPHA-1"),))
    without = decide(baseline, facts, NO_WAIVERS, now)
    assert decide(baseline, facts, waivers, now).verdict.rank <= without.verdict.rank


def test_findings_of_a_decision(policy, now) -> None:
    loaded = policy(
        "  - {id: malicious, when: malicious, effect: deny, reason: 'it harms', remedy: Remove it., "
        "controls: [CWE-506]}\n"
        "  - {id: yanked, when: yanked, effect: warn, reason: so}\n"
    )
    facts = Facts(subject=SUBJECT, malicious=Known(True), yanked=Known(True))
    (finding,) = decision_findings(decide(loaded, facts, NO_WAIVERS, now))
    assert (finding.rule, finding.id) == ("policy-violation", "malicious")
    assert finding.title == "deny: it harms"
    assert finding.remedy == "Remove it."
    assert loaded.digest in finding.reasons[0]
    assert finding.status == "open"
    one = waiver()
    (waived,) = decision_findings(decide(loaded, facts, Waivers(waivers=(one,)), now))
    assert waived.status == f"waived by {one.id}"
    assert waived.fingerprint == finding.fingerprint


# osv-scanner.toml -----------------------------------------------------------

SCANNER = b"""
unknown = 1

[[IgnoredVulns]]
id = "ALPHA-1"
ignoreUntil = 2027-06-30
reason = "not reached"

[[IgnoredVulns]]
id = "ALPHA-2"

[[PackageOverrides]]
name = "@alpha/beta"
version = "1.2.3"
ecosystem = "npm"
ignore = true
effectiveUntil = 2027-03-01T00:00:00Z
reason = "internal"

[[PackageOverrides]]
name = "gamma"
ecosystem = "npm"
license.override = ["MIT"]
"""


def test_an_ignore_file_names_what_is_missing(now) -> None:
    read = read_osv_scanner(SCANNER, "osv-scanner.toml")
    assert not read.waivers
    assert [(one.rule, one.subject, one.missing, one.place.line) for one in read.incomplete] == [
        ("ALPHA-1", "", ("subject", "owner", "approver"), 5),
        ("ALPHA-2", "", ("subject", "owner", "reason", "expires", "approver"), 10),
        ("", SUBJECT, ("rule", "owner", "approver"), 13),
    ]
    assert len(read.notes) == 2
    assert "osv-scanner.toml:21" in read.notes[0]
    titles = [one.title for one in waiver_findings(read, now)]
    assert (
        titles[0] == "what ignores ALPHA-1 lacks subject, owner, approver, and sets nothing aside"
    )


def test_an_adopted_ignore_file_waives(now) -> None:
    adoption = Adoption(owner="team-a", approver="ciso", subject="pkg:npm/%40alpha/*")
    read = read_osv_scanner(SCANNER, "osv-scanner.toml", adoption)
    (one,) = read.waivers
    assert (one.rule, one.expires) == ("ALPHA-1", datetime(2027, 7, 1, tzinfo=UTC))
    assert read.places[one.id].line == 5
    baseline = load_pack("baseline")
    facts = Facts(
        subject=SUBJECT,
        malicious=Known(False),
        vulnerabilities=Known((flaw("ALPHA-1", severity=Severity.CRITICAL, kev=False),)),
    )
    assert decide(baseline, facts, read, now).verdict is Verdict.ADMIT


@pytest.mark.parametrize(
    "data",
    [
        b"IgnoredVulns = 3\nPackageOverrides = [1, 2]\n",
        b"[[IgnoredVulns]]\nid = 3\nignoreUntil = 07:32:00\nreason = []\n",
        b"[[IgnoredVulns]]\nid = 'A'\nignoreUntil = 9999-12-31\n",
        b"[[PackageOverrides]]\nname = 3\nvulnerability = 3\nlicense = []\nignore = 'yes'\n",
        b"[[PackageOverrides]]\nignore = true\n",
    ],
)
def test_odd_entries_are_noted_or_incomplete(data) -> None:
    read = read_osv_scanner(data, "osv-scanner.toml", Adoption(owner="a", approver="b"))
    assert not read.waivers
    assert read.notes or read.incomplete or b"'yes'" in data


@given(st.binary(max_size=120))
@settings(max_examples=100, deadline=None)
def test_random_waiver_files_are_survived(data) -> None:
    for reader in (read_waivers, read_osv_scanner):
        waivers: tuple[Waiver, ...] = ()
        try:
            waivers = reader(data, "waivers").waivers
        except PolicyError:
            continue
        assert not waivers  # no random bytes are a waiver
