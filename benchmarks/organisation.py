"""An organisation's record of any size, written the way that ``pratique ingest`` writes.

Packages have dependencies of their own, as in life: a few are needed by most, most
by few, and some need each other in a circle.  A bill begins at twenty packages that
no other begins at and follows their dependencies until it has 500; so that 10,000
bills have 5 million occurrences of 200,000 package versions.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from pratique.graph.paths import first_ways
from pratique.model.inventory import Relation, Scope
from pratique.store import tables
from pratique.store.documents import Bill, DocumentKind, Entry, Placement
from pratique.store.engine import Store, open_store
from pratique.store.writing import write

VARIABLE = "PRATIQUE_BENCH_SCALE"
"""Environment variable: 1 is the whole organisation that is owed, 0.1 the default."""

KEPT = "PRATIQUE_BENCH_KEPT"
"""Environment variable: folder in which a written record is kept for the next run: writing
the whole organisation takes longer than all that is measured in it."""

FULL_BILLS = 10_000
PACKAGES_OF_A_BILL = 500
BEGINNINGS = 20
DEPENDENCIES = 9
"""Most dependencies of a package; the union of all bills has some eight edges a package."""

WHEN = datetime(2026, 1, 1, tzinfo=UTC)
SCOPES = (*(Scope.RUNTIME,) * 7, Scope.DEVELOPMENT, Scope.TEST, Scope.OPTIONAL)
BATCH = 20


@contextmanager
def postgresql() -> Iterator[str]:
    """A cluster of its own, as the tests of the store start it: the address of a database.

    Skips the benchmark where PostgreSQL is not installed.
    """
    path = Path(__file__).parent.parent / "tests/unit/store/stores.py"
    spec = spec_from_file_location("pratique_bench_stores", path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    if not module.BINARIES or shutil.which("psql") is None:
        pytest.skip("PostgreSQL is not installed")
    cluster = module.Cluster()
    try:
        yield cluster.url()
    finally:
        cluster.stop()


class Organisation:
    """What an organisation of so many bills consists of."""

    def __init__(self, bills: int) -> None:
        self.bills = bills
        self.packages = bills * BEGINNINGS
        draw = random.Random(20260101)
        self.needs = [self._needs(draw, number) for number in range(self.packages)]
        self.begins = list(range(self.packages))
        draw.shuffle(self.begins)

    def _needs(self, draw: random.Random, number: int) -> tuple[int, ...]:
        """Packages of lower numbers, the lowest far more often; one in a hundred a higher one."""
        if number < 50:
            return ()
        some = {int(number * draw.random() ** 4) for _ in range(draw.randrange(DEPENDENCIES * 2))}
        if draw.random() < 0.01:
            some.add(min(number + draw.randrange(1, 50), self.packages - 1))
        return tuple(some - {number})

    def purl(self, number: int) -> str:
        return f"pkg:npm/p{number // 4:06d}@{number % 4}.0.0"

    def entry(self, number: int) -> Entry:
        roots = self.begins[number * BEGINNINGS : (number + 1) * BEGINNINGS]
        draw = random.Random(number)
        inside, queue = set(roots), list(roots)
        for one in queue:
            for needed in self.needs[one]:
                if needed not in inside and len(inside) < PACKAGES_OF_A_BILL:
                    inside.add(needed)
                    queue.append(needed)
            if one == queue[-1] and len(inside) < PACKAGES_OF_A_BILL:
                more = next(
                    p for p in iter(lambda: draw.randrange(self.packages), -1) if p not in inside
                )
                inside.add(more)
                queue.append(more)
        ordered = sorted(inside)  # the order of their package URLs too
        place = {one: at for at, one in enumerate(ordered)}
        edges = [(place[a], place[b]) for a in ordered for b in self.needs[a] if b in place]
        edges.sort()
        begins = sorted(place[root] for root in roots)
        raw = b"bill %d of %d" % (number, self.bills)
        direct = set(begins)
        return Entry(
            digest=f"sha256:{sha256(raw).hexdigest()}",
            raw=raw,
            kind=DocumentKind.SBOM,
            format="generated",
            path=f"{number}.json",
            collector="bench",
            observed=WHEN + timedelta(minutes=number),
            bill=Bill(
                subject="",
                name=f"app{number}",
                nodes=tuple(map(self.purl, ordered)),
                roots=tuple(begins),
                edges=tuple(edges),
                scopes=tuple(draw.choice(SCOPES) for _ in ordered),
                relations=tuple(
                    Relation.DIRECT if at in direct else Relation.TRANSITIVE
                    for at in range(len(ordered))
                ),
                before=tuple(first_ways(len(ordered), edges, begins)),
            ),
            placements=(
                Placement(
                    product=f"app{number // 2}",
                    version=str(number % 2),
                    environment="prod" if number % 3 else "test",
                    owner=f"team{number % 50}",
                ),
            ),
        )

    def entries(self) -> Iterator[Entry]:
        return map(self.entry, range(self.bills))


def scale() -> float:
    return float(os.environ.get(VARIABLE, "0.1"))


def fill(store: Store, organisation: Organisation, tenant: str = "default") -> None:
    batch = []
    for entry in organisation.entries():
        batch.append(entry)
        if len(batch) == BATCH:
            write(store, tenant, batch)
            batch = []
    if batch:
        write(store, tenant, batch)


def written(path: Path, organisation: Organisation) -> None:
    """Put the organisation's record into an SQLite file, as it was kept or written anew."""
    kept = None
    if folder := os.environ.get(KEPT):
        recipe = Path(__file__).read_bytes() + Path(tables.__file__).read_bytes()
        name = f"record-{organisation.bills}-{sha256(recipe).hexdigest()[:16]}.sqlite"
        kept = Path(folder) / name
        if kept.exists():
            shutil.copyfile(kept, path)
            return
    with open_store(f"sqlite:///{path}") as store:
        fill(store, organisation)
    settle(path)
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(".part")
        shutil.copyfile(path, part)
        part.replace(kept)


def settle(path: Path) -> None:
    """Bring all of an SQLite record into its one file."""
    plain = sqlite3.connect(path)
    plain.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    plain.close()
