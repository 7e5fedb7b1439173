"""Test 6.1.11: the names of weaknesses, for those that are known here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pratique.formats.csaf.mandatory.advisory import Advisory, mandatory, rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pratique.formats.csaf.mandatory.advisory import Finding

NAMES = {
    20: "Improper Input Validation",
    22: "Improper Limitation of a Pathname to a Restricted Directory ('Path Traversal')",
    77: "Improper Neutralization of Special Elements used in a Command ('Command Injection')",
    78: "Improper Neutralization of Special Elements used in an OS Command "
    "('OS Command Injection')",
    79: "Improper Neutralization of Input During Web Page Generation ('Cross-site Scripting')",
    89: "Improper Neutralization of Special Elements used in an SQL Command ('SQL Injection')",
    94: "Improper Control of Generation of Code ('Code Injection')",
    119: "Improper Restriction of Operations within the Bounds of a Memory Buffer",
    120: "Buffer Copy without Checking Size of Input ('Classic Buffer Overflow')",
    121: "Stack-based Buffer Overflow",
    122: "Heap-based Buffer Overflow",
    125: "Out-of-bounds Read",
    190: "Integer Overflow or Wraparound",
    200: "Exposure of Sensitive Information to an Unauthorized Actor",
    269: "Improper Privilege Management",
    276: "Incorrect Default Permissions",
    284: "Improper Access Control",
    287: "Improper Authentication",
    295: "Improper Certificate Validation",
    306: "Missing Authentication for Critical Function",
    352: "Cross-Site Request Forgery (CSRF)",
    400: "Uncontrolled Resource Consumption",
    416: "Use After Free",
    434: "Unrestricted Upload of File with Dangerous Type",
    476: "NULL Pointer Dereference",
    502: "Deserialization of Untrusted Data",
    601: "URL Redirection to Untrusted Site ('Open Redirect')",
    611: "Improper Restriction of XML External Entity Reference",
    639: "Authorization Bypass Through User-Controlled Key",
    732: "Incorrect Permission Assignment for Critical Resource",
    770: "Allocation of Resources Without Limits or Throttling",
    787: "Out-of-bounds Write",
    798: "Use of Hard-coded Credentials",
    862: "Missing Authorization",
    863: "Incorrect Authorization",
    918: "Server-Side Request Forgery (SSRF)",
}
"""The weaknesses of the yearly lists of the most dangerous ones, by their present names.

The whole catalogue is not here: a weakness that is not in this table passes.
"""

CATEGORIES = frozenset({16, 19, 21, 189, 254, 255, 264, 310, 320, 371, 388, 399, 417})
"""Categories that are often taken for weaknesses; 2.1 forbids them."""


@mandatory("6.1.11", "CWE")
def weakness_name(advisory: Advisory) -> Iterator[Finding]:
    """A weakness that is known here has its name (2.1: and is no category)."""
    for path, one in advisory.vulnerabilities():
        found: list[tuple[str, Any]] = list(rows(one.get("cwes"), f"{path}/cwes"))
        if isinstance(one.get("cwe"), dict):
            found.append((f"{path}/cwe", one["cwe"]))
        for at, row in found:
            id, name = row.get("id"), row.get("name")
            digits = id.removeprefix("CWE-") if isinstance(id, str) else ""
            if not digits.isdecimal() or len(digits) > 6:
                continue
            number = int(digits)
            if advisory.version == "2.1" and number in CATEGORIES:
                yield f"{at}/id", f"CWE-{number} is a category"
            elif name != NAMES.get(number, name):
                yield f"{at}/name", f"is not the name of CWE-{number}, {NAMES[number]!r}"


TESTS = (weakness_name,)
