"""The same laws on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from itertools import pairwise

import pytest

from pratique.model.errors import PratiqueError
from pratique.model.evidence import Verb
from pratique.store import nouns
from pratique.store.engine import open_store
from pratique.store.errors import StoreError
from pratique.store.nouns import Noun, NounKind
from pratique.store.record import open_record

EDGES = {"": ["pkg:npm/alpha@1.0"], "pkg:npm/alpha@1.0": ["pkg:npm/%40scope/beta@2.0"]}


def test_what_is_written_is_read(store, take, make_sbom):
    raw = make_sbom(
        edges=EDGES,
        licenses={"pkg:npm/alpha@1.0": "MIT"},
        hashes={"pkg:npm/alpha@1.0": "ab" * 32},
    )
    report = take(
        store,
        raw,
        product="checkout",
        version="1.4",
        environment="prod",
        owner="payments",
        tags=("x",),
    )
    assert (report.added, report.incomplete, report.kinds) == (1, 0, {"sbom": 1})
    with open_record(store, "default") as record:
        (document,) = record.documents()
        assert record.raw(document.digest) == raw
        assert document.created == "2026-01-01T00:00:00.000000Z"
        (shipment,) = record.shipments()
        assert (shipment.product, shipment.version, shipment.environment) == (
            "checkout",
            "1.4",
            "prod",
        )
        assert (shipment.owner, shipment.tags) == ("payments", ("x",))
        bill = record.bill(shipment.sbom)
        texts = record.texts(bill.nodes)
        edges = {
            (texts[bill.nodes[a]], texts[bill.nodes[b]])
            for a, targets in enumerate(bill.targets)
            for b in targets
        }
        assert edges == {("pkg:npm/alpha@1.0", "pkg:npm/%40scope/beta@2.0")}
        assert [texts[bill.nodes[root]] for root in bill.roots] == ["pkg:npm/alpha@1.0"]
        stated = {(one.verb, one.subject, one.object) for one in record.evidence()}
    assert stated == {
        (Verb.HAS_SBOM, "pkg:npm/shop@1.0", ""),
        (Verb.IS_OCCURRENCE, "pkg:npm/alpha@1.0", "sha256:" + "ab" * 32),
        (Verb.CERTIFY_LEGAL, "pkg:npm/alpha@1.0", "MIT"),
    }


def test_every_level_of_a_package_is_a_noun(store, take, make_sbom):
    take(store, make_sbom(edges=EDGES))
    levels = [
        Noun(NounKind.PACKAGE_TYPE, "pkg:npm"),
        Noun(NounKind.PACKAGE_NAMESPACE, "pkg:npm/%40scope"),
        Noun(NounKind.PACKAGE_NAME, "pkg:npm/%40scope/beta"),
        Noun(NounKind.PACKAGE, "pkg:npm/%40scope/beta@2.0"),
    ]
    with open_record(store, "default") as record:
        numbers = record.find(levels)
        assert set(numbers) == set(levels)
        for above, below in pairwise(levels):
            assert record.below([numbers[above]])[numbers[below]] == below.text
            assert record.above([numbers[below]]) == {numbers[below]: numbers[above]}


def test_writing_twice_adds_no_row(store, take, make_sbom, counts):
    documents = [make_sbom(f"pkg:npm/shop@{n}", EDGES) for n in range(30)]
    about = {"product": "checkout", "environment": "prod", "tags": ("a", "b")}
    assert take(store, *documents, **about).added == 30
    before = counts(store)
    assert before["document"] == 30
    report = take(store, *documents, *documents, **about)
    assert (report.added, report.known) == (0, 60)
    assert counts(store) == before


def test_a_second_place_is_a_row_and_no_document(store, take, make_sbom, counts, clock):
    raw = make_sbom()
    take(store, raw, product="checkout", environment="test")
    before = counts(store)
    then = clock.now
    take(store, raw, product="checkout", environment="prod")
    after = counts(store)
    assert after.pop("shipment") == before.pop("shipment") + 1
    assert after == before
    with open_record(store, "default") as record:
        assert [one.environment for one in record.shipments()] == ["prod", "test"]
    with open_record(store, "default", then) as record:
        assert [one.environment for one in record.shipments()] == ["test"]


def test_a_tenant_sees_nothing_of_another(store, take, make_sbom):
    secret = make_sbom(
        "pkg:npm/secret@9.0",
        {"": ["pkg:npm/hidden@1.0"], "pkg:npm/hidden@1.0": ["pkg:npm/alpha@1.0"]},
    )
    take(store, secret, tenant="b", product="skunk", owner="lab")
    take(store, make_sbom(), tenant="a")
    with open_record(store, "b") as other:
        (document,), (shipment,) = other.documents(), other.shipments()
    with open_record(store, "a") as record:
        everything = [
            record.packages(),
            record.documents(),
            record.shipments(),
            record.evidence(),
            record.frequencies(100),
            list(record.edges()),
            record.shipments([shipment.sbom]),
            record.subjects([shipment.sbom]),
            record.problems(document.digest),
        ]
        assert "hidden" not in str(everything)
        assert "secret" not in str(everything)
        assert "skunk" not in str(everything)
        hidden = record.find([Noun(NounKind.PACKAGE, "pkg:npm/hidden@1.0")]).values()
        assert record.holders(hidden) == []
        assert record.neighbours(hidden, dependents=False) == []
        assert record.frequencies(10) == [("pkg:npm/alpha@1.0", 1)]
        with pytest.raises(StoreError, match="no such bill"):
            record.bill(shipment.sbom)
        with pytest.raises(StoreError, match="no such document"):
            record.raw(document.digest)
        assert record.revision().startswith("1-")
    with open_record(store, "nobody") as record:
        assert (record.packages(), record.documents(), record.evidence()) == ({}, [], [])


def test_the_same_document_belongs_to_each_tenant_for_itself(store, take, make_sbom):
    raw = make_sbom()
    take(store, raw, tenant="a", product="one")
    take(store, raw, tenant="b", product="two")
    for tenant, product in (("a", "one"), ("b", "two")):
        with open_record(store, tenant) as record:
            assert [shipment.product for shipment in record.shipments()] == [product]
            assert [origin.document for one in record.evidence() for origin in one.origins] == [
                record.documents()[0].digest
            ]


def test_the_past_is_as_it_was(store, take, make_sbom, clock):
    take(store, make_sbom())
    then = clock.now
    clock.now += timedelta(days=1)
    take(store, make_sbom("pkg:npm/shop@2.0", {"": ["pkg:npm/alpha@2.0"]}))
    with open_record(store, "default", then) as record:
        assert sorted(record.packages().values()) == ["pkg:npm/alpha@1.0"]
        assert len(record.documents()) == len(record.shipments()) == len(record.evidence()) == 1
        assert record.frequencies(5) == [("pkg:npm/alpha@1.0", 1)]
        past = record.revision()
    with open_record(store, "default", then - timedelta(days=1)) as record:
        assert record.packages() == {}
    with open_record(store, "default") as record:
        assert len(record.packages()) == len(record.shipments()) == 2
        assert record.revision() != past


def test_odd_text_is_kept(store, take):
    document = {
        "id": "TEST-2026-1",
        "schema_version": "1.7.0",
        "modified": "2026-01-01T00:00:00Z",
        "summary": "nul \0, quote ' and back\\slash, \N{SNOWMAN} \U0001f6a2",
        "aliases": ["CVE-2026-1"],
        "affected": [],
    }
    take(store, json.dumps(document).encode())
    with open_record(store, "default") as record:
        number = record.find([nouns.vulnerability("test-2026-1")]).values()
        said = record.evidence(about=number, verbs=[Verb.VULNERABILITY_METADATA])[0].said
    assert said["summary"] == document["summary"].replace("\0", "\N{REPLACEMENT CHARACTER}")


def test_two_writers_wait_for_each_other(url, make_sbom, tmp_path):
    from pratique.ingest.models import Options
    from pratique.ingest.service import ingest

    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(120):
        edges = {
            "": [f"pkg:npm/p{number}@1", "pkg:npm/alpha@1.0"],
            f"pkg:npm/p{number}@1": [f"pkg:npm/p{(number + 7) % 120}@1"],
        }
        (folder / f"{number:03d}.cdx.json").write_bytes(make_sbom(f"pkg:npm/shop@{number}", edges))
    open_store(url).close()
    errors, added = [], []

    def work() -> None:
        try:
            with open_store(url) as store:
                added.append(ingest(store, [str(folder)], Options()).added)
        except PratiqueError as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sum(added) >= 120
    with open_store(url) as store, open_record(store, "default") as record:
        assert len(record.documents()) == len(record.shipments()) == 120
        assert dict(record.frequencies(200))["pkg:npm/alpha@1.0"] == 120


def test_a_failed_batch_leaves_nothing(store, take, make_sbom, counts, monkeypatch):
    from pratique.store import bulk, tables

    take(store, make_sbom())
    before = counts(store)
    real = bulk.add

    def failing(connection, table, columns, rows):
        if table is tables.inclusion:
            raise StoreError("the power is out")
        real(connection, table, columns, rows)

    monkeypatch.setattr(bulk, "add", failing)
    with pytest.raises(StoreError, match="power"):
        take(store, make_sbom("pkg:npm/other@1", {"": ["pkg:npm/fresh@1"]}))
    assert counts(store) == before
    monkeypatch.undo()
    take(store, make_sbom("pkg:npm/other@1", {"": ["pkg:npm/fresh@1"]}))
    with open_record(store, "default") as record:
        assert sorted(record.packages().values()) == ["pkg:npm/alpha@1.0", "pkg:npm/fresh@1"]


def test_migrations_keep_a_populated_store_both_ways(store, take, make_sbom, counts):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from pratique.store import migrate
    from pratique.store.tables import metadata

    take(store, make_sbom("pkg:npm/shop@1.0", EDGES), product="checkout", version="7")
    before = counts(store)
    with open_record(store, "default") as record:
        evidence = record.evidence()
    migrate.downgrade(store, "0001")
    with store.reading() as connection:
        assert migrate.version(connection) == "0001"
    migrate.ensure(store)
    with store.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    assert counts(store) == before | {"team": 1}
    with open_record(store, "default") as record:
        assert record.evidence() == evidence
        # What the older schema had no place for is lost; the bill is a product again.
        assert [(one.product, one.version) for one in record.shipments()] == [("shop", "1.0")]
    migrate.downgrade(store, "base")
    migrate.upgrade(store)
    assert set(counts(store).values()) == {0}


def test_a_newer_schema_is_refused(store, url):
    from sqlalchemy import text

    def age(connection):
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    store.write(age)
    with pytest.raises(StoreError, match="newer than this program"):
        open_store(url)


def test_a_migration_that_fails_changes_nothing(store):
    from sqlalchemy import inspect, text

    from pratique.store import migrate

    def occupy(connection):
        connection.execute(text("CREATE TABLE tag (shipment_id INTEGER)"))

    migrate.downgrade(store, "0001")
    store.write(occupy)  # so that the last of the new tables cannot be made
    with pytest.raises(StoreError):
        migrate.upgrade(store)
    with store.reading() as connection:
        assert migrate.version(connection) == "0001"
        assert not inspect(connection).has_table("product")
