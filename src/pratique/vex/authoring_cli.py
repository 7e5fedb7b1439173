"""``pratique vex create|add|merge|generate``: documents that are written here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pratique.model.command import Command
from pratique.model.errors import ExitCode, UsageError
from pratique.sources.clock import now
from pratique.vex.options import (
    add_claim,
    add_document,
    add_output,
    add_statement,
    drafted,
    read_input,
    say,
    say_problems,
    write_document,
)

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def _configure_create(parser: ArgumentParser) -> None:
    add_claim(parser)
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
    write_document(document, "openvex", options.output)
    return ExitCode.CLEAN


def _configure_add(parser: ArgumentParser) -> None:
    parser.add_argument("document", help="the OpenVEX document to add to")
    add_claim(parser)
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
    write_document(grown, "openvex", target, again=options.in_place)
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
    write_document(document, "openvex", options.output)
    return say_problems((*loaded.problems, *document.problems))


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
    write_document(document, "openvex", options.output)
    return say_problems((*loaded.problems, *document.problems))


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
