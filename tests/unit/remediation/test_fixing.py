"""Drafts without a resolver, patches, messages, and giving changes back."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from pratique.advisories import Index
from pratique.model.errors import ExitCode, LimitError, PratiqueError, UsageError
from pratique.remediation import running, workspace
from pratique.remediation.cli import code_of
from pratique.remediation.errors import AttemptError, ChangedError, UnprovenError
from pratique.remediation.message import message, title
from pratique.remediation.models import Strategy
from pratique.remediation.patch import unified
from pratique.remediation.plan import Status
from pratique.remediation.planning import Wishes
from pratique.remediation.proving import Terms
from pratique.remediation.service import Fixed, Mode, Order, fix
from pratique.remediation.statements import statements
from pratique.remediation.table import drawn
from pratique.remediation.workspace import Workspace

Tree = Callable[[dict[str, str]], Path]
POM = """\
<project>
  <groupId>org.example</groupId>
  <artifactId>ship</artifactId>
  <version>1</version>
  <properties><a.version>1.0</a.version></properties>
  <dependencies>
    <dependency>
      <groupId>org.example</groupId>
      <artifactId>alpha</artifactId>
      <version>${a.version}</version>
    </dependency>
  </dependencies>
</project>
"""
FILES = {
    "py/requirements.txt": "# pins\nalpha==1.0  # why\nbeta == 1.0\ngamma==1.0\n",
    "java/pom.xml": POM,
    "go/go.mod": "module m\n\ngo 1.23\n\nrequire example.test/alpha v1.0.0\n",
    "rust/Cargo.lock": 'version = 3\n\n[[package]]\nname = "alpha"\nversion = "1.0.0"\n'
    'source = "registry+https://index.example.test"\n',
}


@pytest.fixture
def fixed(index: Index, now: datetime, tree: Tree) -> Callable[..., Fixed]:
    def call(files: dict[str, str], mode: Mode = Mode.DRAFT, **more: object) -> Fixed:
        terms = Terms(now=now, strategy=more.pop("strategy", None), days=more.pop("days", None))
        return fix(
            Order(subject=tree(files), mode=mode, terms=terms, wishes=Wishes(), **more), index
        )

    return call


def test_a_draft_writes_what_needs_no_resolver_and_says_not_proven(fixed) -> None:
    done = fixed(FILES)
    after = {path: new.decode() for path, (_, new) in done.changes.items()}
    assert after["py/requirements.txt"] == "# pins\nalpha==1.3  # why\nbeta == 2.0\ngamma==1.0\n"
    assert after["java/pom.xml"] == POM.replace(">1.0<", ">1.5<")
    assert "example.test/alpha v1.1.0" in after["go/go.mod"]
    states = {one.status for each in done.plan.upgrades for one in each.occurrences}
    assert states == {Status.NOT_PROVEN}
    reasons = {one.documents[0]: one.reason for one in done.plan.remaining}
    assert "no resolver was to be run" in reasons["rust/Cargo.lock"]
    assert {one.subject for one in done.after.findings} == {
        "pkg:pypi/gamma@1.0",
        "pkg:cargo/alpha@1.0.0",
    }


def test_the_folder_stays_as_it_is_until_applied(fixed, tree: Tree) -> None:
    fixed(FILES)
    for path, text in FILES.items():
        assert (tree({}) / path).read_text() == text


def test_the_patch_is_one_that_git_applies(fixed, tree: Tree) -> None:
    files = {**FILES, "end/requirements.txt": "alpha==1.0"}
    done = fixed(files)
    folder = tree(files)
    (folder.parent / "fix.patch").write_text(unified(done.changes), newline="")
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    subprocess.run(["git", "apply", "../fix.patch"], cwd=folder, check=True)
    for path, (_, new) in done.changes.items():
        assert (folder / path).read_bytes() == new
    assert "end/requirements.txt" in done.changes


def test_only_what_is_proven_everywhere_is_called_fixed(fixed) -> None:
    plan = fixed({"a/requirements.txt": "alpha==1.0\n", "b/requirements.txt": "alpha==1.0\n"}).plan
    [upgrade] = plan.upgrades
    proven, other = (
        msgspec.structs.replace(one, status=status)
        for one, status in zip(upgrade.occurrences, (Status.PROVEN, Status.NOT_PROVEN), strict=True)
    )
    assert title([(upgrade, proven)]) == "Upgrade alpha: 1 vulnerability fixed"
    both = title([(upgrade, proven), (upgrade, other)])
    assert both == "Upgrade alpha: 1 vulnerability not proven to be fixed"
    more = msgspec.structs.replace(upgrade, name="beta", fixes=("EX-8", "EX-9"))
    assert title([(upgrade, proven), (more, other)]) == (
        "Upgrade alpha, beta: 1 vulnerability fixed, 2 vulnerabilities not proven to be fixed"
    )
    assert message(plan).count("no resolver was to be run") == 2


def test_a_change_that_nobody_proved_is_no_clean_result(fixed) -> None:
    done = fixed({"requirements.txt": "alpha==1.0\n"})
    assert [one.status for one in done.after.findings] == []
    assert code_of(done) == ExitCode.INCOMPLETE
    [upgrade] = done.plan.upgrades
    [one] = upgrade.occurrences
    proven = msgspec.structs.replace(
        upgrade, occurrences=(msgspec.structs.replace(one, status=Status.PROVEN),)
    )
    plan = msgspec.structs.replace(done.plan, upgrades=(proven,))
    assert code_of(msgspec.structs.replace(done, plan=plan)) == ExitCode.CLEAN


def test_the_message_says_what_was_done_and_what_remains(fixed) -> None:
    done = fixed({"requirements.txt": "alpha==1.0\ngamma==1.0\n"})
    text = message(done.plan)
    assert text.startswith("# Upgrade alpha: 1 vulnerability not proven to be fixed\n")
    assert (
        "| alpha | 1.0 | 1.3 | requirements.txt | EX-1, (CVE-2026-0001) | high 7.5 | not proven |"
        in text
    )
    assert "no resolver was to be run" in text
    assert "pkg:pypi/gamma@1.0 (EX-5; requirements.txt): no fixed version is known" in text


def test_statements_call_fixed_only_what_is_proven(fixed, now: datetime) -> None:
    done = fixed({"py/requirements.txt": "alpha==1.0\ngamma==1.0\n"}, Mode.PLAN)
    document = statements(done.plan, "pkg:generic/ship@1", now, author="A. Judge")
    found = {one.vulnerability: one for one in document.statements}
    assert {one.status.value for one in found.values()} == {"affected"}
    assert "Upgrade alpha 1.0" in found["EX-1"].action
    assert found["EX-5"].action.startswith("Not fixed: ")
    [upgrade] = [one for one in done.plan.upgrades if one.name == "alpha"]
    proven = msgspec.structs.replace(upgrade.occurrences[0], status=Status.PROVEN)
    upgrade = msgspec.structs.replace(upgrade, occurrences=(proven,))
    plan = msgspec.structs.replace(done.plan, upgrades=(upgrade,), remaining=())
    [one, *_] = statements(plan, "pkg:generic/ship@1", now).statements
    assert one.status.value == "fixed"
    assert one.products[0].subcomponents[0].label == f"pkg:pypi/alpha@{upgrade.after}"


def test_names_of_others_cannot_draw_in_the_message_or_on_the_terminal(fixed) -> None:
    done = fixed({"a|b`_<i>\x1b[2J/requirements.txt": "alpha==1.0\n"})
    assert "a\\|b\\`\\_\\<i\\>" in message(done.plan)
    assert "\x1b" not in drawn(done.plan)


def test_a_strategy_that_a_project_has_not_is_refused_with_a_reason(fixed) -> None:
    done = fixed({"java/pom.xml": POM}, strategy=Strategy.IN_PLACE)
    assert not done.changes
    assert done.plan.remaining[0].reason.endswith("in-place is not possible for java/pom.xml")


def test_without_a_known_age_nothing_is_chosen(fixed) -> None:
    for mode in (Mode.PLAN, Mode.DRAFT):
        done = fixed({"requirements.txt": "alpha==1.0\n"}, mode, days=30)
        assert not done.plan.upgrades
        assert not done.changes
        assert "is not known" in done.plan.remaining[0].reason


def test_lockfiles_of_other_tools_are_left_to_them(fixed) -> None:
    poetry = (
        '[[package]]\nname = "alpha"\nversion = "1.0"\n\n[metadata]\nlock-version = "2.0"\n'
        'python-versions = "*"\ncontent-hash = "x"\n'
    )
    project = '[tool.poetry.dependencies]\npython = "^3.11"\nalpha = "^1.0"\n'
    done = fixed({"poetry.lock": poetry, "pyproject.toml": project})
    (one,) = done.plan.upgrades[0].occurrences
    assert (one.status, one.strategy) == (Status.NOT_PROVEN, Strategy.RELAX)
    assert "'poetry lock'" in one.note
    assert done.changes["pyproject.toml"][1].decode() == project.replace("^1.0", "^1.3")
    assert [one.subject for one in done.after.findings] == ["pkg:pypi/alpha@1.0"], "still open"


def test_formats_that_cannot_be_written_are_named(fixed) -> None:
    gem = "GEM\n  remote: https://gems.example.test/\n  specs:\n    alpha (1.0)\n"
    yarn = '# yarn lockfile v1\n\n\nalpha@^1.0.0:\n  version "1.0.0"\n'
    done = fixed({"yarn.lock": yarn, "Gemfile.lock": gem})
    assert "yarn.lock cannot be written here" in done.plan.remaining[0].reason


def test_applying_needs_files_as_they_were(tree: Tree) -> None:
    folder = tree({"a.txt": "one\n", "b.txt": "two\n"})
    (folder / "b.txt").chmod(0o640)
    with Workspace(folder, commands=False) as work:
        work.write("a.txt", "changed\n")
        work.write("b.txt", "changed\n")
        (folder / "b.txt").write_text("meanwhile\n")
        with pytest.raises(ChangedError):
            work.give_back()
        assert (folder / "a.txt").read_text() == "one\n", "nothing was written"
        (folder / "b.txt").write_text("two\n")
        assert work.give_back() == ["a.txt", "b.txt"]
    assert (folder / "b.txt").stat().st_mode & 0o777 == 0o640
    assert sorted(one.name for one in folder.iterdir()) == ["a.txt", "b.txt"], "no left-overs"


def test_links_and_installed_trees_are_not_copied(tree: Tree, tmp_path: Path) -> None:
    folder = tree({"a.txt": "x", "node_modules/x/package.json": "{}", ".git/config": "x"})
    (tmp_path / "secret").write_text("s")
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "up").symlink_to(tmp_path)
    with Workspace(folder, commands=False) as work:
        assert [one.name for one in work.root.iterdir()] == ["a.txt"]
    assert not work.root.exists()


def test_too_much_to_copy_is_said(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace, "MAX_COPY_BYTES", 10)
    with pytest.raises(LimitError), Workspace(tree({"a.txt": "x" * 11}), commands=False):
        pass


def test_a_resolver_that_fails_hangs_or_is_absent(
    tree: Tree, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, body in {
        "refuses": "echo 'error: no' >&2; exit 1",
        "offline": "echo 'error: Could not connect' >&2; exit 1",
        "hangs": "sleep 20",
        "yanked": "echo 'warning: alpha==1.3 is yanked' >&2",
    }.items():
        (programs / name).write_text(f"#!/bin/sh\n{body}\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setattr(running, "TIMEOUT", 0.5)
    with Workspace(tree({"a": ""}), commands=True) as work:
        with pytest.raises(AttemptError, match="refuses says no: error: no") as refused:
            work.run("", "refuses")
        assert not isinstance(refused.value, UnprovenError)
        for name in ("offline", "hangs", "absent-program"):
            with pytest.raises(UnprovenError):
                work.run("", name)
        with pytest.raises(AttemptError, match="yanked"):
            work.run("", "yanked", "-P", "alpha==1.3")
        assert work.run("", "yanked", "-P", "beta==2.0") == "", "that holds up nothing else"


def command(*words: str) -> int:
    from pratique.remediation.cli import fix as entry
    from pratique.surfaces.cli.app import Parser

    parser = Parser(prog="pratique fix")
    entry.configure(parser)
    return entry.run(parser.parse_args(words))


def test_the_command_prints_plans_and_writes_files(
    tree: Tree, index_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tree({"requirements.txt": "alpha==1.0\ngamma==1.0\n"})
    base = [str(folder), "--advisories", str(index_folder)]
    assert command(*base) == 1
    text = capsys.readouterr().out
    assert "1. alpha  1.0 -> 1.3  (PyPI; high 7.5)" in text
    assert "no fixed version is known" in text
    assert command(*base, "-f", "json", "--only", "high") == 1
    assert json.loads(capsys.readouterr().out)["upgrades"][0]["after"] == "1.3"
    out = tmp_path / "fix.patch"
    assert command(*base, "--patch", str(out), "--message", str(tmp_path / "m.md")) == 1
    assert "+alpha==1.3" in out.read_text()
    assert (folder / "requirements.txt").read_text() == "alpha==1.0\ngamma==1.0\n"
    assert command(*base, "--patch", "-") == 1
    assert capsys.readouterr().out.rstrip().splitlines()[-1].startswith((" ", "+", "-"))


def test_one_plan_over_an_organisation(
    tree: Tree, index_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tree({f"r{number}/requirements.txt": "alpha==1.0\n" for number in range(9)})
    words = ["--organisation", str(folder), "--advisories", str(index_folder)]
    assert command(*words) == 1
    first = capsys.readouterr().out
    assert "1 upgrade in 9 places for 1 vulnerability" in first
    assert "and 4 more places in 9 checkouts" in first
    command(*words)
    assert capsys.readouterr().out == first


@pytest.mark.parametrize(
    "words",
    [
        ["--only", "everything"],
        ["a", "--organisation", "b"],
        ["--max-major", "-1"],
        ["--min-age", "-1"],
        ["no-such-folder"],
        ["--prove", "--apply"],
        ["--vex", "no-such-file"],
    ],
)
def test_wrong_use_is_one_error(words: list[str], index_folder: Path) -> None:
    with pytest.raises(PratiqueError):
        command(*words, "--advisories", str(index_folder))


def test_a_lone_lockfile_can_be_fixed(index: Index, now: datetime, tree: Tree) -> None:
    folder = tree({"requirements.txt": "alpha==1.0\n", "other/requirements.txt": "beta==1.0\n"})
    order = Order(subject=folder / "requirements.txt", mode=Mode.DRAFT, terms=Terms(now=now))
    assert list(fix(order, index).changes) == ["requirements.txt"]
    with pytest.raises(UsageError):
        fix(Order(subject=folder / "absent", mode=Mode.PLAN, terms=Terms(now=now)), index)


def test_what_a_statement_settles_needs_no_fix(
    tree: Tree, index_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tree({"requirements.txt": "alpha==1.0\nbeta==1.0\n"})
    vex = tmp_path / "vex.json"
    vex.write_text(
        json.dumps(
            {
                "@context": "https://openvex.dev/ns/v0.2.0",
                "@id": "https://vex.example.test/1",
                "author": "harbour master",
                "timestamp": "2026-11-01T00:00:00Z",
                "version": 1,
                "statements": [
                    {
                        "vulnerability": {"name": "CVE-2026-0001"},
                        "products": [{"@id": "pkg:pypi/alpha"}],
                        "status": "not_affected",
                        "justification": "vulnerable_code_not_in_execute_path",
                    }
                ],
            }
        )
    )
    base = [str(folder), "--advisories", str(index_folder), "-f", "json", "--vex", str(vex)]
    assert command(*base) == 1
    plan = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in plan["upgrades"]] == ["beta"]
    assert any("settled" in note for note in plan["notes"])


UV_LOCK = """\
version = 1
requires-python = ">=3.11"

[[package]]
name = "ship"
version = "1"
source = { editable = "." }

[[package]]
name = "crew"
version = "1"
source = { editable = "packages/crew" }

[[package]]
name = "alpha"
version = "1.0"
source = { registry = "https://index.example.test" }
"""


def test_only_manifests_of_the_workspace_are_changed(tree: Tree) -> None:
    from pratique.remediation.projects import project_of
    from pratique.remediation.projects.base import Target

    python = '[project]\nname = "x"\ndependencies = ["alpha==1.0"]\n'
    rust = '[package]\nname = "{}"\n\n[dependencies]\nalpha = "=1.0.0"\n'
    node = '{"name": "x", "dependencies": {"alpha": "1.0.0"}}\n'
    packages = {
        "": {}, "packages/crew": {}, "node_modules/crew": {"link": True}, "../out": {},
    }  # fmt: skip
    files = {
        "py/uv.lock": UV_LOCK,
        "js/package-lock.json": json.dumps({"lockfileVersion": 3, "packages": packages}),
        "rs/Cargo.lock": 'version = 3\n[[package]]\nname = "ship"\n[[package]]\nname = "crew"\n',
    }
    for folder in ("", "packages/crew/", "examples/other/"):
        name = folder.rstrip("/").rpartition("/")[2] or "ship"
        files[f"py/{folder}pyproject.toml"] = python
        files[f"js/{folder}package.json"] = node
        files[f"rs/{folder}Cargo.toml"] = rust.format(name)
    with Workspace(tree(files), commands=False) as work:
        for document, ecosystem in (
            ("py/uv.lock", "PyPI"), ("js/package-lock.json", "npm"), ("rs/Cargo.lock", "crates.io"),
        ):  # fmt: skip
            project = project_of(document, work)
            assert project is not None
            project.edit(Strategy.RELAX, [Target(ecosystem, "alpha", "1.0.0", "1.3.0")])
        assert sorted(work.changes()) == [
            "js/package.json", "js/packages/crew/package.json",
            "py/packages/crew/pyproject.toml", "py/pyproject.toml",
            "rs/Cargo.toml", "rs/packages/crew/Cargo.toml",
        ]  # fmt: skip


def test_what_was_checked_is_checked_again_wherever_it_lies(fixed) -> None:
    sbom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "components": [
            {"type": "library", "name": "beta", "version": "1.0", "purl": "pkg:pypi/beta@1.0"}
        ],
    }
    done = fixed(
        {
            "requirements.txt": "alpha==1.0\n",
            "target/out/requirements.txt": "alpha==1.0\n",
            "sbom.cdx.json": json.dumps(sbom),
        }
    )
    assert [one.path for one in done.after.inventory.documents] == [
        one.path for one in done.before.inventory.documents
    ]
    assert "pkg:pypi/beta@1.0" in {one.subject for one in done.after.findings}


def test_npm_overrides_of_what_the_project_needs_itself_say_the_same_twice(tree: Tree) -> None:
    from pratique.remediation.projects import project_of
    from pratique.remediation.projects.base import Target

    lock = {"lockfileVersion": 3, "packages": {"node_modules/alpha": {"version": "1.0.0"}}}
    folder = tree(
        {
            "package.json": '{"dependencies": {"alpha": "~1.0.0"}}\n',
            "package-lock.json": json.dumps(lock),
        }
    )
    with Workspace(folder, commands=False) as work:
        project = project_of("package-lock.json", work)
        assert project is not None
        targets = [
            Target("npm", "alpha", "1.0.0", "1.0.5"),
            Target("npm", "beta", "2.0.0", "2.1.0"),
        ]
        project.edit(Strategy.OVERRIDE, targets)
        assert json.loads(work.read("package.json")) == {
            "dependencies": {"alpha": "~1.0.5"},
            "overrides": {"alpha": "~1.0.5", "beta": "^2.1.0"},
        }


def test_compiled_requirements_are_known_by_their_notes_too(tree: Tree) -> None:
    from pratique.remediation.projects import project_of

    folder = tree(
        {
            "requirements.in": "alpha\n",
            "requirements.txt": "alpha==1.0\n    # via -r requirements.in\n",
            "hand/requirements.in": "alpha\n",
            "hand/requirements.txt": "alpha==1.0\n",
        }
    )
    with Workspace(folder, commands=False) as work:
        files = [
            project.files()
            for path in ("requirements.txt", "hand/requirements.txt")
            if (project := project_of(path, work))
        ]
    assert files == [["requirements.txt", "requirements.in"], ["hand/requirements.txt"]]
