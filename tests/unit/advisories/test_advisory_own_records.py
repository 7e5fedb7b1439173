"""Records of one's own: folders and repositories of them, joined with all others."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pratique.advisories import Index, snapshot
from pratique.advisories import own as own_module
from pratique.advisories.build import build
from pratique.advisories.cloning import _address
from pratique.advisories.inputs import Source
from pratique.advisories.own_records import OwnSource, configured, read_own
from pratique.advisories.update import compact
from pratique.model.advisory import Query
from pratique.model.errors import UpstreamError, UsageError
from pratique.surfaces.cli.app import dispatch

ZERO = {"introduced": "0"}
NOW = datetime(2026, 3, 1, tzinfo=UTC)

YAML = """\
id: x_acme-2
modified: 2026-01-02T03:04:05Z
aliases: [GHSA-1]
affected:
  - package: {ecosystem: npm, name: alpha}
    ranges:
      - type: SEMVER
        events: [{introduced: "0"}, {fixed: 1.10}]
"""


@pytest.fixture
def data(tmp_path: Path, record: Any, source: Callable[..., Path]) -> Path:
    root = tmp_path / "data"
    low = {"severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"}]}  # fmt: skip
    published = record("GHSA-1", "npm", "alpha", ZERO, {"fixed": "1.5.0"}, aliases=["CVE-1"], **low)
    build(root, [Source(path=str(source(published)), name="npm", as_of=NOW)], now=NOW)
    return root


@pytest.fixture
def own(tmp_path: Path, record: Any) -> Path:
    folder = tmp_path / "own"
    (folder / "deep").mkdir(parents=True)
    one = record("x_acme-1", "npm", "beta", ZERO)
    (folder / "deep" / "one.json").write_text(json.dumps(one))
    (folder / "two.yaml").write_text(YAML)
    return folder


def run(data: Path, *words: str) -> int:
    return dispatch(["advisories", "local", "--data", str(data), *words])


def answer(data: Path, name: str, version: str = "1.0.0") -> tuple[Any, ...]:
    return Index.open(data).match([Query(ecosystem="npm", name=name, version=version)])[0].matches


def test_folder_is_joined_shown_and_outranks_nothing(data: Path, own: Path) -> None:
    assert run(data, "--local", f"acme={own}") == 0
    (match,) = answer(data, "beta")
    assert match.reason == "all versions are affected according to x_acme-1 (own records: acme)"
    (match,) = answer(data, "alpha")
    assert [each.id for each in match.advisories] == ["GHSA-1", "x_acme-2"], "one vulnerability"
    assert match.reason.startswith("in range introduced 0, fixed 1.5.0 of GHSA-1; also ")
    assert match.reason.endswith("fixed 1.10 of x_acme-2 (own records: acme)")
    assert match.advisories[0].severity == answer(data, "alpha")[0].advisories[0].severity
    (match,) = answer(data, "alpha", "1.7.0")
    assert [each.id for each in match.advisories] == ["x_acme-2"], "1.10 is no number"
    status = Index.open(data).status(NOW)
    assert status.as_of == NOW, "one's own records make nothing newer or older"
    assert {source.name: source.records for source in status.sources} == {"npm": 1, "acme": 2}


def test_what_is_gone_goes_and_the_rest_stays_through_a_build(data: Path, own: Path) -> None:
    run(data, "--local", f"acme={own}")
    before = Index.open(data).manifest.generation
    run(data, "--local", f"acme={own}")
    assert Index.open(data).manifest.generation == before, "nothing has changed"
    (own / "two.yaml").unlink()
    run(data, "--local", f"acme={own}")
    assert [each.id for each in answer(data, "alpha")[0].advisories] == ["GHSA-1"]
    compact(data, now=NOW)
    assert Index.open(data).manifest.layers == ()
    assert Index.open(data).manifest.local == {"acme": ("x_acme-1",)}
    assert len(answer(data, "beta")) == 1
    run(data, "--forget", "acme")
    assert answer(data, "beta") == ()
    assert Index.open(data).manifest.local == {}


def test_record_that_could_stand_for_a_published_one_is_named_and_left(
    data: Path, own: Path, record: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    withdrawn = record("GHSA-1", "npm", "alpha", ZERO, withdrawn="2026-02-01T00:00:00Z")
    (own / "three.json").write_text(json.dumps(withdrawn | {"modified": "2030-01-01T00:00:00Z"}))
    (own / "four.json").write_bytes(b"\xff{}")
    (own / "five.yml").write_text("a: &x [*x]\n")
    (own / "six.yml").write_text("!!python/object/apply:os.system [id]\n")
    (own / "seven.json").write_text(json.dumps(record("x_acme-1", "npm", "gamma", ZERO)))
    (own / "eight.json").write_text("[" * 5000)
    (own / "nine.json").symlink_to("/etc/hostname")
    assert run(data, "--local", f"acme={own}") == 3
    err = capsys.readouterr().err
    assert "three.json: its id is 'GHSA-1'" in err
    for name in ("four.json", "five.yml", "six.yml", "seven.json", "eight.json"):
        assert f"not taken: acme: {name}: " in err
    assert "nine" not in err
    assert len(answer(data, "alpha")) == 1, "still there"
    assert len(answer(data, "beta")) == 1, "the others are taken"


def test_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRATIQUE_LOCAL_ADVISORIES", "a=/srv/a, b=git+https://git.example.test/b")
    assert configured(["c=x"]) == [
        OwnSource("c", "x"),
        OwnSource("a", "/srv/a"),
        OwnSource("b", "git+https://git.example.test/b"),
    ]
    for wrong in ("a", "=x", "a b=x", "a=", "-a=x"):
        with pytest.raises(UsageError, match="names no source"):
            configured([wrong])
    with pytest.raises(UsageError, match="two sources"):
        configured(["a=other"])


@pytest.fixture
def repository(tmp_path: Path, own: Path) -> Path:
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    path = tmp_path / "repository"
    path.mkdir()
    shutil.copytree(own, path / "records")
    (path / "records" / "link.json").symlink_to("/etc/hostname")
    (path / "other.json").write_text("{}")

    def git(*words: str) -> None:
        identity = ("-c", "user.name=N", "-c", "user.email=n@example.test")
        subprocess.run(["git", *identity, *words], cwd=path, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    hook = path / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    (path / ".gitattributes").write_text("* filter=evil\n")
    git("add", "-A")
    git("commit", "-q", "-m", "one")
    git("branch", "older")
    (path / "records" / "two.yaml").unlink()
    git("commit", "-q", "-a", "-m", "two")
    git("config", "filter.evil.smudge", f"touch {tmp_path}/ran")
    return path


def test_repository(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config"
    config.write_text(f"[core]\n\thooksPath = {repository}/.git/hooks\n[uploadpack]\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    found = read_own(OwnSource("acme", f"git+{repository}#records"))
    assert sorted(found.records) == ["x_acme-1"]
    assert found.problems == []
    found = read_own(OwnSource("acme", f"git+file://{repository}@older"), offline=True)
    assert sorted(found.records) == ["x_acme-1", "x_acme-2"]
    assert [problem.split(":")[1] for problem in found.problems] == [" other.json"]
    assert not (tmp_path / "ran").exists()
    with pytest.raises(UpstreamError, match="git cannot read"):
        read_own(OwnSource("acme", f"git+{repository}@absent"))


@pytest.mark.parametrize(
    "place",
    ["git+ext::sh -c touch% x", "git+http://git.example.test/a", "git+--upload-pack=x", "git+",
     "git+https://git.example.test/a@--x", "git+https://git.example.test/a@a..b",
     "git+https://git.example.test/a#../x", "git+fd::3", "git+ftp://example.test/a"],
)  # fmt: skip
def test_places_that_are_refused(place: str) -> None:
    with pytest.raises(UsageError, match=r"not the address|is not there"):
        read_own(OwnSource("a", place))


def test_addresses() -> None:
    made = _address("git+ssh://git@git.example.test/a/b.git@v1.2/x#in/here")
    assert (made.url, made.protocol) == ("ssh://git@git.example.test/a/b.git", "ssh")
    assert (made.ref, made.folder) == ("v1.2/x", "in/here")
    made = _address("git+ssh://git@git.example.test/a")
    assert (made.url, made.ref) == ("ssh://git@git.example.test/a", "")


def test_offline_refuses_a_repository_elsewhere() -> None:
    with pytest.raises(UsageError, match="cannot be fetched offline"):
        read_own(OwnSource("a", "git+https://git.example.test/a"), offline=True)


ASKED = [Query(ecosystem="PyPI", name="jinja2", version="2.4"),
         Query(ecosystem="Go", name="golang.org/x/net", version="0.1.0")]  # fmt: skip


def small_starter(folder: Path, every: int) -> Path:
    """A starter of a part of the facts, made as the one in the package is made."""
    folder.mkdir()
    asked = {query.name for query in ASKED}
    kept = [
        snapshot._encode(fact)
        for number, fact in enumerate(snapshot.read_facts(snapshot.shipped() / snapshot.FACTS))
        if number % every == 0 or asked & {each.name for each in fact.record.affected}
    ]
    snapshot.write_packed(folder / snapshot.FACTS, iter(kept))
    shutil.copyfile(snapshot.shipped() / snapshot.SOURCES, folder / snapshot.SOURCES)
    (folder / "built").mkdir()
    snapshot.rebuild(folder, folder / "built")
    snapshot.pack(folder / "built", folder / snapshot.INDEX)
    return folder


@pytest.mark.parametrize("every", [50, pytest.param(1, marks=pytest.mark.nightly)])
def test_own_records_over_the_starter(
    every: int, tmp_path: Path, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The starter has facts only: it is first built with whole records."""
    data = tmp_path / "fresh"
    if every > 1:
        small = small_starter(tmp_path / "small", every)
        for module in (snapshot, own_module):
            monkeypatch.setattr(module, "shipped", lambda: small)
    before = snapshot.open_root(data)
    assert run(data, "--local", f"acme={own}") == 0
    after = Index.open(data)
    assert len(answer(data, "beta")) == 1
    assert after.manifest.records == before.manifest.records + 2
    assert after.partial == before.partial
    assert after.manifest.as_of == before.manifest.as_of
    ids = [[m.advisories[0].id for m in a.matches] for a in before.match(ASKED)]
    assert [[m.advisories[0].id for m in a.matches] for a in after.match(ASKED)] == ids
    assert ids[0]
    assert ids[1]
