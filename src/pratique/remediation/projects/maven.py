"""Maven projects: ``pom.xml``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pratique.inventory.tree import FolderTree
from pratique.model.errors import InputError
from pratique.remediation.errors import AttemptError, UnprovenError
from pratique.remediation.models import Patch, Strategy, Update
from pratique.remediation.projects.base import SCRATCH, Project, Target
from pratique.remediation.projects.maven_tree import selected
from pratique.remediation.writing import write

if TYPE_CHECKING:
    from collections.abc import Sequence


class Maven(Project):
    """A POM with its parents in the tree.  A version in it decides, so editing is the change."""

    tool: ClassVar[str] = "mvn"
    strategies: ClassVar[tuple[Strategy, ...]] = (Strategy.OVERRIDE,)

    def files(self) -> list[str]:
        """All POMs of the workspace: a version may stand in a parent."""
        return self._work.named("", "pom.xml")

    def edit(self, strategy: Strategy, targets: Sequence[Target]) -> bool:
        """Versions, properties or dependency management."""
        if strategy is not Strategy.OVERRIDE:
            raise AttemptError("versions of a POM are forced, which is override")
        if any(not one.after for one in targets):
            raise AttemptError("without a known version nothing can be forced")
        updates = tuple(Update(one.name, one.before, one.after) for one in targets)
        try:
            changed = write(self.document, FolderTree(self._work.root), [Patch(updates=updates)])
        except InputError as error:
            raise AttemptError(f"{self.document}: {error.message}") from None
        for path, data in changed.items():
            self._work.write(path, data.decode())
        return True

    def resolve(self, strategy: Strategy, targets: Sequence[Target]) -> str:  # noqa: ARG002
        """Ask Maven what it selects now, without running what the POM names."""
        found = selected(self._work, self.document, SCRATCH)
        for target in targets:
            versions = found.get(target.name, set())
            if not versions:
                raise UnprovenError(f"nothing that Maven selects is {target.name}")
            if versions != {target.after}:
                others = ", ".join(sorted(versions - {target.after}))
                raise AttemptError(f"Maven still selects {target.name} {others}")
        return self.document
