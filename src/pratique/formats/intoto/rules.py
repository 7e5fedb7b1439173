"""Artifact rules: which files a step may use and make (in-toto 1.0, section 4.3.3).

The rules of an item are asked in order over a queue of its materials, or
products; a rule consumes what it is satisfied with, ``DISALLOW`` fails on what
is left, ``REQUIRE`` on what is not.  What no rule speaks of is allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from posixpath import normpath

import msgspec

from pratique.model.errors import InputError

Artifacts = Mapping[str, Mapping[str, str]]
"""Name to digests, algorithm to hexadecimal value."""

SIMPLE = frozenset({"CREATE", "DELETE", "MODIFY", "ALLOW", "DISALLOW", "REQUIRE"})

MAX_RULES = 10_000
"""Most rules of an item; layouts have some ten."""


class Rule(msgspec.Struct, frozen=True):
    """One rule."""

    kind: str
    """``MATCH``, or one of :data:`SIMPLE`."""

    pattern: str
    """Glob pattern over names; of ``REQUIRE`` a name."""

    products: bool = False
    """Whether ``MATCH`` looks at the products of the other step, not at its materials."""

    step: str = ""
    """Name of the other step."""

    prefix: str = ""
    """Folder of the item's names, for ``MATCH``."""

    other_prefix: str = ""
    """Folder of the other step's names."""

    def __str__(self) -> str:
        if self.kind != "MATCH":
            return f"{self.kind} {self.pattern}"
        own = f" IN {self.prefix}" if self.prefix else ""
        other = f" IN {self.other_prefix}" if self.other_prefix else ""
        what = "PRODUCTS" if self.products else "MATERIALS"
        return f"MATCH {self.pattern}{own} WITH {what}{other} FROM {self.step}"


class Item(msgspec.Struct, frozen=True):
    """What a step used and made."""

    materials: Artifacts
    products: Artifacts


class RuleError(Exception):
    """A rule is not satisfied; the message says by what."""


def parse_rule(words: list[str]) -> Rule:
    """Rule of its words; key words may be in any letter case.

    Raises:
        InputError: It is no rule.
    """
    upper = [word.upper() for word in words]
    if len(words) == 2 and upper[0] in SIMPLE:
        return Rule(upper[0], words[1])
    if len(words) >= 6 and upper[0] == "MATCH":
        rest, places = upper[2:], words[2:]
        prefix = other = ""
        if rest[:1] == ["IN"] and len(rest) > 2:
            prefix, rest, places = places[1], rest[2:], places[2:]
        if rest[:1] == ["WITH"] and rest[1:2] in (["MATERIALS"], ["PRODUCTS"]):
            products, rest, places = rest[1] == "PRODUCTS", rest[2:], places[2:]
            if rest[:1] == ["IN"] and len(rest) > 2:
                other, rest, places = places[1], rest[2:], places[2:]
            if rest[:1] == ["FROM"] and len(rest) == 2:
                return Rule("MATCH", words[1], products, places[1], prefix, other)
    raise InputError(f"artifact rule {' '.join(words)[:120]!r} is none that is known")


def apply_rules(
    rules: tuple[Rule, ...], item: Item, steps: Mapping[str, Item], *, products: bool
) -> None:
    """Ask the rules of an item.

    Args:
        rules: In order.
        item: What they are about.
        steps: What ``MATCH`` may look at; a step that is not there matches nothing.
        products: Whether the rules are those of products, not of materials.

    Raises:
        RuleError: One fails.
    """
    artifacts = item.products if products else item.materials
    queue = set(artifacts)
    for rule in rules:
        found = {name for name in queue if fnmatchcase(name, rule.pattern)}
        if rule.kind == "MATCH":
            queue -= _matched(rule, queue, artifacts, steps)
        elif rule.kind == "ALLOW":
            queue -= found
        elif rule.kind == "CREATE":
            queue -= {name for name in found if name not in item.materials}
        elif rule.kind == "DELETE":
            queue -= {name for name in found if name not in item.products}
        elif rule.kind == "MODIFY":
            queue -= {name for name in found if _modified(name, item)}
        elif rule.kind == "DISALLOW" and found:
            raise RuleError(f"{rule}: {_some(found)}")
        elif rule.kind == "REQUIRE" and rule.pattern not in queue:
            raise RuleError(f"{rule}: it is not there")


def _modified(name: str, item: Item) -> bool:
    if name not in item.materials or name not in item.products:
        return False
    return dict(item.materials[name]) != dict(item.products[name])


def _matched(
    rule: Rule, queue: set[str], artifacts: Artifacts, steps: Mapping[str, Item]
) -> set[str]:
    """Names whose artifact is the same, with equal digests, in the other step."""
    other = steps.get(rule.step)
    if other is None:
        return set()
    there = other.products if rule.products else other.materials
    own = f"{rule.prefix.rstrip('/')}/" if rule.prefix else ""
    consumed = set()
    for name in queue:
        if not name.startswith(own):
            continue
        base = name[len(own) :]
        if not fnmatchcase(base, rule.pattern):
            continue
        target = f"{rule.other_prefix.rstrip('/')}/{base}" if rule.other_prefix else base
        twin = there.get(target)
        if twin and dict(twin) == dict(artifacts[name]):  # no digests are no match
            consumed.add(name)
    return consumed


def _some(names: set[str]) -> str:
    listed = sorted(names)
    more = f" and {len(listed) - 3:,} more" if len(listed) > 3 else ""
    return ", ".join(listed[:3]) + more


def normal_names(artifacts: Artifacts) -> Artifacts:
    """Artifacts by names without ``.`` and ``..``; addresses are left as they are.

    Raises:
        InputError: Two names are then the same, but not their artifacts.
    """
    found: dict[str, Mapping[str, str]] = {}
    for name, digests in artifacts.items():
        clean = name if ":" in name else normpath(name)
        if clean in found and dict(found[clean]) != dict(digests):
            raise InputError(f"artifact {clean[:80]!r} is named twice with other digests")
        found[clean] = digests
    return found
