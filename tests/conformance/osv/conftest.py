"""The shared OSV corpus, read once, and an index of it."""

from __future__ import annotations

import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

CORPUS = ("osv-records", "ghsa-records", "mal-records")


@pytest.fixture(scope="session")
def corpus_files(vector: Callable[[str], Path]) -> list[Path]:
    return [vector(f"osv/{name}.ndjson.xz") for name in CORPUS]


@pytest.fixture(scope="session")
def corpus(corpus_files: list[Path]) -> dict[str, list[dict[str, Any]]]:
    """Records of each file, as JSON objects."""
    decode = msgspec.json.Decoder().decode
    found = {}
    for path in corpus_files:
        with lzma.open(path) as lines:
            found[path.name.partition(".")[0]] = [decode(line) for line in lines]
    return found


@pytest.fixture(scope="session")
def trimmed(vector: Callable[[str], Path]) -> list[dict[str, Any]]:
    data = msgspec.json.decode(vector("osv/ghsa-trimmed.json").read_bytes())
    return [entry["record"] for entry in data["records"]]
