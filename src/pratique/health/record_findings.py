"""Packages of the record, asked of the advisories and of the record's own documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pratique.graph.findings import Revisions, findings, revisions
from pratique.graph.scanned import scanned
from pratique.graph.witnesses import Found, Undecided
from pratique.health.matching import answers_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pratique.advisories import Index
    from pratique.graph.ingested import Ingested
    from pratique.store.record import Record


class Held(msgspec.Struct, frozen=True):
    """What is found in packages, by number."""

    found: dict[int, list[Found]]
    undetermined: dict[int, str]
    """Of those of which the index cannot tell, why."""

    undecided: dict[int, list[Undecided]]
    """Of those of which documents of the record leave something open, what."""

    revisions: Revisions

    def unclear(self) -> dict[int, str]:
        """Why packages are not wholly decided."""
        lines = {number: [why] for number, why in self.undetermined.items()}
        for number, row in self.undecided.items():
            lines.setdefault(number, []).extend(one.reason for one in row)
        return {number: "; ".join(dict.fromkeys(row)) for number, row in lines.items()}


def findings_of(
    record: Record,
    packages: Mapping[int, str],
    index: Index,
    ingested: Ingested,
    scans: Collection[int],
) -> Held:
    """What is found in packages, whoever says so.

    Args:
        record: What the tenant sees.
        packages: Numbers and package URLs.
        index: The advisories.
        ingested: The record's own advisories.
        scans: Numbers of the packages that scans of the record are about.
    """
    answers, undetermined = answers_of(packages, index)
    by_date = revisions(ingested, index.advisory)
    said = ingested.of(packages, without=by_date.older)
    said.add(scanned(record, {n: packages[n] for n in scans if n in packages}, index.advisory))
    found = {}
    for number in answers.keys() | said.told.keys():
        answer = answers.get(number)
        row = findings(
            answer.matches if answer else (),
            said.told.get(number, ()),
            said.undecided.get(number, ()),
            by_date.newer,
        )
        if row:
            found[number] = row
    return Held(found, undetermined, dict(said.undecided), by_date)
