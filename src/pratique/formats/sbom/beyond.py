"""What a document says and the model has no place for, kept with its path.

A reading holds what matching, policy and the graph need.  The rest is dropped
nowhere: it is in the document's value, and named here leaf by leaf.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args, get_origin

import msgspec

from pratique.formats.sbom.convert.leaves import join, leaves
from pratique.formats.sbom.salvage import fields_of
from pratique.formats.sbom.values import CYCLONEDX, SPDX

if TYPE_CHECKING:
    from collections.abc import Callable

    from pratique.formats.sbom.values import Bill


def beyond(bill: Bill) -> dict[str, Any]:
    """Leaves of a document that no reading has, by their path.

    Those that the readers have a field for are left out; one of these that is not
    of the type that the standard gives it is a problem of the reading, and here too.

    Args:
        bill: The document's plain value.
    """
    found: dict[str, Any] = {}
    form, key = _read_by(bill)
    _walk(bill.value, form, "", key, found)
    return found


def _read_by(bill: Bill) -> tuple[type[msgspec.Struct], Callable[[str], str]]:
    """The struct that a document is decoded to, and the names of its keys there."""
    if bill.standard == CYCLONEDX:
        from pratique.formats.sbom.cyclonedx.wire import Document as CycloneDX

        return CycloneDX, str
    if bill.standard == SPDX:
        from pratique.formats.sbom.spdx.wire import Document as Spdx

        return Spdx, str
    from pratique.formats.sbom.spdx3.graph import key_of
    from pratique.formats.sbom.spdx3.wire import Document, Element

    return (Document if "@graph" in bill.value else Element), key_of


def _walk(
    value: Any, type_: Any, path: str, key: Callable[[str], str], found: dict[str, Any]
) -> None:
    """Gather the leaves of a value that its type has no field for."""
    if get_origin(type_) is list and isinstance(value, list):
        (item,) = get_args(type_)
        for number, one in enumerate(value):
            _walk(one, item, f"{path}[{number}]", key, found)
    elif isinstance(type_, type) and issubclass(type_, msgspec.Struct):
        if isinstance(value, dict):
            fields = {encoded: inner for _, encoded, inner in fields_of(type_)}
            for name, one in value.items():
                place = join(path, name)
                if (inner := fields.get(key(name), fields.get(name))) is not None:
                    _walk(one, inner, place, key, found)
                else:
                    _keep(one, place, found)
        elif not isinstance(value, str):  # a text names an object that stands elsewhere
            _keep(value, path, found)
    elif value is not None and not _fits(value, type_):
        _keep(value, path, found)


def _fits(value: Any, type_: Any) -> bool:
    return isinstance(value, type_) if isinstance(type_, type) else False


def _keep(value: Any, path: str, found: dict[str, Any]) -> None:
    for inner, leaf in leaves(value).items():
        joint = "." if inner and not inner.startswith("[") and path else ""
        found[f"{path}{joint}{inner}"] = leaf
