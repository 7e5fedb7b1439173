"""The command line.

It discovers the rooms' commands from one table of import strings and holds no
rules itself: colours, progress, exit codes and errors are all it knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program.

    Args:
        arguments: Without the program's name; those of the process by default.

    Returns:
        The exit code; see :class:`pratique.model.errors.ExitCode`.
    """
    from pratique.surfaces.cli.run import run

    return run(arguments)
