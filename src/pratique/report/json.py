"""The bill as JSON, and the JSON Schema that describes it."""

from __future__ import annotations

from typing import Any

import msgspec

from pratique.formats.json_writing import indented_json
from pratique.model.bill import SCHEMA, BillOfHealth
from pratique.model.severity import Severity

DIALECT = "https://json-schema.org/draft/2020-12/schema"
"""The dialect of JSON Schema that is written (core specification, section 8.1.1)."""

_RANKS = {severity.value: severity.rank for severity in Severity}


def render(bill: BillOfHealth, *, color: bool = False, width: int = 100) -> str:
    """The whole bill, indented, always in the same order.

    Fields come in the order of the schema, severities worst first, every other
    mapping by key.

    Raises:
        UnicodeEncodeError: A text holds a lone surrogate.
    """
    del color, width
    return indented_json(ordered(bill)).decode()


def ordered(bill: BillOfHealth) -> BillOfHealth:
    """The same bill with its mappings in a stable order."""
    tally = bill.counts.severities
    by_rank = sorted(tally, key=lambda name: (_RANKS.get(name, len(_RANKS)), name))
    inventory = bill.inventory
    return msgspec.structs.replace(
        bill,
        counts=msgspec.structs.replace(
            bill.counts,
            severities={name: tally[name] for name in by_rank},
        ),
        licenses=dict(sorted(bill.licenses.items())),
        inventory=msgspec.structs.replace(
            inventory,
            edges=dict(sorted(inventory.edges.items())),
        ),
    )


def json_schema() -> bytes:
    """JSON Schema (2020-12) of the bill, as ``docs/schemas`` has it."""
    return schema_of(BillOfHealth, SCHEMA, "Bill of health")


def schema_of(type: Any, id: str, title: str) -> bytes:
    """JSON Schema (2020-12) of any struct, indented, ending in a line feed.

    Args:
        type: A msgspec type.
        id: Absolute URI that names the schema (``$id``).
        title: For people.
    """
    schema = msgspec.json.schema(type)
    head = {"$schema": DIALECT, "$id": id, "title": title}
    return indented_json(head | schema)
