"""From the project's own modules to everything they import, breadth first."""

from __future__ import annotations

import os
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pratique.model.errors import InputError
from pratique.model.inventory import Location, Problem, Trouble
from pratique.reachability.models import Site
from pratique.reachability.python.environment import BINARY
from pratique.reachability.python.imports import Imports, imports
from pratique.reachability.python.project import SETUP, mentions, project_imports
from pratique.reachability.reading import read

if TYPE_CHECKING:
    from pratique.reachability.python.environment import Environment

MAX_MODULES = 100_000
"""Most modules walked; the largest environments seen have a third of that."""


class Walked(msgspec.Struct, kw_only=True):
    """What is reached."""

    first: dict[str, tuple[Site, ...]] = msgspec.field(default_factory=dict)
    """Distribution to the imports that lead to it, from the project's code down."""

    possible: dict[str, str] = msgspec.field(default_factory=dict)
    """Distribution to what may load it, where no import statement does."""

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
    elsewhere: list[str] = msgspec.field(default_factory=list)
    """Folders on the import path that are neither the project's nor here."""


def walk(project: Path, environment: Environment | None) -> Walked:
    """Follow the imports, then whatever may be loaded by its name.

    Args:
        project: Folder with the project's code; all of its modules count as run.
        environment: What is installed; without it, only the project's own
            imports are known.

    Raises:
        InputError: The project has too many sources.
    """
    done = Walked()
    one = _Walk(environment, done)
    for name, found in project_imports(project, done):
        for each in found.named:
            site = Site(Location(name, each.line), f"import {each.module}")
            done.asked.setdefault(each.module.partition(".")[0], site)
            one.enter(each.module, (site,))
        if Path(name).name != SETUP:
            one.mention(name, found)
        done.hidden += [Site(Location(name, line), f"{call}(…)") for line, call in found.hidden]
    if environment is not None:
        # realpath, for links that lead in a circle are no error to it.
        real = os.path.realpath(project)
        done.elsewhere = [
            text
            for path, text in environment.elsewhere
            if path is None or not Path(os.path.realpath(path)).is_relative_to(real)
        ]
        one.follow()
        one.suppose(mentions(project, environment))
    return done


class _Walk:
    """One walk through an environment."""

    def __init__(self, environment: Environment | None, done: Walked) -> None:
        self._environment = environment
        self._done = done
        self._seen: set[Path] = set()
        self._queue: deque[tuple[Path, tuple[Site, ...]]] = deque()
        self._texts: deque[tuple[str, str]] = deque()
        """Names that may be loaded, with why."""

        self._known: set[str] = set()

    def enter(self, module: str, chain: tuple[Site, ...]) -> None:
        """Follow an import."""
        if self._environment is None:
            return
        if module.endswith(".*"):
            self._text(module, str(chain[-1]) if chain else module)
            module = module[:-2]
        for path in self._environment.find(module):
            if path not in self._seen:
                self._seen.add(path)
                self._queue.append((path, _kept(chain, self._environment, path)))

    def mention(self, shown: str, found: Imports) -> None:
        """Keep the texts of a module that may name others."""
        for one in found.texts:
            self._text(one.module.partition(":")[0], f"{shown}:{one.line} names {one.module}")

    def _text(self, module: str, why: str) -> None:
        environment = self._environment
        if environment is None or module in self._known:
            return
        if module.partition(".")[0] in environment.tops:
            self._known.add(module)
            self._texts.append((module, why))

    def follow(self, why: str = "") -> None:
        """Read what was entered, and all that it imports.

        Args:
            why: What is reached may be loaded because of this; empty where
                import statements lead to it.
        """
        environment, done = self._environment, self._done
        while environment is not None and self._queue:
            path, chain = self._queue.popleft()
            owners = environment.owners(path)
            for owner in owners:
                if not why:
                    done.first.setdefault(owner, chain)
                elif owner not in done.first:
                    done.possible.setdefault(owner, why)
            if path.name.endswith(BINARY):
                done.binary.update(owners)
                continue
            shown = environment.shown(path)
            found = _read(path, shown, environment.package_of(path), done)
            if found.hidden:
                for owner in owners:
                    done.hidden_below[owner] = done.hidden_below.get(owner, 0) + len(found.hidden)
            self.mention(shown, found)
            for one in found.named:
                site = Site(Location(shown, one.line), f"import {one.module}")
                self.enter(one.module, (*chain, site))
            if done.files > MAX_MODULES:
                text = f"more than {MAX_MODULES:,} modules are reached"
                done.problems.append(Problem(Location(shown), Trouble.UNKNOWN, text))
                return

    def suppose(self, mentioned: list[tuple[str, str]]) -> None:
        """Follow what nothing imports by a statement and something may load by its name.

        That is what texts of code and settings name, what packages offer as
        plugins, what starts with the interpreter, and what is needed by
        packages that load code out of sight.

        Args:
            mentioned: Modules and why, from the project's settings.
        """
        environment, done = self._environment, self._done
        if environment is None:
            return
        for module, why in [*environment.started, *mentioned]:
            self._text(module, why)
        for one in environment.distributions.values():
            if one.plugins:
                for module in one.offered:
                    self._text(module, f"{one.name} is a plugin ({one.plugins[0]})")
        asked: set[str] = set()
        while self._texts or asked != done.binary | done.hidden_below.keys():
            while self._texts:
                module, why = self._texts.popleft()
                self.enter(module, ())
                self.follow(why)
            for name in sorted((done.binary | done.hidden_below.keys()) - asked):
                asked.add(name)
                self._needed(name)

    def _needed(self, name: str) -> None:
        """What a package needs that loads code out of sight, near and far."""
        environment, done = self._environment, self._done
        queue = [name]
        seen = {name}
        while environment is not None and queue:
            one = environment.distributions.get(queue.pop())
            for need in one.requires if one else ():
                if need in seen or need not in environment.distributions:
                    continue
                seen.add(need)
                queue.append(need)
                if need not in done.first:
                    what = "compiled code" if name in done.binary else "code by computed names"
                    done.possible.setdefault(need, f"{name} needs it and has {what}")


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
