"""What the program says before any room is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from pratique import __version__
from pratique.surfaces.cli import app as app_module
from pratique.surfaces.cli import main
from pratique.surfaces.cli.app import COMMANDS, GROUPS, SECTIONS, load, whole


def test_without_arguments_it_shows_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    shown = capsys.readouterr().out
    for name in COMMANDS:
        assert name.split()[0] in shown
    assert "exit codes" in shown


def test_every_command_is_in_one_section_of_the_overview() -> None:
    listed = [name for row in SECTIONS.values() for name in row]
    assert len(listed) == len(set(listed))
    assert set(listed) == {name.split()[0] for name in COMMANDS}
    assert set(GROUPS) == {name.split()[0] for name in COMMANDS if " " in name}


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_lists_its_commands(group: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([group]) == 0
    shown = capsys.readouterr().out
    for name in COMMANDS:
        if name.startswith(f"{group} "):
            assert name.split()[1] in shown


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"pratique {__version__}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*name.split(), "--help"]) == 0
    assert f"pratique {name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["chekc"], "Did you mean 'check'?"),
        (["advisories", "updat"], "Did you mean 'update'?"),
        (["frobnicate"], "See 'pratique --help'."),
        (["--frobnicate"], "unrecognized arguments"),
        (["check", "--bogus"], "See 'pratique check --help'."),
        (["check", ".", "--fail-on", "terrible"], "is not known"),
        (["check", ".", "-f", "pdf"], "invalid choice"),
        (["check", ".", "-o", "bill.pdf"], "does not say which format"),
        (["check", "absent-folder", "--offline"], "there is no 'absent-folder' here"),
        (["explain", "no-such-thing"], "neither a rule nor an advisory"),
    ],
)
def test_wrong_usage_is_one_line_and_2(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert says in captured.err
    assert captured.err.startswith("pratique: ")
    assert captured.err.count("\n") == 1


def test_a_defect_is_one_line_and_70(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_words: object) -> int:
        raise KeyError("inner secret")

    monkeypatch.setattr(app_module, "dispatch", broken)
    monkeypatch.delenv("PRATIQUE_DEBUG", raising=False)
    assert main(["check"]) == 70
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "Traceback" not in error
    place = error.split("details are in ")[1].split(";")[0]
    assert "inner secret" in Path(place).read_text()


def test_the_completion_parser_knows_every_option() -> None:
    parser = whole()
    for name in COMMANDS:
        loaded, _ = load(name)
        assert parser.prog == "pratique"
        assert loaded.format_help()


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_completion_names_the_commands(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert "advisories" in script
    assert "--fail-on" in script
