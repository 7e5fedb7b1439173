"""``pratique check``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.advisories.options import add_advisories
from pratique.health.options import add_policy, add_threshold, policy_and_waivers
from pratique.health.vex_options import add_vex, verifier_of
from pratique.model.command import Command
from pratique.model.errors import ExitCode, UsageError
from pratique.model.options import add_color, add_exclude, add_installed
from pratique.sources.clock import now

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

FORMATS = ("table", "json", "jsonl", "sarif", "markdown", "html", "csv", "cyclonedx")

MAX_STDIN_BYTES = 256 * 1024 * 1024
"""Most that is read from standard input; the limit of any document."""


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "subject",
        nargs="?",
        default=".",
        help="a folder, a lockfile, an SBOM, a package URL (pkg:type/name@version), or - for "
        "standard input; the current folder by default",
    )
    parser.add_argument(
        "--format",
        "-f",
        action="append",
        default=[],
        choices=FORMATS,
        metavar="FORMAT",
        help=f"how to print the bill: {', '.join(FORMATS)}; repeat it with --output for several",
    )
    parser.add_argument(
        "--output",
        "-o",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="write the bill to a file; repeatable; without --format its name says which",
    )
    add_threshold(parser)
    parser.add_argument(
        "--sort",
        choices=("priority", "severity", "epss", "package", "path"),
        default="priority",
        metavar="ORDER",
        help="order of the findings: priority (malicious, exploited, severity, likelihood), "
        "severity, epss, package, path",
    )
    add_exclude(parser)
    add_vex(parser)
    add_policy(parser)
    add_installed(parser)
    parser.add_argument(
        "--offline", action="store_true", help="never call out: use the advisories that are here"
    )
    add_advisories(parser)
    parser.add_argument("--exit-zero", action="store_true", help="exit with 0 whatever was found")
    add_color(parser)


def _run(options: Namespace) -> int:
    import msgspec

    from pratique.advisories import open_index
    from pratique.health.fetched_vex import fetched
    from pratique.health.outputs import targets, write
    from pratique.health.service import Request, check
    from pratique.health.verdict import Threshold, exit_code
    from pratique.inventory import Options
    from pratique.report.progress import shown

    threshold = Threshold.parse(options.fail_on)
    wanted = targets(options.format, options.output)
    index = open_index(options.advisories)
    request = Request(
        subject=options.subject,
        options=Options(exclude=tuple(options.exclude), installed=options.installed),
        sort=options.sort,
        prefer=tuple(options.vex_prefer),
        products=tuple(options.product),
    )
    policy, waivers = policy_and_waivers(options)
    with fetched(options.vex, offline=options.offline) as vex, shown("Reading") as progress:
        bill = check(
            msgspec.structs.replace(request, vex=vex),
            index,
            now(),
            policy=policy,
            waivers=waivers,
            verifier=verifier_of(options),
            stdin=_stdin,
            progress=progress,
        )
    write(bill, wanted, color=_coloured(options.color), width=_width())
    code = exit_code(bill, threshold)
    return ExitCode.CLEAN if options.exit_zero else code


def _stdin() -> bytes:
    data = sys.stdin.buffer.read(MAX_STDIN_BYTES + 1)
    if not data:
        raise UsageError("standard input is empty.", remedy="Pipe a lockfile or an SBOM into it.")
    return data


def _coloured(choice: str) -> bool:
    if choice != "auto":
        return choice == "always"
    return (
        sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    )


def _width() -> int:
    import shutil

    return max(40, shutil.get_terminal_size((100, 24)).columns)


check = Command(
    description="Give the bill of health of a project, lockfile, SBOM or package: what is in it, "
    "what is known against it, what to do, and what could not be determined.",
    configure=_configure,
    run=_run,
    epilogue="""\
examples:
  pratique check                                    the current folder
  pratique check app --fail-on high                 for a pipeline
  pratique check app -f html -o bill.html           a page to read
  pratique check sbom.cdx.json -f sarif             for a code host
  pratique check pkg:pypi/jinja2@2.10               one package
  syft -o cyclonedx-json dir:. | pratique check -   another tool's SBOM
""",
)
