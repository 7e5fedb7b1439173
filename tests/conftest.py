"""Fixtures that every test may use, and what keeps chance and the machine's state out."""

from __future__ import annotations

import fcntl
import os
import socket
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent

# The same examples at every run, however slow the machine is: what passes once passes always.
# New ones are looked for with `pytest --hypothesis-profile explore`.
settings.register_profile(
    "repeatable",
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("explore", settings.get_profile("repeatable"), derandomize=False)
settings.load_profile("repeatable")

OF_THE_SHELL = (
    *("PRATIQUE_ADVISORIES_KEY", "PRATIQUE_DEBUG", "PRATIQUE_EPSS_URL", "PRATIQUE_GATE_TOKEN"),
    *("PRATIQUE_KEV_URL", "PRATIQUE_KEY_PASSPHRASE", "PRATIQUE_LOCAL_ADVISORIES"),
    *("PRATIQUE_NOTIFY", "PRATIQUE_OSV_PROXY", "PRATIQUE_OSV_URL", "PRATIQUE_SIGSTORE_URL"),
    *("PRATIQUE_STORE", "SOURCE_DATE_EPOCH", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"),
)
"""Variables that change what the program does; a developer may have set any of them."""

PORTS = range(20_000, 32_000)
"""Below the ports that Linux gives to sockets that ask for any (32,768 and more)."""


def vectors_root() -> Path:
    return Path(os.environ.get("PRATIQUE_VECTORS", ROOT.parent / "shared" / "vectors"))


@pytest.fixture(scope="session")
def repository() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def vector() -> Callable[[str], Path]:
    """Path of a shared vector file (``osv/mal-records.ndjson.xz``); skips where absent."""

    def find(name: str) -> Path:
        path = vectors_root() / name
        if not path.exists():
            pytest.skip(f"shared vectors are absent: {path} (set PRATIQUE_VECTORS)")
        return path

    return find


@pytest.fixture(scope="session")
def vector_folder(
    vector: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """Folder with a shared archive unpacked (``sbom/purl.tar.xz``); skips where absent."""
    unpacked: dict[str, Path] = {}

    def unpack(name: str) -> Path:
        if name not in unpacked:
            target = tmp_path_factory.mktemp("vectors")
            with tarfile.open(vector(name)) as archive:
                # Debian 12's Python 3.11.2 has no filters yet; the archives are our own.
                safe = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
                archive.extractall(target, **safe)
            unpacked[name] = target
        return unpacked[name]

    return unpack


@pytest.fixture(scope="session", autouse=True)
def of_this_run_alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Data of the program in a folder of this run, and no settings of the developer's."""
    with pytest.MonkeyPatch.context() as patch:
        for name in OF_THE_SHELL:
            patch.delenv(name, raising=False)
        patch.setenv("PRATIQUE_DATA", str(tmp_path_factory.mktemp("pratique-data")))
        yield


@pytest.fixture(scope="session")
def free_port() -> Iterator[Callable[[], int]]:
    """Gives ports of loopback for servers that cannot be told to take any.

    A port found by binding to number 0 may be given to another socket before the
    server has it, or while the server is being started anew.  These no socket gets
    that does not ask for them, and no other run of the tests: a locked file stands
    for each until the run ends.
    """
    folder = Path(tempfile.gettempdir()) / f"pratique-test-ports-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    locks: list[IO[bytes]] = []
    left = iter(PORTS)

    def take() -> int:
        for port in left:
            lock = (folder / str(port)).open("ab")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                with socket.socket() as probe:
                    # A connection of before that the system still remembers does no harm.
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind(("127.0.0.1", port))
            except OSError:
                lock.close()
                continue
            locks.append(lock)
            return port
        raise AssertionError(f"no port of {PORTS} is free")

    yield take
    for lock in locks:
        lock.close()
