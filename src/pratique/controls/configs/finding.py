"""Which files are read, and their texts."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from pratique.controls.configs.commands import FILES as COMMAND_FILES
from pratique.controls.configs.models import Unreadable
from pratique.formats.text import decode
from pratique.model.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_FILE_BYTES = 1024 * 1024
"""Largest file that is read; the configurations of real projects stay below 100 kB."""

MAX_FILES = 20_000
"""Files that are read; a monorepo of 5,000 packages has two or three a package."""

SKIPPED = frozenset(
    {".git", ".hg", ".svn", "node_modules", ".venv", "venv", "__pycache__", "target"}
)
"""Folders that hold what was fetched or built, not what was configured."""

FILES = (
    "pip.conf",
    "pip.ini",
    "*requirements*.txt",
    "*requirements*.in",
    "uv.toml",
    "pyproject.toml",
    ".npmrc",
    "npmrc",
    ".yarnrc",
    ".yarnrc.yml",
    ".yarnrc.yaml",
    "bunfig.toml",
    "pnpm-workspace.yaml",
    "pnpm-workspace.yml",
    "package.json",
    "settings.xml",
    "pom.xml",
    "*.gradle",
    "*.gradle.kts",
    "gradle.properties",
    "[Nn]u[Gg]et.[Cc]onfig",
    "NUGET.CONFIG",
    ".cargo/config.toml",
    ".cargo/config",
    "Cargo.toml",
    "go.env",
    "go/env",
    "composer.json",
    "Gemfile",
    "gems.rb",
    *COMMAND_FILES,
)
"""Files that some judge reads, as patterns on the end of the path."""


def fits(path: str, pattern: str) -> bool:
    """Whether the end of a path matches a pattern, part by part."""
    wanted = pattern.split("/")
    parts = path.split("/")
    return len(parts) >= len(wanted) and all(
        fnmatchcase(part, one) for part, one in zip(parts[-len(wanted) :], wanted, strict=True)
    )


def collect(subject: Path, exclude: Sequence[str] = ()) -> tuple[dict[str, str], list[Unreadable]]:
    """Texts of the files to read, by path, and what could not be read.

    Args:
        subject: A folder, or one file; the files beside a file are not read.
        exclude: Glob patterns on the relative path.

    Raises:
        UsageError: It does not exist, or a single file is none that is known.
    """
    texts: dict[str, str] = {}
    problems: list[Unreadable] = []
    if not subject.exists():
        raise UsageError(f"{subject} does not exist.")
    if subject.is_file():
        name = subject.resolve().as_posix()
        if not any(fits(name, one) for one in FILES):
            raise UsageError(
                f"{subject} is no configuration that is known by its name.",
                remedy="Name the folder it is in, or a file as its tool names it.",
            )
        shown = _shown(subject)
        _take(subject, shown, texts, problems)
        return texts, problems
    for path, relative in _walk(subject, problems):
        if any(fnmatchcase(relative, one) for one in exclude):
            continue
        if len(texts) >= MAX_FILES:
            problems.append(Unreadable(".", f"over {MAX_FILES:,} files: the rest is not read"))
            break
        _take(path, relative, texts, problems)
    return texts, problems


def _shown(subject: Path) -> str:
    """A single file's path with the folder that its tool expects, so that it is recognised."""
    parts = subject.resolve().parts
    return "/".join(parts[-2:]) if parts[-2:-1] in ((".cargo",), ("go",)) else parts[-1]


def _walk(top: Path, problems: list[Unreadable]) -> Iterator[tuple[Path, str]]:
    def failed(error: OSError) -> None:
        place = os.path.relpath(error.filename or ".", top)
        problems.append(Unreadable(place, f"cannot be read: {error.strerror}"))

    for folder, folders, names in os.walk(top, onerror=failed):
        folders[:] = sorted(one for one in folders if one not in SKIPPED)
        for name in sorted(names):
            path = Path(folder, name)
            relative = path.relative_to(top).as_posix()
            if any(fits(relative, one) for one in FILES):
                yield path, relative


def _take(path: Path, name: str, texts: dict[str, str], problems: list[Unreadable]) -> None:
    try:
        if not path.is_file():
            problems.append(Unreadable(name, "is no regular file"))
            return
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
        if len(data) > MAX_FILE_BYTES:
            problems.append(Unreadable(name, f"is over the limit of {MAX_FILE_BYTES:,} bytes"))
            return
        texts[name] = decode(data) if data.strip() else ""
    except InputError as error:
        problems.append(Unreadable(name, error.message))
    except OSError as error:
        problems.append(Unreadable(name, f"cannot be read: {error.strerror or error}"))
