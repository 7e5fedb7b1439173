"""The union graph: equal to a recursive query of the database, kept in step, never trusted."""

from __future__ import annotations

import random
import stat
from collections import deque
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from pratique.graph.paths import Graph, first_of, first_ways, layers
from pratique.graph.reach import reach
from pratique.graph.union import building, cache, files
from pratique.graph.union.cache import path_of, union_of
from pratique.graph.union.sweep import reach_of_each
from pratique.model.inventory import Relation, Scope
from pratique.store.documents import Bill, DocumentKind, Entry
from pratique.store.engine import open_store
from pratique.store.errors import DamageError
from pratique.store.record import open_record
from pratique.store.roles import Roles, pack_roles, unpack_roles
from pratique.store.writing import write

WHEN = datetime(2026, 1, 1, tzinfo=UTC)
PURLS = [f"pkg:npm/p{number:02d}@1.0.0" for number in range(14)]


def entry(name: str, edges, scopes=()) -> Entry:
    """A bill with some edges, self loops included; every package of an edge is in it."""
    inside = sorted({one for pair in edges for one in pair})
    place = {one: at for at, one in enumerate(inside)}
    raw = f"{name} {sorted(edges)}".encode()
    return Entry(
        digest=f"sha256:{sha256(raw).hexdigest()}",
        raw=raw,
        kind=DocumentKind.SBOM,
        format="test",
        path=name,
        collector="test",
        observed=WHEN,
        bill=Bill(
            subject="",
            name=name,
            nodes=tuple(PURLS[one] for one in inside),
            edges=tuple(sorted({(place[a], place[b]) for a, b in edges})),
            scopes=tuple(scopes[one] for one in inside) if scopes else (),
        ),
    )


EDGE = st.tuples(st.integers(0, 13), st.integers(0, 13))
BILLS = st.lists(st.lists(EDGE, max_size=14), min_size=1, max_size=4)
"""With cycles, edges that several bills have, and edges from a package to itself."""

RECURSIVE = """
WITH RECURSIVE reached (node) AS (
  SELECT {there} FROM edge WHERE {here} = :start AND tenant_id = :tenant
  UNION
  SELECT edge.{there} FROM edge JOIN reached ON edge.{here} = reached.node
  WHERE edge.tenant_id = :tenant
)
SELECT noun.text FROM reached JOIN noun ON noun.id = reached.node WHERE node <> :start
"""


def by_database(store, tenant: str, purl: str, *, dependents: bool) -> set[str]:
    here, there = (
        ("dependency_id", "dependent_id") if dependents else ("dependent_id", "dependency_id")
    )
    with store.reading() as connection:
        number = connection.execute(
            text("SELECT id FROM noun WHERE text = :text AND kind = 4"), {"text": purl}
        ).scalar()
        whose = connection.execute(
            text("SELECT id FROM tenant WHERE name = :name"), {"name": tenant}
        ).scalar()
        query = text(RECURSIVE.format(here=here, there=there))
        return set(connection.execute(query, {"start": number, "tenant": whose}).scalars())


TURN = iter(range(10_000))


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(bills=BILLS, later=BILLS)
def test_reach_is_what_a_recursive_query_finds(store, bills, later):
    tenant = f"t{next(TURN)}"
    for more in (bills, later):  # the second time what is kept is added to
        write(store, tenant, [entry(f"{tenant}-{at}", one) for at, one in enumerate(more)])
        with open_record(store, tenant) as record:
            inside = record.packages()
            union = union_of(record)
            counted = {
                dependents: dict(reach_of_each(union, list(inside), dependents=dependents))
                for dependents in (True, False)
            }
            for number, purl in inside.items():
                for dependents in (True, False):
                    found = {one.package for one in reach(record, purl, dependents=dependents)}
                    assert found == by_database(store, tenant, purl, dependents=dependents)
                    assert counted[dependents][number] == len(found)


def union_of_pairs(pairs, count):
    """The union graph of one bill with nodes 0…count-1."""
    from pratique.store.adjacency import pack, unpack_rows

    rows = unpack_rows(pack(list(range(count)), [], list(pairs)))
    return building.with_bills(building.empty(), {1: "sha256:" + "0" * 64}, [(1, rows, Roles())])


def walked(pairs, count, start):
    targets = [[] for _ in range(count)]
    for a, b in pairs:
        targets[a].append(b)
    steps, queue = {start: 0}, deque([start])
    while queue:
        node = queue.popleft()
        for target in targets[node]:
            if target not in steps:
                steps[target] = steps[node] + 1
                queue.append(target)
    del steps[start]
    return steps


@pytest.mark.parametrize("seed", range(6))
def test_larger_random_graphs(seed):
    draw = random.Random(seed)
    count = draw.choice([60, 300, 900])
    pairs = {
        (draw.randrange(count), draw.randrange(count))
        for _ in range(count * draw.choice([1, 2, 5]))
    }
    union = union_of_pairs(pairs, count)
    backward = [(b, a) for a, b in pairs]
    for dependents, edges in ((False, pairs), (True, backward)):
        counts = dict(reach_of_each(union, range(count), dependents=dependents))
        for start in range(0, count, 7):
            expected = walked(edges, count, start)
            places, steps = union.reach([start], dependents=dependents)
            assert dict(zip(places.tolist(), steps.tolist(), strict=True)) == expected
            assert counts[start] == len(expected)
            near, _ = union.reach([start], dependents=dependents, depth=2)
            assert set(near.tolist()) == {node for node, step in expected.items() if step <= 2}


def test_many_packages_are_swept_in_turns(monkeypatch):
    draw = random.Random(7)
    pairs = {(draw.randrange(200), draw.randrange(200)) for _ in range(300)}
    union = union_of_pairs(pairs, 200)
    whole = dict(reach_of_each(union, range(200), dependents=True))
    monkeypatch.setattr("pratique.graph.union.sweep.MAX_BYTES", 1)  # a word at a time
    monkeypatch.setattr("pratique.graph.union.sweep.CHUNK", 1)
    assert dict(reach_of_each(union, range(200), dependents=True)) == whole
    assert dict(reach_of_each(union, [5, 999], dependents=True)) == {5: whole[5]}
    assert list(reach_of_each(building.empty(), [1], dependents=True)) == []


def test_a_long_chain_and_a_large_circle():
    chain = [(at, at + 1) for at in range(3000)]
    union = union_of_pairs([*chain, (3000, 0)], 3001)
    places, steps = union.reach([0], dependents=False)
    assert (len(places), steps.max()) == (3000, 3000)
    assert dict(reach_of_each(union, [0, 1500], dependents=True)) == {0: 3000, 1500: 3000}


def same(one, other) -> bool:
    pairs = (
        (one.bills, other.bills), (one.digests, other.digests), (one.nodes, other.nodes),
        (one.scopes, other.scopes), (one.down.ends, other.down.ends),
        (one.down.targets, other.down.targets), (one.up.ends, other.up.ends),
        (one.up.targets, other.up.targets),
    )  # fmt: skip
    return all(np.array_equal(a, b) for a, b in pairs)


@given(bills=BILLS, split=st.integers(0, 4))
@settings(deadline=None)
def test_added_to_is_the_same_as_made_anew(bills, split):
    from pratique.store.adjacency import pack, unpack_rows

    parts = {}
    for number, edges in enumerate(bills):
        inside = sorted({one for pair in edges for one in pair})
        place = {one: at for at, one in enumerate(inside)}
        rows = unpack_rows(
            pack([one * 10 for one in inside], [], [(place[a], place[b]) for a, b in edges])
        )
        scopes = bytes(1 + (one + number) % 6 for one in inside)
        parts[number] = (f"sha256:{number:064x}", rows, Roles(scopes))

    def with_some(union, numbers):
        digests = {number: parts[number][0] for number in numbers}
        return building.with_bills(union, digests, [(n, *parts[n][1:]) for n in numbers])

    whole = with_some(building.empty(), list(parts))
    first = with_some(building.empty(), list(parts)[split:])
    assert same(whole, with_some(first, list(parts)[:split]))


@pytest.fixture
def filled(store):
    scopes = [Scope.DEVELOPMENT] * 14
    write(
        store, "default", [entry("one", [(1, 2), (2, 3)], scopes), entry("two", [(3, 4), (4, 3)])]
    )
    return store


def reached(store, *, tenant: str = "default") -> list[str]:
    with open_record(store, tenant) as record:
        return [one.package for one in reach(record, PURLS[1], dependents=False)]


def test_what_is_kept_is_read_and_not_made_anew(filled, url, monkeypatch):
    assert reached(filled) == [PURLS[2], PURLS[3], PURLS[4]]
    monkeypatch.setattr(cache, "with_bills", None)  # nothing may be built
    assert reached(filled) == [PURLS[2], PURLS[3], PURLS[4]]
    with open_store(url) as again:  # another process: from the file
        assert reached(again) == [PURLS[2], PURLS[3], PURLS[4]]


def test_only_what_is_new_is_read(filled, url, monkeypatch):
    reached(filled)
    write(filled, "default", [entry("three", [(4, 5)])])
    asked = []
    real = cache.with_bills
    monkeypatch.setattr(
        cache,
        "with_bills",
        lambda union, new, bills: asked.append(list(new)) or real(union, new, bills),
    )
    with open_store(url) as again:
        assert reached(again)[-1] == PURLS[5]
    assert [len(one) for one in asked] == [1]


def test_scopes_of_all_bills(filled):
    with open_record(filled, "default") as record:
        found = {one.package: one.scopes for one in reach(record, PURLS[1], dependents=False)}
    assert found == {
        PURLS[2]: ("development",),
        PURLS[3]: ("development", "unknown"),  # the second bill does not say
        PURLS[4]: ("unknown",),
    }


def test_a_file_is_private_and_whole(filled, graphs_of_the_test):
    reached(filled)
    (path,) = graphs_of_the_test.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(graphs_of_the_test.stat().st_mode) == 0o700
    header, union = files.read(path)
    assert header.tenant == "default"
    assert len(union.bills) == 2


@pytest.mark.parametrize("damage", ["cut", "empty", "flip", "foreign", "header", "longer"])
def test_a_damaged_file_is_made_anew(filled, url, damage):
    expected = reached(filled)
    with open_record(filled, "default") as record:
        path = path_of(record)
    data = bytearray(path.read_bytes())
    if damage == "cut":
        data = data[: len(data) // 2]
    elif damage == "empty":
        data = bytearray()
    elif damage == "flip":
        data[-1] ^= 1
    elif damage == "foreign":
        data = bytearray(b"\x93NUMPY" + bytes(4000))
    elif damage == "header":
        data[60] ^= 1
    else:
        data += bytes(64)
    path.write_bytes(data)
    with pytest.raises(DamageError):
        files.read(path)
    with open_store(url) as again:
        assert reached(again) == expected
    files.read(path)


def test_random_damage_is_always_found(filled):
    reached(filled)
    with open_record(filled, "default") as record:
        path = path_of(record)
    whole = path.read_bytes()
    draw = random.Random(3)
    for _ in range(300):
        data = bytearray(whole)
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        if draw.random() < 0.2:
            data = data[: draw.randrange(len(data))]
        path.write_bytes(data)
        with pytest.raises(DamageError):
            files.read(path)


def test_numbers_of_a_file_are_never_trusted(filled, tmp_path):
    """A file whose digest is right but whose edges lead nowhere."""
    import msgspec

    with open_record(filled, "default") as record:
        union = union_of(record)
    for rows in (
        msgspec.structs.replace(union.down, targets=union.down.targets + 100),
        msgspec.structs.replace(union.down, targets=union.down.targets - 100),
        msgspec.structs.replace(union.down, ends=union.down.ends[::-1]),
        msgspec.structs.replace(union.down, ends=union.down.ends[:-1]),
    ):
        files.write(
            tmp_path / "x", msgspec.structs.replace(union, down=rows), token="t", tenant="d"
        )
        with pytest.raises(DamageError):
            files.read(tmp_path / "x")


def test_the_graph_of_another_record_is_not_used(filled, fresh_url):
    reached(filled)
    with open_record(filled, "default") as record:
        path = path_of(record)
    with open_store(fresh_url("sqlite")) as other:
        write(other, "default", [entry("x", [(1, 9)]), entry("y", [(9, 10)])])
        with open_record(other, "default") as record:
            path_of(record).write_bytes(path.read_bytes())
        assert reached(other) == [PURLS[9], PURLS[10]]


def test_the_graph_of_another_tenant_is_not_used(filled):
    write(filled, "b", [entry("b", [(1, 9)])])
    reached(filled)
    with open_record(filled, "default") as record, open_record(filled, "b") as other:
        assert path_of(record) != path_of(other)
        path_of(other).write_bytes(path_of(record).read_bytes())
    assert reached(filled, tenant="b") == [PURLS[9]]
    assert reached(filled, tenant="nobody") == []


def test_without_a_folder_it_is_made_each_time(filled, monkeypatch, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    monkeypatch.setenv("PRATIQUE_DATA", str(blocked))
    assert reached(filled) == [PURLS[2], PURLS[3], PURLS[4]]


def test_a_write_that_fails_leaves_nothing(filled, tmp_path, monkeypatch):
    with open_record(filled, "default") as record:
        union = union_of(record)

    def full(*_arguments):
        raise OSError(28, "No space left on device")

    path = tmp_path / "graphs" / "x"
    files.write(path, union, token="before", tenant="default")
    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(OSError, match="space"):
        files.write(path, union, token="after", tenant="default")
    assert [one.name for one in path.parent.iterdir()] == ["x"]
    assert files.read(path)[0].token == "before"


# What is kept with each bill


@st.composite
def bill_graphs(draw):
    count = draw(st.integers(1, 10))
    place = st.integers(0, count - 1)
    edges = sorted(set(draw(st.lists(st.tuples(place, place), max_size=25))))
    roots = sorted(set(draw(st.lists(place, max_size=3))))
    return count, edges, roots, draw(st.sets(place, min_size=1, max_size=3))


@given(bill_graphs())
def test_first_ways_are_the_first_shortest_paths(graph):
    count, edges, roots, ends = graph
    names = [f"n{at:02d}" for at in range(count)]
    targets = [[b for a, b in edges if a == node] for node in range(count)]
    whole = Graph(names, targets, roots)
    before = first_ways(count, edges, roots)
    order = list(range(count))
    roles = unpack_roles(pack_roles(order, (), (), before), count)
    ways = {end: roles.way(end) for end in ends}
    for end, way in ways.items():
        assert tuple(names[at] for at in way or ()) == whole.shortest(end)
    found = [tuple(names[at] for at in way) for way in ways.values() if way is not None]
    nearest = min(found, key=lambda path: (len(path), path), default=())
    assert nearest == first_of(layers(targets, whole.roots, ends), targets, names)


@given(st.permutations(range(6)), st.data())
def test_roles_follow_their_packages(order, data):
    scopes = data.draw(st.lists(st.sampled_from(Scope), min_size=6, max_size=6))
    relations = data.draw(st.lists(st.sampled_from(Relation), min_size=6, max_size=6))
    before = [-1, 0, 1, 1, -2, 3]
    roles = unpack_roles(pack_roles(order, scopes, relations, before), 6)
    for new, old in enumerate(order):
        assert roles.scope(new) == scopes[old]
        assert roles.relation(new) == relations[old]
        way = roles.way(new)
        assert (way is None) == (old == 4)
        if way is not None:
            assert order[way[0]] == 0
            assert way[-1] == new


@given(st.data())
def test_damaged_roles_are_named(data):
    blob = bytearray(pack_roles([1, 0, 2], list(Scope)[:3], list(Relation), [-1, 0, 1]))
    for _ in range(data.draw(st.integers(1, 3))):
        blob[data.draw(st.integers(0, len(blob) - 1))] = data.draw(st.integers(0, 255))
    try:
        roles = unpack_roles(bytes(blob), 3)
    except DamageError:
        return
    for place in range(3):  # whatever it is: every chain ends
        roles.scope(place)
        roles.relation(place)
        if roles.before:
            with suppress(DamageError):
                roles.way(place)


def test_a_chain_that_never_ends_is_damage():
    circle = unpack_roles(pack_roles([0, 1], (), (), [1, 0]), 2)
    with pytest.raises(DamageError, match="never ends"):
        circle.way(0)
    with pytest.raises(DamageError):
        unpack_roles(pack_roles([0, 1], (), (), [-1, 0]), 3)
    assert unpack_roles(b"", 5) == Roles()
