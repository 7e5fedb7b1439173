"""Validates a document of any form."""

from __future__ import annotations

import msgspec

from pratique.formats.sbom.validation.faults import Fault, Verdict
from pratique.formats.sbom.values import CYCLONEDX, SPDX, document_of, value_of


def validate(data: bytes) -> Verdict:
    """Hold a document, already unpacked, against the specification it names.

    CycloneDX is held against its schemas (JSON 1.2 to 1.7, XML 1.0 to 1.7; protocol
    buffers in their JSON form);
    SPDX 2 and 3 against a table of what their clauses demand.

    Raises:
        UnsupportedError: It is no bill of materials, or of a version without a schema.
        InputError: It cannot be read at all.
        LimitError: It exceeds the limits of size or depth.
    """
    from pratique.formats.sbom.sniff import is_cyclonedx_xml

    data = document_of(data)
    if is_cyclonedx_xml(data):
        from pratique.formats.sbom.validation.cyclonedx import validate_xml

        return validate_xml(data)
    bill = value_of(data)
    if bill.standard == CYCLONEDX:
        from pratique.formats.sbom.validation.cyclonedx import validate_json

        if bill.form == "cyclonedx-json":
            return validate_json(data, bill.value, bill.version)
        left = tuple(Fault(line, "", reason) for line, _, reason in bill.left)
        found = validate_json(None, bill.value, bill.version)
        return msgspec.structs.replace(found, faults=tuple(sorted({*left, *found.faults})))
    if bill.standard == SPDX:
        from pratique.formats.sbom.validation.spdx import check

        faults = [
            # RDF may say more of a resource than the terms of the standard do.
            *(Fault(line, "", reason) for line, _, reason in bill.left if bill.form != "spdx-rdf"),
            *check(bill, data),
        ]
        return Verdict(
            specification=f"{bill.version or 'SPDX 2'}, clauses 6 to 12",
            faults=tuple(sorted(set(faults))),
        )
    from pratique.formats.sbom.validation.spdx3 import check as check_graph

    return Verdict(
        specification="SPDX 3.0.1, required properties",
        faults=tuple(sorted(set(check_graph(bill.value, data)))),
    )
