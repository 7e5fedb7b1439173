"""``pratique sbom diff``, ``merge``, ``tree`` and ``query``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from pratique.formats.json_writing import indented_json
from pratique.inventory.sbom_input import CREATOR, load, named, now, reading_in, reading_of
from pratique.model.command import Command
from pratique.model.errors import ExitCode, InputError
from pratique.model.options import add_format
from pratique.report.writing import write_out

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from pratique.inventory.difference import Change, Difference


def _configure_diff(parser: ArgumentParser) -> None:
    parser.add_argument("before", help="a document")
    parser.add_argument("after", help="a document, of the same or another format")
    add_format(parser)


def _run_diff(options: Namespace) -> int:
    from pratique.inventory.difference import difference

    found = difference(reading_of(options.before), reading_of(options.after))
    if options.format == "json":
        write_out(indented_json(found), None)
    else:
        sys.stdout.write(_differences(found))
    return ExitCode.FINDINGS if found else ExitCode.CLEAN


def _differences(found: Difference) -> str:
    lines = [f"+ {one}" for one in found.added] + [f"- {one}" for one in found.removed]
    changes: tuple[tuple[str, tuple[Change, ...]], ...] = (
        ("", found.changed),
        ("licence ", found.relicensed),
        ("source ", found.resourced),
        ("digest ", found.rehashed),
    )
    for what, rows in changes:
        for one in rows:
            before, after = (", ".join(texts) or "nothing" for texts in (one.before, one.after))
            lines.append(f"~ {one.package}: {what}{before} -> {after}")
    lines += [f"+ {source} needs {target}" for source, target in found.edges_added]
    lines += [f"- {source} needs {target}" for source, target in found.edges_removed]
    return "\n".join(lines) + "\n" if lines else "no differences\n"


def _configure_merge(parser: ArgumentParser) -> None:
    parser.add_argument("documents", nargs="+", help="CycloneDX or SPDX 2 documents")
    parser.add_argument("--name", required=True, help="what the merged document is about")
    parser.add_argument("--product-version", default="", metavar="VERSION", help="its version")
    parser.add_argument(
        "--mode",
        choices=("flat", "hierarchical", "assembly"),
        default="flat",
        help="side by side, within the subject of each document, or as parts of the product",
    )
    parser.add_argument("--output", "-o", metavar="FILE", help="where to write it")


def _run_merge(options: Namespace) -> int:
    from pratique.inventory.merge import Product, merge

    boms = [_cyclonedx(name) for name in options.documents]
    product = Product(options.name, options.product_version)
    merged = merge(boms, product, options.mode, creator=CREATOR, now=now())
    write_out(indented_json(merged), options.output)
    return ExitCode.CLEAN


def _cyclonedx(name: str) -> dict[str, Any]:
    import msgspec

    from pratique.formats.sbom.convert import convert

    try:
        data = convert(load(name), "cyclonedx-json", creator=CREATOR, now=now()).data
    except InputError as error:
        raise named(name, error) from None
    value: dict[str, Any] = msgspec.json.decode(data)
    return value


def _configure_tree(parser: ArgumentParser) -> None:
    parser.add_argument("document", help="a document, or - for standard input")
    parser.add_argument("--depth", type=int, default=0, help="levels to show (default: all)")


def _run_tree(options: Namespace) -> int:
    from pratique.inventory.model_cards import MODELS, cards
    from pratique.inventory.outline import outline

    data = load(options.document)
    reading = reading_in(options.document, data)
    notes = {ref: str(one) for ref, one in cards(data, reading).items() if one.kind in MODELS}
    for line in outline(reading, max(options.depth, 0), notes):
        sys.stdout.write(line + "\n")
    return ExitCode.CLEAN


def _configure_query(parser: ArgumentParser) -> None:
    parser.add_argument("document", help="a document, or - for standard input")
    parser.add_argument(
        "terms",
        nargs="*",
        help="globs on name or purl; or field=glob and field!=glob, with the fields purl, name, "
        "version, type, ecosystem, license, hash, scope, relation, ref and kind",
    )
    parser.add_argument("--why", action="store_true", help="show the way from the subject to each")
    add_format(parser)


def _run_query(options: Namespace) -> int:
    from pratique.inventory.model_cards import MODELS, cards
    from pratique.inventory.selection import select, way_to

    data = load(options.document)
    reading = reading_in(options.document, data)
    known = cards(data, reading)
    found = select(reading, options.terms, {ref: one.kind for ref, one in known.items()})
    names = {one.ref: str(one.package) for one in reading.components}
    rows = []
    for one in found:
        row: dict[str, Any] = {"purl": str(one.package), "ref": one.ref}
        row["licenses"] = [claim.text for claim in one.licenses]
        row["hashes"] = [str(digest) for digest in one.hashes]
        row["scope"], row["relation"] = str(one.scope), str(one.relation)
        if card := known.get(one.ref):
            row["kind"] = card.kind
            if card.kind in MODELS:
                row["model"] = card
        if options.why:
            row["why"] = [names[ref] for ref in way_to(reading, one.ref)]
        rows.append(row)
    if options.format == "json":
        write_out(indented_json(rows), None)
    else:
        for row in rows:
            note = f" [{row['model']}]" if "model" in row else ""
            sys.stdout.write(" > ".join(row.get("why", [row["purl"]])) + f"{note}\n")
        if not rows:
            sys.stderr.write("no component matches; globs match the whole name: '*alpha*'\n")
    return ExitCode.CLEAN if rows else ExitCode.FINDINGS


diff = Command(
    description="Say what changed between two bills of materials: packages, versions, licences, "
    "sources, digests and dependencies. Exit code 1 says that something did.",
    configure=_configure_diff,
    run=_run_diff,
    epilogue="example:\n  pratique sbom diff old.cdx.json new.spdx.json\n",
)
merge = Command(
    description="Merge bills of materials into one CycloneDX 1.6 document.",
    configure=_configure_merge,
    run=_run_merge,
    epilogue="example:\n  pratique sbom merge a.cdx.json b.spdx.json --name fleet -o all.json\n",
)
tree = Command(
    description="Show the dependencies of a bill of materials as a tree.",
    configure=_configure_tree,
    run=_run_tree,
    epilogue="example:\n  pratique sbom tree app.cdx.json --depth 2\n",
)
query = Command(
    description="List the components of a bill of materials that all terms take. Exit code 1 says "
    "that there are none.",
    configure=_configure_query,
    run=_run_query,
    epilogue="""\
examples:
  pratique sbom query app.cdx.json 'license=*GPL*' --why
  pratique sbom query app.cdx.json type=npm license=
  pratique sbom query app.cdx.json kind=machine-learning-model
""",
)
