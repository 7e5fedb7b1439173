"""``pratique explain``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pratique.advisories.options import add_advisories
from pratique.formats.json_writing import indented_json
from pratique.model.command import Command
from pratique.model.errors import ExitCode, UsageError
from pratique.model.options import add_format

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "name", help="id of a rule (vulnerable-package), an advisory or one of its aliases"
    )
    add_format(parser)
    add_advisories(parser)


def _run(options: Namespace) -> int:
    from pratique.health.explain import about_advisory, about_rule
    from pratique.health.rules import find, ids

    rule = find(options.name)
    if rule is not None:
        return _print(about_rule(rule), rule, options.format)
    from pratique.advisories import open_index

    index = open_index(options.advisories)
    found = index.advisory(options.name)
    if found is None:
        raise UsageError(
            f"{options.name!r} is neither a rule nor an advisory that is here.",
            remedy=f"Rules: {', '.join(ids())}. Newer advisories: 'pratique advisories update'.",
        )
    return _print(about_advisory(found, index.details(found.id)), found, options.format)


def _print(text: str, value: object, format: str) -> int:
    if format == "json":
        text = indented_json(value).decode()
    sys.stdout.write(text.rstrip("\n") + "\n")
    return ExitCode.CLEAN


explain = Command(
    description="Explain a rule of the check, or an advisory by its id or an alias of it.",
    configure=_configure,
    run=_run,
)
