"""Any bill of materials as a plain value: the JSON form of its standard.

Readers turn documents into the model, which has no place for much of what they
say.  Conversion, validation and quality look at everything, and so at values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.sbom import sniff
from pratique.formats.text import decode, parse_json
from pratique.model.errors import InputError, LimitError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable

CYCLONEDX = "cyclonedx"
SPDX = "spdx"
SPDX3 = "spdx3"


class Bill(msgspec.Struct, frozen=True, kw_only=True):
    """A document as the value of its standard's JSON form."""

    form: str
    """Which serialisation it came in: ``cyclonedx-json``, ``spdx-tag-value`` …"""

    standard: str
    """``cyclonedx``, ``spdx`` (2.x) or ``spdx3``."""

    value: dict[str, Any]
    left: tuple[tuple[int, str, str], ...] = ()
    """Line, text and reason of each part of the text that the value does not hold."""

    @property
    def version(self) -> str:
        """Of the specification, as the document states it: ``1.6``, ``SPDX-2.3``."""
        if self.standard == SPDX3:
            graph = self.value.get("@graph")
            items = graph if isinstance(graph, list) else [self.value]
            versions = (one.get("specVersion") for one in items if isinstance(one, dict))
            return next((one for one in versions if isinstance(one, str)), "")
        stated = self.value.get("specVersion" if self.standard == CYCLONEDX else "spdxVersion")
        return stated if isinstance(stated, str) else ""


def document_of(data: bytes) -> bytes:
    """The document itself; of an attestation, what is inside of it.

    Raises:
        InputError: It is an attestation, and damaged.
        LimitError: It exceeds the limits of size or depth.
    """
    if not sniff.is_attestation(data):
        return data
    from pratique.formats.sbom.wrapped import content_of

    try:
        return content_of(data)
    except RecursionError:
        raise LimitError("is nested too deeply") from None


def value_of(data: bytes) -> Bill:
    """Take a document, already unpacked, for its plain value.

    Of an attestation the document inside is taken; no signature is verified.

    Raises:
        UnsupportedError: It is no bill of materials.
        InputError: It cannot be read.
        LimitError: It exceeds the limits of size or depth.
    """
    data = document_of(data)
    try:
        for recognised, make in _FORMS:
            if recognised(data):
                return make(data)
    except RecursionError:
        raise LimitError("is nested too deeply") from None
    raise UnsupportedError(
        "is no bill of materials in a form that is converted and judged here.",
        remedy="These are CycloneDX JSON, XML and protocol buffers, SPDX 2 JSON, YAML, XML, RDF "
        "and tag-value, SPDX 3 JSON-LD, and attestations of these in JSON.",
    )


def value_as(data: bytes, form: str) -> Bill:
    """Take a document that is known to be of a form for its plain value.

    Args:
        data: The document, already unpacked.
        form: As :attr:`Bill.form` has it.

    Raises:
        InputError: It cannot be read as that.
        LimitError: It exceeds the limits of size or depth.
    """
    try:
        return _BY_NAME[form](data)
    except RecursionError:
        raise LimitError("is nested too deeply") from None


def _json(data: bytes) -> dict[str, Any]:
    text = decode(data)
    try:
        value = msgspec.json.decode(text)
    except RecursionError:
        raise LimitError("is nested too deeply") from None
    except msgspec.DecodeError:
        value = parse_json(text)
    if not isinstance(value, dict):
        raise InputError("is not an object")
    return value


def _cyclonedx_json(data: bytes) -> Bill:
    return Bill(form="cyclonedx-json", standard=CYCLONEDX, value=_json(data))


def _cyclonedx_xml(data: bytes) -> Bill:
    from pratique.formats.sbom.cyclonedx.xml_values import xml_values

    found = xml_values(data)
    return Bill(form="cyclonedx-xml", standard=CYCLONEDX, value=found.value, left=tuple(found.left))


def _cyclonedx_protobuf(data: bytes) -> Bill:
    from pratique.formats.sbom.cyclonedx.protobuf_values import binary_values

    found = binary_values(data)
    left = tuple(found.left)
    return Bill(form="cyclonedx-protobuf", standard=CYCLONEDX, value=found.value, left=left)


def _cyclonedx_textproto(data: bytes) -> Bill:
    from pratique.formats.sbom.cyclonedx.protobuf_values import text_values

    found = text_values(data)
    left = tuple(found.left)
    return Bill(form="cyclonedx-textproto", standard=CYCLONEDX, value=found.value, left=left)


def _spdx_json(data: bytes) -> Bill:
    value = _json(data)
    for wrapper in ("sbom", "Document"):
        inner = value.get(wrapper)
        if "spdxVersion" not in value and isinstance(inner, dict):
            value = inner
    return _spdx("spdx-json", value)


def _spdx(form: str, value: dict[str, Any]) -> Bill:
    from pratique.formats.sbom.spdx.older import is_older_value

    if is_older_value(value):
        raise UnsupportedError("is SPDX in a form from before the standard described one.")
    return Bill(form=form, standard=SPDX, value=value)


def _spdx3(data: bytes) -> Bill:
    return Bill(form="spdx3-json", standard=SPDX3, value=_json(data))


def _spdx_tag_value(data: bytes) -> Bill:
    from pratique.formats.sbom.spdx.tag_value_values import tag_value_values

    found = tag_value_values(data)
    return Bill(form="spdx-tag-value", standard=SPDX, value=found.value, left=tuple(found.left))


def _spdx_yaml(data: bytes) -> Bill:
    from pratique.formats.sbom.spdx.plain import yaml_value

    return _spdx("spdx-yaml", yaml_value(data))


def _spdx_rdf(data: bytes) -> Bill:
    from pratique.formats.sbom.spdx.rdf_values import rdf_values

    found = rdf_values(data)
    return Bill(form="spdx-rdf", standard=SPDX, value=found.value, left=tuple(found.left))


def _spdx_xml(data: bytes) -> Bill:
    from pratique.formats.sbom.spdx.plain import xml_value

    return _spdx("spdx-xml", xml_value(data))


_FORMS: tuple[tuple[Callable[[bytes], bool], Callable[[bytes], Bill]], ...] = (
    (sniff.is_cyclonedx_json, _cyclonedx_json),
    (sniff.is_spdx3_json, _spdx3),
    (sniff.is_spdx_json, _spdx_json),
    (sniff.is_cyclonedx_xml, _cyclonedx_xml),
    (sniff.is_spdx_rdf, _spdx_rdf),
    (sniff.is_spdx_xml, _spdx_xml),
    (sniff.is_spdx_tag_value, _spdx_tag_value),
    (sniff.is_spdx_yaml, _spdx_yaml),
    (sniff.is_cyclonedx_text, _cyclonedx_textproto),
    (sniff.is_cyclonedx_protobuf, _cyclonedx_protobuf),
)
_BY_NAME = {make.__name__.removeprefix("_").replace("_", "-"): make for _, make in _FORMS} | {
    "spdx3-json": _spdx3
}
"""Serialisation to what takes a document of it for its value."""
