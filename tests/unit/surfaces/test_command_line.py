"""What the program says before any room is asked."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pratique import __version__
from pratique.model.errors import InputError
from pratique.surfaces.cli import app as app_module
from pratique.surfaces.cli import main
from pratique.surfaces.cli.app import COMMANDS, GROUPS, SECTIONS, load, parse
from pratique.surfaces.cli.candidates import candidates
from pratique.surfaces.cli.typed import is_typed


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


def test_options_may_stand_between_arguments() -> None:
    parser, _ = load("verify-layout")
    options = parse(parser, ["root.layout", "--links", "links", "alpha.tgz", "--key", "a.pub"])
    assert str(options.layout) == "root.layout"
    assert [str(one) for one in options.artifact] == ["alpha.tgz"]
    parser, _ = load("attest build")
    options = parse(parser, ["-K", "key.pem", "-o", "out", "--", "make", "--dry-run"])
    assert options.command == ["make", "--dry-run"]


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


def test_what_may_not_be_read_is_incomplete_and_no_defect(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Wherever it is noticed; root, who runs tests in containers, is never refused."""

    def refused(_words: object) -> int:
        raise PermissionError(13, "Permission denied", "secret/uv.lock")

    monkeypatch.setattr(app_module, "dispatch", refused)
    assert main(["check", "."]) == 3
    error = capsys.readouterr().err
    assert error.startswith("pratique: secret/uv.lock: permission denied.")
    assert error.count("\n") == 1
    assert main(["check", "secret/uv.lock"]) == 2, "what was typed is a mistake of the call"


@pytest.mark.parametrize(
    "words", [["--key", "a/b"], ["--key=a/b"], ["-ka/b"], ["acme=a/b"], ["./a/b"], ["a/b/c", "a"]]
)
def test_what_was_typed_is_known_again(words: list[str]) -> None:
    error = InputError("it cannot be read.")
    error.__context__ = FileNotFoundError(2, "No such file or directory", "a/b")
    assert is_typed(error, words)


def test_what_was_found_in_a_folder_was_not_typed(tmp_path: Path) -> None:
    inner = tmp_path / "uv.lock"
    error = InputError("it cannot be read.")
    error.__context__ = PermissionError(13, "Permission denied", str(inner))
    assert not is_typed(error, ["check", str(tmp_path)])
    assert is_typed(error, ["check", str(inner)])
    error.__context__ = OSError(5, "Input/output error", str(inner))
    assert not is_typed(error, ["check", str(inner)]), "a failing disk is no wrong name"


def test_every_command_has_a_help() -> None:
    for name in COMMANDS:
        loaded, _ = load(name)
        assert loaded.format_help().startswith(f"usage: pratique {name}")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([""], {"check", "sbom", "gate", "--version"}),
        (["ver"], {"verify", "verify-layout"}),
        (["sbom", ""], {"generate", "convert", "redact"}),
        (["sbom", "conv"], {"convert"}),
        (["check", "--ex"], {"--exclude", "--exit-zero"}),
        (["check", "-f", "js"], {"json", "jsonl"}),
        (["gate", "setup", "p"], {"pip", "pnpm"}),
        (["completion", ""], {"bash", "zsh", "fish"}),
    ],
)
def test_what_may_come_next(
    words: list[str], expected: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["completion", "words", "--", *words]) == 0
    rows = capsys.readouterr().out.splitlines()
    found = {row.split("\t")[0] for row in rows}
    assert expected <= found
    assert all(one.startswith(words[-1]) for one in found)
    assert len(rows) == len(found)


@pytest.mark.parametrize(
    "words",
    [[], ["check", "-o", ""], ["check", "sr"], ["nonsense", ""], ["attest", "build", "--", "-"]],
    ids=["nothing", "value", "file", "no-command", "after-dashes"],
)
def test_the_shell_offers_files_where_nothing_is_known(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["completion", "words", "--", *words]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_can_be_completed(name: str) -> None:
    words = [*name.split(), "-"]
    found = {one.word for one in candidates(words)}
    parser, _ = load(name)
    for action in parser._actions:
        if action.option_strings:
            assert max(action.option_strings, key=len) in found


def test_bash_takes_the_answer(tmp_path: Path) -> None:
    if shutil.which("bash") is None:
        pytest.skip("there is no bash")
    program = tmp_path / "pratique"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pratique "$@"\n')
    program.chmod(0o755)
    script = f"""
        eval "$('{program}' completion bash)"
        COMP_WORDS=(pratique check --exi); COMP_CWORD=2
        _pratique '{program}'
        echo "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["--exit-zero"]
    assert done.stderr == ""
