"""The words of remediation: how far a version moves, needs, updates, patches."""

from __future__ import annotations

from enum import IntEnum, StrEnum

import msgspec


class Step(IntEnum):
    """How far apart two versions are, by the first of their numbers that differs."""

    SAME = 0
    PRERELEASE = 1
    """The numbers are equal, what follows them is not."""

    PATCH = 2
    MINOR = 3
    MAJOR = 4


class Strategy(StrEnum):
    """Where a plan makes its changes."""

    IN_PLACE = "in-place"
    """In the lockfile alone, within what every dependent asks for."""

    RELAX = "relax"
    """In the requirements of the manifest, so that the resolver comes to fixed versions."""

    OVERRIDE = "override"
    """By forcing the versions of packages, direct or not."""

    UPDATE = "update"
    """To the newest versions, whatever is known against the old ones."""


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """One requirement of one version of a package, or of a manifest."""

    name: str
    """As the ecosystem writes it: ``@scope/name``, ``group:artifact``."""

    requirement: str = ""
    """The constraint as written; empty for any version."""

    development: bool = False
    """Only for those who develop or test the package itself."""

    optional: bool = False
    scope: str = ""
    """Maven's scope, empty for ``compile``."""

    alias: str = ""
    """Name under which npm installs it, where that is another one."""

    classifier: str = ""
    type: str = ""
    """Maven's artifact type, empty for ``jar``."""

    exclusions: frozenset[str] = frozenset()
    """``group:artifact`` patterns left out below it."""

    managed: bool = False
    """Maven's dependency management: a version for whoever needs it, no need in itself."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan may do and look at."""

    development: bool = True
    """Whether to fix what only development or tests need."""

    depth: int = -1
    """Longest path from the manifest at which a package is fixed; -1 for any."""

    steps: dict[str, Step] = {}
    """Farthest step of single packages; ``SAME`` for those that must stay."""

    step: Step = Step.MAJOR
    """Farthest step of the others."""

    introduce: bool = True
    """Whether a patch may bring in advisories that were not there."""

    manage: bool = True
    """Whether Maven overrides may add to dependency management."""

    only: frozenset[str] | None = None
    """Ids to fix; ``None`` for all.  What comes in counts whatever its id."""

    def wants(self, identifier: str) -> bool:
        """Whether a vulnerability is to be fixed."""
        return self.only is None or identifier in self.only

    def allows(self, name: str, step: Step) -> bool:
        """Whether a package may move this far."""
        return step <= self.steps.get(name, self.step)

    def fixed_in_place(self, name: str) -> bool:
        """Whether a package must stay as it is."""
        return self.steps.get(name, self.step) is Step.SAME


class Place(msgspec.Struct, frozen=True, order=True):
    """One version of a package."""

    name: str
    version: str


class Update(msgspec.Struct, frozen=True, order=True):
    """One change of one requirement or version."""

    name: str
    before: str
    """Requirement or version before; empty where an override is added."""

    after: str
    transitive: bool = False


class Affection(msgspec.Struct, frozen=True, order=True):
    """A vulnerability, and the package versions of a graph that it affects."""

    id: str
    places: tuple[Place, ...]


class Patch(msgspec.Struct, frozen=True, kw_only=True):
    """Changes that belong together, and what they do."""

    updates: tuple[Update, ...] = ()
    fixed: tuple[Affection, ...] = ()
    introduced: tuple[Affection, ...] = ()


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a strategy makes of one manifest or lockfile."""

    ecosystem: str
    strategy: Strategy
    vulnerabilities: tuple[Affection, ...] = ()
    unfixable: frozenset[str] = frozenset()
    """Ids that no patch fixes."""

    possible: tuple[Patch, ...] = ()
    """Every patch that was found, best first."""

    chosen: tuple[Patch, ...] = ()
    """Patches that can be applied together."""
