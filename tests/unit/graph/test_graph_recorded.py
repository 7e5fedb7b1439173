"""Advisories that were ingested: what ``affected`` makes of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from pratique.formats.osv import read_record
from pratique.graph.exposure import affected_by_vulnerability
from pratique.graph.models import Vulnerable
from pratique.graph.osv_places import verdict_of
from pratique.graph.sources_of import places_of
from pratique.model.advisory import Advisory
from pratique.model.purl import Package
from pratique.store.record import open_record

GAMMA = "pkg:npm/gamma@1.0.0"
SEMVER = {"type": "SEMVER", "events": [{"introduced": "1.0.0"}, {"fixed": "1.2.0"}]}
COMMITS = {"type": "GIT", "repo": "https://example.test/g", "events": [{"introduced": "0"}]}


def osv(*affected: dict, modified: str = "2026-02-01T00:00:00Z", **more: object) -> bytes:
    record = {
        "schema_version": "1.7.0",
        "id": "EX-2026-1",
        "modified": modified,
        "aliases": ["CVE-2026-1"],
        "affected": list(affected),
        **more,
    }
    return json.dumps(record).encode()


def entry(ecosystem: str = "npm", name: str = "gamma", **more: object) -> dict:
    return {"package": {"ecosystem": ecosystem, "name": name}, **more}


@pytest.fixture
def filled(store, take, make_sbom):
    take(store, make_sbom("pkg:npm/shop@1", {"": [GAMMA]}))
    take(store, make_sbom("pkg:npm/site@1", {"": ["pkg:npm/gamma@1.2.0"]}))
    return store


def asked(store, tenant: str = "default", as_of=None):
    with open_record(store, tenant, as_of) as record:
        return affected_by_vulnerability(record, "CVE-2026-1", None)


def test_an_ingested_advisory_counts_without_any_index(filled, take, clock):
    before = clock.now
    assert asked(filled).undetermined
    take(filled, osv(entry(ranges=[SEMVER])))
    answer = asked(filled)
    assert [hit.product for hit in answer.hits] == ["shop"]
    assert (answer.packages, answer.undetermined) == ((GAMMA,), ())
    assert asked(filled, as_of=before).hits == ()
    other = asked(filled, tenant="other")
    assert (other.hits, len(other.undetermined)) == ((), 1)


def test_the_last_modified_counts_and_one_withdrawn_affects_nothing(filled, take):
    take(filled, osv(entry(versions=["1.0.0", "1.2.0"]), modified="2026-03-01T00:00:00Z"))
    take(filled, osv(entry(versions=[]), modified="2026-01-01T00:00:00Z"))
    assert [hit.product for hit in asked(filled).hits] == ["shop", "site"]
    moment = "2026-04-01T00:00:00Z"
    take(filled, osv(entry(versions=["1.0.0"]), modified=moment, withdrawn=moment))
    answer = asked(filled)
    assert (answer.hits, answer.undetermined) == ((), ())


def test_what_is_not_decided_is_said(filled, take):
    take(filled, osv({"ranges": [COMMITS]}, entry(ranges=[COMMITS]), entry("Linux", "Kernel")))
    answer = asked(filled)
    assert answer.hits == ()
    assert len(answer.undetermined) == 4
    assert sum("names commits alone" in line for line in answer.undetermined) == 2


@pytest.mark.parametrize(
    ("one", "purl", "verdict"),
    [
        (entry(ranges=[SEMVER]), "pkg:npm/gamma@1.1.9", True),
        (entry(ranges=[SEMVER]), "pkg:npm/gamma@1.2.0", False),
        (entry(ranges=[SEMVER]), "pkg:npm/gamma@0.9.0", False),
        (entry(ranges=[SEMVER]), "pkg:npm/gamma@1.2.0-rc.1", True),
        (entry(ranges=[SEMVER]), "pkg:npm/gamma@latest", None),
        (entry(ranges=[SEMVER]), "pkg:npm/gamma", None),
        (entry(ranges=[SEMVER]), "pkg:npm/delta@1.1.0", False),
        (entry(ranges=[COMMITS], versions=["1.0.0"]), "pkg:npm/gamma@1.0.0", True),
        (entry(ranges=[COMMITS], versions=["1.0.0"]), "pkg:npm/gamma@3.0.0", False),
        (entry(), "pkg:npm/gamma@3.0.0", True),
        (
            entry(ranges=[{"type": "SEMVER", "events": [{"introduced": "0"},
                                                        {"last_affected": "2.0.0"}]}]),
            "pkg:npm/gamma@2.0.0",
            True,
        ),
        (
            entry(ranges=[{"type": "SEMVER", "events": [{"introduced": "0"}, {"limit": "2.0.0"}]}]),
            "pkg:npm/gamma@2.0.0",
            False,
        ),
        (entry("PyPI", "Gamma_Ray", versions=["1.0"]), "pkg:pypi/gamma-ray@1.0", True),
        (
            entry("Debian:12", "gamma", ranges=[{"type": "ECOSYSTEM",
                                                 "events": [{"introduced": "0"},
                                                            {"fixed": "1.0-3"}]}]),
            "pkg:deb/debian/libgamma@1.0-2?distro=debian-12&upstream=gamma",
            True,
        ),
        (
            entry("Debian:12", "gamma", versions=["1.0-2"]),
            "pkg:deb/debian/gamma@1.0-2?distro=debian-11",
            False,
        ),
        (entry("Debian:12", "gamma", versions=["1.0-2"]), "pkg:deb/debian/gamma@1.0-2", None),
    ],
)  # fmt: skip
def test_evaluation(one, purl, verdict):
    record, _ = read_record(osv(one))
    package = Package.parse(purl)
    found, entries = verdict_of(record.affected, package, places_of(package), "EX-2026-1")
    assert found.holds is verdict
    assert bool(found.reason) is (verdict is not False)
    assert entries == (list(record.affected) if verdict else [])


def test_of_a_record_that_the_index_has_too_the_later_revision_counts(filled, take):
    """As ``rematch`` and ``triage list`` have it."""
    moment = datetime(2026, 2, 1, tzinfo=UTC)

    def found(modified: datetime) -> Vulnerable:
        def without(others):
            return lambda purls: [] if "EX-2026-1" in others else list(purls)

        return Vulnerable(
            ids=("CVE-2026-1", "EX-2026-1"),
            names=("pkg:npm/gamma",),
            matches=without(()),
            indexed=lambda name: Advisory(id=name, modified=modified) if name[:2] == "EX" else None,
            without=without,
        )

    def products(modified: datetime) -> list[str]:
        with open_record(filled, "default") as record:
            answer = affected_by_vulnerability(record, "CVE-2026-1", found(modified))
        return [hit.product for hit in answer.hits]

    take(filled, osv(entry(versions=["1.0.0"])))
    assert products(moment) == ["shop", "site"]  # the index has the same revision
    assert products(moment - timedelta(days=1)) == ["shop"]
    later = "2026-03-01T00:00:00Z"
    take(filled, osv(entry(ranges=[COMMITS]), modified=later))
    assert products(moment) == ["shop", "site"]  # it does not decide: the index does
    withdrawn = "2026-04-01T00:00:00Z"
    take(filled, osv(entry(versions=["1.0.0"]), modified=withdrawn, withdrawn=withdrawn))
    assert products(moment) == []
