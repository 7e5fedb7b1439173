"""``pratique sbom enrich``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pratique.inventory.sbom_input import load, named, now
from pratique.model.command import Command
from pratique.model.errors import ExitCode, InputError, UsageError
from pratique.sboms.changing import add_output, add_report, check_outputs, write_changed
from pratique.sboms.filling import FIELDS

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from pratique.sboms.document import Document
    from pratique.sboms.filling import Report
    from pratique.sources.registries import Upstream


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument("document", help="a CycloneDX or SPDX document, or - for standard input")
    add_output(parser)
    parser.add_argument(
        "--field",
        action="append",
        choices=FIELDS,
        metavar="FIELD",
        help=f"what to fill: {', '.join(FIELDS)}; repeatable (default: all of them)",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace what the document states, too"
    )
    parser.add_argument(
        "--registry",
        action="append",
        default=[],
        metavar="NAME=URL",
        help="registry to ask instead of the one that the package manager is configured with: "
        "pypi, npm, crates, go, maven; repeatable",
    )
    parser.add_argument(
        "--skip",
        action="append",
        default=[],
        metavar="GLOB",
        help="package URLs that no registry is asked about, as 'pkg:npm/%%40acme/*'; repeatable",
    )
    parser.add_argument("--offline", action="store_true", help="use remembered answers alone")
    parser.add_argument(
        "--cache", type=Path, metavar="FOLDER", help="where answers are remembered for a day"
    )
    parser.add_argument(
        "--jobs", "-j", type=int, default=8, metavar="N", help="requests at a time (default: 8)"
    )
    add_report(parser, help="where to write the report, in JSON")


def _run(options: Namespace) -> int:
    from pratique.sboms.document import Document
    from pratique.sboms.enriching import table

    if options.jobs < 1:
        raise UsageError(f"--jobs {options.jobs} is none.", remedy="Give a number from 1 to 32.")
    check_outputs(options)
    data = load(options.document)
    try:
        document = Document(data)
        dropped = document.unsigned(drop=options.drop_signature)
        written, report = _enriched(document, options, dropped=dropped)
    except InputError as error:
        raise named(options.document, error) from None
    write_changed(options, written, report, table)
    if any(one.field == "hashes" for one in report.conflicts):
        return ExitCode.FINDINGS
    return ExitCode.INCOMPLETE if report.unknown or report.lost else ExitCode.CLEAN


def _enriched(document: Document, options: Namespace, *, dropped: bool) -> tuple[bytes, Report]:
    import msgspec

    from pratique.report.progress import shown
    from pratique.sboms.enriching import enrich
    from pratique.sources.packages.client import RegistryClient

    with (
        RegistryClient(options.cache or _cache(), offline=options.offline) as client,
        shown("Asking") as progress,
    ):
        data, report = enrich(
            document,
            client,
            _registries(document, options.registry),
            name=options.document,
            now=f"{now():%Y-%m-%dT%H:%M:%SZ}",
            fields=options.field or FIELDS,
            overwrite=options.overwrite,
            jobs=options.jobs,
            skip=options.skip,
            progress=progress,
        )
    if dropped:
        lost = tuple(one for one in report.lost if not one.startswith("signature"))
        report = msgspec.structs.replace(report, lost=lost, dropped_signature=True)
    return data, report


def _registries(document: Document, given: list[str]) -> dict[str, Upstream]:
    """The registries of the ecosystems that the document has packages of."""
    from pratique.sboms.enriching import entries_of
    from pratique.sources.packages.service import WORDS
    from pratique.sources.registries import ECOSYSTEMS, Upstream, address, configured, last_used

    found = {}
    for one in given:
        word, _, url = one.partition("=")
        if word not in ECOSYSTEMS:
            raise UsageError(
                f"--registry {one[:80]!r} names no ecosystem.",
                remedy=f"NAME is {' or '.join(ECOSYSTEMS)}.",
            )
        found[word] = Upstream(address(url, f"--registry {word}"), "--registry")
    kinds = {
        one.purl.partition(":")[2].lstrip("/").partition("/")[0].lower()
        for one in entries_of(document, overwrite=False)
    }
    for word in sorted({WORDS[kind] for kind in kinds if kind in WORDS} - set(found)):
        upstream = configured(word) or last_used(word)
        if upstream is not None:
            found[word] = upstream
    return found


def _cache() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("pratique") / "registries"


enrich = Command(
    description="Fill licences, digests, suppliers, places and deprecations from the registries "
    "that the package managers are configured with. What the document states is kept.",
    configure=_configure,
    run=_run,
    epilogue="""\
examples:
  pratique sbom enrich app.cdx.json -o app.full.cdx.json --report filled.json
  pratique sbom enrich app.spdx.json --field license --offline -o full.spdx.json

exit codes: 0 everything is known, 1 a digest contradicts the registry, 3 something is unknown
""",
)
