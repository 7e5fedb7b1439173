"""The simple repository API of PyPI: reading a page; ``pypi_writing`` writes what is left of it.

Sources: PEP 503 and 691 (HTML and JSON), 592 (yanked), 658 and 714 (metadata
files), 700 (versions, size, upload time), 708 (tracks, alternate locations), 740
(provenance), 792 (status of a project).
"""

from __future__ import annotations

import re
from datetime import timedelta
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin, urlsplit

import msgspec
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from pratique.formats.instants import parse_instant
from pratique.gate.errors import BrokenError
from pratique.gate.models import File, Project, Release

if TYPE_CHECKING:
    from datetime import datetime

    from pratique.gate.fetch import Page

ECOSYSTEM = "PyPI"
JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"
ACCEPT = f"{JSON}, {HTML};q=0.2, text/html;q=0.1"

MAX_FILES = 200_000
"""Files of one project; the largest has some 20,000."""

TOGETHER = timedelta(days=1)
"""Files uploaded within it are one release: builds for many platforms take hours."""

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,198}[A-Za-z0-9])?\Z")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!-]{0,254}\Z")
_DIGEST = re.compile(r"[0-9a-fA-F]{32,128}\Z")
_BUILT = frozenset({".egg", ".exe", ".msi"})
_PLATFORM = re.compile(r"\.(?:win|linux|macosx)")
_OTHERS = (".tar.bz2", ".tar.xz", ".tar.Z", ".tgz", ".egg", ".exe", ".msi", ".tar")
_KEPT: dict[str, tuple[type, ...]] = {
    "requires-python": (str,),
    "size": (int,),
    "upload-time": (str,),
    "yanked": (bool, str),
    "core-metadata": (bool, dict),
    "provenance": (str,),
}
MAX_LOCATIONS = 50
"""Addresses that a project may name as its others (PEP 708); one or two are usual."""

_META = "pypi:"
_HASHES = frozenset({"md5", "sha1", "sha224", "sha256", "sha384", "sha512", "blake2b"})


def is_name(text: str) -> bool:
    """Whether a text is the name of a project (PEP 508)."""
    return bool(_NAME.match(text))


def is_file(text: str) -> bool:
    """Whether a text is the name of a file that may be asked for."""
    return bool(_FILE.match(text))


def read(page: Page, name: str) -> Project:
    """Read a project's page, JSON or HTML.

    Files that are another project's, or of a version that their name does not
    tell, are left out: nothing could be decided on them.

    Args:
        page: As upstream gave it.
        name: Of the project, normalised.

    Raises:
        BrokenError: It is no page of the simple API.
    """
    if page.type.endswith("json"):
        document = _decoded(page.body)
        records, meta = document.get("files"), _meta(document)
    elif page.type in {HTML, "text/html"}:
        records, meta = _anchors(page.body)
    else:
        raise BrokenError(f"the index answers with {page.type[:60]!r}, which is no index page")
    if not isinstance(records, list) or len(records) > MAX_FILES:
        raise BrokenError(f"the index page of {name} has no list of files")
    status = meta.get("project-status", {}).get("status", "")
    if status == "quarantined":
        records = []
    archived = status in {"archived", "deprecated", "quarantined"} if status else None
    # Where no file has the key, the index may not know of attestations at all (PEP 740).
    attests = any(isinstance(one, dict) and "provenance" in one for one in records)
    versions: dict[str, list[File]] = {}
    for record in records:
        file = _file(record, page.url)
        version = version_of(file.name, name) if file is not None else ""
        if file is not None and version:
            versions.setdefault(version, []).append(file)
    releases = tuple(
        release
        for version, files in versions.items()
        for release in _releases(version, files, attests=attests)
    )
    return Project(
        ecosystem=ECOSYSTEM,
        name=name,
        releases=releases,
        archived=archived,
        attested=any("provenance" in file.record for one in releases for file in one.files),
        meta=meta,
    )


def version_of(file: str, name: str) -> str:
    """Version that a file name tells, normalised (PEP 440); empty where it tells none.

    Args:
        file: Name of a distribution, current or of the old formats.
        name: Of the project, normalised; a file of another one has no version here.
    """
    try:
        if file.endswith(".whl"):
            found, version, _, _ = parse_wheel_filename(file)
            return str(version) if found == name else ""
        if file.endswith((".tar.gz", ".zip")):
            found, version = parse_sdist_filename(file)
            if found == name:
                return str(version)
    except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
        pass
    return _old_version(file, name)


def _old_version(file: str, name: str) -> str:
    """Version in a name that is not of today's form: ``Alpha-1.0.win32-py2.7.exe``."""
    ending = next((one for one in (".tar.gz", ".zip", *_OTHERS) if file.endswith(one)), "")
    if not ending:
        return ""
    pieces = file.removesuffix(ending).split("-")
    for number in range(1, len(pieces)):
        if canonicalize_name("-".join(pieces[:number])) != name:
            continue
        told = ["-".join(pieces[number:])]
        if ending in _BUILT:  # after the version comes what it was built for
            told = [pieces[number], _PLATFORM.split(pieces[number])[0]]
        for text in told:
            try:
                return str(Version(text))
            except InvalidVersion:
                continue
    return ""


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BrokenError("the index page is not JSON") from None
    if not isinstance(document, dict):
        raise BrokenError("the index page is no object")
    return document


def _meta(document: dict[str, Any]) -> dict[str, Any]:
    """What a page says of the whole project (PEP 708, 792)."""
    inner = document.get("meta")
    inner = inner if isinstance(inner, dict) else {}
    found: dict[str, Any] = {}
    for key, given in (
        ("tracks", inner.get("tracks", document.get("tracks"))),
        ("alternate-locations", document.get("alternate-locations")),
    ):
        listed = [one for one in given if _is_address(one)] if isinstance(given, list) else []
        if listed:
            found[key] = listed[:MAX_LOCATIONS]
    status = document.get("project-status")
    if isinstance(status, dict):
        told = {
            key: status[key][:500]
            for key in ("status", "reason")
            if isinstance(status.get(key), str)
        }
        if told.get("status"):
            found["project-status"] = told
    return found


def _is_address(value: Any) -> bool:
    return (
        isinstance(value, str)
        and value.startswith(("https://", "http://"))
        and value.isprintable()
        and len(value) < 2000
    )


class _Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[dict[str, Any]] = []
        self.base = ""
        self.meta: list[tuple[str, str]] = []
        self._text: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        if tag == "base" and not self.base:
            self.base = given.get("href", "")
        name = given.get("name", "").lower()
        if tag == "meta" and name.startswith(_META) and len(self.meta) < MAX_LOCATIONS:
            self.meta.append((name.removeprefix(_META), given.get("content", "")))
        if tag == "a" and given.get("href") and len(self.found) <= MAX_FILES:
            self.found.append(given)
            self._text = []

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._text is not None:
            self.found[-1]["#text"] = "".join(self._text).strip()
            self._text = None


def _anchors(body: bytes) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Anchors as the records that JSON would have, and what is said of the whole."""
    parser = _Anchors()
    parser.feed(body.decode("utf-8", "replace"))
    parser.close()
    records = []
    for given in parser.found:
        try:
            url = urljoin(parser.base, given["href"]) if parser.base else given["href"]
            address, _, fragment = url.partition("#")
            name = unquote(urlsplit(address).path.rpartition("/")[2])
        except ValueError:
            continue
        method, _, digest = fragment.partition("=")
        record: dict[str, Any] = {
            "filename": name,
            "url": address,
            "hashes": {method: digest} if digest else {},
            "yanked": (given["data-yanked"] or True) if "data-yanked" in given else False,
        }
        if "data-requires-python" in given:
            record["requires-python"] = given["data-requires-python"]
        told = given.get("data-core-metadata", given.get("data-dist-info-metadata"))
        if told is not None:
            method, _, digest = told.partition("=")
            record["core-metadata"] = {method: digest} if digest else told == "true"
        if "data-provenance" in given:
            record["provenance"] = given["data-provenance"]
        records.append(record)
    return records, _meta(
        {
            "meta": {"tracks": [text for key, text in parser.meta if key == "tracks"]},
            "alternate-locations": [
                text for key, text in parser.meta if key == "alternate-locations"
            ],
            "project-status": {
                key.removeprefix("project-status-").replace("project-status", "status"): text
                for key, text in parser.meta
                if key in {"project-status", "project-status-reason"}
            },
        }
    )


def _file(record: Any, base: str) -> File | None:
    if not isinstance(record, dict):
        return None
    name, url = record.get("filename"), record.get("url")
    if not isinstance(name, str) or not isinstance(url, str) or not is_file(name):
        return None
    try:
        address = urljoin(base, url)
    except ValueError:
        return None
    kept = {
        key: record[key]
        for key, types in _KEPT.items()
        if isinstance(record.get(key), types) and record[key] != ""
    }
    if "provenance" in kept:
        try:
            kept["provenance"] = urljoin(base, kept["provenance"])
        except ValueError:
            del kept["provenance"]
    before = record.get("dist-info-metadata")  # the name until PEP 714
    if "core-metadata" not in kept and isinstance(before, (bool, dict)):
        kept["core-metadata"] = before
    if "core-metadata" in kept:
        digests = _digests(kept["core-metadata"])
        kept["core-metadata"] = digests or bool(kept["core-metadata"])
    return File(
        name=name,
        url=address.partition("#")[0],
        digests=_digests(record.get("hashes")),
        record=kept,
    )


def _digests(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {
        method: digest.lower()
        for method, digest in value.items()
        if method in _HASHES and isinstance(digest, str) and _DIGEST.match(digest)
    }


def _releases(version: str, files: list[File], *, attests: bool) -> list[Release]:
    """A version, and apart from it what was added on later days: that is as new as its day.

    Whoever takes an account over may add a file to an old version.
    """
    times = {file.name: _uploaded(file) for file in files}
    told = [moment for moment in times.values() if moment is not None]
    if len(told) < len(files):
        return [_release(version, "", files, None, attests=attests)]
    first = min(told)
    groups: dict[str, list[File]] = {}
    for file in files:
        moment = times[file.name]
        assert moment is not None
        late = "" if moment - first <= TOGETHER else moment.date().isoformat()
        groups.setdefault(late, []).append(file)
    return [
        _release(
            version,
            late,
            group,
            max(filter(None, (times[file.name] for file in group))),
            attests=attests,
        )
        for late, group in groups.items()
    ]


def _uploaded(file: File) -> datetime | None:
    text = file.record.get("upload-time")
    return parse_instant(text) if isinstance(text, str) else None


def _release(
    version: str, late: str, files: list[File], published: datetime | None, *, attests: bool
) -> Release:
    return Release(
        version=version,
        late=late,
        files=tuple(files),
        published=published,
        yanked=all(bool(file.record.get("yanked")) for file in files),
        attested=all("provenance" in file.record for file in files) if attests else None,
        install_scripts=_runs(files),
    )


def _runs(files: list[File]) -> bool | None:
    """Whether installing runs code: a source distribution's build does, a wheel has none.

    ``None`` where it depends on the platform which of them is taken.
    """
    wheels = [file.name for file in files if file.name.endswith(".whl")]
    if not wheels:
        return True
    anywhere = any(name.endswith("-none-any.whl") for name in wheels)
    return False if anywhere or len(wheels) == len(files) else None


def metadata_file(file: File) -> File | None:
    """The metadata beside a distribution (PEP 658); ``None`` where the index offers none."""
    offered = file.record.get("core-metadata")
    if not offered:
        return None
    parts = urlsplit(file.url)
    url = parts._replace(path=f"{parts.path}.metadata").geturl()
    digests = offered if isinstance(offered, dict) else {}
    return File(name=f"{file.name}.metadata", url=url, digests=digests)


def provenance_file(file: File) -> File | None:
    """The attestations of a distribution (PEP 740); ``None`` where the index offers none."""
    url = file.record.get("provenance")
    return File(name=f"{file.name}.provenance", url=url) if url else None


def wants_json(accept: str) -> bool:
    """Whether a client prefers JSON (PEP 691, "Version and format selection")."""
    best: dict[bool, float] = {True: 0.0, False: 0.0}
    for part in accept.split(",")[:50]:
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    quality = float(parameter[2:])
                except ValueError:
                    quality = 0.0
        if kind in {JSON, "application/vnd.pypi.simple.latest+json"}:
            best[True] = max(best[True], quality)
        elif kind in {HTML, "text/html", "application/vnd.pypi.simple.latest+html", "*/*"}:
            best[False] = max(best[False], quality)
    return best[True] > 0 and best[True] >= best[False]
