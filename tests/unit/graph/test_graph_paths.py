"""Paths in random small graphs, cycles included, against a search of all of them."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from pratique.graph.paths import MAX_PATHS, Graph


@st.composite
def graphs(draw):
    count = draw(st.integers(1, 7))
    place = st.integers(0, count - 1)
    edges = draw(st.sets(st.tuples(place, place), max_size=16))
    roots = draw(st.sets(place, max_size=3))
    names = draw(st.permutations([f"n{number}" for number in range(count)]))
    targets = [sorted(b for a, b in edges if a == node) for node in range(count)]
    return names, targets, sorted(roots)


def simple_paths(targets, roots, end):
    """All paths without a repeated node, by plain search."""
    stack = [(root,) for root in roots]
    while stack:
        path = stack.pop()
        if path[-1] == end:
            yield path
            continue
        stack += [(*path, target) for target in targets[path[-1]] if target not in path]


def reachable(targets, start):
    seen, todo = set(), list(targets[start])
    while todo:
        node = todo.pop()
        if node not in seen:
            seen.add(node)
            todo += targets[node]
    return seen


def components(targets):
    ways = [reachable(targets, node) for node in range(len(targets))]
    return [frozenset({a} | {b for b in ways[a] if a in ways[b]}) for a in range(len(targets))]


def condensed(of, path):
    route = [of[path[0]]]
    for node in path[1:]:
        if of[node] != route[-1]:
            route.append(of[node])
    return tuple(route)


@settings(max_examples=400, deadline=None)
@given(graphs())
def test_paths_are_those_of_a_plain_search(drawn):
    names, targets, roots = drawn
    graph, of = Graph(names, targets, roots), components(targets)
    if not roots:
        led_to = {of[b] for a, row in enumerate(targets) for b in row if of[a] != of[b]}
        roots = [node for node in range(len(names)) if of[node] not in led_to]
    for end in range(len(names)):
        plain = list(simple_paths(targets, roots, end))
        routes = {condensed(of, path) for path in plain}
        node = graph.place[names[end]]
        assert graph.count(node) == len(routes)
        shortest = graph.shortest(node)
        assert len(shortest) == min(map(len, plain), default=0)
        listed = graph.paths(node)
        place = {name: number for number, name in enumerate(names)}
        numbered = [tuple(place[name] for name in path) for path in listed]
        assert set(numbered) <= set(plain)
        assert {condensed(of, path) for path in numbered} == routes
        assert len(listed) == len(routes)
        assert [len(path) for path in listed] == sorted(map(len, listed))
        for path in numbered:  # each is the shortest way along its route
            same = [len(one) for one in plain if condensed(of, one) == condensed(of, path)]
            assert len(path) == min(same)
        assert graph.paths(node, 1) == listed[:1] or len(graph.paths(node, 1)) == min(
            1, len(routes)
        )


def test_many_paths_are_counted_and_a_thousand_listed():
    """Sixty diamonds in a row have 2 to the 60 paths."""
    names, targets = [], []
    for number in range(60):
        at = 3 * number
        names += [f"{number:03d}a", f"{number:03d}b", f"{number:03d}c"]
        targets += [[at + 1, at + 2], [at + 3], [at + 3]]
    names.append("end")
    targets.append([])
    started = time.process_time()
    graph = Graph(names, targets, [0])
    end = graph.place["end"]
    assert graph.count(end) == 2**60
    assert len(set(graph.paths(end))) == MAX_PATHS
    assert len(graph.shortest(end)) == 121
    assert time.process_time() - started < 5


def test_a_deep_chain_needs_no_recursion():
    count = 50_000
    names = [f"{number:06d}" for number in range(count)]
    graph = Graph(names, [[number + 1] for number in range(count - 1)] + [[0]], [0])
    assert graph.count(count - 1) == 1
    assert len(graph.shortest(count - 1)) == count
