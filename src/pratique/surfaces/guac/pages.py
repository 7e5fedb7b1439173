"""Connections: a page of a list after a cursor (keyset pagination).

A cursor is the id of the last node that was shown; the list goes on after it in
the order of the keys, whatever came in meanwhile.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from pratique.surfaces.guac.errors import NotFoundError, RequestError
from pratique.surfaces.guac.ids import CLAIM, EDGE, NOUN, bill_prefix, read_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pratique.surfaces.guac.links import Beside
    from pratique.surfaces.guac.nouns import Node

MAX_PAGE = 100_000
"""Nodes of one page."""


def connection(
    edge: str,
    rows: Iterator[Beside],
    first: int | None,
    total: Callable[[], int],
    *,
    whole: bool,
) -> Node:
    """A page.

    Args:
        edge: Type of its edges.
        rows: Cursors and nodes, from where the page begins.
        first: Most nodes; all where it is ``None``.
        total: Counts the whole list; is called where that is asked for.
        whole: Whether the rows are the whole list: a page that ends it has counted it.

    Raises:
        RequestError: ``first`` is no size of a page.
    """
    if first is not None and not 0 <= first <= MAX_PAGE:
        raise RequestError(f"first is {first}; it is from 0 to {MAX_PAGE:,}")
    found = list(rows if first is None else islice(rows, first + 1))
    more = first is not None and len(found) > first
    shown = found[:first] if first is not None else found
    return {
        "__typename": edge.replace("Edge", "Connection"),
        "totalCount": len(shown) if whole and not more else total,
        "pageInfo": {
            "__typename": "PageInfo",
            "hasNextPage": more,
            "startCursor": shown[0][0] if shown else None,
            "endCursor": shown[-1][0] if shown else None,
        },
        "edges": [{"__typename": edge, "cursor": id, "node": node} for id, node in shown],
    }


def key_after(cursor: str | None, kind: str) -> bytes:
    """The key that a cursor stands for.

    Args:
        cursor: As a client gave it back; ``None``: from the beginning.
        kind: Of the list's ids.

    Raises:
        RequestError: It is no cursor of such a list.
    """
    if cursor is None or cursor == "":
        return b""
    try:
        id = read_id(cursor)
    except NotFoundError:
        raise RequestError("'after' is no cursor of this list") from None
    if id.kind != kind:
        raise RequestError("'after' is no cursor of this list")
    return id.key


def digest_after(cursor: str | None, kind: str) -> str:
    """The digest after which the bills of a cursor go on."""
    key = key_after(cursor, kind)
    # No digest has a character after 'f': the whole digest of the cursor is passed over.
    return f"{bill_prefix(key)}g" if key else ""


__all__ = ["CLAIM", "EDGE", "NOUN", "connection", "digest_after", "key_after"]
