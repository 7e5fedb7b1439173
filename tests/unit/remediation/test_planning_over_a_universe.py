"""``pratique fix MANIFEST --universe FILE``: planned over described versions alone."""

from __future__ import annotations

import json
import random
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pratique.model.errors import PratiqueError, UsageError

Tree = Callable[[dict[str, str]], Path]
Run = Callable[..., tuple[int, str]]

SCHEMA = """\
harbour-ui
  1.0.0
    rope@^1.0.0
  1.1.0
    rope@^1.2.0
  2.0.0
    rope@^2.0.0
rope
  1.0.0
  1.2.0
  2.0.0
  2.1.0
tar-pit
  0.9.0
winch
  1.0.0
  2.0.0
"""


def universe(system: str, schema: str) -> str:
    return f"system: {system}\nschema: |\n" + "".join(f"  {line}\n" for line in schema.splitlines())


def package(needs: dict[str, str], **more: Any) -> str:
    return json.dumps({"name": "quay", "version": "1.0.0", "dependencies": needs, **more}, indent=2)


def record(identifier: str, ecosystem: str, name: str, *events: dict[str, str]) -> str:
    kind = "SEMVER" if ecosystem == "npm" else "ECOSYSTEM"
    ranges = [{"type": kind, "events": list(events)}]
    return json.dumps(
        {
            "schema_version": "1.7.5",
            "id": identifier,
            "modified": "2026-11-20T00:00:00Z",
            "affected": [{"package": {"ecosystem": ecosystem, "name": name}, "ranges": ranges}],
        }
    )


OSV = {
    "osv/EX-1.json": record("EX-1", "npm", "rope", {"introduced": "0"}, {"fixed": "2.1.0"}),
    "osv/EX-2.json": record("EX-2", "npm", "tar-pit", {"introduced": "0"}),
    # The only fix of EX-3 is affected by EX-4.
    "osv/EX-3.json": record("EX-3", "npm", "winch", {"introduced": "0"}, {"fixed": "2.0.0"}),
    "osv/EX-4.json": record("EX-4", "npm", "winch", {"introduced": "2.0.0"}),
}


def command(*words: str) -> int:
    from pratique.remediation.cli import fix as entry
    from pratique.surfaces.cli.app import Parser

    parser = Parser(prog="pratique fix")
    entry.configure(parser)
    return entry.run(parser.parse_args(words))


@pytest.fixture
def run(
    tree: Tree, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[[dict[str, str]], Run]:
    """Lays out files and gives what runs the command on one of them."""

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("nothing may be run and no connection made")

    def prepared(files: dict[str, str]) -> Run:
        folder = tree({"universe.yaml": universe("npm", SCHEMA), **OSV, **files})
        monkeypatch.chdir(folder)
        monkeypatch.setattr(subprocess, "Popen", refused)
        monkeypatch.setattr(socket.socket, "connect", refused)

        def call(subject: str, *words: str) -> tuple[int, str]:
            code = command(subject, "--universe", "universe.yaml", "--osv", "osv", *words)
            return code, capsys.readouterr().out

        return call

    return prepared


def plan_of(found: tuple[int, str]) -> Any:
    return json.loads(found[1])


def moves(plan: Any) -> list[tuple[str, str, str]]:
    return [
        (one["name"], one["before"], one["after"])
        for change in plan["changes"]
        for one in change["updates"]
    ]


def test_requirements_move_until_the_resolver_comes_to_fixed_versions(run) -> None:
    call = run({"package.json": package({"harbour-ui": "^1.0.0", "tar-pit": "^0.9.0"})})
    code, text = call("package.json")
    assert code == 1
    assert "1. harbour-ui  ^1.0.0 -> ^2.0.0\n   fixes EX-1 (unknown)" in text
    assert "EX-2  unknown  tar-pit 0.9.0" in text
    assert "no version of tar-pit in the universe is without it" in text
    plan = plan_of(call("package.json", "-f", "json"))
    assert moves(plan) == [("harbour-ui", "^1.0.0", "^2.0.0")]
    assert plan["complete"] is True
    assert [one["id"] for one in plan["vulnerabilities"]] == ["EX-1", "EX-2"]
    assert plan["vulnerabilities"][0]["packages"] == [{"name": "rope", "version": "1.2.0"}]


def test_the_patch_is_the_change_and_the_file_stays(run) -> None:
    call = run({"package.json": package({"harbour-ui": "^1.0.0"})})
    before = Path("package.json").read_bytes()
    _, patch = call("package.json", "--patch", "-")
    assert '-    "harbour-ui": "^1.0.0"\n+    "harbour-ui": "^2.0.0"\n' in patch
    assert Path("package.json").read_bytes() == before
    assert plan_of(call("package.json", "--patch", "a.patch", "-f", "json"))["files"] == [
        "package.json"
    ]
    assert Path("a.patch").read_text() == patch


def test_nothing_that_was_not_there_comes_in(run) -> None:
    plan = plan_of(
        run({"package.json": package({"winch": "^1.0.0"})})("package.json", "-f", "json")
    )
    assert moves(plan) == []
    assert plan["remaining"] == [{"id": "EX-3", "reason": "its fix would bring in EX-4"}]


@pytest.mark.parametrize(
    ("words", "moved"),
    [
        (["--max-major", "0"], False),
        (["--keep", "harbour-ui"], False),
        (["--max-depth", "1"], False),
        (["--max-depth", "2"], True),
        (["--no-dev"], True),
        (["--only", "kev"], False),
        (["--only", "high"], True),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, list) else "",
)
def test_limits_hold(run, words: list[str], moved: bool) -> None:
    call = run({"package.json": package({"harbour-ui": "^1.0.0"})})
    assert bool(moves(plan_of(call("package.json", "-f", "json", *words)))) is moved


def test_what_development_needs_is_left_alone_and_said(run) -> None:
    call = run({"package.json": package({}, devDependencies={"harbour-ui": "^1.0.0"})})
    code, text = call("package.json", "--no-dev")
    assert code == 0
    assert "1 vulnerabilities are left out by --no-dev or --max-depth" in text


def test_what_the_universe_lacks_makes_the_plan_incomplete(run) -> None:
    call = run({"package.json": package({"nobody": "^1.0.0"})})
    code, text = call("package.json")
    assert code == 3
    assert "nobody ^1.0.0, needed by the project, is not there" in text


def test_a_lockfile_moves_in_place(run) -> None:
    entries = {
        "": {"name": "quay", "version": "1.0.0", "dependencies": {"rope": "^2.0.0"}},
        "node_modules/rope": {"version": "2.0.0"},
    }
    lock = {"name": "quay", "version": "1.0.0", "lockfileVersion": 3, "packages": entries}
    call = run({"package-lock.json": json.dumps(lock, indent=2)})
    plan = plan_of(call("package-lock.json", "-f", "json"))
    assert plan["strategy"] == "in-place"
    assert moves(plan) == [("rope", "2.0.0", "2.1.0")]
    assert '+      "version": "2.1.0"' in call("package-lock.json", "--patch", "-")[1]
    entries["node_modules/rope"]["integrity"] = "sha512-AAAA"
    Path("package-lock.json").write_text(json.dumps(lock, indent=2))
    with pytest.raises(UsageError, match=r"integrity of 2\.1\.0 is not known"):
        call("package-lock.json", "--patch", "-")


def test_locking_anew_is_a_change_of_its_own(run) -> None:
    entries = {
        "": {"name": "quay", "version": "1.0.0", "dependencies": {"rope": "^2.0.0"}},
        "node_modules/rope": {"version": "2.0.0"},
    }
    lock = {"name": "quay", "version": "1.0.0", "lockfileVersion": 3, "packages": entries}
    files = {
        "package.json": package({"rope": "^2.0.0"}),
        "package-lock.json": json.dumps(lock),
    }
    code, text = run(files)("package.json")
    assert code == 1
    assert "1. lock anew\n   fixes EX-1" in text


def test_python_and_maven(run) -> None:
    pypi = universe("pypi", "alpha\n  1.0\n    beta@<2\n  2.0\n    beta@>=2\nbeta\n  1.5\n  2.5\n")
    maven = universe("Maven", "g:a\n  1.0\n    g:b@1.0\n  2.0\n    g:b@1.0\ng:b\n  1.0\n  1.1\n")
    dependency = "<groupId>g</groupId><artifactId>a</artifactId><version>1.0</version>"
    call = run(
        {
            "pypi.yaml": pypi,
            "maven.yaml": maven,
            "requirements.txt": "alpha==1.0\nbeta[fast]\n-r more.txt\n",
            "pom.xml": "<project><modelVersion>4.0.0</modelVersion><groupId>g</groupId>"
            "<artifactId>quay</artifactId><version>1</version><dependencies><dependency>"
            f"{dependency}</dependency></dependencies></project>",
            "osv/EX-5.json": record("EX-5", "PyPI", "beta", {"introduced": "0"}, {"fixed": "2.0"}),
            "osv/EX-6.json": record("EX-6", "Maven", "g:b", {"introduced": "0"}, {"fixed": "1.1"}),
        }
    )
    plan = plan_of(call("requirements.txt", "--universe", "pypi.yaml", "-f", "json"))
    assert moves(plan) == [("alpha", "==1.0", "==2.0")]
    assert plan["complete"] is False, "the other file was not taken in"
    assert any("-r more.txt" in note for note in plan["notes"])
    assert any("the extras of beta" in note for note in plan["notes"])
    quoted = '[project]\nname = "quay"\nversion = "1"\ndependencies = ["alpha[fast]==1.0"]\n'
    Path("pyproject.toml").write_text(quoted)
    plan = plan_of(call("pyproject.toml", "--universe", "pypi.yaml", "-f", "json"))
    assert any("the extras of alpha" in note for note in plan["notes"])
    words = ["pom.xml", "--universe", "maven.yaml", "-f", "json"]
    plan = plan_of(call(*words))
    assert (plan["strategy"], moves(plan)) == ("override", [("g:b", "", "1.1")])
    assert moves(plan_of(call(*words, "--no-management"))) == []
    assert moves(plan_of(call(*words, "--strategy", "update"))) == [("g:a", "1.0", "2.0")]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["package.json", "--prove"], "--prove does not go with --universe"),
        (["package.json", "--apply"], "--apply does not go"),
        (["package.json", "--min-age", "3"], "does not say when versions were published"),
        (["package.json", "--min-age", "0"], "does not say when versions were published"),
        (["package.json", "--vex", "a"], "--vex does not go"),
        (["package.json", "--message", "a"], "--message does not go"),
        (["package.json", "--statements", "a"], "--statements does not go"),
        (["package.json", "--record"], "--record does not go"),
        (["package.json", "--max-major", "2"], "can only be 0"),
        (["package.json", "--max-depth", "0"], "at least 1"),
        (["package.json", "--keep", "nobody"], "does not have it"),
        (["package.json", "--no-management", "--strategy", "relax"], "for the strategy override"),
        (["package.json", "--strategy", "override"], "Use in-place or relax"),
        (["package.json", "--strategy", "in-place"], "needs a package-lock.json"),
        (["package.json", "--universe", "package.json"], "lacks system or schema"),
        (["package.json", "--universe", "cargo.yaml"], "system 'cargo' is not known"),
        (["package.json", "--universe", "deep.yaml"], "deep.yaml: line 1 of the schema"),
        (["package.json", "--universe", "python.yaml"], "Use relax|is of npm"),
        (["package.json", "--universe", "absent"], "absent cannot be read"),
        (["package.json", "--osv", "absent"], "there is no 'absent'"),
        (["package.json", "--osv", "package.json"], "no OSV record"),
        (["package.json", "--advisories", "osv"], "both given"),
        (["universe.yaml"], "is no manifest"),
        (["broken/package.json"], "broken/package.json: "),
        (["absent"], "absent cannot be read"),
        (["."], "is a folder"),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, list) else "says",
)
def test_wrong_use_and_broken_files_are_one_error(run, words: list[str], message: str) -> None:
    call = run(
        {
            "package.json": package({"rope": "^1.0.0"}),
            "broken/package.json": "{",
            "cargo.yaml": universe("cargo", SCHEMA),
            "deep.yaml": "system: npm\nschema: |2\n      a@1\n",
            "python.yaml": universe("pypi", "a\n  1\n"),
        }
    )
    with pytest.raises(PratiqueError, match=message):
        call(*words)


@pytest.mark.parametrize(
    "words",
    [
        ["--osv", "a"],
        ["--keep", "a"],
        ["--max-depth", "0"],
        ["--no-dev"],
        ["--no-management"],
        ["--strategy", "update"],
    ],
    ids=" ".join,
)
def test_what_only_a_universe_makes_sense_of_is_refused_without_one(words: list[str]) -> None:
    with pytest.raises(UsageError, match="for planning over a universe"):
        command(*words)


def test_damaged_universes_give_a_plan_or_one_error(run) -> None:
    call = run({"package.json": package({"harbour-ui": "^1.0.0"})})
    data = Path("universe.yaml").read_bytes()
    chance = random.Random("universes")
    ends = {"plan": 0, "error": 0}
    for _ in range(25):
        changed = bytearray(data)
        for _ in range(chance.randint(1, 6)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        Path("universe.yaml").write_bytes(bytes(changed))
        try:
            code, text = call("package.json", "-f", "json")
        except PratiqueError:
            ends["error"] += 1
        else:
            assert code in {0, 1, 3}
            assert json.loads(text)["schema"] == "urn:pratique:schema:fix-projection:1"
            ends["plan"] += 1
    assert all(ends.values())
