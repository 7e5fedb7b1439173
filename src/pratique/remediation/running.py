"""Running the resolvers of package managers, and understanding what they say."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.remediation.errors import AttemptError, CutOffError, UnprovenError

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_OUTPUT = 4_000
"""Most characters of a resolver's words that are kept."""

TIMEOUT = 180.0
"""Seconds that one run of a resolver may take; cold caches need about 60."""

_UNBUILT = re.compile(r"(?i)building source distributions|no usable wheels|--no-build")
"""Words of uv where only running a project's build could tell."""

_CUT_OFF = re.compile(
    r"(?i)failed to fetch|could not connect|dns error|ENOTFOUND|ECONNREFUSED|ETIMEDOUT"
    r"|network|no such host|i/o timeout|offline"
)
"""Words of resolvers that do not reach their registry, which is no verdict on the versions."""


def run(folder: Path, *words: str) -> str:
    """Run a resolver; no scripts of packages are run by it.

    Args:
        folder: Where.
        words: Its name, then its arguments.

    Returns:
        What it printed.

    Raises:
        AttemptError: It says no, or takes a version that was withdrawn.
        UnprovenError: It would have to build something to know.
        CutOffError: It is not installed, takes too long, or does not reach its registry.
    """
    program = find(words[0])
    if not program:
        raise CutOffError(f"{words[0]} is not installed")
    status, out, said = _ended(folder, [program, *words[1:]], words[0])
    if status:
        hindered = UnprovenError if _UNBUILT.search(said) else AttemptError
        kind = CutOffError if _CUT_OFF.search(said) else hindered
        raise kind(f"{words[0]} says no: {_gist(said)}")
    if line := _withdrawn(said, words):
        raise AttemptError(f"{words[0]} says: {line}")
    return out


def _ended(folder: Path, words: list[str], name: str) -> tuple[int, str, str]:
    """Exit code, output, and all that a program said.

    It has a process group of its own, so that what it started ends with it.
    """
    try:
        process = subprocess.Popen(  # noqa: S603  (a fixed list of words, no shell)
            words,
            cwd=folder,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise CutOffError(f"{name} cannot be run: {error}") from None
    try:
        out, errors = process.communicate(timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        raise CutOffError(f"{name} took more than {TIMEOUT:.0f} s") from None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    return (
        process.returncode,
        out.decode("utf-8", "replace"),
        (errors + out).decode("utf-8", "replace"),
    )


def find(program: str) -> str:
    """Path of a program, the one beside this interpreter included; empty where there is none."""
    beside = str(Path(sys.executable).parent)
    return shutil.which(program, path=_path()) or shutil.which(program, path=beside) or ""


def _path() -> str:
    """The search path without relative folders: they would lead into the project."""
    entries = os.environ.get("PATH", "").split(os.pathsep)
    return os.pathsep.join(one for one in entries if os.path.isabs(one))  # noqa: PTH117 - texts


def interpreter() -> str:
    """The Python that uv resolves for: the one on the path, never one that a project names."""
    return shutil.which("python3", path=_path()) or sys.executable


def environment() -> dict[str, str]:
    """Environment of resolvers: the user's, without what would change projects or fetch tools."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if key not in {"VIRTUAL_ENV", "PYTHONPATH", "GOFLAGS", "NODE_OPTIONS"}
    }
    return kept | {
        "PATH": _path(),
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "NO_COLOR": "1",
        "UV_NO_PROGRESS": "1",
        "UV_PYTHON_DOWNLOADS": "never",
        "NPM_CONFIG_GIT": "git",
        "NPM_CONFIG_IGNORE_SCRIPTS": "true",
        "NPM_CONFIG_UPDATE_NOTIFIER": "false",
        "CARGO_TERM_COLOR": "never",
    }


def _gist(said: str) -> str:
    """The words of a resolver that tell most, on one line."""
    lines = [line.strip() for line in said[-MAX_OUTPUT:].splitlines() if line.strip()]
    telling = [line for line in lines if "rror" in line or "because" in line.lower()] or lines[-3:]
    return " ".join(telling)[:400]


def _withdrawn(said: str, words: Sequence[str]) -> str:
    """What a resolver says of a version it was asked for being yanked or retracted; else empty."""
    asked = [re.split("==|@", word, maxsplit=1) for word in words if re.search("[^@]@|==", word)]
    for line in said.splitlines():
        if ("is yanked" in line or "retracted" in line) and any(
            name in line and version in line for name, version in asked
        ):
            return line.strip()[:200]
    return ""
