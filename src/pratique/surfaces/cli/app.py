"""The command line: finds a command, parses its options, runs it.

The commands themselves stand in :mod:`pratique.surfaces.cli.commands`.
"""

from __future__ import annotations

from argparse import PARSER, REMAINDER, ArgumentParser, RawDescriptionHelpFormatter
from difflib import get_close_matches
from importlib import import_module
from shutil import get_terminal_size
from textwrap import fill
from typing import TYPE_CHECKING, NoReturn

from pratique import __version__
from pratique.model.errors import UsageError
from pratique.surfaces.cli.commands import COMMANDS, GROUPS, SECTIONS

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Sequence

DESCRIPTION = "Bills of health for the open source an organisation consumes."

EPILOGUE = """\
exit codes:
  0 clean    1 findings    2 wrong usage    3 evidence incomplete
  4 a service elsewhere did not answer      70 a defect in this program

Run 'pratique COMMAND --help' for the options of a command.
"""


class Parser(ArgumentParser):
    """An argument parser that raises instead of printing and leaving."""

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print.

        Raises:
            UsageError: Always; its remedy names the command's help.
        """
        raise UsageError(f"{message}.", remedy=f"See '{self.prog} --help'.")


def _parser(prog: str, **more: str) -> Parser:
    width = min(96, get_terminal_size((80, 24)).columns)

    def formatter(prog: str) -> RawDescriptionHelpFormatter:
        return RawDescriptionHelpFormatter(prog, max_help_position=28, width=width)

    if "description" in more:
        more["description"] = fill(more["description"], width)
    return Parser(prog=prog, allow_abbrev=False, formatter_class=formatter, **more)  # type: ignore[arg-type]


def overview(group: str = "") -> Parser:
    """The parser of the program, or of a group of commands, without their options."""
    prog = f"pratique {group}".strip()
    parser = _parser(prog, description=DESCRIPTION if not group else GROUPS[group], epilog=EPILOGUE)
    parser.usage = f"{prog} COMMAND [OPTIONS]"
    if not group:
        parser.add_argument("--version", action="version", version=f"pratique {__version__}")
    for heading, names in SECTIONS.items() if not group else (("commands", _members(group)),):
        section = parser.add_argument_group(heading)
        for name in names:
            whole = f"{group} {name}".strip()
            text = COMMANDS[whole][1] if whole in COMMANDS else GROUPS[whole]
            section.add_argument(name.replace("-", "_"), metavar=name, nargs="?", help=text)
    return parser


def _members(group: str) -> list[str]:
    """The commands of a group, without its name."""
    return [name.removeprefix(f"{group} ") for name in COMMANDS if name.startswith(f"{group} ")]


def load(name: str) -> tuple[Parser, Callable[[Namespace], int]]:
    """Import a command: its parser with all options, and what runs it.

    Args:
        name: A key of :data:`COMMANDS`.
    """
    module, _, attribute = COMMANDS[name][0].partition(":")
    command = getattr(import_module(module), attribute)
    parser = _parser(f"pratique {name}", description=command.description, epilog=command.epilogue)
    command.configure(parser)
    return parser, command.run


def parse(parser: Parser, words: Sequence[str]) -> Namespace:
    """Parse a command's words, with options between its arguments where they stand there.

    argparse gives an argument that may be absent (``*``, ``?``) nothing at all where an option
    follows the one before it: ``verify-layout root.layout --links links/ alpha.tar.gz``.

    Raises:
        UsageError: They are wrong.
    """
    options, left = parser.parse_known_args(words)
    if not left:
        return options
    sorts = {one.nargs for one in parser._actions if not one.option_strings}  # noqa: SLF001 - argparse has no other way to ask
    if "--" in words or sorts & {REMAINDER, PARSER} or not sorts & {"*", "?"}:
        parser.error(f"unrecognized arguments: {' '.join(left)}")
    return parser.parse_intermixed_args(words)


def dispatch(words: Sequence[str]) -> int:
    """Find the command that the words name, and run it.

    Returns:
        Its exit code.

    Raises:
        UsageError: There is no such command, or its options are wrong.
    """
    for length in (2, 1):
        name = " ".join(words[:length])
        if name in COMMANDS:
            parser, run = load(name)
            return run(parse(parser, words[length:]))
    group = words[0] if words and any(key.startswith(f"{words[0]} ") for key in COMMANDS) else ""
    rest = words[1:] if group else words
    parser = overview(group)
    if not rest or rest[0] in {"-h", "--help"}:
        parser.print_help()
        return 0
    if rest[0].startswith("-"):
        parser.parse_args(rest[:1])
    known = _members(group) if group else [name for row in SECTIONS.values() for name in row]
    close = get_close_matches(rest[0], known, n=1)
    hint = f"Did you mean '{close[0]}'?" if close else f"See '{parser.prog} --help'."
    raise UsageError(f"there is no command {rest[0]!r}.", remedy=hint)


__all__ = ["COMMANDS", "Parser", "dispatch", "load", "overview", "parse"]
