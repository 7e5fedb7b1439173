"""Packages held against commits that an ingested OSV record names (OSV schema 1.7.5, GIT ranges)."""

from __future__ import annotations

import pytest

from pratique.formats.osv import read_record
from pratique.graph.osv_places import verdict_of
from pratique.graph.sources_of import Place, may_state, places_of
from pratique.model.purl import Package

COMMIT = "1" * 40
OTHER = "2" * 40
HEX = "a1b2c3d4e5f6"
LONG = HEX + "0" * 28
ZERO = {"introduced": "0"}
GAMMA = f"pkg:github/tools/gamma@{COMMIT}"


@pytest.mark.parametrize(
    ("purl", "places"),
    [
        (f"pkg:github/Tools/Gamma@{COMMIT}", [Place("github.com/tools/gamma", COMMIT)]),
        (f"pkg:bitbucket/tools/gamma@{COMMIT}", [Place("bitbucket.org/tools/gamma", COMMIT)]),
        (
            f"pkg:golang/github.com/tools/gamma/cmd@v0.0.0-20260101000000-{HEX}",
            [Place("github.com/tools/gamma", HEX)],
        ),
        (
            f"pkg:golang/github.com/tools/gamma@v1.2.4-0.20260101000000-{HEX}%2Bincompatible",
            [Place("github.com/tools/gamma", HEX)],
        ),
        (
            "pkg:golang/github.com/tools/gamma@v1.2.3",
            [Place("github.com/tools/gamma", "v1.2.3")],
        ),
        (f"pkg:golang/example.test/gamma@v0.0.0-20260101000000-{HEX}", []),
        (
            f"pkg:generic/gamma@1?vcs_url=git%2Bhttps://ann:word@example.test/gamma.git%40{COMMIT}",
            [Place("example.test/gamma", COMMIT)],
        ),
        ("pkg:npm/gamma@1.0.0", []),
    ],
)
def test_where_a_package_says_that_it_comes_from(purl, places):
    assert list(places_of(Package.parse(purl))) == places
    assert may_state(purl) or not places


def test_where_claims_say_that_it_comes_from():
    claimed = [f"git+https://example.test/gamma@{COMMIT}", "git+https://example.test/other@v1", ""]
    found = places_of(Package.parse("pkg:npm/gamma@1.0.0"), claimed)
    assert found == (Place("example.test/gamma", COMMIT), Place("example.test/other", "v1"))
    assert [place.commit for place in found] == [COMMIT, ""]


@pytest.mark.parametrize(
    ("purl", "events", "holds", "reason"),
    [
        (GAMMA, [{"introduced": COMMIT}], True, f"commit {COMMIT} is named as introduced by E-1"),
        (GAMMA, [ZERO, {"last_affected": COMMIT}], True, "is named as last affected by E-1"),
        (GAMMA, [ZERO, {"fixed": COMMIT}], False, ""),
        (GAMMA, [ZERO, {"fixed": OTHER}], None, "what lies between commits is not known"),
        (GAMMA, [ZERO], True, "all commits are affected according to E-1"),
        ("pkg:github/tools/gamma@v1.0.0", [ZERO, {"fixed": OTHER}], True, "tag v1.0.0 is listed"),
        ("pkg:github/tools/gamma@v2.0.0", [ZERO, {"fixed": OTHER}], None, "of v2.0.0 the commit"),
        ("pkg:github/tools/gamma", [ZERO, {"fixed": OTHER}], None, "is not stated"),
        (f"pkg:github/fork/gamma@{COMMIT}", [{"introduced": COMMIT}], True, "named as introduced"),
        (f"pkg:github/fork/gamma@{OTHER}", [{"introduced": COMMIT}], False, ""),
        (
            f"pkg:golang/github.com/tools/gamma@v0.0.0-20260101000000-{HEX}",
            [ZERO, {"last_affected": LONG}],
            True,
            f"commit {LONG} is named as last affected by E-1",
        ),
        (
            f"pkg:golang/github.com/tools/gamma@v0.0.0-20260101000000-{HEX}",
            [ZERO, {"fixed": LONG}],
            False,
            "",
        ),
        (
            f"pkg:golang/github.com/tools/gamma@v0.0.0-20260101000000-{HEX}",
            [ZERO, {"fixed": OTHER}],
            None,
            "names commits alone",
        ),
        # The beginning of a commit tells nothing in another repository.
        (
            f"pkg:golang/github.com/fork/gamma@v0.0.0-20260101000000-{HEX}",
            [ZERO, {"last_affected": LONG}],
            False,
            "",
        ),
    ],
)
def test_commits(purl, events, holds, reason):
    ranges = [{"type": "GIT", "repo": "https://github.com/tools/gamma.git", "events": events}]
    found = _asked([{"ranges": ranges, "versions": ["v1.0.0"]}], purl)
    assert found.holds is holds
    assert reason in found.reason
    assert bool(reason) is bool(found.reason)


def test_versions_of_the_package_decide_before_commits():
    commits = {"type": "GIT", "repo": "https://github.com/tools/gamma",
               "events": [{"introduced": COMMIT}]}  # fmt: skip
    versions = {"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.0.0"}]}
    package = {"ecosystem": "npm", "name": "gamma"}
    at = f"?vcs_url=git%2Bhttps://github.com/tools/gamma%40{COMMIT}"
    both = [{"package": package, "ranges": [versions]}, {"ranges": [commits]}]
    assert _asked(both, f"pkg:npm/gamma@2.0.0{at}").holds is False
    assert _asked(both, f"pkg:npm/gamma@0.9.0{at}").holds is True
    assert _asked(both, f"pkg:npm/gamma@latest{at}").holds is True  # its commit is known
    assert _asked(both, "pkg:npm/gamma@latest").holds is None
    alone = [{"package": package, "ranges": [commits]}]
    assert _asked(alone, f"pkg:npm/gamma@2.0.0{at}").holds is True
    assert _asked(alone, "pkg:npm/gamma@2.0.0").holds is None


def _asked(affected, purl):
    record, _ = read_record({"id": "E-1", "modified": "2026-01-01T00:00:00Z", "affected": affected})
    package = Package.parse(purl)
    return verdict_of(record.affected, package, places_of(package), "E-1")[0]
