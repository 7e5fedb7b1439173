"""The option of every command that asks the advisories."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser


def add_advisories(parser: ArgumentParser) -> None:
    """Add ``--advisories``: the path that :func:`pratique.advisories.open_index` takes."""
    parser.add_argument(
        "--advisories",
        type=Path,
        metavar="FOLDER",
        help="advisory index to use instead of the user's own",
    )
