"""The index that cargo has built in, as cargo itself says it.

No command of cargo's prints it, but an error does: where its ``config.json``
cannot be fetched, cargo names the address.  So it is run on an empty project,
with a home of its own and a proxy at which nobody listens: nothing leaves the
machine, and no configuration but that of the root folder is read.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

SECONDS = 30
"""Longest that cargo may take; it takes a tenth of one."""

_NAMED = re.compile(r"(https://[A-Za-z0-9.-]+(?::\d{1,5})?(?:/[\w.~/-]*)?)/config\.json\b")
_MANIFEST = (
    '[package]\nname = "own"\nversion = "0.0.0"\nedition = "2018"\n'
    '[lib]\npath = "own.rs"\n[dependencies]\nother = "1"\n'
)


def built_in() -> str:
    """The address of the sparse index; empty where cargo is not here, or does not say.

    One before 1.70 asks a Git repository by default and says nothing of an index.
    """
    program = shutil.which("cargo")
    if program is None:
        return ""
    try:
        with tempfile.TemporaryDirectory() as folder, socket.socket() as nobody:
            # Bound and not listening: a connection is refused, and nobody else gets the port.
            nobody.bind(("127.0.0.1", 0))
            place = Path(folder)
            (place / "Cargo.toml").write_text(_MANIFEST, encoding="utf-8")
            (place / "own.rs").touch()
            done = subprocess.run(  # noqa: S603 - the words are ours, the program the user's own
                [program, "fetch", "--manifest-path", str(place / "Cargo.toml")],
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
                # Configuration is looked for from here upwards, not from the manifest.
                cwd=place.anchor,
                env=_variables(place / "home", nobody.getsockname()[1]),
            )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ""
    found = _NAMED.search(done.stderr)
    return found.group(1) if found else ""


def _variables(home: Path, port: int) -> dict[str, str]:
    """The environment without what configures cargo or a proxy; RUSTUP's stays."""
    bare = {
        key: text
        for key, text in os.environ.items()
        if not key.upper().startswith("CARGO_") and not key.upper().endswith("_PROXY")
    }
    return bare | {
        "CARGO_HOME": str(home),
        "CARGO_HTTP_PROXY": f"http://127.0.0.1:{port}",
        "CARGO_NET_RETRY": "0",
        "CARGO_TERM_COLOR": "never",
    }
