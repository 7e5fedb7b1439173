"""``pratique gate canary``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.model.command import Command
from pratique.model.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

MANAGERS = ("pip", "uv", "npm", "cargo", "go", "maven")


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--manager",
        action="append",
        default=[],
        choices=MANAGERS,
        metavar="NAME",
        help="only this one: pip, uv, npm, cargo, go or maven; repeatable (default: those that "
        "are on this machine)",
    )
    parser.add_argument(
        "--key",
        default="",
        metavar="sha256:HEX",
        help="id of the gate's key, as GET /canary/key says it to who trusts that address; "
        "without it, any gate passes",
    )
    parser.add_argument(
        "--project",
        type=Path,
        metavar="FOLDER",
        help="look also at the lockfiles and configuration of a project",
    )
    parser.add_argument(
        "--cafile", default="", metavar="FILE", help="certificates to trust besides the system's"
    )
    parser.add_argument("--format", "-f", choices=("table", "json"), default="table")


def _run(options: Namespace) -> int:
    import msgspec

    from pratique.gate.canary import Canary, Outcome, summary, table

    if options.key and not options.key.startswith("sha256:"):
        raise UsageError("--key is not the id of a key.", remedy="It is like sha256:0123…")
    if options.cafile and not Path(options.cafile).is_file():
        raise UsageError(f"{options.cafile} is not a file.")
    rows = Canary(options.key, options.cafile).run(options.manager, options.project)
    if not rows:
        raise UsageError("there is no package manager on this machine to try.")
    if options.format == "json":
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(summary(rows))).decode() + "\n")
    else:
        sys.stdout.write(table(rows) + "\n")
    found = {row.outcome for row in rows}
    if Outcome.FAIL in found:
        return ExitCode.FINDINGS
    return ExitCode.INCOMPLETE if Outcome.UNKNOWN in found else ExitCode.CLEAN


canary = Command(
    description="Try from this machine whether installs really go through the gate: its signed "
    "answer where each package manager asks, a refusal of what policy refuses, no other way out. "
    "Nothing is installed.",
    configure=_configure,
    run=_run,
    epilogue="""\
examples:
  pratique gate canary --key sha256:0123… --project .
  pratique gate canary --manager pip --manager npm --format json
""",
)
