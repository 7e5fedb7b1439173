"""Real resolvers fix planted old versions; checking again decides whether they did.

No upgrade that the plan calls proven may leave a vulnerability that it names,
and no check afterwards may show one that was not there before.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pratique.model.purl import Package
from pratique.sources.registries import configured

pytestmark = [pytest.mark.e2e, pytest.mark.network]

TIMEOUT = 280
UV = str(Path(sys.executable).with_name("uv"))


def run(folder: Path, *words: str) -> None:
    """Run a package manager; skip with its own words where it cannot reach its registry."""
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not installed")
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT)
    if done.returncode:
        pytest.skip(f"{' '.join(words[:3])} failed here: {(done.stderr or done.stdout)[-300:]}")


def pratique(*words: str) -> tuple[int, Any]:
    """Run a command in a process of its own; its JSON output."""
    script = (
        "import sys\n"
        "from pratique.surfaces.cli import app, main\n"
        "app.COMMANDS.setdefault('fix', ('pratique.remediation.cli:fix', 'fix'))\n"
        "sys.exit(main())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *words], capture_output=True, text=True, timeout=TIMEOUT
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode in {0, 1, 3}, done.stderr
    return done.returncode, json.loads(done.stdout)


def findings(folder: Path) -> set[tuple[str, str]]:
    _, bill = pratique("check", str(folder), "--offline", "-f", "json")
    return {(one["subject"], one["id"]) for one in bill["findings"]}


Fix = Callable[..., dict[str, Any]]


@pytest.fixture
def fix(tmp_path: Path) -> Fix:
    """Apply a fix and hold its claims against a check of their own."""

    def call(folder: Path, *more: str) -> dict[str, Any]:
        before = findings(folder)
        assert before, "an old version was planted"
        patch = tmp_path.parent / f"{tmp_path.name}.patch"
        _, plan = pratique(
            "fix", str(folder), "--apply", "-f", "json", "--patch", str(patch), *more
        )
        after = findings(folder)
        assert not {one for _, one in after} - {one for _, one in before}, "nothing came in"
        # Package URLs write names in the type's own way, advisories in theirs: compare plainly.
        left = {(_plain(subject), identifier) for subject, identifier in after}
        for upgrade in plan["upgrades"]:
            for occurrence in upgrade["occurrences"]:
                assert occurrence["status"] == "proven", occurrence
            for identifier in upgrade["fixes"]:
                assert (upgrade["name"].lower(), identifier) not in left, "a false 'fixed'"
        if plan["upgrades"]:
            assert plan["applied"]
            assert patch.read_text().startswith("diff --git")
        assert not list(folder.rglob(".pratique-proof"))
        return plan

    return call


def _plain(subject: str) -> str:
    return Package.parse(subject).full_name.lower()


def made(plan: dict[str, Any]) -> dict[str, set[str]]:
    """Strategies by package."""
    return {
        one["name"]: {each["strategy"] for each in one["occurrences"]} for one in plan["upgrades"]
    }


def test_uv_lock(tmp_path: Path, fix: Fix) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "alpha"\nversion = "1"\nrequires-python = ">=3.11"\n'
        '# kept\ndependencies = ["jinja2==2.10", "requests==2.19.1"]\n'
    )
    run(tmp_path, UV, "lock", "--quiet")
    plan = fix(tmp_path)
    assert made(plan)["jinja2"] == {"relax"}
    assert made(plan)["urllib3"] == {"in-place"}, "what requests brings in, within its range"
    assert "# kept" in (tmp_path / "pyproject.toml").read_text()
    assert findings(tmp_path) == set()
    subprocess.run([UV, "lock", "--check", "--quiet"], cwd=tmp_path, check=True, timeout=TIMEOUT)


def test_uv_override(tmp_path: Path, fix: Fix) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "alpha"\nversion = "1"\nrequires-python = ">=3.11"\n'
        'dependencies = ["requests==2.25.1"]\n'
    )
    run(tmp_path, UV, "lock", "--quiet", "-P", "idna==2.10", "-P", "urllib3==1.26.4")
    plan = fix(tmp_path, "--strategy", "override", "--only", "high")
    for strategies in made(plan).values():
        assert strategies == {"override"}
    assert "override-dependencies" in (tmp_path / "pyproject.toml").read_text()


def test_uv_minimum_age(tmp_path: Path, fix: Fix) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "alpha"\nversion = "1"\nrequires-python = ">=3.11"\n'
        'dependencies = ["jinja2==2.10"]\n'
    )
    run(tmp_path, UV, "lock", "--quiet")
    plan = fix(tmp_path, "--min-age", "100000")
    assert not plan["upgrades"]
    assert "days old" in plan["remaining"][0]["reason"]
    assert not plan["applied"]
    plan = fix(tmp_path, "--min-age", "30")
    assert made(plan)["jinja2"] == {"relax"}


def test_compiled_requirements_with_hashes(tmp_path: Path, fix: Fix) -> None:
    (tmp_path / "requirements.in").write_text("jinja2==2.10  # pinned\n")
    run(
        tmp_path, UV, "pip", "compile", "-q", "--generate-hashes",
        "-o", "requirements.txt", "requirements.in",
    )  # fmt: skip
    plan = fix(tmp_path)
    assert made(plan) == {"jinja2": {"relax"}}
    assert (tmp_path / "requirements.in").read_text().endswith("  # pinned\n")
    assert "--hash=sha256:" in (tmp_path / "requirements.txt").read_text()


def test_pylock(tmp_path: Path, fix: Fix) -> None:
    (tmp_path / "requirements.in").write_text("jinja2<3.1.3\n")
    run(tmp_path, UV, "pip", "compile", "-q", "requirements.in", "-o", "pylock.toml")
    head = (tmp_path / "pylock.toml").read_text().splitlines()[:2]
    assert made(fix(tmp_path))["jinja2"] == {"relax"}
    assert (tmp_path / "pylock.toml").read_text().splitlines()[:2] == head


def test_requirements_written_by_hand(tmp_path: Path, fix: Fix) -> None:
    (tmp_path / "requirements.txt").write_text("# by hand\nJinja2 == 2.10\n")
    if not findings(tmp_path):
        pytest.skip("the starter advisories do not have it")
    plan = fix(tmp_path)
    assert made(plan) == {"jinja2": {"relax"}}
    text = (tmp_path / "requirements.txt").read_text()
    assert text.startswith("# by hand\nJinja2 == ")
    assert "2.10" not in text


def test_requirements_that_contradict_each_other_are_refused(tmp_path: Path, fix: Fix) -> None:
    (tmp_path / "requirements.txt").write_text("jinja2==2.10\n-c limits.txt\n")
    (tmp_path / "limits.txt").write_text("jinja2<2.10.1\n")
    plan = fix(tmp_path)
    assert not plan["upgrades"]
    assert "uv says no" in " ".join(one["reason"] for one in plan["remaining"])
    assert (tmp_path / "requirements.txt").read_text() == "jinja2==2.10\n-c limits.txt\n"


def npm_install(folder: Path) -> None:
    run(
        folder, "npm", "install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund"
    )  # fmt: skip


def test_npm_direct_and_pinned_by_others(tmp_path: Path, fix: Fix) -> None:
    value = {
        "name": "beta",
        "version": "1.0.0",
        "scripts": {"install": "touch ran", "preinstall": "touch ran"},
        "dependencies": {"lodash": "4.17.4", "mkdirp": "0.5.1"},
    }
    (tmp_path / "package.json").write_text(json.dumps(value, indent=2) + "\n")
    npm_install(tmp_path)
    plan = fix(tmp_path)
    assert made(plan)["lodash"] == {"relax"}
    assert made(plan)["minimist"] == {"override"}, "mkdirp 0.5.1 asks for exactly 0.0.8"
    assert json.loads((tmp_path / "package.json").read_text())["overrides"]["minimist"]
    assert findings(tmp_path) == set()
    assert not (tmp_path / "ran").exists(), "no script was run"
    assert not (tmp_path / "node_modules").exists()


def test_npm_within_the_range(tmp_path: Path, fix: Fix) -> None:
    value = {"name": "beta", "version": "1.0.0", "dependencies": {"lodash": "4.17.4"}}
    (tmp_path / "package.json").write_text(json.dumps(value))
    npm_install(tmp_path)
    for name in ("package.json", "package-lock.json"):
        path = tmp_path / name
        path.write_text(path.read_text().replace('"lodash":"4.17.4"', '"lodash":"^4.17.4"'))
        path.write_text(path.read_text().replace('"lodash": "4.17.4"', '"lodash": "^4.17.4"'))
    manifest = (tmp_path / "package.json").read_text()
    plan = fix(tmp_path)
    assert made(plan) == {"lodash": {"in-place"}}
    assert (tmp_path / "package.json").read_text() == manifest, "only the lockfile changed"


def test_cargo(tmp_path: Path, fix: Fix) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/main.rs").write_text("fn main() {}\n")
    (tmp_path / "Cargo.toml").write_text(
        '[package]\nname = "gamma"\nversion = "1.0.0"\nedition = "2021"\n\n'
        '[dependencies]\nsmallvec = "=1.6.0" # exactly\ntime = "0.1"\n'
    )
    run(tmp_path, "cargo", "generate-lockfile")
    plan = fix(tmp_path)
    assert made(plan)["smallvec"] == {"relax"}
    assert 'smallvec = "=1.6.1" # exactly' in (tmp_path / "Cargo.toml").read_text()


def test_cargo_within_the_range(tmp_path: Path, fix: Fix) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/lib.rs").write_text("")
    manifest = (
        '[package]\nname = "gamma"\nversion = "1.0.0"\nedition = "2021"\n\n'
        '[dependencies]\nsmallvec = "1"\n'
    )
    (tmp_path / "Cargo.toml").write_text(manifest)
    run(tmp_path, "cargo", "generate-lockfile")
    run(tmp_path, "cargo", "update", "-p", "smallvec", "--precise", "1.6.0")
    plan = fix(tmp_path)
    assert made(plan) == {"smallvec": {"in-place"}}
    assert (tmp_path / "Cargo.toml").read_text() == manifest


def test_go(tmp_path: Path, fix: Fix) -> None:
    (tmp_path / "go.mod").write_text(
        "module example.test/delta\n\ngo 1.17\n\nrequire golang.org/x/text v0.3.5\n"
    )
    (tmp_path / "main.go").write_text(
        'package main\n\nimport _ "golang.org/x/text/language"\n\nfunc main() {}\n'
    )
    run(tmp_path, "go", "mod", "tidy")
    plan = fix(tmp_path)
    assert made(plan)["golang.org/x/text"] == {"relax"}
    fixed = {name for one in plan["upgrades"] for name in (*one["fixes"], *one["aliases"])}
    assert "CVE-2021-38561" in fixed
    assert any("stdlib" in one["subject"] for one in plan["remaining"]), (
        "Go itself is not in go.mod"
    )
    run(tmp_path, "go", "mod", "verify")


@pytest.mark.parametrize(("asked", "strategy"), [(">=2.10,<4", "in-place"), ("==3.1.2", "relax")])
def test_poetry_where_builds_are_allowed(
    tmp_path: Path, fix: Fix, asked: str, strategy: str
) -> None:
    if shutil.which("poetry") is None:
        pytest.skip("poetry is not installed")
    index = configured("pypi")
    assert index is not None
    manifest = tmp_path / "pyproject.toml"
    text = (
        '[project]\nname = "app"\nversion = "1"\nrequires-python = ">=3.11"\n'
        'dependencies = ["jinja2{}"]\n[tool.poetry]\npackage-mode = false\n'
        f'[[tool.poetry.source]]\nname = "here"\nurl = "{index.url}"\npriority = "primary"\n'
    )
    manifest.write_text(text.format("==3.1.2"))
    run(tmp_path, "poetry", "lock")
    manifest.write_text(text.format(asked))
    if strategy == "in-place":
        run(tmp_path, "poetry", "lock")
        assert '"3.1.2"' in (tmp_path / "poetry.lock").read_text()
    assert made(fix(tmp_path, "--allow-builds"))["jinja2"] == {strategy}
    assert '"3.1.2"' not in (tmp_path / "poetry.lock").read_text()


def test_maven(tmp_path: Path, fix: Fix) -> None:
    if shutil.which("mvn") is None:
        pytest.skip("mvn is not installed")
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "pom.xml").write_text(
        "<project><modelVersion>4.0.0</modelVersion><groupId>org.example</groupId>"
        "<artifactId>ship</artifactId><version>1</version><dependencies><dependency>"
        "<groupId>org.apache.commons</groupId><artifactId>commons-text</artifactId>"
        "<version>1.9</version></dependency></dependencies>"
        "<build><extensions><extension><groupId>org.example</groupId><artifactId>none</artifactId>"
        "<version>1</version></extension></extensions></build></project>"
    )
    plan = fix(folder)
    [upgrade] = plan["upgrades"]
    assert upgrade["name"] == "org.apache.commons:commons-text"
    assert upgrade["occurrences"][0]["strategy"] == "override"
    assert f"<version>{upgrade['after']}</version>" in (folder / "pom.xml").read_text()


def test_an_organisation(tmp_path: Path, fix: Fix) -> None:
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "pyproject.toml").write_text(
            f'[project]\nname = "{name}"\nversion = "1"\nrequires-python = ">=3.11"\n'
            'dependencies = ["jinja2==2.10"]\n'
        )
        run(folder, UV, "lock", "--quiet")
    (tmp_path / "three").mkdir()
    (tmp_path / "three/pom.xml").write_text("<project><artifactId>x</artifactId></project>")
    _, plan = pratique("fix", "--organisation", str(tmp_path), "--prove", "-f", "json")
    (upgrade,) = plan["upgrades"]
    assert [one["checkout"] for one in upgrade["occurrences"]] == ["one", "two"]
    assert {one["status"] for one in upgrade["occurrences"]} == {"proven"}
    assert not plan["applied"]
    assert "jinja2==2.10" in (tmp_path / "one/pyproject.toml").read_text()
    fix(tmp_path)
    assert findings(tmp_path) == set()


def test_without_a_resolver_it_is_not_proven(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "go.mod").write_text(
        "module example.test/delta\n\ngo 1.23\n\nrequire golang.org/x/text v0.3.5\n"
    )
    monkeypatch.setenv("PATH", "/nonexistent")
    _, plan = pratique("fix", str(tmp_path), "--apply", "-f", "json")
    (one,) = (each for each in plan["upgrades"] if each["name"] == "golang.org/x/text")
    (place,) = one["occurrences"]
    assert place["status"] == "not proven"
    assert place["note"] == "go is not installed"
    assert f"golang.org/x/text v{one['after']}" in (tmp_path / "go.mod").read_text()


def test_a_project_cannot_have_its_own_programs_run(tmp_path: Path, fix: Fix) -> None:
    ran = tmp_path.parent / f"{tmp_path.name}-ran"
    program = f"#!/bin/sh\ntouch {ran}\nexit 1\n"
    py, rust, js = (tmp_path / name for name in ("py", "rust", "js"))
    for folder in (py, rust / "src", js):
        folder.mkdir(parents=True)
    (py / "pyproject.toml").write_text(
        '[project]\nname = "alpha"\nversion = "1"\nrequires-python = ">=3.11"\n'
        'dependencies = ["jinja2==2.10"]\n'
    )
    run(py, UV, "lock", "--quiet")
    (py / ".python-version").write_text("./evil\n")
    (py / "uv.toml").write_text('[pip]\npython = "./evil"\n')
    (py / "requirements.in").write_text("jinja2==2.10\n")
    (py / "requirements.txt").write_text("# uv pip compile requirements.in\njinja2==2.10\n")
    (rust / "src/lib.rs").write_text("")
    (rust / "Cargo.toml").write_text(
        '[package]\nname = "gamma"\nversion = "1.0.0"\nedition = "2021"\nrust-version = "1.60"\n'
        'build = "build.rs"\n\n[dependencies]\nsmallvec = "=1.6.0"\n'
    )
    (rust / "build.rs").write_text(f'fn main() {{ std::fs::write("{ran}", "").unwrap(); }}\n')
    run(rust, "cargo", "generate-lockfile")
    (rust / ".cargo").mkdir()
    (rust / ".cargo/config.toml").write_text('[build]\nrustc = "./evil"\n')
    (rust / "rust-toolchain.toml").write_text('[toolchain]\npath = "./toolchain"\n')
    (js / "package.json").write_text(
        json.dumps({"name": "beta", "version": "1.0.0", "dependencies": {"lodash": "4.17.4"}})
    )
    npm_install(js)
    (js / ".npmrc").write_text("git=./evil\nignore-scripts=false\n")
    for folder in (py, rust, rust / "toolchain/bin", js):
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("evil", "rustc", "cargo"):
            (folder / name).write_text(program)
            (folder / name).chmod(0o755)
    plan = fix(tmp_path)
    assert not ran.exists(), "nothing of the project was run"
    assert {"jinja2", "smallvec", "lodash"} <= set(made(plan))


def test_uv_workspace_whose_old_versions_could_only_be_built(tmp_path: Path, fix: Fix) -> None:
    inner = tmp_path / "packages/inner"
    inner.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "big"\nversion = "1"\nrequires-python = ">=3.11"\n'
        'dependencies = ["aiohttp==3.8.0", "inner"]\n\n[tool.uv.workspace]\n'
        'members = ["packages/*"]\n\n[tool.uv.sources]\ninner = { workspace = true }\n'
    )
    (inner / "pyproject.toml").write_text(
        '[project]\nname = "inner"\nversion = "1"\nrequires-python = ">=3.11"\n'
        'dependencies = ["requests<2.21"]\n'
    )
    run(tmp_path, UV, "lock", "--quiet")
    plan = fix(tmp_path)
    assert {"aiohttp", "requests", "urllib3"} <= set(made(plan))
    assert "requests>=2" in (inner / "pyproject.toml").read_text()


@pytest.mark.parametrize("days", [30, 100_000])
def test_minimum_age_asks_the_registry(tmp_path: Path, fix: Fix, days: int) -> None:
    go, js = tmp_path / "go", tmp_path / "js"
    go.mkdir()
    js.mkdir()
    (go / "go.mod").write_text(
        "module example.test/delta\n\ngo 1.17\n\nrequire golang.org/x/text v0.3.5\n"
    )
    run(go, "go", "mod", "download")
    value = {"name": "beta", "version": "1.0.0", "dependencies": {"lodash": "4.17.4"}}
    (js / "package.json").write_text(json.dumps(value))
    npm_install(js)
    names = set(made(fix(tmp_path, "--min-age", str(days))))
    assert names == ({"golang.org/x/text", "lodash"} if days == 30 else set())


def test_what_an_upgrade_brings_in_is_upgraded_as_well(tmp_path: Path, fix: Fix) -> None:
    (tmp_path / "go.mod").write_text(
        "module example.test/big\n\ngo 1.21\n\nrequire github.com/gin-gonic/gin v1.7.0\n"
    )
    (tmp_path / "main.go").write_text(
        'package main\n\nimport _ "github.com/gin-gonic/gin"\n\nfunc main() {}\n'
    )
    run(tmp_path, "go", "mod", "tidy")
    plan = fix(tmp_path)
    assert "github.com/gin-gonic/gin" in made(plan)
    run(tmp_path, "go", "mod", "verify")
    subprocess.run(["go", "vet", "./..."], cwd=tmp_path, check=True, timeout=TIMEOUT)
