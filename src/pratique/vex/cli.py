"""``pratique vex create|add|merge|filter|generate|list|validate|convert``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.model.command import Command
from pratique.model.errors import ExitCode, UsageError
from pratique.sources.clock import now
from pratique.vex.options import (
    add_document,
    add_output,
    add_statement,
    drafted,
    read_input,
    say,
    say_problems,
    write_output,
)

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

MAX_LOST = 200
"""Lines of a loss report that are printed; what is lost of one product is lost of all."""

FORMATS = ("openvex", "csaf", "cyclonedx")


def _written(document: object, format: str, output: Path | None) -> None:
    """Write a document in a format, and say on standard error what is lost."""
    from pratique.formats.vex import writer
    from pratique.model.vex import VexDocument

    assert isinstance(document, VexDocument)
    data, lost = writer(format)(document)
    write_output(data, output)
    for line in lost[:MAX_LOST]:
        say(f"lost: {line}")
    if len(lost) > MAX_LOST:
        say(f"lost: {len(lost) - MAX_LOST:,} more")


def _configure_create(parser: ArgumentParser) -> None:
    parser.add_argument("product", nargs="?", default="", help="package URL or another identifier")
    parser.add_argument("vulnerability", nargs="?", default="", help="id: CVE-2024-0001")
    parser.add_argument("status", nargs="?", default="", help="see 'pratique vex list status'")
    add_statement(parser)
    add_document(parser)
    add_output(parser)


def _run_create(options: Namespace) -> int:
    from pratique.vex.authoring import create, statement_of

    moment = now()
    statement = statement_of(drafted(options), moment)
    document = create(
        [statement], moment, id=options.id, author=options.author, role=options.author_role
    )
    _written(document, "openvex", options.output)
    return ExitCode.CLEAN


def _configure_add(parser: ArgumentParser) -> None:
    parser.add_argument("document", help="the OpenVEX document to add to")
    parser.add_argument("product", nargs="?", default="", help="package URL or another identifier")
    parser.add_argument("vulnerability", nargs="?", default="", help="id: CVE-2024-0001")
    parser.add_argument("status", nargs="?", default="", help="see 'pratique vex list status'")
    parser.add_argument(
        "--in-place", "-i", action="store_true", help="write the document back to its file"
    )
    add_statement(parser)
    add_output(parser)


def _run_add(options: Namespace) -> int:
    from pratique.formats.openvex.read import read
    from pratique.vex.authoring import add, statement_of

    if options.in_place and (options.output or options.document == "-"):
        raise UsageError("--in-place needs a file, and no --output.")
    document = read(read_input(options.document), options.document)
    code = say_problems(document.problems)
    if code is not ExitCode.CLEAN:
        raise UsageError(
            f"{options.document} has statements that cannot be read; they would be lost.",
            remedy="Mend it first: 'pratique vex validate' says what is wrong.",
        )
    moment = now()
    grown = add(document, statement_of(drafted(options), moment), moment)
    target = Path(options.document) if options.in_place else options.output
    _written(grown, "openvex", target)
    return ExitCode.CLEAN


def _configure_merge(parser: ArgumentParser) -> None:
    parser.add_argument(
        "documents", nargs="+", type=Path, help="VEX documents of any format, or folders of them"
    )
    parser.add_argument(
        "--product", "-p", action="append", default=[], help="keep what is said of it; repeatable"
    )
    parser.add_argument(
        "--vuln", "-v", action="append", default=[], help="keep what is said of it; repeatable"
    )
    add_document(parser)
    add_output(parser)


def _run_merge(options: Namespace) -> int:
    from pratique.vex.loading import load
    from pratique.vex.merging import merge

    moment = now()
    loaded = load(options.documents, moment)
    document = merge(
        loaded.documents,
        moment,
        id=options.id,
        author=options.author,
        role=options.author_role,
        products=options.product,
        vulnerabilities=options.vuln,
    )
    _written(document, "openvex", options.output)
    return say_problems((*loaded.problems, *document.problems))


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
    write_output(result.data, options.output)
    for line in result.lines:
        say(line)
    say(f"{result.settled:,} of {result.before:,} results are settled by VEX")
    if result.unplaced:
        say(
            "The report does not say what was scanned, so that only statements about the packages "
            "themselves apply. Name it with --product, or give --any-product."
        )
    return say_problems(loaded.problems)


def _configure_generate(parser: ArgumentParser) -> None:
    parser.add_argument("product", nargs="?", default="", help="package URL of the new product")
    parser.add_argument(
        "--templates",
        "-t",
        type=Path,
        default=None,
        metavar="FOLDER",
        help="OpenVEX documents about any version; .openvex/templates by default",
    )
    parser.add_argument("--init", action="store_true", help="make a new folder of templates")
    add_document(parser)
    add_output(parser)


def _run_generate(options: Namespace) -> int:
    from pratique.vex.generating import TEMPLATES, generate, initialise
    from pratique.vex.loading import load

    folder = options.templates or Path(TEMPLATES)
    if options.init:
        if options.product:
            raise UsageError("--init takes no product.")
        initialise(folder, now())
        say(f"made {folder}")
        return ExitCode.CLEAN
    if not options.product:
        raise UsageError("no product is named.", remedy="Give its package URL.")
    moment = now()
    loaded = load([folder], moment)
    if not loaded.documents:
        raise UsageError(f"{folder} has no VEX documents.", remedy="Make some with --init.")
    document = generate(
        loaded.documents,
        options.product,
        moment,
        id=options.id,
        author=options.author,
        role=options.author_role,
    )
    if not document.statements:
        say(f"no template speaks of {options.product}")
    _written(document, "openvex", options.output)
    return say_problems((*loaded.problems, *document.problems))


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
    parser.add_argument(
        "--format", "-f", choices=("table", "json"), default="table", help="how to print it"
    )


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
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")
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
    _written(document, options.to, options.output)
    return say_problems(document.problems)


create = Command(
    description="Create an OpenVEX document with one statement: a product, a vulnerability, and "
    "what it comes to. On a terminal, what is missing is asked for.",
    configure=_configure_create,
    run=_run_create,
    epilogue="""\
examples:
  pratique vex create pkg:oci/alpha CVE-2024-0001 fixed
  pratique vex create pkg:oci/alpha CVE-2024-0001 not_affected \\
      --subcomponent pkg:pypi/beta@1.0 -j vulnerable_code_not_in_execute_path
""",
)

add = Command(
    description="Add a statement to an OpenVEX document; its version is raised, and its other "
    "statements keep their dates.",
    configure=_configure_add,
    run=_run_add,
    epilogue="""\
examples:
  pratique vex add -i alpha.vex.json pkg:oci/alpha CVE-2024-0001 fixed
""",
)

merge = Command(
    description="Merge VEX documents of any format into one OpenVEX document.",
    configure=_configure_merge,
    run=_run_merge,
    epilogue="""\
examples:
  pratique vex merge one.vex.json two.csaf.json -o all.vex.json
  pratique vex merge vex/ --product pkg:oci/alpha --vuln CVE-2024-0001
""",
)

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

generate = Command(
    description="Generate an OpenVEX document about one product from templates about any version "
    "of it.",
    configure=_configure_generate,
    run=_run_generate,
    epilogue="""\
examples:
  pratique vex generate --init
  pratique vex generate pkg:oci/alpha@sha256:… --author "Alpha Team"
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
