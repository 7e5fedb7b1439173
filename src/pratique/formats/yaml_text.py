"""YAML to plain values, within limits and with line numbers."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from pratique.formats.base import MAX_DEPTH
from pratique.model.errors import InputError, LimitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def parse_yaml(text: str) -> Any:
    """Plain value of a YAML document: no tags but of the core types, no aliases, no objects.

    The parser's events are turned into values in one pass; scalars without
    quotes have the types of YAML 1.1, as everywhere in the field, and the last
    of duplicate keys wins.

    Raises:
        InputError: It is not YAML, or uses tags or aliases; the message names the line.
        LimitError: It is nested over ``MAX_DEPTH`` deep.
    """
    return _parsed_yaml(text, _yaml_scalar)


def parse_yaml_texts(text: str) -> Any:
    """Like :func:`parse_yaml`, but every scalar is the text that is written, or ``None``.

    For formats whose values are all texts: a version ``1.10`` without quotes
    must not become the number 1.1.

    Raises:
        InputError: It is not YAML, or uses tags or aliases; the message names the line.
        LimitError: It is nested over ``MAX_DEPTH`` deep.
    """
    return _parsed_yaml(text, _yaml_text)


def _parsed_yaml(text: str, scalar: Callable[[str, bool], Any]) -> Any:
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _yaml_value(yaml.parse(text, Loader=loader), scalar)
    except RecursionError:
        raise LimitError("is nested too deeply") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark else ""
        problem = str(getattr(error, "problem", None) or error).splitlines()[0][:200]
        if "nesting depth" in problem:  # libyaml's own limit, met while it reads ahead
            raise LimitError(f"{line}is nested too deeply") from None
        raise InputError(f"{line}is not valid YAML: {problem}") from None
    except ValueError as error:
        raise InputError(f"is not valid YAML: {str(error)[:200]}") from None


_NO_KEY = object()
"""Stands where the next scalar of a mapping is a key."""


def _yaml_value(events: Iterable[Any], scalar_value: Callable[[str, bool], Any]) -> Any:
    """The value that a stream of YAML events describes.

    ``stack`` holds the open collections, ``keys`` the key each mapping awaits a
    value for; a collection is put into the one around it when it ends.
    """
    import yaml

    scalar, alias = yaml.ScalarEvent, yaml.AliasEvent
    starts = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
    ends = (yaml.MappingEndEvent, yaml.SequenceEndEvent)
    stack: list[Any] = []
    keys: list[Any] = []
    result: Any = None
    documents = 0
    for event in events:
        kind = type(event)
        if kind is scalar:
            value = scalar_value(event.value, event.tag is None and event.implicit[0])
            if event.tag is not None and event.tag != "!":
                value = _yaml_tagged(event)
        elif kind in starts:
            if event.tag not in {None, "!", f"{_YAML_CORE}map", f"{_YAML_CORE}seq"}:
                raise InputError(f"{_yaml_place(event)}YAML tags are not read")
            if len(stack) >= MAX_DEPTH:
                raise LimitError(f"{_yaml_place(event)}is nested over {MAX_DEPTH} deep")
            stack.append({} if kind is starts[0] else [])
            keys.append(_NO_KEY)
            continue
        elif kind in ends:
            value = stack.pop()
            keys.pop()
        elif kind is alias:
            raise InputError(f"{_yaml_place(event)}YAML aliases are not read")
        else:
            if kind is yaml.DocumentStartEvent:
                documents += 1
                if documents > 1:
                    raise InputError(f"{_yaml_place(event)}holds a second YAML document")
            continue
        if not stack:
            result = value
        elif type(stack[-1]) is list:
            stack[-1].append(value)
        elif keys[-1] is _NO_KEY:
            if isinstance(value, dict | list):
                raise InputError(f"{_yaml_place(event)}has a YAML key that is no scalar")
            keys[-1] = value
        else:
            stack[-1][keys[-1]] = value
            keys[-1] = _NO_KEY
    return result


def _yaml_place(event: Any) -> str:
    return f"line {event.start_mark.line + 1}: " if event.start_mark else ""


def _yaml_tagged(event: Any) -> Any:
    """Value of a scalar with a tag: one of the core types is harmless, others are refused."""
    name = event.tag.removeprefix(_YAML_CORE)
    if name == "str":
        return event.value
    if name not in _YAML_TYPES:
        raise InputError(f"{_yaml_place(event)}YAML tags are not read")
    return _yaml_resolved(event.value)


def _yaml_text(text: str, plain: bool) -> str | None:
    return None if plain and text in {"", "~", "null", "Null", "NULL"} else text


def _yaml_scalar(text: str, plain: bool) -> Any:
    """Value of a scalar; one without quotes may be a number, a date, a truth value or null."""
    if not plain or (text and text[0] in _YAML_TEXT_STARTS):
        return text
    return _yaml_resolved(text)


_YAML_TEXT_STARTS = frozenset("abcdeghijklmpqrsuvwxzABCDEGHIJKLMPQRSUVWXZ@/(_$'\"")
"""First characters that no scalar but a text has (YAML 1.1, the types' patterns)."""


@lru_cache(maxsize=4096)
def _yaml_resolved(text: str) -> Any:
    """A scalar without quotes, as PyYAML's safe loader takes it."""
    loader, scalar = _yaml_loader()
    tag = loader.resolve(scalar, text, (True, False))
    if tag.rpartition(":")[2] not in _YAML_TYPES:
        return text
    try:
        return loader.construct_object(scalar(tag, text))
    except ValueError:  # the thirteenth month, an integer of 5,000 digits
        return text


_YAML_TYPES = frozenset({"null", "bool", "int", "float", "timestamp"})
_YAML_CORE = "tag:yaml.org,2002:"


@cache
def _yaml_loader() -> tuple[Any, Any]:
    import yaml

    return yaml.SafeLoader(""), yaml.ScalarNode
