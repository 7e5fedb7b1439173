"""``pratique check`` of git checkouts of every kind, hostile ones among them."""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Callable
from hashlib import sha1
from pathlib import Path
from typing import Any

import pytest

from pratique.surfaces.cli import main

Make = Callable[..., Any]
URL = "https://example.test/up/lib.git"
LIB = "pkg:git/example.test/up/lib"


@pytest.fixture
def check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, dict[str, Any]]]:
    """Run the check; gives its exit code and the bill."""
    monkeypatch.setenv("PRATIQUE_DATA", str(tmp_path / "data"))

    def run(path: Path) -> tuple[int, dict[str, Any]]:
        index = str(tmp_path / "advisories")
        code = main(["check", str(path), "--advisories", index, "-f", "json", "--offline"])
        return code, json.loads(capsys.readouterr().out)

    return run


@pytest.fixture
def lib(make_repo: Make, advisories: Make, record: Make) -> Any:
    """A library of four commits: A-1 is from the second to the third, A-2 from the fourth on."""
    repo = make_repo("lib")
    repo.names = [repo.commit(f"c{number}", tag=f"v{number}") for number in range(4)]
    names = repo.names
    advisories(
        record("A-1", URL, {"introduced": names[1]}, {"fixed": names[2]}),
        record("A-2", URL, {"introduced": names[3]}),
    )
    repo.git("remote", "add", "origin", URL)
    return repo


def found(bill: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["id"], one["subject"]) for one in bill["findings"]]


def unknowns(bill: dict[str, Any]) -> str:
    return "\n".join(
        f"{one['location']['path']} {one['trouble']}: {one['message']}" for one in bill["unknowns"]
    )


def test_checkout_at_a_vulnerable_commit(lib: Any, check: Make) -> None:
    code, bill = check(lib.path)
    assert code == 1
    assert found(bill) == [("A-2", f"{LIB}@{lib.names[3]}")]
    finding = bill["findings"][0]
    assert finding["reasons"][0] == (
        f"commit {lib.names[3][:12]} (v3) contains {lib.names[3]}, where A-2 begins, and no fix"
    )
    assert finding["locations"] == [{"path": ".git", "line": 0}]
    assert finding["remedy"].startswith("No commit that fixes it is known")


def test_detached_head_and_an_older_commit(lib: Any, check: Make) -> None:
    lib.git("checkout", "-q", lib.names[1])
    code, bill = check(lib.path)
    assert (code, found(bill)) == (1, [("A-1", f"{LIB}@{lib.names[1]}")])
    assert bill["findings"][0]["remedy"] == (
        f"Check out a commit of example.test/up/lib that contains the fix: {lib.names[2]}."
    )
    lib.git("checkout", "-q", lib.names[2])
    code, bill = check(lib.path)
    assert (code, found(bill), bill["complete"]) == (0, [], True)


def test_project_that_no_advisory_names_is_not_healthy_for_that(
    lib: Any, make_repo: Make, check: Make
) -> None:
    repo = make_repo("own")
    repo.commit("one")
    code, bill = check(repo.path)
    assert (code, bill["health"], bill["inventory"]["components"]) == (3, "unknown", [])
    assert "no address of its repository is known" in unknowns(bill)
    repo.git("remote", "add", "origin", "https://user:secret@example.test/me/own")
    code, bill = check(repo.path)
    assert (code, bill["inventory"]["components"]) == (3, [])
    assert "no advisory names example.test/me/own" in unknowns(bill)
    assert "secret" not in json.dumps(bill)
    (repo.path / "requirements.txt").write_text("alpha==1.0\n")
    _, bill = check(repo.path)
    assert [one["ref"] for one in bill["inventory"]["components"]] == [
        "requirements.txt#pypi:alpha@1.0"
    ] or len(bill["inventory"]["components"]) == 1


def test_no_remote_is_known_by_its_commits(lib: Any, check: Make) -> None:
    lib.git("remote", "remove", "origin")
    code, bill = check(lib.path)
    assert code == 1
    assert [one["id"] for one in bill["findings"]] == ["A-2"]
    assert "its history is that of example.test/up/lib" in bill["findings"][0]["reasons"][0]


def test_shallow_clone_is_unknown_for_what_it_cannot_say(
    lib: Any, clone: Make, check: Make
) -> None:
    lib.git("checkout", "-q", lib.names[2])
    lib.git("checkout", "-q", "-b", "old")
    shallow = clone(lib, "shallow", "--depth=1", "--branch=v2", url=URL)
    code, bill = check(shallow.path)
    assert (code, found(bill)) == (3, [])
    assert "A-2: the history of the commit is not complete: it is a shallow clone" in unknowns(bill)
    assert "A-1" not in unknowns(bill), "its fix is the commit itself"


def test_worktree_and_bare_repository(lib: Any, clone: Make, check: Make, tmp_path: Path) -> None:
    lib.git("worktree", "add", "-q", "--detach", str(tmp_path / "tree"), lib.names[1])
    assert (tmp_path / "tree/.git").is_file()
    assert found(check(tmp_path / "tree")[1]) == [("A-1", f"{LIB}@{lib.names[1]}")]
    bare = clone(lib, "bare.git", "--bare", url=URL)
    code, bill = check(bare.path)
    assert (code, found(bill)) == (1, [("A-2", f"{LIB}@{lib.names[3]}")])
    assert bill["findings"][0]["locations"] == [{"path": "HEAD", "line": 0}]


def test_nested_clone_and_alternates(lib: Any, clone: Make, check: Make, tmp_path: Path) -> None:
    clone(lib, "app/third_party/lib", "--shared", "--branch=v1", url="git@example.test:up/lib.git")
    assert (tmp_path / "app/third_party/lib/.git/objects/info/alternates").exists()
    code, bill = check(tmp_path / "app")
    assert (code, found(bill)) == (1, [("A-1", f"{LIB}@{lib.names[1]}")])
    assert bill["findings"][0]["locations"][0]["path"] == "third_party/lib/.git"


@pytest.fixture
def app(lib: Any, make_repo: Make) -> Any:
    """An application with the library at its second commit as a submodule."""
    repo = make_repo("app")
    add = ("-c", "protocol.file.allow=always", "submodule", "add", "-q")
    repo.git(*add, "--name", "the lib", f"file://{lib.path}", "vendor/lib")
    repo.git("-C", "vendor/lib", "checkout", "-q", lib.names[1])
    repo.git("config", "-f", ".gitmodules", "submodule.the lib.url", "../../up/lib.git")
    repo.git("remote", "add", "origin", "https://example.test/me/deep/app")
    repo.git("remote", "set-url", "origin", "https://example.test/me/app")
    repo.commit("with submodule")
    return repo


def test_submodule(app: Any, lib: Any, check: Make) -> None:
    code, bill = check(app.path)
    assert (code, found(bill)) == (1, [("A-1", f"{LIB}@{lib.names[1]}")])
    assert bill["findings"][0]["locations"] == [{"path": ".gitmodules", "line": 2}]
    # The folder of the submodule by itself: its repository is elsewhere, but knows of it.
    code, bill = check(app.path / "vendor/lib")
    assert (code, [one["id"] for one in bill["findings"]]) == (1, ["A-1"])


def test_submodule_at_another_commit_than_is_asked_for(app: Any, lib: Any, check: Make) -> None:
    app.git("-C", "vendor/lib", "checkout", "-q", lib.names[2])
    code, bill = check(app.path)
    assert (code, found(bill)) == (0, [])
    wanted = f"submodule is at commit {lib.names[2]}, its superproject asks for {lib.names[1]}"
    assert wanted in unknowns(bill)


def test_submodule_that_is_not_initialised(app: Any, lib: Any, clone: Make, check: Make) -> None:
    app.git("-C", "vendor/lib", "checkout", "-q", lib.names[0])
    app.commit("earlier")
    plain = clone(app, "plain", url="https://example.test/me/app")
    assert not list((plain.path / "vendor/lib").iterdir())
    code, bill = check(plain.path)
    assert (code, found(bill)) == (3, [])
    assert (
        f"example.test/up/lib {lib.names[0]}: A-1, A-2: its history is not here (the submodule is "
        "not initialised)"
    ) in unknowns(bill)
    # One that was initialised once has its history kept.
    app.git("submodule", "deinit", "-q", "-f", "vendor/lib")
    code, bill = check(app.path)
    assert (code, found(bill), unknowns(bill).count("history")) == (0, [], 0)


def test_bare_repository_with_submodules(app: Any, lib: Any, clone: Make, check: Make) -> None:
    bare = clone(app, "app.git", "--bare", url="https://example.test/me/app")
    code, bill = check(bare.path)
    assert (code, found(bill)) == (1, [("A-1", f"{LIB}@{lib.names[1]}")]), unknowns(bill)


def test_submodule_in_a_submodule(app: Any, lib: Any, make_repo: Make, check: Make) -> None:
    top = make_repo("top")
    allow = ("-c", "protocol.file.allow=always")
    top.git(*allow, "submodule", "add", "-q", f"file://{app.path}", "app")
    top.git("-C", "app", "config", "submodule.the lib.url", f"file://{lib.path}")
    top.git("-C", "app", *allow, "submodule", "update", "-q", "--init")
    top.git("remote", "add", "origin", "https://example.test/me/top")
    top.commit("one")
    _, bill = check(top.path)
    places = [one["locations"][0]["path"] for one in bill["findings"]]
    assert places == ["app/.gitmodules"], unknowns(bill)


def test_repository_with_names_of_sha256(
    make_repo: Make, advisories: Make, record: Make, check: Make
) -> None:
    repo = make_repo("wide", "--object-format=sha256")
    names = [repo.commit(f"c{number}") for number in range(3)]
    assert len(names[0]) == 64
    repo.git("remote", "add", "origin", URL)
    advisories(
        record("A-1", URL, {"introduced": names[1]}),
        record("A-2", URL, {"introduced": "0"}, {"fixed": names[2]}),
    )
    assert found(check(repo.path)[1]) == [("A-1", f"{LIB}@{names[2]}")]
    repo.git("gc", "-q")
    assert found(check(repo.path)[1]) == [("A-1", f"{LIB}@{names[2]}")]


def test_links_in_the_work_tree_lead_nowhere(app: Any, lib: Any, check: Make) -> None:
    (app.path / ".gitmodules").unlink()
    (app.path / ".gitmodules").symlink_to("/etc/passwd")
    code, bill = check(app.path)
    assert ".gitmodules unreadable: submodules cannot be read: .gitmodules leads out" in unknowns(
        bill
    )
    assert code in {1, 3}, "the clone in vendor/lib is still met by itself"


def test_exclude_leaves_out_submodules_and_checkouts(
    app: Any, check: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    index = str(tmp_path / "advisories")
    for glob in ("vendor", ".git", "vendor/lib"):
        words = ["check", str(app.path), "--advisories", index, "--exclude", glob, "-f", "json"]
        main(words)
        bill = json.loads(capsys.readouterr().out)
        assert bill["inventory"]["components"] == [], glob


def test_bill_of_materials_names_submodules_and_can_be_checked(
    app: Any, lib: Any, check: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sbom", "generate", str(app.path)]) == 0
    (tmp_path / "app.cdx.json").write_text(capsys.readouterr().out)
    code, bill = check(tmp_path / "app.cdx.json")
    assert (code, found(bill)) == (1, [("A-1", f"{LIB}@{lib.names[1]}")])
    assert "A-2: only the commit is known, not its history" in unknowns(bill)


def test_package_url_of_a_repository(lib: Any, check: Make) -> None:
    code, bill = check(f"{LIB}@{lib.names[3]}")
    assert (code, [one["id"] for one in bill["findings"]]) == (1, ["A-2"])
    code, bill = check(f"{LIB}@v1.0")
    assert (code, found(bill)) == (3, [])
    assert "it names commits only, no versions" in unknowns(bill)


# --- what comes from whoever made the folder ------------------------------------------------


def test_no_program_that_the_configuration_names_is_run(lib: Any, check: Make) -> None:
    marker = lib.path.parent / "ran"
    script = lib.path / ".git/hooks/evil"
    script.write_text(f"#!/bin/sh\ntouch {marker}\n")
    script.chmod(0o755)
    for key in (
        "core.fsmonitor", "core.pager", "core.sshCommand", "core.editor", "diff.external",
        "alias.status", "filter.x.clean", "credential.helper", "uploadpack.packObjectsHook",
    ):  # fmt: skip
        lib.git("config", key, str(script))
    for hook in ("post-checkout", "post-index-change", "reference-transaction"):
        (lib.path / ".git/hooks" / hook).symlink_to(script)
    with (lib.path / ".git/config").open("a") as file:
        file.write('[include]\n\tpath = /dev/zero\n[includeIf "gitdir:/"]\n\tpath = /dev/zero\n')
    assert found(check(lib.path)[1]) == [("A-2", f"{LIB}@{lib.names[3]}")]
    assert not marker.exists()


@pytest.mark.parametrize("how", ["link", "file", "relative file", "commondir", "object link"])
def test_repository_elsewhere_is_not_read(lib: Any, check: Make, tmp_path: Path, how: str) -> None:
    evil = tmp_path / "evil"
    evil.mkdir()
    if how == "link":
        (evil / ".git").symlink_to(lib.path / ".git")
    elif how == "file":
        (evil / ".git").write_text(f"gitdir: {lib.path}/.git\n")
    elif how == "relative file":
        (evil / ".git").write_text("gitdir: ../lib/.git\n")
    elif how == "commondir":
        (evil / ".git").mkdir()
        (evil / ".git/HEAD").write_text(f"{lib.names[1]}\n")
        (evil / ".git/commondir").write_text(f"{lib.path}/.git\n")
    else:
        (evil / ".git/refs").mkdir(parents=True)
        (evil / ".git/HEAD").write_text("ref: refs/heads/main\n")
        (evil / ".git/objects").mkdir()
        (evil / ".git/packed-refs").symlink_to(lib.path / ".git/HEAD")
    code, bill = check(evil)
    assert (code, found(bill)) == (3, [])
    assert ".git unreadable: git checkout: " in unknowns(bill)
    assert lib.names[3] not in json.dumps(bill)


def test_work_tree_whose_repository_does_not_know_it(lib: Any, check: Make, tmp_path: Path) -> None:
    lib.git("worktree", "add", "-q", "--detach", str(tmp_path / "tree"), lib.names[1])
    (tmp_path / "tree").rename(tmp_path / "moved")
    code, bill = check(tmp_path / "moved")
    assert (code, found(bill)) == (3, [])
    assert "outside of what is checked that does not know of it" in unknowns(bill)


@pytest.mark.parametrize(
    ("head", "why"),
    [
        ("ref: refs/heads/../../../../etc/passwd", "is no reference"),
        ("ref: /etc/passwd", "is no reference"),
        ("ref: refs/heads/none", "has no commit yet"),
        ("ref: refs/heads/a", "leads from reference to reference"),
        ("zzz", "names no commit"),
        ("", "names no commit"),
        ("0" * 40, ""),
    ],
)
def test_strange_heads(lib: Any, check: Make, head: str, why: str) -> None:
    (lib.path / ".git/HEAD").write_text(head)
    (lib.path / ".git/refs/heads/a").write_text("ref: refs/heads/a")
    code, bill = check(lib.path)
    assert (code, found(bill)) == (3, [])
    assert why in unknowns(bill)
    if not why:
        assert f"A-1, A-2: its history cannot be read: commit {head} is not here" in unknowns(bill)


def test_pipes_and_folders_instead_of_files(lib: Any, check: Make) -> None:
    for name in ("packed-refs", "shallow"):
        (lib.path / ".git" / name).unlink(missing_ok=True)
        os.mkfifo(lib.path / ".git" / name)
    code, bill = check(lib.path)
    assert (code, [one["id"] for one in bill["findings"]]) == (1, ["A-2"]), "it names the commit"
    assert "A-1: its history cannot be read: shallow is not a regular file" in unknowns(bill)
    (lib.path / ".git/HEAD").unlink()
    (lib.path / ".git/HEAD").mkdir()
    code, bill = check(lib.path)
    assert (code, ".git unreadable: git checkout: " in unknowns(bill)) == (3, True)


def test_corrupt_object_in_the_history_is_unknown(lib: Any, check: Make) -> None:
    lib.git("checkout", "-q", lib.names[2])
    lib.git("branch", "-q", "-f", "main", lib.names[2])
    second = lib.path / ".git/objects" / lib.names[0][:2] / lib.names[0][2:]
    second.chmod(0o644)
    second.write_bytes(b"\0" * 40)
    code, bill = check(lib.path)
    assert (code, found(bill)) == (3, [])
    assert "A-2: the history of the commit is not complete: object" in unknowns(bill)


def test_pack_that_unpacks_to_too_much(lib: Any, check: Make) -> None:
    bomb = zlib.compress(b"tree " + b"0" * 64_000_000, 9)
    name = bytes.fromhex(lib.names[3])
    size = 64_000_005
    head = [0x10 | size & 15 | 0x80]
    rest = size >> 4
    while rest:
        head.append(rest & 0x7F | (0x80 if rest > 0x7F else 0))
        rest >>= 7
    pack = b"PACK" + struct.pack(">II", 2, 1) + bytes(head) + bomb
    pack += sha1(pack, usedforsecurity=False).digest()
    fanout = struct.pack(">256I", *(int(first >= name[0]) for first in range(256)))
    index = b"\xfftOc\0\0\0\2" + fanout + name + bytes(4) + struct.pack(">I", 12) + pack[-20:]
    index += sha1(index, usedforsecurity=False).digest()
    folder = lib.path / ".git/objects/pack"
    (folder / "pack-bomb.pack").write_bytes(pack)
    (folder / "pack-bomb.idx").write_bytes(index)
    code, bill = check(lib.path)
    assert (code, [one["id"] for one in bill["findings"]]) == (1, ["A-2"]), "it names the commit"
    assert "64,000,005 bytes, over the limit" in unknowns(bill)


def test_pack_larger_than_memory_is_not_read_whole(lib: Any, check: Make) -> None:
    lib.git("repack", "-q", "-a", "-d")
    pack = next((lib.path / ".git/objects/pack").glob("*.pack"))
    pack.chmod(0o644)
    os.truncate(pack, 1 << 40)  # a sparse file of a terabyte
    assert found(check(lib.path)[1]) == [("A-2", f"{LIB}@{lib.names[3]}")]


def test_submodules_that_lead_out(app: Any, check: Make) -> None:
    text = (app.path / ".gitmodules").read_text()
    (app.path / ".gitmodules").write_text(
        text + '[submodule "up"]\n\tpath = ../../etc\n\turl = https://example.test/x\n'
        '[submodule "root"]\n\tpath = /\n\turl = https://example.test/x\n'
        '[submodule "../../x"]\n\tpath = gone\n\turl = https://example.test/x\n'
    )
    code, bill = check(app.path)
    assert code == 1, "what is well is still found"
    assert "submodule 'up' is in no folder of its own" in unknowns(bill)
    assert "submodule '../../x' has no commit" in unknowns(bill)


def test_reftable_is_told(lib: Any, check: Make) -> None:
    lib.git("config", "extensions.refstorage", "reftable")
    code, bill = check(lib.path)
    assert (code, "format (reftable) that is not read" in unknowns(bill)) == (3, True)


def test_damaged_git_folders_never_stop_the_check(lib: Any, check: Make) -> None:
    import random

    chance = random.Random(5)
    lib.git("pack-refs", "--all")
    lib.git("gc", "-q")
    files = [path for path in sorted((lib.path / ".git").rglob("*")) if path.is_file()]
    wanted = [p for p in files if p.suffix in {".idx", ".pack", ""} and "hooks" not in p.parts]
    for _ in range(40):
        path = chance.choice(wanted)
        whole = path.read_bytes()
        data = bytearray(whole or b"x")
        for _ in range(chance.randrange(1, 20)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        path.chmod(0o644)
        path.write_bytes(data)
        code, _ = check(lib.path)
        assert code in {1, 3} or path.name in {"config", "packed-refs", "main", "HEAD", "origin"}
        path.write_bytes(whole)
    assert check(lib.path)[0] == 1
