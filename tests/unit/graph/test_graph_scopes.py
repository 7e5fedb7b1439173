"""What packages are needed for: kept with each bill, and told by every question."""

from __future__ import annotations

import json

import pytest

from pratique.graph.explanation import why
from pratique.graph.exposure import affected_by_package
from pratique.graph.reach import reach
from pratique.model.inventory import Relation, Scope
from pratique.store import migrate
from pratique.store.record import open_record

ALPHA, BETA, GAMMA = "pkg:npm/alpha@1.0.0", "pkg:npm/beta@1.0.0", "pkg:npm/gamma@1.0.0"
LOCK = {
    "name": "shop",
    "version": "1.0.0",
    "lockfileVersion": 3,
    "packages": {
        "": {
            "name": "shop",
            "version": "1.0.0",
            "dependencies": {"alpha": "^1"},
            "devDependencies": {"beta": "^1"},
        },
        "node_modules/alpha": {"version": "1.0.0"},
        "node_modules/beta": {"version": "1.0.0", "dev": True, "dependencies": {"gamma": "*"}},
        "node_modules/gamma": {"version": "1.0.0", "dev": True},
    },
}


def spdx() -> bytes:
    """gamma is needed by the tests of site, and optionally beside."""
    parts = [
        {
            "SPDXID": f"SPDXRef-{name}",
            "name": name,
            "versionInfo": "1.0.0",
            "downloadLocation": "NOASSERTION",
            "externalRefs": [
                {
                    "referenceCategory": "PACKAGE-MANAGER",
                    "referenceType": "purl",
                    "referenceLocator": f"pkg:npm/{name}@1.0.0",
                }
            ],
        }
        for name in ("site", "gamma")
    ]
    relations = [
        ("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-site"),
        ("SPDXRef-gamma", "TEST_DEPENDENCY_OF", "SPDXRef-site"),
        ("SPDXRef-gamma", "OPTIONAL_DEPENDENCY_OF", "SPDXRef-site"),
    ]
    document = {
        "spdxVersion": "SPDX-2.3",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": "site",
        "dataLicense": "CC0-1.0",
        "documentNamespace": "https://example.test/site",
        "creationInfo": {"created": "2026-01-01T00:00:00Z", "creators": ["Tool: x"]},
        "packages": parts,
        "relationships": [
            {"spdxElementId": a, "relationshipType": kind, "relatedSpdxElement": b}
            for a, kind, b in relations
        ],
    }
    return json.dumps(document).encode()


@pytest.fixture
def filled(store, tmp_path):
    from pratique.ingest.models import Options
    from pratique.ingest.service import ingest

    lock = tmp_path / "shop" / "package-lock.json"
    lock.parent.mkdir()
    lock.write_text(json.dumps(LOCK))
    (tmp_path / "site.spdx.json").write_bytes(spdx())
    report = ingest(store, [str(lock), str(tmp_path / "site.spdx.json")], Options())
    assert (report.added, report.incomplete) == (2, 0)
    return store


@pytest.fixture
def again(filled, tmp_path):
    """Takes the same documents in once more."""
    from pratique.ingest.models import Options
    from pratique.ingest.service import ingest

    paths = [str(tmp_path / "shop" / "package-lock.json"), str(tmp_path / "site.spdx.json")]
    return lambda: ingest(filled, paths, Options())


def test_affected_tells_scopes(filled):
    with open_record(filled, "default") as record:
        for paths in (True, False):
            found = affected_by_package(record, "pkg:npm/gamma", paths=paths)
            assert {hit.product: hit.scope for hit in found.hits} == {
                "shop": "development",
                "site": "optional",  # wider than its tests
            }
        (hit,) = affected_by_package(record, ALPHA).hits
    assert hit.scope == "runtime"


def test_why_tells_scope_and_relation(filled):
    with open_record(filled, "default") as record:
        found = {(one.product, one.package): one for one in why(record, "pkg:npm/gamma")}
        (direct,) = why(record, ALPHA)
    shop, site = found["shop", GAMMA], found["site", GAMMA]
    assert (shop.scope, shop.relation) == ("development", "transitive")
    assert shop.shortest == ("shop", BETA, GAMMA)
    assert (site.scope, site.relation) == ("optional", "direct")
    assert (direct.scope, direct.relation) == ("runtime", "direct")


def test_dependencies_tell_all_scopes(filled):
    with open_record(filled, "default") as record:
        (one,) = reach(record, BETA, dependents=False)
        assert (one.package, one.scopes) == (GAMMA, ("optional", "development"))
    with open_record(filled, "default", record_time(filled)) as record:
        assert reach(record, BETA, dependents=False) == [one]


def record_time(store):
    from datetime import datetime

    with open_record(store, "default") as record:
        return datetime.fromisoformat(max(one.observed for one in record.documents()))


def test_the_bill_is_read_back(filled):
    with open_record(filled, "default") as record:
        (shipment,) = record.shipments(product="shop")
        ((_, nodes, roles),) = record.roles([shipment.sbom])
        ((_, rows, again),) = record.graphs([shipment.sbom])
        texts = record.texts(nodes)
        stated = {texts[n]: (roles.scope(at), roles.relation(at)) for at, n in enumerate(nodes)}
    assert stated == {
        ALPHA: (Scope.RUNTIME, Relation.DIRECT),
        BETA: (Scope.DEVELOPMENT, Relation.DIRECT),
        GAMMA: (Scope.DEVELOPMENT, Relation.TRANSITIVE),
    }
    assert (rows.nodes, again) == (nodes, roles)
    with open_record(filled, "other") as record:
        assert list(record.roles([shipment.sbom])) == []
        assert list(record.graphs([shipment.sbom])) == []
        assert record.bill_digests() == {}
        assert (record.newest(), record.token()) == ({}, "")


def test_a_store_without_scopes_is_upgraded_and_back(filled, url):
    with open_record(filled, "default") as record:
        before = affected_by_package(record, GAMMA)
        (shipment,) = record.shipments(product="shop")
        graph = record.bill(shipment.sbom)
    migrate.downgrade(filled, "0002")
    with filled.reading() as connection:
        assert migrate.version(connection) == "0002"
    migrate.ensure(filled)
    with open_record(filled, "default") as record:
        after = affected_by_package(record, GAMMA)
        assert record.bill(shipment.sbom) == graph
        assert record.token()
        assert {hit.scope for hit in after.hits} == {"unknown"}
        # Without the ways that are kept, they are searched for.
        assert [hit.path for hit in after.hits] == [hit.path for hit in before.hits]
        assert reach(record, BETA, dependents=False)[0].scopes == ("unknown",)
        assert why(record, GAMMA)[0].relation == "unknown"


def test_taken_in_again_after_an_upgrade_scopes_are_there(filled, again, counts):
    def told():
        with open_record(filled, "default") as record:
            hits = affected_by_package(record, "pkg:npm/gamma").hits
            (one,) = reach(record, BETA, dependents=False)
            return {hit.product: hit.scope for hit in hits}, one.scopes, record.token()

    before, rows = told()[:2], counts(filled)
    migrate.downgrade(filled, "0002")
    migrate.ensure(filled)
    assert told()[:2] == ({"shop": "unknown", "site": "unknown"}, ("unknown",))
    report = again()
    assert (report.added, report.known) == (0, 2)
    *after, token = told()
    assert tuple(after) == before
    assert counts(filled) == rows
    again()
    assert told()[2] == token  # nothing is left to add


def test_every_change_has_a_token_of_its_own(store, take, make_sbom):
    tokens = []

    def token() -> str:
        with open_record(store, "default") as record:
            return record.token()

    take(store, make_sbom(), product="shop", environment="test")
    tokens.append(token())
    take(store, make_sbom(), product="shop", environment="test")
    assert token() == tokens[0]  # nothing is new
    take(store, make_sbom(), product="shop", environment="prod")
    tokens.append(token())
    take(store, make_sbom(), product="shop", environment="prod", tags=("x",))
    tokens.append(token())
    take(store, make_sbom("pkg:npm/other@1"), tenant="b")
    assert token() == tokens[-1]
    assert len(set(tokens)) == 3


def test_the_newest_bills_follow_the_record(store, take, make_sbom, clock):
    take(store, make_sbom("pkg:npm/shop@1", made="2026-01-01T00:00:00Z"), environment="prod")
    with open_record(store, "default") as record:
        first = record.newest()
    then = clock.now
    take(store, make_sbom("pkg:npm/shop@2", made="2026-02-01T00:00:00Z"), environment="prod")
    take(store, make_sbom("pkg:npm/shop@0", made="2025-02-01T00:00:00Z"), environment="prod")
    with open_record(store, "default") as record:
        (shipment,) = [one for one in record.shipments() if one.version == "2"]
        assert record.newest() == {("shop", "prod"): shipment.digest}
    with open_record(store, "default", then) as record:
        assert record.newest() == first
