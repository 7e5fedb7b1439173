"""Options that are the same in the commands of many rooms."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser


def add_format(parser: ArgumentParser, *more: str) -> None:
    """Add ``--format``: a table, JSON, or one of what else the command has."""
    parser.add_argument(
        "--format", "-f", choices=("table", "json", *more), default="table", help="how to print it"
    )


def add_color(parser: ArgumentParser) -> None:
    """Add ``--color``."""
    parser.add_argument(
        "--color",
        choices=("auto", "always", "never"),
        default="auto",
        metavar="WHEN",
        help="colours: auto (on a terminal, unless NO_COLOR is set), always, never",
    )


def add_exclude(parser: ArgumentParser) -> None:
    """Add ``--exclude``."""
    parser.add_argument(
        "--exclude",
        action="append",
        default=[],
        metavar="GLOB",
        help="leave out paths that match; repeatable",
    )


def add_installed(parser: ArgumentParser) -> None:
    """Add ``--installed``."""
    parser.add_argument(
        "--installed",
        action="store_true",
        help="read installed trees (node_modules, virtual environments) as well",
    )


def add_record(parser: ArgumentParser) -> None:
    """Add ``--store`` and ``--tenant``: which record, and whose part of it."""
    parser.add_argument(
        "--store",
        default="",
        metavar="URL",
        help="the record: sqlite:///path or postgresql://… (default: PRATIQUE_STORE, or a file "
        "in the user's data folder)",
    )
    parser.add_argument(
        "--tenant", default="default", metavar="NAME", help="whose record (default: default)"
    )
