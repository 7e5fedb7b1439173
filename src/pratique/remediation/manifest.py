"""A manifest as strategies change it."""

from __future__ import annotations

import msgspec

from pratique.model.ecosystems import normalise_name
from pratique.remediation.advice import Advisor
from pratique.remediation.analysis import Analysis, analyse
from pratique.remediation.models import Affection, Limits, Need, Patch, Update
from pratique.remediation.resolving import resolve
from pratique.remediation.universe import Universe


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a project needs, in the order it is written."""

    ecosystem: str
    needs: tuple[Need, ...]
    doubts: tuple[str, ...] = ()
    """What of it could not be taken: parents that are not there, files it names."""

    def key(self, need: Need) -> tuple[str, ...]:
        """What there is one requirement of."""
        name = normalise_name(self.ecosystem, need.name)
        return (name, need.alias, need.classifier, need.type)

    def relaxed(self, need: Need, requirement: str) -> Manifest:
        """With another requirement in place of one."""
        key = self.key(need)
        return msgspec.structs.replace(
            self,
            needs=tuple(
                msgspec.structs.replace(one, requirement=requirement)
                if self.key(one) == key
                else one
                for one in self.needs
            ),
        )

    def forced(self, name: str, version: str) -> Manifest:
        """With a version of a package wherever it is met (Maven's dependency management)."""
        needs = [
            msgspec.structs.replace(one, requirement=version) if one.name == name else one
            for one in self.needs
        ]
        if all(one.name != name for one in needs):
            needs.append(Need(name=name, requirement=version, managed=True))
        return msgspec.structs.replace(self, needs=tuple(needs))

    def patched(self, patch: Patch) -> Manifest:
        """With the updates of a patch; one of what is not there is managed from now on."""
        made = self
        for update in patch.updates:
            if update.before:
                needs = tuple(
                    msgspec.structs.replace(one, requirement=update.after)
                    if (one.name, one.requirement) == (update.name, update.before)
                    else one
                    for one in made.needs
                )
                made = msgspec.structs.replace(made, needs=needs)
            else:
                made = made.forced(update.name, update.after)
        return made


class State(msgspec.Struct, frozen=True, kw_only=True):
    """A manifest with its graph and what is known against that."""

    manifest: Manifest
    analysis: Analysis


class Bench(msgspec.Struct, frozen=True, kw_only=True):
    """What every strategy works with."""

    universe: Universe
    advisor: Advisor
    limits: Limits

    def state(self, manifest: Manifest) -> State:
        """Resolve a manifest and look up the result.

        Raises:
            ResolutionError: It has no solution.
        """
        graph = resolve(manifest.needs, self.universe)
        analysis = analyse(graph, self.universe.ecosystem, self.advisor, self.limits)
        return State(manifest=manifest, analysis=analysis)

    def affects(self, identifier: str, name: str, version: str) -> bool:
        """Whether a vulnerability affects a version."""
        return identifier in self.advisor.of(self.universe.ecosystem, name, version).ids

    def added(self, name: str, before: str, after: str) -> frozenset[str]:
        """What is known against a version and not against the one it would replace."""
        ecosystem = self.universe.ecosystem
        old = self.advisor.of(ecosystem, name, before).ids
        return self.advisor.of(ecosystem, name, after).ids - old


def difference(before: State, after: State) -> Patch:
    """What leads from one state to another, and what that does."""
    old, new = before.analysis, after.analysis
    return Patch(
        updates=_updates(before.manifest, after.manifest),
        fixed=_affections(old, set(old.affected) - set(new.affected)),
        introduced=_affections(new, set(new.affected) - set(old.affected)),
    )


def _affections(analysis: Analysis, ids: set[str]) -> tuple[Affection, ...]:
    return tuple(analysis.affection(one) for one in sorted(ids))


def _updates(before: Manifest, after: Manifest) -> tuple[Update, ...]:
    old = {before.key(need): need for need in before.needs}
    direct = {need.name for need in before.needs if not need.managed}
    found = set()
    for need in after.needs:
        was = old.get(before.key(need))
        if was is None:
            found.add(Update(need.name, "", need.requirement, transitive=True))
        elif was.requirement != need.requirement:
            found.add(
                Update(
                    need.name,
                    was.requirement,
                    need.requirement,
                    transitive=need.name not in direct,
                )
            )
    return tuple(sorted(found))
