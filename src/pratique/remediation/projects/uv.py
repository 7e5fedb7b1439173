"""uv projects: ``pyproject.toml`` and ``uv.lock`` (uv documentation, *Locking and syncing*)."""

from __future__ import annotations

import posixpath
import tomllib
from typing import TYPE_CHECKING, Any, ClassVar

from pratique.formats.edit import pyproject
from pratique.model.ecosystems import normalise_name
from pratique.model.errors import InputError
from pratique.remediation.errors import AttemptError
from pratique.remediation.models import Strategy
from pratique.remediation.projects.base import LockedProject, Target, moment
from pratique.remediation.projects.compiling import compiled_for_proof, upgraded
from pratique.remediation.workspace import below

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pratique.remediation.workspace import Workspace


class Uv(LockedProject):
    """A project locked by uv, or a ``pyproject.toml`` that nothing locks."""

    tool: ClassVar[str] = "uv"

    def __init__(self, document: str, work: Workspace) -> None:
        super().__init__(document, work, manifest="pyproject.toml", format=pyproject)

    def _members(self) -> list[str]:
        """Manifests of the packages that the lockfile has by a path below it."""
        found = {self._top}
        for package in self._packages():
            source = package.get("source")
            for kind in ("editable", "virtual", "directory"):
                where = source.get(kind) if isinstance(source, dict) else None
                if isinstance(where, str) and not where.startswith(("/", "..")):
                    found.add(posixpath.normpath(below(self.folder, f"{where}/pyproject.toml")))
        return sorted(one for one in found if self._work.exists(one))

    def _packages(self) -> list[dict[str, Any]]:
        try:
            packages = tomllib.loads(self._work.read(self.document)).get("package", [])
        except (tomllib.TOMLDecodeError, AttemptError):
            return []
        return [one for one in packages if isinstance(one, dict)]

    def edit(self, strategy: Strategy, targets: Sequence[Target]) -> bool:
        """Requirements, or entries of ``override-dependencies``."""
        if strategy is Strategy.RELAX:
            return self.manifests.move(targets) and not self._locked
        if strategy is Strategy.OVERRIDE:
            text = self._work.read(self._top)
            try:
                for target in targets:
                    if not target.after:
                        raise AttemptError("without a known version nothing can be forced")
                    specifier = f"{target.name}>={target.after}"
                    text = pyproject.constrain(text, "override", specifier)
            except InputError as error:
                raise AttemptError(f"{self._top}: {error.message}") from None
            self._work.write(self._top, text)
            return False
        if not self._locked:
            raise AttemptError("there is no lockfile to change in place")
        return False

    def resolve(self, strategy: Strategy, targets: Sequence[Target]) -> str:  # noqa: ARG002
        """``uv lock -P name==version``, without building anything."""
        if not self._locked:
            return compiled_for_proof(self._work, self.folder, "pyproject.toml", "--all-extras")
        self._work.run(self.folder, "uv", "lock", "--no-build", *upgraded(targets))
        return self.document

    def published(self, target: Target) -> datetime | None:
        """The time of upload that the lockfile records of a version once it is locked."""
        if not self._locked:
            return None
        times = [
            found
            for package in self._packages()
            if normalise_name("PyPI", str(package.get("name"))) == target.name
            and package.get("version") == target.after
            for file in [*package.get("wheels", []), package.get("sdist", {})]
            if (found := moment(file.get("upload-time")))
        ]
        return max(times, default=None)
