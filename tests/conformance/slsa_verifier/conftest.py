from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def upstream(vector_folder: Callable[[str], Path]) -> Path:
    return vector_folder("provenance/provenance.tar.xz") / "slsa-verifier"
