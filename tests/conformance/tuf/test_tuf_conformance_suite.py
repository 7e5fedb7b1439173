"""The suite of theupdateframework/tuf-conformance against our reader's commands.

``PRATIQUE_TUF_CONFORMANCE`` names a checkout, unless its package is installed; ``faketime`` must
be on the path.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

KNOWN = 112
"""Tests that python-tuf's own client passes, of 113."""


def installed() -> str:
    """The folder that holds the suite's package, where it is installed."""
    found = find_spec("tuf_conformance")
    return str(Path(found.origin).parent.parent) if found and found.origin else ""


@pytest.mark.nightly
@pytest.mark.timeout(1800)
def test_the_suite_passes():
    checkout = os.environ.get("PRATIQUE_TUF_CONFORMANCE", "") or installed()
    if not checkout or not shutil.which("faketime"):
        pytest.skip("no tuf-conformance (PRATIQUE_TUF_CONFORMANCE) or no faketime")
    client = f"{sys.executable} {Path(__file__).with_name('client_for_suite.py')}"
    done = subprocess.run(
        [
            sys.executable, "-m", "pytest", "tuf_conformance", "--entrypoint", client,
            "-q", "-p", "no:cacheprovider",
        ],
        cwd=checkout,
        capture_output=True,
        text=True,
    )  # fmt: skip
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed, done.stdout[-2000:]
    assert int(passed[1]) >= KNOWN, done.stdout[-4000:]
