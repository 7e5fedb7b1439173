"""Layouts and links (in-toto 1.0, sections 4.3 and 4.4), in both of their wrappings.

The older wrapping signs the canonical JSON of the member ``signed``; the newer
one is DSSE.  What is signed is kept as bytes, so that it is what is verified.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import msgspec

from pratique.formats.dsse import IN_TOTO_PAYLOAD, envelope_of, pae
from pratique.formats.dsse.wire import convert, decode_json
from pratique.formats.instants import parse_instant
from pratique.formats.intoto.canonical import canonical_json
from pratique.formats.intoto.rules import MAX_RULES, Rule, parse_rule
from pratique.model.errors import InputError, LimitError

MAX_STEPS = 1_000
"""Most steps of a layout; published ones have under twenty."""

MAX_LINK_ARTIFACTS = 100_000
"""Most materials or products of a link; a tree of sources has some ten thousand."""


class Key(msgspec.Struct, frozen=True):
    """A public key, as metadata carries it (section 4.2)."""

    keyid: str
    keyval: dict[str, Any]
    keytype: str = ""
    scheme: str = ""
    method: str = ""
    """``pgp+rsa-pkcsv1.5`` and the like for OpenPGP keys."""

    creation_time: int | None = None
    validity_period: int | None = None
    subkeys: dict[str, Any] = {}


class MetadataSignature(msgspec.Struct, frozen=True):
    """A signature of metadata."""

    keyid: str
    signature: bytes
    other_headers: bytes = b""
    """Signed part of an OpenPGP signature packet; empty for other signatures."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody must have carried out."""

    name: str
    materials: tuple[Rule, ...]
    products: tuple[Rule, ...]
    command: tuple[str, ...] = ()
    pubkeys: tuple[str, ...] = ()
    threshold: int = 1


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """What the owner wants to be run on the machine of whoever verifies."""

    name: str
    materials: tuple[Rule, ...]
    products: tuple[Rule, ...]
    run: tuple[str, ...] = ()


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """Which steps, by whom, with which artifacts."""

    expires: datetime
    keys: dict[str, Key]
    steps: tuple[Step, ...]
    inspections: tuple[Inspection, ...] = ()


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """What was carried out."""

    name: str
    command: tuple[str, ...]
    materials: dict[str, dict[str, str]]
    products: dict[str, dict[str, str]]


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """A layout or a link, with its signatures."""

    content: Layout | Link
    signed: bytes
    """What the signatures are made over."""

    signatures: tuple[MetadataSignature, ...]


class _WireStep(msgspec.Struct, frozen=True):
    name: str
    expected_materials: list[list[str]] = []
    expected_products: list[list[str]] = []
    expected_command: list[str] = []
    pubkeys: list[str] = []
    threshold: int = 1


class _WireInspection(msgspec.Struct, frozen=True):
    name: str
    expected_materials: list[list[str]] = []
    expected_products: list[list[str]] = []
    run: list[str] = []


class _WireLayout(msgspec.Struct, frozen=True):
    expires: str
    keys: dict[str, dict[str, Any]]
    steps: list[_WireStep]
    inspect: list[_WireInspection] = []


class _WireLink(msgspec.Struct, frozen=True):
    name: str
    command: list[str] = []
    materials: dict[str, dict[str, str]] = {}
    products: dict[str, dict[str, str]] = {}


class _WireSignature(msgspec.Struct, frozen=True):
    keyid: str
    sig: str = ""
    signature: str = ""
    other_headers: str = ""


def read_metadata(data: bytes, parameters: dict[str, str] | None = None) -> Metadata:
    """Layout or link of a document.

    Args:
        data: JSON, in the wrapping with ``signed`` or in a DSSE envelope.
        parameters: Put into rules and commands of a layout (section 4.3.1), after
            the signed bytes are set aside.

    Raises:
        LimitError: It exceeds a limit of this module.
        InputError: It is no such document.
    """
    value = decode_json(data, Any, "in-toto metadata")
    if not isinstance(value, dict):
        raise InputError("in-toto metadata is no JSON object")
    if "payload" in value:
        envelope = envelope_of(value)
        if envelope.payload_type != IN_TOTO_PAYLOAD:
            raise InputError(f"envelope holds {envelope.payload_type[:80]!r}, no in-toto metadata")
        content = decode_json(envelope.payload, Any, "in-toto metadata")
        return Metadata(
            content=_content(content, parameters or {}),
            signed=pae(envelope.payload_type, envelope.payload),
            signatures=tuple(MetadataSignature(s.keyid, s.sig) for s in envelope.signatures),
        )
    if "signed" not in value:
        raise InputError("document is no in-toto layout or link")
    return Metadata(
        content=_content(value["signed"], parameters or {}),
        signed=canonical_json(value["signed"]),
        signatures=_signatures(value.get("signatures")),
    )


def _signatures(value: Any) -> tuple[MetadataSignature, ...]:
    given = convert(value or [], list[_WireSignature], "signatures of in-toto metadata")
    if len(given) > MAX_STEPS:
        raise LimitError(f"in-toto metadata has over {MAX_STEPS:,} signatures")
    try:
        return tuple(
            MetadataSignature(
                one.keyid,
                bytes.fromhex(one.sig or one.signature),
                bytes.fromhex(one.other_headers),
            )
            for one in given
        )
    except ValueError:
        raise InputError("in-toto metadata has a signature that is not hexadecimal") from None


def _content(value: Any, parameters: dict[str, str]) -> Layout | Link:
    kind = value.get("_type") if isinstance(value, dict) else None
    if kind == "layout":
        return _layout(convert(value, _WireLayout, "in-toto layout"), parameters)
    if kind == "link":
        return _link(convert(value, _WireLink, "in-toto link"))
    raise InputError("in-toto metadata is neither a layout nor a link")


def _link(wire: _WireLink) -> Link:
    if max(len(wire.materials), len(wire.products)) > MAX_LINK_ARTIFACTS:
        raise LimitError(f"in-toto link has over {MAX_LINK_ARTIFACTS:,} artifacts")
    return Link(
        name=wire.name,
        command=tuple(wire.command),
        materials=wire.materials,
        products=wire.products,
    )


def _layout(wire: _WireLayout, parameters: dict[str, str]) -> Layout:
    expires = parse_instant(wire.expires)
    if expires is None:
        raise InputError(f"in-toto layout expires at {wire.expires[:40]!r}, which is no time")
    if len(wire.steps) > MAX_STEPS:
        raise LimitError(f"in-toto layout has over {MAX_STEPS:,} steps")
    names = [one.name for one in wire.steps] + [one.name for one in wire.inspect]
    if len(names) != len(set(names)):
        raise InputError("in-toto layout has two steps of one name")
    keys = {}
    for name, given in wire.keys.items():
        key = convert(given, Key, "key of the in-toto layout")
        if key.keyid != name:
            raise InputError("in-toto layout has a key under another key's id")
        keys[name] = key
    return Layout(
        expires=expires,
        keys=keys,
        steps=tuple(_step(one, keys, parameters) for one in wire.steps),
        inspections=tuple(_inspection(one, parameters) for one in wire.inspect),
    )


def _step(wire: _WireStep, keys: dict[str, Key], parameters: dict[str, str]) -> Step:
    if not wire.name or any(c in wire.name for c in "/\\\0") or wire.name in {".", ".."}:
        raise InputError(f"in-toto layout has a step of the name {wire.name[:80]!r}")
    if wire.threshold < 1:
        raise InputError(f"step {wire.name!r} has a threshold under one")
    if unknown := [one for one in wire.pubkeys if one not in keys]:
        raise InputError(f"step {wire.name!r} names the unknown key {unknown[0][:80]!r}")
    return Step(
        name=wire.name,
        materials=_rules(wire.expected_materials, parameters),
        products=_rules(wire.expected_products, parameters),
        command=tuple(substituted(word, parameters) for word in wire.expected_command),
        pubkeys=tuple(dict.fromkeys(wire.pubkeys)),
        threshold=wire.threshold,
    )


def _inspection(wire: _WireInspection, parameters: dict[str, str]) -> Inspection:
    return Inspection(
        name=wire.name,
        materials=_rules(wire.expected_materials, parameters),
        products=_rules(wire.expected_products, parameters),
        run=tuple(substituted(word, parameters) for word in wire.run),
    )


def _rules(given: list[list[str]], parameters: dict[str, str]) -> tuple[Rule, ...]:
    if len(given) > MAX_RULES:
        raise LimitError(f"in-toto layout has a step with over {MAX_RULES:,} rules")
    return tuple(parse_rule([substituted(word, parameters) for word in one]) for one in given)


_PLACE = re.compile(r"\{([A-Za-z0-9_-]+)\}")


def substituted(text: str, parameters: dict[str, str]) -> str:
    """A text with each ``{NAME}`` of a parameter replaced by its value, in one pass.

    What a value holds is not replaced again.
    """
    return _PLACE.sub(lambda found: parameters.get(found[1], found[0]), text)


def places(text: str) -> list[str]:
    """Names of the parameters that a text has places for; one as often as it has."""
    return _PLACE.findall(text)
