"""What is installed: distributions, the modules they brought, and where each is.

Read from the folder alone: RECORD and METADATA of ``*.dist-info`` (PyPA,
"Recording installed projects").  Nothing of the environment is run; lines of
``.pth`` files are not executed.
"""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath

import msgspec

from pratique.model.errors import UsageError

BINARY = (".so", ".pyd")
"""Suffixes of compiled modules, whose imports cannot be read."""

MAX_RECORD_BYTES = 64 << 20
"""Largest RECORD or entry point file; the largest real ones have some megabytes."""

SCRIPTS = frozenset({"console_scripts", "gui_scripts"})
"""Groups of entry points that are commands, not plugins."""


class Distribution(msgspec.Struct, frozen=True, kw_only=True):
    """One installed project."""

    name: str
    """Normalised (PyPA, "Names and normalization")."""

    version: str
    files: tuple[str, ...] = ()
    """Its modules' files relative to the folder it is installed in."""

    plugins: tuple[str, ...] = ()
    """Groups of entry points by which other packages may load it."""

    commands: tuple[str, ...] = ()
    """Programs that it installs."""


class Environment:
    """Installed distributions of one or more folders of packages.

    Args:
        folders: ``site-packages`` folders, the first one searched first.
    """

    def __init__(self, folders: tuple[Path, ...]) -> None:
        self.folders = folders
        self.distributions: dict[str, Distribution] = {}
        self.doubts: list[str] = []
        self._owner: dict[Path, str] = {}
        self._names: dict[Path, frozenset[str]] = {}
        for folder in folders:
            self._load(folder)

    def _load(self, folder: Path) -> None:
        for name in sorted(self._listed(folder)):
            if name.endswith(".dist-info"):
                one = _distribution(folder, name)
                self.distributions.setdefault(one.name, one)
                for file in one.files:
                    self._owner.setdefault(folder / file, one.name)
            elif name.endswith(".pth") and _adds_paths(folder / name):
                self.doubts.append(f"{name} adds folders to the import path that are not read")

    def owner(self, file: Path) -> str:
        """Normalised name of the distribution that brought a file, or empty."""
        return self._owner.get(file, "")

    def find(self, module: str) -> list[Path]:
        """Files that importing a dotted name runs, outermost package first.

        The last parts may name an attribute: what is found of it counts.
        """
        for folder in self.folders:
            found: list[Path] = []
            here = folder
            for part in module.split("."):
                names = self._listed(here)
                if f"{part}.py" in names:
                    found.append(here / f"{part}.py")
                found += [here / name for name in names if _is_binary(name, part)]
                if part not in names:
                    break
                here = here / part
                if "__init__.py" in self._listed(here):
                    found.append(here / "__init__.py")
            if found:
                return found
        return []

    def package_of(self, file: Path) -> str:
        """Dotted name of the package a file is in, for its relative imports."""
        for folder in self.folders:
            if file.is_relative_to(folder):
                return ".".join(file.relative_to(folder).parent.parts)
        return ""

    def shown(self, file: Path) -> str:
        """``alpha@1.2/alpha/api.py``, for a reader."""
        one = self.distributions.get(self.owner(file))
        for folder in self.folders:
            if file.is_relative_to(folder):
                path = file.relative_to(folder).as_posix()
                return f"{one.name}@{one.version}/{path}" if one else path
        return file.as_posix()

    def _listed(self, folder: Path) -> frozenset[str]:
        if folder not in self._names:
            try:
                self._names[folder] = frozenset(os.listdir(folder))  # noqa: PTH208 - names only
            except OSError:
                self._names[folder] = frozenset()
        return self._names[folder]


def site_folders(root: Path) -> tuple[Path, ...]:
    """The ``site-packages`` folders of an environment, or a folder that is one itself.

    Raises:
        UsageError: There is none.
    """
    found = [
        path
        for pattern in ("lib/python3*/site-packages", "lib64/python3*/site-packages")
        for path in sorted(root.glob(pattern))
    ]
    found += [path for path in (root / "Lib" / "site-packages",) if path.is_dir()]
    if not found and any(root.glob("*.dist-info")):
        found = [root]
    # lib64 is a link to lib in most environments.
    unique = tuple({path.resolve(): path for path in found}.values())
    if not unique:
        raise UsageError(
            f"{root} has no installed Python packages.",
            remedy="Give a virtual environment, or a folder with *.dist-info in it.",
        )
    return unique


def found_in(project: Path) -> Path | None:
    """A virtual environment inside a project, as people keep them, or ``None``."""
    for name in (".venv", "venv", "env", ".env"):
        if (project / name / "pyvenv.cfg").is_file():
            return project / name
    return None


def normalised(name: str) -> str:
    """A project's name as PyPA normalises it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _distribution(folder: Path, name: str) -> Distribution:
    stem = name.removesuffix(".dist-info")
    title, _, version = stem.rpartition("-")
    files = [
        row.rpartition(",")[0].rpartition(",")[0].strip('"')
        for row in _lines(folder / name / "RECORD")
    ]
    groups = _entry_points(folder / name / "entry_points.txt")
    return Distribution(
        name=normalised(title),
        version=version,
        files=tuple(sorted(file for file in files if _is_module(file))),
        plugins=tuple(sorted(set(groups) - SCRIPTS)),
        commands=tuple(sorted(one for group in SCRIPTS for one in groups.get(group, ()))),
    )


def _is_module(file: str) -> bool:
    path = PurePosixPath(file)
    return not path.is_absolute() and ".." not in path.parts and file.endswith((".py", *BINARY))


def _is_binary(name: str, part: str) -> bool:
    return name.startswith(f"{part}.") and name.endswith(BINARY)


def _entry_points(path: Path) -> dict[str, list[str]]:
    """Names by group (PyPA, "Entry points specification", "File format")."""
    groups: dict[str, list[str]] = {}
    here: list[str] = []
    for row in map(str.strip, _lines(path)):
        if row.startswith("[") and row.endswith("]"):
            here = groups.setdefault(row[1:-1].strip(), [])
        elif "=" in row and not row.startswith(("#", ";")):
            here.append(row.partition("=")[0].strip())
    return groups


def _adds_paths(path: Path) -> bool:
    rows = (row.strip() for row in _lines(path))
    return any(row and not row.startswith(("#", "import ", "import\t")) for row in rows)


def _lines(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            return file.read(MAX_RECORD_BYTES).decode("utf-8", "replace").splitlines()
    except OSError:
        return []
