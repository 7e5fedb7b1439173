"""Answers for Python packages, from the import graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pratique.reachability.answering import answer
from pratique.reachability.models import Answer, Site, State
from pratique.reachability.python.environment import normalised
from pratique.reachability.python.imports import BY_PLUGIN, BY_TEXT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pratique.model.finding import Finding
    from pratique.model.purl import Package
    from pratique.reachability.python.environment import Distribution, Environment
    from pratique.reachability.python.walk import Walked


def python(
    finding: Finding, package: Package, walked: Walked, environment: Environment | None
) -> Answer:
    """What the import graph says of one finding.

    Args:
        finding: About a package of PyPI.
        package: It.
        walked: What the project reaches.
        environment: What is installed, if that is here.
    """
    name = normalised(package.name)
    if environment is None:
        site = walked.asked.get(name.replace("-", "_"))
        if site is not None:
            return answer(finding, State.IMPORTED, "the project imports it", chain=(site,))
        return answer(
            finding,
            State.UNKNOWN,
            "what is installed is not here to read: give --environment",
        )
    one = environment.distributions.get(name)
    if one is None:
        return answer(finding, State.UNKNOWN, f"{name} is not installed in the environment given")
    doubts = _doubts(one, package.version, walked)
    chain = walked.first.get(name)
    if chain:
        between = len(chain) - 1
        through = f"through {between} other package{'s' if between > 1 else ''}"
        text = f"it is imported, {through}" if between else "the project imports it"
        return answer(finding, State.IMPORTED, text, chain=chain, doubts=doubts)
    if reason := _unseen(one, package.version, walked):
        return answer(finding, State.UNKNOWN, reason, doubts=doubts)
    reason = f"none of {walked.files:,} modules read imports it"
    return answer(finding, State.UNIMPORTED, reason, doubts=doubts)


def _unseen(one: Distribution, version: str, walked: Walked) -> str:
    """Why the graph cannot tell that nothing imports a distribution; empty where it can."""
    computed = [site for site in walked.hidden if _function(site) not in BY_PLUGIN | BY_TEXT]
    if not one.files:
        return "its installed files name no modules"
    if version and one.version != version:
        return f"installed is {one.version}, not {version}"
    if one.plugins:
        return f"others load it by name, as a plugin ({_some(one.plugins)})"
    if one.name in walked.possible:
        return f"it may be loaded by its name: {walked.possible[one.name]}"
    if computed:
        return f"the project imports modules by computed names ({computed[0]})"
    if walked.elsewhere:
        return f"there is code that is not here to read: {walked.elsewhere[0]}"
    if walked.problems:
        return f"{len(walked.problems)} files that are reached cannot be read"
    return ""


def _doubts(one: Distribution, version: str, walked: Walked) -> tuple[str, ...]:
    doubts: list[str] = []
    if version and one.version != version:
        doubts.append(f"installed is {one.version}, not {version}")
    if one.commands:
        doubts.append(f"it has commands that can be run: {_some(one.commands)}")
    texts = [site for site in walked.hidden if _function(site) in BY_TEXT]
    if texts:
        doubts.append(f"the project runs code given as text or path ({texts[0]})")
    if below := sum(walked.hidden_below.values()):
        where = len(walked.hidden_below)
        doubts.append(f"{below} places in {where} packages load code whose name is computed")
    if walked.binary:
        doubts.append(f"compiled modules are not read: {_some(sorted(walked.binary))}")
    return (*doubts, *walked.elsewhere)


def _function(site: Site) -> str:
    return site.text.partition("(")[0]


def _some(names: Sequence[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
