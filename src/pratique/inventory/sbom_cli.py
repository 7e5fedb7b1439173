"""``pratique sbom convert``, ``validate`` and ``score``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pratique.formats.json_writing import indented_json
from pratique.inventory.sbom_input import CREATOR, load, named, now
from pratique.inventory.sbom_views_cli import diff, merge, query, tree
from pratique.model.command import Command
from pratique.model.errors import ExitCode, InputError
from pratique.model.options import add_format
from pratique.report.writing import write_out

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from pratique.inventory.quality import Judged, Quality, Result

__all__ = ["convert", "diff", "merge", "query", "score", "tree", "validate"]

MAX_SHOWN = 5
"""Components that a table names for one element; JSON names all."""


def _configure_convert(parser: ArgumentParser) -> None:
    from pratique.formats.sbom.convert import TARGETS

    parser.add_argument("document", help="a CycloneDX or SPDX document, or - for standard input")
    parser.add_argument(
        "--to",
        required=True,
        choices=TARGETS,
        metavar="FORM",
        help="what to make of it: cyclonedx-json or cyclonedx-xml (-1.4 to -1.7; without, the "
        "version that it has, or 1.6), spdx-json, spdx-tag-value (2.3) or spdx3-json (3.0.1)",
    )
    parser.add_argument("--output", "-o", metavar="FILE", help="where to write it")
    parser.add_argument(
        "--loss", metavar="FILE", help="where to write what was lost or carried as text, in JSON"
    )


def _run_convert(options: Namespace) -> int:
    from pratique.formats.sbom.convert import convert as convert_document

    data = load(options.document)
    try:
        done = convert_document(data, options.to, creator=CREATOR, now=now())
    except InputError as error:
        raise named(options.document, error) from None
    write_out(done.data, options.output)
    if options.loss:
        write_out(indented_json(done.loss), options.loss)
    loss = done.loss
    if loss.lost or loss.carried:
        sys.stderr.write(
            f"{loss.leaves:,} leaves: {len(loss.lost):,} lost, "
            f"{len(loss.carried):,} carried as text\n"
        )
    for leaf in loss.lost[:MAX_SHOWN] if not options.loss else ():
        sys.stderr.write(f"lost {leaf.path}: {leaf.reason}\n")
    return ExitCode.INCOMPLETE if loss.lost else ExitCode.CLEAN


def _configure_validate(parser: ArgumentParser) -> None:
    parser.add_argument("document", nargs="+", help="documents, or - for standard input")
    add_format(parser)


def _run_validate(options: Namespace) -> int:
    from pratique.formats.sbom.validation import validate as validate_document

    verdicts = {}
    for name in options.document:
        data = load(name)
        try:
            verdicts[name] = validate_document(data)
        except InputError as error:
            raise named(name, error) from None
    if options.format == "json":
        rows = [
            {
                "document": name,
                "valid": one.valid,
                "specification": one.specification,
                "faults": one.faults,
                "more": one.more,
            }
            for name, one in verdicts.items()
        ]
        write_out(indented_json(rows), None)
    else:
        for name, one in verdicts.items():
            for fault in one.faults:
                place = f"{name}:{fault.line}" if fault.line else name
                path = f"{fault.path}: " if fault.path else ""
                sys.stdout.write(f"{place}: {path}{fault.message}\n")
            many = f"{len(one.faults):,}{' or more' if one.more else ''} faults"
            said = "is valid" if one.valid else many
            sys.stdout.write(f"{name}: {said} ({one.specification})\n")
    valid = all(one.valid for one in verdicts.values())
    return ExitCode.CLEAN if valid else ExitCode.FINDINGS


def _configure_score(parser: ArgumentParser) -> None:
    parser.add_argument("document", help="a document, or - for standard input")
    parser.add_argument(
        "--profile",
        action="append",
        choices=("ntia", "cisa", "bsi"),
        help="guidelines to hold it against (default: all); with one given, exit code 1 "
        "says that it does not comply",
    )
    parser.add_argument(
        "--at-least", type=float, metavar="SCORE", help="exit code 1 where the score is lower"
    )
    add_format(parser)


def _run_score(options: Namespace) -> int:
    from pratique.inventory.quality import PROFILES, judge

    data = load(options.document)
    try:
        quality = judge(data, options.profile or tuple(PROFILES))
    except InputError as error:
        raise named(options.document, error) from None
    if options.format == "json":
        write_out(indented_json(quality), None)
    else:
        sys.stdout.write(_table(quality))
    low = options.at_least is not None and quality.score < options.at_least
    fails = options.profile and not all(one.complies for one in quality.profiles)
    return ExitCode.FINDINGS if low or fails else ExitCode.CLEAN


def _table(quality: Quality) -> str:
    lines = [
        f"{quality.form} {quality.version}, {quality.components:,} components: "
        f"{quality.score:.1f} of 10 ({quality.grade})",
        "",
        *(f"  {one.category:<16}{one.points:>5.1f}" for one in quality.categories),
    ]
    for result in quality.profiles:
        lines += ["", *_result(result)]
    return "\n".join(lines) + "\n"


def _result(result: Result) -> list[str]:
    lines = [f"{result.title}: {'complies' if result.complies else 'does not comply'}"]
    for one in result.elements:
        mark = "ok" if not one.shortfalls else "missing" if one.required else "absent"
        lines.append(f"  {mark:<8} {one.title} ({one.clause}): {one.passed} of {one.total}")
        lines += _shortfalls(one)
    return lines


def _shortfalls(judged: Judged) -> list[str]:
    lines = [
        f"           {one.component + ': ' if one.component else ''}{one.message}"
        for one in judged.shortfalls[:MAX_SHOWN]
    ]
    if len(judged.shortfalls) > MAX_SHOWN:
        lines.append(f"           and {len(judged.shortfalls) - MAX_SHOWN:,} more")
    if judged.remedy:
        lines.append(f"           -> {judged.remedy}")
    return lines


convert = Command(
    description="Convert a bill of materials between CycloneDX (JSON, XML), SPDX 2.3 (JSON, "
    "tag-value) and SPDX 3.0.1 (JSON-LD), and say what the target has no field for.",
    configure=_configure_convert,
    run=_run_convert,
    epilogue="""\
examples:
  pratique sbom convert app.cdx.json --to spdx-json -o app.spdx.json --loss loss.json
  pratique sbom convert app.spdx --to cyclonedx-json
""",
)
validate = Command(
    description="Say whether bills of materials keep to their specification, with the place of "
    "each fault.",
    configure=_configure_validate,
    run=_run_validate,
    epilogue="""\
examples:
  pratique sbom validate app.cdx.json
  pratique sbom validate *.spdx.json --format json
""",
)
score = Command(
    description="Score a bill of materials and hold it against the minimum elements of NTIA and "
    "CISA and against BSI TR-03183-2, with each shortfall and its remedy.",
    configure=_configure_score,
    run=_run_score,
    epilogue="""\
examples:
  pratique sbom score app.cdx.json
  pratique sbom score app.cdx.json --profile bsi --format json
""",
)
