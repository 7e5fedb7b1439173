"""The page of commands has what stands within a command."""

from __future__ import annotations

from argparse import ArgumentParser, _SubParsersAction
from pathlib import Path

from pratique.surfaces.cli.app import COMMANDS, load

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"


def nested(parser: ArgumentParser) -> list[ArgumentParser]:
    within = [
        one
        for action in parser._actions
        if isinstance(action, _SubParsersAction)
        for one in action.choices.values()
    ]
    return [*within, *(deeper for one in within for deeper in nested(one))]


def test_every_subcommand_has_its_section_and_options() -> None:
    page = PAGE.read_text(encoding="utf-8")
    sections = {
        part.partition("\n")[0].strip(): part for part in page.split("\n##") if part.strip()
    }
    found = [one for name in COMMANDS for one in nested(load(name)[0])]
    assert {"pratique gate token create", "pratique gate approvals approve"} <= {
        one.prog for one in found
    }
    for one in found:
        section = sections[f"# {one.prog}"]
        for action in one._actions:
            assert all(f"`{option}`" in section for option in action.option_strings)
