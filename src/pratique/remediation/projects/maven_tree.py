"""What Maven itself selects for a POM, asked without running anything that the POM names.

A POM decides what runs in a build: plugins, extensions, profiles.  Maven is
therefore given a copy in which nothing is left but what its resolution needs:
coordinates, parent, properties, dependencies and their management,
repositories (POM Reference).  On that copy the tree goal of Maven's own
dependency plugin says what is selected (Maven, "Dependency Mechanism").
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from lxml import etree

from pratique.model.errors import InputError
from pratique.remediation.errors import AttemptError, UnprovenError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pratique.remediation.workspace import Workspace

PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:tree"
"""A fixed version, so that the same POM gives the same tree."""

KEPT = frozenset(
    {
        "modelVersion",
        "parent",
        "groupId",
        "artifactId",
        "version",
        "properties",
        "dependencies",
        "dependencyManagement",
        "repositories",
        "modules",
    }
)
"""Elements of a project that resolution reads; all others are taken out."""

MAX_POMS = 500
"""Most POMs of one workspace that are copied."""

_SELECTED = re.compile(
    r"^[\s|+\\-]*([\w.-]+):([\w.-]+):[\w.-]+(?::[\w.-]+)?:([^\s:]+):(?:compile|runtime|provided|test|system)\b",
    re.MULTILINE,
)
"""``+- org.example:alpha:jar:1.2:compile``, perhaps with a classifier."""


def selected(work: Workspace, document: str, scratch: str) -> dict[str, set[str]]:
    """Versions that Maven selects, by ``group:artifact``.

    Args:
        work: With the POMs.
        document: Path of the POM that is asked about.
        scratch: Folder of the workspace to write the copy to.

    Raises:
        AttemptError: Maven does not resolve it, or is not there.
    """
    poms = work.named("", "pom.xml")
    if len(poms) > MAX_POMS:
        raise UnprovenError(f"there are over {MAX_POMS} POMs")
    root = work.root / scratch / "maven"
    for path in poms:
        if path.startswith(f"{scratch}/"):
            continue
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(stripped(work.read(path).encode(), path))
    # Stops Maven from looking further up for settings that name programs.
    (root / ".mvn").mkdir(exist_ok=True)
    top = aggregator(work, document, poms)
    output = root / "tree.txt"
    output.unlink(missing_ok=True)
    words = ["mvn", "-B", "-q", "-ntp", "-f", top, PLUGIN, f"-DoutputFile={output}"]
    words += ["-DappendOutput=true"]
    if top != document:
        folder = posixpath.dirname(document)
        below = posixpath.relpath(folder, posixpath.dirname(top) or ".")
        words += ["-pl", below, "-am"]
    work.run(f"{scratch}/maven", *words)
    try:
        text = output.read_text(encoding="utf-8", errors="replace")
    except OSError:
        raise UnprovenError("mvn wrote no tree") from None
    return _versions(text)


def _versions(text: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for group, artifact, version in _SELECTED.findall(text):
        found.setdefault(f"{group}:{artifact}", set()).add(version)
    return found


def aggregator(work: Workspace, document: str, poms: Iterable[str]) -> str:
    """The topmost POM whose modules lead to a POM; itself where there is none.

    Modules that need one another are known to Maven only from there.
    """
    found, known = document, set(poms)
    here = document
    while True:
        folder = posixpath.dirname(posixpath.dirname(here))
        above = posixpath.join(folder, "pom.xml")
        if above == here or above not in known:
            return found
        listed = {
            posixpath.normpath(posixpath.join(folder, module, "pom.xml"))
            for module in _modules(work.read(above).encode())
        }
        if here not in listed:
            return found
        found = here = above


def _modules(data: bytes) -> list[str]:
    try:
        root = _parsed(data)
    except InputError:
        return []
    return [
        (element.text or "").strip()
        for element in root.iter("{*}module")
        if isinstance(element.tag, str)
    ]


def stripped(data: bytes, path: str) -> bytes:
    """A POM with nothing in it that names something to run.

    Args:
        data: The POM.
        path: For messages.

    Raises:
        AttemptError: It is no XML.
    """
    try:
        root = _parsed(data)
    except InputError as error:
        raise AttemptError(f"{path}: {error.message}") from None
    for element in list(root):
        name = etree.QName(element).localname if isinstance(element.tag, str) else ""
        if name not in KEPT:
            root.remove(element)
    space = etree.QName(root).namespace
    packaging = etree.SubElement(root, f"{{{space}}}packaging" if space else "packaging")
    # No lifecycle, so that Maven needs no plugins of it either.
    packaging.text = "pom"
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _parsed(data: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        return etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise InputError(f"is no XML: {str(error)[:120]}") from None
