"""A scanner's report without what VEX settles: SARIF 2.1.0 and CycloneDX.

vexctl decides by the oldest statement about a vulnerability, whatever product
it is of, and only for ids with six prefixes.  Here the latest statement about
the product that was scanned decides, for any id.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.base import Notes
from pratique.formats.cyclonedx_vex.refs import product_of, read_components
from pratique.formats.cyclonedx_vex.words import WRITTEN_JUSTIFICATIONS, WRITTEN_STATES
from pratique.formats.json_writing import indented_json
from pratique.formats.text import decode, parse_json
from pratique.model.errors import UnsupportedError
from pratique.model.vex import Part, Product
from pratique.vex.engine import said
from pratique.vex.index import Index
from pratique.vex.ordering import settle
from pratique.vex.reports import Row, images, result_row, rules_of, run_texts
from pratique.vex.scene import ROOT, Scene, Target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pratique.formats.cyclonedx_vex.refs import Components
    from pratique.model.vex import Statement

_RESULT = "pkg:generic/result"
"""Stands for the package of a result; the report says all there is to know of it."""


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """How a report is filtered."""

    now: datetime
    products: tuple[str, ...] = ()
    """Identifiers of what was scanned, besides those that the report has."""

    any_product: bool = False
    """Take every statement to be about what was scanned."""

    suppress: bool = False
    """Keep results and mark them, in place of removing them."""

    preferred: tuple[str, ...] = ()


class Filtered(msgspec.Struct, frozen=True, kw_only=True):
    """A report after VEX."""

    data: bytes
    before: int
    """Results (CycloneDX: vulnerabilities)."""

    settled: int
    """Of which VEX says ``not_affected`` or ``fixed``."""

    lines: tuple[str, ...] = ()
    """What was said of each."""

    unplaced: bool = False
    """Whether nothing says what was scanned, so that no product could be compared."""


def filter_report(data: bytes, statements: Sequence[Statement], policy: Policy) -> Filtered:
    """Filter a report by statements.

    Args:
        data: SARIF 2.1.0, or CycloneDX with vulnerabilities.
        statements: Of all documents.
        policy: How.

    Raises:
        InputError: It is not JSON.
        UnsupportedError: It is neither format.
    """
    value = parse_json(decode(data))
    if isinstance(value, dict) and isinstance(value.get("runs"), list):
        return _sarif(value, statements, policy)
    if isinstance(value, dict) and value.get("bomFormat") == "CycloneDX":
        return _cyclonedx(value, statements, policy)
    raise UnsupportedError("is neither SARIF nor CycloneDX")


class _Judge:
    """Decides on one row after the other.

    Args:
        statements: Of all documents.
        scene: What was scanned.
        policy: How.
    """

    def __init__(self, statements: Sequence[Statement], scene: Scene, policy: Policy) -> None:
        if policy.any_product:
            statements = [_anywhere(one) for one in statements]
        self._index = Index(statements, scene)
        self._policy = policy
        self.lines: list[str] = []

    def settled(self, row: Row, subject: str = _RESULT) -> Statement | None:
        """The statement by which a row is settled, if there is one."""
        names = [name for one in row.names for name in _possible(one, self._index)]
        if not names:
            return None
        entries = self._index.find(names, subject, row.target)
        standing = settle(
            (one.statement for one in entries), self._policy.now, self._policy.preferred
        )
        effective = standing.effective
        if effective is None:
            return None
        self.lines.append(f"{row.names[0]}: {said(effective)}")
        self.lines.extend(
            f"{row.names[0]}: contradicted: {said(one)}" for one in standing.contradictions
        )
        return effective if effective.status.closes else None


def _possible(id: str, index: Index) -> list[str]:
    """What a rule's id may mean: itself, or what stands before the package behind it."""
    parts = id.split("-")
    starts = ["-".join(parts[:end]) for end in range(len(parts), 0, -1)]
    return next(([start] for start in starts if index.knows(start)), [])


def _anywhere(one: Statement) -> Statement:
    """A statement about its subcomponents, or about the thing itself, whatever that is."""
    here = Part.of(_ANY)
    products = tuple(
        Product(part=here, subcomponents=product.subcomponents)
        if product.subcomponents
        else Product(part=here)
        for product in one.products
    )
    return msgspec.structs.replace(one, products=(*one.products, *products))


_ANY = "urn:x-pratique:what-was-scanned"


def _scene(found: Sequence[Target], policy: Policy) -> tuple[Scene, bool]:
    """What was scanned, and whether nothing says what it is."""
    products = [*found, *(Target.parse(text) for text in policy.products)]
    unplaced = not products and not policy.any_product
    if policy.any_product:
        products.append(Target(ids=(_ANY,)))
    return Scene(products), unplaced


def _sarif(value: dict[str, Any], statements: Sequence[Statement], policy: Policy) -> Filtered:
    before = settled = 0
    lines: list[str] = []
    unplaced = False
    for run in value["runs"]:
        results = run.get("results") if isinstance(run, dict) else None
        if not isinstance(results, list):
            continue
        scene, nowhere = _scene(images(run_texts(run)), policy)
        unplaced = unplaced or (nowhere and bool(results))
        judge = _Judge(statements, scene, policy)
        rules = rules_of(run)
        kept = []
        for result in results:
            before += 1
            row = result_row(result, rules) if isinstance(result, dict) else None
            one = judge.settled(row) if row is not None else None
            if one is None:
                kept.append(result)
                continue
            settled += 1
            if policy.suppress:
                _suppress(result, one)
                kept.append(result)
        run["results"] = kept
        lines.extend(judge.lines)
    return Filtered(
        data=indented_json(value),
        before=before,
        settled=settled,
        lines=tuple(dict.fromkeys(lines)),
        unplaced=unplaced,
    )


def _suppress(result: dict[str, Any], one: Statement) -> None:
    """Mark a result as settled (SARIF 2.1.0, section 3.35)."""
    mark = {"kind": "external", "status": "accepted", "justification": said(one)}
    marks = result.get("suppressions")
    result["suppressions"] = [*(marks if isinstance(marks, list) else ()), mark]


def _cyclonedx(value: dict[str, Any], statements: Sequence[Statement], policy: Policy) -> Filtered:
    rows = value.get("vulnerabilities")
    if not isinstance(rows, list):
        return Filtered(data=indented_json(value), before=0, settled=0)
    here = read_components(value, Notes("-"))
    scene, unplaced = _bom_scene(value, here, policy)
    judge = _Judge(statements, scene, policy)
    kept = []
    settled = 0
    for row in rows:
        found = _vulnerability(row, here, judge) if isinstance(row, dict) else ([], [])
        closed, still_open = found
        if not closed or still_open:
            if closed:
                row["affects"] = still_open
            kept.append(row)
            continue
        settled += 1
        if policy.suppress:
            row["analysis"] = _analysis(closed[-1])
            kept.append(row)
    value["vulnerabilities"] = kept
    return Filtered(
        data=indented_json(value),
        before=len(rows),
        settled=settled,
        lines=tuple(dict.fromkeys(judge.lines)),
        unplaced=unplaced,
    )


def _vulnerability(
    row: dict[str, Any], here: Components, judge: _Judge
) -> tuple[list[Statement], list[Any]]:
    """Statements that settle what is affected, and what remains."""
    references = row.get("references")
    names = [row.get("id")]
    names.extend(
        one.get("id")
        for one in (references if isinstance(references, list) else ())
        if isinstance(one, dict)
    )
    known = tuple(name for name in names if isinstance(name, str) and name)
    affects = row.get("affects")
    closed: list[Statement] = []
    still_open: list[Any] = []
    for one in affects if isinstance(affects, list) else ():
        ref = one.get("ref") if isinstance(one, dict) else None
        product = product_of(ref, here) if isinstance(ref, str) else None
        statement = _judged(known, str(ref), product, judge) if product and known else None
        if statement is None:
            still_open.append(one)
        else:
            closed.append(statement)
    return closed, still_open


def _judged(names: tuple[str, ...], ref: str, product: Product, judge: _Judge) -> Statement | None:
    part = product.subcomponents[0] if product.subcomponents else product.part
    return judge.settled(Row(names, Target.of(part)), ref)


def _analysis(one: Statement) -> dict[str, Any]:
    analysis: dict[str, Any] = {"state": WRITTEN_STATES[one.status], "detail": said(one)}
    if one.justification:
        analysis["justification"] = WRITTEN_JUSTIFICATIONS[one.justification]
    return analysis


def _bom_scene(value: dict[str, Any], here: Components, policy: Policy) -> tuple[Scene, bool]:
    """What a bill of materials describes, and how its components hang together."""
    main = here.parts.get(here.main)
    found = [Target.of(main)] if main is not None else []
    if here.serial:
        found.append(Target(ids=(f"urn:uuid:{here.serial}",), boms=(here.serial,)))
    scene, unplaced = _scene(found, policy)
    parents: dict[str, list[str]] = {}
    rows = value.get("dependencies")
    for row in rows if isinstance(rows, list) else ():
        needed = row.get("dependsOn") if isinstance(row, dict) else None
        above = row.get("ref") if isinstance(row, dict) else None
        for ref in needed if isinstance(needed, list) else ():
            if isinstance(ref, str) and isinstance(above, str) and ref != above:
                parents.setdefault(ref, []).append(ROOT if above == here.main else above)
    members = {ref: Target.of(part) for ref, part in here.parts.items() if ref != here.main}
    return Scene(scene.products, members, parents), unplaced
