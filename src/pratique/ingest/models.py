"""What ingest is asked for, and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from pratique.formats.base import Tree
from pratique.model.inventory import Problem
from pratique.store.documents import Placement

Verify = Callable[[bytes, str], str]
"""Takes a document's bytes and path; gives the identity that verifiably signed them, or nothing."""


def _now() -> datetime:
    return datetime.now(UTC)


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How to take documents in."""

    tenant: str = "default"
    collector: str = "pratique ingest"
    placement: Placement | None = None
    """What the bills are of; a product named after the subject where it is ``None``.
    A bill's own version stands in for one without a version."""

    verify: Verify | None = None
    """Without it, no signature counts as verified."""

    clock: Callable[[], datetime] = _now
    """Gives the moment at which a document comes in."""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """One document before it is read."""

    path: str
    data: bytes
    tree: Tree
    inside: str
    """Its path inside the tree."""

    digest: str = ""
    """``sha256:hex`` of the data; computed where it is empty."""

    given: bool = True
    """Whether it was named itself, rather than met in a folder."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    added: int = 0
    """Documents that were new."""

    known: int = 0
    """Documents that were in the record already."""

    refused: int = 0
    """Documents that could not be read at all; nothing of them is in the record."""

    left_out: int = 0
    """Files of folders that are no documents."""

    kinds: dict[str, int] = {}
    """Documents that were new, by kind."""

    problems: tuple[Problem, ...] = ()
    """The first of them; :attr:`notices` and :attr:`incomplete` count all."""

    incomplete: int = 0
    """Problems that make an answer incomplete."""

    notices: int = 0
