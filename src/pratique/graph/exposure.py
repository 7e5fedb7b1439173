"""Exposure: which inventories contain it."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from typing import TYPE_CHECKING

from pratique.graph.models import Exposure, Hit, Vulnerable
from pratique.graph.paths import Graph, first_of, layers, sources
from pratique.graph.ranges import Wanted, wanted
from pratique.graph.recorded import advised
from pratique.graph.scanned import scanned_packages
from pratique.graph.vex import in_force, vex_of
from pratique.model.errors import InputError
from pratique.model.evidence import Verb
from pratique.model.purl import Package
from pratique.model.vex import Status
from pratique.store import nouns
from pratique.store.roles import widest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from pratique.model.inventory import Scope
    from pratique.store.adjacency import Adjacency
    from pratique.store.record import Record, Shipment, Stated
    from pratique.store.roles import Roles


def affected_by_package(record: Record, question: str, *, paths: bool = True) -> Exposure:
    """Which products contain a package, at a version, at any, or in a range.

    Args:
        record: What the tenant sees.
        question: A package URL, or one with a range.
        paths: Whether to look for the shortest path of each hit.

    Raises:
        UsageError: The range cannot be read.
        InputError: It is no package URL.
    """
    asked = wanted(question)
    packages, unclear = find_packages(record, asked)
    hits = _hits(record, packages, [], paths=paths)
    return Exposure(
        question=question,
        as_of=record.as_of,
        packages=tuple(sorted(packages.values())),
        hits=hits,
        undetermined=unclear,
        incomplete_documents=record.incomplete(),
    )


def affected_by_vulnerability(
    record: Record, question: str, found: Vulnerable | None, *, paths: bool = True
) -> Exposure:
    """Which products contain a package that a vulnerability affects.

    A package is affected if ``found`` says so, or if an advisory or a scan that is
    in the record does (OSV, CertifyVuln).  VEX statements that speak of a product or of one
    of its packages decide the hit's status, the newest first, the most careful
    of equally new ones.

    Args:
        record: What the tenant sees.
        question: Id of a vulnerability.
        found: What the advisories say; ``None`` where they know nothing.
        paths: Whether to look for the shortest path of each hit.
    """
    ids = tuple(dict.fromkeys((question, *(found.ids if found else ()))))
    numbers, names = _aliases(record, ids)
    packages: dict[int, str] = {}
    unclear: list[str] = list(found.undetermined) if found else []
    if found is not None:
        candidates = record.packages() if found.names is None else _named(record, found.names)
        hit = set(found.matches(list(candidates.values())))
        packages = {number: text for number, text in candidates.items() if text in hit}
    own = advised(record, numbers, found.indexed if found else None)
    if found is not None and found.without is not None and own.newer:
        left = set(found.without(own.newer)(list(packages.values())))
        packages = {n: text for n, text in packages.items() if text in left or n in own.undecided}
    packages |= own.packages
    unclear += own.undetermined
    if found is None and not own.known:
        named = question[:2].isupper() or question.startswith("x_")  # as ids of advisories are
        hint = "" if named else "; a package is written pkg:type/name, with @version or not"
        unclear.append(
            f"no advisory about {question} is here: only scans in the record count{hint}"
        )
    scans = record.evidence(naming=numbers, verbs=[Verb.CERTIFY_VULN])
    packages |= scanned_packages(record, scans)
    vex = in_force(record, record.evidence(naming=numbers, verbs=[Verb.CERTIFY_VEX]))
    return Exposure(
        question=question,
        ids=tuple(dict.fromkeys((*ids, *names))),
        as_of=record.as_of,
        packages=tuple(sorted(packages.values())),
        hits=_hits(record, packages, vex, paths=paths),
        undetermined=tuple(unclear),
        incomplete_documents=record.incomplete(),
    )


def find_packages(record: Record, asked: Wanted) -> tuple[dict[int, str], tuple[str, ...]]:
    """Packages in the tenant's bills that are meant, and what could not be determined.

    Returns:
        Numbers and texts; for each package whose version cannot be ordered a line.
    """
    found, unclear = {}, []
    for number, text in _named(record, [str(asked.package.without_version())]).items():
        verdict = asked.matches(Package.parse(text))
        if verdict:
            found[number] = text
        elif verdict is None:
            unclear.append(f"{text}: its version cannot be ordered")
    return found, tuple(sorted(unclear))


def find_all(
    record: Record, asked: Sequence[Wanted]
) -> tuple[dict[int, str], tuple[str, ...], tuple[str, ...]]:
    """As :func:`find_packages` for many at once.

    Returns:
        Numbers and texts; the package URLs of which the record has none; and for each
        package whose version cannot be ordered a line.
    """
    names = {str(one.package.without_version()) for one in asked}
    below: dict[str, list[tuple[int, str, Package]]] = defaultdict(list)
    for number, text in _named(record, names).items():
        package = Package.parse(text)
        below[str(package.without_version())].append((number, text, package))
    found: dict[int, str] = {}
    absent: set[str] = set()
    unclear: set[str] = set()
    for one in asked:
        verdicts = [
            (number, text, one.matches(package))
            for number, text, package in below[str(one.package.without_version())]
        ]
        found.update({number: text for number, text, verdict in verdicts if verdict})
        unclear.update(
            f"{text}: its version cannot be ordered"
            for _, text, verdict in verdicts
            if verdict is None
        )
        if all(verdict is False for *_, verdict in verdicts):
            absent.add(str(one.package))
    return found, tuple(sorted(absent)), tuple(sorted(unclear))


def _named(record: Record, names: Iterable[str]) -> dict[int, str]:
    """Every package in the tenant's bills under some names, whatever its version."""
    wanted_nouns = []
    for name in names:
        try:
            wanted_nouns.append(nouns.package_name(Package.parse(name)))
        except InputError:
            continue
    below = record.below(record.find(wanted_nouns).values())
    inside = record.inside(below)
    inside.update(record.subjects(record.described_by(below)).values())
    return {number: text for number, text in below.items() if number in inside}


def _aliases(record: Record, ids: Sequence[str]) -> tuple[list[int], tuple[str, ...]]:
    """Numbers of a vulnerability under all its names, and the names (VulnEqual)."""
    known = dict.fromkeys(nouns.vulnerability(name) for name in ids)
    numbers = record.find(known)
    fresh = list(numbers.values())
    while fresh:
        stated = record.evidence(about=fresh, naming=fresh, verbs=[Verb.VULN_EQUAL])
        texts = {text for one in stated for text in (one.subject, one.object)}
        more = {nouns.vulnerability(text) for text in texts} - set(numbers)
        added = record.find(more)
        numbers.update(added)
        fresh = list(added.values())
    asked = {noun.text for noun in known}
    names = sorted(noun.text for noun in numbers if noun.text not in asked)
    return list(numbers.values()), tuple(map(nouns.vulnerability_id, names))


def _hits(
    record: Record, packages: dict[int, str], vex: Sequence[Stated], *, paths: bool
) -> tuple[Hit, ...]:
    """The products with one of the packages, those that are current first."""
    inside: dict[int, set[int]] = defaultdict(set)
    for package, sbom in record.holders(packages):
        inside[sbom].add(package)
    described = set(record.described_by(packages))
    about = record.subjects(set(inside) | described)
    for sbom in described:
        inside[sbom].add(about[sbom])
    shipments = record.shipments(inside)
    newest = record.newest()
    grouped: dict[tuple[str, str], list[Shipment]] = defaultdict(list)
    for one in shipments:
        grouped[one.product, one.version].append(one)
    texts = record.texts(set(about.values()) - set(packages)) | packages
    bills = list(record.roles(inside))
    scopes = {sbom: _scope(nodes, roles, inside[sbom]) for sbom, nodes, roles in bills}
    found = ways(record, bills, inside, about) if paths else {}
    hits = []
    for (product, version), rows in grouped.items():
        held = {packages[number] for one in rows for number in inside[one.sbom]}
        stated = [found[one.sbom] for one in rows if one.sbom in found]
        path = min(stated, key=lambda way: (len(way), way), default=(min(held),))
        subjects = {texts[about[one.sbom]] for one in rows if one.sbom in about}
        shown = vex_of(vex, (product, version), subjects, held)
        hits.append(
            Hit(
                product=product,
                version=version,
                environments=tuple(sorted({one.environment for one in rows} - {""})),
                owners=tuple(sorted({one.owner for one in rows} - {""})),
                tags=tuple(sorted({tag for one in rows for tag in one.tags})),
                current=any(newest[one.product, one.environment] == one.digest for one in rows),
                status=shown[0].status if shown else Status.AFFECTED.value,
                scope=widest(scopes[one.sbom] for one in rows).value,
                packages=tuple(sorted(held)),
                path=(product, *path),
                explained=bool(stated),
                vex=tuple(shown),
                documents=tuple(sorted({one.digest for one in rows})),
                since=min(one.when for one in rows),
            )
        )
    return tuple(sorted(hits, key=lambda hit: (not hit.current, hit.product, hit.version)))


def order_of(one: Shipment) -> tuple[str, str, str]:
    """What decides which of two bills is the newer one."""
    return (one.when, one.observed, one.digest)


def _scope(nodes: Sequence[int], roles: Roles, packages: Iterable[int]) -> Scope:
    """The widest that a bill needs any of some packages for."""
    places = (at for number in packages if (at := _place(nodes, number)) >= 0)
    return widest(roles.scope(at) for at in places)


def ways(
    record: Record,
    bills: Sequence[tuple[int, Sequence[int], Roles]],
    inside: Mapping[int, set[int]],
    about: Mapping[int, int],
) -> dict[int, tuple[str, ...]]:
    """The shortest path to one of some packages inside each bill that states one.

    Args:
        record: What the tenant sees.
        bills: With their packages and roles.
        inside: Bills, and the packages in each.
        about: Package that each bill describes.
    """
    routes: dict[int, list[list[int]]] = {}
    older = []
    for sbom, nodes, roles in bills:
        if about.get(sbom) in inside[sbom]:
            routes[sbom] = [[]]  # it is what the bill describes
        elif not roles.before:
            older.append(sbom)
        else:
            places = [_place(nodes, number) for number in inside[sbom]]
            ways = [way for at in places if (way := roles.way(at)) is not None]
            least = min(map(len, ways), default=0)
            routes[sbom] = [[nodes[at] for at in way] for way in ways if len(way) == least]
    texts = record.texts({node for ways in routes.values() for way in ways for node in way})
    found = {
        sbom: min(tuple(texts[node] for node in way) for way in ways)
        for sbom, ways in routes.items()
        if ways
    }
    return found | _searched(record, inside, about, older)


def _place(nodes: Sequence[int], number: int) -> int:
    """Position of a package among those of a bill, which ascend; -1 where it is not."""
    at = bisect_left(nodes, number)
    return at if at < len(nodes) and nodes[at] == number else -1


def _searched(
    record: Record,
    inside: Mapping[int, set[int]],
    about: Mapping[int, int],
    sboms: Collection[int],
) -> dict[int, tuple[str, ...]]:
    """As :func:`ways`, in bills that came in before their ways were kept."""
    found: dict[int, tuple[Adjacency, list[set[int]]]] = {}
    needed: set[int] = set()
    for sbom, bill in record.bills(sboms):
        ends = [place for place, node in enumerate(bill.nodes) if node in inside[sbom]]
        stages = layers(bill.targets, roots_of(bill, about.get(sbom)), ends)
        if stages:
            found[sbom] = (bill, stages)
            needed.update(bill.nodes[place] for stage in stages for place in stage)
    texts = record.texts(needed)
    ways = {}
    for sbom, (bill, stages) in found.items():
        names = {place: texts[bill.nodes[place]] for stage in stages for place in stage}
        ways[sbom] = first_of(stages, bill.targets, names)
    return ways


def roots_of(bill: Adjacency, subject: int | None) -> Sequence[int]:
    """Where the paths of a bill begin.

    Where it does not state what its subject depends on directly, but has the
    subject among its packages, at what that leads to; else at what nothing
    leads to.
    """
    if bill.roots:
        return bill.roots
    if subject in bill.nodes:
        return bill.targets[bill.nodes.index(subject)]
    return sources(bill.targets)


def graph_of(record: Record, sbom: int) -> Graph:
    """The own graph of a bill of materials; see :func:`roots_of`."""
    bill = record.bill(sbom)
    texts = record.texts(bill.nodes)
    names = [texts[number] for number in bill.nodes]
    return Graph(names, bill.targets, roots_of(bill, record.subjects([sbom]).get(sbom)))
