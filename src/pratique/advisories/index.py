"""The advisory index: questions about packages, answers from one generation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import msgspec

from pratique.advisories import generation
from pratique.advisories.answers import MAX_REMEMBERED, Advisories, group_matches
from pratique.advisories.commits import Checkout, Facts, Known, alike, match_commit
from pratique.advisories.entries import VERSIONS_ONLY, broader
from pratique.advisories.errors import GenerationError
from pratique.advisories.layers import Numbered, open_table
from pratique.advisories.layout import (
    COMMITS,
    MANIFEST,
    NAMES,
    PACKAGES,
    CommitRow,
    Entry,
    Manifest,
    PackageBlob,
    package_hash,
    text_hash,
)
from pratique.advisories.matching import ALL, Asked, Hit, evaluate
from pratique.advisories.orders import Orders
from pratique.formats.osv.affected import EARLIER_NAMES, is_commit
from pratique.model.advisory import Advisory, Answer, Query, Unmatched
from pratique.model.bill import AdvisoryStatus
from pratique.model.ecosystems import GIT, base, normalise_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

STALE_DAYS = 7.0
"""Age after which every report warns."""

STARTER = "starter"
"""Name of the generation that comes with the program."""

_CLEAN = Answer()
_DAY = 86_400.0
_package = msgspec.msgpack.Decoder(PackageBlob).decode
_commits = msgspec.msgpack.Decoder(list[CommitRow]).decode
_names: Any = msgspec.msgpack.Decoder(tuple[str, list[int]]).decode


class Place(msgspec.Struct):
    """An ecosystem as asked: what is the same for all of its packages."""

    ecosystem: str
    unknown: str
    """Why nothing is known of it, or empty."""


class Index:
    """One generation, open for questions.  Use :meth:`open`.

    Args:
        folder: Of the generation.
        manifest: Of the generation, checked.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest
        layers = manifest.layers
        self._packages = open_table(folder, PACKAGES, layers)
        self._names = open_table(folder, NAMES, layers)
        self._commits = open_table(folder, COMMITS, layers)
        # All files are opened now: the folder may be gone when they are read.
        self._records = Numbered(folder, manifest)
        self._advisories = Advisories(self._records, manifest)
        self._orders = Orders()
        self._by_name_of: dict[str, Advisory | None] = {}
        self._known = frozenset(manifest.ecosystems)
        self._bases = frozenset(map(base, manifest.ecosystems))

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a generation.

        Args:
            path: Folder of a generation, or of the advisories' data, whose
                current generation is then opened.

        Raises:
            FormatError: It is of another format, or was built with other
                version orderings.
            GenerationError: There is none, or it is damaged.
        """
        folder = path
        if not (path / MANIFEST).exists():
            folder = generation.current(path) or path
        return cls(folder, generation.read_manifest(folder))

    @property
    def documents(self) -> Numbered | None:
        """What gives the complete records; ``None`` where they were not kept (the starter)."""
        return self._records if self._records.whole else None

    def details(self, identifier: str) -> str:
        """What the record of an id says at length, in Markdown; empty where that is not here.

        Raises:
            GenerationError: The index is damaged.
        """
        found = self.originals(identifier)
        text = found[0].get("details") if found else ""
        return text if isinstance(text, str) else ""

    def originals(self, identifier: str) -> list[dict[str, Any]]:
        """The complete records of an id, as published; none where they are not here (the starter).

        Raises:
            GenerationError: The index is damaged.
        """
        documents = self.documents
        number = self._number(identifier)
        return [] if documents is None or number is None else documents.originals(number)

    @property
    def ecosystems(self) -> tuple[str, ...]:
        """Base names of the ecosystems it has any advisory for, sorted."""
        return tuple(sorted(self._bases))

    @property
    def partial(self) -> tuple[str, ...]:
        """Ecosystems of whose advisories it has only a part: no match says less there."""
        return self.manifest.partial

    def status(self, now: datetime, ecosystems: Iterable[str] = ()) -> AdvisoryStatus:
        """What was consulted, and how old it is at a moment.

        Args:
            now: The moment.
            ecosystems: What is asked about: the oldest of these counts; of all
                of them where none is given.
        """
        manifest = self.manifest
        dates = manifest.ecosystem_as_of
        asked = (dates.get(base(name), manifest.as_of) for name in ecosystems)
        as_of = min(asked, default=manifest.as_of)
        age = max(0.0, (now - as_of).total_seconds() / _DAY)
        return AdvisoryStatus(
            generation=manifest.generation,
            records=manifest.records,
            ecosystems=self.ecosystems,
            as_of=as_of,
            age_days=age,
            stale=age > STALE_DAYS,
            sources=manifest.sources,
            overall=manifest.as_of,
            ecosystem_as_of=dict(sorted(dates.items())),
        )

    def advisory(self, identifier: str) -> Advisory | None:
        """The advisory of an id; of an alias, the primary one of those that have it.

        Withdrawn ones are given too.

        Raises:
            GenerationError: The index is damaged.
        """
        if identifier not in self._by_name_of:
            if len(self._by_name_of) >= MAX_REMEMBERED:
                self._by_name_of.clear()
            self._by_name_of[identifier] = self._look_up(identifier)
        return self._by_name_of[identifier]

    def _look_up(self, identifier: str) -> Advisory | None:
        for blob in self._names.find(text_hash(identifier)):
            name, numbers = self._read(_names, blob)
            if name == identifier:
                found = [self._advisories.get(number, 0) for number in numbers]
                return min(
                    found,
                    key=lambda each: (
                        each.id != identifier,
                        each.withdrawn is not None,
                        *self._advisories.order(each),
                    ),
                )
        return None

    def _number(self, identifier: str) -> int | None:
        """Number of the record that has the id itself."""
        for blob in self._names.find(text_hash(identifier)):
            name, numbers = self._read(_names, blob)
            if name == identifier:
                return next((n for n in numbers if self._records[n].id == identifier), None)
        return None

    def match(self, queries: Sequence[Query]) -> list[Answer]:
        """Answers to queries, in their order.

        Queries are looked up in the order of the index, those of one package together.

        Raises:
            GenerationError: The index is damaged.
        """
        answers = [_CLEAN] * len(queries)
        places: dict[str, Place] = {}
        order: list[int] = []
        for position, query in enumerate(queries):
            place = places.get(query.ecosystem)
            if place is None:
                place = places[query.ecosystem] = self._place(query.ecosystem)
            name = normalise_name(place.ecosystem, query.name)
            order.append(package_hash(place.ecosystem, name) << 32 | position)
        order.sort()
        last = -1
        blobs: list[bytes] = []
        remembered: dict[Query, Answer] = {}
        for packed in order:
            key, position = packed >> 32, packed & 0xFFFFFFFF
            if key != last:
                last, blobs = key, self._packages.find(key)
                remembered.clear()
            query = queries[position]
            if not blobs and query.version and not query.commit:
                place = places[query.ecosystem]
                if place.unknown:
                    answers[position] = Answer(unknown=Unmatched(reason=place.unknown))
                continue
            answer = remembered.get(query)
            if answer is None:
                place = places[query.ecosystem]
                packages = self._decoded(blobs, place.ecosystem, query.name)
                answer = remembered[query] = self._answer(query, place, packages)
            answers[position] = answer
        return answers

    def match_commit(self, asked: Checkout) -> Known:
        """What advisories say of a commit of a git repository.

        Raises:
            GenerationError: The index is damaged.
            GitError: The repository is damaged.
        """
        if unknown := self._place(GIT).unknown:
            return Known(Answer(unknown=Unmatched(reason=unknown)))
        facts = Facts(self._repository, self._commit_rows, self._advisories, self.advisory)
        return match_commit(facts, asked)

    def _repository(self, name: str) -> list[Entry]:
        blobs = self._packages.find(package_hash(GIT, name))
        return [entry for each in self._decoded(blobs, GIT, name) for entry in each.entries]

    def _place(self, ecosystem: str) -> Place:
        ecosystem = EARLIER_NAMES.get(ecosystem, ecosystem)
        if ecosystem in self._known or ecosystem in self._bases or self._pointed(ecosystem):
            return Place(ecosystem, "")
        return Place(ecosystem, f"no advisories for ecosystem {ecosystem or '(none)'}")

    def _pointed(self, ecosystem: str) -> bool:
        """Whether an Ubuntu release is known with ``Pro`` or ``LTS``."""
        return any(ecosystem in broader(known) for known in self._known)

    def _decoded(self, blobs: list[bytes], ecosystem: str, name: str) -> list[PackageBlob]:
        """The package, and the same package under the suffixes of its ecosystem."""
        name = normalise_name(ecosystem, name)
        found: list[PackageBlob] = []
        for blob in blobs:
            package = self._read(_package, blob)
            if package.ecosystem == ecosystem and package.name == name:
                found.append(package)
                for also in package.also:
                    found += self._decoded(
                        self._packages.find(package_hash(also, name)), also, name
                    )
        return found

    def _read(self, decode: Any, blob: bytes) -> Any:
        try:
            return decode(blob)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise GenerationError(f"the advisories are damaged: {error}.") from None

    def _answer(self, query: Query, place: Place, packages: list[PackageBlob]) -> Answer:
        if place.ecosystem == GIT:
            commit = query.commit.lower() or query.version
            if is_commit(commit):
                return self.match_commit(Checkout(query.name, commit)).answer
        hits: list[tuple[Hit, Asked]] = []
        doubts: list[str] = [place.unknown] if place.unknown and query.version else []
        for package in packages:
            asked = Asked(
                query.version,
                self._orders.of(package.ecosystem),
                self._orders.semver(),
                place.ecosystem in VERSIONS_ONLY and package.ecosystem != place.ecosystem,
            )
            found, unsure = evaluate(package.entries, asked)
            if place.ecosystem == GIT and query.version:
                found, unsure = alike(package.entries, asked, found, unsure)
            if not query.version:
                found = [hit for hit in found if hit.how == ALL]
                unsure = []
            hits += [(hit, asked) for hit in found]
            if unsure:
                groups = {hit.entry.group for hit in found}
                doubts += sorted(
                    f"{self._records[entry.advisory].id}: {reason}"
                    for entry, reason in unsure
                    if entry.group not in groups
                )
        rows = self._commit_rows(query.commit) if query.commit else []
        matches = group_matches(self._advisories, hits, rows, query, self.advisory)
        if not query.version:
            doubts.append(self._without_version(query, rows))
        if doubts:
            return Answer(matches=matches, unknown=Unmatched(reason=_joined(doubts)))
        return Answer(matches=matches) if matches else _CLEAN

    def _without_version(self, query: Query, rows: list[CommitRow]) -> str:
        if not query.commit:
            return "no version is known"
        if not is_commit(query.commit.lower()):
            return f"{query.commit[:80]!r} is not a full commit hash"
        if rows:
            return "only commits that advisories name are known, not what lies between them"
        return f"commit {query.commit} is named by no advisory; what lies between is not known"

    def _commit_rows(self, commit: str) -> list[CommitRow]:
        wanted = commit.lower()
        for blob in self._commits.find(text_hash(wanted)):
            rows: list[CommitRow] = self._read(_commits, blob)
            if rows and rows[0].commit == wanted:
                return rows
        return []

    def verify(self) -> None:
        """Check every byte of the generation.

        Raises:
            GenerationError: A file is not what was written.
        """
        generation.verify(self.folder)

    def close(self) -> None:
        """Give the files back."""
        for part in (self._packages, self._names, self._commits, self._records):
            part.close()


def _joined(doubts: list[str]) -> str:
    unique = list(dict.fromkeys(doubts))
    more = f" (and {len(unique) - 3} more)" if len(unique) > 3 else ""
    return "; ".join(unique[:3]) + more
