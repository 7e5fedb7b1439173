"""``pratique sbom leaves``."""

from __future__ import annotations

import sys
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from pratique.formats.json_writing import indented_json
from pratique.inventory.sbom_input import load, named
from pratique.model.command import Command
from pratique.model.errors import ExitCode, InputError
from pratique.model.options import add_format
from pratique.report.writing import write_out

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument("document", help="a document, or - for standard input")
    parser.add_argument("path", nargs="*", metavar="GLOB", help="paths to list; all by default")
    parser.add_argument(
        "--rest",
        action="store_true",
        help="only what Pratique's own model has no place for: neither matched, nor judged, kept "
        "in the document alone",
    )
    add_format(parser)


def _run(options: Namespace) -> int:
    from pratique.formats.sbom.beyond import beyond
    from pratique.formats.sbom.convert.leaves import leaves
    from pratique.formats.sbom.values import value_of

    try:
        bill = value_of(load(options.document))
        every, rest = leaves(bill.value), beyond(bill)
    except InputError as error:
        raise named(options.document, error) from None
    shown = {
        path: value
        for path, value in (rest if options.rest else every).items()
        if not options.path or any(fnmatchcase(path, _literal(one)) for one in options.path)
    }
    if options.format == "json":
        rows = [
            {"path": path, "value": value, "in_model": path not in rest}
            for path, value in shown.items()
        ]
        write_out(indented_json({"form": bill.form, "leaves": rows, "left": bill.left}), None)
    else:
        sys.stdout.write("".join(f"{path} = {_shown(value)}\n" for path, value in shown.items()))
        for line, _, reason in bill.left:
            sys.stderr.write(f"{options.document}:{line}: {reason}\n")
        sys.stderr.write(
            f"{len(every):,} leaves, {len(rest):,} of them beyond the model, {len(shown):,} shown\n"
        )
    return ExitCode.INCOMPLETE if bill.left else ExitCode.CLEAN


def _literal(pattern: str) -> str:
    """A pattern in which brackets are those of paths: only ``*`` and ``?`` stand for others."""
    return pattern.replace("[", "[[]")


def _shown(value: Any) -> str:
    import msgspec

    return msgspec.json.encode(value).decode()


show = Command(
    description="List every leaf of a bill of materials with its path, or those that the model "
    "behind the other commands has no place for.",
    configure=_configure,
    run=_run,
    epilogue="""\
examples:
  pratique sbom leaves app.cdx.json --rest
  pratique sbom leaves app.cdx.json 'components[*].licenses*' --format json

exit codes: 0 everything is listed, 3 lines of it are not understood and named on standard error
""",
)
