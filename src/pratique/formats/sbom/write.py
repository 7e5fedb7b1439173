"""Writes an inventory in any form that is written here.

CycloneDX 1.6 is made first, by :mod:`.cyclonedx.write`; every other form is
made of that value, so that all say the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.json_writing import indented_json
from pratique.formats.sbom.cyclonedx.write import MODEL
from pratique.formats.sbom.cyclonedx.write import write as write_cyclonedx
from pratique.model.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pratique.model.finding import Finding
    from pratique.model.inventory import Inventory

CYCLONEDX_VERSIONS = ("1.4", "1.5", "1.6", "1.7")
FORMS = (
    *(
        f"cyclonedx-{syntax}-{version}"
        for syntax in ("json", "xml")
        for version in CYCLONEDX_VERSIONS
    ),
    "spdx-json-2.3",
    "spdx-tag-value-2.3",
    "spdx-json-3.0.1",
)
"""Forms by name, syntax and version."""


def write(
    inventory: Inventory,
    form: str,
    *,
    tool: str,
    tool_version: str,
    timestamp: datetime,
    vulnerabilities: Sequence[Finding] = (),
    version: str = "",
) -> bytes:
    """An inventory in a form; the same input gives the same bytes.

    Args:
        inventory: See :func:`pratique.formats.sbom.cyclonedx.write.write`.
        form: One of :data:`FORMS`.
        tool: Name of the program that writes it.
        tool_version: Its version.
        timestamp: When it was made; aware of its time zone.
        vulnerabilities: Findings to state; CycloneDX only.
        version: Of the subject, where it is known.

    Raises:
        UnsupportedError: There is no such form.
    """
    if form not in FORMS:
        raise UnsupportedError(f"{form!r} is no form to write: {', '.join(FORMS)}.")
    found = vulnerabilities if form.startswith("cyclonedx") else ()
    data = write_cyclonedx(
        inventory,
        tool=tool,
        tool_version=tool_version,
        timestamp=timestamp,
        vulnerabilities=found,
        version=version,
    )
    if form == "cyclonedx-json-1.6":
        return data
    value = msgspec.json.decode(data)
    if form.startswith("cyclonedx"):
        value = in_version(value, form.rpartition("-")[2])
        if form.startswith("cyclonedx-xml"):
            from pratique.formats.sbom.cyclonedx.write_xml import write_xml

            return write_xml(value)
        return indented_json(value)
    from pratique.formats.sbom.convert.to_spdx import to_spdx

    document = to_spdx(value, creator=f"{tool}-{tool_version}", now=timestamp).document
    if form == "spdx-json-2.3":
        return indented_json(document)
    if form == "spdx-tag-value-2.3":
        from pratique.formats.sbom.spdx.write_tag_value import write_tag_value

        return write_tag_value(document)
    from pratique.formats.sbom.spdx3.write import write_json_ld

    return write_json_ld(document)


def in_version(bom: dict[str, Any], version: str) -> dict[str, Any]:
    """A value that :mod:`.cyclonedx.write` made for 1.6, in another version.

    What the older ones have no field for is left out: lines of occurrences
    before 1.6, occurrences before 1.5; CVSS 4 is a method and models are a type since 1.5.
    """
    bom = bom | {
        "$schema": f"http://cyclonedx.org/schema/bom-{version}.schema.json",
        "specVersion": version,
    }
    if version == "1.5":
        bom["components"] = [_located(one) for one in bom["components"]]
    elif version == "1.4":
        tools = [
            {"name": one["name"], "version": one["version"]}
            for one in bom["metadata"]["tools"]["components"]
        ]
        bom["metadata"] = bom["metadata"] | {"tools": tools}
        bom["components"] = [
            {key: value for key, value in one.items() if key != "evidence"}
            | ({"type": "file"} if one["type"] == MODEL else {})
            for one in bom["components"]
        ]
        for one in bom.get("vulnerabilities", ()):
            for rating in one.get("ratings", ()):
                if rating.get("method") in {"CVSSv4", "SSVC"}:
                    rating["method"] = "other"
    return bom


def _located(component: dict[str, Any]) -> dict[str, Any]:
    occurrences = component.get("evidence", {}).get("occurrences")
    if not occurrences:
        return component
    places = [{"location": one["location"]} for one in occurrences]
    return component | {"evidence": {"occurrences": places}}
