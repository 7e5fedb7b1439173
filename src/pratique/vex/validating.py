"""Whether a VEX document keeps to its format."""

from __future__ import annotations

import msgspec

from pratique.formats import vex as formats
from pratique.formats.csaf.mandatory.run import validate as validate_csaf
from pratique.formats.openvex.check import check as check_openvex
from pratique.model.inventory import Trouble


class Fault(msgspec.Struct, frozen=True):
    """Something by which a document is invalid."""

    test: str
    """Section of the standard, or ``schema``."""

    path: str
    message: str
    title: str = ""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of one document."""

    format: str
    faults: tuple[Fault, ...] = ()
    untested: tuple[tuple[str, str], ...] = ()
    """Tests of the standard that were not made, and why."""

    @property
    def valid(self) -> bool:
        """Whether no test that was made failed."""
        return not self.faults


def validate(data: bytes, path: str) -> Verdict:
    """Check a document by the rules of its format.

    CSAF by its structure and the mandatory tests of section 6.1, OpenVEX by its
    schema and the rules of its statuses; CycloneDX and SPDX documents are valid
    where every statement in them can be read.

    Args:
        data: Its bytes.
        path: For the places of problems.

    Raises:
        InputError: Nothing of it can be read.
    """
    format = formats.detect(data)
    if format == "csaf":
        result = validate_csaf(data)
        faults = [Fault(one.test, one.path, one.message, one.title) for one in result.failures]
        name = f"CSAF {result.version} ({result.category})"
        return Verdict(format=name, faults=tuple(faults), untested=result.absent)
    if format == "openvex":
        version, found = check_openvex(data)
        faults = [Fault("schema", at, message) for at, message in found]
        return Verdict(format=f"OpenVEX {version}", faults=tuple(faults))
    document = formats.read(data, path)
    faults = [
        Fault("reading", "", one.message)
        for one in document.problems
        if one.trouble is not Trouble.NOTICE
    ]
    return Verdict(format=document.format, faults=tuple(faults))
