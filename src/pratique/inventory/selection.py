"""Components of a bill of materials that terms choose."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from pratique.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pratique.model.inventory import Component, Reading

FIELDS: dict[str, Callable[[Component], Iterable[str]]] = {
    "purl": lambda one: (str(one.package),),
    "name": lambda one: (one.package.name, one.package.full_name),
    "version": lambda one: (one.package.version,),
    "type": lambda one: (one.package.type,),
    "ecosystem": lambda one: (one.ecosystem,),
    "license": lambda one: [claim.text for claim in one.licenses] or [""],
    "hash": lambda one: [text for d in one.hashes for text in (str(d), d.digest)] or [""],
    "scope": lambda one: (str(one.scope),),
    "relation": lambda one: (str(one.relation),),
    "ref": lambda one: (one.ref,),
}
"""What a term may look at; a component without a licence or hash has an empty one."""


def select(
    reading: Reading, terms: Sequence[str], kinds: Mapping[str, str] | None = None
) -> list[Component]:
    """Components that every term takes.

    Args:
        reading: Of the document.
        kinds: Type that the document states of each component, by its reference:
            what the field ``kind`` looks at.
        terms: ``field=glob`` or ``field!=glob``, with a field of :data:`FIELDS`;
            or a glob on the name or package URL.

    Raises:
        UsageError: A term names another field.
    """
    known = kinds or {}
    fields = FIELDS | {"kind": lambda one: (known.get(one.ref, ""),)}
    tests = [_test(term, fields) for term in terms]
    return [one for one in reading.components if all(test(one) for test in tests)]


def _test(
    term: str, fields: Mapping[str, Callable[[Component], Iterable[str]]]
) -> Callable[[Component], bool]:
    field, equals, pattern = term.partition("=")
    if term.startswith("pkg:") or not equals:
        return lambda one: (
            fnmatchcase(str(one.package), term) or fnmatchcase(one.package.full_name, term)
        )
    wanted = not field.endswith("!")
    field = field.removesuffix("!")
    if field not in fields:
        raise UsageError(
            f"{field!r} is no field of components.", remedy=f"Fields: {', '.join(fields)}."
        )
    values = fields[field]
    return lambda one: any(fnmatchcase(text, pattern) for text in values(one)) is wanted


def way_to(reading: Reading, ref: str) -> list[str]:
    """References from a root down to a component; only itself where none leads to it."""
    before: dict[str, str] = dict.fromkeys(reading.roots, "")
    waiting = list(reading.roots)
    for one in waiting:
        if one == ref:
            break
        for target in reading.edges.get(one, ()):
            if target not in before:
                before[target] = one
                waiting.append(target)
    way = [ref]
    while parent := before.get(way[-1], ""):
        way.append(parent)
    return way[::-1]
