"""npm projects: ``package.json`` and ``package-lock.json``."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, ClassVar

from pratique.formats.edit import package_json, package_lock
from pratique.formats.text import parse_json
from pratique.model.errors import InputError
from pratique.remediation.errors import AttemptError
from pratique.remediation.models import Strategy
from pratique.remediation.projects.base import Manifests, Target, moment, same_folder
from pratique.remediation.workspace import below

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pratique.remediation.workspace import Workspace

_QUIET = ("--ignore-scripts", "--no-audit", "--no-fund", "--package-lock-only")


class Npm:
    """A project of npm, locked or not."""

    tool: ClassVar[str] = "npm"
    lags: ClassVar[bool] = False
    strategies: ClassVar[tuple[Strategy, ...]] = (
        Strategy.IN_PLACE,
        Strategy.RELAX,
        Strategy.OVERRIDE,
    )

    def __init__(self, document: str, work: Workspace) -> None:
        self.document = document
        self.folder = same_folder(document)
        self._work = work
        self._locked = posixpath.basename(document) != "package.json"
        self._top = below(self.folder, "package.json")
        found = work.named(self.folder, "package.json") if self._locked else [document]
        self.manifests = Manifests(work, tuple(found), package_json.entries, package_json.edit)

    def files(self) -> list[str]:
        """Manifests of the workspace, and the lockfile."""
        return [*self.manifests.paths, *([self.document] if self._locked else [])]

    def edit(self, strategy: Strategy, targets: Sequence[Target]) -> bool:
        """Requirements, or ``overrides`` of the top manifest."""
        if strategy is Strategy.RELAX:
            return self.manifests.move(targets) and not self._locked
        if strategy is Strategy.OVERRIDE:
            text = self._work.read(self._top)
            try:
                self._work.write(self._top, package_json.override(text, self._forced(targets)))
            except InputError as error:
                raise AttemptError(f"{self._top}: {error.message}") from None
            return False
        if not self._locked:
            raise AttemptError("there is no lockfile to change in place")
        return False

    def _forced(self, targets: Sequence[Target]) -> dict[str, str]:
        """Entries of ``overrides``: of one series only where others are there too."""
        found = {}
        for one in targets:
            if not one.after:
                raise AttemptError("without a known version nothing can be forced")
            major = one.before.partition(".")[0]
            several = len(self._versions(one.name)) > 1
            found[f"{one.name}@{major}" if several else one.name] = f"^{one.after}"
        return found

    def _versions(self, name: str) -> set[str]:
        if not self._locked:
            return set()
        try:
            packages = parse_json(self._work.read(self.document)).get("packages", {})
            return {
                str(one.get("version"))
                for where, one in packages.items()
                if where.rpartition("node_modules/")[2] == name
            }
        except (InputError, AttributeError):
            return set()

    def resolve(self, strategy: Strategy, targets: Sequence[Target]) -> str:
        """``npm update`` within what is asked for, else ``npm install``; lockfile only."""
        if not self._locked:
            self._work.run(self.folder, "npm", "install", *_QUIET)
            return below(self.folder, "package-lock.json")
        if strategy is Strategy.IN_PLACE:
            names = sorted({one.name for one in targets})
            self._work.run(self.folder, "npm", "update", *names, *_QUIET)
            return self.document
        if strategy is Strategy.OVERRIDE:
            self._forget(targets)
        self._work.run(self.folder, "npm", "install", *_QUIET)
        return self.document

    def _forget(self, targets: Sequence[Target]) -> None:
        """Take what is forced out of the lockfile: npm keeps what is locked otherwise."""
        text = self._work.read(self.document)
        try:
            for one in targets:
                where = package_lock.locations(text, one.name, one.before)
                text = package_lock.without(text, where)
        except InputError:
            return
        self._work.write(self.document, text)

    def published(self, target: Target) -> datetime | None:
        """What ``npm view`` says."""
        try:
            said = self._work.run(self.folder, "npm", "view", target.name, "time", "--json")
            times = parse_json(said)
        except InputError:
            return None
        except AttemptError:
            return None
        return moment(times.get(target.after)) if isinstance(times, dict) else None
