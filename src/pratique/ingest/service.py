"""Takes files, folders and standard input into the record.

About twenty documents are one transaction: a run that is killed loses at most
those, and the next run of the same command passes over everything that is in
the record already, by its digest, without reading it anew.
"""

from __future__ import annotations

import os
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from pratique.ingest.files import FolderTree, LoneTree
from pratique.ingest.models import Options, Report, Source
from pratique.ingest.reading import NoDocumentError, digest_of, problems_of, read, unreadable
from pratique.ingest.unpacking import SUFFIXES, lines, unpacked
from pratique.model.errors import InputError, UsageError
from pratique.model.inventory import Location, Problem, Trouble
from pratique.store.refreshing import add_roles, without_roles
from pratique.store.writing import Written, known, place, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pratique.store.documents import Entry, Placement
    from pratique.store.engine import Store

BATCH = 20
"""Documents of one transaction; fewer are slower, more lose more when killed."""

BATCH_BYTES = 64 * 1024 * 1024
"""Most bytes of one transaction's documents, as all are held in memory."""

MAX_PROBLEMS = 1_000
"""Problems listed in a report; the rest is counted, and kept with the documents."""

MAX_STDIN_BYTES = 256 * 1024 * 1024
"""Most that is read from standard input; the limit of any document."""


def ingest(
    store: Store,
    paths: Sequence[str],
    options: Options | None = None,
    *,
    stdin: Callable[[], bytes] | None = None,
    progress: Callable[[int], None] = lambda _count: None,
) -> Report:
    """Take documents into the record.

    Args:
        store: To write to.
        paths: Files, folders, or ``-`` for standard input.
        options: Whose they are and what they are of.
        stdin: Gives the bytes of standard input.
        progress: Told how many documents were dealt with.

    Raises:
        UsageError: A path does not exist, or may not be read.
        StoreError: The record cannot be written; earlier batches are kept.
    """
    for path in paths:
        if path != "-" and not Path(path).exists():
            raise UsageError(f"there is no {path!r} here.", remedy="Give a file, a folder or '-'.")
        if path != "-" and not os.access(path, os.R_OK):
            raise UsageError(f"{path} may not be read.", remedy="Look at its permissions.")
    run = _Run(store, options or Options(), progress)
    for path in paths:
        for source in _sources(path, stdin, run):
            run.take(source)
    run.flush()
    return run.report()


class _Run:
    """One run: gathers documents to batches and counts what came of them."""

    def __init__(self, store: Store, options: Options, progress: Callable[[int], None]) -> None:
        self._store = store
        self._options = options
        self._progress = progress
        self._waiting: list[Source] = []
        self._bytes = 0
        self._counts: Counter[str] = Counter()
        self._kinds: Counter[str] = Counter()
        self._problems: list[Problem] = []

    def take(self, source: Source) -> None:
        """Add a document; writes a batch when it is full."""
        self._waiting.append(source)
        self._bytes += len(source.data)
        if len(self._waiting) >= BATCH or self._bytes >= BATCH_BYTES:
            self.flush()

    def failed(self, path: str, error: InputError) -> None:
        """Note a document that cannot be read at all."""
        self._counts["refused"] += 1
        self._note([unreadable(path, error)])

    def flush(self) -> None:
        """Read and write the documents that wait."""
        if not self._waiting:
            return
        batch = {digest_of(source.data): source for source in reversed(self._waiting)}
        doubled = len(self._waiting) - len(batch)
        self._waiting, self._bytes = [], 0
        tenant = self._options.tenant
        present = known(self._store, tenant, list(batch))
        self._place_again(present)
        self._read_again(batch, present)
        fresh = sorted(set(batch) - set(present))
        entries = list(
            self._entries(replace(batch[digest], digest=digest) for digest in fresh),
        )
        written = write(self._store, tenant, entries) if entries else Written()
        added = set(written.added)
        self._counts["added"] += len(added)
        self._counts["known"] += len(written.known) + len(present) + doubled
        self._kinds.update(entry.kind.value for entry in entries if entry.digest in added)
        self._note(problems_of(entries))
        self._progress(self._counts.total())

    def _place_again(self, present: dict[str, tuple[str, str]]) -> None:
        """Attach the product of this run to bills that came in before."""
        given = self._options.placement
        if given is None or not present:
            return
        placed: dict[str, list[Placement]] = {}
        for digest, (name, version) in present.items():
            changes = {"product": given.product or name, "version": given.version or version}
            placed[digest] = [replace(given, **changes)]
        place(self._store, self._options.tenant, placed, self._options.clock())

    def _read_again(self, batch: dict[str, Source], present: dict[str, tuple[str, str]]) -> None:
        """Add scopes and relations to bills that came in before the record kept them."""
        older = without_roles(self._store, self._options.tenant, list(present)) if present else ()
        bills = {}
        for digest in sorted(older):
            with suppress(InputError):  # what was understood once may be refused by now
                entry = read(replace(batch[digest], digest=digest), self._options)
                if entry.bill is not None:
                    bills[digest] = entry.bill
        if bills:
            add_roles(self._store, self._options.tenant, bills)

    def _entries(self, sources: Iterable[Source]) -> Iterator[Entry]:
        for source in sources:
            try:
                yield read(source, self._options)
            except NoDocumentError as error:
                self._counts["left out"] += 1
                if source.given:
                    where = Location(source.path)
                    self._note([Problem(where, Trouble.NOTICE, error.message)])
            except InputError as error:
                self.failed(source.path, error)

    def _note(self, problems: Sequence[Problem]) -> None:
        for problem in problems:
            grave = problem.trouble is not Trouble.NOTICE
            self._counts["incomplete" if grave else "notices"] += 1
            if len(self._problems) < MAX_PROBLEMS:
                self._problems.append(problem)

    def report(self) -> Report:
        """What came of the run."""
        return Report(
            added=self._counts["added"],
            known=self._counts["known"],
            refused=self._counts["refused"],
            left_out=self._counts["left out"],
            kinds=dict(sorted(self._kinds.items())),
            problems=tuple(self._problems),
            incomplete=self._counts["incomplete"],
            notices=self._counts["notices"],
        )


def _sources(path: str, stdin: Callable[[], bytes] | None, run: _Run) -> Iterator[Source]:
    """The documents of one path, one at a time."""
    if path == "-":
        if stdin is None:
            raise UsageError("standard input is not available here.")
        yield from _documents(path, path, LoneTree(), stdin, run, given=True)
        return
    root = Path(path)
    if not root.is_dir():
        tree = FolderTree(root.parent)
        yield from _documents(path, root.name, tree, lambda: tree.read(root.name), run, given=True)
        return
    tree = FolderTree(root)

    def failed(inside: str, why: str) -> None:
        run.failed(f"{path.rstrip('/')}/{inside}", InputError(why))

    for inside in tree.walk(failed=failed):
        shown = f"{path.rstrip('/')}/{inside}"
        get = _reader(tree, inside)
        yield from _documents(shown, inside, tree, get, run, given=False)


def _reader(tree: FolderTree, inside: str) -> Callable[[], bytes]:
    return lambda: tree.read(inside)


def _documents(
    path: str,
    inside: str,
    tree: FolderTree | LoneTree,
    get: Callable[[], bytes],
    run: _Run,
    *,
    given: bool,
) -> Iterator[Source]:
    """The document of a file, unpacked; or all those of a JSON Lines file."""
    try:
        data = unpacked(get())
        parts = lines(data)
    except InputError as error:
        run.failed(path, error)
        return
    for suffix in SUFFIXES:
        inside = inside.removesuffix(suffix)
    if not parts:
        yield Source(path=path, data=data, tree=tree, inside=inside, given=given)
    for number, line in parts:
        place = f"{path}:{number}"
        yield Source(path=place, data=line, tree=tree, inside=inside, given=given)
