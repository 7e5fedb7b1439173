"""Options that the VEX commands share, and how they read and write."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pratique.formats.base import MAX_DOCUMENT_BYTES
from pratique.model.errors import ExitCode, UsageError
from pratique.model.inventory import Trouble
from pratique.report.writing import rewrite, write_out

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterable, Sequence

    from pratique.model.inventory import Problem
    from pratique.model.vex import VexDocument
    from pratique.vex.authoring import Draft

MAX_LOST = 200
"""Lines of a loss report that are printed; what is lost of one product is lost of all."""


def add_document(parser: ArgumentParser) -> None:
    """Options for the head of a new document."""
    parser.add_argument(
        "--id", default="", help="id of the document; made of its content if absent"
    )
    parser.add_argument("--author", default="", help="who says it")
    parser.add_argument("--author-role", default="", metavar="ROLE", help="the author's role")


def add_output(parser: ArgumentParser) -> None:
    """Where to write."""
    parser.add_argument(
        "--output", "-o", type=Path, metavar="FILE", help="write to a file, not standard output"
    )


def add_claim(parser: ArgumentParser) -> None:
    """What a statement says, by place: product, vulnerability and status."""
    parser.add_argument("product", nargs="?", default="", help="package URL or another identifier")
    parser.add_argument("vulnerability", nargs="?", default="", help="id: CVE-2024-0001")
    parser.add_argument("status", nargs="?", default="", help="see 'pratique vex list status'")


def add_statement(parser: ArgumentParser) -> None:
    """Options for a statement, whose product, vulnerability and status may be options too."""
    repeat: Any = {"action": "append", "default": []}
    parser.add_argument(
        "--product", "-p", dest="products", metavar="ID", help="repeatable", **repeat
    )
    parser.add_argument("--vuln", "-v", default="", metavar="ID", help="the vulnerability")
    parser.add_argument("--status", "-s", dest="status_word", default="", help="the status")
    parser.add_argument(
        "--subcomponent",
        dest="subcomponents",
        metavar="ID",
        help="where in the product the vulnerability comes from; repeatable",
        **repeat,
    )
    parser.add_argument(
        "--alias",
        dest="aliases",
        metavar="ID",
        help="another id of the vulnerability; repeatable",
        **repeat,
    )
    parser.add_argument("--justification", "-j", default="", help="why it is not affected")
    parser.add_argument("--impact-statement", default="", metavar="TEXT", help="the same in words")
    parser.add_argument("--action-statement", "-a", default="", metavar="TEXT", help="what to do")
    parser.add_argument("--status-note", default="", metavar="TEXT", help="how it was determined")


def drafted(options: Namespace) -> Draft:
    """The statement that the options say; on a terminal what is missing is asked for.

    Raises:
        UsageError: Something is said twice, and differently.
    """
    from pratique.model.vex import Justification, Status
    from pratique.vex.authoring import Draft

    products = [*([options.product] if options.product else []), *options.products]
    vulnerability = _once("vulnerability", options.vulnerability, options.vuln)
    status = _once("status", options.status, options.status_word)
    justification = options.justification
    impact = options.impact_statement
    if sys.stdin.isatty() and not (products and vulnerability and status):
        products = products or [_ask("Product (package URL)")]
        vulnerability = vulnerability or _ask("Vulnerability")
        status = status or _ask(f"Status ({', '.join(Status)})", tuple(Status))
        if status == Status.NOT_AFFECTED and not justification and not impact:
            question = f"Justification ({', '.join(Justification)}), or nothing"
            justification = _ask(question, ("", *Justification))
            impact = "" if justification else _ask("Impact statement")
    return Draft(
        products=tuple(dict.fromkeys(products)),
        vulnerability=vulnerability,
        status=status,
        justification=justification,
        subcomponents=tuple(options.subcomponents),
        aliases=tuple(options.aliases),
        impact=impact,
        action=options.action_statement,
        notes=options.status_note,
    )


def _once(what: str, first: str, second: str) -> str:
    if first and second and first != second:
        raise UsageError(f"the {what} is given twice: {first} and {second}.")
    return first or second


def _ask(question: str, known: Sequence[str] = ()) -> str:
    """An answer; one that is none of the words known is asked for again."""
    while True:
        sys.stderr.write(f"{question}: ")
        sys.stderr.flush()
        line = sys.stdin.readline()
        answer = line.strip()
        if not known or answer in known or not line:
            return answer
        sys.stderr.write(f"{answer[:80]!r} is none of them.\n")


def read_input(path: str) -> bytes:
    """Bytes of a file, or of standard input for ``-``.

    Raises:
        UsageError: It cannot be read, or is too large.
    """
    if path == "-":
        data = sys.stdin.buffer.read(MAX_DOCUMENT_BYTES + 1)
    else:
        try:
            with Path(path).open("rb") as file:
                data = file.read(MAX_DOCUMENT_BYTES + 1)
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror}.") from None
    if len(data) > MAX_DOCUMENT_BYTES:
        raise UsageError(f"{path} is over the limit of {MAX_DOCUMENT_BYTES:,} bytes.")
    return data


def write_document(
    document: VexDocument, format: str, output: Path | None, *, again: bool = False
) -> None:
    """Write a document in a format, and say on standard error what is lost.

    Args:
        document: What to write.
        format: Its name.
        output: A file; standard output where there is none.
        again: Whether the file is the one that was read, which must not be lost halfway.

    Raises:
        UsageError: The file cannot be written.
    """
    from pratique.formats.vex import writer

    data, lost = writer(format)(document)
    if again and output is not None:
        rewrite(data, output)
    else:
        write_out(data, output)
    for line in lost[:MAX_LOST]:
        say(f"lost: {line}")
    if len(lost) > MAX_LOST:
        say(f"lost: {len(lost) - MAX_LOST:,} more")


def say(line: str) -> None:
    """A line on standard error, without control characters."""
    clean = "".join(one if one.isprintable() else " " for one in line)
    sys.stderr.write(f"{clean}\n")


def say_problems(problems: Iterable[Problem]) -> ExitCode:
    """Name problems on standard error.

    Returns:
        That the evidence is incomplete, where one of them bears on the answer.
    """
    code = ExitCode.CLEAN
    for one in problems:
        say(f"{one.trouble}: {one.location}: {one.message}")
        if one.trouble is not Trouble.NOTICE:
            code = ExitCode.INCOMPLETE
    return code
