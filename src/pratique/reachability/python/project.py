"""The project's own part: its modules, scripts and notebooks, and what its settings name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from pratique.model.errors import InputError
from pratique.model.inventory import Location, Problem, Trouble
from pratique.reachability.python.imports import Import, Imports, imports, loose
from pratique.reachability.reading import read, sources

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pratique.reachability.python.environment import Environment
    from pratique.reachability.python.walk import Walked

SETUP = "setup.py"
"""Names what is needed, as a lockfile does; that is no sign of its being loaded."""

SETTINGS = (
    *(".cfg", ".conf", ".env", ".ini", ".json", ".properties", ".toml", ".xml", ".yaml", ".yml"),
    *(".bat", ".ps1", ".service", ".sh"),
)
"""Suffixes of files that may name modules and programs that are loaded and run."""

_LISTS = re.compile(
    r"(?:.*[.-])?lock\.json|.*\.lock|pylock.*\.toml|pyproject\.toml|pipfile.*|poetry\.toml"
    r"|package\.json|setup\.cfg|requirements.*|constraints.*|environment.*\.ya?ml|conda.*\.ya?ml"
    r"|.*\.(?:cdx|spdx|vex|openvex|sarif)\.json|(?:bom|sbom)\.(?:json|xml)"
    r"|\.pre-commit-config\.yaml|renovate\.json|dependabot\.ya?ml"
)
"""Files that list what is needed, whether it is loaded or not."""

MAX_SETTING_BYTES = 1 << 20
"""Largest settings file that is looked into; larger ones are data."""

_PYTHON = re.compile(rb"#![^\n]*\bpython")
_WORD = re.compile(r"[A-Za-z_][\w.-]*\w")


def project_imports(project: Path, done: Walked) -> Iterator[tuple[str, Imports]]:
    """Imports of every module, script, Cython source and notebook of a project.

    What cannot be read is added to the problems.

    Args:
        project: Its folder.
        done: Counts files, and takes problems.

    Yields:
        The file's path in the project, and what it imports.

    Raises:
        InputError: The project has too many files.
    """
    for name, path in sources(project, "", unread=done.problems):
        base = name.rpartition("/")[2]
        suffix = base[base.rfind(".") :] if "." in base[1:] else ""
        if suffix not in {".py", ".pyw", ".pyx", ".pxd", ".ipynb", ""}:
            continue
        try:
            if not suffix and not _is_script(path):
                continue
            done.files += 1
            data = read(path)
            if suffix in {".pyx", ".pxd"}:
                found = loose(data.decode("utf-8", "replace"))
            elif suffix == ".ipynb":
                found = _notebook(data)
            else:
                found = imports(data, _package(project, path))
        except InputError as error:
            done.problems.append(Problem(Location(name), Trouble.UNREADABLE, error.message))
        else:
            yield name, found


def mentions(project: Path, environment: Environment) -> list[tuple[str, str]]:
    """Modules and programs of installed packages that settings and scripts of a project name.

    Args:
        project: Its folder.
        environment: What is installed.

    Returns:
        Modules, each with the place that names it.
    """
    found: dict[str, str] = {}
    for name, path in sources(project, ""):
        base = name.rpartition("/")[2].lower()
        runs = base.startswith(("dockerfile", "containerfile", "procfile", "makefile", "justfile"))
        if _LISTS.fullmatch(base) or not (runs or base.endswith(SETTINGS)):
            continue
        try:
            data = read(path)
        except InputError:
            continue
        if len(data) > MAX_SETTING_BYTES:
            continue
        for word in set(_WORD.findall(data.decode("utf-8", "replace"))):
            owner = environment.programs.get(word)
            if owner is not None:
                for module in environment.distributions[owner].offered:
                    found.setdefault(module, f"{name} names its program {word}")
            if word.partition(".")[0] in environment.tops:
                found.setdefault(word, f"{name} names {word}")
    return sorted(found.items())


def _is_script(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return _PYTHON.match(file.read(128)) is not None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}") from None


def _notebook(data: bytes) -> Imports:
    """Imports of a notebook's cells (nbformat 4, "Code cells")."""
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(f"is no notebook: {error}") from None
    cells = value.get("cells") if isinstance(value, dict) else None
    named: list[Import] = []
    for cell in cells if isinstance(cells, list) else []:
        source = cell.get("source") if isinstance(cell, dict) else None
        rows = source if isinstance(source, list) else [source]
        text = "".join(row for row in rows if isinstance(row, str))
        named += loose(text).named
    return Imports(tuple(named))


def _package(project: Path, path: Path) -> str:
    """Dotted name of a project file's package: folders upward that have an ``__init__.py``."""
    parts: list[str] = []
    folder = path.parent
    while folder != project.parent and (folder / "__init__.py").is_file():
        parts.append(folder.name)
        folder = folder.parent
    return ".".join(reversed(parts))
