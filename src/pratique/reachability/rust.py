"""Rust: which crates are named from the project down, and which functions are.

Conditional compilation is ignored: code for another target counts as well.
"""

from __future__ import annotations

import re
import tomllib
from collections import deque
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.model.errors import InputError
from pratique.model.inventory import Location, Problem, Trouble
from pratique.reachability import tokens
from pratique.reachability.models import Site
from pratique.reachability.places import crate
from pratique.reachability.reading import LEFT_OUT, read, sources

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pratique.model.inventory import Component, Inventory

NOT_RUN = ("tests/", "benches/", "examples/")
"""Folders at the top of a dependency whose code no dependent runs (The Cargo Book,
"Package Layout")."""

VENDOR = "vendor"
"""Folder that ``cargo vendor`` writes."""


class File(msgspec.Struct, frozen=True):
    """A source file, ready to be searched."""

    shown: str
    source: str


class Walked(msgspec.Struct, kw_only=True):
    """What is reached."""

    first: dict[str, tuple[Site, ...]] = msgspec.field(default_factory=dict)
    """Component reference to the places that lead to it."""

    files: dict[str, list[File]] = msgspec.field(default_factory=dict)
    """Sources by component reference; the project's own under the empty one."""

    absent: set[str] = msgspec.field(default_factory=set)
    """References of crates that are reached and whose sources are not here."""

    problems: list[Problem] = msgspec.field(default_factory=list)
    generated: dict[str, Site] = msgspec.field(default_factory=dict)
    """References of crates that nothing names, to where a macro may write their name
    into code that needs them."""


def walk(project: Path, inventory: Inventory, caches: tuple[Path, ...]) -> Walked:
    """Follow the crates' names along the lock's edges.

    Args:
        project: Folder with the project's code; its tests count as well.
        inventory: With the crates and who needs whom.
        caches: Folders with unpacked crates.

    Raises:
        InputError: The project has too many sources.
    """
    done = Walked()
    crates = {one.ref: one for one in inventory.components if one.package.type == "cargo"}
    members = _members(project)
    own = {ref for ref, one in crates.items() if one.package.name in members}
    folders = (project / VENDOR, *caches)
    done.files[""] = _files(project, "", LEFT_OUT | {VENDOR}, done)
    below = {target for ref in own for target in inventory.edges.get(ref, ())}
    starts = {*inventory.roots, *below, *own} & set(crates)
    renamed = _renamed(project)
    queue: deque[str] = deque()
    for ref in sorted(starts):
        _enter(ref, "", crates, folders, renamed, done, queue)
    while queue:
        ref = queue.popleft()
        if ref in own:
            continue
        folder = crate(folders, crates[ref].package.name, crates[ref].package.version)
        if folder is None:
            done.absent.add(ref)
            continue
        package = crates[ref].package
        prefix = f"{package.name}@{package.version}/"
        done.files[ref] = [
            file
            for file in _files(folder, prefix, LEFT_OUT, done)
            if not file.shown.removeprefix(prefix).startswith(NOT_RUN)
        ]
        names = _renamed(folder)
        for target in inventory.edges.get(ref, ()):
            if target in crates and target not in done.first:
                _enter(target, ref, crates, folders, names, done, queue)
    for ref in sorted(crates.keys() - done.first.keys() - own):
        folder = crate(folders, crates[ref].package.name, crates[ref].package.version)
        site = _generated(_library(folder, crates[ref].package.name).replace("-", "_"), done)
        if site is not None:
            done.generated[ref] = site
    return done


def _generated(word: str, done: Walked) -> Site | None:
    """Where a path from the root of all crates begins with a name, as macros write it."""
    text = f"::{word}::"
    for files in done.files.values():
        for file in files:
            place = file.source.find(text)
            if place >= 0 and not file.source[place - 1 : place].isalnum():
                return Site(Location(file.shown, file.source.count("\n", 0, place) + 1), text)
    return None


def _enter(
    ref: str,
    by: str,
    crates: dict[str, Component],
    folders: tuple[Path, ...],
    renamed: dict[str, set[str]],
    done: Walked,
    queue: deque[str],
) -> None:
    package = crates[ref].package
    folder = crate(folders, package.name, package.version)
    # Crates of one workspace may each give it a name of their own, or none.
    names = {_library(folder, package.name), *renamed.get(package.name, ())}
    for word in sorted(name.replace("-", "_") for name in names):
        for file in done.files.get(by, ()):
            if (line := _word(file.source, word)) is not None:
                site = Site(Location(file.shown, line), word)
                done.first[ref] = (*done.first.get(by, ()), site)
                queue.append(ref)
                return


def referenced(walked: Walked, users: Sequence[str], functions: Sequence[str]) -> list[Site]:
    """Where functions are named in the sources of those that need the crate.

    ``alpha::Reader::next`` is found as ``Reader::next`` (or under the type's
    local name) and as ``.next``; a method of the same name elsewhere counts
    too.  ``alpha::clean`` is found as the word ``clean`` anywhere.

    Args:
        walked: What is reached.
        users: References of the crates to search; the empty one is the project.
        functions: Full paths, as the advisory has them.
    """
    wanted: dict[str, set[str]] = {}
    for path in functions:
        parts = path.split("::")
        owner = parts[-2] if len(parts) > 1 and parts[-2][:1].isupper() else ""
        wanted.setdefault(parts[-1], set()).add(owner)
    quick = re.compile("|".join(map(re.escape, sorted(wanted))) or r"(?!)")
    return [
        site
        for user in users
        for file in walked.files.get(user, ())
        if quick.search(file.source)
        for site in _named(file, wanted)
    ]


def _named(file: File, wanted: dict[str, set[str]]) -> list[Site]:
    lines = tokens.Lines(file.source)
    row = list(tokens.rust(file.source))
    locals_ = _aliases(row)
    sites: list[Site] = []
    for number, token in enumerate(row):
        owners = wanted.get(token.text)
        if owners is None or not token.word:
            continue
        before = row[number - 1].text if number else ""
        label = row[number - 2].text if number > 1 else ""
        if before == "fn":
            continue  # a definition
        owner = locals_.get(label, label)
        if "" in owners or before == "." or (before == "::" and (owner in owners or owner == ">")):
            text = f"{label}{before}{token.text}" if before in {".", "::"} else token.text
            sites.append(Site(Location(file.shown, lines.at(token.offset)), text))
    return sites


def _aliases(row: Sequence[tokens.Token]) -> dict[str, str]:
    """Local name to the type's own: ``Reader as Input``, ``type Input = alpha::Reader``."""
    found: dict[str, str] = {}
    for number, token in enumerate(row[1:-1], 1):
        if token.text == "as":
            found[row[number + 1].text] = row[number - 1].text
        elif token.text == "type":
            name = row[number + 1].text
            last = ""
            for one in row[number + 2 : number + 64]:
                if one.text == ";":
                    break
                last = one.text if one.word else last
            found[name] = last
    return found


def _word(source: str, name: str) -> int | None:
    """Line of a word outside comments and texts, or ``None``."""
    if name not in source:
        return None
    for token in tokens.rust(source):
        if token.word and token.text == name:
            return tokens.Lines(source).at(token.offset)
    return None


def _files(root: Path, prefix: str, leave_out: frozenset[str], done: Walked) -> list[File]:
    found: list[File] = []
    for shown, path in sources(root, ".rs", leave_out, done.problems):
        try:
            found.append(File(prefix + shown, read(path).decode("utf-8", "replace")))
        except InputError as error:
            place = Location(prefix + shown)
            done.problems.append(Problem(place, Trouble.UNREADABLE, error.message))
    return found


def _library(folder: Path | None, name: str) -> str:
    """What a crate's library is called in code (The Cargo Book, "Library": ``[lib] name``)."""
    library = _manifest(folder).get("lib") if folder else None
    stated = library.get("name") if isinstance(library, dict) else None
    return stated if isinstance(stated, str) else name


def _renamed(folder: Path) -> dict[str, set[str]]:
    """Package to the names that manifests give it (``package = "…"`` of a dependency)."""
    found: dict[str, set[str]] = {}
    for _, path in sources(folder, "Cargo.toml"):
        value = _manifest(path.parent)
        targets = value.get("target")
        tables = [value, *(targets.values() if isinstance(targets, dict) else ())]
        workspace = value.get("workspace")
        tables += [workspace] if isinstance(workspace, dict) else []
        for table in tables:
            for kind in ("dependencies", "dev-dependencies", "build-dependencies"):
                rows = table.get(kind) if isinstance(table, dict) else None
                for key, row in rows.items() if isinstance(rows, dict) else ():
                    if isinstance(row, dict) and isinstance(row.get("package"), str):
                        found.setdefault(row["package"], set()).add(key)
    return found


def _members(project: Path) -> set[str]:
    """Names of the project's own crates."""
    found: set[str] = set()
    for _, path in sources(project, "Cargo.toml", LEFT_OUT | {VENDOR}):
        package = _manifest(path.parent).get("package")
        name = package.get("name") if isinstance(package, dict) else None
        if isinstance(name, str):
            found.add(name)
    return found


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(read(folder / "Cargo.toml").decode("utf-8", "replace"))
    except (InputError, tomllib.TOMLDecodeError, RecursionError):
        return {}
