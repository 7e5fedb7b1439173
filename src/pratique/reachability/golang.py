"""Go: which packages are imported from the project down, and which functions are named.

Build constraints are ignored: a file for another system counts as well.
"""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING

import msgspec

from pratique.model.errors import InputError
from pratique.model.inventory import Location, Problem, Trouble
from pratique.reachability import tokens
from pratique.reachability.models import Site
from pratique.reachability.places import go_module
from pratique.reachability.reading import read, sources

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_MODULE = re.compile(r"^module\s+\"?([^\s\"]+)", re.MULTILINE)


class Import(msgspec.Struct, frozen=True):
    """One import of a Go file."""

    path: str
    name: str
    """As the file calls it: an alias, ``.``, ``_``; empty where the package's own name holds."""

    line: int


class File(msgspec.Struct, frozen=True):
    """A file that is reached."""

    shown: str
    source: str
    imports: tuple[Import, ...]
    chain: tuple[Site, ...]
    """How its package came in; empty for the project's own."""


class Walked(msgspec.Struct, kw_only=True):
    """What is reached."""

    files: list[File] = msgspec.field(default_factory=list)
    first: dict[str, tuple[Site, ...]] = msgspec.field(default_factory=dict)
    """Import path to the imports that lead to it."""

    names: dict[str, str] = msgspec.field(default_factory=dict)
    """Import path to the package's own name, where its sources were read."""

    absent: set[str] = msgspec.field(default_factory=set)
    """Modules that are imported from and whose sources are not here."""

    problems: list[Problem] = msgspec.field(default_factory=list)
    _uses: dict[int, dict[str, list[tuple[str, int]]]] = msgspec.field(default_factory=dict)

    def uses(self, number: int) -> dict[str, list[tuple[str, int]]]:
        """What a file uses, see :func:`uses`; read once.

        Args:
            number: Of the file in ``files``.
        """
        if number not in self._uses:
            self._uses[number] = uses(self.files[number].source)
        return self._uses[number]


def walk(project: Path, modules: dict[str, str], caches: tuple[Path, ...]) -> Walked:
    """Follow the imports, package by package.

    Args:
        project: Folder with the project's code; its tests count as well.
        modules: Path to version of each module of the inventory.
        caches: Folders of the module cache.

    Raises:
        InputError: The project has too many sources.
    """
    done = Walked()
    own = _own_modules(project)
    queue: deque[tuple[str, tuple[Site, ...]]] = deque()
    for shown, path in sources(project, ".go", unread=done.problems):
        if "vendor" not in shown.split("/")[:-1]:
            _take(path, shown, (), done, queue)
    while queue:
        package, chain = queue.popleft()
        if package in done.first:
            continue
        done.first[package] = chain
        if _longest(package, own) is not None:
            continue  # the project's own packages are read already
        folder, title = _folder(package, project, modules, caches)
        if folder is None:
            if title:
                done.absent.add(title)
            continue
        for path in sorted(folder.glob("*.go")):
            if not path.name.endswith("_test.go") and path.is_file():
                _take(path, f"{title}/{path.name}", chain, done, queue, package)
    return done


def _take(
    path: Path,
    shown: str,
    chain: tuple[Site, ...],
    done: Walked,
    queue: deque[tuple[str, tuple[Site, ...]]],
    package: str = "",
) -> None:
    try:
        source = read(path).decode("utf-8", "replace")
    except InputError as error:
        done.problems.append(Problem(Location(shown), Trouble.UNREADABLE, error.message))
        return
    name, found = imports(source)
    if package:
        done.names.setdefault(package, name)
    done.files.append(File(shown, source, found, chain))
    for one in found:
        site = Site(Location(shown, one.line), f"import {one.path}")
        queue.append((one.path, (*chain, site)))


def imports(source: str) -> tuple[str, tuple[Import, ...]]:
    """The package's name, and what a Go file imports.

    Imports come before everything else in a file (Go specification, "Source
    file organization"), so reading stops at the first declaration.
    """
    name = ""
    found: list[Import] = []
    lines = tokens.Lines(source)
    rest = iter(tokens.go(source))
    for token in rest:
        if token.text == "package" and not name:
            name = next((one.text for one in rest), "")
        elif token.text in {"func", "type", "var", "const"}:
            break
        elif token.text == "import":
            found += _declared(rest, lines)
    return name, tuple(found)


def _declared(rest: Iterator[tokens.Token], lines: tokens.Lines) -> list[Import]:
    """The imports of one declaration: one, or several between parentheses."""
    found: list[Import] = []
    label, several = "", False
    for token in rest:
        if token.text.startswith(('"', "`")):
            found.append(Import(token.text.strip('"`'), label, lines.at(token.offset)))
            label = ""
        elif token.text == "(":
            several = True
        elif token.text != ";":
            label = token.text
        if token.text == ")" or (found and not several):
            break
    return found


def referenced(walked: Walked, path: str, symbols: Sequence[str]) -> tuple[list[Site], list[str]]:
    """Where functions and methods of a package are named in files that are reached.

    A function is ``name.Function`` in a file that imports the package.  A
    method is ``.Method`` in any file: its receiver's type cannot be told from
    the text alone, so one of the same name elsewhere counts too.

    Args:
        walked: What is reached.
        path: Import path of the package.
        symbols: ``Function`` or ``Type.Method``, as the advisory has them.

    Returns:
        The places, and those of the symbols that other packages can use.
    """
    functions = {text for text in symbols if "." not in text and text[:1].isupper()}
    methods = {text.rpartition(".")[2] for text in symbols if "." in text}
    methods = {text for text in methods if text[:1].isupper()}
    sites: list[Site] = []
    for number, file in enumerate(walked.files):
        labels = {
            one.name or walked.names.get(path, "") for one in file.imports if one.path == path
        }
        used = walked.uses(number)
        wanted = methods | functions if labels else methods
        for name in sorted(wanted & used.keys()):
            for label, line in used[name]:
                # Where the package's own name is not known, any name may be it.
                known = label in labels or "" in labels or (not label and "." in labels)
                if (name in methods and label) or (name in functions and known):
                    text = f"{label}.{name}" if label else name
                    sites.append(Site(Location(file.shown, line), text))
    usable = sorted(text for text in symbols if text.rpartition(".")[2][:1].isupper())
    return sites, usable


def uses(source: str) -> dict[str, list[tuple[str, int]]]:
    """Exported names that a file uses: the name before the dot, or nothing, and the line."""
    lines = tokens.Lines(source)
    found: dict[str, list[tuple[str, int]]] = {}
    before, label = "", ""
    for token in tokens.go(source):
        if token.word:
            if token.text[0].isupper():
                owner = label if before == "." else ""
                found.setdefault(token.text, []).append((owner, lines.at(token.offset)))
            label = token.text
        elif token.text == ")":
            label = "(…)"
        before = token.text
    return found


def _folder(
    package: str, project: Path, modules: dict[str, str], caches: tuple[Path, ...]
) -> tuple[Path | None, str]:
    """Folder of a package's sources with how to show it; the module where they are absent.

    The title is empty for packages of the standard library.
    """
    if ".." in package.split("/"):
        return None, ""
    vendored = project / "vendor" / package
    if vendored.is_dir():
        return vendored, f"vendor/{package}"
    module = _longest(package, modules)
    if module is None:
        # A first part without a dot is the standard library's.
        return None, package if "." in package.partition("/")[0] else ""
    root = go_module(caches, module, modules[module])
    below = package[len(module) :].strip("/")
    if root is None or not (root / below).is_dir():
        return None, module
    return root / below, f"{module}@{modules[module]}/{below}".rstrip("/")


def _longest(package: str, modules: dict[str, str] | set[str]) -> str | None:
    """The module that has a package: the longest path that is a prefix of it."""
    here = package
    while here:
        if here in modules:
            return here
        here = here.rpartition("/")[0]
    return None


def _own_modules(project: Path) -> set[str]:
    found: set[str] = set()
    for _, path in sources(project, "go.mod"):
        try:
            match = _MODULE.search(read(path).decode("utf-8", "replace"))
        except InputError:
            continue
        if match:
            found.add(match[1])
    return found
