"""``pratique sbomit verify``."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.formats.json_writing import indented_json
from pratique.model.command import Command
from pratique.model.errors import UsageError
from pratique.provenance.attest_options import read_bytes
from pratique.sboms.sbomit.options import (
    add_insecure,
    add_owners,
    read_document,
    read_owners,
    read_parameters,
)

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from pratique.sboms.sbomit.document import SbomitDocument
    from pratique.sboms.sbomit.service import BillSigner, Verdict

SHOWN = 20
"""Overrides and fields of each kind that a table shows; JSON has all."""


def _configure_verify(parser: ArgumentParser) -> None:
    parser.add_argument("document", type=Path, help="SBOMit document")
    parser.add_argument(
        "--artifact",
        "-a",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="file that must be a product of the last step; repeatable",
    )
    add_owners(parser)
    parser.add_argument(
        "--bill",
        action="append",
        default=[],
        metavar="[NAME=]FILE",
        help="bill that must be what the document derives; NAME is its name in the document "
        "(default: that of the file, or the only one); repeatable",
    )
    parser.add_argument(
        "--bundle",
        "-b",
        action="append",
        type=Path,
        metavar="FILE",
        help="attestation of the bills, instead of FILE.intoto.jsonl beside each; repeatable",
    )
    parser.add_argument(
        "--sit-step",
        default="",
        metavar="STEP",
        help="step whose functionaries may sign bills (default: the last)",
    )
    parser.add_argument(
        "--bill-identity",
        default="",
        metavar="NAME",
        help="Sigstore identity that may sign bills besides the functionaries of the step",
    )
    parser.add_argument(
        "--bill-issuer", default="", metavar="URI", help="who must vouch for that identity"
    )
    parser.add_argument(
        "--trusted-root",
        type=Path,
        metavar="FILE",
        help="Sigstore's trusted_root.json of its instance, or instance:NAME",
    )
    add_insecure(parser)
    parser.add_argument(
        "--fields", action="store_true", help="say of each field of the bill where it comes from"
    )
    parser.add_argument("--format", "-f", choices=("text", "json"), default="text")


def _run_verify(options: Namespace) -> int:
    from pratique.provenance.subject import subject_of
    from pratique.sboms.sbomit.service import verify as verified

    document, _ = read_document(options.document)
    if options.fields and len(document.sits) != 1:
        raise UsageError("--fields is for documents with one bill.")
    now = datetime.now(UTC)
    verdict = verified(
        document,
        read_owners(options, now),
        now,
        name=str(options.document),
        artifacts=[subject_of(path) for path in options.artifact],
        sits=_bills(options, document),
        sit_step=options.sit_step,
        insecure=options.insecure,
        parameters=read_parameters(options),
        fields=options.fields,
        signer=_signer(options),
    )
    sys.stdout.write(_drawn(verdict, options.format))
    return verdict.exit_code


def _signer(options: Namespace) -> BillSigner | None:
    """The identity that may sign bills, where one is named."""
    from pratique.provenance.options import trusted_root
    from pratique.sboms.sbomit.service import BillSigner

    if bool(options.bill_identity) != bool(options.bill_issuer):
        raise UsageError(
            "--bill-identity and --bill-issuer go together.",
            remedy="Name both: an identity is only as good as who vouches for it.",
        )
    if not options.bill_identity:
        return None
    return BillSigner(trusted_root(options), options.bill_identity, options.bill_issuer)


def _bills(options: Namespace, document: SbomitDocument) -> dict[str, tuple[bytes, list[bytes]]]:
    from pratique.provenance.kinds import documents

    names = [one.name for one in document.sits]
    found = {}
    for text in options.bill:
        name, equals, file = text.partition("=")
        path = Path(file if equals else text)
        if not equals:
            name = path.name if path.name in names or len(names) != 1 else names[0]
        beside = [
            path.with_name(f"{path.name}{one}") for one in (".intoto.jsonl", ".sigstore.json")
        ]
        files = options.bundle or [one for one in beside if one.is_file()]
        parts = [part for one in files for part in documents(read_bytes(one))]
        found[name] = (read_bytes(path), parts)
    return found


def _drawn(verdict: Verdict, format: str) -> str:
    import msgspec

    from pratique.provenance.table import MARKS
    from pratique.report.text import printable

    if format == "json":
        data = msgspec.to_builtins(verdict) | {
            "grade": verdict.grade.value,
            "exit_code": int(verdict.exit_code),
        }
        return indented_json(data).decode()
    lines = [
        f"{MARKS[one.grade]} {one.what}" + (f": {one.cause}" if one.cause else "")
        for one in verdict.findings
    ]
    lines += [
        f"  ! {one.what}: {one.path or one.value} ({one.origin.kind} {one.origin.name})"
        for one in verdict.overrides[:SHOWN]
    ]
    lines += [
        f"  addendum {number} changes {', '.join(sections)}"
        for number, sections in enumerate(verdict.addendums)
    ]
    lines += [f"  note: {one}" for one in verdict.notices]
    for path, origin in verdict.fields.items():
        keys = ", ".join(one[:8] for one in origin.signers)
        lines.append(f"  {path}: {origin.kind} {origin.name} {keys}".rstrip())
    lines.append(f"{MARKS[verdict.grade]} {verdict.grade.value}")
    return "\n".join(printable(line) for line in lines) + "\n"


verify = Command(
    description="Verify an SBOMit document: the layout over its metadata, that no mutation "
    "overrides what is attested, and bills that were derived from it with their signatures.",
    configure=_configure_verify,
    run=_run_verify,
    epilogue="""\
examples:
  pratique sbomit verify app.sbomit.json -a app.tar.gz --key owner.pub --bill app.cdx.json
  pratique sbomit verify app.sbomit.json --key owner.pub --fields --format json

exit codes: 0 verified, 1 something does not hold, 3 something is unknown
""",
)
