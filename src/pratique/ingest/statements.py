"""VEX statements, OSV records and Scorecard results as claims."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.instants import write_instant
from pratique.model.errors import InputError
from pratique.model.evidence import Verb
from pratique.model.nouns import Source
from pratique.store import nouns
from pratique.store.documents import Claim

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.formats.base import Notes
    from pratique.formats.osv import OsvRecord
    from pratique.model.vex import Part, Statement, VexDocument
    from pratique.store.nouns import Noun

MAX_CHECKS = 200
"""Most checks of one Scorecard result; version 5 has nineteen, and some probes."""


def vex_claims(document: VexDocument) -> Iterator[Claim]:
    """CertifyVEXStatement for each product, and VulnEqual for the names of a vulnerability."""
    for statement in document.statements:
        about = nouns.vulnerability(statement.vulnerability)
        yield from _equal(about, statement.aliases)
        said = _said(statement)
        for product in statement.products:
            parts = product.subcomponents or (None,)
            for part in parts:
                more = dict(said)
                if part is not None:
                    more["subcomponent"] = _label(part)
                if product.within:
                    more["within"] = " ".join(one.label for one in product.within)
                if ranges := (part or product.part).ranges:
                    more["ranges"] = " ".join(ranges)
                for subject in _subjects(product.part):
                    yield Claim(verb=Verb.CERTIFY_VEX, subject=subject, object=about, said=more)


def _said(statement: Statement) -> dict[str, str]:
    return {
        "status": statement.status.value,
        "status as written": statement.status_as_written,
        "justification": statement.justification.value if statement.justification else "",
        "justification as written": statement.justification_as_written,
        "impact": statement.impact,
        "action": statement.action,
        "notes": statement.status_notes,
        "author": statement.author,
        "supplier": statement.supplier,
        "timestamp": write_instant(statement.timestamp) if statement.timestamp else "",
        "signature": statement.signature.value,
    }


def _subjects(part: Part) -> Iterator[Noun]:
    for package in part.packages:
        yield nouns.package(package)
    for one in part.hashes:
        yield nouns.artifact(one)
    if not part.packages and not part.hashes and part.label:
        yield nouns.product(part.label)


def _label(part: Part) -> str:
    return str(part.packages[0]) if part.packages else part.label


def _equal(about: Noun, names: tuple[str, ...]) -> Iterator[Claim]:
    for name in names:
        other = nouns.vulnerability(name)
        if other.text and other != about:
            yield Claim(verb=Verb.VULN_EQUAL, subject=about, object=other)


def osv_claims(record: OsvRecord) -> Iterator[Claim]:
    """VulnEqual for the aliases, VulnerabilityMetadata for what is said of the vulnerability."""
    about = nouns.vulnerability(record.id)
    yield from _equal(about, record.aliases)
    said = {
        "summary": record.summary,
        "published": write_instant(record.published) if record.published else "",
        "modified": write_instant(record.modified) if record.modified else "",
        "withdrawn": write_instant(record.withdrawn) if record.withdrawn else "",
        "rating": record.rating,
    }
    for rating in record.severity:
        said[rating.type] = rating.score
    yield Claim(verb=Verb.VULNERABILITY_METADATA, subject=about, said=said)


class _Repo(msgspec.Struct, frozen=True):
    name: str
    commit: str = ""


class _Tool(msgspec.Struct, frozen=True):
    version: str = ""
    commit: str = ""


class _Check(msgspec.Struct, frozen=True):
    name: str
    score: int | float | None = None


class _Scorecard(msgspec.Struct, frozen=True):
    repo: _Repo
    score: int | float
    checks: list[Any]
    date: str = ""
    scorecard: _Tool = _Tool()


def scorecard_claims(data: bytes, notes: Notes) -> Iterator[Claim]:
    """CertifyScorecard of a result in Scorecard's JSON (versions 2 to 5).

    Raises:
        InputError: It is none.
    """
    try:
        found = msgspec.json.decode(data, type=_Scorecard)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"is not a Scorecard result: {str(error)[:200]}") from None
    if not found.repo.name:
        raise InputError("is a Scorecard result of no repository")
    scores: dict[str, float] = {}
    for number, row in enumerate(found.checks[:MAX_CHECKS]):
        try:
            check = msgspec.convert(row, _Check)
        except msgspec.ValidationError as error:
            notes.unknown(f"checks[{number}] is not readable: {str(error)[:120]}")
            continue
        if check.score is not None:
            scores[check.name] = check.score
    if len(found.checks) > MAX_CHECKS:
        notes.unknown(f"has over {MAX_CHECKS} checks; the rest is left out")
    name = found.repo.name
    url = name if "://" in name else f"https://{name}"
    yield Claim(
        verb=Verb.CERTIFY_SCORECARD,
        subject=nouns.source(Source(url, found.repo.commit)),
        said={
            "score": repr(float(found.score)),
            "checks": msgspec.json.encode(scores, order="sorted").decode(),
            "date": found.date,
            "scorecard version": found.scorecard.version,
            "scorecard commit": found.scorecard.commit,
        },
    )
