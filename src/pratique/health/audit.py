"""The bill of health of every product of the record: the same check, over what came in.

Each product's newest bill of materials is taken from the record as it came in
and checked as a file would be, with the VEX statements and judgements that the
record holds, by the same advisories, policy and waivers.
"""

from __future__ import annotations

import posixpath
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from pratique.formats.instants import parse_instant
from pratique.health.service import NO_WAIVERS, Request, check
from pratique.model.errors import InputError
from pratique.model.evidence import Verb
from pratique.model.inventory import Location
from pratique.model.vex import Justification, Part, Product, Statement, Status
from pratique.store import nouns

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from pratique.advisories import Index
    from pratique.advisories.exploitation import Exploitation
    from pratique.model.bill import BillOfHealth
    from pratique.policy.service import LoadedPolicy
    from pratique.policy.waivers import Waivers
    from pratique.store.record import Record, Shipment, Stated

MAX_NAME = 100
"""Most characters of a document's own name that its copy keeps."""


class Audited(NamedTuple):
    """A product's version, as its newest bill in one environment describes it."""

    product: str
    version: str
    environment: str
    owner: str
    document: str
    """Digest of the bill of materials."""

    bill: BillOfHealth | None = None
    fault: str = ""
    """Why there is no bill of health."""


class Terms(NamedTuple):
    """By what the products are checked."""

    advisories: Index
    now: datetime
    exploitation: Exploitation | None = None
    policy: LoadedPolicy | None = None
    waivers: Waivers = NO_WAIVERS
    sort: str = "priority"


def audit(record: Record, shipments: Sequence[Shipment], terms: Terms) -> Iterator[Audited]:
    """Check the newest bill of each product in each environment.

    Args:
        record: What the tenant sees.
        shipments: Of it; those that are not the newest are passed over.
        terms: By what to check.

    Yields:
        One answer for each product, version and environment, sorted.

    Raises:
        DamageError: A document of the record is not what came in.
    """
    newest = record.newest()
    statements = statements_of(record, terms.now)
    for one in shipments:
        if newest.get((one.product, one.environment)) != one.digest:
            continue
        about = Audited(
            product=one.product,
            version=one.version,
            environment=one.environment,
            owner=one.owner,
            document=one.digest,
        )
        try:
            bill = _checked(record, one, statements, terms)
        except InputError as error:
            yield about._replace(fault=error.message)
        else:
            yield about._replace(bill=bill)


def _checked(
    record: Record, one: Shipment, statements: Sequence[Statement], terms: Terms
) -> BillOfHealth:
    [document] = record.documents(digest=one.digest)
    # Readers go by a document's name as well as by its content.
    name = posixpath.basename(document.path.replace("\\", "/"))[-MAX_NAME:].strip(".\0")
    with TemporaryDirectory(prefix="pratique-audit-") as folder:
        path = Path(folder, name or "bill.json")
        path.write_bytes(record.raw(one.digest))
        called = (one.product, f"{one.product}@{one.version}" if one.version else one.product)
        request = Request(subject=str(path), sort=terms.sort, products=called)
        bill = check(
            request,
            terms.advisories,
            terms.now,
            exploitation=terms.exploitation,
            policy=terms.policy,
            waivers=terms.waivers,
            statements=[each for each in statements if _about(each, one)],
        )
    subject = f"{one.product} {one.version}".strip()
    return msgspec.structs.replace(bill, subject=subject)


def _about(statement: Statement, one: Shipment) -> bool:
    """Whether a statement that was limited to a version of a product is about this one."""
    return statement.place in {"", one.version}


def statements_of(record: Record, now: datetime) -> list[Statement]:
    """The VEX statements and judgements of the record that hold.

    The version of a product that a judgement is limited to is in ``place``.

    Args:
        record: What the tenant sees.
        now: By which expiries are held.
    """
    made = []
    for claim in record.evidence(verbs=[Verb.CERTIFY_VEX]):
        until = parse_instant(claim.said.get("expires", ""))
        if until is None or now < until:
            statement = _statement(claim)
            if statement is not None:
                made.append(statement)
    return made


def _statement(claim: Stated) -> Statement | None:
    said = claim.said
    try:
        status = Status(said.get("status", ""))
    except ValueError:
        return None
    justification = said.get("justification", "")
    words = set(Justification)
    moment = parse_instant(said.get("timestamp", ""))
    parts = (Part.of(said["subcomponent"]),) if said.get("subcomponent") else ()
    return Statement(
        vulnerability=nouns.vulnerability_id(claim.object),
        products=(Product(part=Part.of(claim.subject), subcomponents=parts),),
        status=status,
        status_as_written=said.get("status as written", ""),
        status_notes=said.get("notes", ""),
        justification=Justification(justification) if justification in words else None,
        justification_as_written=said.get("justification as written", ""),
        impact=said.get("impact", ""),
        action=said.get("action", ""),
        timestamp=moment,
        stated_timestamp=moment is not None,
        author=said.get("author", ""),
        supplier=said.get("supplier", ""),
        document=claim.origins[0].document if claim.origins else "",
        format=said.get("schema", "the record"),
        location=Location(claim.origins[0].document if claim.origins else "the record"),
        place=said.get("product version", ""),
    )
