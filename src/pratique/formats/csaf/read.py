"""CSAF 2.0 and 2.1 documents into statements (profile "VEX", section 4.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.base import Notes
from pratique.formats.csaf.tree import Tree, read_tree
from pratique.formats.text import decode, parse_json
from pratique.formats.vex_values import instant, record_of, records_of, shown, text_of
from pratique.model.errors import InputError, LimitError, UnsupportedError
from pratique.model.inventory import Location
from pratique.model.vex import Justification, Product, Signature, Statement, Status, VexDocument

if TYPE_CHECKING:
    from collections.abc import Iterable

VERSIONS = frozenset({"2.0", "2.1"})

STATUSES = {
    "known_not_affected": Status.NOT_AFFECTED,
    "known_affected": Status.AFFECTED,
    "first_affected": Status.AFFECTED,
    "last_affected": Status.AFFECTED,
    "fixed": Status.FIXED,
    "first_fixed": Status.FIXED,
    "under_investigation": Status.UNDER_INVESTIGATION,
}
"""Product status groups of section 3.2.3.9 that say something of a product."""

MAX_MENTIONS = 2_000_000
"""Products in status groups that are taken; the largest published advisories have 100,000."""


def read(data: bytes, path: str, *, signer: str = "") -> VexDocument:
    """Read a CSAF document of any profile; whatever it says of products becomes statements.

    Products of one vulnerability with the same status, justification, impact and
    action share a statement.

    Args:
        data: Its bytes.
        path: For the places of problems.
        signer: Identity whose signature over these bytes the caller has verified.

    Raises:
        InputError: It is not a CSAF document at all.
        UnsupportedError: It is of a version that is not known.
        LimitError: It is over a limit.
    """
    value = parse_json(decode(data))
    head = value.get("document") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(head, dict):
        raise InputError("is not a CSAF document: it has no document object")
    version = head.get("csaf_version")
    if not isinstance(version, str) or version not in VERSIONS:
        raise UnsupportedError(f"is CSAF {shown(version)}; 2.0 and 2.1 are read")
    notes = Notes(path)
    document = _document(head, f"CSAF {version}", path, notes)
    tree = read_tree(value.get("product_tree"), notes)
    _unidentified(tree, notes)
    statements: list[Statement] = []
    mentions = 0
    for place, row in records_of(value, "vulnerabilities", "", notes):
        found = _vulnerability(row, place, document, tree, notes)
        mentions += sum(len(one.products) for one in found)
        if mentions > MAX_MENTIONS:
            raise LimitError(f"mentions over {MAX_MENTIONS:,} products")
        statements.extend(found)
    if signer:
        statements = [
            msgspec.structs.replace(one, signature=Signature.VERIFIED, signer=signer)
            for one in statements
        ]
    return msgspec.structs.replace(document, statements=tuple(statements), problems=notes.done())


def _document(head: dict[str, Any], format: str, path: str, notes: Notes) -> VexDocument:
    tracking = record_of(head.get("tracking"), "document.tracking", notes)
    publisher = record_of(head.get("publisher"), "document.publisher", notes)
    generator = tracking.get("generator")
    engine = generator.get("engine") if isinstance(generator, dict) else None
    name = engine.get("name") if isinstance(engine, dict) else ""
    current = "current_release_date"
    released = instant(tracking, current, f"document.tracking.{current}", notes)
    if released is None:
        notes.unknown("has no current release date that can be read: its statements are undated")
    return VexDocument(
        id=text_of(tracking, "id", "document.tracking", notes),
        format=format,
        path=path,
        author=text_of(publisher, "name", "document.publisher", notes),
        role=text_of(publisher, "category", "document.publisher", notes),
        title=text_of(head, "title", "document", notes),
        timestamp=released,
        version=text_of(tracking, "version", "document.tracking", notes),
        tooling=name if isinstance(name, str) else "",
    )


def _unidentified(tree: Tree, notes: Notes) -> None:
    """Count products that no package URL, CPE or digest identifies: nothing can match them."""
    bare = [
        id
        for id, product in tree.products.items()
        if not product.subcomponents and not product.part.identifiers and not product.part.hashes
    ]
    if bare:
        more = f" and {len(bare) - 1:,} more" if len(bare) > 1 else ""
        notes.notice(
            f"product {shown(bare[0])}{more} has no package URL, CPE or digest: what is said of "
            "it applies only where it is named"
        )


class _Reasons(msgspec.Struct, frozen=True):
    """What sets statements of one vulnerability and status apart."""

    flag: str = ""
    impact: str = ""
    action: str = ""


def _vulnerability(
    row: dict[str, Any], place: str, document: VexDocument, tree: Tree, notes: Notes
) -> list[Statement]:
    names = _names(row, place, notes)
    if not names:
        notes.unreadable(f"{place} has neither a CVE nor another id; it is left out")
        return []
    flags = _by_product(records_of(row, "flags", place, notes), "label", tree)
    threats = [
        (at, one)
        for at, one in records_of(row, "threats", place, notes)
        if one.get("category") == "impact"
    ]
    impacts = _by_product(threats, "details", tree)
    actions = _by_product(records_of(row, "remediations", place, notes), "details", tree)
    status = record_of(row.get("product_status"), f"{place}.product_status", notes)
    groups: dict[tuple[str, _Reasons], list[Product]] = {}
    seen: dict[str, Status] = {}
    for key, ids in status.items():
        if key not in STATUSES:
            _other_status(str(key), f"{place}.product_status", notes)
            continue
        for id in ids if isinstance(ids, list) else ():
            product = tree.products.get(id) if isinstance(id, str) else None
            if product is None:
                notes.unknown(f"{place}.product_status.{key}: {shown(id)} is not defined")
                continue
            if seen.setdefault(id, STATUSES[key]) is not STATUSES[key]:
                notes.unknown(f"{place}: {shown(id)} is both {seen[id]} and {STATUSES[key]}")
            reasons = _reasons(id, STATUSES[key], flags, impacts, actions)
            groups.setdefault((key, reasons), []).append(product)
    description = _description(row)
    return [
        _statement(
            key, reasons, tuple(dict.fromkeys(found)), names, description, place, document, notes
        )
        for (key, reasons), found in groups.items()
    ]


def _statement(
    key: str,
    reasons: _Reasons,
    products: tuple[Product, ...],
    names: list[str],
    description: str,
    place: str,
    document: VexDocument,
    notes: Notes,
) -> Statement:
    status = STATUSES[key]
    justification: Justification | None = None
    written = ""
    if status is Status.NOT_AFFECTED:
        written = reasons.flag or (reasons.impact if reasons.impact in set(Justification) else "")
        try:
            justification = Justification(written) if written else None
        except ValueError:
            notes.unknown(f"{place}.flags: {shown(written)} is no justification known here")
        if not written and not reasons.impact:
            notes.notice(f"{place} says known_not_affected without a flag or an impact threat")
    return Statement(
        vulnerability=names[0],
        aliases=tuple(names[1:]),
        description=description,
        products=products,
        status=status,
        status_as_written=key,
        justification=justification,
        justification_as_written=written,
        impact=reasons.impact,
        action=reasons.action,
        timestamp=document.timestamp,
        author=document.author,
        document=document.id,
        format=document.format,
        location=Location(document.path),
        place=f"{place}.product_status.{key}",
    )


def _reasons(
    id: str,
    status: Status,
    flags: dict[str, list[str]],
    impacts: dict[str, list[str]],
    actions: dict[str, list[str]],
) -> _Reasons:
    """What the flags, threats and remediations say of one product; "" stands for all of them."""
    if status is Status.NOT_AFFECTED:
        labels = flags.get(id) or flags.get("", [])
        return _Reasons(flag=labels[0] if labels else "", impact="\n".join(_both(impacts, id)))
    if status is Status.AFFECTED:
        return _Reasons(action="\n".join(_both(actions, id)))
    return _Reasons()


def _both(texts: dict[str, list[str]], id: str) -> Iterable[str]:
    return dict.fromkeys((*texts.get(id, ()), *texts.get("", ())))


def _by_product(
    rows: list[tuple[str, dict[str, Any]]], key: str, tree: Tree
) -> dict[str, list[str]]:
    """Texts by product id; those without any product under the empty id."""
    found: dict[str, list[str]] = {}
    for _, row in rows:
        text = row.get(key)
        if not isinstance(text, str) or not text:
            continue
        named = "product_ids" in row or "group_ids" in row
        for id in tree.members(row) if named else [""]:
            found.setdefault(id, []).append(text)
    return found


def _names(row: dict[str, Any], place: str, notes: Notes) -> list[str]:
    found = [text_of(row, "cve", place, notes)]
    for _, one in records_of(row, "ids", place, notes):
        text = one.get("text")
        if isinstance(text, str):
            found.append(text)
    return list(dict.fromkeys(name for name in found if name))


def _description(row: dict[str, Any]) -> str:
    notes = row.get("notes")
    for note in notes if isinstance(notes, list) else ():
        if isinstance(note, dict) and note.get("category") in ("description", "summary"):
            text = note.get("text")
            if isinstance(text, str):
                return text
    title = row.get("title")
    return title if isinstance(title, str) else ""


def _other_status(key: str, place: str, notes: Notes) -> None:
    if key == "recommended":
        return  # a version to move to, not a status
    if key == "unknown":
        notes.notice(f"{place}.unknown: its author knows no status of these products")
        return
    notes.unknown(f"{place} has the unknown status {shown(key)}; it is kept apart")
