"""How a compiled file says, at its head, by which command it was made."""

from __future__ import annotations

import re

HEAD = 2_000
"""Characters at the start in which a compiler names itself."""

_COMMAND = re.compile(r"^#\s+((?:uv pip compile|pip-compile)\b[^\n]*)$", re.MULTILINE)
_SOURCE = re.compile(r"^[\w./-]+\.(?:in|txt|toml)$")


def command(text: str) -> str:
    """The command as the head has it, or empty."""
    found = _COMMAND.search(text[:HEAD])
    return found[1].strip() if found else ""


def compiled_by(text: str) -> list[str]:
    """Options that keep the head as it is, whatever is run here.

    Without them uv would put its own command there, with paths of this machine.
    """
    known = command(text)
    return [f"--custom-compile-command={known}"] if known else ["--no-header"]


def stated_sources(text: str) -> tuple[str, ...]:
    """The manifests that the command names."""
    words = command(text).split()
    before = {"-o", "--output-file", "-c", "--constraint", "--override", "--python"}
    return tuple(
        word
        for number, word in enumerate(words)
        if _SOURCE.match(word) and words[number - 1] not in before
    )
