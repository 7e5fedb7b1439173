"""The statements behind :mod:`pratique.store.nodes`, each made once.

Making one takes longer than running it; a client that walks from node to node has some
ten of them run for each.  The tenant and the values are parameters: ``tenant``, ``chunk``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import BindParameter, and_, bindparam, exists, func, or_, select

from pratique.store import tables as t
from pratique.store.documents import VERBS
from pratique.store.nouns import NounKind

if TYPE_CHECKING:
    from sqlalchemy import Select

    from pratique.model.evidence import Verb

MADE = 512
"""Statements that are kept; there are few, but for the sets of verbs that may be asked for."""

TENANT: BindParameter[int] = bindparam("tenant")

SUBJECT, OBJECT = t.noun.alias("subject"), t.noun.alias("object")
_BELOW, _LOWER, _LOWEST = (t.noun.alias(name) for name in ("b1", "b2", "b3"))

_SUPPORTED = exists(select(1).where(t.support.c.evidence_id == t.evidence.c.id))
"""Condition: a document makes the claim."""


@lru_cache(maxsize=MADE)
def within(query: Select[Any], column: Any) -> Select[Any]:
    """A query for the rows whose column is one of ``chunk``."""
    return query.where(column.in_(bindparam("chunk", expanding=True)))


def _named(number: Any) -> Any:
    """Condition: a document of the tenant names exactly this noun."""
    mine = t.evidence.c.tenant_id == TENANT
    return or_(
        exists(select(1).where(t.evidence.c.subject_id == number, mine)),
        exists(select(1).where(t.evidence.c.object_id == number, mine)),
        exists(
            select(1).where(t.inclusion.c.package_id == number, t.inclusion.c.tenant_id == TENANT)
        ),
    )


@lru_cache(maxsize=1)
def seen() -> Any:
    """Condition: a document of the tenant names the noun, or something below it."""
    number = t.noun.c.id
    below, lower, lowest = _BELOW, _LOWER, _LOWEST
    return or_(
        _named(number),
        and_(
            t.noun.c.kind < int(NounKind.PACKAGE),
            or_(
                exists(select(1).where(below.c.parent_id == number, _named(below.c.id))),
                exists(
                    select(1)
                    .select_from(lower.join(below, below.c.id == lower.c.parent_id))
                    .where(below.c.parent_id == number, _named(lower.c.id))
                ),
                exists(
                    select(1)
                    .select_from(
                        lowest.join(lower, lower.c.id == lowest.c.parent_id).join(
                            below, below.c.id == lower.c.parent_id
                        )
                    )
                    .where(below.c.parent_id == number, _named(lowest.c.id))
                ),
            ),
        ),
    )


@lru_cache(maxsize=1)
def nouns() -> Select[Any]:
    """Key, kind and text of the nouns that the tenant sees."""
    return select(t.noun.c.key, t.noun.c.kind, t.noun.c.text).where(seen())


@lru_cache(maxsize=1)
def below() -> Select[Any]:
    """Those of them whose parent is ``number``, in the order of their keys."""
    return nouns().where(t.noun.c.parent_id == bindparam("number")).order_by(t.noun.c.key)


@lru_cache(maxsize=MADE)
def claims(verbs: tuple[Verb, ...]) -> Select[Any]:
    """The claims of some kinds, all where there are none: see ``nodes.ClaimNode``."""
    subject, other = SUBJECT, OBJECT
    maker = (
        select(func.min(t.support.c.document_id))
        .where(t.support.c.evidence_id == t.evidence.c.id)
        .scalar_subquery()
    )
    query = (
        select(
            t.evidence.c.key,
            t.evidence.c.verb,
            subject.c.kind,
            subject.c.text,
            other.c.kind,
            other.c.text,
            t.evidence.c.claim,
            maker,
        )
        .join(subject, subject.c.id == t.evidence.c.subject_id)
        .outerjoin(other, other.c.id == t.evidence.c.object_id)
        .where(t.evidence.c.tenant_id == TENANT, _SUPPORTED)
    )
    return query.where(t.evidence.c.verb.in_([VERBS[one] for one in verbs])) if verbs else query


@lru_cache(maxsize=MADE)
def claims_of(verbs: tuple[Verb, ...]) -> Select[Any]:
    """Those that the document ``number`` makes, in the order of their keys."""
    made = select(t.support.c.evidence_id).where(t.support.c.document_id == bindparam("number"))
    return claims(verbs).where(t.evidence.c.id.in_(made)).order_by(t.evidence.c.key)


@lru_cache(maxsize=1)
def said_of() -> Select[Any]:
    """Keys of the nouns of which a claim of the kind ``verb`` says exactly ``claim``."""
    return (
        select(t.noun.c.key)
        .join(t.evidence, t.evidence.c.subject_id == t.noun.c.id)
        .where(
            t.evidence.c.tenant_id == TENANT,
            t.evidence.c.verb == bindparam("verb"),
            t.evidence.c.claim == bindparam("claim"),
            _SUPPORTED,
        )
    )


@lru_cache(maxsize=1)
def makers() -> Select[Any]:
    """Keys of claims, and the number of each document that makes one."""
    return (
        select(t.evidence.c.key, t.support.c.document_id)
        .join(t.support, t.support.c.evidence_id == t.evidence.c.id)
        .where(t.evidence.c.tenant_id == TENANT)
        .order_by(t.support.c.document_id)
    )


DOCUMENT = ("id", "digest", "format", "path", "collector", "observed", "created")


@lru_cache(maxsize=1)
def documents() -> Select[Any]:
    """The tenant's documents, with the columns of :data:`DOCUMENT`."""
    return select(*(t.document.c[name] for name in DOCUMENT)).where(
        t.document.c.tenant_id == TENANT
    )


@lru_cache(maxsize=1)
def bills() -> Select[Any]:
    """The tenant's bills, in the order of their digests: document, subject, name, version."""
    return (
        select(
            *(t.document.c[name] for name in DOCUMENT),
            SUBJECT.c.kind,
            SUBJECT.c.text,
            t.sbom.c.name,
            t.sbom.c.version,
        )
        .join(t.sbom, t.sbom.c.document_id == t.document.c.id)
        .outerjoin(SUBJECT, SUBJECT.c.id == t.sbom.c.subject_id)
        .where(t.document.c.tenant_id == TENANT)
    )


@lru_cache(maxsize=1)
def graphs() -> Select[Any]:
    """Numbers of the tenant's bills, and their graphs."""
    return (
        select(t.sbom.c.document_id, t.sbom.c.adjacency)
        .join(t.document, t.document.c.id == t.sbom.c.document_id)
        .where(t.document.c.tenant_id == TENANT)
    )
