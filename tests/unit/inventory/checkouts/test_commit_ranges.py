"""GIT ranges (OSV schema 1.7.5, ``affected[].ranges[]``) against histories made by git."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from pratique.advisories import Index
from pratique.advisories.commit_ranges import judge_range
from pratique.advisories.commits import Checkout
from pratique.formats.osv.commits import State
from pratique.inventory.git_files import open_repository

Make = Callable[..., Any]
Events = list[tuple[str, str]]


def judge(repo: Any, commit: str, events: Events) -> State:
    history = open_repository(repo.path, repo.path).history(commit)
    ancestry = history.reach([commit, *(value for _, value in events if value != "0")])
    return judge_range(events, commit, ancestry, history.gap)[0]


# --- the rules, on a graph one can draw -----------------------------------------------------

#   0 - 1 - 2 - 3 - 4 - 5        main
#        \         \
#         6 - 7 ----8 - 9        branch, 8 merges 3 into it
#   10 - 11                      of no relation
GRAPH: list[list[int]] = [[], [0], [1], [2], [3], [4], [1], [6], [7, 3], [8], [], [10]]


@pytest.fixture
def drawn(make_repo: Make, import_graph: Make) -> tuple[Any, list[str]]:
    repo = make_repo("drawn")
    return repo, import_graph(repo, GRAPH)


@pytest.mark.parametrize(
    ("events", "affected"),
    [
        ([("introduced", 2)], {2, 3, 4, 5, 8, 9}),
        ([("introduced", 2), ("fixed", 4)], {2, 3, 8, 9}),
        ([("introduced", 2), ("last_affected", 3)], {2, 3}),
        ([("introduced", 2), ("fixed", 3)], {2}),
        ([("introduced", "0")], set(range(12))),
        ([("introduced", "0"), ("fixed", 3)], {0, 1, 2, 6, 7}),
        ([("introduced", "0"), ("last_affected", 1)], {0, 1}),
        # A branch that the fix of main never reached, and its own fix.
        ([("introduced", 1), ("fixed", 4), ("fixed", 7)], {1, 2, 3, 6}),
        # Broken, mended, broken again.
        ([("introduced", 1), ("fixed", 2), ("introduced", 3), ("fixed", 5)], {1, 3, 4, 6, 7, 8, 9}),
        # A fix that does not descend from where it began mends nothing of it.
        ([("introduced", 2), ("fixed", 7)], {2, 3, 4, 5, 8, 9}),
        # Picked on to a branch: two commits that begin it, two that end it.
        ([("introduced", 2), ("introduced", 6), ("fixed", 5), ("fixed", 7)], {2, 3, 4, 6, 8, 9}),
        ([("introduced", 1), ("limit", 4)], {1, 2, 3}),
        ([("introduced", 1), ("limit", 4), ("limit", 7)], {1, 2, 3, 6}),
        ([("introduced", "0"), ("fixed", 11)], {10}),
        ([("introduced", 2), ("fixed", 2)], set()),
    ],
)
def test_range_on_a_drawn_graph(
    drawn: tuple[Any, list[str]], events: list[tuple[str, Any]], affected: set[int]
) -> None:
    repo, names = drawn
    named = [(kind, names[value] if value != "0" else "0") for kind, value in events]
    states = [judge(repo, name, named) for name in names]
    assert {n for n, state in enumerate(states) if state is State.AFFECTED} == affected
    assert State.UNKNOWN not in states


# --- the same by the definition, on graphs of chance ----------------------------------------


def by_definition(parents: Sequence[Sequence[int]], events: list[tuple[str, Any]], c: int) -> bool:
    """OSV.dev's definition, followed to the letter and slowly."""
    below: list[set[int]] = []
    for number, before in enumerate(parents):
        below.append({number}.union(*(below[p] for p in before)))
    fixed = {value for kind, value in events if kind == "fixed"}
    last = {value for kind, value in events if kind == "last_affected"}
    fixes = fixed | {n for n, before in enumerate(parents) if last & set(before)}
    begin = {value for kind, value in events if kind == "introduced" and value != "0"}
    if ("introduced", "0") in events:
        roots = {n for n, before in enumerate(parents) if not before}
        ends = fixed | last
        begin |= {r for r in roots if not ends or any(r in below[e] for e in ends)}
    return any(
        i in below[c] and not any(f in below[c] and i in below[f] for f in fixes) for i in begin
    )


@pytest.mark.parametrize("seed", range(4))
def test_range_by_definition_on_random_graphs(
    make_repo: Make, import_graph: Make, seed: int
) -> None:
    chance = random.Random(seed)
    parents: list[list[int]] = [[]]
    for number in range(1, 60):
        want = 0 if chance.random() < 0.04 else chance.choice([1, 1, 1, 2, 2, 3])
        low = max(0, number - 12)
        parents.append(chance.sample(range(low, number), min(want, number - low)))
    repo = make_repo("chance")
    names = import_graph(repo, parents)
    if seed % 2:
        repo.git("repack", "-q", "-a", "-d")
        repo.git("commit-graph", "write", "--reachable")
    opened = open_repository(repo.path, repo.path)
    hits = 0
    for _ in range(25):
        c = chance.randrange(20, 60)
        history = opened.history(names[c])
        for _ in range(20):
            end = chance.choice(["fixed", "last_affected"])
            events: list[tuple[str, Any]] = [
                ("introduced", "0" if chance.random() < 0.3 else chance.randrange(50))
                for _ in range(chance.choice([1, 1, 2]))
            ]
            events += [(end, chance.randrange(60)) for _ in range(chance.choice([0, 1, 1, 2, 3]))]
            named = [(kind, value if value == "0" else names[value]) for kind, value in events]
            ancestry = history.reach([names[c], *(v for _, v in named if v != "0")])
            found, _ = judge_range(named, names[c], ancestry, history.gap)
            wanted = by_definition(parents, events, c)
            assert found is (State.AFFECTED if wanted else State.CLEAR), (events, c)
            hits += wanted
    assert 50 < hits < 450


# --- history that is not here ---------------------------------------------------------------


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_shallow_clone_is_unknown_never_clean(make_repo: Make, clone: Make, depth: int) -> None:
    repo = make_repo("deep")
    names = [repo.commit(f"c{number}") for number in range(8)]
    shallow = clone(repo, "shallow", f"--depth={depth}")
    head = names[-1]
    here = names[-depth:]
    for i, begin in enumerate(names):
        for end in names[i + 1 :]:
            state = judge(shallow, head, [("introduced", begin), ("fixed", end)])
            assert state is (State.CLEAR if end in here else State.UNKNOWN)
            full = judge(repo, head, [("introduced", begin), ("fixed", end)])
            assert full is State.CLEAR
    assert judge(shallow, head, [("introduced", names[0])]) is State.UNKNOWN
    assert judge(shallow, head, [("introduced", head)]) is State.AFFECTED
    assert judge(shallow, head, [("introduced", "0")]) is State.AFFECTED
    assert judge(shallow, head, [("introduced", "0"), ("fixed", names[1])]) is State.UNKNOWN
    assert judge(shallow, head, [("introduced", "0"), ("fixed", head)]) is State.CLEAR


def test_fix_that_is_not_in_the_clone_is_no_ancestor(make_repo: Make) -> None:
    repo = make_repo("behind")
    begin, head = repo.commit("begin"), repo.commit("head")
    assert judge(repo, head, [("introduced", begin), ("fixed", "f" * 40)]) is State.AFFECTED
    assert judge(repo, head, [("introduced", "e" * 40), ("fixed", "f" * 40)]) is State.CLEAR
    assert judge(repo, head, [("introduced", begin), ("limit", "f" * 40)]) is State.UNKNOWN
    assert judge(repo, head, [("fixed", "f" * 40)]) is State.UNKNOWN, "it begins nowhere"


def test_more_beginnings_than_are_told_apart_are_unknown(
    make_repo: Make, import_graph: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pratique.formats.git.history.MAX_ROOTS", 3)
    repo = make_repo("roots")
    names = import_graph(repo, [[], [], [], [], [], [0, 1, 2, 3, 4], [5]])
    fixed = [("introduced", "0"), ("fixed", names[5])]
    assert judge(repo, names[6], fixed) is State.UNKNOWN
    assert judge(repo, names[6], [("introduced", names[0]), ("fixed", names[5])]) is State.CLEAR


# --- records, by repository, history and tag ------------------------------------------------

URL = "https://example.test/up/lib.git"


def ask(index: Index, repo: Any, repository: str = URL, **fields: Any) -> Any:
    history = open_repository(repo.path, repo.path).history(repo.git("rev-parse", "HEAD"))
    return index.match_commit(Checkout(repository, history.start, history=history, **fields))


def ids(known: Any) -> list[str]:
    return [match.advisories[0].id for match in known.answer.matches]


def test_records_of_a_checkout(make_repo: Make, make_index: Make, record: Make) -> None:
    repo = make_repo("lib")
    first, second, third = (repo.commit(name) for name in ("one", "two", "three"))
    index = make_index(
        record("A-1", URL, {"introduced": first}, {"fixed": second}),
        record("A-2", "git://example.test/up/lib", {"introduced": second}, {"fixed": "f" * 40}),
        record("A-3", "https://example.test/other", {"introduced": "0"}, {"fixed": "e" * 40}),
        record("A-4", URL, {"introduced": "0"}, {"last_affected": second}),
        record("A-5", URL, {"introduced": "0"}),
    )
    known = ask(index, repo)
    assert ids(known) == ["A-2", "A-5"]
    assert known.answer.unknown is None
    assert known.repositories == ("example.test/up/lib",)
    match = known.answer.matches[0]
    assert match.reason == f"commit {third[:12]} contains {second}, where A-2 begins, and no fix"
    assert match.fixed == ("f" * 40,)


def test_fork_is_known_by_its_history(make_repo: Make, make_index: Make, record: Make) -> None:
    repo = make_repo("fork")
    first = repo.commit("one")
    repo.commit("two")
    index = make_index(
        record("A-1", URL, {"introduced": first}, {"fixed": "f" * 40}),
        record("A-2", URL, {"introduced": "0"}, {"fixed": "e" * 40}),
    )
    known = ask(index, repo, "https://example.test/me/lib")
    assert ids(known) == ["A-1", "A-2"]
    assert "(its history is that of example.test/up/lib)" in known.answer.matches[0].reason
    assert ids(ask(index, repo, "")) == ["A-1", "A-2"], "not even an address is needed"


def test_tag_that_is_listed(make_repo: Make, make_index: Make, record: Make) -> None:
    repo = make_repo("tagged")
    repo.commit("one")
    absent = {"introduced": "d" * 40}, {"fixed": "f" * 40}
    index = make_index(
        record("A-1", URL, *absent, versions=("v1.0", "v1.1")),
        record("A-2", URL, *absent, versions=("v1.1",)),
    )
    known = ask(index, repo, tags=("v1.0",))
    assert ids(known) == ["A-1"]
    assert known.answer.matches[0].reason == "tag v1.0 is listed by A-1"
    commit = repo.git("rev-parse", "HEAD")
    bare = index.match_commit(Checkout(URL, commit, ("1_1",), why="no history is here"))
    assert ids(bare) == ["A-1", "A-2"], "tags of one version, where the history cannot say"
    other = index.match_commit(Checkout(URL, commit, ("v9",), why="no history is here"))
    assert other.answer.unknown is not None
    assert other.answer.unknown.reason == "A-1, A-2: no history is here"


def test_bare_commit(make_index: Make, record: Make) -> None:
    begin, end, other = "a" * 40, "b" * 40, "c" * 40
    index = make_index(
        record("A-1", URL, {"introduced": begin}, {"fixed": end}),
        record("A-2", URL, {"introduced": "0"}, {"last_affected": begin}),
    )
    at_begin = index.match_commit(Checkout(URL, begin))
    assert ids(at_begin) == ["A-1", "A-2"]
    at_end = index.match_commit(Checkout("", end))
    assert ids(at_end) == []
    assert at_end.answer.unknown.reason == "A-2: only the commit is known, not its history"
    between = index.match_commit(Checkout(URL, other))
    assert between.answer.unknown.reason.startswith("A-1, A-2: only the commit is known")
    elsewhere = index.match_commit(Checkout("https://example.test/elsewhere", other))
    assert (elsewhere.repositories, elsewhere.answer.unknown) == ((), None)


def test_index_without_repositories_says_so(make_index: Make) -> None:
    package = {"package": {"ecosystem": "PyPI", "name": "a"}, "versions": ["1"]}
    index = make_index({"id": "A-1", "modified": "2026-01-02T03:04:05Z", "affected": [package]})
    known = index.match_commit(Checkout(URL, "a" * 40))
    assert known.answer.unknown.reason == "no advisories for ecosystem GIT"
