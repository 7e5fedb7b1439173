"""A bill that is taken back: its edges go, those of others stay; on both databases."""

from __future__ import annotations

import pytest

from pratique.graph.reach import reach
from pratique.store.record import open_record
from pratique.store.withdrawing import withdraw_bill

A, B, C = "pkg:npm/a@1", "pkg:npm/b@1", "pkg:npm/c@1"


@pytest.fixture(autouse=True)
def graphs_of_the_test(monkeypatch, tmp_path):
    monkeypatch.setenv("PRATIQUE_DATA", str(tmp_path / "data"))


def seen(store, tenant: str = "default"):
    with open_record(store, tenant) as record:
        texts = record.texts({number for edge in record.edges() for number in edge})
        edges = sorted((texts[a], texts[b]) for a, b in record.edges())
        needed = [one.package for one in reach(record, A, dependents=False)]
        return edges, needed, record.token()


def test_edges_go_with_the_last_bill_that_states_them(store, take, make_sbom):
    one = make_sbom("pkg:npm/one@1", {"": [A], A: [B, C], B: [C]})
    take(store, one)
    take(store, make_sbom("pkg:npm/two@1", {"": [A], A: [B]}))
    # All three are in it, and only one of the edges.
    take(store, make_sbom("pkg:npm/three@1", {"": [A, B, C], B: [C]}))
    take(store, one, tenant="other")
    edges, needed, token = seen(store)
    assert edges == [(A, B), (A, C), (B, C)]
    assert needed == [B, C]
    with open_record(store, "default") as record:
        digest = next(row.digest for row in record.shipments() if row.product == "one")
    assert withdraw_bill(store, "default", digest) is True
    after = seen(store)
    assert after[:2] == ([(A, B), (B, C)], [B, C])
    assert after[2] != token
    assert seen(store, "other")[0] == edges
    assert withdraw_bill(store, "default", digest) is False
    take(store, one)
    assert seen(store)[0] == edges
