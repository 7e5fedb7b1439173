"""Whether a mutation overwrites, removes or forges what is attested (section 8.2.1).

The patch is applied to a copy in which every object and array stays itself, so
that what it did to each attested part is seen, however the patch is put: an
``add`` over a member that is there, a ``move`` away, a ``remove`` of what is
around it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.json_patch import Operation, apply
from pratique.formats.sbom.convert.delta import copied
from pratique.formats.sbom.convert.leaves import leaves
from pratique.sboms.sbomit.deriving import MARK, Derived, Origin

if TYPE_CHECKING:
    from collections.abc import Iterator

_SEALED = frozenset({"hashes"})
"""Arrays of attested parts to which nothing may be added: a second digest contradicts the first."""


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """Something attested that a mutation changes."""

    path: str
    """In the derived bill."""

    what: str
    """``removed``, ``overwritten``, ``moved``, ``added to`` or ``forged``."""

    value: Any
    """What is attested, or what pretends to be."""

    origin: Origin


class Mutated(msgspec.Struct, frozen=True, kw_only=True):
    """A bill after its mutation."""

    value: dict[str, Any]
    overrides: tuple[Override, ...]


def mutate(derived: Derived, operations: tuple[Operation, ...]) -> Mutated:
    """Apply a mutation, and find what it does to attested parts.

    Raises:
        InputError: An operation fails.
    """
    value: Any = copied(derived.value)
    places = _places(value)
    marks = _marks(value)
    kept = list(_owners(value))  # so that no identity is used again
    after: Any = apply(value, operations)
    found = list(_compare(derived, places, _places(after)))
    forged = _marks(after)
    for text, number in forged.items():
        known = marks.get(text, 0)
        if number > known and (known or not text.startswith("bom-ref=")):
            found.append(Override(path="", what="forged", value=text, origin=Origin("mutation")))
    del kept
    if not isinstance(after, dict):
        after = {}
        found.append(Override(path="", what="removed", value="the bill", origin=Origin("derived")))
    return Mutated(value=after, overrides=tuple(found))


class _Place(msgspec.Struct, frozen=True):
    """An object or array: where it hangs, and by which path it is found."""

    owner: int
    key: str | None
    path: str
    value: Any


def _owners(value: Any) -> Iterator[Any]:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict | list):
            yield one
            waiting += one.values() if isinstance(one, dict) else one


def _places(value: Any) -> dict[int, _Place]:
    """Every object and array by its identity, with its members as they now are."""
    found: dict[int, _Place] = {}
    waiting: list[tuple[Any, int, str | None, str]] = [(value, 0, None, "")]
    while waiting:
        one, owner, key, path = waiting.pop()
        if isinstance(one, dict):
            found[id(one)] = _Place(owner, key, path, dict(one))
            for name, inner in one.items():
                if isinstance(inner, dict | list):
                    joint = f"{path}.{name}" if path else name
                    waiting.append((inner, id(one), name, joint))
        elif isinstance(one, list):
            found[id(one)] = _Place(owner, key, path, list(one))
            waiting += [
                (inner, id(one), None, f"{path}[{number}]")
                for number, inner in enumerate(one)
                if isinstance(inner, dict | list)
            ]
    return found


def _compare(
    derived: Derived, before: dict[int, _Place], after: dict[int, _Place]
) -> Iterator[Override]:
    for identity, old in before.items():
        own = {path: origin for path, origin in _members(derived, old) if origin.attested}
        if not own:
            continue
        new = after.get(identity)
        what = "removed" if new is None else "moved" if _moved(identity, before, after) else ""
        for path, origin in own.items():
            member = path[len(old.path) :]
            value = _member(old.value, member)
            if what or new is None:
                yield Override(path=path, what=what or "removed", value=value, origin=origin)
            elif isinstance(old.value, dict):
                key = member.removeprefix(".")
                if key not in new.value:
                    yield Override(path=path, what="removed", value=value, origin=origin)
                elif type(new.value[key]) is not type(value) or new.value[key] != value:
                    yield Override(path=path, what="overwritten", value=value, origin=origin)
            elif new.value.count(value) < old.value.count(value):
                yield Override(path=path, what="removed", value=value, origin=origin)
    yield from _added(derived, before, after)


def _members(derived: Derived, place: _Place) -> Iterator[tuple[str, Origin]]:
    """The leaves that an object or array has itself, with their origin."""
    value = place.value
    if isinstance(value, dict):
        pairs = [(f"{place.path}.{k}" if place.path else k, v) for k, v in value.items()]
    else:
        pairs = [(f"{place.path}[{n}]", v) for n, v in enumerate(value)]
    for path, inner in pairs:
        if not isinstance(inner, dict | list) or not inner:
            yield path, derived.origin(path)


def _member(value: Any, member: str) -> Any:
    if isinstance(value, dict):
        return value[member.removeprefix(".")]
    return value[int(member[1:-1])]


def _moved(identity: int, before: dict[int, _Place], after: dict[int, _Place]) -> bool:
    """Whether an object or anything around it hangs elsewhere than it did."""
    while identity:
        old, new = before.get(identity), after.get(identity)
        if old is None or new is None or (old.owner, old.key) != (new.owner, new.key):
            return True
        identity = old.owner
    return False


def _added(
    derived: Derived, before: dict[int, _Place], after: dict[int, _Place]
) -> Iterator[Override]:
    """What was added to arrays that are sealed."""
    for identity, old in before.items():
        new = after.get(identity)
        if old.key not in _SEALED or new is None or not isinstance(new.value, list):
            continue
        origin = derived.origin(old.path)
        if origin.attested and len(new.value) > len(old.value):
            extra = [one for one in new.value if one not in old.value]
            yield Override(path=old.path, what="added to", value=extra, origin=origin)


def _marks(value: Any) -> dict[str, int]:
    """What must not be there more often than before.

    These are properties that say which step or attestation something is of, and
    references: a second component under one could pass for the first.
    """
    found: dict[str, int] = {}
    for one in _owners(value):
        if not isinstance(one, dict):
            continue
        texts = [f"bom-ref={one['bom-ref']}"] if isinstance(one.get("bom-ref"), str) else []
        if str(one.get("name")).startswith(MARK):
            texts.append(f"{one.get('name')}={one.get('value')}")
        for text in texts:
            found[text] = found.get(text, 0) + 1
    return found


def origins(derived: Derived, mutated: Mutated) -> dict[str, Origin]:
    """Origin of every leaf of a mutated bill.

    A leaf that is in the derived bill as it is, at its path or in the same
    component, has its origin; all others are the mutation's.
    """
    known = leaves(derived.value)
    by_ref = _by_reference(derived.value)
    found = {}
    for path, leaf in leaves(mutated.value).items():
        old = path
        head, bracket, rest = path.partition("]")
        if bracket and head.startswith(("components[", "dependencies[")):
            name, _, number = head.partition("[")
            item = mutated.value[name][int(number)]
            ref = (item.get("bom-ref") or item.get("ref")) if isinstance(item, dict) else None
            old = f"{by_ref[(name, ref)]}{rest}" if (name, ref) in by_ref else ""
        same = old in known and type(known[old]) is type(leaf) and known[old] == leaf
        found[path] = derived.origin(old) if same else Origin("mutation")
    return found


def _by_reference(value: dict[str, Any]) -> dict[tuple[str, Any], str]:
    found = {}
    for name in ("components", "dependencies"):
        for number, one in enumerate(value.get(name) or ()):
            if isinstance(one, dict):
                ref = one.get("bom-ref") or one.get("ref")
                found[(name, ref)] = f"{name}[{number}]"
    return found
