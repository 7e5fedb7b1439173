"""JSON into typed structs, keeping whatever is of the right type.

A document that keeps to its schema is decoded at once.  In one that does not,
each bad item is named by its path (``components[3].hashes[0].alg``) and left
out, and everything around it is kept.
"""

from __future__ import annotations

from functools import cache
from types import NoneType
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin

import msgspec

from pratique.formats.sbom.tally import Tally
from pratique.formats.text import parse_json
from pratique.model.errors import InputError, LimitError

if TYPE_CHECKING:
    from pratique.formats.base import Notes

T = TypeVar("T", bound=msgspec.Struct)

_KINDS = {
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    dict: "an object",
    list: "an array",
    NoneType: "null",
}


def read_json(text: str, form: type[T], notes: Notes) -> T:
    """Decode a JSON object into a struct whose fields are all optional.

    Args:
        text: The whole document.
        form: Its fields are text, numbers, booleans, structs of the same sort
            or lists of these, each or ``None``.
        notes: Receives one *unreadable* for each item that is left out.

    Raises:
        InputError: It is not JSON, or not an object.
        LimitError: It is nested too deeply for the parser.
    """
    try:
        return msgspec.json.decode(text, type=form)
    except RecursionError:
        raise LimitError("is nested too deeply") from None
    except msgspec.DecodeError:
        return read_value(parse_json(text), form, notes)


def read_value(value: Any, form: type[T], notes: Notes) -> T:
    """Turn a plain value (of JSON, YAML, XML …) into a struct; see :func:`read_json`.

    Raises:
        InputError: It is no object.
        LimitError: It is nested too deeply to be followed.
    """
    if not isinstance(value, dict):
        raise InputError(f"is {_kind(value)} where an object was expected")
    tally = Tally(notes.unreadable, "items that could not be read")
    try:
        document: T = _struct(value, form, "", tally)
    except RecursionError:
        raise LimitError("is nested too deeply") from None
    tally.close()
    return document


def _struct(value: dict[str, Any], form: type[msgspec.Struct], place: str, tally: Tally) -> Any:
    try:
        return msgspec.convert(value, form)
    except msgspec.ValidationError:
        kept = {}
        for name, key, type in fields_of(form):
            given = value.get(key)
            if given is not None:
                kept[name] = _value(given, type, f"{place}.{key}" if place else key, tally)
        return form(**kept)


def _value(value: Any, type: Any, place: str, tally: Tally) -> Any:
    """What can be kept of a value; ``None`` if nothing."""
    if get_origin(type) is list:
        if isinstance(value, list):
            return _items(value, get_args(type)[0], place, tally)
    elif issubclass(type, msgspec.Struct):
        if isinstance(value, dict):
            return _struct(value, type, place, tally)
    else:
        try:
            return msgspec.convert(value, type)
        except msgspec.ValidationError:
            pass
    wanted = _KINDS.get(get_origin(type) or type, "an object")
    tally.add(f"{place} is {_kind(value)} where {wanted} was expected; it is left out")
    return None


def _items(values: list[Any], type: Any, place: str, tally: Tally) -> list[Any]:
    found = (_value(value, type, f"{place}[{at}]", tally) for at, value in enumerate(values))
    return [value for value in found if value is not None]


@cache
def fields_of(form: type[msgspec.Struct]) -> tuple[tuple[str, str, Any], ...]:
    """Attribute, key and type (without its ``None``) of each field."""
    return tuple(
        (
            field.name,
            field.encode_name,
            next(t for t in (get_args(field.type) or (field.type,)) if t is not NoneType),
        )
        for field in msgspec.structs.fields(form)
    )


def _kind(value: Any) -> str:
    return _KINDS.get(type(value), "of an unknown kind")
