"""The columns of a snapshot, gathered from the record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pratique.model.errors import InputError
from pratique.model.evidence import Verb
from pratique.model.inventory import Scope
from pratique.model.purl import Package
from pratique.store.roles import SCOPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pratique.store.record import Record

Columns = dict[str, tuple[str, Any]]
"""Of each column the type in SQL, and an array."""

TABLES = ("packages", "bills", "occurrences", "shipments", "licences")
"""Every table of a snapshot, each a file."""


def gathered(record: Record, table: str) -> Columns:
    """The columns of one table.

    Raises:
        StoreError: The record cannot be read.
    """
    return _GATHER[table](record)


def _packages(record: Record) -> Columns:
    """Every package at its version; ``name`` is its package URL without version."""
    rows = sorted(record.packages().items())
    parts = [_parts(text) for _, text in rows]
    return {
        "package": ("BIGINT", _numbers(number for number, _ in rows)),
        "purl": ("VARCHAR", _texts([text for _, text in rows])),
        "type": ("VARCHAR", _texts([one[0] for one in parts])),
        "name": ("VARCHAR", _texts([one[1] for one in parts])),
        "version": ("VARCHAR", _texts([one[2] for one in parts])),
    }


def _parts(text: str) -> tuple[str, str, str]:
    try:
        package = Package.parse(text)
    except InputError:  # nothing that is no package URL is ever written
        return "", text, ""
    return package.type, str(package.without_version()), package.version


def _bills(record: Record) -> Columns:
    """Every bill of materials; ``made`` is when, or when it came in."""
    rows = sorted(record.bill_digests().items())
    documents = {one.digest: one for one in record.documents()}
    found = [documents[digest] for _, digest in rows]
    return {
        "bill": ("BIGINT", _numbers(number for number, _ in rows)),
        "digest": ("VARCHAR", _texts([digest for _, digest in rows])),
        "format": ("VARCHAR", _texts([one.format for one in found])),
        "made": ("TIMESTAMP", _moments([one.created or one.observed for one in found])),
        "came_in": ("TIMESTAMP", _moments([one.observed for one in found])),
    }


def _occurrences(record: Record) -> Columns:
    """Which package is in which bill, and what for (the number of a scope)."""
    bills, packages, scopes = [], [], []
    unknown = SCOPES[Scope.UNKNOWN]
    for number, rows, roles in record.graphs(record.bill_digests()):
        count = len(rows.nodes)
        bills.append(np.full(count, number, np.int64))
        packages.append(np.array(rows.nodes, np.int64))
        stated = np.frombuffer(roles.scopes, np.uint8)
        scopes.append(stated if len(stated) else np.full(count, unknown, np.uint8))
    return {
        "bill": ("BIGINT", _joined(bills, np.int64)),
        "package": ("BIGINT", _joined(packages, np.int64)),
        "scope": ("UTINYINT", _joined(scopes, np.uint8)),
    }


def _shipments(record: Record) -> Columns:
    """What each bill is of, where that runs and whose it is."""
    rows = record.shipments()
    return {
        "product": ("VARCHAR", _texts([one.product for one in rows])),
        "version": ("VARCHAR", _texts([one.version for one in rows])),
        "environment": ("VARCHAR", _texts([one.environment for one in rows])),
        "owner": ("VARCHAR", _texts([one.owner for one in rows])),
        "bill": ("BIGINT", _numbers(one.sbom for one in rows)),
        "digest": ("VARCHAR", _texts([one.digest for one in rows])),
        "made": ("TIMESTAMP", _moments([one.when for one in rows])),
        "came_in": ("TIMESTAMP", _moments([one.observed for one in rows])),
    }


def _licences(record: Record) -> Columns:
    """What documents say of the packages' licences."""
    rows = record.claimed(Verb.CERTIFY_LEGAL)
    return {
        "package": ("BIGINT", _numbers(number for number, _ in rows)),
        "licence": ("VARCHAR", _texts([text for _, text in rows])),
    }


_GATHER = {
    "packages": _packages,
    "bills": _bills,
    "occurrences": _occurrences,
    "shipments": _shipments,
    "licences": _licences,
}


def _numbers(values: Iterable[int]) -> Any:
    return np.fromiter(values, np.int64)


def _texts(values: Sequence[str]) -> Any:
    found = np.empty(len(values), object)
    found[:] = values
    return found


def _moments(values: Sequence[str]) -> Any:
    return np.array([text.removesuffix("Z") for text in values], "datetime64[us]")


def _joined(parts: Sequence[Any], kind: Any) -> Any:
    return np.concatenate([np.empty(0, kind), *parts])
