"""A command as a room offers it to the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable


class Command(NamedTuple):
    """One command of a room; ``pratique.surfaces.cli.app`` lists it by import string."""

    description: str
    """What it does, in a sentence or two; the top of its help."""

    configure: Callable[[ArgumentParser], None]
    """Adds its arguments to a parser."""

    run: Callable[[Namespace], int]
    """Runs it and returns the exit code; errors are raised as PratiqueError."""

    epilogue: str = ""
    """Examples, at the end of its help."""
