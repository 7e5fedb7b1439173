"""From SPDX 2 to SPDX 3.0.1 and back, with what has no field carried along.

What SPDX 3 cannot say of a document of SPDX 2 is carried in annotations of its
elements; what SPDX 2 cannot say of a graph is carried in annotations of its
packages, files and of the document.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.formats.sbom.convert import carry
from pratique.formats.sbom.convert.delta import apply, copied, delta, escape
from pratique.formats.sbom.spdx3.names import to_iri
from pratique.formats.sbom.spdx3.values import to_spdx2
from pratique.formats.sbom.spdx3.write import to_graph
from pratique.formats.shapes import objects_in, text_at
from pratique.model.errors import InputError

if TYPE_CHECKING:
    from datetime import datetime

_KEYED = "elements"


def spdx_to_spdx3(
    document: dict[str, Any], creator: str, now: datetime
) -> tuple[dict[str, Any], dict[str, Any]]:
    """An SPDX 2 value as a graph of SPDX 3.0.1; or, where it was made of one, as that.

    Args:
        document: The value; it is not changed.
        creator: The program that converts, as ``name-version``.
        now: For documents that state no time; aware of its time zone.

    Returns:
        The graph, and the SPDX 2 value that its fields alone say.
    """
    plain = copied(document)
    if earlier := carry.from_spdx(plain, "spdx3"):
        graph = to_graph(plain, now)
        places = _places(carry.elements(plain), graph, plain)
        try:
            change = carry.joined(earlier, places)
            return _listed(apply(_keyed(graph), change)), plain
        except (InputError, KeyError, TypeError):  # the document was changed meanwhile
            return graph, plain
    bare = to_spdx2(to_graph(document, now), now)
    change = delta(document, bare)
    if not change:
        return to_graph(document, now), bare
    parts = carry.split(change, carry.elements(bare), carry.elements(document))
    notes = [
        (element, f"Tool: {creator}", carry.written(part, "spdx"))
        for element, part in parts.items()
    ]
    return to_graph(document, now, notes), bare


def spdx3_to_spdx(
    graph: dict[str, Any], creator: str, now: datetime, *, said: bool = True
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A graph of SPDX 3 as an SPDX 2.3 value; or, where it was made of one, as that.

    Args:
        graph: The value; it is not changed.
        creator: The program that converts, as ``name-version``.
        now: For documents that state no time; aware of its time zone.
        said: Whether the second value is wanted; it may be empty otherwise.

    Returns:
        The SPDX 2 value, and the graph that its fields alone say.

    Raises:
        InputError: It is no graph of SPDX 3.
    """
    document = to_spdx2(copied(graph), now)
    plain = copied(document)
    if earlier := carry.from_spdx(plain, "spdx"):
        places = carry.elements(plain)
        try:
            found = apply(plain, carry.joined(earlier, places))
            return found, to_graph(found, now) if said else {}
        except (InputError, KeyError, TypeError):  # the graph was changed meanwhile
            return document, to_graph(document, now) if said else {}
    native = to_graph(document, now)
    change = delta(_keyed(graph), _keyed(native))
    places = _places(carry.elements(document), native, document)
    parts = carry.split(change, places, carry.elements(document))
    written = copied(document)
    carry.to_spdx(written, parts, "spdx3", creator)
    return written, aligned(native, graph)


def _places(
    elements: dict[str, str], graph: dict[str, Any], document: dict[str, Any]
) -> dict[str, str]:
    """SPDXID to the JSON Pointer of its element in the keyed form of a graph."""
    there = {text_at(one, "spdxId") for one in objects_in(graph["@graph"])}
    base = f"{text_at(document, 'documentNamespace')}#"
    return {id: f"/{_KEYED}/{escape(iri)}" for id in elements if (iri := to_iri(id, base)) in there}


def _keyed(graph: dict[str, Any]) -> dict[str, Any]:
    """A graph with its elements by name, so that their order does not matter."""
    items = graph.get("@graph")
    rest = {key: value for key, value in graph.items() if key != "@graph"}
    if not isinstance(items, list):
        return rest
    found: dict[str, Any] = {}
    order = []
    for number, item in enumerate(items):
        name = _name(item)
        key = name if name and name not in found else f"#{number}"
        found[key] = item
        order.append(key)
    return rest | {_KEYED: found, "order": order}


def _name(item: Any) -> str:
    if not isinstance(item, dict):
        return ""
    return text_at(item, "spdxId") or text_at(item, "@id")


def _listed(keyed: dict[str, Any]) -> dict[str, Any]:
    """The turn back of :func:`_keyed`."""
    if _KEYED not in keyed:
        return keyed
    rest = {key: value for key, value in keyed.items() if key not in {_KEYED, "order"}}
    return rest | {"@graph": [keyed[_KEYED][key] for key in keyed["order"]]}


def aligned(graph: dict[str, Any], original: dict[str, Any]) -> dict[str, Any]:
    """A graph with its elements where those of the same name are in another."""
    there = _keyed(graph).get(_KEYED, {})
    wanted = _keyed(original).get("order")
    if wanted is None:
        return graph
    rest = {key: value for key, value in graph.items() if key != "@graph"}
    return rest | {"@graph": [there.get(key) for key in wanted]}
