"""``pratique snapshot`` and ``pratique trends``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pratique.graph.options import add_store, answered, ask
from pratique.model.command import Command
from pratique.model.errors import ExitCode, UsageError
from pratique.report.progress import waiting

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from pratique.graph.snapshots.files import Manifest
    from pratique.store.record import Record

MAX_CELL = 80
"""Most characters of a cell; a longer one widens the column of all rows. JSON has the whole."""

QUESTIONS = ("exposure-over-time", "top-packages", "version-spread", "licence-mix")


def _configure_snapshot(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--to",
        default="",
        metavar="FOLDER",
        help="where (default: in the user's data folder, where 'trends' finds it)",
    )
    add_store(parser)
    parser.set_defaults(as_of=None)  # a snapshot is of now


def _run_snapshot(options: Namespace) -> int:
    from pratique.graph.snapshots import files

    def question(record: Record) -> tuple[Path, Manifest, str]:
        if not options.to:
            return files.current(record)
        folder = Path(options.to).absolute()
        return folder, files.write(record, folder), ""

    with waiting("Writing the snapshot"):
        folder, manifest, why = ask(options, question)
    _told(why)
    rows = [("TABLE", "ROWS", "BYTES")]
    rows += [
        (name, f"{one.rows:,}", f"{one.size:,}") for name, one in sorted(manifest.files.items())
    ]
    answer = {
        "folder": str(folder),
        "made": manifest.made,
        "files": manifest.files,
        "made_anew": why,
    }
    code = answered(options, "pratique/snapshot/1", "inventory", answer, rows)
    if options.format != "json":
        sys.stdout.write(f"\n{folder}\n")
    return code


def _configure_trends(parser: ArgumentParser) -> None:
    parser.add_argument(
        "question", choices=QUESTIONS, metavar="QUESTION", help=", ".join(QUESTIONS)
    )
    parser.add_argument(
        "subject",
        nargs="?",
        default="",
        help="a package URL, or one with a range: what exposure-over-time and version-spread "
        "are about",
    )
    parser.add_argument("--product", default="", metavar="NAME", help="this product only")
    parser.add_argument(
        "--by",
        default="month",
        choices=("day", "week", "month", "year"),
        help="length of a step of exposure-over-time (default: month)",
    )
    parser.add_argument(
        "--limit",
        type=int,
        default=20,
        metavar="N",
        help="most rows (default: 20); of exposure-over-time the latest, in the table alone",
    )
    add_store(parser)
    parser.set_defaults(as_of=None)  # a snapshot is of now


def _run_trends(options: Namespace) -> int:
    from pratique.graph.snapshots import files, questions

    name, subject, product = options.question, options.subject, options.product
    if name == "exposure-over-time" and not subject:
        raise UsageError("exposure-over-time needs a package URL.")
    if subject and name in {"top-packages", "licence-mix"}:
        raise UsageError(f"{name} takes no package URL.", remedy="--product narrows it.")
    if options.limit < 1:
        raise UsageError("--limit takes a number from 1.")
    with waiting("Looking at the snapshot"):
        folder, manifest, why = ask(options, files.current)
    _told(why)
    unclear: list[str] = []
    if name == "exposure-over-time":
        rows, unclear = questions.exposure_over_time(
            folder, subject, upto=manifest.made[:19], by=options.by, product=product
        )
    elif name == "version-spread":
        rows = questions.version_spread(folder, subject, product=product, limit=options.limit)
    elif name == "top-packages":
        rows = questions.top_packages(folder, product=product, limit=options.limit)
    else:
        rows = questions.licence_mix(folder, product=product, limit=options.limit)
    answer = {
        "question": name,
        "subject": subject,
        "product": product,
        "snapshot": manifest.made,
        "rows": rows,
        "undetermined": unclear,
    }
    shown = rows[-options.limit :] if name == "exposure-over-time" else rows
    answered(options, "pratique/trends/1", "exposure", answer, _table(shown))
    if (left_out := len(rows) - len(shown)) and options.format != "json":
        sys.stderr.write(
            f"note: {left_out:,} earlier steps are left out; --limit {len(rows)}, or "
            "--format json, has them\n"
        )
    for text in unclear:
        sys.stderr.write(f"unknown: {text}: its version cannot be ordered\n")
    return ExitCode.INCOMPLETE if unclear else ExitCode.CLEAN


def _table(rows: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    if not rows:
        return [("",)]
    heads = tuple(name.replace("_", " ").upper() for name in rows[0])
    return [heads, *(tuple(map(_cell, row.values())) for row in rows)]


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(f"{one['version']} ({one['products']})" for one in value)
    text = str(value) or "(none stated)"
    return text if len(text) <= MAX_CELL else f"{text[: MAX_CELL - 1]}…"


def _told(why: str) -> None:
    if why:
        sys.stderr.write(f"note: {why}\n")


snapshot = Command(
    description="Write the record, as it is now, as Parquet files: packages, bills, occurrences, "
    "shipments, licences; with a manifest of their digests. For DuckDB, Spark and the like.",
    configure=_configure_snapshot,
    run=_run_snapshot,
    epilogue="""\
examples:
  pratique snapshot
  pratique snapshot --to /srv/snapshots/today
""",
)
trends = Command(
    description="How things are distributed over the products, and how that went: in how many "
    "products a package is, month by month; the packages in most products; how many versions of "
    "one are in use; the mix of licences. Asks the snapshot, which is made anew where the record "
    "has changed or its files are damaged.",
    configure=_configure_trends,
    run=_run_trends,
    epilogue="""\
examples:
  pratique trends exposure-over-time 'pkg:npm/alpha@<2.0' --by week
  pratique trends version-spread pkg:npm/alpha
  pratique trends licence-mix --product checkout --format json
""",
)
