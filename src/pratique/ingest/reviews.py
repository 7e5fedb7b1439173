"""Reviews of code as claims: crev's in an in-toto statement, and who certified a review.

A review that rates its subject certifies it good or bad; one that does not is kept as
metadata, as is a certification that only names who looked and where that is written:
that somebody looked is not that it is good.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.model.evidence import Verb
from pratique.model.nouns import Source
from pratique.store import nouns
from pratique.store.documents import Claim

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pratique.formats.base import Notes
    from pratique.formats.intoto import Statement
    from pratique.store.nouns import Noun

CREV = "https://crev.dev/in-toto-scheme"
CERTIFY = "https://in-toto.io/attestation/certify"

MAX_COMMENT = 2_000
"""Characters of a comment that are kept in the claim; the document has the whole."""

_VERDICTS = {
    "strong": Verb.CERTIFY_GOOD,
    "positive": Verb.CERTIFY_GOOD,
    "negative": Verb.CERTIFY_BAD,
}
"""What the ratings of crev's reviews certify; ``neutral`` certifies nothing."""

_GIT = ("git://", "git+https://", "git+ssh://", "git+http://", "git+git://")


def claims(statement: Statement, subjects: Sequence[Noun], notes: Notes) -> Iterator[Claim]:
    """What a review says of its subjects.

    Args:
        statement: With a predicate of :data:`CREV` or :data:`CERTIFY`.
        subjects: The packages and artifacts that it names.
        notes: Takes what is amiss.
    """
    about = [*_sources(statement), *subjects]
    predicate = statement.predicate or {}
    if statement.predicate_type.startswith(CREV):
        verb, said = _crev(predicate, notes)
    else:
        verb, said = _certified(predicate, notes)
    for subject in dict.fromkeys(about):
        yield Claim(verb=verb, subject=subject, said={key: text for key, text in said if text})


Said = list[tuple[str, str]]


def _crev(predicate: dict[str, Any], notes: Notes) -> tuple[Verb, Said]:
    """A review of crev: who, how thoroughly, with which rating."""
    reviewer = predicate.get("reviewer-id")
    who = _first(reviewer if isinstance(reviewer, dict) else {}, "url", "id")
    rating = _text(predicate, "rating").lower()
    verb = _VERDICTS.get(rating)
    if verb is None and rating != "neutral":
        notes.unknown(f"is a review whose rating is {rating[:40]!r}: it certifies nothing")
    elif not who:
        notes.unknown("is a review that names no reviewer")
    comment = _text(predicate, "comment")[:MAX_COMMENT]
    told = f"reviewed by {who or 'nobody named'}, rating {rating or 'none'}"
    said = [
        ("rating", rating),
        ("reviewer", who),
        ("thoroughness", _text(predicate, "thoroughness")),
        ("understanding", _text(predicate, "understanding")),
    ]
    date = _text(predicate, "date")
    if verb is not None:
        more = [("justification", f"{told}: {comment}" if comment else told), ("known since", date)]
        return verb, said + more
    more = [("key", "review"), ("value", rating or "no rating"), ("justification", comment)]
    return Verb.HAS_METADATA, [*said, *more, ("timestamp", date)]


def _certified(predicate: dict[str, Any], notes: Notes) -> tuple[Verb, Said]:
    """``certify`` v0.1: who certified a review, and where it is; not what came of it."""
    certifier = predicate.get("certifier")
    who = _first(certifier if isinstance(certifier, dict) else {}, "name", "url")
    where = _text(predicate, "full_review")
    if not who:
        notes.unknown("certifies a review but names no certifier")
    said = [("key", "review"), ("value", where or "certified"), ("reviewer", who)]
    return Verb.HAS_METADATA, [*said, ("timestamp", _text(predicate, "date"))]


def _sources(statement: Statement) -> Iterator[Noun]:
    """The commits that a statement names: an address of Git, with the digest of a commit."""
    for one in statement.subject:
        digests = one.digests
        commit = digests.get("gitCommit") or digests.get("sha1") or ""
        for text in (one.uri, one.name):
            if text and commit and text.startswith(_GIT):
                place = text.partition("://")[2].partition("@")[0].rstrip("/").removesuffix(".git")
                yield nouns.source(Source(f"https://{place}", commit=commit.lower()))
                break


def _first(given: dict[str, Any], *names: str) -> str:
    return next((text for name in names if (text := _text(given, name))), "")


def _text(given: dict[str, Any], name: str) -> str:
    value = given.get(name)
    return value.strip() if isinstance(value, str) else ""
