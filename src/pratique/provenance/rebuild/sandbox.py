"""Foreign code without network, without the user's files, for a limited time.

By bubblewrap: new namespaces of every kind, no network device, only the
system's programs and the folders that are named, nothing writable but the work
folder.  Where it is not installed nothing is run.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.provenance.rebuild.errors import RebuildError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SECONDS = 600
"""Longest that one step of a build may take; pure packages take some seconds."""

MAX_FILE_BYTES = 2 << 30
"""Largest file that a build may write."""

MAX_MEMORY = 4 << 30
"""Most memory of one process."""

MAX_LOG = 4_000
"""Characters of a build's words that are kept."""

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc/alternatives")
"""What programs are made of; no settings, no homes."""


def available() -> str:
    """Path of bubblewrap, or empty."""
    return shutil.which("bwrap") or ""


def run(
    words: Sequence[str],
    work: Path,
    *,
    readable: Sequence[Path] = (),
    variables: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> str:
    """Run a program in the sandbox.

    Args:
        words: The program and its arguments.
        work: The one folder that it may write to.
        readable: Further folders that it may read.
        variables: Its environment, besides what programs cannot do without.
        folder: Its current folder, inside the work folder; that one by default.

    Returns:
        What it said.

    Raises:
        RebuildError: There is no sandbox, it took too long, or it failed.
    """
    bwrap = available()
    if not bwrap:
        raise RebuildError("there is no sandbox: bubblewrap (bwrap) is not installed")
    command = [bwrap, "--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]
    for name in SYSTEM:
        path = Path(name)
        if path.is_symlink():  # /bin is one to /usr/bin on most systems
            command += ["--symlink", str(path.readlink()), name]
        else:
            command += ["--ro-bind-try", name, name]
    command += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]  # noqa: S108 - the sandbox's own
    prefixes = {Path(sys.base_prefix), Path(sys.base_prefix).resolve()}
    for one in dict.fromkeys((*sorted(prefixes), *readable)):
        command += ["--ro-bind", str(one), str(one)]
    command += ["--bind", str(work), str(work), "--chdir", str(folder or work)]
    for name, value in {**_always(work), **(variables or {})}.items():
        command += ["--setenv", name, value]
    return _ended([*command, "--", *words])


def _always(work: Path) -> dict[str, str]:
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(work),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _ended(command: list[str]) -> str:
    process = subprocess.Popen(  # noqa: S603 - a list of words, and foreign code only inside
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=_limit,  # noqa: PLW1509 - no threads are started here
        umask=0o022,
    )
    try:
        out, _ = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise RebuildError(f"the build took more than {SECONDS} s") from None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    said = out.decode("utf-8", "replace")[-MAX_LOG:]
    if process.returncode:
        lines = said.strip().splitlines()
        last = lines[-1][:200] if lines else "it said nothing"
        raise RebuildError(f"the build failed: {last}", said)
    return said


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_FILE_BYTES, MAX_FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
