"""The questions on the command line.

``affected`` knows packages, and vulnerabilities as far as scans in the record
name them; :func:`affected_with` makes the command that asks the advisories too.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import msgspec

from pratique.graph.options import add_question, answered, ask, show, then
from pratique.model.command import Command
from pratique.model.errors import ExitCode

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable

    from pratique.graph.models import Exposure, Knowledge, Vulnerable
    from pratique.store.record import Record, Shipment, Stated

    Find = Callable[[str, Namespace], "Vulnerable | None"]
    """What the advisories say of a vulnerability's id; ``None`` where they know nothing."""

LISTED = 10
"""Paths that the table of ``why`` lists for each product."""


def _nothing(_id: str, _options: Namespace) -> Vulnerable | None:
    return None


def affected_with(
    find: Find, more: Callable[[ArgumentParser], None] = lambda _parser: None
) -> Command:
    """The command ``affected``, with the advisories to ask.

    Args:
        find: Looks a vulnerability up.
        more: Adds options that ``find`` reads.
    """

    def configure(parser: ArgumentParser) -> None:
        parser.add_argument(
            "subject",
            help="a vulnerability (CVE-…, GHSA-…), a package URL, or one with a range of versions "
            "(pkg:npm/alpha@>=1.0,<2.0)",
        )
        parser.add_argument(
            "--current", action="store_true", help="only products whose newest bill contains it"
        )
        parser.add_argument("--no-paths", action="store_true", help="do not look for the paths")
        parser.add_argument(
            "--exit-zero", action="store_true", help="exit with 0 whatever was found"
        )
        add_question(parser)
        more(parser)

    def run(options: Namespace) -> int:
        return _affected(options, find)

    return Command(
        description="Exposure: which products contain a package, or what a vulnerability affects; "
        "with owners, environments, one shortest path each and the VEX statements about it.",
        configure=configure,
        run=run,
        epilogue="""\
examples:
  pratique affected CVE-2026-0001 --format json
  pratique affected pkg:pypi/jinja2@2.10
  pratique affected 'pkg:npm/alpha@>=1.0,<2.0' --current

exit codes: 0 nothing is affected, 1 something is, 3 it could not be determined
""",
    )


def _affected(options: Namespace, find: Find) -> int:
    from pratique.graph.exposure import affected_by_package, affected_by_vulnerability

    subject, paths = options.subject, not options.no_paths

    def question(record: Record) -> Exposure:
        if subject.startswith("pkg:"):
            return affected_by_package(record, subject, paths=paths)
        return affected_by_vulnerability(record, subject, find(subject, options), paths=paths)

    found: Exposure = ask(options, question)
    hits = [hit for hit in found.hits if hit.current or not options.current]
    rows = [("PRODUCT", "VERSION", "WHERE", "OWNER", "STATUS", "NEEDED FOR", "PATH")]
    rows += [
        (
            hit.product,
            hit.version,
            ", ".join(hit.environments),
            ", ".join(hit.owners),
            hit.status if hit.current else f"{hit.status} (older bill)",
            hit.scope,
            " > ".join(hit.path) if hit.explained else f"{hit.path[-1]} (path not stated)",
        )
        for hit in hits
    ]
    answer = {
        "question": found.question,
        "ids": found.ids,
        "as_of": found.as_of,
        "packages": found.packages,
        "hits": hits,
        "undetermined": found.undetermined,
        "incomplete_documents": found.incomplete_documents,
    }
    if hits or options.format == "json":
        show(options, "pratique/affected/1", "exposure", answer, rows)
    else:
        sys.stdout.write("No product in the record contains it.\n")
    for line in found.undetermined:
        sys.stderr.write(f"unknown: {line}\n")
    if found.incomplete_documents:
        count = found.incomplete_documents
        sys.stderr.write(f"unknown: {count} documents of the record were not wholly understood\n")
    if options.exit_zero:
        return ExitCode.CLEAN
    if any(hit.status not in {"not_affected", "fixed"} for hit in hits):
        return ExitCode.FINDINGS
    unclear = found.undetermined or found.incomplete_documents
    return ExitCode.INCOMPLETE if unclear else ExitCode.CLEAN


def _configure_why(parser: ArgumentParser) -> None:
    parser.add_argument("purl", help="a package URL, or one with a range of versions")
    parser.add_argument("--product", default="", metavar="NAME", help="only inside this product")
    parser.add_argument("--version", default="", metavar="V", help="only inside this version of it")
    parser.add_argument(
        "--paths",
        type=int,
        default=0,
        metavar="N",
        help=f"list so many paths for each product, at most 1,000 (default: {LISTED}; JSON 1,000)",
    )
    add_question(parser)


def _run_why(options: Namespace) -> int:
    from pratique.graph.explanation import why as explain
    from pratique.graph.paths import MAX_PATHS

    limit = options.paths or (MAX_PATHS if options.format == "json" else LISTED)
    found = ask(
        options,
        lambda record: explain(
            record, options.purl, product=options.product, version=options.version, limit=limit
        ),
    )
    rows = [("PRODUCT", "VERSION", "PACKAGE", "NEEDED FOR", "PATHS", "PATH")]
    for one in found:
        listed = [" > ".join(path) for path in one.paths] or ["(its bill does not state how)"]
        needed = f"{one.scope}, {one.relation}" if one.relation != "unknown" else one.scope
        cells = (one.product, one.version, one.package, needed, str(one.count))
        rows.append((*cells, listed[0]))
        rows += [("", "", "", "", "", text) for text in listed[1:]]
    answer = {"question": options.purl, "as_of": then(options), "explanations": found}
    return answered(options, "pratique/why/1", "explanation", answer, rows)


def _configure_known(parser: ArgumentParser) -> None:
    parser.add_argument(
        "noun", help="a package URL, sha256:…, git+https://… or the id of a vulnerability"
    )
    add_question(parser)


def _run_known(options: Namespace) -> int:
    from pratique.graph.knowledge import known as look_up

    found: Knowledge = ask(options, lambda record: look_up(record, options.noun))
    rows = [("WHAT", "SUBJECT", "OBJECT", "SAYS", "FROM")]
    for one in found.evidence:
        said = ", ".join(f"{key}: {text}" for key, text in sorted(one.said.items()))
        sources = ", ".join(origin.collector for origin in one.origins[:1])
        rows.append((one.verb.value, one.subject, one.object, said[:100], sources))
    rows += [("version", text, "", "", "") for text in found.versions]
    rows += [
        ("in product", found.noun, f"{one.product} {one.version}", one.environment, one.digest[:19])
        for one in found.shipments
    ]
    answer = {
        "question": options.noun,
        "as_of": then(options),
        "kind": found.kind,
        "evidence": found.evidence,
        "versions": found.versions,
        "products": list(map(_shipment, found.shipments)),
    }
    return answered(options, "pratique/known/1", "evidence", answer, rows)


def _run_bad(options: Namespace) -> int:
    from pratique.graph.knowledge import certified_bad, products_with

    def question(record: Record) -> list[tuple[Stated, list[str]]]:
        return [(one, products_with(record, one.subject)) for one in certified_bad(record)]

    found = ask(options, question)
    rows = [("SUBJECT", "WHY", "SAYS", "IN")]
    rows += [
        (
            one.subject,
            one.said.get("justification", ""),
            one.origins[0].collector,
            ", ".join(products) or "no product",
        )
        for one, products in found
    ]
    answer = {
        "as_of": then(options),
        "evidence": [
            {**msgspec.structs.asdict(one), "products": products} for one, products in found
        ],
    }
    return answered(options, "pratique/bad/1", "evidence", answer, rows)


def _configure_diff(parser: ArgumentParser) -> None:
    parser.add_argument("product", help="name of the product")
    parser.add_argument("before", help="its earlier version")
    parser.add_argument("after", help="its later version")
    add_question(parser)


def _run_diff(options: Namespace) -> int:
    from pratique.graph.releases import difference

    found = ask(
        options,
        lambda record: difference(record, options.product, options.before, options.after),
    )
    rows = [("CHANGE", "PACKAGE", "BEFORE", "AFTER")]
    rows += [
        (one.kind, one.name, ", ".join(one.before), ", ".join(one.after)) for one in found.changes
    ]
    answer = {
        "as_of": then(options),
        "product": found.product,
        "before": found.before,
        "after": found.after,
        "changes": found.changes,
    }
    return answered(options, "pratique/diff/1", "difference", answer, rows)


def _run_history(options: Namespace) -> int:
    from pratique.graph.releases import history as since

    found = ask(options, lambda record: since(record, options.purl))
    rows = [("PRODUCT", "WHERE", "PACKAGE", "SINCE", "VERSION", "GONE")]
    rows += [
        (one.product, one.environment, one.package, one.first, one.first_version, one.gone)
        for one in found
    ]
    answer = {"question": options.purl, "as_of": then(options), "history": found}
    return answered(options, "pratique/history/1", "history", answer, rows)


def _configure_purl(parser: ArgumentParser) -> None:
    parser.add_argument("purl", help="a package URL, or one with a range of versions")
    add_question(parser)


def _run_patch(options: Namespace) -> int:
    from pratique.graph.patching import patch as plan

    found = ask(options, lambda record: plan(record, options.purl))
    rows = [("STEP", "WHAT")]
    rows += [(str(wave.step), text) for wave in found.waves for text in wave.packages]
    rows += [("last", f"{name} {version}".strip()) for name, version in found.products]
    answer = {
        "question": options.purl,
        "as_of": then(options),
        "waves": found.waves,
        "products": [{"product": name, "version": version} for name, version in found.products],
        "owners": found.owners,
        "undetermined": found.undetermined,
    }
    return answered(options, "pratique/patch/1", "explanation", answer, rows)


def _configure_top(parser: ArgumentParser) -> None:
    parser.add_argument("--limit", type=int, default=20, metavar="N", help="how many (default: 20)")
    add_question(parser)


def _run_top(options: Namespace) -> int:
    found = ask(options, lambda record: record.frequencies(max(options.limit, 1)))
    rows = [("BILLS", "PACKAGE"), *((str(count), text) for text, count in found)]
    answer = {
        "as_of": then(options),
        "packages": [{"package": text, "bills": count} for text, count in found],
    }
    return answered(options, "pratique/top/1", "exposure", answer, rows)


def _configure_products(parser: ArgumentParser) -> None:
    parser.add_argument("product", nargs="?", default="", help="only this one")
    parser.add_argument(
        "--latest",
        action="store_true",
        help="only the newest bill of each product in each environment",
    )
    parser.add_argument("--environment", default="", metavar="E", help="only what runs there")
    add_question(parser)


def _run_products(options: Namespace) -> int:
    from pratique.graph.releases import latest

    def question(record: Record) -> list[Shipment]:
        if options.latest and options.product:
            return latest(record, options.product, environment=options.environment)
        rows = record.shipments(product=options.product)
        if options.latest:
            newest = record.newest()
            rows = [row for row in rows if newest[row.product, row.environment] == row.digest]
        return [row for row in rows if options.environment in {"", row.environment}]

    found = ask(options, question)
    rows = [("PRODUCT", "VERSION", "WHERE", "OWNER", "TAGS", "MADE", "BILL")]
    rows += [
        (
            one.product,
            one.version,
            one.environment,
            one.owner,
            ", ".join(one.tags),
            one.when,
            one.digest,
        )
        for one in found
    ]
    answer = {"as_of": then(options), "products": list(map(_shipment, found))}
    return answered(options, "pratique/products/1", "inventory", answer, rows)


def _shipment(one: Shipment) -> dict[str, object]:
    """A shipment without the number of its bill, which means nothing outside."""
    row: dict[str, object] = msgspec.structs.asdict(one)
    row.pop("sbom")
    return row


affected = affected_with(_nothing)

why = Command(
    description="Explanation: all paths to a package inside the products that contain it, by each "
    "bill of materials' own graph.",
    configure=_configure_why,
    run=_run_why,
)
known = Command(
    description="Everything that the record knows of a package, artifact, source or vulnerability.",
    configure=_configure_known,
    run=_run_known,
)
bad = Command(description="What people certified to be bad.", configure=add_question, run=_run_bad)
diff = Command(
    description="What changed between two versions of a product.",
    configure=_configure_diff,
    run=_run_diff,
)
history = Command(
    description="Since when, and until when, products shipped a package.",
    configure=_configure_purl,
    run=_run_history,
)
patch = Command(
    description="Who must upgrade in which order once a package is fixed: what needs it, step by "
    "step, by the bills' own graphs; the products last.",
    configure=_configure_purl,
    run=_run_patch,
)
top = Command(
    description="The packages that are in most bills of materials.",
    configure=_configure_top,
    run=_run_top,
)
products = Command(
    description="The products of the record, their versions, owners and environments; with "
    "--latest their newest bills alone.",
    configure=_configure_products,
    run=_run_products,
)
