"""``pratique lint-config``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pratique.model.command import Command
from pratique.model.errors import ExitCode, UsageError
from pratique.model.options import add_exclude

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

MAX_HOSTS = 1_000
"""Hosts that may be named."""


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "path", nargs="?", default=".", help="a folder or one file; the current folder by default"
    )
    parser.add_argument(
        "--internal-name",
        "-n",
        action="append",
        default=[],
        metavar="NAME",
        help="a name that belongs to the organisation: @acme/ui, com.acme:billing, "
        "git.acme.test/billing, 'com.acme.conventions (plugin)', or a package URL "
        "(pkg:pypi/acme-auth) where a bare name would be asked of several tools; repeatable",
    )
    parser.add_argument(
        "--internal-names-from",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="a file of internal names, one a line; # begins a comment; repeatable",
    )
    parser.add_argument(
        "--internal-host",
        action="append",
        default=[],
        metavar="HOST",
        help="a host of the organisation, its subdomains with it; once one is named every other "
        "is public; repeatable",
    )
    add_exclude(parser)
    parser.add_argument(
        "--waivers",
        action="append",
        default=[],
        metavar="FILE",
        help="waivers (YAML); a file is named as pkg:generic/PATH; repeatable",
    )
    parser.add_argument(
        "--format",
        "-f",
        choices=("text", "json", "sarif"),
        default="text",
        help="how to print it",
    )
    parser.add_argument("--output", "-o", type=Path, metavar="FILE", help="write to a file")
    parser.add_argument("--exit-zero", action="store_true", help="exit with 0 whatever was found")


def _run(options: Namespace) -> int:
    from pratique.controls.configs import bill as drawing
    from pratique.controls.configs.names import parse
    from pratique.controls.configs.service import lint
    from pratique.policy import files
    from pratique.report.writing import write_out

    names = list(options.internal_name)
    for path in options.internal_names_from:
        names.extend(_listed(path))
    waivers = files.waivers(options.waivers)
    result = lint(
        Path(options.path), parse(names), _hosts(options.internal_host), tuple(options.exclude)
    )
    bill = drawing.make(result, options.path, waivers, files.moment(""))
    draw = {"text": drawing.as_text, "json": drawing.as_json, "sarif": drawing.sarif}
    drawn = draw[options.format](bill, result)
    write_out(drawn.encode(errors="backslashreplace"), options.output)
    if options.exit_zero:
        return ExitCode.CLEAN
    if any(one.status == "open" for one in bill.findings):
        return ExitCode.FINDINGS
    return ExitCode.CLEAN if bill.complete else ExitCode.INCOMPLETE


def _listed(path: Path) -> list[str]:
    from pratique.formats.text import decode
    from pratique.policy.files import read

    text = decode(read(str(path), 1024 * 1024))
    lines = (line.partition(" #")[0].strip() for line in text.split("\n"))
    return [line for line in lines if line and not line.startswith("#")]


def _hosts(given: list[str]) -> frozenset[str]:
    if len(given) > MAX_HOSTS:
        raise UsageError(f"over {MAX_HOSTS:,} internal hosts.")
    for host in given:
        if not host or "/" in host or ":" in host or not host.isprintable():
            raise UsageError(
                f"--internal-host {host[:80]!r} is no host name.",
                remedy="Give it without scheme, port and path: packages.acme.test.",
            )
    return frozenset(host.lower().strip(".") for host in given)


lint_config = Command(
    description="Find package-manager configurations by which a public source can answer for an "
    "internal name, or a check is passed by (S2C2F ENF-1).",
    configure=_configure,
    run=_run,
    epilogue="""\
examples:
  pratique lint-config
  pratique lint-config app --internal-name @acme/ui --internal-host packages.acme.test
  pratique lint-config . --internal-names-from names.txt -f sarif -o config.sarif
  pratique explain merged-sources
""",
)
