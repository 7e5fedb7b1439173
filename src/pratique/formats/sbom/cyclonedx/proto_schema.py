"""Every message of CycloneDX's protocol buffers, with the keys and words of the JSON form.

The tables come from the specification's own ``.proto`` files; the words of
enumerations from the JSON schema of the same version.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple

import msgspec

from pratique.formats.sbom.cyclonedx.messages import (
    DOUBLE,
    FLOAT,
    INTEGER,
    TEXT,
    TRUTH,
    Enumeration,
    Field,
)
from pratique.formats.sbom.schemas import schema

VERSIONS = ("1.3", "1.4", "1.5", "1.6", "1.7")
"""Versions of the specification that have a ``.proto`` file."""

TIMESTAMP = "google.protobuf.Timestamp"

_ITEM = re.compile(
    r"""\s*+(?:(?P<block>message|enum|oneof)\s+(?P<name>\w+)\s*\{
    |(?P<end>\})
    |(?:(?P<label>optional|repeated)\s+)?(?P<type>[\w.]+)\s+(?P<field>\w+)\s*=\s*(?P<number>\d+)
      \s*(?:\[[^\]]*\])?\s*;
    |(?P<value>\w+)\s*=\s*(?P<at>\d+)\s*(?:\[[^\]]*\])?\s*;
    |[^;{}]*;)""",
    re.VERBOSE,
)
_SCALARS = {
    "string": TEXT,
    "bool": TRUTH,
    "int32": INTEGER,
    "int64": INTEGER,
    "uint32": INTEGER,
    "float": FLOAT,
    "double": DOUBLE,
}
_KEYS = {
    "bom_ref": "bom-ref",
    "mime_type": "mime-type",
    "x_trust_boundary": "x-trust-boundary",
    "postalCodeue": "postalCode",
    "predefined_state": "state",
    "Hash.value": "content",
    "AttachedText.value": "content",
    "GraphicsCollection.graphic": "collection",
    "DataFlow.value": "classification",
    "DataClassification.value": "classification",
    "CryptoProperties.ProtocolProperties.cryptoRef": "cryptoRefArray",
}
"""Fields whose key is not their name in camel case; some by their message."""

_WORDS = {"kilowatthours": "kWh", "tonnesco2equivalent": "tCO2eq"}
"""Units, which the JSON form abbreviates."""

_NOTHING = frozenset({"null", "unspecified"})


class Proto(NamedTuple):
    """The messages of one version."""

    messages: dict[str, dict[int, Field]]
    defaults: dict[str, dict[str, Any]]
    """Message to the keys that are there even where the document leaves them out."""


@cache
def proto(version: str) -> Proto:
    """The messages of a version, one of :data:`VERSIONS`."""
    raw, enumerations = _parsed(schema(f"bom-{version}.proto").decode())
    words = _words(version)
    messages: dict[str, dict[int, Field]] = {
        TIMESTAMP: {
            1: Field("seconds", "seconds", INTEGER),
            2: Field("nanos", "nanos", INTEGER),
        }
    }
    defaults: dict[str, dict[str, Any]] = {}
    for name, fields in raw.items():
        table = messages.setdefault(name, {})
        for label, type, field, number in fields:
            key = _key(name, field)
            kind: str | Enumeration
            if type in _SCALARS:
                kind = _SCALARS[type]
            elif (full := _resolved(type, name, enumerations)) is not None:
                kind = _enumeration(enumerations[full], words, key)
                if not label and kind.values[0]:
                    defaults.setdefault(name, {})[key] = kind.values[0]
            else:
                kind = TIMESTAMP if type == TIMESTAMP else _resolved(type, name, raw) or type
            if not label and kind in {FLOAT, DOUBLE}:
                defaults.setdefault(name, {})[key] = 0
            table[number] = Field(field, key, kind, label == "repeated")
    return Proto(messages, defaults)


_Raw = dict[str, list[tuple[str, str, str, int]]]


def _parsed(text: str) -> tuple[_Raw, dict[str, dict[int, str]]]:
    """Fields of each message and values of each enumeration, by their full names."""
    messages: _Raw = {}
    enumerations: dict[str, dict[int, str]] = {}
    way: list[tuple[str, str]] = []
    for item in _ITEM.finditer(text):
        if item["block"]:
            way.append((item["block"], item["name"]))
            name = ".".join(part for kind, part in way if kind != "oneof")
            if item["block"] == "message":
                messages[name] = []
            elif item["block"] == "enum":
                enumerations[name] = {}
        elif item["end"]:
            way.pop()
        elif item["field"] and way:
            name = ".".join(part for kind, part in way if kind != "oneof")
            label = item["label"] or ("oneof" if way[-1][0] == "oneof" else "")
            messages[name].append((label, item["type"], item["field"], int(item["number"])))
        elif item["value"] and way:
            name = ".".join(part for _, part in way)
            enumerations[name][int(item["at"])] = item["value"]
    return messages, enumerations


def _resolved(type: str, inside: str, known: dict[str, Any]) -> str | None:
    """The full name of a type that is named within a message; the innermost one."""
    scope = inside.split(".")
    for depth in range(len(scope), -1, -1):
        name = ".".join([*scope[:depth], type])
        if name in known:
            return name
    return None


def _key(message: str, field: str) -> str:
    exact = _KEYS.get(f"{message}.{field}") or _KEYS.get(field)
    return exact or re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), field)


def _enumeration(values: dict[int, str], words: dict[str, dict[str, str]], key: str) -> Enumeration:
    first, last = min(values.values()), max(values.values())
    same = next(
        (at for at, pair in enumerate(zip(first, last, strict=False)) if len({*pair}) > 1), 0
    )
    prefix = first[: first.rfind("_", 0, same) + 1]
    found = [
        _word(values.get(number, "").removeprefix(prefix), words, key)
        for number in range(max(values) + 1)
    ]
    names = tuple(values.get(number, "") for number in range(max(values) + 1))
    return Enumeration(prefix, tuple(found), names)


def _word(name: str, words: dict[str, dict[str, str]], key: str) -> str:
    plain = name.replace("_", "").lower()
    if plain in _NOTHING:
        return ""
    own = words.get(key, {}).get(plain)
    return own or _WORDS.get(plain) or words[""].get(plain) or name.replace("_", "-").lower()


def _words(version: str) -> dict[str, dict[str, str]]:
    """Words of the enumerations of the JSON form by property, and all under an empty key."""
    name = f"bom-{version}{'-strict' if version == '1.3' else ''}.schema.json"
    found: dict[str, dict[str, str]] = {"": {}}
    document = msgspec.json.decode(schema(name))
    definitions = document.get("definitions", {})

    def visit(value: Any, key: str) -> None:
        if isinstance(value, list):
            for one in value:
                visit(one, key)
        elif isinstance(value, dict):
            for word in value["enum"] if isinstance(value.get("enum"), list) else ():
                if isinstance(word, str):
                    plain = word.replace("-", "").replace("_", "").replace(" ", "").lower()
                    found.setdefault(key, {}).setdefault(plain, word)
                    found[""].setdefault(plain, word)
            named = str(value.get("$ref", "")).rpartition("/")[2]
            if named in definitions and "enum" in definitions[named]:
                visit(definitions[named], key)
            for name, inner in value.get("properties", {}).items():
                visit(inner, name)
            for name, inner in value.items():
                if name not in {"properties", "enum", "definitions"}:
                    visit(inner, key)
            for name, inner in value.get("definitions", {}).items():
                visit(inner, name)

    visit(document, "")
    return found
