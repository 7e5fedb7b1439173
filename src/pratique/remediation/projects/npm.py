"""npm projects: ``package.json`` and ``package-lock.json``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pratique.formats.edit import package_json, package_lock
from pratique.formats.text import parse_json
from pratique.model.errors import InputError
from pratique.remediation.errors import AttemptError
from pratique.remediation.models import Strategy
from pratique.remediation.projects.base import LockedProject, Target, moment
from pratique.remediation.workspace import below

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pratique.formats.edit.base import Entry
    from pratique.remediation.workspace import Workspace

_QUIET = ("--ignore-scripts", "--no-audit", "--no-fund", "--package-lock-only")


class Npm(LockedProject):
    """A project of npm, locked or not."""

    tool: ClassVar[str] = "npm"

    def __init__(self, document: str, work: Workspace) -> None:
        super().__init__(document, work, manifest="package.json", format=package_json)

    def edit(self, strategy: Strategy, targets: Sequence[Target]) -> bool:
        """Requirements, or ``overrides`` of the top manifest."""
        if strategy is Strategy.RELAX:
            return self.manifests.move(targets) and not self._locked
        if strategy is Strategy.OVERRIDE:
            forced = self._forced(targets)
            text = self._work.read(self._top)
            try:
                self._work.write(self._top, package_json.override(text, forced))
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
            if own := self._direct(one):
                # npm takes an override of what the project itself needs only if both say the same.
                found[one.name] = own
            else:
                found[f"{one.name}@{major}" if several else one.name] = f"^{one.after}"
        return found

    def _direct(self, target: Target) -> str:
        """The requirement of the project itself, moved to the target; empty where it has none."""
        top = self.manifests._replace(paths=(self._top,))
        if not any(one.name == target.name for one in self._entries()):
            return ""
        top.move([target])
        return next(one.requirement for one in self._entries() if one.name == target.name)

    def _entries(self) -> list[Entry]:
        try:
            return package_json.entries(self._work.read(self._top))
        except InputError as error:
            raise AttemptError(f"{self._top}: {error.message}") from None

    def _versions(self, name: str) -> set[str]:
        return {
            str(one.get("version"))
            for where, one in self._packages().items()
            if where.rpartition("node_modules/")[2] == name and isinstance(one, dict)
        }

    def _members(self) -> list[str]:
        """Manifests of the project and of its workspaces, which the lockfile lists by folder."""
        folders = [where for where in self._packages() if "node_modules/" not in where]
        inside = [where for where in folders if not where.startswith(("/", ".."))]
        found = {
            self._top,
            *(below(self.folder, f"{where}/package.json") for where in inside if where),
        }
        return sorted(one for one in found if self._work.exists(one))

    def _packages(self) -> dict[str, Any]:
        if not self._locked:
            return {}
        try:
            value = parse_json(self._work.read(self.document))
        except (InputError, AttemptError):
            return {}
        packages = value.get("packages") if isinstance(value, dict) else None
        return packages if isinstance(packages, dict) else {}

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
        except (InputError, AttemptError):
            return None
        return moment(times.get(target.after)) if isinstance(times, dict) else None
