"""Every command that a page shows is one that the program takes: its name, options and arguments."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from pratique.model.errors import PratiqueError
from pratique.surfaces.cli.app import COMMANDS, load, parse

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    page
    for page in (ROOT / "README.md", ROOT / "examples/README.md", *(ROOT / "docs").rglob("*.md"))
    if page.name != "commands.md"  # made from the program itself
)
BLOCK = re.compile(
    r"^ *```(?:console|sh|bash|shell|text)?[^\n]*\n(.*?)^ *```", re.MULTILINE | re.DOTALL
)
ENDS = {"|", "||", "&&", ";", ">", ">>", "<", "&", "2>", ")"}


def commands_of(page: Path) -> list[str]:
    """Lines of fenced blocks that begin with the program's name, or have it after a pipe."""
    found = []
    for block in BLOCK.findall(page.read_text(encoding="utf-8")):
        joined = re.sub(r"\\\n\s*", " ", block)
        for line in joined.splitlines():
            bare = re.sub(r"^\s*(\$ |> |# )?", "", line)
            found += re.findall(r"(?:^|[|&;] *)(?:\S*/)?(pratique [^|]+)", bare)
    return [one for one in found if not re.match(r"pratique (COMMAND|\S+ —|[0-9.]+,)", one)]


def words_of(line: str) -> list[str]:
    """The words up to a pipe, a redirection or a comment."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words: list[str] = []
    for word in lexer:
        if word in ENDS:
            break
        words.append(word)
    return words[1:]


CASES = [
    pytest.param(line, id=f"{page.relative_to(ROOT)}-{number}")
    for page in PAGES
    for number, line in enumerate(commands_of(page))
]


def test_there_are_many() -> None:
    assert len(CASES) > 150


@pytest.mark.parametrize("line", CASES)
def test_the_program_takes_it(line: str) -> None:
    words = words_of(line)
    name = next((" ".join(words[:n]) for n in (2, 1) if " ".join(words[:n]) in COMMANDS), "")
    if not name and (not words or words[0] in {"--help", "--version"}):
        return
    assert name, f"there is no such command: {line}"
    parser, _ = load(name)
    rest = words[len(name.split()) :]
    if "--help" in rest or "…" in rest:
        return
    try:
        parse(parser, rest)
    except PratiqueError as error:
        pytest.fail(f"{line}: {error}")
