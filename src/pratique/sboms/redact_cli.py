"""``pratique sbom redact``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pratique.inventory.sbom_input import load, named
from pratique.model.command import Command
from pratique.model.errors import ExitCode, InputError, UsageError
from pratique.sboms.changing import add_output, add_report, check_outputs, write_changed

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument("document", help="a CycloneDX or SPDX 2 document, or - for standard input")
    add_output(parser)
    parser.add_argument(
        "--remove",
        action="append",
        default=[],
        metavar="WHAT",
        help="what goes: component=GLOB (of purl, name or reference), paths, authors, "
        "properties[=GLOB], annotations[=GLOB], urls[=HOSTGLOB] (default: internal hosts); "
        "repeatable",
    )
    parser.add_argument(
        "--pseudonymise",
        action="append",
        default=[],
        metavar="WHAT",
        help="what stays under a pseudonym: component=GLOB, authors; repeatable",
    )
    parser.add_argument(
        "--key-file",
        type=Path,
        metavar="FILE",
        help="secret of at least 16 bytes that makes pseudonyms; the same one gives the same",
    )
    parser.add_argument(
        "--edges",
        choices=("rewire", "cut"),
        default="rewire",
        help="what needed a removed component needs what that needed (default), or no more",
    )
    add_report(parser, help="where to write what was removed, in JSON; it must not leave either")


def _run(options: Namespace) -> int:
    from pratique.sboms.document import Document
    from pratique.sboms.pseudonyms import Pseudonyms, read_key
    from pratique.sboms.redacting import redact as made
    from pratique.sboms.redacting import table
    from pratique.sboms.redaction_rules import rules_of

    rules = rules_of(options.remove, options.pseudonymise, rewire=options.edges == "rewire")
    key = read_key(options.key_file) if options.key_file else b""
    if rules.needs_key and not key:
        raise UsageError(
            "--pseudonymise needs a key.",
            remedy="Name a file with at least 16 random bytes: --key-file.",
        )
    check_outputs(options)
    data = load(options.document)
    try:
        document = Document(data)
        document.unsigned(drop=options.drop_signature)
        written, done = made(document, rules, Pseudonyms(key), name=options.document)
    except InputError as error:
        raise named(options.document, error) from None
    write_changed(options, written, done, table)
    return ExitCode.CLEAN if done.clean else ExitCode.INCOMPLETE


redact = Command(
    description="Take out of a bill of materials what must not leave: internal components, paths, "
    "people, properties, internal addresses. The graph stays whole and the document says that it "
    "was redacted.",
    configure=_configure,
    run=_run,
    epilogue="""\
examples:
  pratique sbom redact app.cdx.json --remove paths --remove urls -o public.cdx.json
  pratique sbom redact app.cdx.json --pseudonymise 'component=pkg:npm/%40acme/*' \\
      --key-file pseudonyms.key -o public.cdx.json --report removed.json

exit codes: 0 redacted, 3 something that was to go may still be there, or a reference leads nowhere
""",
)
