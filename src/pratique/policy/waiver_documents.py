"""Waivers from YAML documents of our own form."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from pratique.formats.instants import parse_instant
from pratique.policy.documents import Scalar, parse
from pratique.policy.errors import PolicyError
from pratique.policy.fields import Fields
from pratique.policy.waivers import Place, Waiver, Waivers, check_pattern

if TYPE_CHECKING:
    from pratique.policy.documents import Node

MAX_WAIVERS = 5_000
"""Waivers of one document; a list that long waives the policy itself."""

MAX_WAIVER_TEXT = 1_000
"""Characters of a waiver's reason."""

REQUIRED = ("subject", "rule", "owner", "reason", "expires", "approver")
_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,199}\Z")


def read_waivers(data: bytes, path: str) -> Waivers:
    """Read a document with the field ``waivers``.

    A date without a time holds through the end of that day, UTC.

    Raises:
        PolicyError: Anything is wrong with it: a waiver that cannot be relied
            on is none.  Every defect is listed with line and column.
    """
    fields = Fields(path)
    found = fields.mapping(parse(data, path), "the document", ("waivers",), ("waivers",))
    if found is None or "waivers" not in found:
        raise PolicyError(fields.defects)
    waivers: dict[str, Waiver] = {}
    places: dict[str, Place] = {}
    for node in fields.items(found["waivers"], "waivers", MAX_WAIVERS):
        waiver = _waiver(fields, node)
        if waiver is None:
            continue
        if waiver.id in waivers:
            other = places[waiver.id].line
            fields.wrong(
                node, f"there is another waiver {waiver.id!r}", f"The other is on line {other}."
            )
            continue
        waivers[waiver.id] = waiver
        places[waiver.id] = Place(path, node.line)
    fields.refuse()
    return Waivers(waivers=tuple(waivers.values()), places=places)


def expiry(text: str) -> datetime | None:
    """The end of a date, or an instant, in UTC; ``None`` where the text is neither."""
    if _DATE.match(text):
        try:
            return datetime.fromisoformat(text).replace(tzinfo=UTC) + timedelta(days=1)
        except (ValueError, OverflowError):
            return None
    return parse_instant(text)


def waiver_id(*parts: str) -> str:
    """An id for a waiver that has none: the same for the same waiver."""
    return "w-" + sha256("\n".join(parts).encode()).hexdigest()[:12]


def _waiver(fields: Fields, node: Node) -> Waiver | None:
    before = len(fields.defects)
    found = fields.mapping(node, "a waiver", ("id", *REQUIRED), REQUIRED)
    if found is None:
        return None
    id = fields.id(found.get("id"), "id")
    text = {name: fields.line(found.get(name), name, limit=MAX_WAIVER_TEXT) for name in REQUIRED}
    subject = found.get("subject")
    if subject is not None and text["subject"]:
        why = check_pattern(text["subject"])
        if why:
            remedy = "Write pkg:type/namespace/name@version; '*' stands for any characters."
            fields.wrong(subject, f"subject: {why}", remedy)
    rule = found.get("rule")
    if rule is not None and text["rule"] and not _NAME.match(text["rule"]):
        remedy = "Name one rule, or one advisory by its id or an alias."
        fields.wrong(rule, f"rule {text['rule'][:80]!r} is not an id", remedy)
    expires = expiry(text["expires"])
    if expires is None and isinstance(found.get("expires"), Scalar) and text["expires"]:
        remedy = "Write a date (2027-01-31) or an instant (2027-01-31T12:00:00Z)."
        fields.wrong(found["expires"], f"expires {text['expires'][:80]!r} is not a date", remedy)
    approver = found.get("approver")
    if approver is not None and text["owner"] and text["owner"] == text["approver"]:
        fields.wrong(approver, "owner and approver are the same", "Have another person approve it.")
    if len(fields.defects) > before or expires is None:
        return None
    return Waiver(
        id=id or waiver_id(*text.values()),
        subject=text["subject"],
        rule=text["rule"],
        owner=text["owner"],
        reason=text["reason"],
        expires=expires,
        approver=text["approver"],
    )
