"""JSON-LD as SPDX 3.0.1 serialises it, brought into one flat list of elements.

Source: SPDX 3.0.1, annex *serialisation* and its JSON schema.  This is no
processor of JSON-LD: contexts are never fetched, and the terms are those of
the standard's own context.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pratique.formats.base import MAX_DEPTH
from pratique.formats.sbom.tally import quoted
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from pratique.formats.base import Notes

CONTEXT = re.compile(r"https?://spdx\.org/rdf/(3\.[^/]{1,20})/spdx-context\.jsonld\Z")
_PREFIX = re.compile(r"(?:software|ai|dataset|simplelicensing|expandedlicensing|security|build)_")
_TERM = re.compile(r"https?://spdx\.org/rdf/3\.[^/]{1,20}/terms/(?:[A-Za-z]+/)*")

_REFERENCES = (
    "from",
    "to",
    "rootElement",
    "element",
    "member",
    "subjectAddition",
    "subjectLicense",
    "subjectExtendableLicense",
)
"""Properties whose values name elements, which may also stand there themselves."""

_OBJECTS = ("verifiedUsing", "externalIdentifier", "import", "namespaceMap")
"""Properties whose values are objects, which may also stand elsewhere under a blank name."""

_LISTS = frozenset({"to", "rootElement", "element", "member", *_OBJECTS})
_SPELLINGS = {"@id": "spdxId", "id": "spdxId", "@type": "type", "purl": "packageUrl"}
_SPELLINGS |= {"externalIdentifiers": "externalIdentifier"}
"""Keywords of JSON-LD, and keys that generators write in place of the standard's."""


def flatten(value: Any, notes: Notes) -> tuple[dict[str, Any], dict[str, str]]:
    """The elements of a document under ``@graph``, with the keys of the wire structs.

    Args:
        value: The JSON value.
        notes: Receives contexts that are not known and items that are no objects.

    Returns:
        The document, and the prefixes of identifiers that its context declares.

    Raises:
        InputError: It is no object with a context of SPDX 3.
    """
    if not isinstance(value, dict) or "@context" not in value:
        raise InputError("is not an SPDX 3 document: it has no @context")
    prefixes = _context(value["@context"], notes)
    stated = value.get("@graph")
    if stated is None:  # a single element without a graph around it
        stated = [{key: inner for key, inner in value.items() if key != "@context"}]
    elements = stated if isinstance(stated, list) else [stated]
    flat: list[Any] = []
    for element in elements:
        _element(element, flat, 1)
    shared = {e["spdxId"]: e for e in flat if isinstance(e, dict) and _is_text(e.get("spdxId"))}
    for element in flat:
        if isinstance(element, dict):
            for key in _OBJECTS:
                if isinstance(element.get(key), list):
                    element[key] = [
                        shared.get(one, one) if _is_text(one) else one for one in element[key]
                    ]
    return {"@graph": flat}, prefixes


@lru_cache(maxsize=4096)
def short(name: str) -> str:
    """A class or a constant without its prefix or address: ``Package``, ``packageUrl``."""
    return _PREFIX.sub("", _TERM.sub("", name, count=1), count=1)


@lru_cache(maxsize=4096)
def key_of(stated: str) -> str:
    """The wire structs' name of a property."""
    name = short(stated)
    return _SPELLINGS.get(name, name)


def _context(stated: Any, notes: Notes) -> dict[str, str]:
    prefixes: dict[str, str] = {}
    known = False
    for one in stated if isinstance(stated, list) else [stated]:
        if isinstance(one, str) and CONTEXT.match(one):
            known = True
        elif isinstance(one, dict):
            prefixes |= {k: v for k, v in one.items() if isinstance(v, str) and k[:1] != "@"}
        else:
            notes.unknown(f"context {quoted(str(one))} is not known and not fetched")
    if not known:
        raise InputError("is not an SPDX 3 document: its @context is another")
    return prefixes


def _element(value: Any, flat: list[Any], depth: int) -> str | None:
    """Add an object and the elements within it; its name, if it has one."""
    if not isinstance(value, dict):
        flat.append(value)
        return None
    found: dict[str, Any] = {}
    for key, inner in value.items():
        name = key_of(key)
        if name in _LISTS and inner is not None and not isinstance(inner, list):
            inner = [inner]  # noqa: PLW2901 - JSON-LD may leave out the array of a single value
        found.setdefault(name, inner)
    flat.append(found)
    for key in _OBJECTS:
        if isinstance(found.get(key), list):
            found[key] = [_plain(one) for one in found[key]]
    for key in _REFERENCES:
        if key in found and depth < MAX_DEPTH:
            found[key] = _references(found[key], flat, depth)
    identifier = found.get("spdxId")
    return identifier if isinstance(identifier, str) else None


def _references(value: Any, flat: list[Any], depth: int) -> Any:
    """Names in place of the elements that stand there themselves."""
    if isinstance(value, list):
        return [_references(one, flat, depth) for one in value]
    if not isinstance(value, dict):
        return value
    if set(value) <= {"@id", "spdxId"}:  # only a reference, in the long form
        return value.get("spdxId", value.get("@id"))
    if not _is_text(value.get("spdxId", value.get("@id"))):
        value = {**value, "spdxId": f"_:.{len(flat)}"}
    return _element(value, flat, depth + 1)


def _plain(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {key_of(key): inner for key, inner in value.items()}


def _is_text(value: Any) -> bool:
    return isinstance(value, str)
