"""``pratique vex filter|list|validate|convert``: documents that are there."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.formats.json_writing import indented_json
from pratique.model.command import Command
from pratique.model.errors import ExitCode
from pratique.model.options import add_format
from pratique.report.writing import write_out
from pratique.sources.clock import now
from pratique.vex.options import (
    add_output,
    read_input,
    say,
    say_problems,
    write_document,
)

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

FORMATS = ("openvex", "csaf", "cyclonedx")


def _configure_filter(parser: ArgumentParser) -> None:
    parser.add_argument("report", help="SARIF or CycloneDX with vulnerabilities; - reads stdin")
    parser.add_argument(
        "documents", nargs="+", type=Path, help="VEX documents of any format, or folders of them"
    )
    parser.add_argument(
        "--product",
        "-p",
        action="append",
        default=[],
        metavar="ID",
        help="what was scanned, where the report does not say it: package URL, digest; repeatable",
    )
    parser.add_argument(
        "--any-product",
        action="store_true",
        help="take every statement to be about what was scanned, whatever product it names",
    )
    parser.add_argument(
        "--suppress", action="store_true", help="mark what is settled in place of removing it"
    )
    parser.add_argument(
        "--prefer",
        action="append",
        default=[],
        metavar="WHO",
        help="author, document id or path whose statements win whatever their date; repeatable",
    )
    add_output(parser)


def _run_filter(options: Namespace) -> int:
    from pratique.vex.filtering import Policy, filter_report
    from pratique.vex.loading import load

    moment = now()
    loaded = load(options.documents, moment)
    policy = Policy(
        now=moment,
        products=tuple(options.product),
        any_product=options.any_product,
        suppress=options.suppress,
        preferred=tuple(options.prefer),
    )
    result = filter_report(read_input(options.report), loaded.statements, policy)
    write_out(result.data, options.output)
    for line in result.lines:
        say(line)
    say(f"{result.settled:,} of {result.before:,} results are settled by VEX")
    if result.unplaced:
        say(
            "The report does not say what was scanned, so that only statements about the packages "
            "themselves apply. Name it with --product, or give --any-product."
        )
    return say_problems(loaded.problems)


def _configure_list(parser: ArgumentParser) -> None:
    parser.add_argument(
        "what", nargs="+", choices=("status", "justification", "cyclonedx"), help="which words"
    )


def _run_list(options: Namespace) -> int:
    from pratique.formats.cyclonedx_vex.words import JUSTIFICATIONS, STATES
    from pratique.model.vex import Justification, Status

    for what in options.what:
        if what == "status":
            lines = [one.value for one in Status]
        elif what == "justification":
            lines = [one.value for one in Justification]
        else:
            words = {**STATES, **JUSTIFICATIONS}
            width = max(map(len, words))
            lines = [f"{word:<{width}}  {common}" for word, common in words.items()]
        sys.stdout.write("\n".join(lines) + "\n")
    return ExitCode.CLEAN


def _configure_validate(parser: ArgumentParser) -> None:
    parser.add_argument("documents", nargs="+", help="VEX documents; - reads standard input")
    add_format(parser)


def _run_validate(options: Namespace) -> int:
    from pratique.model.errors import InputError
    from pratique.vex.validating import validate

    code = ExitCode.CLEAN
    rows = []
    for path in options.documents:
        data = read_input(path)
        try:
            verdict = validate(data, path)
        except InputError as error:
            say(f"{path}: {error.message}")
            code = ExitCode.INCOMPLETE
            continue
        rows.append((path, verdict))
        if not verdict.valid and code is ExitCode.CLEAN:
            code = ExitCode.FINDINGS
    if options.format == "json":
        import msgspec

        value = [
            {"path": path, "valid": verdict.valid, **msgspec.to_builtins(verdict)}
            for path, verdict in rows
        ]
        sys.stdout.write(indented_json(value).decode())
        return code
    for path, verdict in rows:
        sys.stdout.write(f"{path}: {verdict.format}: {'valid' if verdict.valid else 'invalid'}\n")
        for one in verdict.faults:
            title = f" {one.title}" if one.title else ""
            sys.stdout.write(f"  {one.test}{title}: {one.path or '/'} {one.message}\n")
        for number, reason in verdict.untested:
            sys.stdout.write(f"  not tested: {number} {reason}\n")
    return code


def _configure_convert(parser: ArgumentParser) -> None:
    parser.add_argument("document", help="a VEX document of any format; - reads standard input")
    parser.add_argument("--to", choices=FORMATS, required=True, help="the format to write")
    add_output(parser)


def _run_convert(options: Namespace) -> int:
    import msgspec

    from pratique.formats.vex import read

    document = read(read_input(options.document), options.document)
    if document.timestamp is None:
        document = msgspec.structs.replace(document, timestamp=now())
        say("the document has no date; today's is written")
    write_document(document, options.to, options.output)
    return say_problems(document.problems)


filter = Command(
    description="Take out of a scanner's report what VEX settles: results whose latest statement "
    "says not_affected or fixed of what was scanned.",
    configure=_configure_filter,
    run=_run_filter,
    epilogue="""\
examples:
  pratique vex filter report.sarif.json alpha.vex.json > open.sarif.json
  pratique vex filter report.cdx.json vex/ --suppress -o marked.cdx.json
  pratique vex filter report.sarif.json alpha.vex.json --product pkg:oci/alpha@sha256:…
""",
)

list_words = Command(
    description="List the statuses and justifications, and CycloneDX's words for them.",
    configure=_configure_list,
    run=_run_list,
)

validate = Command(
    description="Check VEX documents by the rules of their format: CSAF 2.0 and 2.1 by the "
    "mandatory tests of section 6.1, OpenVEX by its schema and statuses.",
    configure=_configure_validate,
    run=_run_validate,
    epilogue="""\
exit codes: 0 all are valid, 1 one is not, 3 one cannot be read
""",
)

convert = Command(
    description="Convert a VEX document between OpenVEX, CSAF and CycloneDX; what the new format "
    "has no place for is said on standard error.",
    configure=_configure_convert,
    run=_run_convert,
    epilogue="""\
examples:
  pratique vex convert alpha.csaf.json --to openvex -o alpha.vex.json
""",
)
