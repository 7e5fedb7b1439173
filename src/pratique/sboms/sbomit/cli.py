"""``pratique sbomit``: documents of evidence that bills of materials are derived from."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pratique.formats.json_writing import indented_json
from pratique.model.command import Command
from pratique.model.errors import ExitCode, InputError, UsageError
from pratique.provenance.attest_options import (
    add_signer,
    read_bytes,
    read_json,
    signed,
    signing_key,
    signs,
    write_output,
)
from pratique.sboms.sbomit.options import (
    add_insecure,
    add_owners,
    prove_document,
    read_document,
    read_owners,
    read_parameters,
)

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def _configure_build(parser: ArgumentParser) -> None:
    parser.add_argument("layout", type=Path, help="in-toto layout, signed by its owners")
    add_owners(parser)
    parser.add_argument(
        "--links",
        type=Path,
        metavar="FOLDER",
        help="folder with the links (default: that of the layout)",
    )
    parser.add_argument(
        "--attestation",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="envelope with provenance or a bill of materials, signed by a functionary of the "
        "layout about one of its artifacts; repeatable",
    )
    parser.add_argument("--name", required=True, help="name of what the bill is about")
    parser.add_argument("--version", default="", help="its version")
    parser.add_argument(
        "--sit", default="bom.cdx.json", metavar="NAME", help="name of the bill (%(default)s)"
    )
    parser.add_argument(
        "--step", default="", help="step whose functionaries sign the bill (default: the last)"
    )
    parser.add_argument("--output", "-o", required=True, metavar="FILE", help="the document")


def _run_build(options: Namespace) -> int:
    from pratique.formats.intoto.layout import Layout, read_metadata
    from pratique.sboms.sbomit.document import Sit, SitSubject
    from pratique.sboms.sbomit.service import build as made

    layout = read_bytes(options.layout)
    folder = options.links or options.layout.parent
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}.")
    content = read_metadata(layout, read_parameters(options)).content
    if not isinstance(content, Layout) or not content.steps:
        raise InputError(f"{options.layout} is no layout with steps.")
    sit = Sit(
        name=options.sit,
        step=options.step or content.steps[-1].name,
        subject=SitSubject(options.name, options.version),
    )
    now = datetime.now(UTC)
    value = made(
        layout,
        folder,
        options.attestation,
        (sit,),
        read_owners(options, now),
        now,
        read_parameters(options),
    )
    write_output(options.output, indented_json(value))
    sys.stderr.write(f"{options.output}: {len(value['metadata'])} links and attestations hold\n")
    return ExitCode.CLEAN


def _configure_mutate(parser: ArgumentParser) -> None:
    parser.add_argument("document", type=Path, help="SBOMit document")
    add_owners(parser)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--patch", type=Path, metavar="FILE", help="JSON Patch that follows the present mutation"
    )
    source.add_argument(
        "--edited", type=Path, metavar="FILE", help="bill as it should be: the mutation leads to it"
    )
    source.add_argument(
        "--addendum",
        type=Path,
        metavar="FILE",
        help="JSON Patch to the document itself (/layout, /metadata, /sits), kept as history",
    )
    parser.add_argument("--sit", default="", metavar="NAME", help="which bill, if it has several")
    add_insecure(parser)
    parser.add_argument("--output", "-o", required=True, metavar="FILE", help="new document")


def _run_mutate(options: Namespace) -> int:
    from pratique.formats.json_patch import read_patch
    from pratique.sboms.sbomit.deriving import derive
    from pratique.sboms.sbomit.document import effective
    from pratique.sboms.sbomit.service import bill, mutation_of

    document, value = read_document(options.document)
    now = datetime.now(UTC)
    if options.addendum:
        patch = read_json(options.addendum)
        read_patch(patch)
        value = value | {"addendums": [*value.get("addendums", []), patch]}
    else:
        sit = document.sit(options.sit)
        if options.patch:
            mutation = [*sit.mutation, *_operations(options.patch)]
        else:
            derived = derive(document, prove_document(options, document, now), sit, now)
            mutation = mutation_of(derived, read_json(options.edited))
            mutation = [one for one in mutation if not _is_reference(one)]
        number = [one.name for one in document.sits].index(sit.name)
        step = {"op": "add", "path": f"/sits/{number}/mutation", "value": mutation}
        value = value | {"addendums": [*value.get("addendums", []), [step]]}
    changed = effective(value)
    proven = prove_document(options, changed, now)
    for one in changed.sits:
        bill(changed, proven, one, now, insecure=options.insecure)
    write_output(options.output, indented_json(value))
    return ExitCode.CLEAN


def _is_reference(operation: dict[str, Any]) -> bool:
    """Whether an operation is about what each bill has of its own: its number and reference."""
    return operation["path"] in {"/serialNumber", "/externalReferences/0/url"}


def _operations(path: Path) -> list[Any]:
    from pratique.formats.json_patch import read_patch

    value = read_json(path)
    read_patch(value)
    found: list[Any] = value
    return found


def _configure_generate(parser: ArgumentParser) -> None:
    parser.add_argument("document", type=Path, help="SBOMit document")
    add_owners(parser)
    parser.add_argument("--sit", default="", metavar="NAME", help="which bill, if it has several")
    add_insecure(parser)
    parser.add_argument("--output", "-o", required=True, metavar="FILE", help="the bill")
    add_signer(parser, required=False)
    parser.add_argument(
        "--attestation",
        metavar="FILE",
        help="where the attestation of the bill is written that --signing-key, the key of a "
        "functionary, or --sigstore signs (default: the bill's name and .intoto.jsonl or "
        ".sigstore.json)",
    )


def _run_generate(options: Namespace) -> int:

    from pratique.formats.intoto import ResourceDescriptor
    from pratique.provenance.signing import SigningKey
    from pratique.provenance.statements import SHORT_TYPES
    from pratique.sboms.sbomit.chain import signers_of
    from pratique.sboms.sbomit.service import bill

    document, _ = read_document(options.document)
    now = datetime.now(UTC)
    sit = document.sit(options.sit)
    key = signing_key(options) if signs(options) else None
    proven = prove_document(options, document, now)
    _, mutated = bill(document, proven, sit, now, insecure=options.insecure)
    functionaries = {one.id for one in signers_of(proven.layout, sit.step, now)}
    if isinstance(key, SigningKey) and key.id not in functionaries:
        raise UsageError(
            f"the layout does not let this key sign for the step {sit.step}.",
            remedy="Sign with the key of a functionary of the step.",
        )
    data = indented_json(mutated.value)
    write_output(options.output, data)
    if key is not None:
        subject = tuple(
            ResourceDescriptor(name=name, digest=digests)
            for name, digests in sorted(proven.chain.products.items())
            if digests
        )
        suffix = ".intoto.jsonl" if isinstance(key, SigningKey) else ".sigstore.json"
        options.output = options.attestation or f"{options.output}{suffix}"
        made = signed(options, key, subject, (SHORT_TYPES["cyclonedx"], mutated.value))
        write_output(options.output, made)
    return ExitCode.CLEAN


build = Command(
    description="Build an SBOMit document of an in-toto layout, its links and further "
    "attestations, once all of them hold.",
    configure=_configure_build,
    run=_run_build,
    epilogue="""\
examples:
  pratique sbomit build root.layout --links links/ --key owner.pub --name app --version 1.2 \\
      --attestation app.provenance.json -o app.sbomit.json
""",
)
mutate = Command(
    description="Add to what a bill says, by a JSON Patch or an edited bill; what is attested is "
    "not overwritten. Each change is kept as an addendum.",
    configure=_configure_mutate,
    run=_run_mutate,
    epilogue="""\
examples:
  pratique sbomit mutate app.sbomit.json --key owner.pub --edited full.cdx.json -o new.sbomit.json
""",
)
generate = Command(
    description="Derive the bill of materials of an SBOMit document, and attest it with the key of "
    "a functionary, or with a Sigstore identity: 'sbomit verify' takes that one where "
    "--bill-identity names it.",
    configure=_configure_generate,
    run=_run_generate,
    epilogue="""\
examples:
  pratique sbomit generate app.sbomit.json --key owner.pub -o app.cdx.json -K builder.pem
  pratique sbomit generate app.sbomit.json --key owner.pub -o app.cdx.json --sigstore
""",
)
