"""The npm registry's packuments: reading one, and writing what is left of it.

Source: npm registry API, *Package metadata* (full and abbreviated form) and
``package.json`` for the fields of a version.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

import msgspec

from pratique.formats.instants import parse_instant
from pratique.gate.errors import BrokenError
from pratique.gate.models import File, Project, Release
from pratique.versions.ecosystems import ordering_named
from pratique.versions.errors import VersionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pratique.gate.fetch import Page
    from pratique.gate.models import Pin, Ruling

ECOSYSTEM = "npm"
ACCEPT = "application/json"
ABBREVIATED = "application/vnd.npm.install-v1+json"

ATTESTATIONS = "-/npm/v1/attestations"
"""Path below a registry at which npm asks for the attestations of a version."""

MAX_VERSIONS = 100_000
"""Versions of one package; the most published ones have some 10,000."""

_PART = r"[A-Za-z0-9~_!'()*-][A-Za-z0-9._~!'()*-]{0,212}"
_NAME = re.compile(rf"(?:@{_PART}/)?{_PART}\Z")
_FILE = re.compile(r"[A-Za-z0-9@_~!'()*][A-Za-z0-9@._+~!'()*-]{0,254}\Z")
_SCRIPTS = ("preinstall", "install", "postinstall")
_SHORT = (
    "name",
    "version",
    "deprecated",
    "dependencies",
    "optionalDependencies",
    "devDependencies",
    "bundleDependencies",
    "bundledDependencies",
    "peerDependencies",
    "peerDependenciesMeta",
    "acceptDependencies",
    "bin",
    "directories",
    "dist",
    "engines",
    "cpu",
    "os",
    "libc",
    "funding",
    "hasInstallScript",
    "_hasShrinkwrap",
)
"""Fields of a version in the abbreviated form."""


def is_name(text: str) -> bool:
    """Whether a text is the name of a package, with or without a scope."""
    return bool(_NAME.match(text)) and text.rpartition("/")[2] not in {".", ".."}


def is_file(text: str) -> bool:
    """Whether a text is the name of a tarball that may be asked for."""
    return bool(_FILE.match(text))


def address(base: str, name: str) -> str:
    """Where a registry has the packument of a name."""
    return f"{base.rstrip('/')}/{quote(name, safe='@')}"


def read(page: Page, name: str) -> Project:
    """Read a full packument.

    Args:
        page: As upstream gave it.
        name: Of the package.

    Raises:
        BrokenError: It is no packument, or one of another package.
    """
    try:
        document = msgspec.json.decode(page.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BrokenError(f"the packument of {name} is not JSON") from None
    if not isinstance(document, dict) or document.get("name") != name:
        raise BrokenError(f"upstream answers with another package than {name}")
    versions = document.get("versions")
    if not isinstance(versions, dict) or len(versions) > MAX_VERSIONS:
        raise BrokenError(f"the packument of {name} has no versions")
    times = document.get("time")
    times = times if isinstance(times, dict) else {}
    attests = b'"attestations"' in page.body
    releases = [
        _release(version, manifest, times.get(version), attests=attests)
        for version, manifest in versions.items()
        if isinstance(manifest, dict) and manifest.get("version") == version
    ]
    return Project(
        ecosystem=ECOSYSTEM, name=name, releases=tuple(filter(None, releases)), document=document
    )


def _release(version: str, manifest: dict[str, Any], time: Any, *, attests: bool) -> Release | None:
    dist = manifest.get("dist")
    url = dist.get("tarball") if isinstance(dist, dict) else None
    if not isinstance(dist, dict) or not isinstance(url, str):
        return None
    try:
        name = unquote(urlsplit(url).path.rpartition("/")[2])
    except ValueError:
        return None
    if not is_file(name):
        return None
    return Release(
        version=version,
        files=(File(name=name, url=url.partition("#")[0], digests=_digests(dist)),),
        published=parse_instant(time) if isinstance(time, str) else None,
        deprecated=bool(manifest.get("deprecated")),
        yanked=False,
        license=_license(manifest.get("license")),
        install_scripts=_runs(manifest),
        attested=isinstance(dist.get("attestations"), dict) if attests else None,
        publisher=_publisher(manifest.get("_npmUser")),
    )


def _publisher(user: Any) -> str:
    """Who published a version: the trusted publisher where it was one, else the account."""
    if not isinstance(user, dict):
        return ""
    trusted = user.get("trustedPublisher")
    if isinstance(trusted, dict) and isinstance(trusted.get("id"), str):
        return f"trusted publisher {trusted['id'][:100]}"
    name = user.get("name")
    return name[:200] if isinstance(name, str) else ""


def _digests(dist: dict[str, Any]) -> dict[str, str]:
    """Digests of ``integrity`` (W3C Subresource Integrity) and ``shasum``, hexadecimal."""
    found: dict[str, str] = {}
    integrity = dist.get("integrity")
    for part in integrity.split() if isinstance(integrity, str) else ():
        method, _, text = part.partition("-")
        if method not in {"sha256", "sha384", "sha512"} or method in found:
            continue
        try:
            found[method] = base64.b64decode(text.partition("?")[0], validate=True).hex()
        except (binascii.Error, ValueError):
            continue
    shasum = dist.get("shasum")
    if isinstance(shasum, str) and re.fullmatch(r"[0-9a-fA-F]{40}", shasum):
        found["sha1"] = shasum.lower()
    return found


def _license(value: Any) -> str:
    """The licence expression; the old form is an object with a type."""
    if isinstance(value, dict):
        value = value.get("type")
    if not isinstance(value, str) or value.upper().startswith(("SEE LICEN", "UNLICENSED")):
        return ""
    return value[:500]


def _runs(manifest: dict[str, Any]) -> bool:
    """Whether installing runs code: its scripts, or an implied build of an addon."""
    scripts = manifest.get("scripts")
    scripts = scripts if isinstance(scripts, dict) else {}
    return bool(
        manifest.get("hasInstallScript")
        or any(scripts.get(name) for name in _SCRIPTS)
        or manifest.get("gypfile")
    )


def write(ruling: Ruling, pins: Mapping[str, Pin], base: str, *, abbreviated: bool) -> bytes:
    """The packument of what is admitted.

    Args:
        ruling: On every version.
        pins: Of files that are kept.
        base: Address of the gate's own registry, for the tarballs.
        abbreviated: Whether the short form is asked for.
    """
    document: dict[str, Any] = ruling.project.document
    name = ruling.project.name
    versions: dict[str, Any] = {}
    for release in ruling.project.releases:
        if release.version not in ruling.admitted:
            continue
        manifest = dict(document["versions"][release.version])
        if release.install_scripts:
            manifest["hasInstallScript"] = True
        if abbreviated:
            manifest = {key: manifest[key] for key in _SHORT if key in manifest}
        manifest["dist"] = _dist(manifest["dist"], release, pins, base, name)
        versions[release.version] = manifest
    written: dict[str, Any] = {
        "name": name,
        "dist-tags": move_tags(document.get("dist-tags"), versions),
        "versions": versions,
    }
    times = document.get("time")
    times = times if isinstance(times, dict) else {}
    if abbreviated:
        if isinstance(times.get("modified"), str):
            written["modified"] = times["modified"]
        return msgspec.json.encode(written)
    written["time"] = {
        key: value
        for key, value in times.items()
        if key in versions or key in {"created", "modified"}
    }
    return msgspec.json.encode(
        {key: value for key, value in document.items() if key != "_attachments"} | written
    )


def _dist(
    dist: dict[str, Any], release: Release, pins: Mapping[str, Pin], base: str, name: str
) -> dict[str, Any]:
    file = release.files[0].name
    dist = dist | {"tarball": f"{base}/{quote(name, safe='@/')}/-/{quote(file, safe='@')}"}
    evidence = dist.get("attestations")
    if isinstance(evidence, dict):
        at = f"{base}/{ATTESTATIONS}/{quote(name, safe='')}@{quote(release.version, safe='')}"
        dist["attestations"] = evidence | {"url": at}
    pin = pins.get(file)
    if pin is not None:  # what is kept counts, whatever upstream says now
        method = next((one for one in ("sha512", "sha384") if one in pin.digests), "sha256")
        digest = pin.digests.get(method, pin.sha256)
        dist["integrity"] = f"{method}-{base64.b64encode(bytes.fromhex(digest)).decode()}"
        dist["shasum"] = pin.digests.get("sha1", "")
        if not dist["shasum"]:
            del dist["shasum"]
    return dist


def move_tags(tags: Any, versions: Iterable[str]) -> dict[str, str]:
    """Tags, each at its version or at the newest one before it that is left.

    ``latest`` prefers a version that is no prerelease, and moves forward only
    where nothing before it is left; another tag without one goes.

    Args:
        tags: As upstream has them.
        versions: Those that are admitted.
    """
    left = set(versions)
    given = {k: v for k, v in tags.items() if isinstance(v, str)} if isinstance(tags, dict) else {}
    order = _ordered(left)
    moved = {}
    for tag, target in given.items():
        if target in left:
            moved[tag] = target
            continue
        before = [one for one in order if _before(one, target)]
        final = [one for one in before if "-" not in one.partition("+")[0]]
        if tag == "latest":
            final = final or [one for one in order if "-" not in one.partition("+")[0]]
            before = final or before or order
        elif "-" not in target:
            before = final or before
        if before:
            moved[tag] = before[-1]
    return moved


def _key(version: str) -> bytes | None:
    try:
        return ordering_named("semver").key(version)
    except VersionError:
        return None


def _ordered(versions: Iterable[str]) -> list[str]:
    keyed = [(key, version) for version in versions if (key := _key(version)) is not None]
    return [version for _, version in sorted(keyed)]


def _before(version: str, target: str) -> bool:
    one, other = _key(version), _key(target)
    return one is not None and other is not None and one < other
