"""A CycloneDX document in protocol buffers as the value of its JSON form.

Every field of the version's ``.proto`` file has a place; of what is in none, the
offset or line is kept.  Source: the ``.proto`` files and JSON schemas of
CycloneDX 1.3 to 1.7.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pratique.formats.base import MAX_DOCUMENT_BYTES, Notes
from pratique.formats.sbom.cyclonedx.messages import DOUBLE, FLOAT
from pratique.formats.sbom.cyclonedx.proto_schema import TIMESTAMP, VERSIONS, Proto, proto
from pratique.formats.sbom.cyclonedx.protobuf import Decoder, shortest
from pratique.formats.sbom.cyclonedx.textproto import parse_text_form
from pratique.formats.text import decode
from pratique.model.errors import InputError, LimitError

if TYPE_CHECKING:
    from collections.abc import Callable

_STATED = re.compile(r"^\s*spec_version\s*:\s*[\"'](1\.\d)[\"']", re.MULTILINE)


class ProtobufValues:
    """The value of a document, and what of it the value does not hold."""

    def __init__(self, value: dict[str, Any], left: list[tuple[int, str, str]]) -> None:
        self.value = value
        self.left = left
        """Line or offset, text and reason of each part that has no key here."""


def binary_values(data: bytes) -> ProtobufValues:
    """Take one ``Bom`` message for what it is in JSON.

    Raises:
        InputError: It is no such message, or states no version of CycloneDX.
        LimitError: It exceeds the limits of size, depth or number.
    """
    if len(data) > MAX_DOCUMENT_BYTES:
        raise LimitError(f"is {len(data):,} bytes, over the limit of {MAX_DOCUMENT_BYTES:,}")
    stated = Decoder(data, Notes("")).document().get("specVersion", "")
    if not stated.startswith("1."):
        raise InputError("is not a CycloneDX document: it states no spec_version")
    found = proto(stated if stated in VERSIONS else VERSIONS[-1])
    notes, left = Notes(""), list[tuple[int, str, str]]()
    message = Decoder(data, notes, found.messages, left).document()
    return _shaped(message, found, notes, left)


def text_values(data: bytes) -> ProtobufValues:
    """Take the text form of a ``Bom`` message for what it is in JSON.

    Raises:
        InputError: It is not in the text form, or has no field of ``Bom``.
        LimitError: It exceeds the limits of size, depth or number.
    """
    text = decode(data)
    stated = _STATED.search(text)
    found = proto(stated[1] if stated and stated[1] in VERSIONS else VERSIONS[-1])
    notes, left = Notes(""), list[tuple[int, str, str]]()
    message = parse_text_form(text, notes, found.messages, left)
    if not message:
        raise InputError("is not a CycloneDX document: it has none of the fields of Bom")
    return _shaped(message, found, notes, left)


def _shaped(
    message: dict[str, Any], found: Proto, notes: Notes, left: list[tuple[int, str, str]]
) -> ProtobufValues:
    value = _object(message, "Bom", found)
    left += [(one.location.line, "", one.message) for one in notes.done()]
    return ProtobufValues({"bomFormat": "CycloneDX"} | value, left)


def _object(message: dict[str, Any], name: str, found: Proto) -> Any:
    """A message in the shape that the JSON form has; messages within it first."""
    fields = {field.key: field for field in found.messages[name].values()}
    value: dict[str, Any] = {}
    for key, one in (found.defaults.get(name, {}) | message).items():
        field = fields[key]
        kind = str(field.kind)
        if kind in found.messages:
            if field.repeated:
                value[key] = [_object(inner, kind, found) for inner in one]
            else:
                value[key] = _object(one, kind, found)
        elif kind in {FLOAT, DOUBLE}:
            number = shortest(one) if kind == FLOAT else one
            value[key] = int(number) if number == number // 1 else number
        elif one != "" or kind == "text":  # an enumeration's nothing
            value[key] = one
    shape = _SHAPES.get(name)
    return shape(value) if shape else value


def _timestamp(value: dict[str, Any]) -> Any:
    """Seconds since 1970 as RFC 3339 writes them."""
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=value.get("seconds", 0))
    except OverflowError:
        return str(value.get("seconds"))
    nanos = value.get("nanos", 0)
    fraction = f".{nanos:09}".rstrip("0") if 0 < nanos < 1_000_000_000 else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def _choice(value: dict[str, Any]) -> dict[str, Any]:
    detailed = value.pop("expressionDetailed", None)
    if isinstance(detailed, dict):
        details = detailed.pop("details", None)
        more = {"expressionDetails": details} if details else {}
        return detailed | more | value
    named = value.get("license")
    if isinstance(named, dict):
        for key in ("acknowledgement", "bom-ref"):
            if key in value:
                named.setdefault(key, value.pop(key))
    return value


def _tools(value: Any) -> Any:
    """Components and services, or the older list of tools."""
    if not isinstance(value, dict):
        return value
    if not value or not value.keys().isdisjoint({"components", "services"}):
        return value
    return [value]


def _with_tools(value: dict[str, Any]) -> dict[str, Any]:
    if "tools" in value:
        value["tools"] = _tools(value["tools"])
    return value


def _flat(edges: Any) -> list[dict[str, Any]]:
    """Dependencies, which hold those of each other, side by side."""
    found: list[dict[str, Any]] = []
    waiting = list(reversed(edges))
    while waiting:
        one = waiting.pop()
        inner = one.get("dependencies", [])
        entry = {"ref": one["ref"]} if "ref" in one else {}
        if inner:
            entry["dependsOn"] = [each["ref"] for each in inner if "ref" in each]
        if "provides" in one:
            entry["provides"] = one["provides"]
        found.append(entry)
        waiting += [
            each
            for each in reversed(inner)
            if not each.keys().isdisjoint({"dependencies", "provides"})
        ]
    return found


def _bom(value: dict[str, Any]) -> dict[str, Any]:
    if "dependencies" in value:
        value["dependencies"] = _flat(value["dependencies"])
    for key in ("declarations", "definitions"):
        several = value.get(key)
        if isinstance(several, list) and len(several) == 1:
            (value[key],) = several
    return value


def _metadata(value: dict[str, Any]) -> dict[str, Any]:
    if isinstance(license := value.get("licenses"), dict):  # one choice, up to 1.5
        value["licenses"] = [license]
    return _with_tools(value)


def _component(value: dict[str, Any]) -> dict[str, Any]:
    """A component, whose evidence may be repeated up to 1.5."""
    several = value.get("evidence")
    if isinstance(several, list) and len(several) == 1:
        (value["evidence"],) = several
        identity = value["evidence"].get("identity")
        if isinstance(identity, list) and len(identity) == 1:
            (value["evidence"]["identity"],) = identity
    return value


def _protocol(value: dict[str, Any]) -> dict[str, Any]:
    if "ikev2TransformTypes" not in value and "ikev2TransformTypesDetailed" in value:
        value["ikev2TransformTypes"] = value.pop("ikev2TransformTypesDetailed")
    return value


def _citation(value: dict[str, Any]) -> dict[str, Any]:
    for key in ("pointers", "expressions"):
        if isinstance(value.get(key), dict):
            value[key] = value[key].get(key.removesuffix("s"), [])
    return value


def _workflow(value: dict[str, Any]) -> dict[str, Any]:
    for key in ("taskDependencies", "runtimeTopology"):
        if key in value:
            value[key] = _flat(value[key])
    return value


def _only(*keys: str) -> Callable[[dict[str, Any]], Any]:
    """What is in the one member of an object, where it has but that."""

    def shape(value: dict[str, Any]) -> Any:
        return next((value[key] for key in keys if key in value), value)

    return shape


def _extension(value: dict[str, Any]) -> dict[str, Any]:
    for start in ("common", "custom"):
        inner = value.get(f"{start}Extension")
        if isinstance(inner, dict):
            return {f"{start}Extension{key.capitalize()}": one for key, one in inner.items()}
    return value


_SHAPES: dict[str, Callable[[dict[str, Any]], Any]] = {
    TIMESTAMP: _timestamp,
    "Bom": _bom,
    "LicenseChoice": _choice,
    "Metadata": _metadata,
    "Component": _component,
    "Citation": _citation,
    "CryptoProperties.ProtocolProperties": _protocol,
    "Vulnerability": _with_tools,
    "Workflow": _workflow,
    "Task": _workflow,
    "ModelCard.ModelParameters.Datasets": lambda value: value.get("dataset", value),
    "EnvironmentVars": _only("property", "value"),
    "CryptoProperties.CertificateExtensions": _only("extensions"),
    "CryptoProperties.CertificateExtensions.Extension": _extension,
    "CryptoProperties.RelatedCryptographicAssets": _only("assets"),
}
"""Messages whose shape in JSON is another."""
