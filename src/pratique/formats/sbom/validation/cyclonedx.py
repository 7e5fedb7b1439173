"""CycloneDX documents held against its JSON and XML schemas."""

from __future__ import annotations

from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.sbom.schemas import schema
from pratique.formats.sbom.validation.faults import MAX_FAULTS, Fault, Verdict, cut, path_of
from pratique.formats.sbom.validation.lines import JsonLines
from pratique.formats.text import decode, parse_xml
from pratique.model.errors import LimitError, UnsupportedError

if TYPE_CHECKING:
    from lxml import etree

_BASE = "http://cyclonedx.org/schema/"
_JSON = {
    "1.2": "bom-1.2-strict.schema.json",
    "1.3": "bom-1.3-strict.schema.json",
    "1.4": "bom-1.4.schema.json",
    "1.5": "bom-1.5.schema.json",
    "1.6": "bom-1.6.schema.json",
    "1.7": "bom-1.7.schema.json",
}
_XML = tuple(f"1.{minor}" for minor in range(8))
_BESIDE = ("spdx.schema.json", "jsf-0.82.schema.json", "cryptography-defs.schema.json")


def validate_json(data: bytes | None, value: dict[str, Any], version: str) -> Verdict:
    """Hold a decoded JSON document against the schema of its version.

    Args:
        data: The document, for the lines of faults; ``None`` where it is not in JSON.
        value: Decoded.
        version: As it states it.

    Raises:
        UnsupportedError: Its version has no JSON schema here.
        LimitError: It is nested too deeply.
    """
    if version not in _JSON:
        raise UnsupportedError(
            f"specVersion {version!r:.40} has no JSON schema here.",
            remedy=f"Known are {', '.join(_JSON)}.",
        )
    try:
        found = list(islice(_validator(version).iter_errors(value), MAX_FAULTS + 1))
    except ValueError as error:  # the validator's own limit of depth, 255
        raise LimitError(f"cannot be validated: {str(error)[:80]}") from None
    lines = JsonLines(decode(data)) if found and data is not None else None
    faults = {
        Fault(
            lines.line(error.instance_path) if lines else 0,
            path_of(error.instance_path),
            cut(error.message),
        )
        for error in found[:MAX_FAULTS]
    }
    return Verdict(
        specification=f"CycloneDX {version}, JSON schema",
        faults=tuple(sorted(faults)),
        more=len(found) > MAX_FAULTS,
    )


def has_schema(version: str) -> bool:
    """Whether JSON documents of a version can be validated."""
    return version in _JSON


def raw_faults(value: dict[str, Any], version: str) -> list[Any]:
    """What the JSON schema of a version finds in a value, as its library tells it.

    Raises:
        LimitError: It is nested too deeply.
    """
    try:
        return list(_validator(version).iter_errors(value))
    except ValueError as error:  # the validator's own limit of depth, 255
        raise LimitError(f"cannot be validated: {str(error)[:80]}") from None


@cache
def _validator(version: str) -> Any:
    import jsonschema_rs

    resources = [(_BASE + name, msgspec.json.decode(schema(name))) for name in _BESIDE]
    return jsonschema_rs.Draft7Validator(
        msgspec.json.decode(schema(_JSON[version])),
        registry=jsonschema_rs.Registry(resources),
        validate_formats=True,
        offline=True,
    )


def validate_xml(data: bytes) -> Verdict:
    """Hold an XML document against the XML schema of its namespace's version.

    Raises:
        InputError: It is not well-formed.
        UnsupportedError: Its version has no XML schema here.
    """
    root = parse_xml(data)
    version = str(root.tag).partition("}")[0].rpartition("/")[2]
    if version not in _XML:
        raise UnsupportedError(f"version {version!r:.40} of CycloneDX has no XML schema here.")
    checker = _xml_schema(version)
    checker.validate(root)
    errors = list(islice(checker.error_log, MAX_FAULTS + 1))  # type: ignore[call-overload]
    faults = {
        Fault(error.line, _local(error.path or ""), cut(_plain(error.message)))
        for error in errors[:MAX_FAULTS]
    }
    return Verdict(
        specification=f"CycloneDX {version}, XML schema",
        faults=tuple(sorted(faults)),
        more=len(errors) > MAX_FAULTS,
    )


def _local(path: str) -> str:
    """A path without the ``*`` and prefixes that stand for names in a namespace."""
    return path.lstrip("/")


def _plain(message: str) -> str:
    """A message of libxml2 without the namespace before each name."""
    start = message.find("{http")
    while start >= 0:
        end = message.find("}", start)
        if end < 0:
            break
        message = message[:start] + message[end + 1 :]
        start = message.find("{http")
    return message


@cache
def _xml_schema(version: str) -> etree.XMLSchema:
    from lxml import etree

    class Beside(etree.Resolver):
        """Gives the list of licences, and nothing else: no network, no file."""

        def resolve(  # type: ignore[override]
            self, system_url: str, _id: str, context: Any
        ) -> Any:
            content = schema("spdx.xsd") if system_url == f"{_BASE}spdx" else b"<none/>"
            return self.resolve_string(content, context)  # type: ignore[call-arg]

    parser = etree.XMLParser(no_network=True, resolve_entities=False)
    parser.resolvers.add(Beside())
    return etree.XMLSchema(etree.fromstring(schema(f"bom-{version}.xsd"), parser))
