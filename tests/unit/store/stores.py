"""Fixtures that open a record on SQLite and on a PostgreSQL of the tests' own.

PostgreSQL is started once for the run, as an unprivileged user, in a temporary
folder, on a Unix socket alone; skipped where it is not installed.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
CLUSTER = pytest.StashKey["Cluster"]()
DEPARTURE = datetime(2026, 1, 1, tzinfo=UTC)


class Cluster:
    """A PostgreSQL cluster; its databases are dropped with it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pq", dir="/tmp"))
        self.user = {}
        if os.geteuid() == 0:
            person = pwd.getpwnam("postgres")
            os.chown(self.folder, person.pw_uid, person.pw_gid)
            self.user = {"user": person.pw_uid, "group": person.pw_gid, "extra_groups": []}
        self.count = 0
        self._run("initdb", "-D", self.data, "-A", "trust", "-U", "tester", "-E", "UTF8")
        options = f"-k {self.folder} -c listen_addresses='' -c fsync=off -c max_connections=50"
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", self.data, "-o", options, "-l", log, "-w", "start")
        self.url()  # the template of all others, with the schema

    @property
    def data(self) -> str:
        return str(self.folder / "data")

    def _run(self, name: str, *words: str) -> None:
        command = [str(BINARIES[-1].parent / name), *words]
        subprocess.run(
            command,
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "PGCTLTIMEOUT": "200"},
            timeout=240,
            **self.user,
        )

    def url(self) -> str:
        import psycopg

        from pratique.store.engine import open_store

        name, template = f"record{self.count}", "record0" if self.count else "template0"
        self.count += 1
        where = f"host={self.folder} user=tester dbname=postgres"
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        url = f"postgresql://tester@/{name}?host={self.folder}"
        if name == "record0":
            open_store(url).close()
        return url

    def stop(self) -> None:
        self._run("pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture
def cluster(request: pytest.FixtureRequest) -> Cluster:
    config = request.config
    if CLUSTER not in config.stash:
        pytest.importorskip("psycopg", reason="the driver of PostgreSQL is not installed")
        if not BINARIES:
            pytest.skip("PostgreSQL is not installed (Debian package: postgresql)")
        config.stash[CLUSTER] = Cluster()
        config.add_cleanup(config.stash[CLUSTER].stop)
    return config.stash[CLUSTER]


@pytest.fixture
def fresh_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """Gives the URL of a new, empty record on ``sqlite`` or ``postgresql``."""
    made = []

    def make(kind: str) -> str:
        made.append(kind)
        if kind == "postgresql":
            return request.getfixturevalue("cluster").url()
        return f"sqlite:///{tmp_path}/record{len(made)}.sqlite"

    return make


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, fresh_url: Callable[[str], str]) -> str:
    return fresh_url(request.param)


@pytest.fixture
def store(url: str) -> Iterator[object]:
    from pratique.store.engine import open_store

    with open_store(url) as opened:
        yield opened


@pytest.fixture
def counts() -> Callable[[object], dict[str, int]]:
    """Number of rows of every table of a store."""

    def count(store: object) -> dict[str, int]:
        from sqlalchemy import func, select

        from pratique.store.tables import metadata

        with store.reading() as connection:
            return {
                table.name: connection.execute(select(func.count()).select_from(table)).scalar()
                for table in metadata.sorted_tables
            }

    return count


class Clock:
    """Tells one minute later each time."""

    def __init__(self) -> None:
        self.now = DEPARTURE

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def sbom(
    subject: str = "pkg:npm/shop@1.0",
    edges: dict[str, list[str]] | None = None,
    *,
    made: str = "2026-01-01T00:00:00Z",
    licenses: dict[str, str] | None = None,
    hashes: dict[str, str] | None = None,
    vulnerabilities: list[dict] | None = None,
) -> bytes:
    """A CycloneDX document whose subject needs what ``edges[""]`` names."""
    import json

    edges = edges if edges is not None else {"": ["pkg:npm/alpha@1.0"]}
    every = sorted({*edges, *(one for row in edges.values() for one in row)} - {""})
    components = []
    for purl in every:
        name, _, version = purl.rpartition("/")[2].partition("@")
        part = {"type": "library", "bom-ref": purl, "name": name, "purl": purl}
        if version:
            part["version"] = version
        if text := (licenses or {}).get(purl):
            part["licenses"] = [{"license": {"id": text}}]
        if digest := (hashes or {}).get(purl):
            part["hashes"] = [{"alg": "SHA-256", "content": digest}]
        components.append(part)
    name, _, version = subject.rpartition("/")[2].partition("@")
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": made,
            "component": {
                "type": "application",
                "bom-ref": subject,
                "name": name,
                "version": version,
                "purl": subject,
            },
        },
        "components": components,
        "dependencies": [
            {"ref": ref or subject, "dependsOn": targets} for ref, targets in edges.items()
        ],
    }
    if vulnerabilities:
        document["vulnerabilities"] = vulnerabilities
    return json.dumps(document).encode()


@pytest.fixture(scope="session")
def make_sbom() -> Callable[..., bytes]:
    return sbom


@pytest.fixture
def take(clock: Clock, tmp_path: Path) -> Callable[..., object]:
    """Ingests bytes into a store; keywords are those of a placement, and ``tenant``."""
    from pratique.ingest.models import Options
    from pratique.ingest.service import ingest
    from pratique.store.documents import Placement

    def run(store: object, *documents: bytes, tenant: str = "default", **about: object) -> object:
        folder = Path(tempfile.mkdtemp(dir=tmp_path))
        for number, data in enumerate(documents):
            (folder / f"{number:04d}.json").write_bytes(data)
        placement = Placement(**{"product": "", **about}) if about else None
        options = Options(tenant=tenant, placement=placement, clock=clock)
        return ingest(store, [str(path) for path in sorted(folder.iterdir())], options)

    return run
