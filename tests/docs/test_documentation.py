"""The documentation says what the program does, and all of it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pratique.health.rules import RULES
from pratique.model.errors import ExitCode
from pratique.report import OUTPUTS
from pratique.surfaces.cli.app import COMMANDS, load


def tracked(repository: Path) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=repository,
        capture_output=True,
        text=True,
        check=True,
    )
    return [
        repository / name for name in listed.stdout.splitlines() if (repository / name).exists()
    ]


def test_generated_pages_are_fresh(repository: Path) -> None:
    done = subprocess.run(
        [sys.executable, "tools/document.py", "--check"],
        cwd=repository,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_documented(repository: Path, name: str) -> None:
    page = (repository / "docs/commands.md").read_text()
    section = page.split(f"## pratique {name}\n")[1].split("\n## ")[0]
    parser, _ = load(name)
    for option in parser._option_string_actions:
        assert f"`{option}`" in section


def test_every_rule_is_documented(repository: Path) -> None:
    page = (repository / "docs/rules.md").read_text()
    for rule in RULES:
        assert f"## {rule}\n" in page


def test_every_output_is_documented(repository: Path) -> None:
    page = (repository / "docs/outputs.md").read_text()
    for name in (*OUTPUTS, "cyclonedx"):
        assert re.search(rf"^##+ .*\b{name}\b", page, re.MULTILINE | re.IGNORECASE), name


def test_every_setting_is_documented(repository: Path) -> None:
    page = (repository / "docs/settings.md").read_text()
    used = {
        name
        for path in (repository / "src").rglob("*.py")
        for name in re.findall(r"\"(PRATIQUE_[A-Z_]+)\"", path.read_text())
    }
    assert used, "the program reads settings"
    for name in used:
        assert f"`{name}`" in page


def test_the_readme_lists_the_exit_codes(repository: Path) -> None:
    readme = (repository / "README.md").read_text()
    assert {int(row) for row in re.findall(r"^\| (\d+) \|", readme, re.MULTILINE)} == set(ExitCode)


def test_the_readme_names_targets_that_exist(repository: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (repository / "Makefile").read_text(), re.MULTILINE))
    for page in ("README.md", "CONTRIBUTING.md", "docs/index.md"):
        for target in re.findall(
            r"\bmake ([a-z]+)\b(?=[`\s]*(?:#|`|$))", (repository / page).read_text()
        ):
            assert target in targets, f"{page}: make {target}"


def test_links_between_pages_lead_somewhere(repository: Path) -> None:
    for page in tracked(repository):
        if page.suffix != ".md":
            continue
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_site_lists_every_page(repository: Path) -> None:
    nav = (repository / "mkdocs.yml").read_text()
    for page in (repository / "docs").rglob("*.md"):
        assert str(page.relative_to(repository / "docs")) in nav


def test_no_registry_is_named(repository: Path) -> None:
    hosts = (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("static.crates", "io"),
        ("index.crates", "io"),
        ("proxy.golang", "org"),
        ("maven", "org"),
        ("rubygems", "org"),
        ("nuget", "org"),
        ("packagist", "org"),
        ("deb.debian", "org"),
    )
    names = [".".join(parts).encode() for parts in hosts]
    for path in tracked(repository):
        data = path.read_bytes()
        for name in names:
            assert name not in data, f"{path.relative_to(repository)} names {name.decode()}"


def test_requirements_have_hashes_and_no_index(repository: Path) -> None:
    for name in ("run", "dev"):
        text = (repository / f"requirements/{name}.txt").read_text()
        assert "--index-url" not in text
        assert "://" not in text
        for entry in re.split(r"\n(?=\S)", text.strip()):
            assert "--hash=sha256:" in entry, entry.splitlines()[0]


def test_security_insights_has_what_version_2_requires(repository: Path) -> None:
    data = yaml.safe_load((repository / "security-insights.yml").read_text())
    header, project, repo = data["header"], data["project"], data["repository"]
    assert header["schema-version"].startswith("2.")
    assert {"last-updated", "last-reviewed", "url"} <= header.keys()
    assert project["name"] == "Pratique"
    assert project["administrators"]
    assert project["repositories"]
    assert isinstance(project["vulnerability-reporting"]["reports-accepted"], bool)
    assert {
        "url",
        "status",
        "accepts-change-request",
        "accepts-automated-change-request",
        "core-team",
        "license",
        "security",
    } <= repo.keys()
    assert repo["license"]["expression"] == "Apache-2.0"
    assert repo["security"]["assessments"]["self"]["comment"]
