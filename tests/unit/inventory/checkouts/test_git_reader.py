"""The readers of git repositories, against what git itself says of the same ones."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pratique.formats.git import GitError, History
from pratique.formats.git.config import last, read_config
from pratique.formats.git.index_file import gitlinks
from pratique.formats.git.pack import apply_delta
from pratique.inventory.git_files import open_repository

Make = Callable[..., Any]


def history(path: Path, commit: str = "") -> History:
    repository = open_repository(path, path)
    return repository.history(commit or repository.refs.head()[0])


@pytest.fixture(params=["sha1", "sha256"])
def branchy(request: pytest.FixtureRequest, make_repo: Make) -> Any:
    """Forty commits on branches that are merged at random, one of them with three parents."""
    repo = make_repo("branchy", f"--object-format={request.param}")
    chance = random.Random(7)
    repo.commit("root", tag="begin")
    repo.git("tag", "-a", "-m", "annotated", "begin-annotated")
    for number in range(12):
        repo.git("checkout", "-q", "-b", f"b{number}", chance.choice(["main", "main~0"]))
        for step in range(2):
            repo.commit(f"b{number}-{step}")
        repo.git("checkout", "-q", "main")
        if number % 3 == 0:
            repo.commit(f"m{number}", tag=f"v{number}")
        if number % 2:
            repo.git("merge", "-q", "--no-ff", "-m", "merge", f"b{number}", f"b{number - 1}")
    return repo


def layouts(repo: Any) -> Iterator[str]:
    """The repository as it is, packed, with a commit graph, with a chain of them."""
    yield "loose"
    repo.git("repack", "-q", "-a", "-d", "--depth=20", "--window=50")
    repo.git("pack-refs", "--all")
    yield "packed"
    repo.git("commit-graph", "write", "--reachable")
    yield "graph"
    (repo.path / ".git/objects/info/commit-graph").unlink()
    repo.git("commit-graph", "write", "--split", "--reachable")
    repo.commit("after")
    repo.git("commit-graph", "write", "--split=no-merge", "--reachable")
    repo.commit("later")
    yield "chain"


def test_history_is_what_git_says(branchy: Any) -> None:
    for layout in layouts(branchy):
        for commit in ("HEAD", "b3", "b8~1", "begin"):
            full = branchy.git("rev-parse", commit)
            said = set(branchy.git("rev-list", full).split())
            found = history(branchy.path, full)
            assert set(found) == said, layout
            assert (found.start, found.gap, len(found)) == (full, "", len(said))
            assert next(iter(found)) == branchy.git("rev-list", "--max-parents=0", full)
        everything = branchy.git("rev-list", "--all").split()
        head = branchy.git("rev-parse", "HEAD")
        ancestry = history(branchy.path, head).reach(everything)
        for commit in everything:
            inside = commit in branchy.git("rev-list", head).split()
            assert ancestry.contains(commit) is inside, layout
        for one in everything[::5]:
            below = set(branchy.git("rev-list", one).split())
            got = {each for each in everything if ancestry.mask(one) & ancestry.bit(each)}
            assert got == below, layout


def test_references_and_tags_are_what_git_says(branchy: Any) -> None:
    for layout in layouts(branchy):
        repository = open_repository(branchy.path, branchy.path)
        head, branch = repository.refs.head()
        assert (head, branch) == (branchy.git("rev-parse", "HEAD"), "main"), layout
        tags = repository.tags()
        lines = branchy.git("for-each-ref", "--format=%(refname:strip=2)", "refs/tags").split()
        assert sorted(name for names in tags.values() for name in names) == sorted(lines)
        for commit, names in tags.items():
            assert [branchy.git("rev-parse", f"{n}^{{commit}}") for n in names] == [commit] * len(
                names
            )
        found, steps = repository.history(head).nearest({c: n[0] for c, n in tags.items()})
        assert found == branchy.git("describe", "--tags", "--abbrev=0")
        assert steps == (2 if layout == "chain" else 0) + 2, "by the shortest way"


@pytest.mark.parametrize("version", [2, 3, 4])
def test_submodules_of_an_index(make_repo: Make, version: int) -> None:
    lib, app = make_repo("lib"), make_repo("app")
    commit = lib.commit("one")
    for name in ("lib", "deep/er/lib"):
        app.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(lib.path), name)
    for number in range(20):
        app.commit(f"file-{number}-{'x' * number}")
    if version == 3:
        (app.path / "later").write_text("x")
        app.git("add", "-N", "later")
    app.git("update-index", f"--index-version={version}")
    data = (app.path / ".git/index").read_bytes()
    assert {path: name.hex() for path, name in gitlinks(data, 20).items()} == {
        "lib": commit,
        "deep/er/lib": commit,
    }


def test_split_index_is_told(make_repo: Make) -> None:
    repo = make_repo("split")
    repo.commit("one")
    repo.git("update-index", "--split-index")
    repo.commit("two")
    with pytest.raises(GitError, match="split over two files"):
        gitlinks((repo.path / ".git/index").read_bytes(), 20)


def test_damaged_indexes_are_refused_never_misread(make_repo: Make) -> None:
    lib, app = make_repo("lib"), make_repo("app")
    lib.commit("one")
    app.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(lib.path), "lib")
    data = (app.path / ".git/index").read_bytes()
    chance = random.Random(3)
    for _ in range(2000):
        damaged = bytearray(data[: chance.randrange(len(data))] if chance.random() < 0.3 else data)
        for _ in range(3):
            if damaged:
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            found = gitlinks(bytes(damaged), 20)
        except GitError:
            continue
        assert all(len(name) == 20 for name in found.values())


def test_old_index_of_a_pack(make_repo: Make) -> None:
    repo = make_repo("old")
    for number in range(9):
        repo.commit(f"c{number}")
    repo.git("-c", "pack.indexVersion=1", "repack", "-q", "-a", "-d")
    assert len(history(repo.path)) == 9


def test_damaged_repositories_never_give_another_history(make_repo: Make) -> None:
    repo = make_repo("damaged")
    for number in range(30):
        repo.commit(f"c{number}")
    said = repo.git("rev-list", "HEAD").split()
    repo.git("gc", "-q")
    files = [
        path
        for pattern in ("objects/pack/*.idx", "objects/pack/*.pack", "objects/info/commit-graph")
        for path in (repo.path / ".git").glob(pattern)
    ]
    assert len(files) == 3
    chance = random.Random(11)
    for path in files:
        whole = path.read_bytes()
        path.chmod(0o644)
        for _ in range(60):
            data = bytearray(whole)
            for _ in range(chance.randrange(1, 6)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            cut = chance.randrange(len(data)) if chance.random() < 0.2 else len(data)
            path.write_bytes(data[:cut])
            try:
                found = history(repo.path)
            except GitError:
                continue
            assert set(found) <= set(said)
            assert found.gap or set(found) == set(said), "less is never said to be all"
        path.write_bytes(whole)


def test_replaced_object_is_found_out(make_repo: Make) -> None:
    repo = make_repo("replaced")
    first, second = repo.commit("one"), repo.commit("two")
    place = repo.path / ".git/objects" / first[:2] / first[2:]
    place.chmod(0o644)
    place.write_bytes((repo.path / ".git/objects" / second[:2] / second[2:]).read_bytes())
    assert "is not what its name stands for" in history(repo.path).gap


def test_configuration_is_read_as_git_reads_it(make_repo: Make) -> None:
    repo = make_repo("config")
    text = (
        '[remote "origin"]\n\turl = "https://example.test/a;b" ; comment\n'
        '[Remote "we\\"ird"] url = x\\\ny # z\n[core]\n\tbare\n[branch.Main]\nx = 1\n'
        "[a]\nk = one\nk = two\n[include]\npath = /etc/passwd\n"
    )
    (repo.path / ".git/config").write_text(f"[core]\nrepositoryformatversion = 0\n{text}")
    settings = read_config(text.encode())
    for section, name, key in (
        ("remote", "origin", "url"), ("remote", 'we"ird', "url"), ("a", "", "k"),
        ("core", "", "bare"),
    ):  # fmt: skip
        dotted = f"{section}.{name}.{key}" if name else f"{section}.{key}"
        said = repo.git("config", "--no-includes", "--get", dotted) or "true"
        assert last(settings, section, name, key) == said


@pytest.mark.parametrize(
    ("delta", "why"),
    [
        (b"\x05\x03\x90\x03", ""),
        (b"\x04\x03\x90\x03", "base is another"),
        (b"\x05\x09\x91\x03\x09", "copies what is not there"),
        (b"\x05\x01\x00", "means nothing"),
        (b"\x05\x09\x90\x03", "not of its size"),
        (b"\x05\xff\xff\xff\xff\x7f", "over the limit"),
    ],
)
def test_deltas(delta: bytes, why: str) -> None:
    if not why:
        assert apply_delta(b"hello", delta) == b"hel"
        return
    with pytest.raises(ValueError, match=why):
        apply_delta(b"hello", delta)
