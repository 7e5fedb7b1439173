"""Statements and documents written by people: created, and added to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pratique.formats.openvex.canonical import canonical_id
from pratique.formats.openvex.write import NO_ACTION
from pratique.model.errors import InputError, UsageError
from pratique.model.inventory import Location
from pratique.model.purl import Package
from pratique.model.vex import Justification, Part, Product, Statement, Status, VexDocument
from pratique.vex.merging import UNKNOWN_AUTHOR

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What the user said of a statement, not yet checked."""

    products: tuple[str, ...] = ()
    vulnerability: str = ""
    status: str = ""
    justification: str = ""
    subcomponents: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    impact: str = ""
    action: str = ""
    notes: str = ""


def statement_of(draft: Draft, now: datetime) -> Statement:
    """A statement, checked by the rules of OpenVEX 0.2.0 ("Statement Fields").

    Args:
        draft: What the user said.
        now: Its date, UTC.

    Raises:
        UsageError: Something is missing, or does not go with the status.
    """
    if not draft.products:
        raise UsageError("no product is named.", remedy="Give its package URL.")
    if not draft.vulnerability:
        raise UsageError("no vulnerability is named.", remedy="Give its id, such as a CVE.")
    if len(draft.products) > 1 and draft.subcomponents:
        raise UsageError(
            "subcomponents need a single product.",
            remedy="Make one statement for each product.",
        )
    for text in (*draft.products, *draft.subcomponents):
        _check_identifier(text)
    status = _status(draft.status)
    justification = _justification(draft, status)
    affected = status is Status.AFFECTED
    if draft.action and not affected:
        raise UsageError("an action statement goes with the status affected alone.")
    aliases = tuple(dict.fromkeys(draft.aliases))
    if draft.vulnerability in aliases:
        raise UsageError(f"{draft.vulnerability} cannot be an alias of itself.")
    subcomponents = tuple(Part.of(text) for text in draft.subcomponents)
    return Statement(
        vulnerability=draft.vulnerability,
        aliases=aliases,
        products=tuple(
            Product(part=Part.of(text), subcomponents=subcomponents) for text in draft.products
        ),
        status=status,
        status_as_written=status.value,
        status_notes=draft.notes,
        justification=justification,
        justification_as_written=justification.value if justification else "",
        impact=draft.impact,
        action=(draft.action or NO_ACTION) if affected else "",
        action_timestamp=now if affected else None,
        timestamp=now,
        stated_timestamp=True,
        location=Location("-"),
    )


def _check_identifier(text: str) -> None:
    if text.startswith("pkg:"):
        try:
            Package.parse(text)
        except InputError as error:
            raise UsageError(f"{error.message}.") from None


def _status(text: str) -> Status:
    try:
        return Status(text)
    except ValueError:
        known = ", ".join(Status)
        raise UsageError(f"{text!r} is no status.", remedy=f"Use one of {known}.") from None


def _justification(draft: Draft, status: Status) -> Justification | None:
    if status is not Status.NOT_AFFECTED:
        if draft.justification or draft.impact:
            raise UsageError("a justification or impact statement goes with not_affected alone.")
        return None
    if not draft.justification:
        if not draft.impact:
            raise UsageError(
                "not_affected needs a justification or an impact statement.",
                remedy="See 'pratique vex list justification'.",
            )
        return None
    try:
        return Justification(draft.justification)
    except ValueError:
        raise UsageError(
            f"{draft.justification!r} is no justification.",
            remedy="See 'pratique vex list justification'.",
        ) from None


def create(
    statements: Sequence[Statement],
    now: datetime,
    *,
    id: str = "",
    author: str = "",
    role: str = "",
) -> VexDocument:
    """A new document; its id is made of its content where none is given."""
    document = VexDocument(
        id=id,
        format="OpenVEX 0.2.0",
        path="-",
        author=author or UNKNOWN_AUTHOR,
        role=role,
        timestamp=now,
        version="1",
        statements=tuple(statements),
    )
    return document if id else msgspec.structs.replace(document, id=canonical_id(document))


def add(document: VexDocument, statement: Statement, now: datetime) -> VexDocument:
    """A document with one more statement, its version raised, its date moved on.

    Statements that had their date from the document keep it (OpenVEX 0.2.0,
    "Updating Statements with Inherited Data").

    Raises:
        UsageError: Something in the document is newer than ``now``.
    """
    dates = [document.timestamp, document.last_updated]
    dates += [date for one in document.statements for date in (one.timestamp, one.last_updated)]
    newest = max((date for date in dates if date is not None), default=None)
    if newest is not None and newest > now:
        raise UsageError(
            f"the document has a date ({newest}) later than the new statement's ({now}).",
            remedy="Set SOURCE_DATE_EPOCH, or the clock.",
        )
    last = document.last_updated or document.timestamp
    kept = tuple(
        msgspec.structs.replace(
            one, timestamp=one.timestamp if one.stated_timestamp else last, stated_timestamp=True
        )
        for one in document.statements
    )
    version = int(document.version) if document.version.isdecimal() else 1
    return msgspec.structs.replace(
        document,
        timestamp=document.timestamp or now,
        last_updated=now,
        version=str(version + 1),
        statements=(*kept, statement),
    )
