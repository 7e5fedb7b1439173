"""What texts of a record have to look like.

Source: OSV schema 1.7.5, ``id``, ``modified`` and ``severity[].score``; the
metrics of the vectors are those of CVSS 2.0, 3.0, 3.1 and 4.0.
"""

from __future__ import annotations

import re

DATABASES = (
    "ALBA", "ALEA", "ALPINE", "ALSA", "ASB-A", "AZL", "BELL", "BIT", "CGA", "CLEANSTART", "CLSA",
    "CURL", "CVE", "DEBIAN", "DHI", "DLA", "DRUPAL", "DSA", "DTSA", "ECHO", "EEF", "ELA",
    "FreeBSD", "GHSA", "GO", "GSD", "HSEC", "JLSEC", "KUBE", "LBSEC", "LSN", "MAL", "MGASA",
    "MINI", "OESA", "OSEC", "OSV", "PHSA", "PSF", "PUB-A", "PYSEC", "RHBA", "RHEA", "RHSA",
    "RLSA", "ROOT", "RSEC", "RUSTSEC", "RXSA", "SUSE-FU", "SUSE-OU", "SUSE-RU", "SUSE-SU",
    "UBUNTU", "USN", "V8", "openSUSE-SU",
)  # fmt: skip
"""What ids of published records begin with; those of one's own begin with ``x_``."""

ID = re.compile(rf"x_|(?:{'|'.join(map(re.escape, DATABASES))})-")
TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z", re.ASCII)

TOP_LEVEL = frozenset(
    {"schema_version", "id", "modified", "published", "withdrawn", "aliases", "related",
     "upstream", "summary", "details", "severity", "affected", "references", "credits",
     "database_specific"}
)  # fmt: skip
"""Members of a record; there are no others."""

UBUNTU_WORDS = frozenset({"negligible", "low", "medium", "high", "critical"})


def _any_order(metrics: str, prefix: str = "") -> re.Pattern[str]:
    """Metrics in any order, as CVSS 2 and 3 allow them."""
    one = "|".join(
        f"{name}:(?:{values})" for name, values in (each.split(":") for each in metrics.split())
    )
    return re.compile(rf"{prefix}(?:(?:{one})/)*(?:{one})\Z")


def _in_order(required: str, optional: str, prefix: str) -> re.Pattern[str]:
    """Metrics in their order, as CVSS 4 prescribes it."""
    parts = [f"/{n}:(?:{v})" for n, v in (each.split(":") for each in required.split())]
    parts += [f"(?:/{n}:(?:{v}))?" for n, v in (each.split(":") for each in optional.split())]
    return re.compile(prefix + "".join(parts) + r"\Z")


SCORES = {
    "CVSS_V2": _any_order(
        "AV:N|A|L AC:L|M|H Au:M|S|N [CIA]:N|P|C E:U|POC|F|H|ND RL:OF|TF|W|U|ND RC:UC|UR|C|ND "
        "CDP:N|L|LM|MH|H|ND TD:N|L|M|H|ND [CIA]R:L|M|H|ND"
    ),
    "CVSS_V3": _any_order(
        "AV:N|A|L|P AC:L|H PR:N|L|H UI:N|R S:U|C [CIA]:N|L|H E:X|U|P|F|H RL:X|O|T|W|U RC:X|U|R|C "
        "[CIA]R:X|L|M|H MAV:X|N|A|L|P MAC:X|L|H MPR:X|N|L|H MUI:X|N|R MS:X|U|C M[CIA]:X|N|L|H",
        r"CVSS:3[.][01]/",
    ),
    "CVSS_V4": _in_order(
        "AV:N|A|L|P AC:L|H AT:N|P PR:N|L|H UI:N|P|A VC:H|L|N VI:H|L|N VA:H|L|N SC:H|L|N SI:H|L|N "
        "SA:H|L|N",
        "E:X|A|P|U CR:X|H|M|L IR:X|H|M|L AR:X|H|M|L MAV:X|N|A|L|P MAC:X|L|H MAT:X|N|P MPR:X|N|L|H "
        "MUI:X|N|P|A MVC:X|N|L|H MVI:X|N|L|H MVA:X|N|L|H MSC:X|N|L|H MSI:X|N|L|H|S MSA:X|N|L|H|S "
        "S:X|N|P AU:X|N|Y R:X|A|U|I V:X|D|C RE:X|L|M|H U:X|Clear|Green|Amber|Red",
        r"CVSS:4[.]0",
    ),
}
"""Vectors by type of severity."""
