"""Repositories made by git itself, with a configuration of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pratique.advisories import Index
from pratique.advisories.build import build
from pratique.advisories.inputs import Source

ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.test",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.test",
    "GIT_ALLOW_PROTOCOL": "file",
    "LC_ALL": "C",
    "PATH": os.environ.get("PATH", ""),
}


class Repo:
    """A repository with a work tree, driven through git."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._clock = 1_700_000_000

    def git(self, *words: str, data: bytes | None = None) -> str:
        self._clock += 60
        times = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), f"{self._clock} +0000")
        done = subprocess.run(
            ["git", "-C", str(self.path), *words],
            input=data,
            capture_output=True,
            check=False,
            env={**ENVIRONMENT, **times},
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode().strip()

    def commit(self, name: str = "", *, tag: str = "") -> str:
        """A new commit; its message and one file of it are the name."""
        name = name or str(self._clock)
        (self.path / f"{name}.txt").write_text(name * 50)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", name)
        made = self.git("rev-parse", "HEAD")
        if tag:
            self.git("tag", tag)
        return made


def _init(path: Path, *options: str) -> Repo:
    path.mkdir(parents=True)
    repo = Repo(path)
    repo.git("init", "-q", "-b", "main", *options)
    return repo


@pytest.fixture
def make_repo(tmp_path: Path) -> Callable[..., Repo]:
    """``make_repo(name, *options of git init)``."""
    if not shutil.which("git"):
        pytest.skip("git is not installed")

    def make(name: str, *options: str) -> Repo:
        return _init(tmp_path / name, *options)

    return make


@pytest.fixture
def clone(tmp_path: Path) -> Callable[..., Repo]:
    """``clone(repo, name, *options of git clone, url=the address it then says it is from)``."""

    def make(repo: Repo, name: str, *options: str, url: str = "") -> Repo:
        source = str(repo.path) if "--shared" in options else f"file://{repo.path}"
        repo.git("clone", "-q", *options, source, str(tmp_path / name))
        made = Repo(tmp_path / name)
        if url:
            made.git("remote", "set-url", "origin", url)
        return made

    return make


def git_record(
    identifier: str, repo: str, *events: dict[str, str], versions: tuple[str, ...] = ()
) -> dict[str, Any]:
    affected: dict[str, Any] = {"ranges": [{"type": "GIT", "repo": repo, "events": list(events)}]}
    if versions:
        affected["versions"] = list(versions)
    return {"id": identifier, "modified": "2026-01-02T03:04:05Z", "affected": [affected]}


@pytest.fixture
def record() -> Callable[..., dict[str, Any]]:
    """``record(id, repository, *events, versions=…)``."""
    return git_record


@pytest.fixture
def advisories(tmp_path: Path) -> Callable[..., Path]:
    """Build an index of records; gives its folder."""

    def make(*records: dict[str, Any]) -> Path:
        path = tmp_path / "records.ndjson"
        path.write_bytes(b"\n".join(map(msgspec.json.encode, records)))
        build(tmp_path / "advisories", [Source(path=str(path))])
        return tmp_path / "advisories"

    return make


@pytest.fixture
def make_index(advisories: Callable[..., Path]) -> Callable[..., Index]:
    """An open index of records."""
    return lambda *records: Index.open(advisories(*records))


def imported(repo: Repo, parents: list[list[int]]) -> list[str]:
    """Commits of a graph, made at once; each is given by the numbers of its parents before it.

    Returns:
        Their names, in order.
    """
    lines = []
    for number, before in enumerate(parents):
        lines.append(
            f"commit refs/heads/c{number}\nmark :{number + 1}\n"
            f"committer A <a@example.test> {1_700_000_000 + number} +0000\n"
            f"data {len(str(number))}\n{number}\n"
        )
        for place, parent in enumerate(before):
            lines.append(f"{'merge' if place else 'from'} :{parent + 1}\n")
        lines.append(f"M 644 inline f{number % 50}\ndata {len(str(number))}\n{number}\n\n")
    marks = repo.path / ".git/marks"
    data = "".join(lines).encode()
    repo.git("fast-import", "--quiet", f"--export-marks={marks}", data=data)
    named = dict(line.split() for line in marks.read_text().splitlines())
    return [named[f":{number + 1}"] for number in range(len(parents))]


@pytest.fixture
def import_graph() -> Callable[[Repo, list[list[int]]], list[str]]:
    """See :func:`imported`."""
    return imported
