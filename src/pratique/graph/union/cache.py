"""The union graph of a record, kept in the user's cache folder in step with it."""

from __future__ import annotations

import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.graph.union import files
from pratique.graph.union.building import empty, mark, with_bills
from pratique.store.errors import DamageError
from pratique.store.location import DATA_VARIABLE

if TYPE_CHECKING:
    from pratique.graph.union.structure import Union
    from pratique.store.record import Record


def cache_folder() -> Path:
    """Folder of the graphs: in ``PRATIQUE_DATA``, or in the user's cache folder."""
    named = os.environ.get(DATA_VARIABLE)
    if named:
        return Path(named) / "graphs"
    from platformdirs import user_cache_path

    return user_cache_path("pratique") / "graphs"


def path_of(record: Record) -> Path:
    """Where the graph of a tenant's record is kept: by the record's address and the tenant."""
    name = sha256(f"{record.address}\0{record.tenant}".encode()).hexdigest()
    return cache_folder() / f"{name[:32]}.union"


def union_of(record: Record) -> Union:
    """The union of all bills of a tenant, as the record is now.

    The one that is kept is used where it is of this state of the record; where
    that has only grown since, what is new is added; else it is made anew, as it is
    where the file is damaged.  Where the folder cannot be written the graph is made
    each time.

    Args:
        record: What the tenant sees, without ``as_of``.

    Raises:
        StoreError: The record cannot be read.
    """
    token = record.token()
    states = record.memory.states
    held: Union | None = states.get(token)
    if held is not None:
        return held
    if not token:  # there is nothing to keep of a tenant without documents
        return _brought_up(record, empty())
    path = path_of(record)
    union = None
    try:
        header, found = files.read(path)
        if header.tenant == record.tenant:
            union = found
        current = union is not None and header.token == token
    except (OSError, DamageError):
        current = False
    if union is None or not current:
        union = _brought_up(record, union or empty())
        with suppress(OSError):
            files.write(path, union, token=token, tenant=record.tenant)
    states.put(token, union, 1)
    return union


def _brought_up(record: Record, union: Union) -> Union:
    """A union with what is new in the record; begun anew where the record is another."""
    bare = record.bare_bills()
    there = {
        number: _without_roles(digest) if number in bare else digest
        for number, digest in record.bill_digests().items()
    }
    known = dict(zip(union.bills.tolist(), union.digests.tolist(), strict=True))
    if any(number not in there or mark(there[number]) != one for number, one in known.items()):
        union, known = empty(), {}
    fresh = {number: digest for number, digest in there.items() if number not in known}
    return with_bills(union, fresh, record.graphs(sorted(fresh)))


def _without_roles(digest: str) -> str:
    """What stands for a bill without roles, so that it is read again once it has some."""
    return f"sha256:{sha256(digest.encode()).hexdigest()}"
