"""What the index answers, as a user would notice it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from pratique.advisories import Index
from pratique.model.advisory import Answer, Query
from pratique.model.severity import Severity

ZERO = {"introduced": "0"}
COMMIT = "0123456789" * 4
OTHER = "abcdef0123" * 4
CRITICAL = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]
LOW = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"}]

Make = Callable[..., Index]
Record = Callable[..., dict[str, Any]]


def ask(index: Index, ecosystem: str, name: str, version: str = "", commit: str = "") -> Answer:
    query = Query(ecosystem=ecosystem, name=name, version=version, commit=commit)
    return index.match([query])[0]


def ids(answer: Answer) -> list[list[str]]:
    return [[advisory.id for advisory in match.advisories] for match in answer.matches]


def test_range_matches_and_tells_why_and_what_fixes(make_index: Make, record: Record) -> None:
    index = make_index(
        record("PYSEC-2026-1", "PyPI", "alpha", {"introduced": "1.0"}, {"fixed": "1.4"},
               {"introduced": "2.0"}, {"fixed": "2.1"}))  # fmt: skip
    answer = ask(index, "PyPI", "Alpha", "1.2")
    assert answer.unknown is None
    (match,) = answer.matches
    assert match.reason == "in range introduced 1.0, fixed 1.4 of PYSEC-2026-1"
    assert match.fixed == ("1.4", "2.1")
    assert ask(index, "PyPI", "alpha", "1.4") == Answer()
    assert ask(index, "PyPI", "alpha", "2.0.5").matches[0].fixed == ("2.1",)


def test_answers_come_in_the_order_asked(make_index: Make, record: Record) -> None:
    index = make_index(record("A-1", "npm", "alpha", ZERO), record("B-1", "npm", "beta", ZERO))
    names = ["beta", "none", "alpha", "beta"]
    answers = index.match([Query(ecosystem="npm", name=n, version="1.0.0") for n in names])
    assert [ids(answer) for answer in answers] == [[["B-1"]], [], [["A-1"]], [["B-1"]]]
    assert index.match([]) == []


@pytest.mark.parametrize(
    ("ecosystem", "written", "asked"),
    [("PyPI", "Alpha_Beta.c", "alpha-beta-C"), ("crates.io", "alpha_beta", "alpha-beta"),
     ("NuGet", "Alpha.Beta", "alpha.beta"), ("Packagist", "Alpha/Beta", "alpha/beta")],
)  # fmt: skip
def test_names_are_normalised(
    make_index: Make, record: Record, ecosystem: str, written: str, asked: str
) -> None:
    assert ask(
        make_index(record("A-1", ecosystem, written, ZERO)), ecosystem, asked, "1.0.0"
    ).matches


def test_listed_version_matches_by_order_not_by_spelling(make_index: Make, record: Record) -> None:
    index = make_index(record("A-1", "PyPI", "alpha", versions=["1.0", "odd*version"]))
    assert ids(ask(index, "PyPI", "alpha", "1.0.0")) == [["A-1"]]
    assert ask(index, "PyPI", "alpha", "1.0.1") == Answer()
    assert ask(index, "PyPI", "alpha", "1.0").matches[0].reason == "version 1.0 is listed by A-1"


def test_withdrawn_is_not_matched_but_told_by_id(make_index: Make, record: Record) -> None:
    index = make_index(
        record("A-1", "npm", "alpha", ZERO, withdrawn="2026-02-01T00:00:00Z"),
        record("A-2", "npm", "beta", ZERO))  # fmt: skip
    assert ask(index, "npm", "alpha", "1.0.0") == Answer()
    advisory = index.advisory("A-1")
    assert advisory is not None
    assert advisory.withdrawn == datetime(2026, 2, 1, tzinfo=UTC)


# --- one vulnerability, several records -----------------------------------------------------


def test_aliases_are_one_match_with_the_primary_first(make_index: Make, record: Record) -> None:
    cve = ["CVE-2026-1"]
    index = make_index(
        record("BIT-2026-1", "npm", "alpha", ZERO, {"fixed": "2.0.0"}, aliases=cve),
        record("CVE-2026-1", "npm", "alpha", ZERO, {"fixed": "2.0.0"}),
        record("RUSTSEC-2026-1", "npm", "alpha", ZERO, {"fixed": "2.0.0"}, aliases=cve),
        record("GHSA-xxxx-yyyy-zzzz", "npm", "alpha", ZERO, {"fixed": "1.5.0"}, aliases=cve))  # fmt: skip
    answer = ask(index, "npm", "alpha", "1.0.0")
    assert ids(answer) == [["GHSA-xxxx-yyyy-zzzz", "RUSTSEC-2026-1", "CVE-2026-1", "BIT-2026-1"]]
    # 1.5.0 is affected still, according to the others.
    assert answer.matches[0].fixed == ("2.0.0",)
    assert ids(ask(index, "npm", "alpha", "1.7.0")) == [
        ["RUSTSEC-2026-1", "CVE-2026-1", "BIT-2026-1"]
    ]


def test_aliases_are_symmetric_and_transitive__schema_aliases(
    make_index: Make, record: Record
) -> None:
    index = make_index(
        record("A-1", "npm", "alpha", ZERO, aliases=["X-1"]),
        record("B-1", "npm", "alpha", ZERO, aliases=["X-1", "Y-1"]),
        record("C-1", "npm", "alpha", ZERO, aliases=["Y-1"]))  # fmt: skip
    assert ids(ask(index, "npm", "alpha", "1.0.0")) == [["A-1", "B-1", "C-1"]]
    advisory = index.advisory("Y-1")
    assert advisory is not None
    assert advisory.id == "A-1"
    assert advisory.aliases == ("B-1", "C-1", "X-1", "Y-1")


def test_record_of_many_aliases_joins_nothing__osv_dev_limit(
    make_index: Make, record: Record
) -> None:
    many = [f"CVE-2026-{number}" for number in range(6)]
    index = make_index(
        record("A-1", "npm", "alpha", ZERO, aliases=many),
        record("B-1", "npm", "alpha", ZERO, aliases=many[:1]))  # fmt: skip
    assert ids(ask(index, "npm", "alpha", "1.0.0")) == [["A-1"], ["B-1"]]
    assert ids(ask(index, "npm", "alpha", "1.0.0")) != [["A-1", "B-1"]]


def test_group_of_many_is_dissolved__osv_dev_limit(make_index: Make, record: Record) -> None:
    chain = [
        record(f"A-{n:02d}", "npm", "alpha", ZERO, aliases=[f"A-{n + 1:02d}"]) for n in range(40)
    ]
    assert len(ask(make_index(*chain), "npm", "alpha", "1.0.0").matches) == 40
    assert len(ask(make_index(*chain[:31]), "npm", "alpha", "1.0.0").matches) == 1


def test_upstream_and_related_do_not_join(make_index: Make, record: Record) -> None:
    index = make_index(
        record("A-1", "npm", "alpha", ZERO, upstream=["B-1"], related=["B-1"]),
        record("B-1", "npm", "alpha", ZERO))  # fmt: skip
    assert ids(ask(index, "npm", "alpha", "1.0.0")) == [["A-1"], ["B-1"]]


def test_worst_first_then_by_id(make_index: Make, record: Record) -> None:
    index = make_index(
        record("A-1", "npm", "alpha", ZERO, severity=LOW),
        record("B-1", "npm", "alpha", ZERO),
        record("D-1", "npm", "alpha", ZERO, severity=CRITICAL),
        record("C-1", "npm", "alpha", ZERO, severity=CRITICAL),
        record("MAL-2026-1", "npm", "alpha", ZERO))  # fmt: skip
    found = ids(ask(index, "npm", "alpha", "1.0.0"))
    assert found == [["MAL-2026-1"], ["C-1"], ["D-1"], ["B-1"], ["A-1"]]


def test_severity_of_the_package_counts__schema_severity(make_index: Make, record: Record) -> None:
    whole = record("A-1", "npm", "alpha", ZERO, package_severity=LOW)
    whole["affected"] += record("A-1", "npm", "beta", ZERO, package_severity=CRITICAL)["affected"]
    index = make_index(whole)
    assert ask(index, "npm", "alpha", "1.0.0").matches[0].advisories[0].severity is Severity.LOW
    beta = ask(index, "npm", "beta", "1.0.0").matches[0].advisories[0]
    assert (beta.severity, beta.score) == (Severity.CRITICAL, 9.8)
    told = index.advisory("A-1")
    assert told is not None
    assert told.severity is Severity.CRITICAL


# --- malicious packages ---------------------------------------------------------------------


def test_malicious_only_in_the_versions_listed(make_index: Make, record: Record) -> None:
    index = make_index(record("MAL-2026-1", "npm", "alpha", versions=["1.0.1"]))
    (match,) = ask(index, "npm", "alpha", "1.0.1").matches
    assert match.advisories[0].malicious
    assert match.advisories[0].severity is Severity.MALICIOUS
    assert ask(index, "npm", "alpha", "1.0.2") == Answer()


def test_malicious_in_every_version_whatever_it_is(make_index: Make, record: Record) -> None:
    for kind in ("ECOSYSTEM", "SEMVER"):
        index = make_index(record("MAL-2026-1", "PyPI", "alpha", ZERO, versions=["1"], type=kind))
        for version in ("0.0.1", "99", "not a version", ""):
            (match,) = ask(index, "PyPI", "alpha", version).matches
            assert match.reason == "all versions are affected according to MAL-2026-1"
            assert match.fixed == ()


# --- unknown is not clean -------------------------------------------------------------------


def test_ecosystem_without_advisories_is_unknown(make_index: Make, record: Record) -> None:
    index = make_index(record("A-1", "npm", "alpha", ZERO))
    for ecosystem in ("PyPI", "", "Nowhere", "npm:mirror"):
        unknown = ask(index, ecosystem, "alpha", "1.0.0").unknown
        assert unknown is not None
        assert unknown.reason.startswith("no advisories for ecosystem")


def test_version_without_order_is_unknown_unless_listed(make_index: Make, record: Record) -> None:
    index = make_index(
        record("A-1", "Maven", "g:a", {"introduced": "1"}, {"fixed": "2"}, versions=["trunk x"]),
        record("B-1", "npm", "beta", ZERO, {"fixed": "2.0.0"}, versions=["latest build"]))  # fmt: skip
    unknown = ask(index, "npm", "beta", "one.two").unknown
    assert unknown is not None
    assert unknown.reason == "B-1: version 'one.two' cannot be ordered"
    assert ids(ask(index, "npm", "beta", "latest build")) == [["B-1"]]
    assert ask(index, "npm", "beta", "latest build").unknown is None


def test_ecosystem_without_order_compares_texts(make_index: Make, record: Record) -> None:
    index = make_index(
        record("A-1", "OSS-Fuzz", "alpha", versions=["1.0"]),
        record("B-1", "Photon OS:5.0", "beta", ZERO, {"fixed": "2"}))  # fmt: skip
    assert ids(ask(index, "OSS-Fuzz", "alpha", "1.0")) == [["A-1"]]
    assert ask(index, "OSS-Fuzz", "alpha", "1.00") == Answer()
    unknown = ask(index, "Photon OS:5.0", "beta", "1").unknown
    assert unknown is not None
    assert "no ordering" in unknown.reason


def test_unreadable_range_is_unknown(make_index: Make, record: Record) -> None:
    index = make_index(
        record("A-1", "npm", "alpha", ranges=[{"type": "SEMVER", "events": []}]),
        record("B-1", "npm", "beta", ZERO, {"fixed": "x y"}),
        record("C-1", "npm", "gamma"))  # fmt: skip
    for name in ("alpha", "beta", "gamma"):
        answer = ask(index, "npm", name, "1.0.0")
        assert answer.matches == ()
        assert answer.unknown is not None


def test_match_and_doubt_may_come_together(make_index: Make, record: Record) -> None:
    index = make_index(
        record("A-1", "npm", "alpha", ZERO),
        record("B-1", "npm", "alpha", ZERO, {"fixed": "x y"}))  # fmt: skip
    answer = ask(index, "npm", "alpha", "1.0.0")
    assert ids(answer) == [["A-1"]]
    assert answer.unknown is not None


def test_no_version_is_unknown(make_index: Make, record: Record) -> None:
    index = make_index(record("A-1", "npm", "alpha", ZERO, {"fixed": "2.0.0"}))
    for name in ("alpha", "absent"):
        unknown = ask(index, "npm", name).unknown
        assert unknown is not None
        assert unknown.reason == "no version is known"


# --- commits --------------------------------------------------------------------------------


def git(*events: dict[str, str]) -> dict[str, Any]:
    return {"type": "GIT", "repo": "https://example.test/r", "events": list(events)}


def test_commit_named_by_an_advisory(make_index: Make, record: Record) -> None:
    whole = record(
        "A-1", "OSS-Fuzz", "alpha", ranges=[git({"introduced": COMMIT}, {"fixed": OTHER})]
    )
    index = make_index(whole)
    answer = ask(index, "OSS-Fuzz", "alpha", commit=COMMIT.upper())
    assert answer.matches[0].reason == f"commit {COMMIT} is named as introduced by A-1"
    assert answer.unknown is not None, "what lies between commits is not known"
    fixed = ask(index, "", "", commit=OTHER)
    assert fixed.matches == ()
    assert fixed.unknown is not None
    absent = ask(index, "OSS-Fuzz", "alpha", commit="f" * 40)
    assert absent.unknown is not None
    assert "named by no advisory" in absent.unknown.reason
    version = ask(index, "OSS-Fuzz", "alpha", "1.0").unknown
    assert version is not None
    assert version.reason == "A-1: it names commits only, no versions"


def test_commits_of_an_entry_without_package_are_found(make_index: Make, record: Record) -> None:
    whole = record("EEF-2026-1", ranges=[git({"introduced": "0"}, {"last_affected": COMMIT})])
    del whole["affected"][0]["package"]
    index = make_index(whole, record("A-1", "npm", "alpha", ZERO))
    assert ids(ask(index, "", "", commit=COMMIT)) == [["EEF-2026-1"]]


def test_git_range_first_leaves_the_rest_evaluated(make_index: Make, record: Record) -> None:
    """osv-scanner gives up on the whole entry at the first GIT range."""
    semver = {"type": "SEMVER", "events": [ZERO, {"fixed": "1.2.0"}]}
    index = make_index(
        record("A-1", "npm", "alpha", ranges=[git(ZERO, {"fixed": COMMIT}), semver]),
        record("B-1", "PyPI", "beta", ranges=[git(ZERO, {"fixed": OTHER})], versions=["1.0"]))  # fmt: skip
    assert ids(ask(index, "npm", "alpha", "1.1.0")) == [["A-1"]]
    assert ask(index, "npm", "alpha", "1.2.0") == Answer()
    assert ids(ask(index, "PyPI", "beta", "1.0")) == [["B-1"]]
    assert ask(index, "PyPI", "beta", "1.1") == Answer()


# --- suffixes -------------------------------------------------------------------------------


def test_suffix_and_bare_name(make_index: Make, record: Record) -> None:
    index = make_index(
        record("DSA-1", "Debian:12", "alpha", ZERO, {"fixed": "2.0-1"}),
        record("DSA-2", "Debian:11", "alpha", ZERO, {"fixed": "1.5-1"}))  # fmt: skip
    assert ids(ask(index, "Debian:12", "alpha", "1.0-1")) == [["DSA-1"]]
    assert ids(ask(index, "Debian:11", "alpha", "1.0-1")) == [["DSA-2"]]
    assert ids(ask(index, "Debian", "alpha", "1.0-1")) == [["DSA-1"], ["DSA-2"]]
    assert ids(ask(index, "Debian", "alpha", "1.7-1")) == [["DSA-1"]]
    assert ask(index, "Debian:13", "alpha", "1.0-1").unknown is not None
    assert index.ecosystems == ("Debian",)


def test_ubuntu_release_without_pro_and_lts(make_index: Make, record: Record) -> None:
    index = make_index(record("USN-1", "Ubuntu:Pro:18.04:LTS", "alpha", ZERO, {"fixed": "2"}))
    assert ids(ask(index, "Ubuntu:18.04", "alpha", "1")) == [["USN-1"]]
    assert ids(ask(index, "Ubuntu:Pro:18.04:LTS", "alpha", "1")) == [["USN-1"]]


@pytest.mark.parametrize("release", ["Alpine:v3.18", "Ubuntu:22.04:LTS"])
def test_bare_alpine_and_ubuntu_match_listed_versions_only(
    make_index: Make, record: Record, release: str
) -> None:
    bare = release.partition(":")[0]
    index = make_index(record("A-1", release, "alpha", ZERO, {"fixed": "2"}, versions=["1.1"]))
    assert ids(ask(index, release, "alpha", "1.0")) == [["A-1"]]
    assert ids(ask(index, bare, "alpha", "1.1")) == [["A-1"]]
    answer = ask(index, bare, "alpha", "1.0")
    assert answer.matches == ()
    assert answer.unknown is not None


def test_semver_range_in_an_ecosystem_of_another_order(make_index: Make, record: Record) -> None:
    """A SEMVER range is compared as SemVer, whatever the ecosystem (schema, ranges[].type)."""
    index = make_index(record("A-1", "PyPI", "alpha", ZERO, {"fixed": "1.0.0"}, type="SEMVER"))
    assert ids(ask(index, "PyPI", "alpha", "1.0.0-rc.1")) == [["A-1"]]
    assert ask(index, "PyPI", "alpha", "1.0.0").matches == ()
    assert ask(index, "PyPI", "alpha", "1!0.9.0rc1").unknown is not None


# --- the rest -------------------------------------------------------------------------------


def test_status(make_index: Make, record: Record) -> None:
    index = make_index(record("A-1", "npm", "alpha", ZERO), record("B-1", "Debian:12", "b", ZERO))
    status = index.status(datetime(2026, 1, 12, 3, 4, 5, tzinfo=UTC))
    assert status.records == 2
    assert status.ecosystems == ("Debian", "npm")
    assert status.as_of == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert status.age_days == pytest.approx(10)
    assert status.stale
    assert not index.status(datetime(2026, 1, 4, tzinfo=UTC)).stale


def test_advisory_by_unknown_id(make_index: Make, record: Record) -> None:
    assert make_index(record("A-1", "npm", "alpha", ZERO)).advisory("A-2") is None


def test_advisory_of_an_alias_prefers_a_record_of_that_id(make_index: Make, record: Record) -> None:
    index = make_index(
        record("GHSA-aaaa-bbbb-cccc", "npm", "alpha", ZERO, aliases=["CVE-2026-9"]),
        record("CVE-2026-9", "npm", "alpha", ZERO))  # fmt: skip
    assert [
        getattr(index.advisory(i), "id", "") for i in ("CVE-2026-9", "GHSA-aaaa-bbbb-cccc")
    ] == [
        "CVE-2026-9",
        "GHSA-aaaa-bbbb-cccc",
    ]
