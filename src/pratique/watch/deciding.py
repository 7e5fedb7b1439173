"""What the VEX statements and judgements of the record say of a finding."""

from __future__ import annotations

from collections import defaultdict
from hashlib import blake2b
from typing import TYPE_CHECKING

import msgspec

from pratique.formats.instants import parse_instant, write_instant
from pratique.graph.vex import in_force, vex_of
from pratique.model.evidence import Verb
from pratique.model.vex import Status
from pratique.store import nouns

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from pratique.store.record import Record, Stated
    from pratique.store.watching import PlaceRow
    from pratique.watch.facts import Tracked

OPEN = Status.AFFECTED.value
"""Status of a finding of which nobody said anything."""

_encode = msgspec.json.Encoder(order="sorted").encode


class Decision(msgspec.Struct, frozen=True):
    """What holds of a finding."""

    status: str = OPEN
    document: str = ""
    """That says so; empty where none does."""

    until: str = ""
    author: str = ""
    justification: str = ""


class Statements:
    """Those that hold at a moment, by vulnerability.

    Args:
        record: What the tenant sees.
        now: By which expiries are held.
    """

    def __init__(self, record: Record, now: datetime) -> None:
        self._by_name: dict[str, list[Stated]] = defaultdict(list)
        for one in in_force(record, record.evidence(verbs=[Verb.CERTIFY_VEX]), now):
            self._by_name[one.object].append(one)

    def __bool__(self) -> bool:
        return bool(self._by_name)

    def next_expiry(self) -> str:
        """When the first of them expires; empty where none does."""
        moments = {one.said.get("expires", "") for row in self._by_name.values() for one in row}
        found = [moment for text in moments if (moment := parse_instant(text)) is not None]
        return write_instant(min(found)) if found else ""

    def marks(self) -> dict[str, str]:
        """For each vulnerability a digest of what is said of it now."""
        return {
            name: blake2b(
                _encode([(one.subject, one.said, one.origins) for one in stated]), digest_size=8
            ).hexdigest()
            for name, stated in self._by_name.items()
        }

    def decide(
        self, ids: Iterable[str], shipped: tuple[str, str], subjects: set[str], package: str
    ) -> Decision:
        """What the newest statement says of a finding.

        Args:
            ids: Of the vulnerability.
            shipped: The product and its version.
            subjects: Package URLs that its bill describes.
            package: In which it was found.
        """
        about = [
            one for name in dict.fromkeys(map(noun_of, ids)) for one in self._by_name.get(name, ())
        ]
        if not about:
            return Decision()
        shown = vex_of(about, shipped, subjects, {package})
        if not shown:
            return Decision()
        first = shown[0]
        document = first.documents[0] if first.documents else ""
        until = ""
        for one in about:
            if any(origin.document == document for origin in one.origins):
                until = one.said.get("expires", "")
        return Decision(first.status, document, until, first.author, first.justification)


class Deciding:
    """Statuses of findings; what the bills describe is read for all of them at once.

    Args:
        record: What the tenant sees.
        statements: Of it.
        pairs: Places and the vulnerabilities in them that will be asked about.
    """

    def __init__(
        self,
        record: Record,
        statements: Statements,
        pairs: Iterable[tuple[PlaceRow, Tracked]],
    ) -> None:
        self._statements = statements
        self._about: dict[int, int] = {}
        self._texts: dict[int, str] = {}
        if statements:
            rows = list(pairs)
            self._about = record.subjects({place.sbom for place, _ in rows})
            wanted = {*self._about.values(), *(one.package for _, one in rows)}
            self._texts = record.texts(wanted)

    def __call__(self, place: PlaceRow, one: Tracked) -> Decision:
        """What holds of a vulnerability at a place."""
        if not self._statements:
            return Decision()
        about = self._about.get(place.sbom)
        subjects = {self._texts[about]} if about is not None else set()
        shipped = (place.product, place.version)
        return self._statements.decide(one.ids, shipped, subjects, self._texts[one.package])


def noun_of(name: str) -> str:
    """A vulnerability's id as the record has it."""
    return nouns.vulnerability(name).text
