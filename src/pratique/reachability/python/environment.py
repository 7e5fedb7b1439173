"""What is installed: distributions, the modules they brought, and where each is.

Read from the folder alone: RECORD and METADATA of ``*.dist-info`` (PyPA,
"Recording installed projects").  Nothing of the environment is run; lines of
``.pth`` files are not executed.
"""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import msgspec

from pratique.model.errors import UsageError

BINARY = (".so", ".pyd", ".pyc")
"""Suffixes of compiled modules, whose imports cannot be read."""

_IMPORTED = re.compile(r"\bimport\s+([\w.]+)")
_REQUIRED = re.compile(r"Requires-Dist:\s*([A-Za-z0-9][\w.-]*)", re.IGNORECASE)

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

    offered: tuple[str, ...] = ()
    """Modules of those entry points and programs."""

    requires: tuple[str, ...] = ()
    """What it says it needs, in any environment and with any extra; normalised."""

    editable: str = ""
    """Address of the folder that has its code, where that is not here (PyPA,
    "Recording the Direct URL Origin")."""


class Environment:
    """Installed distributions of one or more folders of packages.

    Args:
        folders: ``site-packages`` folders, the first one searched first.
    """

    def __init__(self, folders: tuple[Path, ...]) -> None:
        self.folders = folders
        self.distributions: dict[str, Distribution] = {}
        self.started: list[tuple[str, str]] = []
        """Modules that the interpreter imports when it starts, and the file that says so."""

        self.elsewhere: list[tuple[Path | None, str]] = []
        """Folders on the import path that are not here, each with what says so; ``None``
        is where they cannot be named."""

        self.tops: frozenset[str] = frozenset()
        """Names that can be imported, first parts alone."""

        self.programs: dict[str, str] = {}
        """Command to the distribution that installed it."""

        self._owners: dict[Path, tuple[str, ...]] = {}
        self._names: dict[Path, frozenset[str]] = {}
        self._compiled: dict[Path, dict[str, list[str]]] = {}
        for folder in folders:
            self._load(folder)
        names = {name.partition(".")[0] for folder in folders for name in self._listed(folder)}
        self.tops = frozenset(name for name in names if name.isidentifier())

    def _load(self, folder: Path) -> None:
        for name in sorted(self._listed(folder)):
            if name.endswith(".dist-info"):
                one = _distribution(folder, name)
                self.distributions.setdefault(one.name, one)
                for file in one.files:
                    # Two distributions may bring the same file: then both are reached by it.
                    known = self._owners.get(folder / file, ())
                    self._owners[folder / file] = (*known, one.name)
                self.programs |= dict.fromkeys(one.commands, one.name)
                if one.editable:
                    text = f"{one.name} is installed from {one.editable}"
                    self.elsewhere.append((_local(one.editable), text))
            elif name.endswith(".pth"):
                self._path(folder, name)
        for name in ("sitecustomize", "usercustomize"):
            self.started.append((name, f"{name}.py"))
        if _system(folder):
            self.elsewhere.append((None, "pyvenv.cfg adds the packages of the system"))

    def _path(self, folder: Path, name: str) -> None:
        """A ``.pth`` file: lines that run at the start, and folders (site module)."""
        for row in map(str.strip, _lines(folder / name)):
            if row.startswith(("import ", "import\t")):
                self.started += [(one, name) for one in _IMPORTED.findall(row)]
            elif row and not row.startswith("#") and "\0" not in row:
                path = Path(os.path.normpath(folder / row))
                if path.is_relative_to(folder):
                    self.folders = tuple(dict.fromkeys((*self.folders, path)))
                else:
                    self.elsewhere.append((path, f"{name} adds {row[:200]}"))

    def owners(self, file: Path) -> tuple[str, ...]:
        """Normalised names of the distributions that brought a file."""
        return self._owners.get(file, ())

    def find(self, module: str) -> list[Path]:
        """Files that importing a dotted name runs, outermost package first.

        The last parts may name an attribute: what is found of it counts.  A
        star as the last part takes all modules there.
        """
        if module.partition(".")[0] not in self.tops:
            return []
        # All folders count: parts of a namespace package may be in any of them.
        return [path for folder in self.folders for path in self._found(folder, module)]

    def _found(self, folder: Path, module: str) -> list[Path]:
        found: list[Path] = []
        here = folder
        for part in module.split("."):
            names = self._listed(here)
            if part == "*":
                found += [here / name for name in names if name.endswith((".py", *BINARY))]
                break
            if f"{part}.py" in names:
                found.append(here / f"{part}.py")
            else:
                found += [here / name for name in self._binaries(here).get(part, ())]
            if part not in names:
                break
            here = here / part
            below = self._listed(here)
            if "__init__.py" in below:
                found.append(here / "__init__.py")
            else:
                found += [here / name for name in self._binaries(here).get("__init__", ())]
        return found

    def package_of(self, file: Path) -> str:
        """Dotted name of the package a file is in, for its relative imports."""
        for folder in self.folders:
            if file.is_relative_to(folder):
                return ".".join(file.relative_to(folder).parent.parts)
        return ""

    def shown(self, file: Path) -> str:
        """``alpha@1.2/alpha/api.py``, for a reader."""
        one = self.distributions.get(next(iter(self.owners(file)), ""))
        for folder in self.folders:
            if file.is_relative_to(folder):
                path = file.relative_to(folder).as_posix()
                return f"{one.name}@{one.version}/{path}" if one else path
        return file.as_posix()

    def _binaries(self, folder: Path) -> dict[str, list[str]]:
        """Compiled modules of a folder by the name they are imported by."""
        if folder not in self._compiled:
            found: dict[str, list[str]] = {}
            for name in sorted(self._listed(folder)):
                if name.endswith(BINARY):
                    found.setdefault(name.partition(".")[0], []).append(name)
            self._compiled[folder] = found
        return self._compiled[folder]

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
        commands=tuple(sorted(one for group in SCRIPTS for one, _ in groups.get(group, ()))),
        offered=tuple(sorted({module for rows in groups.values() for _, module in rows})),
        requires=_required(folder / name / "METADATA"),
        editable=_editable(folder / name / "direct_url.json"),
    )


def _required(path: Path) -> tuple[str, ...]:
    """Names of ``Requires-Dist`` (Core metadata specifications); the body is not read."""
    found: dict[str, None] = {}
    for row in _lines(path):
        if not row:
            break
        if match := _REQUIRED.match(row):
            found[normalised(match[1].rstrip(".-_"))] = None
    return tuple(found)


def _editable(path: Path) -> str:
    try:
        value = msgspec.json.decode("\n".join(_lines(path)) or "{}")
    except (msgspec.DecodeError, RecursionError):
        return ""
    about = value.get("dir_info") if isinstance(value, dict) else None
    if not isinstance(about, dict) or about.get("editable") is not True:
        return ""
    return str(value.get("url", "")) or "a folder"


def _local(url: str) -> Path | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    path = unquote(parts.path)
    return Path(path) if parts.scheme == "file" and path and "\0" not in path else None


def _system(folder: Path) -> bool:
    """Whether the environment of a folder of packages sees those of the system as well."""
    for parent in list(folder.parents)[:4]:
        for row in _lines(parent / "pyvenv.cfg"):
            key, _, value = row.partition("=")
            if key.strip().lower() == "include-system-site-packages":
                return value.strip().lower() == "true"
    return False


def _is_module(file: str) -> bool:
    path = PurePosixPath(file)
    return not path.is_absolute() and ".." not in path.parts and file.endswith((".py", *BINARY))


def _entry_points(path: Path) -> dict[str, list[tuple[str, str]]]:
    """Names and modules by group (PyPA, "Entry points specification", "File format")."""
    groups: dict[str, list[tuple[str, str]]] = {}
    here: list[tuple[str, str]] = []
    for row in map(str.strip, _lines(path)):
        if row.startswith("[") and row.endswith("]"):
            here = groups.setdefault(row[1:-1].strip(), [])
        elif "=" in row and not row.startswith(("#", ";")):
            name, _, target = row.partition("=")
            here.append((name.strip(), re.split(r"[:\[\s]", target.strip())[0]))
    return groups


def _lines(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            return file.read(MAX_RECORD_BYTES).decode("utf-8", "replace").splitlines()
    except OSError:
        return []
