"""The Maven 2 layout: what a path asks for, reading metadata, writing what is left of it.

Source: Maven *Repository Layout* (default layout), *Repository Metadata* model
1.1.0, and the checksum extensions of Maven Resolver.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import msgspec

from pratique.formats.text import parse_xml
from pratique.gate.errors import BrokenError
from pratique.gate.models import File, Project, Release
from pratique.model.errors import PratiqueError
from pratique.versions.ecosystems import ordering_named
from pratique.versions.errors import VersionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lxml.etree import _Element

    from pratique.gate.fetch import Page
    from pratique.gate.models import Ruling

ECOSYSTEM = "Maven"
ACCEPT = "application/xml, text/xml;q=0.9, */*;q=0.1"
METADATA = "maven-metadata.xml"
SNAPSHOT = "SNAPSHOT"

SUMS = ("sha512", "sha256", "sha1", "md5")
"""Checksums beside a file, by the names of :mod:`hashlib` and of their extensions."""

MAX_TIMED = 40
"""Newest versions of an artifact whose POM is asked for when its metadata is; of
older ones the age is unknown until one of their files is asked for."""

MAX_VERSIONS = 20_000
"""Versions of one artifact; the most published ones have some 3,000."""

MAX_PATH = 1000
_SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,200}\Z")
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+~-]{0,250}\Z")
_BUILD = re.compile(r"\d{8}\.\d{6}-\d{1,9}(?=[.-])")
_SUM = re.compile(r"\s*(?:[^\s=]{1,300}\s*=\s*)?([0-9a-fA-F]{32,128})(?:\s|\Z)")
_LENGTHS = {"md5": 32, "sha1": 40, "sha256": 64, "sha512": 128}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a path asks for."""

    group: str
    artifact: str
    version: str = ""
    """Folder of the version; empty for the metadata of an artifact or a group."""

    build: str = ""
    """Time stamp and number of one build of a snapshot."""

    file: str = METADATA
    sum: str = ""
    """The checksum of it that is asked for, not the file itself."""

    @property
    def name(self) -> str:
        """``group:artifact``, as the OSV schema has it."""
        return f"{self.group}:{self.artifact}"

    @property
    def folder(self) -> str:
        """Path of the folder that the file is in."""
        parts = [*self.group.split("."), self.artifact, self.version]
        return "/".join(filter(None, parts))


def asked(path: str) -> Asked | None:
    """What a path asks for; ``None`` where it is none of the layout's."""
    *folders, file = path.split("/")
    if len(path) > MAX_PATH or len(folders) < 2 or not all(map(_SEGMENT.match, folders)):
        return None
    if not _FILE.match(file):
        return None
    stem, _, ending = file.rpartition(".")
    wanted = ending if ending in SUMS and stem else ""
    file = stem if wanted else file
    if file == METADATA:
        version = folders.pop() if folders[-1].endswith(f"-{SNAPSHOT}") else ""
        if len(folders) < 2:
            return None
        return Asked(
            group=".".join(folders[:-1]), artifact=folders[-1], version=version, sum=wanted
        )
    if len(folders) < 3:
        return None
    *group, artifact, version = folders
    rest = file.removeprefix(f"{artifact}-")
    build = ""
    if version.endswith(f"-{SNAPSHOT}") and not rest.startswith(version):
        base = version.removesuffix(SNAPSHOT)
        found = _BUILD.match(rest.removeprefix(base)) if rest.startswith(base) else None
        build = found.group() if found else ""
        rest = rest[len(base) + len(build) :] if build else ""
    else:
        rest = rest[len(version) :] if rest.startswith(version) else ""
    # What follows is "-classifier.ending" or ".ending": a file of another version is none of it.
    if rest[:1] not in {".", "-"} or not file.startswith(f"{artifact}-"):
        return None
    return Asked(
        group=".".join(group),
        artifact=artifact,
        version=version,
        build=build,
        file=file,
        sum=wanted,
    )


def address(base: str, name: str) -> str:
    """Where a repository has the metadata of ``group:artifact``."""
    group, _, artifact = name.partition(":")
    return f"{base}/{group.replace('.', '/')}/{artifact}/{METADATA}"


def pom(base: str, name: str, version: str) -> str:
    """Where a repository has the POM of a version."""
    folder = address(base, name).removesuffix(METADATA)
    return f"{folder}{version}/{name.partition(':')[2]}-{version}.pom"


def versions(page: Page) -> list[str]:
    """Versions that an artifact's metadata lists, oldest first, those that are none left out.

    Raises:
        BrokenError: It is no metadata.
    """
    root = _root(page.body)
    listed = [_text(one) for one in root.iterfind("{*}versioning/{*}versions/{*}version")]
    if len(listed) > MAX_VERSIONS:
        raise BrokenError("the metadata lists too many versions")
    return ordered(one for one in listed if _SEGMENT.match(one))


def ordered(given: Iterable[str]) -> list[str]:
    """Versions, oldest first."""
    keyed = []
    for version in dict.fromkeys(given):
        try:
            keyed.append((ordering_named("maven").key(version), version))
        except VersionError:
            continue
    return [version for _, version in sorted(keyed)]


class Told(msgspec.Struct, frozen=True):
    """What the POM of a version tells, and when upstream got it."""

    published: datetime | None = None
    license: str = ""


def told(page: Page) -> Told:
    """What a POM says; an inherited licence is not among it."""
    try:
        root = parse_xml(page.body)
    except PratiqueError:
        return Told(moment(page.modified))
    names = [_text(one) for one in root.iterfind("{*}licenses/{*}license/{*}name") if _text(one)]
    return Told(moment(page.modified), names[0][:500] if len(names) == 1 else "")


def moment(text: str) -> datetime | None:
    """The instant of an HTTP date (RFC 9110, 5.6.7); ``None`` where it is none."""
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def project(
    name: str, page: Page | None, known: Mapping[str, Told], also: Iterable[str]
) -> Project:
    """An artifact with the versions that are listed, and those that are asked for besides."""
    listed = versions(page) if page is not None else []
    return Project(
        ecosystem=ECOSYSTEM,
        name=name,
        document=page.body if page is not None else None,
        releases=tuple(
            Release(
                version=version,
                published=known[version].published if version in known else None,
                license=known[version].license if version in known else "",
                yanked=False,
            )
            for version in dict.fromkeys([*listed, *also])
        ),
    )


def write(ruling: Ruling) -> bytes:
    """The metadata of what is admitted; ``latest`` and ``release`` move to the newest of it."""
    root = _root(ruling.project.document)
    _clean(root)
    held = root.find("{*}versioning/{*}versions")
    left = []
    for one in list(held) if held is not None else ():
        if _text(one) in ruling.admitted:
            left.append(_text(one))
        elif held is not None:
            held.remove(one)
    newest = ordered(left)
    final = [one for one in newest if not one.endswith(f"-{SNAPSHOT}")]
    for tag, choice in (("latest", newest), ("release", final)):
        found = root.find(f"{{*}}versioning/{{*}}{tag}")
        if found is not None and _text(found) not in choice:
            if choice:
                found.text = choice[-1]
            else:
                _remove(found)
    return _bytes(root)


def builds(page: Page, name: str, version: str) -> Project:
    """The builds of a snapshot that its metadata lists, each a release of its own day.

    Raises:
        BrokenError: It is no metadata of a snapshot.
    """
    root = _root(page.body)
    made: dict[str, Release] = {}
    base = version.removesuffix(SNAPSHOT)
    for one in root.iterfind("{*}versioning/{*}snapshotVersions/{*}snapshotVersion"):
        value = _text(one.find("{*}value"))
        build = value.removeprefix(base)
        if value.startswith(base) and _BUILD.match(f"{build}."):
            made[build] = Release(version=version, late=build, published=stamp(build), yanked=False)
    if not made:
        value = _text(root.find("{*}versioning/{*}snapshot/{*}timestamp"))
        number = _text(root.find("{*}versioning/{*}snapshot/{*}buildNumber"))
        build = f"{value}-{number}"
        if _BUILD.match(f"{build}."):
            made[build] = Release(version=version, late=build, published=stamp(build), yanked=False)
    return Project(
        ecosystem=ECOSYSTEM,
        name=name,
        part=version,
        releases=tuple(made.values()),
        document=page.body,
    )


def write_builds(ruling: Ruling) -> bytes | None:
    """A snapshot's metadata with what is admitted; ``None`` where nothing is."""
    left = [one.late for one in ruling.project.releases if one.key in ruling.admitted]
    if not left:
        return None
    root = _root(ruling.project.document)
    _clean(root)
    for one in list(root.iterfind("{*}versioning/{*}snapshotVersions/{*}snapshotVersion")):
        if not any(_text(one.find("{*}value")).endswith(f"-{build}") for build in left):
            _remove(one)
    newest = max(left, key=lambda build: (build.partition("-")[0], int(build.partition("-")[2])))
    time, _, number = newest.partition("-")
    for tag, text in (("timestamp", time), ("buildNumber", number)):
        found = root.find(f"{{*}}versioning/{{*}}snapshot/{{*}}{tag}")
        if found is not None:
            found.text = text
    return _bytes(root)


def stamp(build: str) -> datetime | None:
    """When a build of a snapshot says that it was made."""
    try:
        return datetime.strptime(build.partition("-")[0], "%Y%m%d.%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def release_of(wanted: Asked, known: Told) -> Release:
    """The release that a file is of; a snapshot's build is as new as its time stamp, or newer."""
    times = [one for one in (known.published, stamp(wanted.build)) if one is not None]
    return Release(
        version=wanted.version,
        late=wanted.build,
        published=max(times, default=None),
        license=known.license,
        yanked=False,
    )


def digest_of(page: Page, method: str) -> str:
    """The digest in a checksum file, alone or before a file name; empty where it holds none."""
    found = _SUM.match(page.body[:1000].decode("ascii", "replace"))
    digest = found.group(1).lower() if found else ""
    return digest if len(digest) == _LENGTHS[method] else ""


def file_of(base: str, wanted: Asked, digests: dict[str, str]) -> File:
    """A file of a version, by its path."""
    return File(name=wanted.file, url=f"{base}/{wanted.folder}/{wanted.file}", digests=digests)


def _root(body: Any) -> _Element:
    try:
        root = parse_xml(body)
    except PratiqueError as error:
        raise BrokenError(f"the metadata cannot be read: {error.message}") from None
    if root.tag.rpartition("}")[2] != "metadata":
        raise BrokenError("the metadata is another document")
    return root


def _clean(root: _Element) -> None:
    """Nothing but what the model has goes on: no comment, no instruction, no attribute."""
    for one in root.iter():
        for name in list(one.attrib):
            del one.attrib[name]


def _remove(one: _Element) -> None:
    holder = one.getparent()
    if holder is not None:
        holder.remove(one)


def _text(one: _Element | None) -> str:
    return (one.text or "").strip() if one is not None else ""


def _bytes(root: _Element) -> bytes:
    from lxml import etree

    return etree.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n"
