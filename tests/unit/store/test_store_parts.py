"""Parts of the store that need no database, and what only SQLite does."""

from __future__ import annotations

import sqlite3
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pratique.model.errors import UsageError
from pratique.model.purl import Package
from pratique.store import nouns
from pratique.store.adjacency import pack, unpack
from pratique.store.engine import open_store
from pratique.store.errors import DamageError, StoreError
from pratique.store.location import store_url, without_password
from pratique.store.nouns import Noun, NounKind, vulnerability_id


@st.composite
def graphs(draw):
    nodes = draw(st.lists(st.integers(1, 2**40), unique=True, max_size=12))
    if not nodes:
        return [], [], []
    place = st.integers(0, len(nodes) - 1)
    edges = draw(st.lists(st.tuples(place, place), max_size=30))
    return nodes, draw(st.lists(place, max_size=4)), edges


@given(graphs())
def test_adjacency_round_trip(graph):
    nodes, roots, edges = graph
    found = unpack(pack(nodes, roots, edges))
    assert set(found.nodes) == set(nodes)
    assert list(found.nodes) == sorted(nodes)
    assert {found.nodes[root] for root in found.roots} == {nodes[root] for root in roots}
    pairs = {(found.nodes[a], found.nodes[b]) for a, row in enumerate(found.targets) for b in row}
    assert pairs == {(nodes[a], nodes[b]) for a, b in edges}
    assert found.edges == len(set(edges))


@given(graphs(), st.data())
def test_adjacency_damage_is_named(graph, data):
    blob = bytearray(pack(*graph))
    for _ in range(data.draw(st.integers(1, 3))):
        blob[data.draw(st.integers(0, len(blob) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = unpack(bytes(blob))
    except DamageError:
        return
    assert all(target < len(found.nodes) for row in found.targets for target in row)


@pytest.mark.parametrize(
    ("given_url", "url"),
    [
        ("sqlite:////tmp/x.db", "sqlite:////tmp/x.db"),
        ("postgresql://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgres://u@h/d", "postgresql+psycopg://u@h/d"),
    ],
)
def test_store_url(given_url, url):
    assert store_url(given_url) == url


@pytest.mark.parametrize("text", ["record.sqlite", "mysql://h/d", "sqlite:///", "sqlite://"])
def test_store_url_that_is_none(text):
    with pytest.raises(UsageError):
        store_url(text)


def test_store_url_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.delenv("PRATIQUE_STORE", raising=False)
    monkeypatch.setenv("PRATIQUE_DATA", str(tmp_path / "with space"))
    assert store_url() == f"sqlite:///{tmp_path}/with%20space/record.sqlite"
    open_store().close()
    assert (tmp_path / "with space" / "record.sqlite").exists()
    monkeypatch.setenv("PRATIQUE_STORE", "postgresql://h/d")
    assert store_url() == "postgresql+psycopg://h/d"


def test_passwords_are_not_shown():
    shown = without_password("mysql://user:secret@host/d?password=secret")
    assert shown == "mysql://user@host/d"
    with pytest.raises(UsageError) as caught:
        store_url("mysql://user:secret@host/d")
    assert "secret" not in str(caught.value)


def test_there_is_no_store_where_none_was_made(tmp_path):
    with pytest.raises(StoreError, match="no record"):
        open_store(f"sqlite:///{tmp_path}/none.sqlite", create=False)
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_no_store(tmp_path):
    path = tmp_path / "x.sqlite"
    path.write_bytes(b"not a database, but a text that is long enough" * 100)
    with pytest.raises(StoreError, match="damaged or is none"):
        open_store(f"sqlite:///{path}")


def test_no_server_is_one_line(tmp_path):
    pytest.importorskip("psycopg")
    with pytest.raises(StoreError) as caught:
        open_store(f"postgresql://u:secret@/d?host={tmp_path}")
    assert "secret" not in caught.value.message
    assert "\n" not in caught.value.message


def test_a_full_disk_is_one_line_and_keeps_what_was_there(tmp_path, take, make_sbom, counts):
    from sqlalchemy import event

    with open_store(f"sqlite:///{tmp_path}/x.sqlite") as store:
        take(store, make_sbom())
        before = counts(store)

        def small(connection, _record):
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count={pages + 2}")

        store.engine.dispose()
        event.listen(store.engine, "connect", small)
        edges = {"": [f"pkg:npm/p{n}@1" for n in range(3000)]}
        with pytest.raises(StoreError, match="disk with the record is full"):
            take(store, make_sbom("pkg:npm/large@1", edges))
        assert counts(store) == before
    check = sqlite3.connect(tmp_path / "x.sqlite")
    assert check.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert check.execute("PRAGMA foreign_key_check").fetchall() == []
    check.close()


def test_levels_of_a_package():
    package = Package.parse("pkg:golang/example.test/team/alpha@v1.0?os=linux#cmd")
    chain = [nouns.package(package)]
    while above := nouns.parent(chain[-1]):
        chain.append(above)
    assert chain == [
        Noun(NounKind.PACKAGE, "pkg:golang/example.test/team/alpha@v1.0?os=linux#cmd"),
        Noun(NounKind.PACKAGE_NAME, "pkg:golang/example.test/team/alpha"),
        Noun(NounKind.PACKAGE_NAMESPACE, "pkg:golang/example.test/team"),
        Noun(NounKind.PACKAGE_TYPE, "pkg:golang"),
    ]


@pytest.mark.parametrize("text", ["CVE-2026-1", "GHSA-abcd-efgh-ijkl", "PYSEC-2026-1"])
def test_vulnerabilities_are_one_whatever_their_case(text):
    assert nouns.vulnerability(text.lower()) == nouns.vulnerability(text.upper())
    assert vulnerability_id(nouns.vulnerability(text).text) == text


def test_commands_import_no_database():
    code = (
        "import sys, pratique.ingest.cli, pratique.graph.cli, pratique.graph.certify\n"
        "import pratique.graph.reach_cli, pratique.graph.snapshots.cli\n"
        "heavy = ('sqlalchemy', 'alembic', 'psycopg', 'zstandard', 'numpy', 'duckdb')\n"
        "print([m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
