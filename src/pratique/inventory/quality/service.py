"""Judges a bill of materials: profiles with each shortfall, and a score."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pratique.formats.sbom.validation import validate
from pratique.formats.sbom.values import CYCLONEDX, SPDX, Bill, value_of
from pratique.inventory.quality import cyclonedx, spdx, spdx3
from pratique.inventory.quality.elements import ELEMENTS
from pratique.inventory.quality.profiles import CATEGORIES, PROFILES, Demand, Profile
from pratique.model.errors import LimitError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pratique.inventory.quality.models import Part, Sheet


class Shortfall(msgspec.Struct, frozen=True):
    """One component, or the document, that lacks an element."""

    component: str
    """Its name and version; empty for the document."""

    ref: str
    path: str
    """Where it stands in the document."""

    message: str


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """One element of a profile."""

    element: str
    title: str
    clause: str
    required: bool
    passed: int
    """Components that have it; for an element of the document, 1 or 0."""

    total: int
    remedy: str = ""
    """What to do about the shortfalls; empty where there are none."""

    shortfalls: tuple[Shortfall, ...] = ()


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """A document held against one profile."""

    profile: str
    title: str
    complies: bool
    """Whether every required element is there."""

    elements: tuple[Judged, ...]


class Points(msgspec.Struct, frozen=True):
    """One category of the score."""

    category: str
    weight: int
    points: float
    """0 to 10."""


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """What a document is worth."""

    form: str
    version: str
    components: int
    score: float
    """0 to 10: the categories' points, weighted."""

    grade: str
    categories: tuple[Points, ...]
    profiles: tuple[Result, ...]


def sheet_of(bill: Bill) -> Sheet:
    """What a document states, the same for every standard."""
    if bill.standard == CYCLONEDX:
        return cyclonedx.sheet(bill)
    return spdx.sheet(bill) if bill.standard == SPDX else spdx3.sheet(bill)


def judge(data: bytes, profiles: Iterable[str] = tuple(PROFILES)) -> Quality:
    """Judge a document, already unpacked.

    Args:
        data: CycloneDX JSON or XML; SPDX 2 JSON, YAML, XML or tag-value; SPDX 3 JSON-LD.
        profiles: Ids of :data:`~pratique.inventory.quality.profiles.PROFILES`.

    Raises:
        UnsupportedError: It is no bill of materials in these forms.
        InputError: It cannot be read.
        LimitError: It exceeds the limits of size or depth.
    """
    bill = value_of(data)
    sheet = sheet_of(bill)
    try:
        valid = validate(data).valid
    except (UnsupportedError, LimitError):
        valid = False
    shares = {
        id: _share(id, sheet, valid) for category in CATEGORIES for id, _ in category.elements
    }
    categories = tuple(
        Points(
            one.id,
            one.weight,
            round(
                10
                * sum(weight * shares[id] for id, weight in one.elements)
                / sum(weight for _, weight in one.elements),
                2,
            ),
        )
        for one in CATEGORIES
    )
    total = sum(one.points * one.weight for one in categories)
    score = round(total / sum(one.weight for one in categories), 2)
    return Quality(
        form=bill.form,
        version=bill.version,
        components=len(sheet.parts),
        score=score,
        grade=next((grade for least, grade in _GRADES if score >= least), "F"),
        categories=categories,
        profiles=tuple(_profile(PROFILES[id], sheet) for id in profiles),
    )


_GRADES = ((9.0, "A"), (8.0, "B"), (7.0, "C"), (5.0, "D"))


def _share(id: str, sheet: Sheet, valid: bool) -> float:
    """How much of an element is there, 0 to 1."""
    if id == "schema":
        return float(valid)
    element = ELEMENTS[id]
    if element.of_sheet:
        return 0.0 if element.of_sheet(sheet) else 1.0
    assert element.of_part is not None
    if not sheet.parts:
        return 0.0
    return sum(element.of_part(part, sheet) for part in sheet.parts) / len(sheet.parts)


def _profile(profile: Profile, sheet: Sheet) -> Result:
    judged = tuple(_judged(demand, sheet) for demand in profile.demands)
    return Result(
        profile=profile.id,
        title=profile.title,
        complies=all(not one.shortfalls for one in judged if one.required),
        elements=judged,
    )


def _judged(demand: Demand, sheet: Sheet) -> Judged:
    element = ELEMENTS[demand.element]
    if element.of_sheet:
        lacks = element.of_sheet(sheet)
        shortfalls = [Shortfall("", "", "", f"the document {lacks}")] if lacks else []
        total = 1
    else:
        assert element.of_part is not None
        total = len(sheet.parts)
        shortfalls = [
            _shortfall(part, element.title)
            for part in sheet.parts
            if not element.of_part(part, sheet)
        ]
        if not total:
            shortfalls = [Shortfall("", "", "", "the document has no components")]
    return Judged(
        element=element.id,
        title=element.title,
        clause=demand.clause,
        required=demand.required,
        passed=max(total - len(shortfalls), 0),
        total=total,
        remedy=element.remedy if shortfalls else "",
        shortfalls=tuple(shortfalls),
    )


def _shortfall(part: Part, title: str) -> Shortfall:
    what = title if title[1].isupper() else title[0].lower() + title[1:]
    return Shortfall(part.label, part.ref, part.path, f"lacks its {what}")
