"""What a bill of materials calls its subject.

A path of this machine says nothing to whoever gets the document, and tells them more than they are
to know: a project is called by the name of its manifest, anything else by the last part of its
path.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

MAX_MANIFEST_BYTES = 1024 * 1024
"""Largest manifest that is asked for a name; those of people have some kilobytes."""

MAX_NAME = 214
"""Longest name that is taken of a manifest, that of npm; a longer one is no name."""

MANIFESTS = {"package.json": "", "pyproject.toml": "project", "Cargo.toml": "package"}
"""Manifests with the table that has name and version; empty: the document itself."""


class Named(NamedTuple):
    """A name, and a version where one is stated."""

    name: str
    version: str = ""


def name_of(subject: str) -> Named:
    """What to call a subject.

    Args:
        subject: As the user named it: a path, a package URL or ``-``.
    """
    if subject.startswith("pkg:") or subject == "-":
        return Named(subject)
    path = Path(subject)
    if path.is_dir():
        stated = {found for name in MANIFESTS if (found := _stated(path / name)).name}
        if len(stated) == 1:
            return stated.pop()
    name = path.resolve().name if path.name in {"", ".."} else path.name
    return Named(name or subject)  # a root file system has none but its path


def _stated(manifest: Path) -> Named:
    """Name and version of a manifest; empty where it is absent, broken or has none."""
    table = MANIFESTS[manifest.name]
    try:
        with manifest.open("rb") as file:
            data = file.read(MAX_MANIFEST_BYTES + 1)
        if len(data) > MAX_MANIFEST_BYTES:
            return Named("")
        text = data.decode("utf-8-sig")
        value: Any = tomllib.loads(text) if table else json.loads(text)
    except (OSError, ValueError, RecursionError):
        return Named("")
    if table and isinstance(value, dict):
        value = value.get(table)
    if not isinstance(value, dict):
        return Named("")
    name, version = _text(value.get("name")), _text(value.get("version"))
    return Named(name, version) if name else Named("")


def _text(value: object) -> str:
    usable = isinstance(value, str) and len(value) <= MAX_NAME and value.isprintable()
    return str(value).strip() if usable else ""
