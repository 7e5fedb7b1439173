"""What a bill calls its subject: no path of a machine leaves with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pratique.inventory.naming import MAX_MANIFEST_BYTES, Named, name_of
from pratique.surfaces.cli import main


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "private" / "checkout"
    folder.mkdir(parents=True)
    (folder / "requirements.txt").write_text("alpha==1.0\n")
    return folder


def test_without_a_manifest_it_is_the_last_part(project: Path) -> None:
    assert name_of(str(project)) == Named("checkout")
    assert name_of(f"{project}/") == Named("checkout")
    assert name_of(str(project / "requirements.txt")) == Named("requirements.txt")


def test_of_the_current_folder_it_is_that_folders(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    assert name_of(".") == Named("checkout")
    assert name_of("..") == Named("private")


@pytest.mark.parametrize("subject", ["pkg:npm/alpha@1.0", "-"])
def test_what_is_no_path_keeps_its_name(subject: str) -> None:
    assert name_of(subject) == Named(subject)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("package.json", '{"name": "@acme/shop", "version": "2.1.0"}'),
        ("pyproject.toml", '[project]\nname = "@acme/shop"\nversion = "2.1.0"\n'),
        ("Cargo.toml", '[package]\nname = "@acme/shop"\nversion = "2.1.0"\n'),
    ],
)
def test_a_manifest_says_the_name(project: Path, name: str, text: str) -> None:
    (project / name).write_text(text)
    assert name_of(str(project)) == Named("@acme/shop", "2.1.0")


def test_two_manifests_that_differ_say_none(project: Path) -> None:
    (project / "package.json").write_text('{"name": "shop"}')
    (project / "Cargo.toml").write_text('[package]\nname = "till"\n')
    assert name_of(str(project)) == Named("checkout")


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"name": 1}', '{"name": "a\\u001b[2J"}', "[" * 100_000, "\udcff",
     " " * (MAX_MANIFEST_BYTES + 1), '{"name": "' + "a" * 300 + '"}'],
    ids=["empty", "cut", "list", "number", "escape", "deep", "bytes", "large", "long"],
)  # fmt: skip
def test_a_broken_manifest_says_none(project: Path, text: str) -> None:
    (project / "package.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert name_of(str(project)) == Named("checkout")


@pytest.mark.parametrize("form", ["cyclonedx", "cyclonedx-xml", "spdx", "spdx-tag-value", "spdx3"])
def test_no_path_leaves_with_the_document(
    form: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sbom", "generate", str(project), "--to", form]) == 0
    written = capsys.readouterr().out
    assert "checkout" in written
    assert "private" not in written


def test_name_and_version_may_be_given(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "package.json").write_text('{"name": "shop", "version": "2.1.0"}')

    def component(*more: str) -> tuple[str, str | None]:
        assert main(["sbom", "generate", str(project), *more]) == 0
        found = json.loads(capsys.readouterr().out)["metadata"]["component"]
        return found["name"], found.get("version")

    assert component() == ("shop", "2.1.0")
    assert component("--name", "till") == ("till", None), "the version is of something else"
    assert component("--name", "till", "--version", "3") == ("till", "3")
