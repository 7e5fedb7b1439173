"""Fixtures that every test may use."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


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
