"""How a distribution's release is written in its OSV ecosystem.

Package URLs carry the release in the ``distro`` qualifier, which has no fixed
form: ``debian-12``, ``12.5``, ``bookworm``, ``opensuse-leap-15.5``.
"""

from __future__ import annotations

import re

from pratique.model.ecosystem_tables import DEBIAN_RELEASES, UBUNTU_RELEASES

_NUMBER = re.compile(r"(?:\A|-)v?(\d+)(?:\.(\d+))?(?=\Z|[.\-_+ ])")
_OPENEULER = re.compile(r"\d\d\.\d\d-lts(?:-sp\d+)?\Z")
_MAJOR = frozenset({"AlmaLinux", "Azure Linux", "Debian", "Mageia", "Rocky Linux"})
"""Distributions whose suffix is the major release alone."""


def release_of(distribution: str, distro: str) -> str:
    """Suffix of a distribution's ecosystem for a ``distro`` qualifier.

    Args:
        distribution: Base name of its OSV ecosystem.
        distro: The qualifier's value; may be empty.

    Returns:
        ``12``, ``22.04``, ``v3.18``, ``Leap 15.5`` …; empty where the
        distribution has none or the text does not tell it.
    """
    text = distro.strip().lower()
    match distribution:
        case "Debian" | "Ubuntu" if name := _codename(distribution, text):
            return name
        case "openSUSE" | "openEuler" | "Alpaquita" | "BellSoft Hardened Containers":
            return _named(distribution, text)
        case _:
            pass
    number = _NUMBER.search(text)
    if number is None:
        return "edge" if distribution == "Alpine" and "edge" in text else ""
    major, minor = number[1], number[2]
    if distribution in _MAJOR:
        return major
    match distribution:
        case "Ubuntu" if minor:
            return f"{major}.{minor}"
        case "Alpine" if minor:
            return f"v{major}.{minor}"
        case "Photon OS":
            return f"{major}.{minor or 0}"
        case _:
            return ""


def _codename(distribution: str, text: str) -> str:
    """The release that a text such as ``debian-bookworm`` or ``jessie`` names."""
    table = DEBIAN_RELEASES if distribution == "Debian" else UBUNTU_RELEASES
    for word in re.split(r"[-/ ]", text):
        if word in table:
            return table[word]
    return ""


def _named(distribution: str, text: str) -> str:
    """The release of a distribution that names its releases in words."""
    if distribution == "openSUSE":
        if "tumbleweed" in text:
            return "Tumbleweed"
        number = _NUMBER.search(text)
        return f"Leap {number[1]}.{number[2]}" if number and number[2] else ""
    if distribution == "openEuler":
        # A number without its service pack is several releases: better none than a guess.
        release = text.removeprefix("openeuler-")
        return release.upper() if _OPENEULER.match(release) else ""
    if text.endswith("stream"):
        return "stream"
    number = _NUMBER.search(text)
    return number[1] if number else ""
