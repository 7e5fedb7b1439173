"""What a JAR without Maven's own record of itself is called.

Manifests are written by many tools, in as many ways; a name is taken only
where it has the form of one, and a group only where something states it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_ARTIFACT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")
_GROUP = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)+\Z")
_VERSION = re.compile(r"\d[\w.+~-]*\Z")
_IVY = re.compile(r"([\w.-]+)#([\w.-]+);([\w.+-]+)\Z")
"""Organisation, module and revision, as Ivy and older Gradle write them."""

_FILE = re.compile(r"(.+?)-(\d[\w.+~-]*|[A-Za-z]+-SNAPSHOT)\Z")

KNOWN_GROUPS = {
    "org.springframework": (
        *("spring-aop", "spring-aspects", "spring-beans", "spring-context", "spring-core"),
        *("spring-context-support", "spring-expression", "spring-jcl", "spring-jdbc"),
        *("spring-jms", "spring-messaging", "spring-orm", "spring-oxm", "spring-test"),
        *("spring-tx", "spring-web", "spring-webflux", "spring-webmvc", "spring-websocket"),
    ),
    "org.springframework.boot": (
        *("spring-boot", "spring-boot-actuator", "spring-boot-autoconfigure"),
        *("spring-boot-jarmode-layertools", "spring-boot-loader", "spring-boot-starter"),
    ),
    "org.springframework.security": (
        *("spring-security-config", "spring-security-core", "spring-security-crypto"),
        *("spring-security-web",),
    ),
    "org.apache.axis": ("axis",),
    "org.apache.tomcat.embed": (
        *("tomcat-embed-core", "tomcat-embed-el", "tomcat-embed-websocket"),
    ),
    "commons-fileupload": ("commons-fileupload",),
    "commons-collections": ("commons-collections",),
    "log4j": ("log4j",),
}
"""Artifacts whose archives carry no record of their group, by the group they are
published under; from the projects' own build files."""

_GROUP_OF = {name: group for group, names in KNOWN_GROUPS.items() for name in names}

_GROUP_ATTRIBUTES = (
    *("group-id", "implementation-vendor-id", "bundle-symbolicname", "extension-name"),
    *("specification-vendor", "implementation-vendor", "implementation-title"),
    *("automatic-module-name", "main-class", "package"),
)


MAX_NAME = 255
"""Characters of a file's name, as file systems have it; longer ones are no names."""


class Name(NamedTuple):
    """What an archive is; a part that is not told is empty."""

    group: str = ""
    artifact: str = ""
    version: str = ""


def from_file(stem: str) -> Name:
    """Artifact and version of a file's name without its ending: ``alpha-1.2``."""
    match = _FILE.match(stem) if len(stem) <= MAX_NAME else None
    if match:
        return Name("", match[1], match[2])
    return Name("", stem if _ARTIFACT.match(stem) else "")


def from_manifest(found: Mapping[str, str], stem: str) -> Name:
    """Name of an archive from its manifest, and its file's name where that says more.

    Args:
        found: Attributes of the manifest.
        stem: Of the file, without its ending; empty where it is no name.
    """
    file = from_file(stem)
    ivy = _IVY.match(found.get("implementation-title", ""))
    if ivy and not file.version:
        return Name(ivy[1], ivy[2], ivy[3])
    stated = _first(
        (
            *(found.get(key, "") for key in ("implementation-title", "specification-title")),
            *(_symbolic(found.get(key, "")) for key in ("bundle-name", "bundle-symbolicname")),
            *(found.get(key, "") for key in ("name", "short-name", "extension-name")),
        ),
        _ARTIFACT,
    )
    artifact = (file.artifact if file.version else stated) or file.artifact
    version = file.version or _first(
        (
            found.get(key, "").split(" ")[0]
            for key in (
                *("implementation-version", "plugin-version", "bundle-version"),
                *("specification-version", "version"),
            )
        ),
        _VERSION,
    )
    return Name(_group(found, artifact), artifact, version)


def _group(found: Mapping[str, str], artifact: str) -> str:
    if artifact in _GROUP_OF:
        return _GROUP_OF[artifact]
    for key in _GROUP_ATTRIBUTES:
        value = _symbolic(found.get(key, "")).strip('"')
        if not _GROUP.match(value):
            continue
        if key == "main-class":
            value = value.rpartition(".")[0]
        # A bundle's symbolic name ends with the artifact: org.example.alpha.
        if key in {"bundle-symbolicname", "automatic-module-name", "implementation-title"}:
            labels = value.split(".")
            own = (at for at, one in enumerate(labels) if at and _is_own(one, artifact))
            value = ".".join(labels[: next(own, len(labels))])
        if "." in value:
            return value
    return ""


def _is_own(label: str, artifact: str) -> bool:
    """Whether a label of a symbolic name begins the artifact's own part of it."""
    return label == artifact or label in artifact.split("-")[1:] or label.startswith(f"{artifact}_")


def _symbolic(text: str) -> str:
    """A symbolic name without its directives (OSGi Core 8, 3.2.1)."""
    return text.partition(";")[0].strip()


def _first(values: Iterable[str], form: re.Pattern[str]) -> str:
    return next((value for value in values if form.match(value)), "")
