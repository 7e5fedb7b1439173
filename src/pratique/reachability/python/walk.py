"""From the project's own modules to everything they import, breadth first."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import msgspec

from pratique.model.errors import InputError
from pratique.model.inventory import Location, Problem, Trouble
from pratique.reachability.models import Site
from pratique.reachability.python.environment import BINARY
from pratique.reachability.python.imports import Imports, imports
from pratique.reachability.reading import read, sources

if TYPE_CHECKING:
    from pathlib import Path

    from pratique.reachability.python.environment import Environment

MAX_MODULES = 100_000
"""Most modules walked; the largest environments seen have a third of that."""


class Walked(msgspec.Struct, kw_only=True):
    """What is reached."""

    first: dict[str, tuple[Site, ...]] = msgspec.field(default_factory=dict)
    """Distribution to the imports that lead to it, from the project's code down."""

    asked: dict[str, Site] = msgspec.field(default_factory=dict)
    """First part of each module's name that the project itself asks for, and where."""

    hidden: list[Site] = msgspec.field(default_factory=list)
    """Places in the project's own code that load code whose name is computed."""

    hidden_below: dict[str, int] = msgspec.field(default_factory=dict)
    """The number of such places in reached modules, by distribution."""

    binary: set[str] = msgspec.field(default_factory=set)
    """Distributions of which a compiled module is reached."""

    files: int = 0
    problems: list[Problem] = msgspec.field(default_factory=list)


def walk(project: Path, environment: Environment | None) -> Walked:
    """Follow the imports.

    Args:
        project: Folder with the project's code; all of its modules count as run.
        environment: What is installed; without it, only the project's own
            imports are known.

    Raises:
        InputError: The project has too many sources.
    """
    done = Walked()
    seen: set[Path] = set()
    queue: deque[tuple[Path, tuple[Site, ...]]] = deque()
    for name, path in sources(project, ".py"):
        found = _read(path, name, _package(project, path), done)
        for one in found.named:
            site = Site(Location(name, one.line), f"import {one.module}")
            done.asked.setdefault(one.module.partition(".")[0], site)
            _enter(one.module, (site,), environment, seen, queue)
        done.hidden += [Site(Location(name, line), f"{call}(…)") for line, call in found.hidden]
    if environment is not None:
        _below(environment, seen, queue, done)
    return done


def _below(
    environment: Environment,
    seen: set[Path],
    queue: deque[tuple[Path, tuple[Site, ...]]],
    done: Walked,
) -> None:
    while queue:
        path, chain = queue.popleft()
        owner = environment.owner(path)
        if owner:
            done.first.setdefault(owner, chain)
        if path.name.endswith(BINARY):
            done.binary.add(owner)
            continue
        shown = environment.shown(path)
        found = _read(path, shown, environment.package_of(path), done)
        if found.hidden:
            done.hidden_below[owner] = done.hidden_below.get(owner, 0) + len(found.hidden)
        for one in found.named:
            site = Site(Location(shown, one.line), f"import {one.module}")
            _enter(one.module, (*chain, site), environment, seen, queue)
        if done.files > MAX_MODULES:
            place = Location(shown)
            done.problems.append(
                Problem(place, Trouble.UNKNOWN, f"more than {MAX_MODULES:,} modules are reached")
            )
            return


def _enter(
    module: str,
    chain: tuple[Site, ...],
    environment: Environment | None,
    seen: set[Path],
    queue: deque[tuple[Path, tuple[Site, ...]]],
) -> None:
    if environment is None:
        return
    for path in environment.find(module):
        if path not in seen:
            seen.add(path)
            queue.append((path, _kept(chain, environment, path)))


def _kept(chain: tuple[Site, ...], environment: Environment, path: Path) -> tuple[Site, ...]:
    """A chain without steps inside one package: what crosses packages tells the story."""
    if len(chain) < 2:
        return chain
    inside = f"{environment.shown(path).partition('/')[0]}/"
    if chain[-1].location.path.startswith(inside):
        return chain[:-1]
    return chain


def _read(path: Path, shown: str, package: str, done: Walked) -> Imports:
    done.files += 1
    try:
        return imports(read(path), package)
    except InputError as error:
        done.problems.append(Problem(Location(shown), Trouble.UNREADABLE, error.message))
        return Imports()


def _package(project: Path, path: Path) -> str:
    """Dotted name of a project file's package: folders upward that have an ``__init__.py``."""
    parts: list[str] = []
    folder = path.parent
    while folder != project.parent and (folder / "__init__.py").is_file():
        parts.append(folder.name)
        folder = folder.parent
    return ".".join(reversed(parts))
