"""What the commands that change a document share: where it goes, and what is said of the change."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeVar

from pratique.formats.json_writing import indented_json
from pratique.model.errors import UsageError
from pratique.model.options import add_format
from pratique.report.writing import write_out

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable

SHOWN = 20
"""Rows of each kind that a table shows."""

_Report = TypeVar("_Report")


def add_output(parser: ArgumentParser) -> None:
    """Add ``--output``, for the changed document."""
    parser.add_argument("--output", "-o", metavar="FILE", help="where to write the document")


def add_report(parser: ArgumentParser, *, help: str) -> None:
    """Add ``--drop-signature``, ``--report`` with the given help, and ``--format``."""
    parser.add_argument(
        "--drop-signature", action="store_true", help="remove a signature that this breaks"
    )
    parser.add_argument("--report", metavar="FILE", help=help)
    add_format(parser)


def check_outputs(options: Namespace) -> None:
    """Refuse options by which document and report would mix.

    Raises:
        UsageError: They do.
    """
    if options.format == "json" and options.output in {None, "-"} and not options.report:
        raise UsageError(
            "the document and the report cannot both go to standard output.",
            remedy="Name a file for the document with --output, or for the report with --report.",
        )


def write_changed(
    options: Namespace, document: bytes, report: _Report, table: Callable[[_Report, int], str]
) -> None:
    """Write the document, and its report: JSON where it is asked for, else a table to stderr.

    Raises:
        UsageError: A file cannot be written.
    """
    write_out(document, options.output)
    if options.report:
        write_out(indented_json(report), options.report)
    if options.format == "table":
        sys.stderr.write(table(report, SHOWN))
    elif not options.report:
        write_out(indented_json(report), None)
