"""Ingested OSV records of any shape: each is filed and judged, or refused with a reason."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.formats.osv import read_record
from pratique.graph.osv_filing import filed, left_open, newest
from pratique.graph.osv_matching import fixes
from pratique.graph.osv_places import verdict_of
from pratique.graph.sources_of import places_of
from pratique.model.errors import PratiqueError
from pratique.model.purl import Package

COMMIT = "1" * 40
PACKAGES = [
    Package.parse(text)
    for text in (
        "pkg:npm/gamma@1.0.0",
        "pkg:npm/gamma",
        "pkg:pypi/gamma@not.a.version!",
        f"pkg:github/tools/gamma@{COMMIT}",
        "pkg:golang/github.com/tools/gamma@v0.0.0-20260101000000-111111111111",
        "pkg:deb/debian/gamma@1.0-1?distro=debian-12",
    )
]
TEXT = st.one_of(
    st.sampled_from(["0", "1.0.0", "2", COMMIT, COMMIT[:12], "", "npm", "gamma", "GIT", "SEMVER"]),
    st.text(max_size=8),
)
EVENT = st.dictionaries(
    st.sampled_from(["introduced", "fixed", "last_affected", "limit"]), TEXT, max_size=2
)
RANGE = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["SEMVER", "ECOSYSTEM", "GIT", "?"]),
        "events": st.lists(EVENT, max_size=4),
    },
    optional={"repo": st.one_of(TEXT, st.just("https://github.com/tools/gamma"))},
)
ENTRY = st.fixed_dictionaries(
    {},
    optional={
        "package": st.fixed_dictionaries(
            {
                "ecosystem": st.sampled_from(["npm", "PyPI", "Debian:12", "Linux", "", "Go"]),
                "name": TEXT,
            }
        ),
        "ranges": st.one_of(st.lists(RANGE, max_size=3), TEXT),
        "versions": st.one_of(st.lists(TEXT, max_size=3), TEXT),
    },
)
RECORD = st.fixed_dictionaries(
    {"affected": st.one_of(st.lists(ENTRY, max_size=3), TEXT)},
    optional={"id": TEXT, "modified": TEXT, "withdrawn": TEXT, "aliases": st.lists(TEXT)},
)


@given(RECORD)
def test_any_record_is_filed_and_judged(value):
    one, advisory = filed("sha256:00", json.dumps(value).encode())
    assert one.id
    assert newest({"sha256:00": one}) == {one.id: "sha256:00"}
    assert left_open({"sha256:00": one}) == sorted(set(one.open))
    for package in PACKAGES:
        verdict, entries = verdict_of(advisory.affected, package, places_of(package), one.id)
        assert bool(verdict.reason) is (verdict.holds is not False)
        assert bool(entries) is (verdict.holds is True)
        assert isinstance(fixes(entries, package), tuple)


@given(st.binary(max_size=64))
def test_any_bytes_are_filed_or_refused(data):
    try:
        one, _ = filed("sha256:00", data)
    except PratiqueError:
        with pytest.raises(PratiqueError, match=r"\S"):
            read_record(data)
        return
    assert one.id == (read_record(data)[0].id or "sha256:00")
