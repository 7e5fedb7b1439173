"""Writes the pages of the documentation that the program itself knows best.

``python tools/document.py`` rewrites them; ``--check`` fails where one is stale.
The commands, formats and rules come from the tables that the program runs by,
so that what is not documented cannot exist.
"""

from __future__ import annotations

import sys
from argparse import SUPPRESS, Action, ArgumentParser, _SubParsersAction
from pathlib import Path

from pratique.formats import registry
from pratique.formats.base import Kind
from pratique.health.rules import RULES
from pratique.surfaces.cli.app import COMMANDS, load

DOCS = Path(__file__).resolve().parent.parent / "docs"
GENERATED = "<!-- Written by tools/document.py; do not edit. -->\n"


def _row(action: Action) -> str:
    names = ", ".join(f"`{name}`" for name in action.option_strings) or f"`{action.dest}`"
    meaning = " ".join((action.help or "").split()).replace("|", "\\|")
    choices = ""
    if action.choices is not None and action.metavar is None:
        choices = f" ({', '.join(map(str, action.choices))})"
    return f"| {names} | {meaning}{choices} |"


def commands() -> str:
    """Every command with its arguments and options."""
    parts = [
        GENERATED,
        "# Commands\n",
        "Data goes to standard output, everything else to standard error. Exit codes: 0 clean, "
        "1 findings, 2 wrong usage, 3 evidence incomplete, 4 a service elsewhere did not answer, "
        "70 a defect in this program. A path that you typed and that is absent, of another kind or "
        "not to be read is wrong usage (2), in every command; evidence that was found and cannot "
        "be read is incomplete (3).\n",
    ]
    for name in COMMANDS:
        parser, _ = load(name)
        parts += _described(parser, "##", parser.description)
    return "\n".join(parts)


def _described(parser: ArgumentParser, heading: str, meaning: str | None) -> list[str]:
    """Parts about a command, and about the subcommands within it, one level further down."""
    actions = [
        action
        for action in parser._actions  # noqa: SLF001 - argparse has no public way
        if action.help is not SUPPRESS
    ]
    rows = "\n".join(map(_row, actions))
    parts = [
        f"{heading} {parser.prog}\n\n{' '.join((meaning or '').split())}\n",
        f"| argument | meaning |\n|---|---|\n{rows}\n",
    ]
    if parser.epilog:
        parts.append("```text\n" + parser.epilog.strip() + "\n```\n")
    for action in actions:
        if isinstance(action, _SubParsersAction):
            helps = {one.dest: one.help for one in action._choices_actions}  # noqa: SLF001 - as above
            for name, nested in action.choices.items():
                parts += _described(nested, f"{heading}#", nested.description or helps[name])
    return parts


def formats() -> str:
    """Every format that is read, with the file names it is found by."""
    titles = {
        Kind.LOCKFILE: "Lockfiles",
        Kind.MANIFEST: "Manifests",
        Kind.INSTALLED: "Installed trees",
        Kind.SBOM: "Bills of materials",
    }
    parts = [
        GENERATED,
        "# Formats\n",
        "A folder is searched for the file names below; a document given by itself, or on "
        "standard input, is recognised by its content where its name says nothing. A manifest is "
        "left out where the lockfile that resolves it stands beside it or further up, and "
        "installed trees are read only with `--installed` or where the path leads into one.\n",
        "Of every component are kept, where the format has them: direct or transitive, scope and "
        "groups, line, hashes, registry, version control source, licences.\n",
    ]
    for kind, title in titles.items():
        parts.append(f"## {title}\n")
        rows = [
            f"| {one.title} | {', '.join(f'`{name}`' for name in one.files)} | "
            f"{one.ecosystem or 'several'} |"
            for one in registry.readers()
            if one.kind is kind
        ]
        parts.append("| format | files | ecosystem |\n|---|---|---|\n" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def rules() -> str:
    """Every rule of a check."""
    parts = [GENERATED, "# Rules\n", "`pratique explain RULE` prints the same.\n"]
    for rule in RULES.values():
        links = "\n".join(f"- [{ref.title or ref.url}]({ref.url})" for ref in rule.references)
        parts.append(
            f"## {rule.id}\n\n**{rule.title}.** {rule.motivation}\n\n"
            f"**What to do.** {rule.remedy}\n\n{links}\n",
        )
    return "\n".join(parts)


PAGES = {"commands.md": commands, "formats.md": formats, "rules.md": rules}


def main(arguments: list[str]) -> int:
    """Write the pages, or with ``--check`` only say which are stale."""
    stale = []
    for name, make in PAGES.items():
        path, text = DOCS / name, make()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if "--check" not in arguments:
                path.write_text(text, encoding="utf-8")
    if "--check" in arguments and stale:
        print(f"stale: {', '.join(stale)}; run 'make format' or tools/document.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
