"""What GUAC's collector keeps of deps.dev about a package, as claims.

The document is its ``PackageComponent``: the package, where its source is, the Scorecard
result of that, and the packages that it needs, most of them at no version.  Whatever of
it cannot be read is told and left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pratique.ingest.statements import MAX_CHECKS
from pratique.model.errors import InputError
from pratique.model.evidence import Verb
from pratique.model.nouns import Source
from pratique.model.purl import Package
from pratique.store import nouns
from pratique.store.documents import Claim

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.formats.base import Notes
    from pratique.store.nouns import Noun

MAX_PARTS = 50_000
"""Packages of one document; the largest dependency graph of deps.dev has some 10,000."""

MOTIVE = "collected via deps.dev"

Row = dict[str, Any]


class Component(msgspec.Struct):
    """One package, as it is written; its members are looked at one by one."""

    CurrentPackage: Any = None
    Source: Any = None
    Scorecard: Any = None
    DepPackages: list[Any] | None = None
    IsDepPackages: list[Any] | None = None
    UpdateTime: Any = None


def claims(data: bytes, notes: Notes) -> Iterator[Claim]:
    """HasSourceAt, CertifyScorecard and IsDependency of a document.

    Raises:
        InputError: It is none.
    """
    try:
        found = msgspec.json.decode(data, type=Component)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"is not what is kept of deps.dev: {str(error)[:200]}") from None
    if _package(found.CurrentPackage, "CurrentPackage", notes) is None:
        raise InputError("is kept of deps.dev, but names no package")
    yield from _of_component(found, "", notes)
    for number, row in enumerate(_few(found.DepPackages, "DepPackages", notes)):
        place = f"DepPackages[{number}]"
        try:
            part = msgspec.convert(row, Component)
        except (msgspec.ValidationError, RecursionError):
            notes.unreadable(f"{place} is no package")
            continue
        yield from _of_component(part, f"{place}.", notes)
    for number, row in enumerate(_few(found.IsDepPackages, "IsDepPackages", notes)):
        yield from _dependency(_dict(row), f"IsDepPackages[{number}]", notes)


def _few(rows: list[Any] | None, name: str, notes: Notes) -> list[Any]:
    every = rows or []
    if len(every) > MAX_PARTS:
        notes.unknown(f"{name} has over {MAX_PARTS:,} items; the rest is left out")
    return every[:MAX_PARTS]


def _of_component(one: Component, place: str, notes: Notes) -> Iterator[Claim]:
    package = _package(one.CurrentPackage, f"{place}CurrentPackage", notes)
    source = _source(one.Source, f"{place}Source", notes)
    if source is None:
        return
    if package is not None:
        said = {"justification": MOTIVE, "known since": _text(one.UpdateTime)}
        # deps.dev tells it of the package at any version.
        subject = nouns.package_name(package)
        yield Claim(verb=Verb.HAS_SOURCE_AT, subject=subject, object=source, said=said)
    card = _dict(one.Scorecard)
    if not card:
        return
    score, scores = card.get("aggregateScore"), _scores(card.get("checks"), place, notes)
    if not isinstance(score, int | float) or isinstance(score, bool):
        notes.unreadable(f"{place}Scorecard has no score")
        return
    yield Claim(
        verb=Verb.CERTIFY_SCORECARD,
        subject=source,
        said={
            "score": repr(float(score)),
            "checks": msgspec.json.encode(scores, order="sorted").decode(),
            "date": _text(card.get("timeScanned")),
            "scorecard version": _text(card.get("scorecardVersion")),
            "scorecard commit": _text(card.get("scorecardCommit")),
        },
    )


def _scores(rows: Any, place: str, notes: Notes) -> dict[str, int]:
    scores: dict[str, int] = {}
    for number, row in enumerate(rows[:MAX_CHECKS] if isinstance(rows, list) else []):
        name, score = _text(_dict(row).get("check")), _dict(row).get("score")
        if name and isinstance(score, int) and not isinstance(score, bool):
            scores[name] = score
        else:
            notes.unknown(f"{place}Scorecard.checks[{number}] is not readable")
    return scores


def _dependency(row: Row, place: str, notes: Notes) -> Iterator[Claim]:
    dependent = _package(row.get("CurrentPackageInput"), f"{place}.CurrentPackageInput", notes)
    needed = _package(row.get("DepPackageInput"), f"{place}.DepPackageInput", notes)
    if dependent is None or needed is None:
        return
    about = _dict(row.get("IsDependency"))
    said = {
        "dependency type": _text(about.get("dependencyType")).lower(),
        "justification": _text(about.get("justification")) or MOTIVE,
    }
    yield Claim(
        verb=Verb.IS_DEPENDENCY,
        subject=nouns.package(dependent),
        object=nouns.package(needed),
        said={key: text for key, text in said.items() if text},
    )


def _package(value: Any, place: str, notes: Notes) -> Package | None:
    row = _dict(value)
    listed = row.get("qualifiers")
    pairs = [_dict(one) for one in listed] if isinstance(listed, list) else []
    try:
        return Package.of(
            _text(row.get("type")),
            _text(row.get("name")),
            _text(row.get("version")),
            namespace=_text(row.get("namespace")),
            qualifiers={_text(one.get("key")): _text(one.get("value")) for one in pairs},
            subpath=_text(row.get("subpath")),
        )
    except InputError as error:
        notes.unreadable(f"{place}: {error.message}")
        return None


def _source(value: Any, place: str, notes: Notes) -> Noun | None:
    if value is None:
        return None
    row = _dict(value)
    name, space = _text(row.get("name")), _text(row.get("namespace"))
    if not name or not space:
        notes.unreadable(f"{place} names no repository")
        return None
    commit, tag = _text(row.get("commit")), _text(row.get("tag"))
    kind = _text(row.get("type")) or "git"
    return nouns.source(Source(f"https://{space}/{name}", commit, tag, kind))


def _dict(value: Any) -> Row:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
