"""What may come next on the command line: the answer to a shell that completes it.

A shell asks anew at each press of Tab: it knows the program that is installed, and a shell starts
as fast as before.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pratique.surfaces.cli.app import load
from pratique.surfaces.cli.commands import COMMANDS, GROUPS, SECTIONS

if TYPE_CHECKING:
    from argparse import Action
    from collections.abc import Iterator, Sequence

MAX_HELP = 70
"""Characters of help beside a word; a terminal has little room there."""


class Candidate(NamedTuple):
    """A word, and what it means."""

    word: str
    help: str = ""


def candidates(words: Sequence[str]) -> list[Candidate]:
    """Words that may stand where the last one is begun.

    Args:
        words: The command line without the program's name; the last word is the one that is
            being written, and may be empty.

    Returns:
        Those that begin with it, in the order of the help. None at all where a file, a package
        or another text is wanted: the shell offers files then.
    """
    if not words:
        return []
    *before, begun = words
    return [one for one in _possible(before, begun) if one.word.startswith(begun)]


def _possible(before: Sequence[str], begun: str) -> Iterator[Candidate]:
    if not before:
        for name in (name for row in SECTIONS.values() for name in row):
            yield Candidate(name, COMMANDS[name][1] if name in COMMANDS else GROUPS[name])
        yield Candidate("--help", "list the commands")
        yield Candidate("--version", "print the version")
    elif len(before) == 1 and before[0] in GROUPS:
        for name, (_, text) in COMMANDS.items():
            if name.startswith(f"{before[0]} "):
                yield Candidate(name.split()[1], text)
    else:
        for length in (2, 1):
            name = " ".join(before[:length])
            if name in COMMANDS:
                yield from _of_command(name, before[length:], begun)
                return


def _of_command(name: str, before: Sequence[str], begun: str) -> Iterator[Candidate]:
    parser, _ = load(name)
    if before and before[-1] == "--":
        return
    wanting = parser._option_string_actions.get(before[-1]) if before else None  # noqa: SLF001 - argparse has no other way to ask
    if wanting is not None and wanting.nargs != 0:
        yield from _values(wanting)
    elif begun.startswith("-"):
        for action in parser._actions:  # noqa: SLF001 - as above
            if action.option_strings:
                longest = max(action.option_strings, key=len)
                short = [one for one in action.option_strings if one == begun]
                yield from (Candidate(one, _help(action)) for one in (*short, longest))
    else:
        for action in parser._actions:  # noqa: SLF001 - as above
            if not action.option_strings:
                yield from _values(action)


def _values(action: Action) -> Iterator[Candidate]:
    for value in action.choices or ():
        yield Candidate(str(value))


def _help(action: Action) -> str:
    text = re.sub(r"\s+", " ", (action.help or "").replace("%%", "%"))
    text = "" if "%(" in text else text
    return text if len(text) <= MAX_HELP else f"{text[: MAX_HELP - 1].rstrip()}…"
