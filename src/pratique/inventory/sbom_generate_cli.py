"""``pratique sbom generate``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import msgspec

from pratique import __version__
from pratique.inventory.naming import name_of
from pratique.inventory.sbom_input import now
from pratique.model.command import Command
from pratique.model.errors import ExitCode
from pratique.model.inventory import Trouble
from pratique.model.options import add_exclude, add_installed
from pratique.report.writing import write_out

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

SHORT = {
    "cyclonedx": "cyclonedx-json-1.6",
    "cyclonedx-xml": "cyclonedx-xml-1.6",
    "spdx": "spdx-json-2.3",
    "spdx-tag-value": "spdx-tag-value-2.3",
    "spdx3": "spdx-json-3.0.1",
}
"""Short names of the forms that are asked for most."""


def _configure(parser: ArgumentParser) -> None:
    from pratique.formats.sbom.write import FORMS

    parser.add_argument(
        "subject",
        nargs="?",
        default=".",
        help="a folder, an image, a root file system, an environment, a document, or a package "
        "URL; the current folder by default",
    )
    parser.add_argument(
        "--to",
        default="cyclonedx",
        choices=(*SHORT, *FORMS),
        metavar="FORM",
        help=f"{', '.join(SHORT)} (default: cyclonedx), or with a version: {', '.join(FORMS)}",
    )
    parser.add_argument("--output", "-o", metavar="FILE", help="where to write it")
    parser.add_argument(
        "--name",
        default="",
        help="what the bill is of (default: the name in package.json, pyproject.toml or "
        "Cargo.toml, or the last part of the path)",
    )
    parser.add_argument("--version", default="", help="the version of that")
    add_exclude(parser)
    add_installed(parser)


def _run(options: Namespace) -> int:
    from pratique.formats.sbom.write import write as write_form
    from pratique.inventory import Options, take

    inventory = take(
        options.subject,
        Options(exclude=tuple(options.exclude), installed=options.installed),
        stdin=sys.stdin.buffer.read,
    )
    named = name_of(options.subject)
    data = write_form(
        msgspec.structs.replace(inventory, subject=options.name or named.name),
        SHORT.get(options.to, options.to),
        tool="pratique",
        tool_version=__version__,
        timestamp=now(),
        version=options.version or ("" if options.name else named.version),
    )
    write_out(data, options.output)
    troubles = [one for one in inventory.problems if one.trouble is not Trouble.NOTICE]
    for problem in troubles:
        sys.stderr.write(f"{problem.location}: {problem.message}\n")
    for one in inventory.suspicions:
        sys.stderr.write(f"{one.location}: {one.message}\n")
    if not inventory.components:
        sys.stderr.write("nothing was found: the bill of materials is empty\n")
    complete = not (troubles or inventory.suspicions) and bool(inventory.components)
    return ExitCode.CLEAN if complete else ExitCode.INCOMPLETE


generate = Command(
    description="Make a bill of materials of what is found: lockfiles, installed packages, package "
    "databases, binaries, images. What could not be read is said, and gives exit code 3.",
    configure=_configure,
    run=_run,
    epilogue="""\
examples:
  pratique sbom generate app -o app.cdx.json
  pratique sbom generate . --name checkout --version 2.1.0 -o checkout.cdx.json
  pratique sbom generate image.tar --to spdx -o image.spdx.json
""",
)
