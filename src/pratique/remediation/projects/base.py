"""What every kind of project offers."""

from __future__ import annotations

import posixpath
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from pratique.formats.edit.base import Change
from pratique.model.ecosystems import normalise_name
from pratique.model.errors import InputError
from pratique.remediation.dialects import dialect
from pratique.remediation.errors import AttemptError
from pratique.remediation.models import Strategy
from pratique.remediation.workspace import below

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from pratique.formats.edit.base import Entry
    from pratique.remediation.workspace import Workspace


SCRATCH = ".pratique-proof"
"""Folder of the copy for what resolvers write only to show that they can."""


class Target(NamedTuple):
    """One package of one document, and where it is to go."""

    ecosystem: str
    name: str
    before: str
    after: str
    """Empty for the newest that the resolver takes."""


class Manifests(NamedTuple):
    """The manifests of one project, and how their kind is read and written."""

    work: Workspace
    paths: tuple[str, ...]
    entries: Callable[[str], list[Entry]]
    edit: Callable[[str, list[Change]], str]

    def holds(self, target: Target) -> bool:
        """Whether a requirement of one of them leaves a target out."""
        spoken = dialect(target.ecosystem)
        return spoken is not None and any(
            not spoken.matches(entry.requirement, target.after)
            for path in self.paths
            for entry in self._of(path, target)
        )

    def _of(self, path: str, target: Target) -> list[Entry]:
        name = normalise_name(target.ecosystem, target.name)
        try:
            entries = self.entries(self.work.read(path))
        except InputError as error:
            raise AttemptError(f"{path}: {error.message}") from None
        return [one for one in entries if normalise_name(target.ecosystem, one.name) == name]

    def move(self, targets: Sequence[Target]) -> bool:
        """Move requirements so that they take targets, and nothing older.

        Raises:
            AttemptError: A target is required by none of them, or cannot be written.
        """
        for target in targets:
            if not target.after:
                raise AttemptError("without a known version no requirement can be written")
            written = False
            for path in self.paths:
                entries = self._of(path, target)
                changes = _changes(entries, target)
                try:
                    if changes:
                        self.work.write(path, self.edit(self.work.read(path), changes))
                except InputError as error:
                    raise AttemptError(f"{path}: {error.message}") from None
                written = written or bool(entries)
            if not written:
                raise AttemptError(f"{target.name} is no direct requirement")
        return True


def _changes(entries: Sequence[Entry], target: Target) -> list[Change]:
    spoken = dialect(target.ecosystem)
    found: dict[tuple[str, str], Change] = {}
    for entry in entries if spoken else ():
        assert spoken is not None
        found[entry.name, entry.requirement] = Change(
            name=entry.name,
            before=entry.requirement,
            after=spoken.pinned(entry.requirement, target.after),
        )
    return [one for one in found.values() if one.before != one.after]


class Project(ABC):
    """A manifest, with its lockfile where it has one, and the resolver of both.

    Args:
        document: Path in the workspace.
        work: Where it is.
    """

    tool: ClassVar[str]
    """The resolver's program; empty where none is driven."""

    strategies: ClassVar[tuple[Strategy, ...]] = (
        Strategy.IN_PLACE,
        Strategy.RELAX,
        Strategy.OVERRIDE,
    )
    """Ways to make an upgrade, least intrusive first."""

    lags: ClassVar[bool] = False
    """Whether the document stays behind its manifest until another tool is run."""

    manifests: Manifests | None = None
    """Where its requirements stand, if they decide what is locked."""

    def __init__(self, document: str, work: Workspace) -> None:
        self.document = document
        """What is checked again afterwards."""

        self.folder = posixpath.dirname(document)
        self._work = work

    @abstractmethod
    def files(self) -> list[str]:
        """Files that a change may touch."""

    @abstractmethod
    def edit(self, strategy: Strategy, targets: Sequence[Target]) -> bool:
        """Write what a strategy writes by itself.

        Returns:
            Whether that alone, without the resolver, changes what the document says.

        Raises:
            AttemptError: The strategy has no way to make the upgrade here.
        """

    @abstractmethod
    def resolve(self, strategy: Strategy, targets: Sequence[Target]) -> str:
        """Let the resolver make the rest.

        Returns:
            Path of the document that it wrote or proved.

        Raises:
            AttemptError: It does not, or there is none.
        """

    def published(self, target: Target) -> datetime | None:  # noqa: ARG002  (most do not tell)
        """When the target was published, as lockfile or registry say; ``None`` if unknown."""
        return None


class LockedProject(Project):
    """A project of one or several manifests that a lockfile may resolve.

    Args:
        document: The lockfile, or the manifest that nothing locks.
        work: Where it is.
        manifest: Name of the manifests.
        format: Module that reads and writes them.
    """

    manifests: Manifests

    def __init__(self, document: str, work: Workspace, *, manifest: str, format: Any) -> None:
        super().__init__(document, work)
        self._locked = posixpath.basename(document) != manifest
        self._top = below(self.folder, manifest)
        found = self._members() if self._locked else [document]
        self.manifests = Manifests(work, tuple(found), format.entries, format.edit)

    @abstractmethod
    def _members(self) -> list[str]:
        """Manifests of the project and of the others in its workspace, by the lockfile."""

    def files(self) -> list[str]:
        """Manifests of the workspace, and the lockfile."""
        return [*self.manifests.paths, *([self.document] if self._locked else [])]


def moment(text: object) -> datetime | None:
    """A time stamp of a registry."""
    from datetime import UTC
    from datetime import datetime as clock

    if not isinstance(text, str):
        return None
    try:
        found = clock.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
