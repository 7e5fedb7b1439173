"""Which patches are taken: those that hold when all of them are made together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import msgspec

from pratique.model.ecosystems import normalise_name
from pratique.remediation.analysis import Analysis, analyse
from pratique.remediation.errors import ResolutionError
from pratique.remediation.graph import Graph
from pratique.remediation.manifest import Bench, Manifest
from pratique.remediation.models import Affection, Patch, Place, Strategy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pratique.remediation.graph import Edge
    from pratique.remediation.models import Need


class Written(msgspec.Struct, frozen=True):
    """A manifest, and what resolving it leads to."""

    manifest: Manifest
    analysis: Analysis

    def after(self, patch: Patch, bench: Bench) -> Self:
        """With a patch, resolved anew.

        Raises:
            ResolutionError: It has no solution then.
        """
        state = bench.state(self.manifest.patched(patch))
        return type(self)(state.manifest, state.analysis)


class Locked(msgspec.Struct, frozen=True):
    """A lockfile's graph."""

    analysis: Analysis

    def after(self, patch: Patch, bench: Bench) -> Self:
        """With other versions in place of some.

        Raises:
            ResolutionError: What needs them, or what they need, does not agree.
        """
        moves = {Place(one.name, one.before): one.after for one in patch.updates}
        old = self.analysis.graph
        nodes = [Place(one.name, moves[one]) if one in moves else one for one in old.nodes]
        edges = []
        for edge in old.edges:
            need = edge.need
            if nodes[edge.source] != old.nodes[edge.source]:
                need = _need_of(nodes[edge.source], edge, bench)
            moved = need is not edge.need or nodes[edge.target] != old.nodes[edge.target]
            version = nodes[edge.target].version
            if moved and not bench.universe.dialect.matches(need.requirement, version):
                raise ResolutionError(f"{need.name} {version} does not satisfy {need.requirement}")
            edges.append(edge._replace(need=need))
        graph = Graph(nodes, edges, old.missing)
        ecosystem = bench.universe.ecosystem
        return type(self)(analyse(graph, ecosystem, bench.advisor, bench.limits))


def _need_of(place: Place, edge: Edge, bench: Bench) -> Need:
    """What a version in place of another needs where that one had an edge."""
    same = (
        one
        for one in bench.universe.needs(place.name, place.version)
        if (one.name, one.alias) == (edge.need.name, edge.need.alias)
    )
    return next(same, msgspec.structs.replace(edge.need, requirement="*"))


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What came of trying patches one after the other."""

    patches: tuple[Patch, ...] = ()
    """Those that are taken, each with what it fixed and brought in when it was."""

    end: Written | Locked
    refused: dict[str, str] = {}
    """Why the patches of an id were not taken."""


def accept(
    start: Written | Locked, known: Iterable[str], patches: Iterable[Patch], bench: Bench
) -> Taken:
    """Take patches, best first, as long as what they say holds beside those before them.

    A patch is refused where nothing satisfies it beside the others, where it then
    fixes nothing more, and where it brings in what was not there; only with
    ``bench.limits.introduce`` the last is let pass.

    Args:
        start: As it is, resolved.
        known: Ids known against that, and against its lockfile.
        patches: Best first.
        bench: Universe, advisories, limits.
    """
    first = frozenset(known)
    at = start
    taken: list[Patch] = []
    refused: dict[str, str] = {}
    for patch in patches:
        if not patch.updates:
            taken.append(patch)
            continue
        try:
            then = at.after(patch, bench)
        except ResolutionError as error:
            refused |= {one.id: _beside(error) for one in patch.fixed}
            continue
        now = frozenset(then.analysis.affected)
        new = now - first
        fixed = _gone(patch, at, then)
        if new and not bench.limits.introduce:
            text = ", ".join(sorted(new)[:3])
            refused |= {one.id: f"its fix would bring in {text}" for one in patch.fixed}
        elif fixed or (bench.limits.introduce and not patch.fixed):
            came = (
                then.analysis.affection(one)
                for one in sorted(now - frozenset(at.analysis.affected))
            )
            taken.append(msgspec.structs.replace(patch, fixed=fixed, introduced=tuple(came)))
            at = then
        else:
            refused |= {one.id: "its fix changes nothing beside the others" for one in patch.fixed}
    return Taken(patches=tuple(taken), end=at, refused=refused)


def _beside(error: ResolutionError) -> str:
    return f"its fix does not go with a better one ({error.message}): make that, then plan again"


def _gone(patch: Patch, before: Written | Locked, after: Written | Locked) -> tuple[Affection, ...]:
    """What a patch fixes where it is made: in a lockfile each version by itself."""
    if isinstance(before, Locked):
        return tuple(
            one
            for one in patch.fixed
            if one.id not in after.analysis.affected
            or not set(one.places) & set(after.analysis.affection(one.id).places)
        )
    gone = before.analysis.affected.keys() - after.analysis.affected.keys()
    return tuple(before.analysis.affection(one) for one in sorted(gone))


def keeping(names: Iterable[str], ecosystem: str, start: Written | Locked) -> frozenset[str]:
    """Spellings of packages that must stay, as manifests and graphs write them."""
    wanted = {normalise_name(ecosystem, one) for one in names}
    present = {one.name for one in start.analysis.graph.nodes[1:]}
    if isinstance(start, Written):
        present |= {need.name for need in start.manifest.needs}
    return frozenset(one for one in present if normalise_name(ecosystem, one) in wanted)


def default_strategy(ecosystem: str, *, lockfile: bool) -> Strategy:
    """The strategy that fits a kind of manifest."""
    if lockfile:
        return Strategy.IN_PLACE
    return Strategy.OVERRIDE if ecosystem == "Maven" else Strategy.RELAX
